// Effects on sorted sets. See effects.ts for the contract of all effects.
//
// A packed set is changed in a buffer of this thread and copied back when all of it fits: so a
// command with many members changes all or nothing. In a large one new members are taken out again
// when memory ends; scores are changed behind that, which cannot fail.

import { copyBytes } from '../base/copy.ts'
import { EFFECT_ZSET_ADD, EFFECT_ZSET_STORE } from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import {
  createLargeSuccessor,
  isLargeCollection,
  largeRoot,
  reservePacked,
  setLargeRoot,
} from '../memory/collection.ts'
import { createDictionary } from '../memory/dictionary.ts'
import { elementFind } from '../memory/element.ts'
import { entryValueStart, releaseEntryBlock } from '../memory/entry.ts'
import {
  KIND_ZSET,
  NO_EXPIRY,
  PACKED_BYTES_MAX,
  SEGMENT_SHIFT,
  TYPE_ZSET,
} from '../memory/layout.ts'
import { packedByteLength, packedCount, packedInit } from '../memory/packed.ts'
import { detachRoot } from '../memory/release.ts'
import { span } from '../memory/span.ts'
import { addMember, changeScore, removeMember, showMember, ZsetWalk } from '../memory/zset.ts'
import {
  packedMember,
  packedPairBytes,
  packedPutMember,
  packedTakeMember,
} from '../memory/zset-packed.ts'
import { createLargeEntry, createPackedEntry, relink } from './collections.ts'
import {
  appendRecord,
  isLarge,
  linkEntry,
  locateOrMakeRoom,
  NO_ROOM,
  putEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { EffectRecord } from './record.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Where packed members are put together. */
const work = new Uint8Array(PACKED_BYTES_MAX)

/**
 * Gives the record's items, members with scores, those scores; none is NaN. New members are counted
 * in `record.changed`.
 */
export function zsetAdd(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_ZSET_ADD, NO_EXPIRY)
  record.changed = 0
  // Built upon, members whose time is over would come back.
  if (record.hidden) return EFFECT_NOT_WRITTEN
  const entry = locateOrMakeRoom(side)
  if (entry === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && isLargeCollection(arena, entry)) {
    const outcome = addToLarge(side, largeRoot(arena, entry))
    if (outcome === EFFECT_OK && !isLarge(side)) appendRecord(side)
    return outcome
  }
  if (entry === 0) packedInit(work, 0)
  else copyToWork(arena, entry)
  if (!packItems(side)) return addByConversion(side, entry)
  return finishPacked(side, entry, entry, NO_EXPIRY)
}

/** Replaces whatever the key holds by a sorted set of the record's items: at least one, none of
 * them twice. */
