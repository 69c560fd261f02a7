// Effects on sets. See effects.ts for the contract of all effects.
//
// A small set is put together in a buffer of this thread and copied back when all of it fits: so a
// command with many members adds all or none. In a large one what was done is undone. As it grows a
// set takes the first of these forms that can hold it, and never one before the form it has:
//
//   integers  ->  packed  ->  large

import { copyBytes } from '../base/copy.ts'
import { int64, parseInt64Halves } from '../base/int64.ts'
import { EFFECT_SET_ADD, EFFECT_SET_REMOVE, EFFECT_SET_STORE } from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { isLargeCollection, largeRoot, rootCount, shrinkPacked } from '../memory/collection.ts'
import { createDictionary } from '../memory/dictionary.ts'
import { createElement, elementFind, releaseElement } from '../memory/element.ts'
import { insertElement, removeElement } from '../memory/elements.ts'
import type { EncodingLimits } from '../memory/encoding-limits.ts'
import { entryEncoding, entryValueStart } from '../memory/entry.ts'
import {
  integerSetAdd,
  integerSetByteLength,
  integerSetCount,
  integerSetFind,
  integerSetGet,
  integerSetGrowth,
  integerSetInit,
  integerSetRemove,
} from '../memory/integer-set.ts'
import {
  COLLECTION_INTEGERS,
  COLLECTION_PACKED,
  KIND_SET,
  NO_EXPIRY,
  PACKED_BYTES_MAX,
  SEGMENT_SHIFT,
  TYPE_SET,
} from '../memory/layout.ts'
import {
  packedByteLength,
  packedCount,
  packedEnd,
  packedEntryBytes,
  packedFind,
  packedFirst,
  packedInit,
  packedInsert,
  packedRemove,
} from '../memory/packed.ts'
import { detachRoot } from '../memory/release.ts'
import { SetWalk, setCount, setHas } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import { finishLarge, finishPacked, relink, removeEmptied } from './collections.ts'
import { appendRecord, isLarge, locate, locateOrMakeRoom, NO_ROOM, writeLarge } from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Where small sets are put together, in the one form and in the other. */
const integers = new Uint8Array(PACKED_BYTES_MAX)
const packed = new Uint8Array(PACKED_BYTES_MAX)
/** The form of the set that is being put together. */
let form = COLLECTION_INTEGERS
/** No small set can hold the members: it has to be large. */
const TOO_LARGE = -1

const walk = new SetWalk()

/**
 * Adds the record's items; how many were no members is in `record.changed`. If there is none of
 * those, nothing is recorded.
 */
export function setAdd(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_SET_ADD, NO_EXPIRY)
  record.changed = 0
  // Built upon, members whose time is over would come back.
  if (record.hidden) return EFFECT_NOT_WRITTEN
  const entry = locateOrMakeRoom(side)
  if (entry === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && isLargeCollection(arena, entry)) {
    const outcome = addToLarge(side, largeRoot(arena, entry))
    if (outcome === EFFECT_OK && record.changed > 0 && !isLarge(side)) appendRecord(side)
    return outcome
  }
  beginSmall(arena, entry)
  const added = addItems(side)
  if (added === TOO_LARGE) return addByConversion(side, entry)
  record.changed = added
  return added === 0 ? EFFECT_OK : finishSmall(side, entry, NO_EXPIRY)
}

/** Replaces whatever the key holds by a set of the record's items, which may come twice; there is
 * at least one. How many members it has is in `record.changed`. */
