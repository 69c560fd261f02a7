// Effects on hashes. See effects.ts for the contract of all effects.
//
// A packed hash is changed in a buffer of this thread and copied back when all of it fits: so a
// command with many fields changes all or nothing. In a large one what was done is undone.

import { copyBytes } from '../base/copy.ts'
import { EFFECT_HASH_DELETE, EFFECT_HASH_SET, EFFECT_HASH_STORE } from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { isLargeCollection, largeRoot, rootCount, shrinkPacked } from '../memory/collection.ts'
import { createDictionary } from '../memory/dictionary.ts'
import { elementFind, releaseElement, resizeElementInPlace } from '../memory/element.ts'
import { insertElement, removeElement } from '../memory/elements.ts'
import { entryValueStart } from '../memory/entry.ts'
import { createField, packedField, replaceField, writeFieldValue } from '../memory/hash.ts'
import {
  COLLECTION_PACKED,
  KIND_HASH,
  NO_EXPIRY,
  PACKED_BYTES_MAX,
  SEGMENT_SHIFT,
  TYPE_HASH,
} from '../memory/layout.ts'
import {
  PACKED_EMPTY_BYTES,
  packedByteLength,
  packedCount,
  packedEnd,
  packedFind,
  packedFirst,
  packedGet,
  packedInit,
  packedInsert,
  packedNext,
  packedRemove,
  packedReplace,
} from '../memory/packed.ts'
import { detachRoot } from '../memory/release.ts'
import { span } from '../memory/span.ts'
import { finishLarge, finishPacked, relink, removeEmptied } from './collections.ts'
import { appendRecord, isLarge, locate, locateOrMakeRoom, NO_ROOM, writeLarge } from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Where packed fields are put together. */
const work = new Uint8Array(PACKED_BYTES_MAX)
/** An entry of a packed list has at most so many bytes besides those of its element. */
const PACKED_OVERHEAD_BYTES_MAX = 11
/** The work buffer cannot hold the fields: the hash has to be large. */
const TOO_LARGE = -1

/** Sets the record's items, fields and values; the new fields are counted in `record.changed`. */
export function hashSet(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_HASH_SET, NO_EXPIRY)
  record.changed = 0
  // Built upon, fields whose time is over would come back.
  if (record.hidden) return EFFECT_NOT_WRITTEN
  const entry = locateOrMakeRoom(side)
  if (entry === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && isLargeCollection(arena, entry)) {
    const outcome = setInLarge(side, largeRoot(arena, entry))
    if (outcome === EFFECT_OK && !isLarge(side)) appendRecord(side)
    return outcome
  }
  const added = entry === 0 ? packItems(side, 0) : packItems(side, copyToWork(arena, entry))
  if (added === TOO_LARGE) return setByConversion(side, entry)
  record.changed = added
  return finishWork(side, entry, NO_EXPIRY)
}

