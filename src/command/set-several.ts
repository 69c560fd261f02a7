// MSET's effect: several strings set at once, all or none, on one shard or on several. It is the
// one change of memory outside keyspace/effects.ts, because none of those can be taken back when a
// later one finds no memory.
//
//   1 prepare   for each pair in order: allocate everything, link new entries in, remember what
//               was there. Out of memory: undo backwards, which needs no memory, and nothing
//               changed.
//   2 write     pairs too large for the log slice go to their files. A failed write: undo, and
//               take back in the log what is written already.
//   3 finish    release what was replaced, append the records. Cannot fail.
//
// Nobody sees the steps: the tokens of all shards concerned are held, and nothing of it is in a log
// before step 2. Each pair is recorded as an ordinary string-set; that the group of them is applied
// whole after a crash is the log's part (one commit, one group).
//
// The same key twice needs no care: the second pair finds the first one's entry. What a pair did:
//
//   ADDED        there was no such key; its entry is linked in
//   REPLACED     its entry stands in the place of `before`, which is kept until the end
//   IN_PLACE     the value fits where the old one is (same length, or same slab class, which takes
//                no memory); bytes are written in step 3 only, the length was changed at once

import { assert } from '../base/assert.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from '../keyspace/effects.ts'
import { recordEffect, recordLarge } from '../keyspace/entries.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { EFFECT_DELETE, EFFECT_STRING_SET } from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { changeSlotCount, databaseRoot, ensureDatabase } from '../memory/database.ts'
import {
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
  dictionaryReplace,
} from '../memory/dictionary.ts'
import { dictionaryReserve } from '../memory/dictionary-growth.ts'
import {
  createEntry,
  entryByteLength,
  entryExpiry,
  entryType,
  entryValueLength,
  releaseEntry,
} from '../memory/entry.ts'
import { NO_EXPIRY, SLAB_BLOCK_BYTES_MAX, STRING_RAW, TYPE_STRING } from '../memory/layout.ts'
import { copyValueOut, resizeEntryInPlace, writeValue } from '../memory/value.ts'
import { hashOfArgument } from './arguments.ts'
import { type Call, sideOfArgument } from './call.ts'
import { scratch } from './scratch.ts'

const ADDED = 0
const REPLACED = 1
const IN_PLACE = 2

const PAIRS_MIN = 64

/** What was done for each pair of the running command; grown to the largest command so far. */
let kinds = new Uint8Array(PAIRS_MIN)
let hashes = new Int32Array(PAIRS_MIN)
/** ADDED, REPLACED: the new entry. IN_PLACE: the old one. */
let entries = new Int32Array(PAIRS_MIN)
/** REPLACED: the entry that was there. IN_PLACE: the length that it had. */
let befores = new Int32Array(PAIRS_MIN)

/**
 * Sets the strings of all pairs from argument 1 on, none of which is too long. Returns EFFECT_OK,
 * or, with nothing changed, EFFECT_OUT_OF_MEMORY or EFFECT_NOT_WRITTEN.
 */
export function setSeveral(call: Call): number {
  const pairCount = (call.argCount - 1) >> 1
  if (kinds.length < pairCount) growTo(pairCount)
  let largeCount = 0
  for (let pair = 0; pair < pairCount; pair++) {
    const side = sideOfArgument(call, keyIndex(pair))
    if (!prepare(call, side, pair)) {
      undo(call, pair)
      return EFFECT_OUT_OF_MEMORY
    }
    if (isLarge(call, side, pair)) largeCount++
  }
  if (largeCount > 0 && !writeLarge(call, pairCount)) {
    undo(call, pairCount)
    return EFFECT_NOT_WRITTEN
  }
  for (let pair = 0; pair < pairCount; pair++) finish(call, pair, largeCount > 0)
  return EFFECT_OK
}

function growTo(pairCount: number): void {
  const size = Math.max(pairCount, kinds.length * 2)
  kinds = new Uint8Array(size)
  hashes = new Int32Array(size)
  entries = new Int32Array(size)
  befores = new Int32Array(size)
}

/** Argument index of a pair's key; its value is the next one. */
function keyIndex(pair: number): number {
  return pair * 2 + 1
}

function isLarge(call: Call, side: ShardSide, pair: number): boolean {
  const key = keyIndex(pair)
  return side.log.isLarge(call.lengths[key], call.lengths[key + 1])
}

