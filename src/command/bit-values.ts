// Counting and finding bits in a stored string, wherever its bytes lie. Bit 0 is the highest of
// byte 0. A string has up to 2^32 bits: bit numbers are not for 32-bit operators.
//
// The bytes of a value begin anywhere, so each run is taken as
//   | bytes up to a multiple of 4 | whole words | the last bytes |

import type { Arena } from '../memory/arena.ts'
import { valueSpan } from '../memory/value.ts'

const BYTE_BITS = 8
const ALL_ONES = 0xff

/** One bits among the bits first..last of an entry's string; both lie inside it. */
export function countBits(arena: Arena, entry: number, first: number, last: number): number {
  const firstByte = Math.floor(first / BYTE_BITS)
  const lastByte = Math.floor(last / BYTE_BITS)
  let count = 0
  for (let from = firstByte; from <= lastByte; from += arena.spanLength) {
    valueSpan(arena, entry, from)
    count += countRun(arena, Math.min(arena.spanLength, lastByte - from + 1))
  }
  const before = byteAt(arena, entry, firstByte) & ~(ALL_ONES >> (first % BYTE_BITS))
  const behind = byteAt(arena, entry, lastByte) & (ALL_ONES >> (1 + (last % BYTE_BITS)))
  return count - ones(before) - ones(behind)
}

/** Ones in `length` bytes of the run that valueSpan found. */
function countRun(arena: Arena, length: number): number {
  const bytes = arena.bytes[arena.spanSegment]
  const words = arena.words[arena.spanSegment]
  const end = arena.spanByte + length
  let at = arena.spanByte
  let count = 0
  while (at < end && (at & 3) !== 0) count += ones(bytes[at++])
  for (; at + 4 <= end; at += 4) count += ones(words[at >>> 2])
  while (at < end) count += ones(bytes[at++])
  return count
}

/** Ones in a 32-bit word, summed up pairwise: bits, pairs, nibbles, bytes. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Number of the first bit that is `bit` among first..last of an entry's string; -1: none. */
export function findBit(
  arena: Arena,
  entry: number,
  bit: number,
  first: number,
  last: number,
): number {
  const dull = bit === 1 ? 0 : ALL_ONES
  const firstByte = Math.floor(first / BYTE_BITS)
  const lastByte = Math.floor(last / BYTE_BITS)
  const kept = ALL_ONES >> (first % BYTE_BITS)
  // The bits before `first` are made dull.
  let byte = byteAt(arena, entry, firstByte)
  byte = bit === 1 ? byte & kept : byte | (ALL_ONES & ~kept)
  let index = firstByte
  if (byte === dull) {
    index = findOtherByte(arena, entry, firstByte + 1, lastByte, dull)
    if (index < 0) return -1
    byte = byteAt(arena, entry, index)
  }
  const found = index * BYTE_BITS + Math.clz32((bit === 1 ? byte : ~byte & ALL_ONES) << 24)
  return found <= last ? found : -1
}

/** Index of the first byte in from..last that is not `dull` (0x00 or 0xff); -1: none. */
function findOtherByte(
  arena: Arena,
  entry: number,
  from: number,
  last: number,
  dull: number,
): number {
  const dullWord = dull === 0 ? 0 : -1
  for (let start = from; start <= last; start += arena.spanLength) {
    valueSpan(arena, entry, start)
    const bytes = arena.bytes[arena.spanSegment]
    const words = arena.words[arena.spanSegment]
    const offset = start - arena.spanByte
    const end = arena.spanByte + Math.min(arena.spanLength, last - start + 1)
    let at = arena.spanByte
    while (at < end && (at & 3) !== 0 && bytes[at] === dull) at++
    if ((at & 3) === 0) while (at + 4 <= end && words[at >>> 2] === dullWord) at += 4
    while (at < end && bytes[at] === dull) at++
    if (at < end) return at + offset
  }
  return -1
}

/** One byte of an entry's string; it lies inside. */
export function byteAt(arena: Arena, entry: number, index: number): number {
  valueSpan(arena, entry, index)
  return arena.bytes[arena.spanSegment][arena.spanByte]
}
