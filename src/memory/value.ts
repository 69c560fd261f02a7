// Reading, writing and resizing the value of an entry, whether it lies in the entry's block or in
// chunks. `from` and `length` are bytes of the value and must lie inside it.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { VALUE_CHUNK_BYTES } from '../base/limits.ts'
import { allocate, blockCapacity, growBlock, release, shrinkBlock } from './allocator.ts'
import type { Arena } from './arena.ts'
import {
  CHUNK_ALLOCATION_MIN,
  chunkAddress,
  chunkAllocation,
  chunkCountFor,
  chunkTableRoom,
  chunkTableWord,
  entryBlockBytes,
  entryByteLength,
  entryFlags,
  entryIsChunked,
  entryKeyLength,
  entryValueLength,
  releaseChunks,
  setEntryValueLength,
} from './entry.ts'
import {
  ENTRY_EXPIRY,
  ENTRY_HEADER_BYTES,
  ENTRY_WIDE,
  KEY_LENGTH_SHIFT,
  NARROW_KEY_MAX,
  NARROW_VALUE_MAX,
  SEGMENT_SHIFT,
  SLAB_BLOCK_BYTES_MAX,
  UNIT_MASK,
  VALUE_LENGTH_SHIFT,
} from './layout.ts'
import { slabUnitsFor } from './slab.ts'

/** A value that shrinks keeps at most an eighth of what it needs as room to grow. */
const IDLE_SHIFT = 3

/** The run of value bytes that begins at `from`: arena.spanSegment, spanByte (in that segment's
 * bytes) and spanLength (to the end of the value or of the chunk). */
export function valueSpan(arena: Arena, entry: number, from: number): void {
  const segment = entry >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const word = (entry & UNIT_MASK) << 1
  const lengths = words[word + 1]
  const wide = (lengths & ENTRY_WIDE) !== 0
  const valueLength = wide ? words[word + 3] : lengths >>> VALUE_LENGTH_SHIFT
  assert(from >= 0 && from <= valueLength, 'a span starts inside the value')
  if (valueLength > VALUE_CHUNK_BYTES) {
    chunkSpan(arena, entry, from, valueLength)
    return
  }
  const keyLength = wide ? words[word + 2] : (lengths >>> KEY_LENGTH_SHIFT) & NARROW_KEY_MAX
  const extra = (wide ? 8 : 0) + ((lengths & ENTRY_EXPIRY) !== 0 ? 8 : 0)
  arena.spanSegment = segment
  arena.spanByte = (word << 2) + ENTRY_HEADER_BYTES + extra + keyLength + from
  arena.spanLength = valueLength - from
}

/** valueSpan of a chunked value. */
function chunkSpan(arena: Arena, entry: number, from: number, valueLength: number): void {
  if (from === valueLength) {
    arena.spanLength = 0
    return
  }
  const index = Math.floor(from / VALUE_CHUNK_BYTES)
  const within = from - index * VALUE_CHUNK_BYTES
  const chunk = chunkAddress(arena, entry, index)
  arena.spanSegment = chunk >>> SEGMENT_SHIFT
  arena.spanByte = ((chunk & UNIT_MASK) << 3) + within
  arena.spanLength = Math.min(VALUE_CHUNK_BYTES - within, valueLength - from)
}

/** Copies value bytes to `target`. */
export function copyValueOut(
  arena: Arena,
  entry: number,
  from: number,
  length: number,
  target: Uint8Array,
  targetStart: number,
): void {
  let done = 0
  while (done < length) {
    valueSpan(arena, entry, from + done)
    assert(arena.spanLength > 0, 'a read stays inside the value')
    const run = Math.min(arena.spanLength, length - done)
    copyBytes(arena.bytes[arena.spanSegment], arena.spanByte, target, targetStart + done, run)
    done += run
  }
}

/** Copies `source` bytes into the value. */
export function writeValue(
  arena: Arena,
  entry: number,
  from: number,
  source: Uint8Array,
  sourceStart: number,
  length: number,
): void {
  let done = 0
  while (done < length) {
    valueSpan(arena, entry, from + done)
    assert(arena.spanLength > 0, 'a write stays inside the value')
    const run = Math.min(arena.spanLength, length - done)
    copyBytes(source, sourceStart + done, arena.bytes[arena.spanSegment], arena.spanByte, run)
    done += run
  }
}

/** Sets value bytes to zero. */
export function zeroValue(arena: Arena, entry: number, from: number, length: number): void {
  let done = 0
  while (done < length) {
    valueSpan(arena, entry, from + done)
    assert(arena.spanLength > 0, 'zeroing stays inside the value')
    const run = Math.min(arena.spanLength, length - done)
    arena.bytes[arena.spanSegment].fill(0, arena.spanByte, arena.spanByte + run)
    done += run
  }
}

/** Copies value bytes from one entry into another. */
export function copyValueBetween(
  arena: Arena,
  source: number,
  sourceFrom: number,
  target: number,
  targetFrom: number,
  length: number,
): void {
  let done = 0
  while (done < length) {
    valueSpan(arena, source, sourceFrom + done)
    assert(arena.spanLength > 0, 'a copy stays inside the source')
    const run = Math.min(arena.spanLength, length - done)
    const bytes = arena.bytes[arena.spanSegment]
    writeValue(arena, target, targetFrom + done, bytes, arena.spanByte, run)
    done += run
  }
}

