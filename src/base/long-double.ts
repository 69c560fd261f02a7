// C's long double on x86-64 (80 bits, 64 of them mantissa), exactly: INCRBYFLOAT and HINCRBYFLOAT
// add in it, and no JavaScript number can. 0.1 + 0.2 is 0.3 there, 0.30000000000000004 in a double.
// Any thread. A few microseconds a sum for ordinary numbers.

import {
  type Binary,
  bitLength,
  EXTENDED_FORMAT,
  FLOAT_DECIMAL,
  FLOAT_INFINITE,
  FLOAT_NAN,
  type FloatScan,
  roundBinary,
  roundHex,
  scanFloat,
  shiftRightToEven,
} from './float-text.ts'
import { LONG_DOUBLE_TEXT_BYTES_MAX } from './limits.ts'

/** (negative ? -1 : 1) × mantissa × 2^exponent, or an infinity, or not a number. */
export interface LongDouble {
  readonly finite: boolean
  readonly nan: boolean
  readonly negative: boolean
  readonly mantissa: bigint
  readonly exponent: number
}

/** The longest text of formatLongDouble: sign and 4933 digits. */
export const LONG_DOUBLE_FORMATTED_BYTES_MAX = 4934

/**
 * Redis's string2ld: strtold over the whole text, at most 5119 bytes, no blank in front.
 * undefined (`value is not a valid float`): not a float, nan, too large, or so small that it
 * becomes 0. "inf" is a value. [redis-7.0 util.c]
 */
export function parseLongDouble(
  bytes: Uint8Array,
  start: number,
  length: number,
): LongDouble | undefined {
  if (length === 0 || length > LONG_DOUBLE_TEXT_BYTES_MAX) return undefined
  const scan = scanFloat(bytes, start, length)
  if (scan === undefined || scan.kind === FLOAT_NAN) return undefined
  if (scan.kind === FLOAT_INFINITE) return infinite(scan.negative)
  const binary = scan.kind === FLOAT_DECIMAL ? roundDecimal(scan) : roundHex(scan, EXTENDED_FORMAT)
  if (binary.exponent > EXTENDED_FORMAT.exponentMax) return undefined
  if (binary.mantissa === 0n && scan.digits !== '0') return undefined
  return finite(scan.negative, binary)
}

/** A 64-bit integer is always exact. */
export function longDoubleOfInteger(value: bigint): LongDouble {
  const size = value < 0n ? -value : value
  return finite(value < 0n, { mantissa: size, exponent: 0 })
}

/** Sum as the processor makes it: rounded once, to nearest, ties to even. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble {
  if (!a.finite || !b.finite) {
    if (a.nan || b.nan || (!a.finite && !b.finite && a.negative !== b.negative)) return NOT_A_NUMBER
    return a.finite ? b : a
  }
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = signedAt(a, exponent) + signedAt(b, exponent)
  const negative = sum < 0n
  const binary = roundBinary(negative ? -sum : sum, exponent, EXTENDED_FORMAT)
  return binary.exponent > EXTENDED_FORMAT.exponentMax
    ? infinite(negative)
    : finite(negative, binary)
}

/** `increment would produce NaN or Infinity` */
export function isFiniteLongDouble(value: LongDouble): boolean {
  return value.finite
}

/**
 * Redis's text of a long double for people: "%.17Lf" without trailing zeros and point, "-0" as
 * "0". At most LONG_DOUBLE_FORMATTED_BYTES_MAX bytes at target[at]. Returns how many.
 * [redis-7.0 ld2string LD_STR_HUMAN]
 */
export function formatLongDouble(value: LongDouble, target: Uint8Array, at: number): number {
  const text = longDoubleText(value)
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index)
  return text.length
}

/** The same as a string. */
export function longDoubleText(value: LongDouble): string {
  if (value.nan) return 'nan'
  if (!value.finite) return value.negative ? '-inf' : 'inf'
  const { mantissa, exponent } = value
  const sign = value.negative ? '-' : ''
  if (exponent >= 0) {
    return mantissa === 0n ? '0' : sign + (mantissa << BigInt(exponent)).toString()
  }
  // Units of 10^-17, as "%.17Lf" rounds.
  const units = shiftRightToEven(mantissa * TEN_TO_17, -exponent)
  if (units === 0n) return '0'
  const digits = units.toString().padStart(FRACTION_DIGITS + 1, '0')
  const whole = digits.slice(0, -FRACTION_DIGITS)
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '')
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}

const FRACTION_DIGITS = 17
const TEN_TO_17 = 10n ** 17n
/** Decimal exponents of the first digit outside which nothing is finite or not zero. */
const DECIMAL_TOP_MAX = 4_940
const DECIMAL_TOP_MIN = -4_960

/** digits × 10^exponent as a correctly rounded quotient of two whole numbers. */
function roundDecimal(scan: FloatScan): Binary {
  if (scan.digits === '0') return ZERO
  const top = scan.digits.length + scan.exponent
  if (top > DECIMAL_TOP_MAX) return { mantissa: 1n, exponent: EXTENDED_FORMAT.exponentMax + 1 }
  if (top < DECIMAL_TOP_MIN) return ZERO
  const digits = BigInt(scan.digits)
  if (scan.exponent >= 0) {
    return roundBinary(digits * 10n ** BigInt(scan.exponent), 0, EXTENDED_FORMAT)
  }
  const divisor = 10n ** BigInt(-scan.exponent)
  // Two bits more than the format has, and a last bit that says whether anything was left: with
  // those, rounding the quotient is rounding the true value.
  const shift = Math.max(0, EXTENDED_FORMAT.precision + 2 - bitLength(digits) + bitLength(divisor))
  const dividend = digits << BigInt(shift)
  const quotient = dividend / divisor
  const sticky = quotient * divisor === dividend ? 0n : 1n
  return roundBinary((quotient << 1n) | sticky, -shift - 1, EXTENDED_FORMAT)
}

const ZERO: Binary = { mantissa: 0n, exponent: 0 }

function signedAt(value: LongDouble, exponent: number): bigint {
  const size = value.mantissa << BigInt(value.exponent - exponent)
  return value.negative ? -size : size
}

function finite(negative: boolean, binary: Binary): LongDouble {
  const { mantissa, exponent } = binary
  return { finite: true, nan: false, negative, mantissa, exponent }
}

function infinite(negative: boolean): LongDouble {
  return { finite: false, nan: false, negative, mantissa: 0n, exponent: 0 }
}

const NOT_A_NUMBER: LongDouble = {
  finite: false,
  nan: true,
  negative: false,
  mantissa: 0n,
  exponent: 0,
}
