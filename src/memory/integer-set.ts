// A small set of integers in one run of bytes: byte for byte Redis's intset, so that it goes into
// RDB payloads as it is. [redis-7.0 intset.c] Little-endian, no alignment:
//
//   | width uint32 | count uint32 | value | value | …    ascending, no value twice
//     2, 4 or 8                     width bytes each, two's complement
//
// The first value that does not fit widens all of them; nothing makes them narrow again.
//
// Functions over bytes[start …]; nothing here allocates, the caller has made sure of the room.
// A value comes and goes as the halves of base/int64.ts: parseInt64Halves tells whether an element
// is one, and leaves it in `int64`.

import { assert } from '../base/assert.ts'
import { compareInt64, int64, readInt32, writeInt32 } from '../base/int64.ts'
import { spanInt64 } from './span.ts'

const COUNT_OFFSET = 4
const HEADER_BYTES = 8
const WIDTH_MIN = 2
/** Bytes of an empty set. */
export const INTEGER_SET_EMPTY_BYTES = HEADER_BYTES

/** Writes an empty set of INTEGER_SET_EMPTY_BYTES. */
export function integerSetInit(bytes: Uint8Array, start: number): void {
  writeInt32(bytes, start, WIDTH_MIN)
  writeInt32(bytes, start + COUNT_OFFSET, 0)
}

export function integerSetCount(bytes: Uint8Array, start: number): number {
  return readInt32(bytes, start + COUNT_OFFSET) >>> 0
}

/** All of its bytes. */
export function integerSetByteLength(bytes: Uint8Array, start: number): number {
  return HEADER_BYTES + integerSetCount(bytes, start) * bytes[start]
}

/** By how many bytes the set grows when a value that it does not have is added. */
export function integerSetGrowth(
  bytes: Uint8Array,
  start: number,
  high: number,
  low: number,
): number {
  const width = bytes[start]
  const needed = Math.max(width, widthOf(high, low))
  return needed + integerSetCount(bytes, start) * (needed - width)
}

function widthOf(high: number, low: number): number {
  // A value fits 32 bits if the upper half only repeats the sign of the lower.
  if (high !== low >> 31) return 8
  return low === (low << 16) >> 16 ? 2 : 4
}

/** The place of a value, from 0; or -1 - p: it is absent and would stand at p. */
export function integerSetFind(
  bytes: Uint8Array,
  start: number,
  high: number,
  low: number,
): number {
  const count = integerSetCount(bytes, start)
  const width = bytes[start]
  if (widthOf(high, low) > width) return high < 0 ? -1 : -1 - count
  let from = 0
  let to = count
  while (from < to) {
    const middle = (from + to) >>> 1
    const order = compareAt(bytes, start + HEADER_BYTES + middle * width, width, high, low)
    if (order === 0) return middle
    if (order < 0) from = middle + 1
    else to = middle
  }
  return -1 - from
}

/** Order of the value at bytes[at] and another that fits `width`. */
function compareAt(
  bytes: Uint8Array,
  at: number,
  width: number,
  high: number,
  low: number,
): number {
  if (width === 8) {
    return compareInt64(readInt32(bytes, at + 4), readInt32(bytes, at), high, low)
  }
  const value = width === 2 ? readInt16(bytes, at) : readInt32(bytes, at)
  return value === low ? 0 : value < low ? -1 : 1
}

function readInt16(bytes: Uint8Array, at: number): number {
  return bytes[at] | ((bytes[at + 1] << 24) >> 16)
}

/** Leaves the value at a place below the count in `int64`. */
export function integerSetRead(bytes: Uint8Array, start: number, place: number): void {
  const width = bytes[start]
  readValue(bytes, start + HEADER_BYTES + place * width, width)
}

function readValue(bytes: Uint8Array, at: number, width: number): void {
  int64.low = width === 2 ? readInt16(bytes, at) : readInt32(bytes, at)
  int64.high = width === 8 ? readInt32(bytes, at + 4) : int64.low >> 31
}

function writeValue(bytes: Uint8Array, at: number, width: number, high: number, low: number): void {
  if (width === 2) {
    bytes[at] = low
    bytes[at + 1] = low >> 8
    return
  }
  writeInt32(bytes, at, low)
  if (width === 8) writeInt32(bytes, at + 4, high)
}

/** Fills `span` with the text of the value at a place below the count. */
export function integerSetGet(bytes: Uint8Array, start: number, place: number): void {
  integerSetRead(bytes, start, place)
  spanInt64(int64.high, int64.low)
}

/** Adds a value; needs integerSetGrowth behind the set. False: it was there already. */
export function integerSetAdd(
  bytes: Uint8Array,
  start: number,
  high: number,
  low: number,
): boolean {
  const found = integerSetFind(bytes, start, high, low)
  if (found >= 0) return false
  const growth = integerSetGrowth(bytes, start, high, low)
  const end = start + integerSetByteLength(bytes, start)
  assert(end + growth <= bytes.length, 'an integer set has room to grow')
  const count = integerSetCount(bytes, start)
  const place = -1 - found
  if (growth > bytes[start]) widen(bytes, start, widthOf(high, low))
  const width = bytes[start]
  const at = start + HEADER_BYTES + place * width
  bytes.copyWithin(at + width, at, start + HEADER_BYTES + count * width)
  writeValue(bytes, at, width, high, low)
  writeInt32(bytes, start + COUNT_OFFSET, count + 1)
  return true
}

/** From the last, so that no value is overwritten before it is read. */
function widen(bytes: Uint8Array, start: number, width: number): void {
  const old = bytes[start]
  const first = start + HEADER_BYTES
  for (let place = integerSetCount(bytes, start) - 1; place >= 0; place--) {
    readValue(bytes, first + place * old, old)
    writeValue(bytes, first + place * width, width, int64.high, int64.low)
  }
  writeInt32(bytes, start, width)
}

/** False: the value was not there. */
export function integerSetRemove(
  bytes: Uint8Array,
  start: number,
  high: number,
  low: number,
): boolean {
  const place = integerSetFind(bytes, start, high, low)
  if (place < 0) return false
  integerSetRemoveAt(bytes, start, place)
  return true
}

/** Takes away the value at a place below the count. */
export function integerSetRemoveAt(bytes: Uint8Array, start: number, place: number): void {
  const count = integerSetCount(bytes, start)
  assert(place >= 0 && place < count, 'an integer set has the place')
  const width = bytes[start]
  const at = start + HEADER_BYTES + place * width
  bytes.copyWithin(at, at + width, start + HEADER_BYTES + count * width)
  writeInt32(bytes, start + COUNT_OFFSET, count - 1)
}

/**
 * '' or what is wrong with the set in the `capacity` bytes from `start`, whatever they are: sets
 * come from payloads that clients send. It may be shorter than them, and empty.
 */
export function integerSetCheck(bytes: Uint8Array, start: number, capacity: number): string {
  const room = Math.min(capacity, bytes.length - start)
  if (!(start >= 0 && room >= HEADER_BYTES)) return 'an integer set is shorter than its header'
  const width = readInt32(bytes, start)
  if (width !== 2 && width !== 4 && width !== 8) return 'an integer set has an unknown width'
  const count = integerSetCount(bytes, start)
  if (HEADER_BYTES + count * width > room) return 'an integer set says it is longer than its room'
  const first = start + HEADER_BYTES
  for (let place = 1; place < count; place++) {
    readValue(bytes, first + place * width, width)
    const order = compareAt(bytes, first + (place - 1) * width, width, int64.high, int64.low)
    if (order >= 0) return 'an integer set is not in ascending order'
  }
  return ''
}
