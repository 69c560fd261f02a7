// How a dictionary grows and shrinks. An insert splits at most its own page (62 entries; with one
// overflow page still at most 64 change the page), and the entries themselves never move. The
// directory doubles and halves by a plain copy of words.
//
//   depth 2, page B full, local depth 1:          B splits by bit 2 of the hash:
//   directory  00 01 10 11                        directory  00 01 10 11
//              A  C  B  B                                    A  C  B  B'
//
// A page that cannot be split (depth limit, equal hashes, no memory for a larger directory) gets
// overflow pages: a chain. A chain of two is split as soon as the directory allows.

import { assert } from '../base/assert.ts'
import { allocate, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import { boundOf, countOf, overflowOf, pageOf, placeInPage } from './dictionary-page.ts'
import {
  CHAIN_PAGES_MAX,
  DEPTH_MAX,
  DEPTH_WORD,
  DIRECTORY_WORD,
  MOVED_MAX_WORD,
  NO_BOUND,
  PAGE_BOUND_WORD,
  PAGE_BYTES,
  PAGE_COUNT_WORD,
  PAGE_DEPTH_WORD,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  PAGES_AT_DEPTH_WORD,
  PAGES_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'

/** No insert moves more entries than this to another page. */
export const MOVED_MAX = 64
/** Two buddy pages become one when they hold at most this many entries together. */
const MERGE_ENTRIES_MAX = 24
/** An overflow page is dissolved when the chain of two holds at most this many. */
const COLLAPSE_ENTRIES_MAX = 48
/** The directory halves when no page needs it and it has this many words a page. */
const HALVE_WORDS_PER_PAGE = 8
const PAGE_WORDS = PAGE_BYTES / 4

/** Copies of the slots of a page and its overflow page while they are dealt out again. Per
 * thread; only used within one call. */
const dealt = new Int32Array(PAGE_SLOTS * 4)

/**
 * Makes room for one entry with this hash, so that the next dictionaryInsert with it cannot fail.
 * May split a page or double the directory. false = out of memory, logically unchanged.
 */
export function dictionaryReserve(arena: Arena, root: number, hash: number): boolean {
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  if (rootWords[rootWord + DIRECTORY_WORD] === 0 && !createFirstPage(arena, root)) return false
  let moved = 0
  for (;;) {
    const page = pageOf(arena, root, hash)
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    if (words[pageWord + PAGE_COUNT_WORD] < PAGE_SLOTS) break
    const result = splitPage(arena, root, page, hash, moved)
    if (result < 0) {
      if (!reserveInChain(arena, root, page)) return false
      break
    }
    moved += result
  }
  if (moved > rootWords[rootWord + MOVED_MAX_WORD]) rootWords[rootWord + MOVED_MAX_WORD] = moved
  return true
}

/** After an entry with this hash has gone: dissolves its overflow page, merges its page with the
 * buddy, halves the directory, as far as it makes sense. Cannot fail. */
export function shrinkAfterRemove(arena: Arena, root: number, hash: number): void {
  for (;;) {
    const page = pageOf(arena, root, hash)
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    if (words[pageWord + PAGE_OVERFLOW_WORD] !== 0 && !shortenChain(arena, root, page)) return
    const count = words[pageWord + PAGE_COUNT_WORD]
    const localDepth = words[pageWord + PAGE_DEPTH_WORD]
    if (count > MERGE_ENTRIES_MAX || localDepth === 0) break
    const buddy = pageOf(arena, root, hash ^ (1 << (32 - localDepth)))
    const buddyWords = arena.words[buddy >>> SEGMENT_SHIFT]
    const buddyWord = (buddy & UNIT_MASK) << 1
    if (
      buddyWords[buddyWord + PAGE_DEPTH_WORD] !== localDepth ||
      buddyWords[buddyWord + PAGE_OVERFLOW_WORD] !== 0 ||
      count + buddyWords[buddyWord + PAGE_COUNT_WORD] > MERGE_ENTRIES_MAX
    ) {
      break
    }
    mergeBuddies(arena, root, page, buddy, hash)
  }
  halveDirectory(arena, root)
}

function createFirstPage(arena: Arena, root: number): boolean {
  const directory = allocate(arena, 4)
  if (directory === 0) return false
  const page = allocatePage(arena, root, 0)
  if (page === 0) {
    release(arena, directory, 4)
    return false
  }
  arena.words[directory >>> SEGMENT_SHIFT][(directory & UNIT_MASK) << 1] = page
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  rootWords[rootWord + DIRECTORY_WORD] = directory
  rootWords[rootWord + DEPTH_WORD] = 0
  rootWords[rootWord + PAGES_AT_DEPTH_WORD]++
  return true
}

function allocatePage(arena: Arena, root: number, localDepth: number): number {
  const page = allocate(arena, PAGE_BYTES)
  if (page === 0) return 0
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  words.fill(0, pageWord, pageWord + PAGE_WORDS)
  words[pageWord + PAGE_DEPTH_WORD] = localDepth
  words[pageWord + PAGE_BOUND_WORD] = NO_BOUND
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + PAGES_WORD]++
  return page
}

function releasePage(arena: Arena, root: number, page: number): void {
  release(arena, page, PAGE_BYTES)
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + PAGES_WORD]--
}

