// Signed 64-bit integers as two 32-bit halves, for places where a bigint would be garbage at every
// step: stored integers are read, compared and written without one. Any thread.
//
//   value = high * 2^32 + (low >>> 0)        high and low are int32, so V8 keeps them unboxed
//
// Functions with a 64-bit result leave it in `int64`, one per thread, until the next of them.

import { formatInteger, parseSafeInteger } from './numbers.ts'

export const int64 = { high: 0, low: 0 }

const MINUS = 0x2d
const ZERO = 0x30
const TWO_TO_16 = 65_536
const TWO_TO_31 = 2_147_483_648
const TWO_TO_32 = 4_294_967_296
const BIG_TWO_TO_32 = 2n ** 32n
const BILLION = 1_000_000_000
const BILLION_DIGITS = 9
/** Digits of an integer that is not safe, and of the largest. */
const WIDE_DIGITS_MIN = 16
const WIDE_DIGITS_MAX = 19

/**
 * Redis's string2ll over the whole signed 64 bits. True: the bytes are the one canonical text of a
 * number, left in `int64`. False: `int64` is undefined.
 */
export function parseInt64Halves(bytes: Uint8Array, start: number, length: number): boolean {
  const small = parseSafeInteger(bytes, start, length)
  if (!Number.isNaN(small)) {
    setInt64(small)
    return true
  }
  return parseWideInt64(bytes, start, length)
}

/** The same where parseSafeInteger has said NaN already. */
export function parseWideInt64(bytes: Uint8Array, start: number, length: number): boolean {
  const negative = length > 0 && bytes[start] === MINUS
  const from = negative ? start + 1 : start
  const digits = start + length - from
  if (digits < WIDE_DIGITS_MIN || digits > WIDE_DIGITS_MAX || bytes[from] === ZERO) return false
  const split = start + length - BILLION_DIGITS
  const billions = parseDigits(bytes, from, split)
  const rest = parseDigits(bytes, split, start + length)
  // NaN fails here too.
  if (!(billions >= 0 && rest >= 0)) return false
  return setFromBillions(billions, rest, negative)
}

/** Only digits, leading zeros allowed, at most 15; NaN otherwise. */
function parseDigits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = bytes[at] - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/**
 * billions * 10^9 + rest, as 16 bits and what is above them: with billions < 10^10 no product
 * passes 1.6 * 10^14, so doubles stay exact.
 */
function setFromBillions(billions: number, rest: number, negative: boolean): boolean {
  const billionsAbove = Math.floor(billions / TWO_TO_16)
  const lowest = (billions - billionsAbove * TWO_TO_16) * BILLION + rest
  const lowestAbove = Math.floor(lowest / TWO_TO_16)
  const above = billionsAbove * BILLION + lowestAbove
  const high = Math.floor(above / TWO_TO_16)
  const middle = above - high * TWO_TO_16
  const low = middle * TWO_TO_16 + (lowest - lowestAbove * TWO_TO_16)
  if (high >= TWO_TO_31 && !(negative && high === TWO_TO_31 && low === 0)) return false
  int64.high = high | 0
  int64.low = low | 0
  if (negative) negate()
  return true
}

function negate(): void {
  const low = -int64.low | 0
  int64.high = low === 0 ? -int64.high | 0 : ~int64.high
  int64.low = low
}

/** `value` is a safe integer. */
export function setInt64(value: number): void {
  // Floor, so that the low half counts upwards for negative numbers too.
  const high = Math.floor(value / TWO_TO_32)
  int64.high = high | 0
  int64.low = (value - high * TWO_TO_32) | 0
}

/** NaN: above 2^53 - 1 in size. */
export function int64ToNumber(high: number, low: number): number {
  const value = high * TWO_TO_32 + (low >>> 0)
  // A sum above 2^53 is rounded, but never to below.
  return Number.isSafeInteger(value) ? value : Number.NaN
}

export function int64ToBigint(high: number, low: number): bigint {
  return BigInt(high) * BIG_TWO_TO_32 + BigInt(low >>> 0)
}

/** Negative, 0, positive: the order of two numbers. */
export function compareInt64(
  high: number,
  low: number,
  otherHigh: number,
  otherLow: number,
): number {
  if (high !== otherHigh) return high < otherHigh ? -1 : 1
  if (low === otherLow) return 0
  return low >>> 0 < otherLow >>> 0 ? -1 : 1
}

/** Decimal text at target[at]; at most 20 bytes. Returns how many. */
export function formatInt64(high: number, low: number, target: Uint8Array, at: number): number {
  const value = int64ToNumber(high, low)
  if (!Number.isNaN(value)) return formatInteger(value, target, at)
  int64.high = high
  int64.low = low
  let to = at
  if (high < 0) {
    target[to++] = MINUS
    negate()
  }
  // Long division by 10^9, 16 bits at a step: remainder * 2^16 is below 6.6 * 10^13.
  const top = int64.high >>> 0
  const bottom = int64.low >>> 0
  const first = Math.floor(top / BILLION)
  let part = (top - first * BILLION) * TWO_TO_16 + (bottom >>> 16)
  const second = Math.floor(part / BILLION)
  part = (part - second * BILLION) * TWO_TO_16 + (bottom & 0xffff)
  const third = Math.floor(part / BILLION)
  let rest = part - third * BILLION
  to += formatInteger(first * TWO_TO_32 + second * TWO_TO_16 + third, target, to)
  for (let digit = to + BILLION_DIGITS - 1; digit >= to; digit--) {
    const quotient = (rest / 10) | 0
    target[digit] = ZERO + (rest - quotient * 10)
    rest = quotient
  }
  return to + BILLION_DIGITS - at
}

/** 8 little-endian bytes, at any alignment. */
export function readInt64(bytes: Uint8Array, at: number): void {
  int64.low = readInt32(bytes, at)
  int64.high = readInt32(bytes, at + 4)
}

export function writeInt64(bytes: Uint8Array, at: number, high: number, low: number): void {
  writeInt32(bytes, at, low)
  writeInt32(bytes, at + 4, high)
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >> 8
  bytes[at + 2] = value >> 16
  bytes[at + 3] = value >> 24
}