/** Step 1 for one pair. False: out of memory, this pair changed nothing. */
function prepare(call: Call, side: ShardSide, pair: number): boolean {
  const { arena } = side
  const { bytes, starts, lengths } = call
  const key = keyIndex(pair)
  const hash = hashOfArgument(call, side, key)
  hashes[pair] = hash
  const root = ensureDatabase(arena, call.database)
  if (root === 0) return false
  const before = dictionaryFind(arena, root, hash, bytes, starts[key], lengths[key])
  const valueLength = lengths[key + 1]
  if (before !== 0 && fitsInPlace(arena, before, valueLength)) {
    kinds[pair] = IN_PLACE
    entries[pair] = before
    befores[pair] = entryValueLength(arena, before)
    assert(resizeEntryInPlace(arena, before, valueLength), 'a slab block takes its class')
    return true
  }
  const { foundPage, foundSlot } = arena
  if (before === 0 && !dictionaryReserve(arena, root, hash)) return false
  const entry = createEntry(
    arena,
    TYPE_STRING,
    STRING_RAW,
    bytes,
    starts[key],
    lengths[key],
    valueLength,
    NO_EXPIRY,
  )
  if (entry === 0) return false
  writeValue(arena, entry, 0, bytes, starts[key + 1], valueLength)
  entries[pair] = entry
  befores[pair] = before
  if (before === 0) {
    kinds[pair] = ADDED
    dictionaryInsert(arena, root, hash, entry, NO_EXPIRY)
    changeSlotCount(arena, root, slotOfKey(bytes, starts[key], lengths[key]), 1)
  } else {
    // Making the entry moved no slots: what dictionaryFind left still holds.
    kinds[pair] = REPLACED
    dictionaryReplace(arena, root, foundPage, foundSlot, entry, NO_EXPIRY)
  }
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

/** Takes the first `pairCount` pairs back, the last one first. Needs no memory. */
function undo(call: Call, pairCount: number): void {
  for (let pair = pairCount - 1; pair >= 0; pair--) {
    const key = keyIndex(pair)
    const { arena } = sideOfArgument(call, key)
    const entry = entries[pair]
    const before = befores[pair]
    if (kinds[pair] === IN_PLACE) {
      assert(resizeEntryInPlace(arena, entry, before), 'a slab block takes its class')
      continue
    }
    const root = databaseRoot(arena, call.database)
    const start = call.starts[key]
    const length = call.lengths[key]
    const found = dictionaryFind(arena, root, hashes[pair], call.bytes, start, length)
    assert(found === entry, 'what was linked in is still there')
    const { foundPage, foundSlot } = arena
    if (kinds[pair] === ADDED) {
      changeSlotCount(arena, root, slotOfKey(call.bytes, start, length), -1)
      dictionaryRemove(arena, root, foundPage, foundSlot)
    } else {
      dictionaryReplace(arena, root, foundPage, foundSlot, before, entryExpiry(arena, before))
    }
    releaseEntry(arena, entry)
  }
}

/** Step 3 for one pair. */
function finish(call: Call, pair: number, someLarge: boolean): void {
  const { bytes, starts, lengths } = call
  const key = keyIndex(pair)
  const side = sideOfArgument(call, key)
  const { arena } = side
  const valueStart = starts[key + 1]
  const valueLength = lengths[key + 1]
  if (kinds[pair] === IN_PLACE) {
    // A later pair with the same key may have changed the length again.
    assert(resizeEntryInPlace(arena, entries[pair], valueLength), 'a slab block takes its class')
    writeValue(arena, entries[pair], 0, bytes, valueStart, valueLength)
  } else if (kinds[pair] === REPLACED) {
    releaseEntry(arena, befores[pair])
  }
  // Large records came before all others: a short value that a later large pair of the same key
  // replaced must not come behind that one in the log.
  if (someLarge && (isLarge(call, side, pair) || isSuperseded(call, side, pair))) return
  recordEffect(
    side,
    EFFECT_STRING_SET,
    call.database,
    bytes,
    starts[key],
    lengths[key],
    bytes,
    valueStart,
    valueLength,
    NO_EXPIRY,
  )
}

function isSuperseded(call: Call, side: ShardSide, pair: number): boolean {
  const { arena } = side
  const root = databaseRoot(arena, call.database)
  const start = call.starts[keyIndex(pair)]
  const length = call.lengths[keyIndex(pair)]
  return dictionaryFind(arena, root, hashes[pair], call.bytes, start, length) !== entries[pair]
}

// ── Step 2, for values above a quarter of a log slice ────────────────────────────────────────

/** Writes every large pair to its file. False: none of them counts. */
function writeLarge(call: Call, pairCount: number): boolean {
  for (let pair = 0; pair < pairCount; pair++) {
    const key = keyIndex(pair)
    const side = sideOfArgument(call, key)
    if (!isLarge(call, side, pair) || writePair(call, side, key)) continue
    for (let done = 0; done < pair; done++) {
      if (isLarge(call, sideOfArgument(call, keyIndex(done)), done)) takeBack(call, done)
    }
    return false
  }
  return true
}

function writePair(call: Call, side: ShardSide, key: number): boolean {
  const { bytes, starts, lengths } = call
  return recordLarge(
    side,
    EFFECT_STRING_SET,
    call.database,
    bytes,
    starts[key],
    lengths[key],
    bytes,
    starts[key + 1],
    lengths[key + 1],
    NO_EXPIRY,
  )
}

/**
 * Records what the key of a pair held before: its own large record is in the file already. If that
 * takes another large record and the disk refuses it too, memory and log cannot agree any more:
 * this side ends, and recovery drops the commit that was begun.
 */
function takeBack(call: Call, pair: number): void {
  const key = keyIndex(pair)
  const side = sideOfArgument(call, key)
  const { arena } = side
  const { bytes, database } = call
  const start = call.starts[key]
  const keyLength = call.lengths[key]
  if (kinds[pair] === ADDED) {
    recordEffect(side, EFFECT_DELETE, database, bytes, start, keyLength, bytes, start, 0, NO_EXPIRY)
    return
  }
  // IN_PLACE: a large value has the length of the old one, whose bytes still stand there.
  const before = kinds[pair] === REPLACED ? befores[pair] : entries[pair]
  const length = entryValueLength(arena, before)
  const value = scratch(length)
  copyValueOut(arena, before, 0, length, value, 0)
  const expiryMs = entryExpiry(arena, before)
  const code = EFFECT_STRING_SET
  if (side.log.isLarge(keyLength, length)) {
    const written = recordLarge(
      side,
      code,
      database,
      bytes,
      start,
      keyLength,
      value,
      0,
      length,
      expiryMs,
    )
    assert(written, 'what was begun in the log is taken back or completed')
  } else {
    recordEffect(side, code, database, bytes, start, keyLength, value, 0, length, expiryMs)
  }
}