/** Replaces whatever the key holds by a hash of the record's items. They have no field twice. */
export function hashStore(side: ShardSide, expiryMs: number): number {
  const { record } = side
  record.setEffect(EFFECT_HASH_STORE, expiryMs)
  if (locateOrMakeRoom(side) === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  if (packItems(side, 0) !== TOO_LARGE) return finishWork(side, 0, expiryMs)
  const root = createDictionary(side.arena, KIND_HASH)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  return finishLarge(side, TYPE_HASH, root, 0, expiryMs, setInLarge)
}

// ── Packed ─────────────────────────────────────────────────────────────────────────────────────

/** Copies the packed fields of an entry to the work buffer; returns their bytes. */
function copyToWork(arena: Arena, entry: number): number {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const length = packedByteLength(bytes, start)
  copyBytes(bytes, start, work, 0, length)
  return length
}

/** Sets the items in the work buffer, which holds `used` bytes of fields (0 = none). Returns how
 * many fields were new, or TOO_LARGE. */
function packItems(side: ShardSide, used: number): number {
  const { record, limits } = side
  const { itemBytes, itemCount } = record
  if (used === 0) packedInit(work, 0)
  let added = 0
  for (let index = 0; index < itemCount; index += 2) {
    const fieldLength = record.itemLength(index)
    const valueLength = record.itemLength(index + 1)
    if (Math.max(fieldLength, valueLength) > limits.hashValueBytesMax) return TOO_LARGE
    const growth = fieldLength + valueLength + 2 * PACKED_OVERHEAD_BYTES_MAX
    if (packedByteLength(work, 0) + growth > PACKED_BYTES_MAX) return TOO_LARGE
    const fieldStart = record.itemStart(index)
    const valueStart = record.itemStart(index + 1)
    const at = packedFind(work, packedFirst(work, 0), 1, itemBytes, fieldStart, fieldLength)
    if (at !== -1) {
      packedReplace(work, 0, packedNext(work, at), itemBytes, valueStart, valueLength)
      continue
    }
    packedInsert(work, 0, packedEnd(work, 0), itemBytes, fieldStart, fieldLength)
    packedInsert(work, 0, packedEnd(work, 0), itemBytes, valueStart, valueLength)
    added++
  }
  return packedCount(work, 0) >>> 1 > limits.hashEntriesMax ? TOO_LARGE : added
}

/** Makes what is in the work buffer the key's hash: in the entry `grown`, or in a new one (0). */
function finishWork(side: ShardSide, grown: number, expiryMs: number): number {
  const length = packedByteLength(work, 0)
  return finishPacked(side, TYPE_HASH, COLLECTION_PACKED, work, length, grown, expiryMs)
}

// ── Large ──────────────────────────────────────────────────────────────────────────────────────

/** The packed hash in `entry` (0: there is none) becomes a large one, with the items set in it. */
function setByConversion(side: ShardSide, entry: number): number {
  const { arena } = side
  const root = createDictionary(arena, KIND_HASH)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && !copyToLarge(side, entry, root)) {
    detachRoot(arena, root)
    return EFFECT_OUT_OF_MEMORY
  }
  return finishLarge(side, TYPE_HASH, root, entry, NO_EXPIRY, setInLarge)
}

/** Copies all fields of a packed hash into a large one. false = out of memory. */
function copyToLarge(side: ShardSide, entry: number, root: number): boolean {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  for (let at = packedFirst(bytes, entryValueStart(arena, entry)); at !== -1; ) {
    packedGet(bytes, at)
    const hash = hashOfKey(side, span.bytes, span.start, span.length)
    const value = packedNext(bytes, at)
    const element = createPackedField(arena, bytes, at, value)
    if (element === 0) return false
    if (!insertElement(arena, root, hash, element)) {
      releaseElement(arena, KIND_HASH, element)
      return false
    }
    at = packedNext(bytes, value)
  }
  return true
}

/** A field's text, while `span` shows its value. */
const fieldText = new Uint8Array(PACKED_BYTES_MAX)

function createPackedField(arena: Arena, bytes: Uint8Array, field: number, value: number): number {
  packedGet(bytes, field)
  const { length } = span
  copyBytes(span.bytes, span.start, fieldText, 0, length)
  packedGet(bytes, value)
  return createField(arena, fieldText, 0, length, span.bytes, span.start, span.length)
}

// What setInLarge did so far, by pair: the element that is in the hash now, and the one that was.
let made = new Int32Array(64)
let replaced = new Int32Array(64)

/** Sets the items in a large hash, all or none of them, and writes a large record. */
function setInLarge(side: ShardSide, root: number): number {
  const { arena, record } = side
  const pairs = record.itemCount >>> 1
  if (pairs === 1 && setInPlace(side, root)) return EFFECT_OK
  if (made.length < pairs) {
    made = new Int32Array(pairs * 2)
    replaced = new Int32Array(pairs * 2)
  }
  let done = 0
  while (done < pairs && setPair(side, root, done)) done++
  if (done < pairs) {
    undoPairs(side, root, done)
    return EFFECT_OUT_OF_MEMORY
  }
  if (isLarge(side) && !writeLarge(side)) {
    undoPairs(side, root, done)
    return EFFECT_NOT_WRITTEN
  }
  record.changed = 0
  for (let pair = 0; pair < pairs; pair++) {
    if (replaced[pair] === 0) record.changed++
    else releaseElement(arena, KIND_HASH, replaced[pair])
  }
  return EFFECT_OK
}

