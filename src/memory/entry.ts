// An entry is one block: header, optional long lengths, optional expiry, key, value (drawn in
// layout.ts). An address of an entry stays valid until it is released; nothing here moves entries.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { VALUE_CHUNK_BYTES } from '../base/limits.ts'
import { allocate, blockCapacity, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import {
  CHUNK_TABLE_STEP,
  CLOCK_MASK,
  ENCODING_SHIFT,
  ENTRY_EXPIRY,
  ENTRY_HEADER_BYTES,
  ENTRY_WIDE,
  KEY_LENGTH_SHIFT,
  NARROW_KEY_MAX,
  NARROW_VALUE_MAX,
  NO_EXPIRY,
  SEGMENT_SHIFT,
  SLAB_BLOCK_BYTES_MAX,
  STRING_CHUNKED,
  STRING_RAW,
  TYPE_SHIFT,
  TYPE_STRING,
  UNIT_MASK,
  VALUE_LENGTH_SHIFT,
} from './layout.ts'

const FLAGS_MASK = 0xf
/** Chunks are extents even when the last one is short, so their real size can be asked for. */
export const CHUNK_ALLOCATION_MIN = SLAB_BLOCK_BYTES_MAX + 1

/** Number of chunks of a chunked value of this length. */
export function chunkCountFor(valueLength: number): number {
  return Math.ceil(valueLength / VALUE_CHUNK_BYTES)
}

/** Bytes to ask for when allocating chunk `index` of a value of this length. */
export function chunkAllocation(valueLength: number, index: number): number {
  const rest = valueLength - index * VALUE_CHUNK_BYTES
  if (rest >= VALUE_CHUNK_BYTES) return VALUE_CHUNK_BYTES
  return Math.max(rest, CHUNK_ALLOCATION_MIN)
}

/** Room in the table of chunk addresses: steps, so that growing rarely needs a new entry. */
export function chunkTableRoom(valueLength: number): number {
  return Math.ceil(chunkCountFor(valueLength) / CHUNK_TABLE_STEP) * CHUNK_TABLE_STEP
}

/** Bytes of the entry's own block. */
export function entryBlockBytes(flags: number, keyLength: number, valueLength: number): number {
  const head =
    ENTRY_HEADER_BYTES +
    ((flags & ENTRY_WIDE) !== 0 ? 8 : 0) +
    ((flags & ENTRY_EXPIRY) !== 0 ? 8 : 0) +
    keyLength
  if (valueLength <= VALUE_CHUNK_BYTES) return head + valueLength
  return ((head + 3) & ~3) + chunkTableRoom(valueLength) * 4
}

/**
 * Allocates an entry and its chunks, writes header and key; the value bytes are whatever was
 * there. A string longer than VALUE_CHUNK_BYTES gets the encoding STRING_CHUNKED.
 * `expiryMs`: ms since 1970 or NO_EXPIRY. `spareBytes`: room for the value to grow in place, only
 * kept when the block is an extent. `chunksOf`: a chunked entry with a value of that length, whose
 * chunks are this one's then: the other has to go by `releaseEntryBlock` (or this one, to undo it).
 * Returns 0 when out of memory, then nothing has changed.
 */
export function createEntry(
  arena: Arena,
  type: number,
  encoding: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueLength: number,
  expiryMs: number,
  spareBytes = 0,
  chunksOf = 0,
): number {
  const chunked = valueLength > VALUE_CHUNK_BYTES
  assert(!chunked || type === TYPE_STRING, 'only strings are chunked')
  const wide = keyLength > NARROW_KEY_MAX || valueLength > NARROW_VALUE_MAX
  const flags = (wide ? ENTRY_WIDE : 0) | (expiryMs !== NO_EXPIRY ? ENTRY_EXPIRY : 0)
  let blockBytes = entryBlockBytes(flags, keyLength, valueLength)
  if (spareBytes > 0 && !chunked && blockBytes > SLAB_BLOCK_BYTES_MAX) blockBytes += spareBytes
  const entry = allocate(arena, blockBytes)
  if (entry === 0) return 0
  const segment = entry >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const unit = entry & UNIT_MASK
  const word = unit << 1
  words[word] = (type << TYPE_SHIFT) | ((chunked ? STRING_CHUNKED : encoding) << ENCODING_SHIFT)
  let keyByte = (unit << 3) + ENTRY_HEADER_BYTES
  if (wide) {
    words[word + 1] = flags
    words[word + 2] = keyLength
    words[word + 3] = valueLength
    keyByte += 8
  } else {
    words[word + 1] = flags | (keyLength << KEY_LENGTH_SHIFT) | (valueLength << VALUE_LENGTH_SHIFT)
  }
  if (expiryMs !== NO_EXPIRY) {
    arena.doubles[segment][keyByte >>> 3] = expiryMs
    keyByte += 8
  }
  copyBytes(keyBytes, keyStart, arena.bytes[segment], keyByte, keyLength)
  if (chunked && chunksOf !== 0) {
    copyChunkTable(arena, chunksOf, entry, valueLength)
  } else if (chunked && !allocateChunks(arena, entry, valueLength)) {
    release(arena, entry, blockBytes)
    return 0
  }
  return entry
}

/** Gives back the entry's own block; its chunks or its root, if it has any, belong to another. */
export function releaseEntryBlock(arena: Arena, entry: number): void {
  release(arena, entry, entryByteLength(arena, entry))
}

export function entryType(arena: Arena, entry: number): number {
  return (
    (arena.words[entry >>> SEGMENT_SHIFT][(entry & UNIT_MASK) << 1] >>> TYPE_SHIFT) & FLAGS_MASK
  )
}

export function entryEncoding(arena: Arena, entry: number): number {
  return arena.words[entry >>> SEGMENT_SHIFT][(entry & UNIT_MASK) << 1] >>> ENCODING_SHIFT
}

export function setEntryEncoding(arena: Arena, entry: number, encoding: number): void {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  words[word] = (words[word] & ~(FLAGS_MASK << ENCODING_SHIFT)) | (encoding << ENCODING_SHIFT)
}

/** Whether the value lies in chunks. */
export function entryIsChunked(arena: Arena, entry: number): boolean {
  const head = arena.words[entry >>> SEGMENT_SHIFT][(entry & UNIT_MASK) << 1]
  return (
    head >>> ENCODING_SHIFT === STRING_CHUNKED &&
    ((head >>> TYPE_SHIFT) & FLAGS_MASK) === TYPE_STRING
  )
}

/** Access clock, 24 bits. */
export function entryClock(arena: Arena, entry: number): number {
  return arena.words[entry >>> SEGMENT_SHIFT][(entry & UNIT_MASK) << 1] & CLOCK_MASK
}

/** Stores the access clock; nothing if it is the same, so that readers leave the entry clean. */
export function setEntryClock(arena: Arena, entry: number, clock: number): void {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  const head = words[word]
  if (((head ^ clock) & CLOCK_MASK) !== 0) {
    words[word] = (head & ~CLOCK_MASK) | (clock & CLOCK_MASK)
  }
}

export function entryFlags(arena: Arena, entry: number): number {
  return arena.words[entry >>> SEGMENT_SHIFT][((entry & UNIT_MASK) << 1) + 1] & FLAGS_MASK
}

/** Byte of the key in arena.bytes[entry >>> SEGMENT_SHIFT]. */
export function entryKeyStart(arena: Arena, entry: number): number {
  const flags = entryFlags(arena, entry)
  const longLengths = (flags & ENTRY_WIDE) !== 0 ? 8 : 0
  const expiry = (flags & ENTRY_EXPIRY) !== 0 ? 8 : 0
  return ((entry & UNIT_MASK) << 3) + ENTRY_HEADER_BYTES + longLengths + expiry
}

export function entryKeyLength(arena: Arena, entry: number): number {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  return (lengths & ENTRY_WIDE) !== 0
    ? words[word + 2]
    : (lengths >>> KEY_LENGTH_SHIFT) & NARROW_KEY_MAX
}

/** Bytes of the whole value, also of a chunked one. */
export function entryValueLength(arena: Arena, entry: number): number {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  return (lengths & ENTRY_WIDE) !== 0 ? words[word + 3] : lengths >>> VALUE_LENGTH_SHIFT
}

/** Byte of an unchunked value in arena.bytes[entry >>> SEGMENT_SHIFT]. */
export function entryValueStart(arena: Arena, entry: number): number {
  return entryKeyStart(arena, entry) + entryKeyLength(arena, entry)
}

/** Changes only the length field: resizeEntryInPlace uses it when the room is there. */
export function setEntryValueLength(arena: Arena, entry: number, valueLength: number): void {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  if ((lengths & ENTRY_WIDE) !== 0) words[word + 3] = valueLength
  else words[word + 1] = (lengths & NARROW_VALUE_MAX) | (valueLength << VALUE_LENGTH_SHIFT)
}

/** Absolute expiry in ms since 1970, or NO_EXPIRY. */
export function entryExpiry(arena: Arena, entry: number): number {
  const segment = entry >>> SEGMENT_SHIFT
  const unit = entry & UNIT_MASK
  const flags = arena.words[segment][(unit << 1) + 1]
  if ((flags & ENTRY_EXPIRY) === 0) return NO_EXPIRY
  return arena.doubles[segment][unit + ((flags & ENTRY_WIDE) !== 0 ? 2 : 1)]
}

/** Whether the entry has room for an expiry (perhaps none now): then setEntryExpiry works. */
export function entryHasExpiryField(arena: Arena, entry: number): boolean {
  return (entryFlags(arena, entry) & ENTRY_EXPIRY) !== 0
}

/** Stores an expiry or NO_EXPIRY in the field. The dictionary must be told: dictionarySetExpiry
 * does both. */
export function setEntryExpiry(arena: Arena, entry: number, expiryMs: number): void {
  const segment = entry >>> SEGMENT_SHIFT
  const unit = entry & UNIT_MASK
  const flags = arena.words[segment][(unit << 1) + 1]
  assert((flags & ENTRY_EXPIRY) !== 0, 'the entry has an expiry field')
  arena.doubles[segment][unit + ((flags & ENTRY_WIDE) !== 0 ? 2 : 1)] = expiryMs
}

/** Bytes asked for for the entry's own block (without its chunks). */
export function entryByteLength(arena: Arena, entry: number): number {
  return entryBlockBytes(
    entryFlags(arena, entry),
    entryKeyLength(arena, entry),
    entryValueLength(arena, entry),
  )
}

/** Bytes of all blocks of the entry, with rounding and headers: what MEMORY USAGE counts. */
export function entryMemory(arena: Arena, entry: number): number {
  let bytes = blockCapacity(arena, entry, entryByteLength(arena, entry))
  if (!entryIsChunked(arena, entry)) return bytes
  const chunks = chunkCountFor(entryValueLength(arena, entry))
  for (let index = 0; index < chunks; index++) {
    bytes += blockCapacity(arena, chunkAddress(arena, entry, index), CHUNK_ALLOCATION_MIN)
  }
  return bytes
}

/** Whether the entry's key is this one. */
export function entryKeyEquals(
  arena: Arena,
  entry: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
): boolean {
  const segment = entry >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  let keyByte = (word << 2) + ENTRY_HEADER_BYTES
  if ((lengths & ENTRY_WIDE) !== 0) {
    if (words[word + 2] !== keyLength) return false
    keyByte += 8
  } else if (((lengths >>> KEY_LENGTH_SHIFT) & NARROW_KEY_MAX) !== keyLength) {
    return false
  }
  if ((lengths & ENTRY_EXPIRY) !== 0) keyByte += 8
  // Keys begin at multiples of 8, so the stored one is read in words; the wanted one may lie
  // anywhere. The "| 0" keeps V8 in 32-bit arithmetic without overflow checks.
  let at = keyStart | 0
  const end = (at + keyLength) | 0
  const wholeEnd = (end - 3) | 0
  let stored = keyByte >> 2
  for (; at < wholeEnd; at = (at + 4) | 0) {
    const wanted =
      keyBytes[at] |
      (keyBytes[(at + 1) | 0] << 8) |
      (keyBytes[(at + 2) | 0] << 16) |
      (keyBytes[(at + 3) | 0] << 24)
    if (words[stored] !== wanted) return false
    stored = (stored + 1) | 0
  }
  if (at === end) return true
  const restBits = (end - at) << 3
  let rest = 0
  for (let shift = 0; at < end; at = (at + 1) | 0, shift += 8) rest |= keyBytes[at] << shift
  return ((words[stored] ^ rest) & ((1 << restBits) - 1)) === 0
}

/**
 * Byte of the value of a string that lies in the entry, has neither long lengths nor an expiry
 * field, and exactly this length; -1 for any other entry. What most overwrites need to know, in
 * one look at the header.
 */
export function plainStringStart(arena: Arena, entry: number, valueLength: number): number {
  const words = arena.words[entry >>> SEGMENT_SHIFT]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  if (lengths >>> VALUE_LENGTH_SHIFT !== valueLength || (lengths & FLAGS_MASK) !== 0) return -1
  if (words[word] >>> TYPE_SHIFT !== PLAIN_STRING) return -1
  return (word << 2) + ENTRY_HEADER_BYTES + ((lengths >>> KEY_LENGTH_SHIFT) & NARROW_KEY_MAX)
}

/** Type and encoding of a string in its entry, as they stand above the clock. */
const PLAIN_STRING = TYPE_STRING | (STRING_RAW << (ENCODING_SHIFT - TYPE_SHIFT))

/** Word of slot 0 of a chunked entry's table in arena.words[entry >>> SEGMENT_SHIFT]. */
export function chunkTableWord(arena: Arena, entry: number): number {
  return (entryKeyStart(arena, entry) + entryKeyLength(arena, entry) + 3) >>> 2
}

/** Address of chunk `index` of a chunked entry. */
export function chunkAddress(arena: Arena, entry: number, index: number): number {
  return arena.words[entry >>> SEGMENT_SHIFT][chunkTableWord(arena, entry) + index]
}

/** Allocates all chunks of a new entry; false = out of memory, none is left allocated. */
function allocateChunks(arena: Arena, entry: number, valueLength: number): boolean {
  const table = arena.words[entry >>> SEGMENT_SHIFT]
  const tableWord = chunkTableWord(arena, entry)
  const count = chunkCountFor(valueLength)
  for (let index = 0; index < count; index++) {
    const chunk = allocate(arena, chunkAllocation(valueLength, index))
    if (chunk === 0) {
      releaseChunks(arena, entry, valueLength, 0, index)
      return false
    }
    table[tableWord + index] = chunk
  }
  return true
}

function copyChunkTable(arena: Arena, source: number, target: number, valueLength: number): void {
  const from = chunkTableWord(arena, source)
  const to = chunkTableWord(arena, target)
  const sourceWords = arena.words[source >>> SEGMENT_SHIFT]
  const targetWords = arena.words[target >>> SEGMENT_SHIFT]
  for (let index = chunkCountFor(valueLength) - 1; index >= 0; index--) {
    targetWords[to + index] = sourceWords[from + index]
  }
}

/** Gives back the chunks [from, to) of a value of this length. */
export function releaseChunks(
  arena: Arena,
  entry: number,
  valueLength: number,
  from: number,
  to: number,
): void {
  const table = arena.words[entry >>> SEGMENT_SHIFT]
  const tableWord = chunkTableWord(arena, entry)
  for (let index = from; index < to; index++) {
    release(arena, table[tableWord + index], chunkAllocation(valueLength, index))
  }
}