/**
 * Splits a full page in two, with its overflow page if it has exactly one. Returns the number of
 * entries that changed their page (0 if all of them have the same next bit), or -1: this page
 * cannot be split now, nothing has changed.
 */
function splitPage(
  arena: Arena,
  root: number,
  page: number,
  hash: number,
  movedBefore: number,
): number {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  const localDepth = words[pageWord + PAGE_DEPTH_WORD]
  if (localDepth === DEPTH_MAX) return -1
  const overflow = words[pageWord + PAGE_OVERFLOW_WORD]
  if (overflow !== 0 && overflowOf(arena, overflow) !== 0) return -1
  const bit = 1 << (31 - localDepth)
  const inPage = countWithBit(arena, page, bit)
  const pageCount = words[pageWord + PAGE_COUNT_WORD]
  const overflowCount = overflow === 0 ? 0 : countOf(arena, overflow)
  const inOverflow = overflow === 0 ? 0 : countWithBit(arena, overflow, bit)
  const upper = inPage + inOverflow
  const lower = pageCount + overflowCount - upper
  if (upper > PAGE_SLOTS || lower > PAGE_SLOTS) return -1
  const oneSided = upper === 0 || lower === 0
  const moved = oneSided ? 0 : upper + (overflowCount - inOverflow)
  if (movedBefore + moved > MOVED_MAX) return -1
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  if (localDepth === rootWords[rootWord + DEPTH_WORD]) {
    // Doubling for a split that separates nothing would only cost memory: 63 entries with equal
    // hashes would drive the directory to its limit. But who copies a dictionary in the order of
    // its walk begins with hashes that differ in low bits only: those are worth the depth.
    if (oneSided && ((hash & bit) !== 0) === (upper !== 0)) {
      if (overflow !== 0 || firstDifference(words, pageWord, hash) >= DEPTH_MAX) return -1
    }
    if (!doubleDirectory(arena, root)) return -1
  }
  const sibling = allocatePage(arena, root, localDepth + 1)
  if (sibling === 0) return -1
  dealOut(arena, root, page, sibling, overflow, bit, oneSided && upper !== 0)
  rootWords[rootWord + PAGES_AT_DEPTH_WORD + localDepth]--
  rootWords[rootWord + PAGES_AT_DEPTH_WORD + localDepth + 1] += 2
  // Entries that are all in the upper half stay where they are: then the sibling is the lower.
  const siblingHash = oneSided && upper !== 0 ? hash & ~bit : hash | bit
  words[pageWord + PAGE_DEPTH_WORD] = localDepth + 1
  pointRange(arena, root, siblingHash, localDepth + 1, sibling)
  return moved
}

/** The first bit, counted from the top, in which some hash of a full page differs from this one;
 * 32 = all are equal. */
