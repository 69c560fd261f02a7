// Steps that several effects share: finding the entry of the side's record, making one, putting it
// into the dictionary, taking it out, and recording.

import { slotOfKey } from '../dispatch/slots.ts'
import { allowReclaim } from '../memory/allocator.ts'
import { changeSlotCount, databaseRoot, ensureDatabase } from '../memory/database.ts'
import {
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
  dictionaryReplace,
} from '../memory/dictionary.ts'
import { dictionaryReserve } from '../memory/dictionary-growth.ts'
import { createEntry } from '../memory/entry.ts'
import { STRING_RAW, TYPE_STRING } from '../memory/layout.ts'
import { releaseEntry, releaseSlice } from '../memory/release.ts'
import { markStored } from './access.ts'
import { addRecordTo, appendRecordTo, recordIsLarge, writeRecordTo } from './record.ts'
import type { ShardSide } from './side.ts'

/**
 * The entry of the record's key, 0 if there is none; its root, page and slot are in the record
 * then. Looks only once: until a slot moves, effects go on with what the command's lookup found.
 */
export function locate(side: ShardSide): number {
  const { arena, record } = side
  if (record.located) return record.entry
  const root = databaseRoot(arena, record.database)
  const { hash, key, keyStart, keyLength } = record
  const entry = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  record.root = root
  record.entry = entry
  record.page = arena.foundPage
  record.slot = arena.foundSlot
  record.located = true
  return entry
}

/** Pages (about 43 entries each) of flushed databases that a write to a full shard frees before it
 * fails. Measured: 0.4 ms for values of 10 bytes, 0.5 of 64, 0.7 of 700. */
const RECLAIM_PAGES = 24

/**
 * Lets the allocations that follow give back what flushed databases still hold, before they fail.
 * Whoever follows a log has no housekeeping beside it: there as much as is needed.
 */
export function allowReclaiming(side: ShardSide): void {
  allowReclaim(releaseSlice, side.replaying ? Infinity : RECLAIM_PAGES)
}

/**
 * locate() of an effect that may add the key: makes the database if there is none. -1: out of
 * memory, nothing changed.
 */
export function locateOrMakeRoom(side: ShardSide): number {
  const { arena, record } = side
  allowReclaiming(side)
  const entry = locate(side)
  if (record.root !== 0) return entry
  record.root = ensureDatabase(arena, record.database)
  return record.root === 0 ? NO_ROOM : 0
}

export const NO_ROOM = -1

/**
 * A new entry for the record's key, with room made for it in the dictionary if the key is new.
 * 0: out of memory, nothing changed.
 */
export function prepareEntry(
  side: ShardSide,
  type: number,
  encoding: number,
  valueLength: number,
  expiryMs: number,
  spareBytes: number,
  chunksOf = 0,
): number {
  const { arena, record } = side
  if (record.entry === 0 && !dictionaryReserve(arena, record.root, record.hash)) return 0
  return createEntry(
    arena,
    type,
    encoding,
    record.key,
    record.keyStart,
    record.keyLength,
    valueLength,
    expiryMs,
    spareBytes,
    chunksOf,
  )
}

/** prepareEntry for a string. createEntry gives a long one the encoding of long ones. */
export function prepareString(
  side: ShardSide,
  valueLength: number,
  expiryMs: number,
  spareBytes: number,
): number {
  return prepareEntry(side, TYPE_STRING, STRING_RAW, valueLength, expiryMs, spareBytes)
}

/**
 * Links a finished entry in, in the place of the one that was found, which is the caller's to
 * release, or as a new key. Cannot fail.
 */
export function linkEntry(side: ShardSide, entry: number, expiryMs: number): void {
  const { arena, record } = side
  const { root } = record
  markStored(side, entry, record.entry)
  if (record.entry === 0) {
    dictionaryInsert(arena, root, record.hash, entry, expiryMs)
    changeSlotCount(arena, root, slotOfKey(record.key, record.keyStart, record.keyLength), 1)
  } else {
    dictionaryReplace(arena, root, record.page, record.slot, entry, expiryMs)
  }
  record.located = false
}

/** linkEntry, and releases the one that was there. Cannot fail. */
export function putEntry(side: ShardSide, entry: number, expiryMs: number): void {
  const old = side.record.entry
  linkEntry(side, entry, expiryMs)
  if (old !== 0) releaseEntry(side.arena, old)
}

/** Takes the entry that was found out of the dictionary; it is the caller's to release. */
export function unlinkEntry(side: ShardSide): void {
  const { arena, record } = side
  const { root } = record
  changeSlotCount(arena, root, slotOfKey(record.key, record.keyStart, record.keyLength), -1)
  dictionaryRemove(arena, root, record.page, record.slot)
  record.located = false
}

/** Is the side's record too large for the slice? Then `writeLarge` comes before any change. */
export function isLarge(side: ShardSide): boolean {
  return !side.replaying && recordIsLarge(side.log, side.record)
}

/**
 * Appends the side's record, and tells who watches its key. While a side follows a log its effects
 * change memory only, and nobody watches.
 */
export function appendRecord(side: ShardSide): void {
  if (side.replaying) return
  appendRecordTo(side.log, side.record)
  touchWatched(side)
}

/** Tells who watches the key of the record, or waits for it, that it changes. One load for each
 * while nobody does. */
export function touchWatched(side: ShardSide): void {
  if (side.watches.isUsed()) side.watches.touch(side.record)
  if (side.blocked.isUsed()) side.blocked.touch(side.record)
}

/** Adds the side's large record to those that writeLargeRecords will write. */
export function addLarge(side: ShardSide): void {
  addRecordTo(side.log, side.record)
}

/** Writes the side's record straight to the file. False: not written, change nothing. */
export function writeLarge(side: ShardSide): boolean {
  if (!writeRecordTo(side.log, side.record)) return false
  touchWatched(side)
  return true
}
