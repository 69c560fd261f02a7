// Extendible hashing (drawn in layout.ts): find, insert, replace, remove. Growing and shrinking is
// in dictionary-growth.ts, scan and expiry sweep in dictionary-walk.ts.
//
// A root is the address of a dictionary root block; 0 is a dictionary that does not exist yet:
// every function that only reads treats it as empty.
// Inside a page an entry sits at its home slot or behind it (linear probing, circular); removing
// shifts the followers back, so that a search may stop at the first empty slot.

import { assert } from '../base/assert.ts'
import { allocate } from './allocator.ts'
import type { Arena } from './arena.ts'
import { shrinkAfterRemove } from './dictionary-growth.ts'
import { boundSeconds, closeGap, pageOf, placeInPage } from './dictionary-page.ts'
import { entryKeyEquals, setEntryExpiry } from './entry.ts'
import {
  ADDRESS_MASK,
  COUNT_WORD,
  DEPTH_WORD,
  DICTIONARY_ROOT_BYTES,
  DICTIONARY_ROOT_WORDS,
  DIRECTORY_WORD,
  EXPIRING_WORD,
  KIND_KEYS,
  MOVED_MAX_WORD,
  NEXT_EXPIRY_DOUBLE,
  NO_EXPIRY,
  PAGE_BOUND_WORD,
  PAGE_COUNT_WORD,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  PASS_EXPIRY_DOUBLE,
  ROOT_KIND_WORD,
  SEGMENT_SHIFT,
  SLOT_EXPIRY,
  UNIT_MASK,
} from './layout.ts'

/** A new empty dictionary: the address of its root, or 0 = out of memory. Pages come with the
 * first reserve. */
export function createDictionary(arena: Arena, kind = KIND_KEYS): number {
  const root = allocate(arena, DICTIONARY_ROOT_BYTES)
  if (root === 0) return 0
  const segment = root >>> SEGMENT_SHIFT
  const word = (root & UNIT_MASK) << 1
  arena.words[segment].fill(0, word, word + DICTIONARY_ROOT_WORDS)
  arena.words[segment][word + ROOT_KIND_WORD] = kind
  arena.doubles[segment][(word >>> 1) + NEXT_EXPIRY_DOUBLE] = Infinity
  arena.doubles[segment][(word >>> 1) + PASS_EXPIRY_DOUBLE] = Infinity
  return root
}

/**
 * Looks a key up. `hash`: the caller's 32-bit hash of the key. Returns the entry's address or 0
 * and leaves arena.foundPage (0 = not found) and arena.foundSlot for replace, remove, setExpiry;
 * they hold until the next change of this dictionary.
 */