function firstDifference(words: Int32Array, pageWord: number, hash: number): number {
  const slots = pageWord + PAGE_SLOTS_WORD
  let different = 0
  for (let word = slots; word < slots + PAGE_SLOTS * 2; word += 2) different |= words[word] ^ hash
  return Math.clz32(different)
}

/** Deals the entries of a page (and its overflow page, which is released) out to the page and its
 * new sibling by one bit of the hash. */
function dealOut(
  arena: Arena,
  root: number,
  page: number,
  sibling: number,
  overflow: number,
  bit: number,
  keepsUpper: boolean,
): void {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  const siblingWords = arena.words[sibling >>> SEGMENT_SHIFT]
  const siblingWord = (sibling & UNIT_MASK) << 1
  let bound = words[pageWord + PAGE_BOUND_WORD] >>> 0
  let dealtWords = takeSlots(arena, page, 0)
  if (overflow !== 0) {
    dealtWords = takeSlots(arena, overflow, dealtWords)
    bound = Math.min(bound, boundOf(arena, overflow))
    releasePage(arena, root, overflow)
    words[pageWord + PAGE_OVERFLOW_WORD] = 0
  }
  words[pageWord + PAGE_BOUND_WORD] = bound
  siblingWords[siblingWord + PAGE_BOUND_WORD] = bound
  words[pageWord + PAGE_COUNT_WORD] = 0
  words.fill(0, pageWord + PAGE_SLOTS_WORD, pageWord + PAGE_WORDS)
  for (let at = 0; at < dealtWords; at += 2) {
    const hash = dealt[at]
    if (((hash & bit) !== 0) === keepsUpper) placeInPage(words, pageWord, hash, dealt[at + 1])
    else placeInPage(siblingWords, siblingWord, hash, dealt[at + 1])
  }
}

/** Copies the filled slots of a page to `dealt` from word `at` on; returns the next free word. */
function takeSlots(arena: Arena, page: number, at: number): number {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const slots = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD
  let next = at
  for (let word = slots; word < slots + PAGE_SLOTS * 2; word += 2) {
    if (words[word + 1] === 0) continue
    dealt[next] = words[word]
    dealt[next + 1] = words[word + 1]
    next += 2
  }
  return next
}

function countWithBit(arena: Arena, page: number, bit: number): number {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const slots = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD
  let count = 0
  for (let word = slots; word < slots + PAGE_SLOTS * 2; word += 2) {
    if (words[word + 1] !== 0 && (words[word] & bit) !== 0) count++
  }
  return count
}

/** Makes every directory word of the range that `hash` and a local depth name point to `page`. */
function pointRange(
  arena: Arena,
  root: number,
  hash: number,
  localDepth: number,
  page: number,
): void {
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = rootWords[rootWord + DIRECTORY_WORD]
  const spare = rootWords[rootWord + DEPTH_WORD] - localDepth
  const first = ((hash >>> 1) >>> (31 - localDepth)) << spare
  const from = ((directory & UNIT_MASK) << 1) + first
  arena.words[directory >>> SEGMENT_SHIFT].fill(page, from, from + (1 << spare))
}

function doubleDirectory(arena: Arena, root: number): boolean {
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const depth = rootWords[rootWord + DEPTH_WORD]
  const old = rootWords[rootWord + DIRECTORY_WORD]
  const length = 1 << depth
  const directory = allocate(arena, length * 8)
  if (directory === 0) return false
  const source = arena.words[old >>> SEGMENT_SHIFT]
  const target = arena.words[directory >>> SEGMENT_SHIFT]
  const sourceWord = (old & UNIT_MASK) << 1
  let targetWord = (directory & UNIT_MASK) << 1
  for (let at = sourceWord; at < sourceWord + length; at++) {
    const page = source[at]
    target[targetWord] = page
    target[targetWord + 1] = page
    targetWord += 2
  }
  release(arena, old, length * 4)
  rootWords[rootWord + DIRECTORY_WORD] = directory
  rootWords[rootWord + DEPTH_WORD] = depth + 1
  return true
}