export function setStore(side: ShardSide, expiryMs: number): number {
  const { record } = side
  record.setEffect(EFFECT_SET_STORE, expiryMs)
  record.changed = 0
  if (locateOrMakeRoom(side) === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  beginSmall(side.arena, 0)
  const added = addItems(side)
  if (added !== TOO_LARGE) {
    record.changed = added
    return finishSmall(side, 0, expiryMs)
  }
  const root = createDictionary(side.arena, KIND_SET)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  return finishLarge(side, TYPE_SET, root, 0, expiryMs, addToLarge)
}

// ── Small ──────────────────────────────────────────────────────────────────────────────────────

/** Copies a small set to its buffer; 0 = an empty one. */
function beginSmall(arena: Arena, entry: number): void {
  form = entry === 0 ? COLLECTION_INTEGERS : entryEncoding(arena, entry)
  if (entry === 0) {
    integerSetInit(integers, 0)
    return
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  if (form === COLLECTION_PACKED) copyBytes(bytes, start, packed, 0, packedByteLength(bytes, start))
  else copyBytes(bytes, start, integers, 0, integerSetByteLength(bytes, start))
}

/** Adds the items in the buffers. Returns how many were new, or TOO_LARGE. */
function addItems(side: ShardSide): number {
  const { itemCount } = side.record
  let added = 0
  for (let index = 0; index < itemCount; index++) {
    const one = form === COLLECTION_INTEGERS ? addInteger(side, index) : addPackedItem(side, index)
    if (one === TOO_LARGE) return TOO_LARGE
    added += one
  }
  return added
}

/** 1 = added, 0 = it was there, or TOO_LARGE. The set may have become packed. */
function addInteger(side: ShardSide, index: number): number {
  const { record, limits } = side
  if (parseInt64Halves(record.itemBytes, record.itemStart(index), record.itemLength(index))) {
    const { high, low } = int64
    if (integerSetFind(integers, 0, high, low) >= 0) return 0
    const byteLength = integerSetByteLength(integers, 0) + integerSetGrowth(integers, 0, high, low)
    if (integerSetCount(integers, 0) < limits.setIntegersMax && byteLength <= PACKED_BYTES_MAX) {
      integerSetAdd(integers, 0, high, low)
      return 1
    }
  }
  return packIntegers(limits) ? addPackedItem(side, index) : TOO_LARGE
}

/** The integers become a packed set, if that may hold so many. */
function packIntegers(limits: EncodingLimits): boolean {
  const count = integerSetCount(integers, 0)
  if (count > limits.setEntriesMax) return false
  packedInit(packed, 0)
  for (let place = 0; place < count; place++) {
    integerSetGet(integers, 0, place)
    if (!pack(limits, span.bytes, span.start, span.length)) return false
  }
  form = COLLECTION_PACKED
  return true
}

function addPackedItem({ record, limits }: ShardSide, index: number): number {
  const { itemBytes } = record
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  if (packedFind(packed, packedFirst(packed, 0), 0, itemBytes, start, length) !== -1) return 0
  if (packedCount(packed, 0) >= limits.setEntriesMax) return TOO_LARGE
  return pack(limits, itemBytes, start, length) ? 1 : TOO_LARGE
}

/** false = a packed set must not hold it. */
function pack(limits: EncodingLimits, member: Uint8Array, start: number, length: number): boolean {
  if (length > limits.setValueBytesMax) return false
  const growth = packedEntryBytes(member, start, length)
  if (packedByteLength(packed, 0) + growth > PACKED_BYTES_MAX) return false
  packedInsert(packed, 0, packedEnd(packed, 0), member, start, length)
  return true
}

/** Makes what is in the buffer the key's set: in the entry `grown`, or in a new one (0). */
function finishSmall(side: ShardSide, grown: number, expiryMs: number): number {
  const isPacked = form === COLLECTION_PACKED
  const bytes = isPacked ? packed : integers
  const byteLength = isPacked ? packedByteLength(packed, 0) : integerSetByteLength(integers, 0)
  return finishPacked(side, TYPE_SET, form, bytes, byteLength, grown, expiryMs)
}

// ── Large ──────────────────────────────────────────────────────────────────────────────────────

/** The small set in `entry` (0: there is none) becomes a large one, with the items added to it. */
function addByConversion(side: ShardSide, entry: number): number {
  const { arena } = side
  const root = createDictionary(arena, KIND_SET)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && !copyToLarge(side, entry, root)) {
    detachRoot(arena, root)
    return EFFECT_OUT_OF_MEMORY
  }
  return finishLarge(side, TYPE_SET, root, entry, NO_EXPIRY, addToLarge)
}

/** Copies all members of a small set into a large one. false = out of memory. */
function copyToLarge(side: ShardSide, entry: number, root: number): boolean {
  walk.begin(side.arena, entry)
  while (walk.next()) {
    walk.showMember()
    const hash = hashOfKey(side, span.bytes, span.start, span.length)
    if (addMember(side, root, hash, span.bytes, span.start, span.length) === 0) return false
  }
  return true
}

/** The new element of a member that is not there yet. 0 = out of memory, nothing changed. */
function addMember(
  { arena }: ShardSide,
  root: number,
  hash: number,
  member: Uint8Array,
  start: number,
  length: number,
): number {
  const element = createElement(arena, KIND_SET, member, start, length, 0)
  if (element === 0 || insertElement(arena, root, hash, element)) return element
  releaseElement(arena, KIND_SET, element)
  return 0
}

const MADE_MIN = 64
const MADE_KEPT_MAX = 65_536
/** What addToLarge did so far, by item: the element that it made, 0 = it was there. */
let made = new Int32Array(MADE_MIN)

/** Adds the items to a large set, all or none of them, and writes a large record. */
function addToLarge(side: ShardSide, root: number): number {
  const { record } = side
  const { itemCount } = record
  if (made.length < itemCount) made = new Int32Array(itemCount * 2)
  let done = 0
  let added = 0
  for (; done < itemCount && addItem(side, root, done); done++) if (made[done] !== 0) added++
  let outcome = EFFECT_OK
  if (done < itemCount) outcome = EFFECT_OUT_OF_MEMORY
  else if (added > 0 && isLarge(side) && !writeLarge(side)) outcome = EFFECT_NOT_WRITTEN
  if (outcome === EFFECT_OK) record.changed = added
  else undoItems(side, root, done)
  if (made.length > MADE_KEPT_MAX) made = new Int32Array(MADE_MIN)
  return outcome
}

/** false = out of memory, nothing done. */
function addItem(side: ShardSide, root: number, index: number): boolean {
  const { arena, record } = side
  const { itemBytes } = record
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  const hash = hashOfKey(side, itemBytes, start, length)
  made[index] = 0
  if (elementFind(arena, root, hash, itemBytes, start, length) !== 0) return true
  made[index] = addMember(side, root, hash, itemBytes, start, length)
  return made[index] !== 0
}

function undoItems(side: ShardSide, root: number, done: number): void {
  for (let index = 0; index < done; index++) {
    if (made[index] !== 0) removeElement(side.arena, root, findItem(side, root, index))
  }
}

/** The element of item `index`, 0 = it is no member. */
function findItem(side: ShardSide, root: number, index: number): number {
  const { arena, record } = side
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  const hash = hashOfKey(side, record.itemBytes, start, length)
  return elementFind(arena, root, hash, record.itemBytes, start, length)
}

// ── Removing ───────────────────────────────────────────────────────────────────────────────────

/**
 * Removes the members that are the record's items; how many there were is in `record.changed`.
 * EFFECT_NO_KEY: none, and nothing is recorded. The last member takes the key with it.
 */
export function setRemove(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_SET_REMOVE, NO_EXPIRY)
  record.changed = 0
  const entry = locate(side)
  if (entry === 0 || record.hidden || !hasAny(side, entry)) return EFFECT_NO_KEY
  // First: a removal cannot be taken back.
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  if (isLargeCollection(arena, entry)) removeFromLarge(side, entry)
  else removeFromSmall(side, entry)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

function hasAny(side: ShardSide, entry: number): boolean {
  const { arena, record } = side
  const { itemBytes, itemCount } = record
  const isLargeSet = isLargeCollection(arena, entry)
  for (let index = 0; index < itemCount; index++) {
    const start = record.itemStart(index)
    const length = record.itemLength(index)
    const hash = isLargeSet ? hashOfKey(side, itemBytes, start, length) : 0
    if (setHas(arena, entry, hash, itemBytes, start, length)) return true
  }
  return false
}

function removeFromSmall(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const isPacked = entryEncoding(arena, entry) === COLLECTION_PACKED
  for (let index = 0; index < record.itemCount; index++) {
    const itemStart = record.itemStart(index)
    const itemLength = record.itemLength(index)
    const removed = isPacked
      ? removePacked(bytes, start, record.itemBytes, itemStart, itemLength)
      : removeInteger(bytes, start, record.itemBytes, itemStart, itemLength)
    if (removed) record.changed++
  }
  if (setCount(arena, entry) === 0) {
    removeEmptied(side)
    return
  }
  const length = isPacked ? packedByteLength(bytes, start) : integerSetByteLength(bytes, start)
  relink(side, shrinkPacked(arena, entry, length))
}

function removePacked(
  bytes: Uint8Array,
  start: number,
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
): boolean {
  const at = packedFind(bytes, packedFirst(bytes, start), 0, member, memberStart, memberLength)
  if (at === -1) return false
  packedRemove(bytes, start, at, 1)
  return true
}

function removeInteger(
  bytes: Uint8Array,
  start: number,
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
): boolean {
  if (!parseInt64Halves(member, memberStart, memberLength)) return false
  return integerSetRemove(bytes, start, int64.high, int64.low)
}

function removeFromLarge(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const root = largeRoot(arena, entry)
  for (let index = 0; index < record.itemCount; index++) {
    const element = findItem(side, root, index)
    if (element === 0) continue
    removeElement(arena, root, element)
    record.changed++
  }
  if (rootCount(arena, root) === 0) removeEmptied(side)
}