export function dictionaryFind(
  arena: Arena,
  root: number,
  hash: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
): number {
  arena.foundPage = 0
  if (root === 0) return 0
  const segments = arena.words
  // pageOf, written out: this is the one place where its call can be felt.
  const rootWords = segments[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = rootWords[rootWord + DIRECTORY_WORD]
  if (directory === 0) return 0
  const index = (hash >>> 1) >>> (31 - rootWords[rootWord + DEPTH_WORD])
  let page = segments[directory >>> SEGMENT_SHIFT][((directory & UNIT_MASK) << 1) + index]
  const wanted = hash | 0
  const home = ((hash & 0xff) * PAGE_SLOTS) >>> 8
  while (page !== 0) {
    const words = segments[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    let slot = home
    for (let probed = 0; probed < PAGE_SLOTS; probed++) {
      const word = pageWord + PAGE_SLOTS_WORD + (slot << 1)
      const reference = words[word + 1]
      if (reference === 0) break
      if (words[word] === wanted) {
        const entry = reference & ADDRESS_MASK
        if (entryKeyEquals(arena, entry, keyBytes, keyStart, keyLength)) {
          arena.foundPage = page
          arena.foundSlot = slot
          return entry
        }
      }
      slot = slot === PAGE_SLOTS - 1 ? 0 : slot + 1
    }
    page = words[pageWord + PAGE_OVERFLOW_WORD]
  }
  return 0
}

/**
 * Is there a key with this hash? For whoever has no key at hand; taken for another once in 2^32.
 */
export function dictionaryHasHash(arena: Arena, root: number, hash: number): boolean {
  if (root === 0) return false
  const segments = arena.words
  const rootWords = segments[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = rootWords[rootWord + DIRECTORY_WORD]
  if (directory === 0) return false
  const index = (hash >>> 1) >>> (31 - rootWords[rootWord + DEPTH_WORD])
  let page = segments[directory >>> SEGMENT_SHIFT][((directory & UNIT_MASK) << 1) + index]
  while (page !== 0) {
    const words = segments[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    for (let slot = 0; slot < PAGE_SLOTS; slot++) {
      const word = pageWord + PAGE_SLOTS_WORD + (slot << 1)
      if (words[word + 1] !== 0 && words[word] === (hash | 0)) return true
    }
    page = words[pageWord + PAGE_OVERFLOW_WORD]
  }
  return false
}

/**
 * Adds an entry whose key is not in the dictionary. dictionaryReserve(arena, root, hash) must have
 * returned true since the last other insert; so this cannot fail. Sets foundPage and foundSlot.
 */
export function dictionaryInsert(
  arena: Arena,
  root: number,
  hash: number,
  entry: number,
  expiryMs: number,
): void {
  let page = pageOf(arena, root, hash)
  assert(page !== 0, 'dictionaryReserve comes before dictionaryInsert')
  let words = arena.words[page >>> SEGMENT_SHIFT]
  let pageWord = (page & UNIT_MASK) << 1
  while (words[pageWord + PAGE_COUNT_WORD] === PAGE_SLOTS) {
    page = words[pageWord + PAGE_OVERFLOW_WORD]
    assert(page !== 0, 'dictionaryReserve made room')
    words = arena.words[page >>> SEGMENT_SHIFT]
    pageWord = (page & UNIT_MASK) << 1
  }
  const reference = expiryMs === NO_EXPIRY ? entry : entry | SLOT_EXPIRY
  arena.foundPage = page
  arena.foundSlot = placeInPage(words, pageWord, hash, reference)
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  rootWords[((root & UNIT_MASK) << 1) + COUNT_WORD]++
  if (expiryMs !== NO_EXPIRY) {
    rootWords[((root & UNIT_MASK) << 1) + EXPIRING_WORD]++
    lowerBounds(arena, root, page, expiryMs)
  }
}

/** Puts another entry with the same key (or the same entry with another expiry) into a slot. The
 * old entry is the caller's to release. Cannot fail. */
export function dictionaryReplace(
  arena: Arena,
  root: number,
  page: number,
  slot: number,
  entry: number,
  expiryMs: number,
): void {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const word = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD + (slot << 1) + 1
  const had = words[word] < 0 ? 1 : 0
  const has = expiryMs === NO_EXPIRY ? 0 : 1
  assert(words[word] !== 0, 'only a filled slot is replaced')
  words[word] = has === 0 ? entry : entry | SLOT_EXPIRY
  if (has !== had) {
    arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + EXPIRING_WORD] += has - had
  }
  if (has !== 0) lowerBounds(arena, root, page, expiryMs)
}

/** Changes the expiry of the entry in a slot, in the entry and in the dictionary. The entry must
 * have an expiry field unless `expiryMs` is NO_EXPIRY and it has none already. */
export function dictionarySetExpiry(
  arena: Arena,
  root: number,
  page: number,
  slot: number,
  expiryMs: number,
): void {
  const word = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD + (slot << 1) + 1
  const reference = arena.words[page >>> SEGMENT_SHIFT][word]
  const entry = reference & ADDRESS_MASK
  if (expiryMs === NO_EXPIRY && reference >= 0) return
  setEntryExpiry(arena, entry, expiryMs)
  dictionaryReplace(arena, root, page, slot, entry, expiryMs)
}

/** Takes the entry of a slot out (it is the caller's to release). Slots and pages move, so
 * foundPage and foundSlot of others do not hold any more. Cannot fail. */
export function dictionaryRemove(arena: Arena, root: number, page: number, slot: number): void {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  const word = pageWord + PAGE_SLOTS_WORD + (slot << 1)
  const hash = words[word]
  const reference = words[word + 1]
  assert(reference !== 0, 'only a filled slot is removed')
  closeGap(words, pageWord, slot)
  words[pageWord + PAGE_COUNT_WORD]--
  const rootSegment = root >>> SEGMENT_SHIFT
  const rootWords = arena.words[rootSegment]
  const rootWord = (root & UNIT_MASK) << 1
  rootWords[rootWord + COUNT_WORD]--
  if (reference < 0 && --rootWords[rootWord + EXPIRING_WORD] === 0) {
    arena.doubles[rootSegment][(root & UNIT_MASK) + NEXT_EXPIRY_DOUBLE] = Infinity
    arena.doubles[rootSegment][(root & UNIT_MASK) + PASS_EXPIRY_DOUBLE] = Infinity
  }
  arena.foundPage = 0
  shrinkAfterRemove(arena, root, hash)
}

/** Number of entries. */
export function dictionaryCount(arena: Arena, root: number): number {
  return root === 0
    ? 0
    : arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + COUNT_WORD]
}

/** Number of entries with an expiry. */
export function dictionaryExpiring(arena: Arena, root: number): number {
  return root === 0
    ? 0
    : arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + EXPIRING_WORD]
}

/** The most entries that one insert ever moved to another page. */
export function dictionaryMovedMax(arena: Arena, root: number): number {
  return root === 0
    ? 0
    : arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + MOVED_MAX_WORD]
}

/** An entry with this expiry now is in `page`: the bounds must not be later. */
function lowerBounds(arena: Arena, root: number, page: number, expiryMs: number): void {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const boundWord = ((page & UNIT_MASK) << 1) + PAGE_BOUND_WORD
  const seconds = boundSeconds(expiryMs)
  if (seconds < words[boundWord] >>> 0) words[boundWord] = seconds
  const doubles = arena.doubles[root >>> SEGMENT_SHIFT]
  const unit = root & UNIT_MASK
  if (expiryMs < doubles[unit + NEXT_EXPIRY_DOUBLE]) doubles[unit + NEXT_EXPIRY_DOUBLE] = expiryMs
  if (expiryMs < doubles[unit + PASS_EXPIRY_DOUBLE]) doubles[unit + PASS_EXPIRY_DOUBLE] = expiryMs
}
