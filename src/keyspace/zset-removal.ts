// Effects that remove members of sorted sets. They need no memory, so they work on a full shard.
// See effects.ts for the contract of all effects.

import { EFFECT_ZSET_REMOVE, EFFECT_ZSET_REMOVE_RANKS } from '../log/codes.ts'
import { isLargeCollection, largeRoot, rootCount, shrinkPacked } from '../memory/collection.ts'
import { elementFind } from '../memory/element.ts'
import { entryValueStart } from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from '../memory/layout.ts'
import { orderAt } from '../memory/order-tree.ts'
import { PACKED_EMPTY_BYTES, packedByteLength, packedRemove, packedSeek } from '../memory/packed.ts'
import { span } from '../memory/span.ts'
import { removeMember, showMember, zsetCount } from '../memory/zset.ts'
import { packedMember, packedTakeMember } from '../memory/zset-packed.ts'
import { relink, removeEmptied } from './collections.ts'
import { appendRecord, isLarge, locate, writeLarge } from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK } from './outcomes.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/**
 * Removes the members that are the record's items; how many there were is in `record.changed`.
 * EFFECT_NO_KEY: none, and nothing is recorded. The last member takes the key with it.
 */
export function zsetRemove(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_ZSET_REMOVE, NO_EXPIRY)
  record.changed = 0
  const entry = locate(side)
  if (entry === 0 || record.hidden || !holdsAny(side, entry)) return EFFECT_NO_KEY
  // First: a removal cannot be taken back.
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  if (isLargeCollection(arena, entry)) removeFromLarge(side, entry)
  else removeFromPacked(side, entry)
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

/** Place of item `index` in a packed set, -1 = it is not there. */
function placeOf({ arena, record }: ShardSide, entry: number, index: number): number {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const memberStart = record.itemStart(index)
  return packedMember(bytes, start, record.itemBytes, memberStart, record.itemLength(index))
}

/** The element of item `index` in a large set, 0 = it is not there. */
function findItem(side: ShardSide, root: number, index: number): number {
  const { arena, record } = side
  const { itemBytes } = record
  const start = record.itemStart(index)
  const length = record.itemLength(index)
  const hash = hashOfKey(side, itemBytes, start, length)
  return elementFind(arena, root, hash, itemBytes, start, length)
}

function removeFromPacked(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  for (let index = 0; index < record.itemCount; index++) {
    const at = placeOf(side, entry, index)
    if (at === -1) continue
    packedTakeMember(bytes, start, at)
    record.changed++
  }
  finishPacked(side, entry)
}

/** Fewer packed members need less room, and none no key. */
function finishPacked(side: ShardSide, entry: number): void {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const length = packedByteLength(bytes, entryValueStart(arena, entry))
  if (length === PACKED_EMPTY_BYTES) removeEmptied(side)
  else relink(side, shrinkPacked(arena, entry, length))
}

function removeFromLarge(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const root = largeRoot(arena, entry)
  for (let index = 0; index < record.itemCount; index++) {
    const element = findItem(side, root, index)
    if (element === 0) continue
    removeMember(arena, root, element)
    record.changed++
  }
  if (rootCount(arena, root) === 0) removeEmptied(side)
}

// ── By rank ────────────────────────────────────────────────────────────────────────────────────

const countValue = new Float64Array(1)
const countBytes = new Uint8Array(countValue.buffer)

/**
 * Removes `count` members from rank `first` on, or as many as there are; how many that were is in
 * `record.changed`. EFFECT_NO_KEY: none, and nothing is recorded.
 */
export function zsetRemoveRanks(side: ShardSide, first: number, count: number): number {
  const { arena, record } = side
  countValue[0] = count
  record.setEffect(EFFECT_ZSET_REMOVE_RANKS, first)
  record.setValue(countBytes, 0, countBytes.length)
  record.changed = 0
  const entry = locate(side)
  if (entry === 0 || record.hidden) return EFFECT_NO_KEY
  const size = zsetCount(arena, entry)
  const removed = Math.min(count, size - first)
  if (removed <= 0) return EFFECT_NO_KEY
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  record.changed = removed
  if (removed === size) removeEmptied(side)
  else if (isLargeCollection(arena, entry)) removeRun(side, largeRoot(arena, entry), first, removed)
  else removePackedRun(side, entry, first, removed)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** zsetRemoveRanks with the count in the record's value: for replay. */
export function zsetRemoveRecordedRanks(side: ShardSide, first: number): number {
  const { value, valueStart } = side.record
  for (let byte = 0; byte < countBytes.length; byte++) countBytes[byte] = value[valueStart + byte]
  return zsetRemoveRanks(side, first, countValue[0])
}

function removePackedRun(side: ShardSide, entry: number, first: number, count: number): void {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  packedRemove(bytes, start, packedSeek(bytes, start, first * 2), count * 2)
  finishPacked(side, entry)
}

function removeRun(side: ShardSide, root: number, first: number, count: number): void {
  const { arena } = side
  for (let removed = 0; removed < count; removed++) {
    const element = orderAt(arena, root, first)
    showMember(arena, element)
    const hash = hashOfKey(side, span.bytes, span.start, span.length)
    elementFind(arena, root, hash, span.bytes, span.start, span.length)
    removeMember(arena, root, element)
  }
}
