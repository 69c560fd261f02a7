// Walking through a dictionary in slices: SCAN, a random entry, the sweep for expired entries.
//
// A page covers one contiguous range of hashes, and splitting or merging only cuts or joins such
// ranges. So a cursor that is "the first hash not yet seen" needs nothing else: whatever grew or
// shrank meanwhile, an entry that was there all the time has its hash either below the cursor
// (it was reported) or not (it will be).

import type { Random } from '../base/random.ts'
import type { Arena } from './arena.ts'
import { boundOf, boundSeconds, countOf, overflowOf, pageOf, rangeEnd } from './dictionary-page.ts'
import { entryExpiry } from './entry.ts'
import {
  ADDRESS_MASK,
  CHAIN_PAGES_MAX,
  COUNT_WORD,
  DEPTH_WORD,
  EXPIRING_WORD,
  NEXT_EXPIRY_DOUBLE,
  NO_BOUND,
  PAGE_BOUND_WORD,
  PAGE_DEPTH_WORD,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  PASS_EXPIRY_DOUBLE,
  SEGMENT_SHIFT,
  SWEEP_CURSOR_WORD,
  UNIT_MASK,
} from './layout.ts'

const HASH_END = 0x1_0000_0000
/** Draws before dictionaryRandom takes the next best instead. */
const RANDOM_DRAWS_MAX = 100

/** Entry addresses found by the last dictionaryScan or sweepExpired of this thread; the first
 * arena.resultCount are valid. */
export const results = new Uint32Array(PAGE_SLOTS * CHAIN_PAGES_MAX)
/** Of a sweep also the hash of each: making it again would cost more than storing it. */
export const resultHashes = new Int32Array(results.length)

/**
 * Reports the entries of one page: those whose hash is at or above `cursor` (uint32, 0 = start).
 * Returns the next cursor, 0 = end. An entry that is there from the first call to the last is
 * reported at least once whatever happens between the calls. Up to 62 entries a call, rarely more.
 */
export function dictionaryScan(arena: Arena, root: number, cursor: number): number {
  arena.resultCount = 0
  let page = pageOf(arena, root, cursor | 0)
  if (page === 0) return 0
  const end = rangeEnd(arena, page, cursor)
  let count = 0
  for (; page !== 0; page = overflowOf(arena, page)) {
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const slots = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD
    for (let word = slots; word < slots + PAGE_SLOTS * 2; word += 2) {
      if (words[word + 1] === 0 || words[word] >>> 0 < cursor) continue
      results[count++] = words[word + 1] & ADDRESS_MASK
    }
  }
  arena.resultCount = count
  return end === HASH_END ? 0 : end
}

/** An entry, each with the same probability as far as pages are not chained; 0 = empty. */
export function dictionaryRandom(arena: Arena, root: number, random: Random): number {
  if (root === 0) return 0
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  if (rootWords[rootWord + COUNT_WORD] === 0) return 0
  const depth = rootWords[rootWord + DEPTH_WORD]
  for (let draw = 0; draw < RANDOM_DRAWS_MAX; draw++) {
    const hash = random.word()
    const page = pageOf(arena, root, hash)
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    // A page stands 2^(depth − local depth) times in the directory: only its first place counts,
    // or entries of such pages would come up more often.
    const spare = depth - words[pageWord + PAGE_DEPTH_WORD]
    const index = (hash >>> 1) >>> (31 - depth)
    if ((index & ((1 << spare) - 1)) !== 0) continue
    const entry = slotOfChain(arena, page, random)
    if (entry !== 0) return entry
  }
  return firstEntryFrom(arena, root, random.word())
}

/** Lower bound (ms) of the next expiry: before it sweepExpired finds nothing. 0 = a sweep is
 * unfinished; Infinity = nothing expires. */
export function dictionaryNextExpiry(arena: Arena, root: number): number {
  if (root === 0) return Infinity
  const segment = root >>> SEGMENT_SHIFT
  const unit = root & UNIT_MASK
  if (arena.words[segment][(unit << 1) + EXPIRING_WORD] === 0) return Infinity
  if (arena.words[segment][(unit << 1) + SWEEP_CURSOR_WORD] !== 0) return 0
  return arena.doubles[segment][unit + NEXT_EXPIRY_DOUBLE]
}

/**
 * One slice of the search for expired entries: looks at up to `pagesMax` pages, of which it skips
 * those whose bound is later than `nowMs`. Returns how many expired entries are in `results`.
 * The caller deletes them through its effects and calls again: the sweep goes on behind a page
 * only when nothing expired was left there, so what was not deleted is reported again. At the end
 * of a pass the dictionary's lower bound is exact to the second.
 */
