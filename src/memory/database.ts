// The 16 databases of a shard: their dictionary roots and key counts per slot. What is flushed
// waits in the release queue (release.ts).
//
// A database's root block is a dictionary root with a table of SLOT_COUNT key counters; the arena
// root holds only its address. So flushing is: take the address out, append the block to the
// queue; SWAPDB is: exchange two addresses. Neither needs memory.

import { assert } from '../base/assert.ts'
import { DATABASE_COUNT, SLOT_COUNT } from '../base/limits.ts'
import { allocate, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import { createDictionary } from './dictionary.ts'
import { dictionaryNextExpiry } from './dictionary-walk.ts'
import { DATABASES_WORD, SEGMENT_SHIFT, SLOT_COUNTS_WORD, UNIT_MASK } from './layout.ts'
import { detachRoot, SLOT_COUNTS_BYTES } from './release.ts'

/** Root of a database, 0 = nothing was ever stored there (or it was flushed). */
export function databaseRoot(arena: Arena, database: number): number {
  return arena.words[0][DATABASES_WORD + database]
}

/** Root of a database, made when missing; 0 = out of memory, nothing changed. */
export function ensureDatabase(arena: Arena, database: number): number {
  assert(database >= 0 && database < DATABASE_COUNT, 'databases are 0-15')
  const present = arena.words[0][DATABASES_WORD + database]
  if (present !== 0) return present
  const counts = allocate(arena, SLOT_COUNTS_BYTES)
  if (counts === 0) return 0
  const words = arena.words[counts >>> SEGMENT_SHIFT]
  const first = (counts & UNIT_MASK) << 1
  // Fresh memory is zero already and must not become resident for slots that never have keys.
  if (!arena.allocationFresh) words.fill(0, first, first + SLOT_COUNT)
  const root = createDictionary(arena)
  if (root === 0) {
    release(arena, counts, SLOT_COUNTS_BYTES)
    return 0
  }
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + SLOT_COUNTS_WORD] = counts
  arena.words[0][DATABASES_WORD + database] = root
  return root
}

/** Counts a key of this database in or out (`difference` 1 or -1). */
export function changeSlotCount(
  arena: Arena,
  root: number,
  slot: number,
  difference: number,
): void {
  const counts = arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + SLOT_COUNTS_WORD]
  arena.words[counts >>> SEGMENT_SHIFT][((counts & UNIT_MASK) << 1) + slot] += difference
}

/** Keys of all databases of this shard in a slot. */
export function slotKeys(arena: Arena, slot: number): number {
  let keys = 0
  for (let database = 0; database < DATABASE_COUNT; database++) {
    keys += databaseSlotKeys(arena, database, slot)
  }
  return keys
}

/** Keys of one database in a slot. */
export function databaseSlotKeys(arena: Arena, database: number, slot: number): number {
  const root = databaseRoot(arena, database)
  if (root === 0) return 0
  const counts = arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + SLOT_COUNTS_WORD]
  return arena.words[counts >>> SEGMENT_SHIFT][((counts & UNIT_MASK) << 1) + slot]
}

/** Lower bound (ms) of the next expiry in any database; 0 = a sweep is unfinished. */
export function arenaNextExpiry(arena: Arena): number {
  let earliest = Infinity
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const next = dictionaryNextExpiry(arena, databaseRoot(arena, database))
    if (next < earliest) earliest = next
  }
  return earliest
}

/** SWAPDB. */
export function swapDatabases(arena: Arena, left: number, right: number): void {
  const words = arena.words[0]
  const root = words[DATABASES_WORD + left]
  words[DATABASES_WORD + left] = words[DATABASES_WORD + right]
  words[DATABASES_WORD + right] = root
}

/** FLUSHDB: the database is empty at once; releaseSlice gives its memory back. */
export function detachDatabase(arena: Arena, database: number): void {
  const root = arena.words[0][DATABASES_WORD + database]
  if (root === 0) return
  arena.words[0][DATABASES_WORD + database] = 0
  detachRoot(arena, root)
}