/** Halves the directory while no page needs its full depth. Needs memory for the smaller one;
 * without it the larger one stays. */
function halveDirectory(arena: Arena, root: number): void {
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  for (;;) {
    const depth = rootWords[rootWord + DEPTH_WORD]
    if (depth === 0 || rootWords[rootWord + PAGES_AT_DEPTH_WORD + depth] !== 0) return
    if (rootWords[rootWord + PAGES_WORD] * HALVE_WORDS_PER_PAGE > 1 << depth) return
    const length = 1 << (depth - 1)
    const directory = allocate(arena, length * 4)
    if (directory === 0) return
    const old = rootWords[rootWord + DIRECTORY_WORD]
    const source = arena.words[old >>> SEGMENT_SHIFT]
    const target = arena.words[directory >>> SEGMENT_SHIFT]
    const sourceWord = (old & UNIT_MASK) << 1
    const targetWord = (directory & UNIT_MASK) << 1
    for (let at = 0; at < length; at++) target[targetWord + at] = source[sourceWord + at * 2]
    release(arena, old, length * 8)
    rootWords[rootWord + DIRECTORY_WORD] = directory
    rootWords[rootWord + DEPTH_WORD] = depth - 1
  }
}

/** Makes sure that a page of the chain has a free slot. */
function reserveInChain(arena: Arena, root: number, page: number): boolean {
  let last = page
  let length = 1
  for (let next = overflowOf(arena, last); next !== 0; next = overflowOf(arena, last)) {
    last = next
    length++
    if (countOf(arena, last) < PAGE_SLOTS) return true
  }
  if (length === CHAIN_PAGES_MAX) return false
  const overflow = allocatePage(arena, root, 0)
  if (overflow === 0) return false
  arena.words[last >>> SEGMENT_SHIFT][((last & UNIT_MASK) << 1) + PAGE_OVERFLOW_WORD] = overflow
  return true
}

/** Fills the gaps of a chain from its last page and drops that when it is empty. true = the chain
 * is gone. */
function shortenChain(arena: Arena, root: number, page: number): boolean {
  const first = overflowOf(arena, page)
  const second = overflowOf(arena, first)
  const limit = second === 0 ? COLLAPSE_ENTRIES_MAX : PAGE_SLOTS
  // Pages two by two: the last one is poured into the one before it when both fit.
  let target = page
  let source = first
  while (overflowOf(arena, source) !== 0) {
    target = source
    source = overflowOf(arena, source)
  }
  if (countOf(arena, target) + countOf(arena, source) > limit) return false
  pour(arena, source, target)
  arena.words[target >>> SEGMENT_SHIFT][((target & UNIT_MASK) << 1) + PAGE_OVERFLOW_WORD] = 0
  releasePage(arena, root, source)
  return target === page
}

/** Moves all entries of one page to another that has the room. */
function pour(arena: Arena, source: number, target: number): void {
  const words = arena.words[target >>> SEGMENT_SHIFT]
  const targetWord = (target & UNIT_MASK) << 1
  const dealtWords = takeSlots(arena, source, 0)
  for (let at = 0; at < dealtWords; at += 2) {
    placeInPage(words, targetWord, dealt[at], dealt[at + 1])
  }
  words[targetWord + PAGE_BOUND_WORD] = Math.min(boundOf(arena, source), boundOf(arena, target))
}

function mergeBuddies(arena: Arena, root: number, page: number, buddy: number, hash: number): void {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const depthWord = ((page & UNIT_MASK) << 1) + PAGE_DEPTH_WORD
  const localDepth = words[depthWord]
  assert(localDepth > 0, 'a page with a buddy has a depth')
  pour(arena, buddy, page)
  words[depthWord] = localDepth - 1
  pointRange(arena, root, hash, localDepth - 1, page)
  releasePage(arena, root, buddy)
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  rootWords[rootWord + PAGES_AT_DEPTH_WORD + localDepth] -= 2
  rootWords[rootWord + PAGES_AT_DEPTH_WORD + localDepth - 1]++
}
