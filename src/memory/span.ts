// Where the element is that was looked at last: a range of bytes, without making a view or a string
// of it. One per thread; it holds until the next function that says it fills `span`, and until the
// bytes it points into change. Who needs two elements at once copies the numbers, and the bytes of
// an integer, first.

import { formatInt64 } from '../base/int64.ts'
import { formatInteger } from '../base/numbers.ts'

/** Longest text of an integer. */
const SCRATCH_BYTES = 24

/** Integers have no text in memory: it is written here. */
const scratch = new Uint8Array(SCRATCH_BYTES)

export const span = { bytes: scratch as Uint8Array, start: 0, length: 0 }

export function spanBytes(bytes: Uint8Array, start: number, length: number): void {
  span.bytes = bytes
  span.start = start
  span.length = length
}

/** The text of a safe integer. */
export function spanInteger(value: number): void {
  span.bytes = scratch
  span.start = 0
  span.length = formatInteger(value, scratch, 0)
}

/** The text of high * 2^32 + low. */
export function spanInt64(high: number, low: number): void {
  span.bytes = scratch
  span.start = 0
  span.length = formatInt64(high, low, scratch, 0)
}
