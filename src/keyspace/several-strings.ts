// The effect of MSET: several strings set at once, all or none, on one shard or on several. None of
// the other effects could be taken back when a later one finds no memory, so this one has steps:
//
//   1 prepare   for each pair in order: allocate everything, link new entries in, remember what
//               was there. Out of memory: undo backwards, which needs no memory, and nothing
//               changed.
//   2 write     pairs too large for the log slice go to their files, all or none. None: undo.
//   3 finish    release what was replaced, append the records. Cannot fail.
//
// Nobody sees the steps: the tokens of all shards concerned are held, and nothing of it is in a log
// before step 2. Each pair is recorded as an ordinary string-set on its own shard; that the group
// of them is applied whole after a crash is the log's part (one commit, one group).
//
// The same key twice needs no care: the second pair finds the first one's entry. What a pair did:
//
//   ADDED        there was no such key; its entry is linked in
//   REPLACED     its entry stands in the place of `before`, which is kept until the end
//   IN_PLACE     the value fits where the old one is (same length, or same slab class, which takes
//                no memory); bytes are written in step 3 only, the length was changed at once

import { assert } from '../base/assert.ts'
import { EFFECT_STRING_SET } from '../log/codes.ts'
import { writeLargeRecords } from '../log/groups.ts'
import type { ShardLog } from '../log/writer.ts'
import type { Arena } from '../memory/arena.ts'
import { dictionaryReplace } from '../memory/dictionary.ts'
import { entryByteLength, entryExpiry, entryType, entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY, SLAB_BLOCK_BYTES_MAX, TYPE_STRING } from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import { resizeEntryInPlace, writeValue } from '../memory/value.ts'
import {
  addLarge,
  appendRecord,
  isLarge,
  linkEntry,
  locate,
  locateOrMakeRoom,
  NO_ROOM,
  prepareString,
  touchWatched,
  unlinkEntry,
} from './entries.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'
import type { StringPairs } from './string-pairs.ts'

const ADDED = 0
const REPLACED = 1
const IN_PLACE = 2

/**
 * Sets all the strings, without expiry. EFFECT_OK, or, with nothing changed, EFFECT_OUT_OF_MEMORY
 * or EFFECT_NOT_WRITTEN.
 */
export function stringsSet(pairs: StringPairs): number {
  const { count } = pairs
  let largeCount = 0
  for (let pair = 0; pair < count; pair++) {
    const side = pairs.load(pair)
    if (!prepare(pairs, side, pair)) {
      undo(pairs, pair)
      return EFFECT_OUT_OF_MEMORY
    }
    if (isLarge(side)) largeCount++
  }
  if (largeCount > 0 && !writeLargePairs(pairs)) {
    undo(pairs, count)
    return EFFECT_NOT_WRITTEN
  }
  for (let pair = 0; pair < count; pair++) finish(pairs, pair, largeCount > 0)
  return EFFECT_OK
}

/** Step 1 for the pair in the side's record. False: out of memory, this pair changed nothing. */
function prepare(pairs: StringPairs, side: ShardSide, pair: number): boolean {
  const { arena, record } = side
  const before = locateOrMakeRoom(side)
  if (before === NO_ROOM) return false
  const { valueLength } = record
  if (before !== 0 && fitsInPlace(arena, before, valueLength)) {
    pairs.kinds[pair] = IN_PLACE
    pairs.entries[pair] = before
    pairs.befores[pair] = entryValueLength(arena, before)
    assert(resizeEntryInPlace(arena, before, valueLength), 'a slab block takes its class')
    return true
  }
  const entry = prepareString(side, valueLength, NO_EXPIRY, 0)
  if (entry === 0) return false
  writeValue(arena, entry, 0, record.value, record.valueStart, valueLength)
  pairs.kinds[pair] = before === 0 ? ADDED : REPLACED
  pairs.entries[pair] = entry
  pairs.befores[pair] = before
  linkEntry(side, entry, NO_EXPIRY)
  return true
}

/** Can the value go where the old one is without memory, and back again? */
function fitsInPlace(arena: Arena, entry: number, valueLength: number): boolean {
  if (entryType(arena, entry) !== TYPE_STRING || entryExpiry(arena, entry) !== NO_EXPIRY) {
    return false
  }
  const oldLength = entryValueLength(arena, entry)
  if (oldLength === valueLength) return true
  if (entryByteLength(arena, entry) > SLAB_BLOCK_BYTES_MAX) return false
  if (!resizeEntryInPlace(arena, entry, valueLength)) return false
  assert(resizeEntryInPlace(arena, entry, oldLength), 'a slab block takes its class')
  return true
}

/** Takes the first `count` pairs back, the last one first. Needs no memory. */
function undo(pairs: StringPairs, count: number): void {
  for (let pair = count - 1; pair >= 0; pair--) {
    const side = pairs.load(pair)
    const { arena, record } = side
    const entry = pairs.entries[pair]
    const before = pairs.befores[pair]
    if (pairs.kinds[pair] === IN_PLACE) {
      assert(resizeEntryInPlace(arena, entry, before), 'a slab block takes its class')
      continue
    }
    assert(locate(side) === entry, 'what was linked in is still there')
    if (pairs.kinds[pair] === ADDED) {
      unlinkEntry(side)
    } else {
      const expiryMs = entryExpiry(arena, before)
      dictionaryReplace(arena, record.root, record.page, record.slot, before, expiryMs)
      record.located = false
    }
    releaseEntry(arena, entry)
  }
}

/** Step 3 for one pair. */
function finish(pairs: StringPairs, pair: number, someLarge: boolean): void {
  const side = pairs.load(pair)
  const { arena, record } = side
  const { value, valueStart, valueLength } = record
  const entry = pairs.entries[pair]
  if (pairs.kinds[pair] === IN_PLACE) {
    // A later pair with the same key may have changed the length again.
    assert(resizeEntryInPlace(arena, entry, valueLength), 'a slab block takes its class')
    writeValue(arena, entry, 0, value, valueStart, valueLength)
  } else if (pairs.kinds[pair] === REPLACED) {
    releaseEntry(arena, pairs.befores[pair])
  }
  // Large records came before all others: a short value that a later large pair of the same key
  // replaced must not come behind that one in the log.
  if (someLarge && (isLarge(side) || locate(side) !== entry)) {
    touchWatched(side)
    return
  }
  record.setEffect(EFFECT_STRING_SET, NO_EXPIRY)
  appendRecord(side)
}

// ── Step 2, for values above a quarter of a log slice ────────────────────────────────────────

/**
 * Writes every large pair to the file of its log. False: none of them counts, and all files are as
 * they were. (To record what the keys held before would not do: a disk that is full takes that no
 * better, and it may be more than any memory kept for it.)
 */
function writeLargePairs(pairs: StringPairs): boolean {
  const logs: ShardLog[] = []
  for (let pair = 0; pair < pairs.count; pair++) {
    const side = pairs.load(pair)
    if (!isLarge(side)) continue
    side.record.setEffect(EFFECT_STRING_SET, NO_EXPIRY)
    addLarge(side)
    if (!logs.includes(side.log)) logs.push(side.log)
  }
  return writeLargeRecords(logs)
}
