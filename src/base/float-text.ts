// What C's strtod and strtold accept, as exact numbers, and the one rounding both need.
// Used where a text is no short decimal; makes strings and BigInts, bounded by the text's length.

export const FLOAT_DECIMAL = 0
export const FLOAT_HEX = 1
export const FLOAT_INFINITE = 2
export const FLOAT_NAN = 3

/** digits × 10^exponent (FLOAT_DECIMAL) or digits × 2^exponent (FLOAT_HEX), exactly. */
export interface FloatScan {
  readonly kind: number
  readonly negative: boolean
  /** No leading zeros, no trailing ones, "0" for zero; hexadecimal digits without "0x". */
  readonly digits: string
  readonly exponent: number
}

const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
/** An exponent beyond this is an overflow or zero whatever stands in front of it. */
const EXPONENT_MAX = 1_000_000_000

/** The whole range must be one float, without blanks; undefined otherwise. */
export function scanFloat(bytes: Uint8Array, start: number, length: number): FloatScan | undefined {
  const end = start + length
  let at = start
  const negative = at < end && bytes[at] === MINUS
  if (at < end && (negative || bytes[at] === PLUS)) at++
  if (at === end) return undefined
  const first = bytes[at]
  if (first !== POINT && !isDigit(first)) return scanWord(bytes, at, end, negative)
  const hex = first === ZERO && at + 1 < end && (bytes[at + 1] | 0x20) === LETTER_X
  if (hex) at += 2
  return scanNumber(bytes, at, end, negative, hex)
}

/** "inf", "infinity", "nan", "nan(letters, digits, _)" in any case. */
function scanWord(
  bytes: Uint8Array,
  from: number,
  end: number,
  negative: boolean,
): FloatScan | undefined {
  if (end - from > WORD_BYTES_MAX) return undefined
  const word = asciiText(bytes, from, end - from).toLowerCase()
  if (word === 'inf' || word === 'infinity') {
    return { kind: FLOAT_INFINITE, negative, digits: '', exponent: 0 }
  }
  if (word === 'nan' || /^nan\([a-z0-9_]*\)$/.test(word)) {
    return { kind: FLOAT_NAN, negative, digits: '', exponent: 0 }
  }
  return undefined
}

const LETTER_E = 0x65
const LETTER_P = 0x70
const LETTER_X = 0x78
const WORD_BYTES_MAX = 64

function scanNumber(
  bytes: Uint8Array,
  from: number,
  end: number,
  negative: boolean,
  hex: boolean,
): FloatScan | undefined {
  let at = from
  while (at < end && isDigitOf(bytes[at], hex)) at++
  const wholeEnd = at
  let fractionStart = at
  if (at < end && bytes[at] === POINT) {
    at++
    fractionStart = at
    while (at < end && isDigitOf(bytes[at], hex)) at++
  }
  const fractionLength = at - fractionStart
  if (wholeEnd - from + fractionLength === 0) return undefined
  let exponent = 0
  if (at < end) {
    if ((bytes[at] | 0x20) !== (hex ? LETTER_P : LETTER_E)) return undefined
    exponent = scanExponent(bytes, at + 1, end)
    if (Number.isNaN(exponent)) return undefined
  }
  const all =
    asciiText(bytes, from, wholeEnd - from) + asciiText(bytes, fractionStart, fractionLength)
  const significant = stripZeros(all)
  const dropped = significant === '0' ? 0 : trailingZeros(all)
  return {
    kind: hex ? FLOAT_HEX : FLOAT_DECIMAL,
    negative,
    digits: significant,
    exponent: exponent + (dropped - fractionLength) * (hex ? 4 : 1),
  }
}

/** [+-]digits to the end, held at ±EXPONENT_MAX; NaN if it is anything else. */
function scanExponent(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  const negative = at < end && bytes[at] === MINUS
  if (at < end && (negative || bytes[at] === PLUS)) at++
  if (at === end) return Number.NaN
  let value = 0
  for (; at < end; at++) {
    if (!isDigit(bytes[at])) return Number.NaN
    value = Math.min(value * 10 + bytes[at] - ZERO, EXPONENT_MAX)
  }
  return negative ? -value : value
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isDigitOf(byte: number, hex: boolean): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (hex && lower >= 0x61 && lower <= 0x66)
}