export function sweepExpired(arena: Arena, root: number, nowMs: number, pagesMax: number): number {
  arena.resultCount = 0
  if (dictionaryNextExpiry(arena, root) > nowMs) return 0
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const cursorWord = ((root & UNIT_MASK) << 1) + SWEEP_CURSOR_WORD
  const doubles = arena.doubles[root >>> SEGMENT_SHIFT]
  const unit = root & UNIT_MASK
  let cursor = rootWords[cursorWord] >>> 0
  if (cursor === 0) doubles[unit + PASS_EXPIRY_DOUBLE] = Infinity
  let resumeAt = -1
  for (let pages = 0; pages < pagesMax && cursor < HASH_END; pages++) {
    const first = pageOf(arena, root, cursor)
    const before = arena.resultCount
    let earliest = Infinity
    for (let page = first; page !== 0; page = overflowOf(arena, page)) {
      if (arena.resultCount + PAGE_SLOTS > results.length) break
      earliest = Math.min(earliest, sweepPage(arena, page, nowMs))
    }
    if (arena.resultCount !== before && resumeAt < 0) resumeAt = cursor
    if (arena.resultCount + PAGE_SLOTS > results.length) break
    if (earliest < doubles[unit + PASS_EXPIRY_DOUBLE]) doubles[unit + PASS_EXPIRY_DOUBLE] = earliest
    cursor = rangeEnd(arena, first, cursor)
  }
  if (resumeAt >= 0) cursor = resumeAt
  if (cursor === HASH_END) {
    doubles[unit + NEXT_EXPIRY_DOUBLE] = doubles[unit + PASS_EXPIRY_DOUBLE]
    cursor = 0
  }
  rootWords[cursorWord] = cursor
  return arena.resultCount
}

/** Collects the expired entries of one page. Returns the earliest expiry (ms) of the others; when
 * there are no expired ones, the page's bound becomes exact. */
function sweepPage(arena: Arena, page: number, nowMs: number): number {
  const bound = boundOf(arena, page)
  if (bound === NO_BOUND) return Infinity
  if (bound * 1000 > nowMs) return bound * 1000
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  const slots = pageWord + PAGE_SLOTS_WORD
  const before = arena.resultCount
  let earliest = Infinity
  for (let word = slots; word < slots + PAGE_SLOTS * 2; word += 2) {
    if (words[word + 1] >= 0) continue
    const entry = words[word + 1] & ADDRESS_MASK
    const expiryMs = entryExpiry(arena, entry)
    if (expiryMs <= nowMs) {
      resultHashes[arena.resultCount] = words[word]
      results[arena.resultCount++] = entry
    } else if (expiryMs < earliest) earliest = expiryMs
  }
  if (arena.resultCount === before) {
    words[pageWord + PAGE_BOUND_WORD] = earliest === Infinity ? NO_BOUND : boundSeconds(earliest)
  }
  return earliest
}

/** A random slot of a page; of a chain, a random page first. 0 = that slot is empty. */
function slotOfChain(arena: Arena, page: number, random: Random): number {
  let chosen = page
  let seen = 1
  for (let next = overflowOf(arena, page); next !== 0; next = overflowOf(arena, next)) {
    seen++
    if (random.below(seen) === 0) chosen = next
  }
  const word = ((chosen & UNIT_MASK) << 1) + PAGE_SLOTS_WORD + random.below(PAGE_SLOTS) * 2 + 1
  return arena.words[chosen >>> SEGMENT_SHIFT][word] & ADDRESS_MASK
}

/** Some entry of the first non-empty page from a hash on, circularly. */
function firstEntryFrom(arena: Arena, root: number, hash: number): number {
  let cursor = hash
  for (;;) {
    let page = pageOf(arena, root, cursor | 0)
    const end = rangeEnd(arena, page, cursor)
    while (page !== 0) {
      const words = arena.words[page >>> SEGMENT_SHIFT]
      const pageWord = (page & UNIT_MASK) << 1
      for (let slot = 0; slot < PAGE_SLOTS && countOf(arena, page) > 0; slot++) {
        const reference = words[pageWord + PAGE_SLOTS_WORD + slot * 2 + 1]
        if (reference !== 0) return reference & ADDRESS_MASK
      }
      page = words[pageWord + PAGE_OVERFLOW_WORD]
    }
    cursor = end === HASH_END ? 0 : end
  }
}