export function zsetStore(side: ShardSide, expiryMs: number): number {
  const { record } = side
  record.setEffect(EFFECT_ZSET_STORE, expiryMs)
  record.changed = 0
  const before = locateOrMakeRoom(side)
  if (before === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  packedInit(work, 0)
  if (packItems(side)) return finishPacked(side, 0, before, expiryMs)
  const root = createDictionary(side.arena, KIND_ZSET)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  return finishLarge(side, root, 0, before, expiryMs)
}

/** The score of the record's item. */
function itemScore({ itemScores }: EffectRecord, index: number): number {
  return itemScores === null ? 0 : itemScores[index]
}

// ── Packed ─────────────────────────────────────────────────────────────────────────────────────

function copyToWork(arena: Arena, entry: number): void {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  copyBytes(bytes, start, work, 0, packedByteLength(bytes, start))
}

/** Adds the items in the work buffer. false: the set has to be large. */
function packItems(side: ShardSide): boolean {
  const { record, limits } = side
  const { itemBytes, itemCount } = record
  for (let index = 0; index < itemCount; index++) {
    const start = record.itemStart(index)
    const length = record.itemLength(index)
    const score = itemScore(record, index)
    const at = packedMember(work, 0, itemBytes, start, length)
    if (at !== -1) {
      packedTakeMember(work, 0, at)
    } else {
      if (length > limits.zsetValueBytesMax) return false
      if (packedCount(work, 0) >>> 1 >= limits.zsetEntriesMax) return false
      record.changed++
    }
    const growth = packedPairBytes(itemBytes, start, length, score)
    if (packedByteLength(work, 0) + growth > PACKED_BYTES_MAX) return false
    packedPutMember(work, 0, itemBytes, start, length, score)
  }
  return true
}

/**
 * Makes what is in the work buffer the key's set: in the entry `grown`, or in a new one (0) that
 * takes the place of `before` (0: the key is new).
 */
function finishPacked(side: ShardSide, grown: number, before: number, expiryMs: number): number {
  const { arena } = side
  const length = packedByteLength(work, 0)
  const entry =
    grown === 0
      ? createPackedEntry(side, TYPE_ZSET, length, expiryMs)
      : reservePacked(arena, grown, length)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    if (entry !== grown) releaseEntryBlock(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  copyBytes(work, 0, bytes, entryValueStart(arena, entry), length)
  if (grown !== 0) relink(side, entry)
  else if (before !== 0) putEntry(side, entry, expiryMs)
  else linkEntry(side, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

// ── Large ──────────────────────────────────────────────────────────────────────────────────────

/** The packed set in `entry` (0: there is none) becomes a large one, with the items added. */
function addByConversion(side: ShardSide, entry: number): number {
  const { arena } = side
  const root = createDictionary(arena, KIND_ZSET)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  if (entry !== 0 && !copyToLarge(side, entry, root)) {
    detachRoot(arena, root)
    return EFFECT_OUT_OF_MEMORY
  }
  return finishLarge(side, root, entry, entry, NO_EXPIRY)
}

const walk = new ZsetWalk()

/** Copies all members of a packed set into a large one. false = out of memory. */
function copyToLarge(side: ShardSide, entry: number, root: number): boolean {
  const { arena } = side
  walk.begin(arena, entry)
  while (walk.next()) {
    const score = walk.score()
    walk.showMember()
    const { bytes, start, length } = span
    const hash = hashOfKey(side, bytes, start, length)
    if (addMember(arena, root, hash, bytes, start, length, score) === 0) return false
  }
  return true
}

/**
 * Adds the items to a large set that no entry holds yet and makes it the key's: as the successor of
 * `grown`, or in a new entry (0) that takes the place of `before` (0: the key is new).
 */
function finishLarge(
  side: ShardSide,
  root: number,
  grown: number,
  before: number,
  expiryMs: number,
): number {
  const { arena } = side
  const entry =
    grown === 0
      ? createLargeEntry(side, TYPE_ZSET, expiryMs)
      : createLargeSuccessor(arena, grown, root)
  const outcome = entry === 0 ? EFFECT_OUT_OF_MEMORY : addToLarge(side, root)
  if (outcome !== EFFECT_OK) {
    if (entry !== 0) releaseEntryBlock(arena, entry)
    detachRoot(arena, root)
    return outcome
  }
  if (grown !== 0) {
    relink(side, entry)
  } else {
    setLargeRoot(arena, entry, root)
    if (before !== 0) putEntry(side, entry, expiryMs)
    else linkEntry(side, entry, expiryMs)
  }
  if (!isLarge(side)) appendRecord(side)
  return EFFECT_OK
}

// Of addToLarge, on this thread: the element of each item, and those that are new.
let places = new Int32Array(64)
let added = new Int32Array(64)

/** Adds the items to a large set, all or none of them, and writes a large record. */
function addToLarge(side: ShardSide, root: number): number {
  const { arena, record } = side
  const { itemCount } = record
  if (places.length < itemCount) {
    places = new Int32Array(itemCount * 2)
    added = new Int32Array(itemCount * 2)
  }
  record.changed = 0
  for (let index = 0; index < itemCount; index++) {
    if (placeItem(side, root, index)) continue
    takeBack(side, root)
    return EFFECT_OUT_OF_MEMORY
  }
  if (isLarge(side) && !writeLarge(side)) {
    takeBack(side, root)
    return EFFECT_NOT_WRITTEN
  }
  for (let index = 0; index < itemCount; index++) {
    changeScore(arena, root, places[index], itemScore(record, index))
  }
  return EFFECT_OK
}

/** Finds or adds the item. false = out of memory. */
function placeItem(side: ShardSide, root: number, index: number): boolean {
  const { arena, record } = side
  const { itemBytes } = record
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  const hash = hashOfKey(side, itemBytes, start, length)
  let element = elementFind(arena, root, hash, itemBytes, start, length)
  if (element === 0) {
    const score = itemScore(record, index)
    element = addMember(arena, root, hash, itemBytes, start, length, score)
    if (element === 0) return false
    added[record.changed++] = element
  }
  places[index] = element
  return true
}

/** Takes what was added out again. */
function takeBack(side: ShardSide, root: number): void {
  const { arena, record } = side
  for (let index = 0; index < record.changed; index++) {
    showMember(arena, added[index])
    const { bytes, start, length } = span
    const hash = hashOfKey(side, bytes, start, length)
    removeMember(arena, root, elementFind(arena, root, hash, bytes, start, length))
  }
  record.changed = 0
}
