// Giving entries back, and the release queue: what is too large to be freed at once is detached
// (one list operation, cannot fail) and freed in slices. In the queue are roots of dictionaries
// (flushed databases, large sets, hashes and sorted sets) and of large lists:
//
//   arena root: head ─▶ root ─▶ root ─▶ … ◀─ tail      each root says by ROOT_KIND_WORD what it is
//
// A large collection that a flushed database holds goes to the end of the queue when its entry is
// met, so no slice ever frees more than its pages.

import { SLOT_COUNT } from '../base/limits.ts'
import { release } from './allocator.ts'
import type { Arena } from './arena.ts'
import { largeRoot } from './collection.ts'
import { overflowOf } from './dictionary-page.ts'
import { releaseElement, rootKind } from './element.ts'
import {
  chunkCountFor,
  entryByteLength,
  entryEncoding,
  entryIsChunked,
  entryType,
  entryValueLength,
  releaseChunks,
} from './entry.ts'
import {
  ADDRESS_MASK,
  COLLECTION_LARGE,
  COUNT_WORD,
  DEPTH_WORD,
  DICTIONARY_ROOT_BYTES,
  DIRECTORY_WORD,
  KIND_KEYS,
  KIND_LIST,
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
  TYPE_STRING,
  UNIT_MASK,
} from './layout.ts'
import { releaseListNode, releaseListRoot } from './list-node.ts'

export const SLOT_COUNTS_BYTES = SLOT_COUNT * 4

/**
 * Gives back all that the entry holds; a large collection in slices, later. The entry must not be
 * in a dictionary any more. Cannot fail.
 */
export function releaseEntry(arena: Arena, entry: number): void {
  if (entryType(arena, entry) !== TYPE_STRING) {
    if (entryEncoding(arena, entry) === COLLECTION_LARGE) detachRoot(arena, largeRoot(arena, entry))
  } else if (entryIsChunked(arena, entry)) {
    const valueLength = entryValueLength(arena, entry)
    releaseChunks(arena, entry, valueLength, 0, chunkCountFor(valueLength))
  }
  release(arena, entry, entryByteLength(arena, entry))
}

/** Appends a root that nothing refers to any more to the release queue. Cannot fail. The counters
 * of a database's slots go at once: no small piece makes room for those of the next database. */
export function detachRoot(arena: Arena, root: number): void {
  const arenaWords = arena.words[0]
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  if (rootKind(arena, root) === KIND_KEYS) {
    const counts = words[rootWord + SLOT_COUNTS_WORD]
    if (counts !== 0) release(arena, counts, SLOT_COUNTS_BYTES)
    words[rootWord + SLOT_COUNTS_WORD] = 0
  }
  words[rootWord + QUEUE_NEXT_WORD] = 0
  words[rootWord + RELEASE_INDEX_WORD] = 0
  const tail = arenaWords[RELEASE_TAIL_WORD]
  if (tail === 0) arenaWords[RELEASE_HEAD_WORD] = root
  else arena.words[tail >>> SEGMENT_SHIFT][((tail & UNIT_MASK) << 1) + QUEUE_NEXT_WORD] = root
  arenaWords[RELEASE_TAIL_WORD] = root
  arena.doubles[0][RELEASE_PENDING_DOUBLE] += words[rootWord + COUNT_WORD]
}

/** Entries and elements in the release queue. */
export function releasePending(arena: Arena): number {
  return arena.doubles[0][RELEASE_PENDING_DOUBLE]
}

/** Gives back the memory of up to `pagesMax` pages (about 43 entries each) or list nodes of what is
 * in the queue. true = there is more. Cannot fail. */
export function releaseSlice(arena: Arena, pagesMax: number): boolean {
  for (let pages = 0; pages < pagesMax; pages++) {
    const root = arena.words[0][RELEASE_HEAD_WORD]
    if (root === 0) return false
    const isList = rootKind(arena, root) === KIND_LIST
    if (isList ? releaseNode(arena, root) : releasePage(arena, root)) continue
    const words = arena.words[root >>> SEGMENT_SHIFT]
    const next = words[((root & UNIT_MASK) << 1) + QUEUE_NEXT_WORD]
    if (isList) releaseListRoot(arena, root)
    else releaseDictionaryRoot(arena, root)
    arena.words[0][RELEASE_HEAD_WORD] = next
    if (next === 0) arena.words[0][RELEASE_TAIL_WORD] = 0
  }
  return arena.words[0][RELEASE_HEAD_WORD] !== 0
}

function releaseNode(arena: Arena, root: number): boolean {
  const word = ((root & UNIT_MASK) << 1) + COUNT_WORD
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const before = words[word]
  const released = releaseListNode(arena, root)
  arena.doubles[0][RELEASE_PENDING_DOUBLE] -= before - words[word]
  return released
}

/** The next page of a detached dictionary with all that is in it. false = there is none. */
function releasePage(arena: Arena, root: number): boolean {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = words[rootWord + DIRECTORY_WORD]
  const index = words[rootWord + RELEASE_INDEX_WORD]
  const depth = words[rootWord + DEPTH_WORD]
  if (directory === 0 || index >= 1 << depth) return false
  const page = arena.words[directory >>> SEGMENT_SHIFT][((directory & UNIT_MASK) << 1) + index]
  const pageWord = (page & UNIT_MASK) << 1
  const localDepth = arena.words[page >>> SEGMENT_SHIFT][pageWord + PAGE_DEPTH_WORD]
  words[rootWord + RELEASE_INDEX_WORD] = index + (1 << (depth - localDepth))
  releaseChain(arena, page, rootKind(arena, root))
  return true
}

/** Releases a page, its overflow pages and all that is in them. */
function releaseChain(arena: Arena, first: number, kind: number): void {
  for (let page = first; page !== 0; ) {
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    arena.doubles[0][RELEASE_PENDING_DOUBLE] -= words[pageWord + PAGE_COUNT_WORD]
    for (let slot = 0; slot < PAGE_SLOTS; slot++) {
      const address = words[pageWord + PAGE_SLOTS_WORD + slot * 2 + 1] & ADDRESS_MASK
      if (address === 0) continue
      if (kind === KIND_KEYS) releaseEntry(arena, address)
      else releaseElement(arena, kind, address)
    }
    const next = overflowOf(arena, page)
    release(arena, page, PAGE_BYTES)
    page = next
  }
}

/** Gives back directory and root of a dictionary whose pages are gone. */
function releaseDictionaryRoot(arena: Arena, root: number): void {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = words[rootWord + DIRECTORY_WORD]
  if (directory !== 0) release(arena, directory, 4 << words[rootWord + DEPTH_WORD])
  release(arena, root, DICTIONARY_ROOT_BYTES)
}
