// Redis's rules for numbers that are text: what is accepted, what is written. Any thread.
// Input is a range of bytes; nothing is made on the integer paths. Long doubles (INCRBYFLOAT) are
// in long-double.ts. JavaScript's own rules (Number("") = 0, Number(" 1 ") = 1) never apply.

import {
  DOUBLE_FORMAT,
  FLOAT_DECIMAL,
  FLOAT_INFINITE,
  FLOAT_NAN,
  type FloatScan,
  roundHex,
  scanFloat,
} from './float-text.ts'

const MINUS = 0x2d
const ZERO = 0x30
/** "-9223372036854775808" */
const INT64_TEXT_BYTES_MAX = 20
/** So many digits are below 2^53 whatever they are. */
const SAFE_DIGITS = 15

export const INT64_MIN = -(2n ** 63n)
export const INT64_MAX = 2n ** 63n - 1n

/**
 * Redis's string2ll within the safe integers: no blanks, no '+', no leading zeros, no "-0".
 * NaN: not an integer, or above 2^53 - 1 in size (then parseInt64 tells which).
 */
export function parseSafeInteger(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return Number.NaN
  const end = start + length
  const first = bytes[start]
  if (length === 1) {
    const digit = first - ZERO
    return digit >= 0 && digit <= 9 ? digit : Number.NaN
  }
  let at = first === MINUS ? start + 1 : start
  // 16 digits stay exact: 10^16 - 1 is below 2^54, and above 2^53 - 1 the answer is NaN anyway.
  if (end - at > SAFE_DIGITS + 1) return Number.NaN
  let value = bytes[at++] - ZERO
  if (!(value >= 1 && value <= 9)) return Number.NaN
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  return first === MINUS ? -value : value
}

/** Redis's string2ll over the whole signed 64 bits; undefined: no integer or out of range. */
export function parseInt64(bytes: Uint8Array, start: number, length: number): bigint | undefined {
  const small = parseSafeInteger(bytes, start, length)
  if (!Number.isNaN(small)) return BigInt(small)
  const negative = length > 0 && bytes[start] === MINUS
  const digits = start + (negative ? 1 : 0)
  const end = start + length
  // What is not safe has at least 16 digits; the first must not be 0.
  if (length > INT64_TEXT_BYTES_MAX || end - digits <= SAFE_DIGITS) return undefined
  if (bytes[digits] === ZERO) return undefined
  // 15 digits as one number, the last 1 to 5 as another: two conversions instead of twenty.
  const high = parseDigits(bytes, digits, digits + SAFE_DIGITS)
  const low = parseDigits(bytes, digits + SAFE_DIGITS, end)
  if (Number.isNaN(high) || Number.isNaN(low)) return undefined
  const size = BigInt(high) * 10n ** BigInt(end - digits - SAFE_DIGITS) + BigInt(low)
  const value = negative ? -size : size
  return value < INT64_MIN || value > INT64_MAX ? undefined : value
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

/** Writes a safe integer in decimal at target[at]; at most 17 bytes. Returns how many. */
export function formatInteger(value: number, target: Uint8Array, at: number): number {
  let rest = value
  let start = at
  if (value < 0) {
    target[start++] = MINUS
    rest = -value
  }
  const digitCount = countDigits(rest)
  let digit = start + digitCount - 1
  // Above 2^31 by division of floats, below by the much cheaper one of integers.
  while (rest > 0x7fffffff) {
    const quotient = Math.floor(rest / 10)
    target[digit--] = ZERO + (rest - quotient * 10)
    rest = quotient
  }
  let small = rest | 0
  do {
    const quotient = (small / 10) | 0
    target[digit--] = ZERO + (small - quotient * 10)
    small = quotient
  } while (digit >= start)
  return start + digitCount - at
}

function countDigits(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2
  if (value < 10_000) return value < 1000 ? 3 : 4
  let count = 4
  for (let bound = 10_000; value >= bound; bound *= 10) count++
  return count
}

/**
 * Redis's string2d (C's strtod over the whole text, no blank in front): decimals, hexadecimals
 * ("0x1p-3"), "inf", "infinity". undefined: not a float, not a number ("nan"), too large, or so
 * small that it becomes 0. [redis-7.0 util.c; nan as redis-3.2 object.c]
 */
export function parseDouble(bytes: Uint8Array, start: number, length: number): number | undefined {
  const short = parseShortDecimal(bytes, start, length)
  if (!Number.isNaN(short)) return short
  const scan = scanFloat(bytes, start, length)
  if (scan === undefined || scan.kind === FLOAT_NAN) return undefined
  let size = Infinity
  if (scan.kind !== FLOAT_INFINITE) {
    size = scan.kind === FLOAT_DECIMAL ? Number(`${scan.digits}e${scan.exponent}`) : hexValue(scan)
    if (size === Infinity || (size === 0 && scan.digits !== '0')) return undefined
  }
  return scan.negative ? -size : size
}

/**
 * C's strtod where nobody looks at its errors: blanks in front are skipped, a NUL ends the text, an
 * empty text is 0, too large is infinite, too small 0. NaN: something else is there, or "nan".
 * [redis-7.0 t_zset.c zslParseRange]
 */
export function parseLenientDouble(bytes: Uint8Array, start: number, length: number): number {
  let end = start
  while (end < start + length && bytes[end] !== 0) end++
  let from = start
  while (from < end && isBlank(bytes[from])) from++
  if (from === end) return from === start ? 0 : Number.NaN
  const exact = parseDouble(bytes, from, end - from)
  if (exact !== undefined) return exact
  const scan = scanFloat(bytes, from, end - from)
  if (scan === undefined || scan.kind === FLOAT_NAN) return Number.NaN
  const size =
    scan.kind === FLOAT_DECIMAL ? Number(`${scan.digits}e${scan.exponent}`) : hexValue(scan)
  return scan.negative ? -size : size
}

/** C's isspace. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** Sign, digits, point, digits, 15 digits in all: exact in one division. Else NaN. */
function parseShortDecimal(bytes: Uint8Array, start: number, length: number): number {
  if (length > SAFE_DIGITS) return Number.NaN
  const end = start + length
  const negative = length > 0 && bytes[start] === MINUS
  let value = 0
  let digitCount = 0
  let pointAt = -1
  for (let at = negative ? start + 1 : start; at < end; at++) {
    const digit = bytes[at] - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digitCount++
    } else if (bytes[at] === POINT && pointAt < 0) {
      pointAt = at
    } else {
      return Number.NaN
    }
  }
  if (digitCount === 0) return Number.NaN
  // Both sides are whole numbers below 2^53, so the quotient is the nearest double. [Clinger]
  if (pointAt >= 0) value /= POWERS_OF_TEN[end - pointAt - 1]
  return negative ? -value : value
}

