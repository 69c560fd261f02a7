// One page of a dictionary (drawn in layout.ts): finding it, filling and emptying its slots.

import type { Arena } from './arena.ts'
import {
  DEPTH_WORD,
  DIRECTORY_WORD,
  NO_BOUND,
  PAGE_BOUND_WORD,
  PAGE_COUNT_WORD,
  PAGE_DEPTH_WORD,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'

/** Page whose range holds the hash, 0 when the dictionary has no pages. */
export function pageOf(arena: Arena, root: number, hash: number): number {
  if (root === 0) return 0
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = rootWords[rootWord + DIRECTORY_WORD]
  if (directory === 0) return 0
  // hash >>> (32 - depth) would shift by 0 at depth 0, since shift counts are taken mod 32.
  const index = (hash >>> 1) >>> (31 - rootWords[rootWord + DEPTH_WORD])
  return arena.words[directory >>> SEGMENT_SHIFT][((directory & UNIT_MASK) << 1) + index]
}

/** Puts a reference at the first free slot from its home on; the page must have one. */
export function placeInPage(
  words: Int32Array,
  pageWord: number,
  hash: number,
  reference: number,
): number {
  let slot = ((hash & 0xff) * PAGE_SLOTS) >>> 8
  while (words[pageWord + PAGE_SLOTS_WORD + (slot << 1) + 1] !== 0) {
    slot = slot === PAGE_SLOTS - 1 ? 0 : slot + 1
  }
  const word = pageWord + PAGE_SLOTS_WORD + (slot << 1)
  words[word] = hash
  words[word + 1] = reference
  words[pageWord + PAGE_COUNT_WORD]++
  return slot
}

/**
 * Empties a slot. A follower may move into the gap if its home is not between gap and follower,
 * counted circularly: with the gap at 5, an entry at 7 whose home is 6 stays, one whose home is 4
 * or 5 moves; then 7 is the gap.
 */
export function closeGap(words: Int32Array, pageWord: number, slot: number): void {
  const slots = pageWord + PAGE_SLOTS_WORD
  let gap = slot
  let at = slot
  for (let seen = 1; seen < PAGE_SLOTS; seen++) {
    at = at === PAGE_SLOTS - 1 ? 0 : at + 1
    const reference = words[slots + (at << 1) + 1]
    if (reference === 0) break
    const hash = words[slots + (at << 1)]
    const home = ((hash & 0xff) * PAGE_SLOTS) >>> 8
    const fromHome = at >= home ? at - home : at - home + PAGE_SLOTS
    const fromGap = at >= gap ? at - gap : at - gap + PAGE_SLOTS
    if (fromHome < fromGap) continue
    words[slots + (gap << 1)] = hash
    words[slots + (gap << 1) + 1] = reference
    gap = at
  }
  words[slots + (gap << 1) + 1] = 0
}

/** Page bound for an expiry: whole seconds, rounded down, so never later than the expiry. */
export function boundSeconds(expiryMs: number): number {
  const seconds = Math.floor(expiryMs / 1000)
  if (seconds >= NO_BOUND) return NO_BOUND - 1
  return Math.max(seconds, 0)
}

export function countOf(arena: Arena, page: number): number {
  return arena.words[page >>> SEGMENT_SHIFT][((page & UNIT_MASK) << 1) + PAGE_COUNT_WORD]
}

export function overflowOf(arena: Arena, page: number): number {
  return arena.words[page >>> SEGMENT_SHIFT][((page & UNIT_MASK) << 1) + PAGE_OVERFLOW_WORD]
}

export function boundOf(arena: Arena, page: number): number {
  return arena.words[page >>> SEGMENT_SHIFT][((page & UNIT_MASK) << 1) + PAGE_BOUND_WORD] >>> 0
}

/** First hash behind the range of the page that holds this hash, as a number up to 2^32. */
export function rangeEnd(arena: Arena, page: number, hash: number): number {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const localDepth = words[((page & UNIT_MASK) << 1) + PAGE_DEPTH_WORD]
  const length = 2 ** (32 - localDepth)
  return (Math.floor((hash >>> 0) / length) + 1) * length
}