/**
 * Gives the value a new length where it is, if the entry can take it: the same slab class, or an
 * extent that is large enough or can be made so and does not lie idle for more than an eighth; a
 * chunked value gets or loses chunks. Bytes up to the smaller length are kept, new bytes are
 * whatever was there. false = make a new entry instead; content and length are unchanged.
 */
export function resizeEntryInPlace(arena: Arena, entry: number, valueLength: number): boolean {
  const oldLength = entryValueLength(arena, entry)
  if (valueLength === oldLength) return true
  if (entryIsChunked(arena, entry)) return resizeChunked(arena, entry, oldLength, valueLength)
  const flags = entryFlags(arena, entry)
  if (valueLength > ((flags & ENTRY_WIDE) !== 0 ? VALUE_CHUNK_BYTES : NARROW_VALUE_MAX))
    return false
  const keyLength = entryKeyLength(arena, entry)
  const oldBytes = entryBlockBytes(flags, keyLength, oldLength)
  const newBytes = entryBlockBytes(flags, keyLength, valueLength)
  if (oldBytes <= SLAB_BLOCK_BYTES_MAX) {
    if (newBytes > SLAB_BLOCK_BYTES_MAX) return false
    if (slabUnitsFor(newBytes) !== slabUnitsFor(oldBytes)) return false
  } else {
    if (newBytes <= SLAB_BLOCK_BYTES_MAX) return false
    // A block that would lie idle for more than an eighth is better given back whole: cutting it
    // makes slivers (churn of overwrites: high-water 1.43 × live instead of 1.14 ×).
    const capacity = blockCapacity(arena, entry, oldBytes)
    if (capacity - newBytes > newBytes >>> IDLE_SHIFT) return false
    if (newBytes > capacity && !growBlock(arena, entry, newBytes)) return false
  }
  setEntryValueLength(arena, entry, valueLength)
  return true
}

function resizeChunked(
  arena: Arena,
  entry: number,
  oldLength: number,
  valueLength: number,
): boolean {
  if (valueLength <= VALUE_CHUNK_BYTES) return false
  if (chunkTableRoom(valueLength) !== chunkTableRoom(oldLength)) return false
  const oldCount = chunkCountFor(oldLength)
  const newCount = chunkCountFor(valueLength)
  const shared = Math.min(oldCount, newCount)
  const table = arena.words[entry >>> SEGMENT_SHIFT]
  const tableWord = chunkTableWord(arena, entry)
  if (!fitLastChunk(arena, entry, shared - 1, oldLength, valueLength)) return false
  for (let index = oldCount; index < newCount; index++) {
    const chunk = allocate(arena, chunkAllocation(valueLength, index))
    if (chunk === 0) {
      releaseChunks(arena, entry, valueLength, oldCount, index)
      const last = chunkAddress(arena, entry, oldCount - 1)
      shrinkBlock(arena, last, chunkAllocation(oldLength, oldCount - 1))
      return false
    }
    table[tableWord + index] = chunk
  }
  if (newCount < oldCount) releaseChunks(arena, entry, oldLength, newCount, oldCount)
  setEntryValueLength(arena, entry, valueLength)
  return true
}

/** Makes sure that the last chunk that both lengths have is large enough for the new length. */
function fitLastChunk(
  arena: Arena,
  entry: number,
  index: number,
  oldLength: number,
  valueLength: number,
): boolean {
  const chunk = chunkAddress(arena, entry, index)
  const needed = chunkAllocation(valueLength, index)
  const capacity = blockCapacity(arena, chunk, CHUNK_ALLOCATION_MIN)
  // Twice the room at once, so that many small appends copy each byte a few times only.
  const wanted = Math.min(VALUE_CHUNK_BYTES, Math.max(needed, capacity * 2))
  if (needed <= capacity) {
    if (valueLength < oldLength && capacity - needed > needed >>> IDLE_SHIFT) {
      shrinkBlock(arena, chunk, needed)
    }
    return true
  }
  if (growBlock(arena, chunk, wanted)) return true
  const replacement = allocate(arena, wanted)
  if (replacement === 0) return false
  const kept = Math.min(needed, chunkAllocation(oldLength, index))
  const source = arena.bytes[chunk >>> SEGMENT_SHIFT]
  const target = arena.bytes[replacement >>> SEGMENT_SHIFT]
  const sourceByte = (chunk & UNIT_MASK) << 3
  copyBytes(source, sourceByte, target, (replacement & UNIT_MASK) << 3, kept)
  release(arena, chunk, CHUNK_ALLOCATION_MIN)
  arena.words[entry >>> SEGMENT_SHIFT][chunkTableWord(arena, entry) + index] = replacement
  return true
}

/** Bytes that the value could have without another block; at least its length. */
export function entryValueRoom(arena: Arena, entry: number): number {
  const valueLength = entryValueLength(arena, entry)
  if (entryIsChunked(arena, entry)) return valueLength
  const blockBytes = entryByteLength(arena, entry)
  return valueLength + blockCapacity(arena, entry, blockBytes) - blockBytes
}
