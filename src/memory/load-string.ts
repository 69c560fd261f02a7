// Storing a new string while a log is read into memory: dictionaryFind, dictionaryReserve,
// createEntry, writeValue, dictionaryInsert and changeSlotCount in one, with the same result to the
// last byte. A search that finds nothing ends at the free slot where the key belongs, so it is
// filled at once; key and value, neighbours in a log record as in an entry, are copied together.

import { allocate } from './allocator.ts'
import type { Arena } from './arena.ts'
import { changeSlotCount } from './database.ts'
import { dictionaryFind } from './dictionary.ts'
import { dictionaryReserve } from './dictionary-growth.ts'
import { overflowOf, pageOf } from './dictionary-page.ts'
import { entryKeyEquals } from './entry.ts'
import {
  ADDRESS_MASK,
  COUNT_WORD,
  ENCODING_SHIFT,
  ENTRY_HEADER_BYTES,
  KEY_LENGTH_SHIFT,
  NARROW_KEY_MAX,
  NARROW_VALUE_MAX,
  PAGE_COUNT_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  SEGMENT_SHIFT,
  STRING_RAW,
  TYPE_SHIFT,
  TYPE_STRING,
  UNIT_MASK,
  VALUE_LENGTH_SHIFT,
} from './layout.ts'

/**
 * Stores a string without expiry under a key that is not there. `bytes` and `words` are views on
 * the same memory; at `keyStart`, a multiple of 4, stands the key, behind it the value. `slot` is
 * the key's cluster slot. False: not such a case (the key is there, the string is long, no memory),
 * nothing that counts has changed.
 */
export function loadString(
  arena: Arena,
  root: number,
  hash: number,
  slot: number,
  bytes: Uint8Array,
  words: Uint32Array,
  keyStart: number,
  keyLength: number,
  valueLength: number,
): boolean {
  if (keyLength > NARROW_KEY_MAX || valueLength > NARROW_VALUE_MAX) return false
  let page = pageOf(arena, root, hash)
  if (page === 0) return false
  if (isFull(arena, page)) {
    if (dictionaryFind(arena, root, hash, bytes, keyStart, keyLength) !== 0) return false
    if (!dictionaryReserve(arena, root, hash)) return false
    page = pageOf(arena, root, hash)
    if (isFull(arena, page)) return false
  }
  const free = freeSlotFor(arena, page, hash, bytes, keyStart, keyLength)
  if (free < 0) return false
  const length = keyLength + valueLength
  const entry = allocate(arena, ENTRY_HEADER_BYTES + length)
  if (entry === 0) return false
  const segment = entry >>> SEGMENT_SHIFT
  const entryWords = arena.words[segment]
  const entryWord = (entry & UNIT_MASK) << 1
  entryWords[entryWord] = (TYPE_STRING << TYPE_SHIFT) | (STRING_RAW << ENCODING_SHIFT)
  entryWords[entryWord + 1] = (keyLength << KEY_LENGTH_SHIFT) | (valueLength << VALUE_LENGTH_SHIFT)
  copyWords(words, bytes, keyStart, entryWords, arena.bytes[segment], entryWord + 2, length)
  const pageWords = arena.words[page >>> SEGMENT_SHIFT]
  pageWords[free] = hash
  pageWords[free + 1] = entry
  pageWords[((page & UNIT_MASK) << 1) + PAGE_COUNT_WORD]++
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + COUNT_WORD]++
  changeSlotCount(arena, root, slot, 1)
  return true
}

/** A page whose next key would go elsewhere, or whose keys may be elsewhere. */
function isFull(arena: Arena, page: number): boolean {
  const count = arena.words[page >>> SEGMENT_SHIFT][((page & UNIT_MASK) << 1) + PAGE_COUNT_WORD]
  return count === PAGE_SLOTS || overflowOf(arena, page) !== 0
}

/** Word of the free slot where a key belongs that is not in the page; -1: it is. */
function freeSlotFor(
  arena: Arena,
  page: number,
  hash: number,
  bytes: Uint8Array,
  keyStart: number,
  keyLength: number,
): number {
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const first = ((page & UNIT_MASK) << 1) + PAGE_SLOTS_WORD
  const behind = first + PAGE_SLOTS * 2
  let word = first + ((((hash & 0xff) * PAGE_SLOTS) >>> 8) << 1)
  // A page that is not full has a free slot.
  for (;;) {
    const reference = words[word + 1]
    if (reference === 0) return word
    if (
      words[word] === hash &&
      entryKeyEquals(arena, reference & ADDRESS_MASK, bytes, keyStart, keyLength)
    ) {
      return -1
    }
    word += 2
    if (word === behind) word = first
  }
}

/** Copies bytes between places that are multiples of 4: a word at a time, then what is left. */
function copyWords(
  source: Uint32Array,
  sourceBytes: Uint8Array,
  sourceByte: number,
  target: Int32Array,
  targetBytes: Uint8Array,
  targetWord: number,
  length: number,
): void {
  const from = sourceByte >> 2
  const whole = length >> 2
  if (whole > COPY_WORDS_MAX) {
    targetBytes.set(sourceBytes.subarray(sourceByte, sourceByte + length), targetWord << 2)
    return
  }
  for (let index = 0; index < whole; index = (index + 1) | 0) {
    target[targetWord + index] = source[from + index]
  }
  for (let index = whole << 2; index < length; index = (index + 1) | 0) {
    targetBytes[(targetWord << 2) + index] = sourceBytes[sourceByte + index]
  }
}

/** Above this a copy by the system is faster than a loop. */
const COPY_WORDS_MAX = 64
