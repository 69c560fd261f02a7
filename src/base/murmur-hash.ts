// MurmurHash64A over bytes, in two 32-bit halves: a BigInt would be made for every step. Not keyed,
// so only where the hash itself is part of a stored format. [MurmurHash2 64A, little endian, as
// redis-3.2 hyperloglog.c uses it]

const FACTOR_LOW = 0x5bd1e995
const FACTOR_HIGH = 0xc6a4a793 | 0
const FACTOR_LOW_0 = FACTOR_LOW & 0xffff
const FACTOR_LOW_1 = FACTOR_LOW >>> 16
/** A shift right by 47 moves the upper half by so much into the lower one. */
const UPPER_SHIFT = 47 - 32

/** Puts the hash into target[0] (lower half) and target[1] (upper half), as signed words. */
export function murmurHash64(
  bytes: Uint8Array,
  start: number,
  length: number,
  seed: number,
  target: Int32Array,
): void {
  let low = seed ^ Math.imul(length, FACTOR_LOW)
  let high = upperProduct(length, 0)
  const wholeEnd = start + (length & ~7)
  let at = start
  for (; at < wholeEnd; at += 8) {
    const first = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    const second =
      bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24)
    const mixedHigh = upperProduct(first, second)
    const mixedLow = Math.imul(first, FACTOR_LOW) ^ (mixedHigh >>> UPPER_SHIFT)
    high ^= upperProduct(mixedLow, mixedHigh)
    low ^= Math.imul(mixedLow, FACTOR_LOW)
    high = upperProduct(low, high)
    low = Math.imul(low, FACTOR_LOW)
  }
  const end = start + length
  if (at < end) {
    for (let shift = 0; at < end; at++, shift += 8) {
      if (shift < 32) low ^= bytes[at] << shift
      else high ^= bytes[at] << (shift - 32)
    }
    high = upperProduct(low, high)
    low = Math.imul(low, FACTOR_LOW)
  }
  low ^= high >>> UPPER_SHIFT
  high = upperProduct(low, high)
  low = Math.imul(low, FACTOR_LOW)
  target[0] = low ^ (high >>> UPPER_SHIFT)
  target[1] = high
}

/** Upper half of (high, low) times the factor; the lower half is Math.imul(low, FACTOR_LOW). */
function upperProduct(low: number, high: number): number {
  // What low times the factor's lower half carries over, from four products of 16 bits each.
  const low0 = low & 0xffff
  const low1 = low >>> 16
  const cross01 = Math.imul(low0, FACTOR_LOW_1)
  const cross10 = Math.imul(low1, FACTOR_LOW_0)
  const middle = (Math.imul(low0, FACTOR_LOW_0) >>> 16) + (cross01 & 0xffff) + (cross10 & 0xffff)
  const carried =
    Math.imul(low1, FACTOR_LOW_1) + (cross01 >>> 16) + (cross10 >>> 16) + (middle >>> 16)
  return (carried + Math.imul(low, FACTOR_HIGH) + Math.imul(high, FACTOR_LOW)) | 0
}