const POINT = 0x2e
const POWERS_OF_TEN = Float64Array.from({ length: SAFE_DIGITS + 1 }, (_, power) => 10 ** power)

function hexValue(scan: FloatScan): number {
  const { mantissa, exponent } = roundHex(scan, DOUBLE_FORMAT)
  // Exact: the mantissa has at most 53 bits and 2^-1074 is a double.
  return exponent > DOUBLE_FORMAT.exponentMax ? Infinity : Number(mantissa) * 2 ** exponent
}

/**
 * C's "%.17g", Redis's text of a double ("inf" and "-inf" for infinities); at most 24 bytes at
 * target[at]. Returns how many. `value` is not NaN. [redis-7.0 addReplyDouble]
 */
export function formatDouble(value: number, target: Uint8Array, at: number): number {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return formatInteger(value, target, at)
  const text = doubleText(value)
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index)
  return text.length
}

/** The same as a string. */
export function doubleText(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (value === 0) return `${sign}0`
  const size = Math.abs(value)
  if (size === Infinity) return `${sign}inf`
  const { digits, exponent } = significantDigits(size)
  const shown = withoutTrailingZeros(digits)
  if (exponent < -4 || exponent >= DOUBLE_DIGITS) {
    const fraction = shown.length > 1 ? `.${shown.slice(1)}` : ''
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${shown[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${shown}`
  const whole = shown.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = shown.slice(exponent + 1)
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

const DOUBLE_DIGITS = 17

function withoutTrailingZeros(digits: string): string {
  let to = digits.length
  while (to > 1 && digits.charCodeAt(to - 1) === ZERO) to--
  return digits.slice(0, to)
}

/**
 * Up to 17 digits, rounded as C does: half to even. JavaScript rounds half up, which differs only
 * for an exact tie: 2^-25 = 2.98023223876953125e-8 has 18 digits, C ends in …312, toExponential
 * in …313.
 *
 * With p bits behind the binary point a number is a whole one / 10^p. While that is below 2^53 the
 * product is exact and its digits are all there are: 3.25 = 325 / 10^2 needs no rounding at all.
 */
function significantDigits(size: number): { digits: string; exponent: number } {
  const places = binaryPlaces(size)
  const whole = size * 10 ** places
  if (whole <= Number.MAX_SAFE_INTEGER) {
    const digits = String(whole)
    return { digits, exponent: digits.length - 1 - places }
  }
  if (isTie(size, places, whole)) {
    const exact = size.toExponential(DOUBLE_DIGITS)
    const digits = exact[0] + exact.slice(2, DOUBLE_DIGITS + 1)
    const even = (digits.charCodeAt(DOUBLE_DIGITS - 1) & 1) === 0
    if (even) return { digits, exponent: exponentOf(exact) }
  }
  const rounded = size.toExponential(DOUBLE_DIGITS - 1)
  return { digits: rounded[0] + rounded.slice(2, DOUBLE_DIGITS + 1), exponent: exponentOf(rounded) }
}

/** Bits behind the binary point; Infinity: more than a tie or a short number can have. */
function binaryPlaces(size: number): number {
  let places = 0
  for (let rest = size; !Number.isInteger(rest); rest *= 2) {
    if (++places > TIE_PLACES_MAX) return Infinity
  }
  return places
}

/**
 * Has exactly 18 digits, the last a 5. The last of p > 0 decimal places is a 5, and 18 digits hold
 * no more than 5^25. A whole number of 18 digits that ends in 5 is odd, and no double that large
 * is.
 */
function isTie(size: number, places: number, whole: number): boolean {
  // Near the borders the product may have been rounded to them: one digit more or less.
  if (places === 0 || whole < 0.99e17 || whole > 1.01e18) return false
  const exact = size.toExponential(DOUBLE_DIGITS + TIE_PLACES_MAX)
  return TIE_TAIL.test(exact.slice(DOUBLE_DIGITS + 1, exact.indexOf('e')))
}

const TIE_PLACES_MAX = 25
const TIE_TAIL = /^50*$/

function exponentOf(text: string): number {
  return Number(text.slice(text.indexOf('e') + 1))
}