/** One pair whose field is there and whose value goes where the old one is. false = nothing
 * done. */
function setInPlace(side: ShardSide, root: number): boolean {
  const { arena, record } = side
  if (isLarge(side)) return false
  const element = findItem(side, root, 0)
  const length = record.itemLength(1)
  if (element === 0 || !resizeElementInPlace(arena, KIND_HASH, element, length)) return false
  writeFieldValue(arena, element, record.itemBytes, record.itemStart(1), length)
  record.changed = 0
  return true
}

/** The element of the field that is item `index`, 0 = none. */
function findItem(side: ShardSide, root: number, index: number): number {
  const { arena, record } = side
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  const hash = hashOfKey(side, record.itemBytes, start, length)
  return elementFind(arena, root, hash, record.itemBytes, start, length)
}

/** Sets a pair; the element that was there is kept until all is done. false = out of memory. */
function setPair(side: ShardSide, root: number, pair: number): boolean {
  const { arena, record } = side
  const { itemBytes } = record
  const fieldStart = record.itemStart(pair * 2)
  const fieldLength = record.itemLength(pair * 2)
  const valueStart = record.itemStart(pair * 2 + 1)
  const valueLength = record.itemLength(pair * 2 + 1)
  const element = createField(
    arena,
    itemBytes,
    fieldStart,
    fieldLength,
    itemBytes,
    valueStart,
    valueLength,
  )
  if (element === 0) return false
  const hash = hashOfKey(side, itemBytes, fieldStart, fieldLength)
  const before = elementFind(arena, root, hash, itemBytes, fieldStart, fieldLength)
  if (before !== 0) {
    replaceField(arena, root, element)
  } else if (!insertElement(arena, root, hash, element)) {
    releaseElement(arena, KIND_HASH, element)
    return false
  }
  made[pair] = element
  replaced[pair] = before
  return true
}

/** Takes the first `done` pairs back, the last one first: a field may have come twice. */
function undoPairs(side: ShardSide, root: number, done: number): void {
  const { arena } = side
  for (let pair = done - 1; pair >= 0; pair--) {
    findItem(side, root, pair * 2)
    if (replaced[pair] === 0) {
      removeElement(arena, root, made[pair])
    } else {
      replaceField(arena, root, replaced[pair])
      releaseElement(arena, KIND_HASH, made[pair])
    }
  }
}

// ── Removing ───────────────────────────────────────────────────────────────────────────────────

/**
 * Removes the fields that are the record's items; how many there were is in `record.changed`.
 * EFFECT_NO_KEY: none, and nothing is recorded. The last field takes the key with it.
 */
export function hashDelete(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_HASH_DELETE, NO_EXPIRY)
  record.changed = 0
  const entry = locate(side)
  if (entry === 0 || record.hidden || !holdsAny(side, entry)) return EFFECT_NO_KEY
  // First: a removal cannot be taken back.
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  if (isLargeCollection(arena, entry)) deleteFromLarge(side, entry)
  else deleteFromPacked(side, entry)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

function holdsAny(side: ShardSide, entry: number): boolean {
  const { arena, record } = side
  const root = isLargeCollection(arena, entry) ? largeRoot(arena, entry) : 0
  for (let index = 0; index < record.itemCount; index++) {
    if (root === 0 ? placeOf(side, entry, index) !== -1 : findItem(side, root, index) !== 0) {
      return true
    }
  }
  return false
}

/** Place of item `index` in a packed hash, -1 = it is not there. */
function placeOf({ arena, record }: ShardSide, entry: number, index: number): number {
  const start = record.itemStart(index)
  return packedField(arena, entry, record.itemBytes, start, record.itemLength(index))
}

function deleteFromPacked(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  for (let index = 0; index < record.itemCount; index++) {
    const at = placeOf(side, entry, index)
    if (at === -1) continue
    packedRemove(bytes, start, at, 2)
    record.changed++
  }
  const length = packedByteLength(bytes, start)
  if (length === PACKED_EMPTY_BYTES) removeEmptied(side)
  else relink(side, shrinkPacked(arena, entry, length))
}

function deleteFromLarge(side: ShardSide, entry: number): void {
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
