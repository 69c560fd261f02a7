// The 16 databases of a shard: their dictionary roots, key counts per slot, and the release queue
// that lets FLUSHDB be done at once and freed in slices.
//
// A database's root block is a dictionary root with a table of SLOT_COUNT key counters; the arena
// root holds only its address. So flushing is: take the address out, append the block to the
// queue; SWAPDB is: exchange two addresses. Neither needs memory.

import { assert } from '../base/assert.ts'
import { DATABASE_COUNT, SLOT_COUNT } from '../base/limits.ts'
import { allocate, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import { createDictionary } from './dictionary.ts'
import { overflowOf } from './dictionary-page.ts'
import { dictionaryNextExpiry } from './dictionary-walk.ts'
import { releaseEntry } from './entry.ts'
import {
  ADDRESS_MASK,
  COUNT_WORD,
  DATABASES_WORD,
  DEPTH_WORD,
  DICTIONARY_ROOT_BYTES,
  DIRECTORY_WORD,
  PAGE_BYTES,
  PAGE_COUNT_WORD,
  PAGE_DEPTH_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  QUEUE_NEXT_WORD,
  RELEASE_HEAD_WORD,
  RELEASE_INDEX_WORD,
  RELEASE_PENDING_DOUBLE,
  RELEASE_TAIL_WORD,
  SEGMENT_SHIFT,
  SLOT_COUNTS_WORD,
  UNIT_MASK,
} from './layout.ts'

const SLOT_COUNTS_BYTES = SLOT_COUNT * 4

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
  detachDictionary(arena, root)
}

/** Appends a dictionary that nothing refers to any more to the release queue. Cannot fail. The
 * counters of its slots go at once: no small piece makes room for those of the next database. */
export function detachDictionary(arena: Arena, root: number): void {
  const arenaWords = arena.words[0]
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const counts = words[rootWord + SLOT_COUNTS_WORD]
  if (counts !== 0) release(arena, counts, SLOT_COUNTS_BYTES)
  words[rootWord + SLOT_COUNTS_WORD] = 0
  words[rootWord + QUEUE_NEXT_WORD] = 0
  words[rootWord + RELEASE_INDEX_WORD] = 0
  const tail = arenaWords[RELEASE_TAIL_WORD]
  if (tail === 0) arenaWords[RELEASE_HEAD_WORD] = root
  else arena.words[tail >>> SEGMENT_SHIFT][((tail & UNIT_MASK) << 1) + QUEUE_NEXT_WORD] = root
  arenaWords[RELEASE_TAIL_WORD] = root
  arena.doubles[0][RELEASE_PENDING_DOUBLE] += words[rootWord + COUNT_WORD]
}

/** Entries in the release queue. */
export function releasePending(arena: Arena): number {
  return arena.doubles[0][RELEASE_PENDING_DOUBLE]
}

/** Gives back the memory of up to `pagesMax` pages (about 43 entries each) of detached
 * dictionaries. true = there is more. Cannot fail. */
export function releaseSlice(arena: Arena, pagesMax: number): boolean {
  const arenaWords = arena.words[0]
  for (let pages = 0; pages < pagesMax; pages++) {
    const root = arenaWords[RELEASE_HEAD_WORD]
    if (root === 0) return false
    const words = arena.words[root >>> SEGMENT_SHIFT]
    const rootWord = (root & UNIT_MASK) << 1
    const directory = words[rootWord + DIRECTORY_WORD]
    const index = words[rootWord + RELEASE_INDEX_WORD]
    const depth = words[rootWord + DEPTH_WORD]
    if (directory !== 0 && index < 1 << depth) {
      const page = arena.words[directory >>> SEGMENT_SHIFT][((directory & UNIT_MASK) << 1) + index]
      const pageWord = (page & UNIT_MASK) << 1
      const localDepth = arena.words[page >>> SEGMENT_SHIFT][pageWord + PAGE_DEPTH_WORD]
      words[rootWord + RELEASE_INDEX_WORD] = index + (1 << (depth - localDepth))
      releaseChain(arena, page)
      continue
    }
    const next = words[rootWord + QUEUE_NEXT_WORD]
    if (directory !== 0) release(arena, directory, 4 << depth)
    release(arena, root, DICTIONARY_ROOT_BYTES)
    arenaWords[RELEASE_HEAD_WORD] = next
    if (next === 0) arenaWords[RELEASE_TAIL_WORD] = 0
  }
  return arenaWords[RELEASE_HEAD_WORD] !== 0
}

/** Releases a page, its overflow pages and all their entries. */
function releaseChain(arena: Arena, first: number): void {
  for (let page = first; page !== 0; ) {
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    arena.doubles[0][RELEASE_PENDING_DOUBLE] -= words[pageWord + PAGE_COUNT_WORD]
    for (let slot = 0; slot < PAGE_SLOTS; slot++) {
      const reference = words[pageWord + PAGE_SLOTS_WORD + slot * 2 + 1]
      if (reference !== 0) releaseEntry(arena, reference & ADDRESS_MASK)
    }
    const next = overflowOf(arena, page)
    release(arena, page, PAGE_BYTES)
    page = next
  }
}
