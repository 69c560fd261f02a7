// The sums of INCRBYFLOAT that need no long double: two short decimals whose sum Redis answers
// exactly. Everything else takes base/long-double.ts, ten times as long.
//
// Both are taken as whole numbers of the same unit, 10^-k, and added as such. Redis adds 80-bit
// floats and writes 17 places, so the exact sum is what it writes if
//
//   - no rounding happens: both are multiples of 2^-k, that is, the whole numbers are multiples of
//     5^k (integers, halves, quarters …), or
//   - it does not show: each of the three roundings is off by at most 2^-64 of its number, and
//     (|a| + |b| + |a + b|) × 2^-64 stays below half a unit of the last of 17 places as long as
//     |a| + |b| is below 46.
//
//   1.25 + 0.5   125 + 50 of 10^-2, both multiples of 25     1.75
//   10.1 + 0.2   101 +  2 of 10^-1, together below 46        10.3
//   100.1 + 0.2  neither: Redis answers 100.30000000000000001

import { formatInteger } from '../base/numbers.ts'

const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
/** Whole numbers of so many digits, and the sum of two, are exact. */
const DIGITS_MAX = 15
const SCALED_MAX = 10 ** DIGITS_MAX
const SUM_MAX = 46
/** Sign, digits, point. */
const TEXT_BYTES_MAX = DIGITS_MAX + 2
const POWERS_OF_TEN = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, power) => 10 ** power)
const POWERS_OF_FIVE = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, power) => 5 ** power)

/** Longest text of a sum: sign, 16 digits, point. */
export const SHORT_SUM_BYTES_MAX = DIGITS_MAX + 3

/** Of the last parse: the number is scaled × 10^-places. */
let scaled = 0
let places = 0

/**
 * Writes the sum of two decimals at the start of `target`. Returns its length; 0: this needs long
 * doubles, or is no number.
 */
export function addShortDecimals(
  left: Uint8Array,
  leftStart: number,
  leftLength: number,
  right: Uint8Array,
  rightStart: number,
  rightLength: number,
  target: Uint8Array,
): number {
  if (!parse(left, leftStart, leftLength)) return 0
  const leftScaled = scaled
  const leftPlaces = places
  if (!parse(right, rightStart, rightLength)) return 0
  const unit = Math.max(leftPlaces, places)
  const a = leftScaled * POWERS_OF_TEN[unit - leftPlaces]
  const b = scaled * POWERS_OF_TEN[unit - places]
  const size = Math.abs(a) + Math.abs(b)
  if (size >= SCALED_MAX) return 0
  const five = POWERS_OF_FIVE[unit]
  const rounds = a % five !== 0 || b % five !== 0
  if (rounds && size >= SUM_MAX * POWERS_OF_TEN[unit]) return 0
  return format(a + b, unit, target)
}

/** [-]digits[.digits], at most 15 digits in all. Sets `scaled` and `places`. */
function parse(bytes: Uint8Array, start: number, length: number): boolean {
  if (length === 0 || length > TEXT_BYTES_MAX) return false
  const end = start + length
  const negative = bytes[start] === MINUS
  const first = negative ? start + 1 : start
  let value = 0
  let digits = 0
  let pointAt = -1
  for (let at = first; at < end; at++) {
    const digit = bytes[at] - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digits++
    } else if (bytes[at] === POINT && pointAt < 0 && at > first && at < end - 1) {
      pointAt = at
    } else {
      return false
    }
  }
  if (digits === 0 || digits > DIGITS_MAX) return false
  scaled = negative ? -value : value
  places = pointAt < 0 ? 0 : end - pointAt - 1
  return true
}

/** sum × 10^-unit without trailing zeros; zero has no sign. */
function format(sum: number, unit: number, target: Uint8Array): number {
  let rest = Math.abs(sum)
  let fractionDigits = rest === 0 ? 0 : unit
  while (fractionDigits > 0 && rest % 10 === 0) {
    rest /= 10
    fractionDigits--
  }
  let at = 0
  if (sum < 0) target[at++] = MINUS
  // The quotient cannot be rounded up to the next whole number: it is below 2^53 units.
  const whole = Math.floor(rest / POWERS_OF_TEN[fractionDigits])
  at += formatInteger(whole, target, at)
  if (fractionDigits === 0) return at
  let fraction = rest - whole * POWERS_OF_TEN[fractionDigits]
  target[at++] = POINT
  for (let digit = at + fractionDigits - 1; digit >= at; digit--) {
    const quotient = Math.floor(fraction / 10)
    target[digit] = ZERO + (fraction - quotient * 10)
    fraction = quotient
  }
  return at + fractionDigits
}