function stripZeros(digits: string): string {
  let from = 0
  while (from < digits.length && digits.charCodeAt(from) === ZERO) from++
  return from === digits.length ? '0' : digits.slice(from, digits.length - trailingZeros(digits))
}

function trailingZeros(digits: string): number {
  let to = digits.length
  while (to > 0 && digits.charCodeAt(to - 1) === ZERO) to--
  return digits.length - to
}

/** Bytes as a string, one character each; `bytes` may be shared memory. */
export function asciiText(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1')
}

// ── Rounding ─────────────────────────────────────────────────────────────────────────────────

/** Values are mantissa × 2^exponent with a mantissa below 2^precision. */
export interface BinaryFormat {
  readonly precision: number
  /** Of the smallest denormal: everything is a multiple of 2^exponentMin. */
  readonly exponentMin: number
  /** A rounded value with a larger exponent has overflowed. */
  readonly exponentMax: number
}

/** IEEE 754 binary64. */
export const DOUBLE_FORMAT: BinaryFormat = {
  precision: 53,
  exponentMin: -1074,
  exponentMax: 971,
}

/** The 80-bit format of x87, C's long double on x86-64. */
export const EXTENDED_FORMAT: BinaryFormat = {
  precision: 64,
  exponentMin: -16_445,
  exponentMax: 16_320,
}

export interface Binary {
  readonly mantissa: bigint
  readonly exponent: number
}

/**
 * mantissa × 2^exponent to the nearest value of the format, ties to even. mantissa ≥ 0.
 * Worked for precision 4: 0b1011011 × 2^0 has 7 bits, 3 go: 0b1011|011 -> 0b1011 × 2^3.
 * The result is not checked against exponentMax.
 */
export function roundBinary(mantissa: bigint, exponent: number, format: BinaryFormat): Binary {
  if (mantissa === 0n) return { mantissa, exponent: 0 }
  const excess = bitLength(mantissa) - format.precision
  const drop = Math.max(excess, format.exponentMin - exponent)
  if (drop <= 0) {
    // Held with all its bits at the top, so that exponentMax can be compared with.
    const room = Math.min(-excess, exponent - format.exponentMin)
    return { mantissa: mantissa << BigInt(room), exponent: exponent - room }
  }
  const rounded = shiftRightToEven(mantissa, drop)
  // Rounding up may carry into one bit more: 0b1111|1 -> 0b10000, which is 0b1000 one higher.
  return bitLength(rounded) > format.precision
    ? { mantissa: rounded >> 1n, exponent: exponent + drop + 1 }
    : { mantissa: rounded, exponent: exponent + drop }
}

/** value / 2^shift to the nearest whole number, ties to even. value ≥ 0, shift > 0. */
export function shiftRightToEven(value: bigint, shift: number): bigint {
  const bits = BigInt(shift)
  const quotient = value >> bits
  const rest = value - (quotient << bits)
  const half = 1n << (bits - 1n)
  if (rest > half || (rest === half && (quotient & 1n) === 1n)) return quotient + 1n
  return quotient
}

export function bitLength(value: bigint): number {
  if (value === 0n) return 0
  const hex = value.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0], 16)))
}

/** A FLOAT_HEX scan in the format; exponent above exponentMax: overflow. */
export function roundHex(scan: FloatScan, format: BinaryFormat): Binary {
  if (scan.digits === '0') return { mantissa: 0n, exponent: 0 }
  // Far outside: answer without shifting by a billion bits.
  const top = scan.digits.length * 4 + scan.exponent
  if (top - 4 > format.exponentMax + format.precision) {
    return { mantissa: 1n, exponent: format.exponentMax + 1 }
  }
  if (top < format.exponentMin - 1) return { mantissa: 0n, exponent: 0 }
  return roundBinary(BigInt(`0x${scan.digits}`), scan.exponent, format)
}
