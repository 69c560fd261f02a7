// One entry of a packed list: how long it is, what it holds, and writing one. The list itself is in
// packed.ts.

import { copyBytes } from '../base/copy.ts'
import {
  int64,
  int64ToNumber,
  parseWideInt64,
  readInt32,
  readInt64,
  setInt64,
  writeInt32,
  writeInt64,
} from '../base/int64.ts'
import { parseSafeInteger } from '../base/numbers.ts'
import {
  BACK_1_MAX,
  BACK_2_MAX,
  BACK_3_MAX,
  BACK_4_MAX,
  INTEGER_13,
  INTEGER_13_MAX,
  INTEGER_16,
  INTEGER_24,
  INTEGER_32,
  INTEGER_64,
  STRING_6,
  STRING_6_LENGTH_MAX,
  STRING_12,
  STRING_12_LENGTH_MAX,
  STRING_32,
  STRING_32_HEAD_BYTES,
} from './packed-layout.ts'

// ── Reading ────────────────────────────────────────────────────────────────────────────────

/** L: encoding and data. */
export function entryLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  if (first < STRING_6) return 1
  if (first < INTEGER_13) return 1 + (first & STRING_6_LENGTH_MAX)
  if (first < STRING_12) return 2
  if (first < STRING_32) return 2 + (((first & 0x0f) << 8) | bytes[at + 1])
  if (first === STRING_32) return STRING_32_HEAD_BYTES + (readInt32(bytes, at + 1) >>> 0)
  return first === INTEGER_64 ? 9 : first - STRING_32 + 2
}

/** Bytes that the back length of L takes. */
export function backLengthBytes(length: number): number {
  if (length <= BACK_1_MAX) return 1
  if (length <= BACK_2_MAX) return 2
  if (length <= BACK_3_MAX) return 3
  return length <= BACK_4_MAX ? 4 : 5
}

/** The entry in front of the one at `at`, or of the end. There must be one. */
export function entryBefore(bytes: Uint8Array, at: number): number {
  let from = at - 1
  let length = bytes[from] & 0x7f
  for (let shift = 7; bytes[from] > 0x7f; shift += 7) {
    from--
    // No << : the fifth group lies above 32 bits.
    length += (bytes[from] & 0x7f) * 2 ** shift
  }
  return from - length
}

export function isIntegerEntry(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]
  return first < STRING_6 || (first >= INTEGER_13 && first < STRING_12) || first > STRING_32
}

/** Bytes in front of a string entry's own. */
export function stringHeadBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  if (first < INTEGER_13) return 1
  return first === STRING_32 ? STRING_32_HEAD_BYTES : 2
}

/** An integer entry's value; NaN when it is not safe: then `int64` has it. */
export function entryInteger(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  if (first < STRING_6) return first
  if (first < STRING_12) return (((first & 0x1f) << 27) >> 19) | bytes[at + 1]
  if (first === INTEGER_16) return bytes[at + 1] | ((bytes[at + 2] << 24) >> 16)
  if (first === INTEGER_24) {
    return bytes[at + 1] | (bytes[at + 2] << 8) | ((bytes[at + 3] << 24) >> 8)
  }
  if (first === INTEGER_32) return readInt32(bytes, at + 1)
  readInt64(bytes, at + 1)
  return int64ToNumber(int64.high, int64.low)
}

// ── Writing: plan an element, make room for it, write it ──────────────────────────────────

/** The element to be written: an integer (NaN in `integer`: `int64` has it) or a string. */
export const plan = { isInteger: false, integer: 0, length: 0 }

export function planElement(source: Uint8Array, start: number, length: number): void {
  const integer = parseSafeInteger(source, start, length)
  if (!Number.isNaN(integer) || parseWideInt64(source, start, length)) {
    planInteger(integer)
    return
  }
  plan.isInteger = false
  const head = length <= STRING_6_LENGTH_MAX ? 1 : length <= STRING_12_LENGTH_MAX ? 2 : 5
  plan.length = head + length
}

/** @param value a safe integer, or NaN for what `int64` has */
export function planInteger(value: number): void {
  plan.isInteger = true
  plan.integer = value
  plan.length = integerLength(value)
}

function integerLength(value: number): number {
  if (value >= 0 && value <= 127) return 1
  if (value >= -INTEGER_13_MAX - 1 && value <= INTEGER_13_MAX) return 2
  if (value >= -0x8000 && value <= 0x7fff) return 3
  if (value >= -0x80_0000 && value <= 0x7f_ffff) return 4
  return value === (value | 0) ? 5 : 9
}

/** Bytes of the planned entry. */
export function planBytes(): number {
  return plan.length + backLengthBytes(plan.length)
}

/** Writes the planned entry; `source` has the bytes of a string. */
export function writePlan(bytes: Uint8Array, at: number, source: Uint8Array, start: number): void {
  if (plan.isInteger) writeInteger(bytes, at)
  else writeString(bytes, at, source, start)
  writeBackLength(bytes, at + plan.length, plan.length)
}

function writeInteger(bytes: Uint8Array, at: number): void {
  const value = plan.integer
  switch (plan.length) {
    case 1:
      bytes[at] = value
      return
    case 2:
      bytes[at] = INTEGER_13 | ((value >> 8) & 0x1f)
      bytes[at + 1] = value
      return
    case 3:
    case 4:
      bytes[at] = plan.length === 3 ? INTEGER_16 : INTEGER_24
      bytes[at + 1] = value
      bytes[at + 2] = value >> 8
      if (plan.length === 4) bytes[at + 3] = value >> 16
      return
    case 5:
      bytes[at] = INTEGER_32
      writeInt32(bytes, at + 1, value)
      return
    default:
      if (!Number.isNaN(value)) setInt64(value)
      bytes[at] = INTEGER_64
      writeInt64(bytes, at + 1, int64.high, int64.low)
  }
}

function writeString(bytes: Uint8Array, at: number, source: Uint8Array, start: number): void {
  let to = at
  if (plan.length <= STRING_6_LENGTH_MAX + 1) {
    bytes[to++] = STRING_6 | (plan.length - 1)
  } else if (plan.length <= STRING_12_LENGTH_MAX + 2) {
    bytes[to++] = STRING_12 | ((plan.length - 2) >> 8)
    bytes[to++] = plan.length - 2
  } else {
    bytes[to] = STRING_32
    writeInt32(bytes, to + 1, plan.length - STRING_32_HEAD_BYTES)
    to += STRING_32_HEAD_BYTES
  }
  copyBytes(source, start, bytes, to, at + plan.length - to)
}

/** The back length of `length` at bytes[at]. */
export function writeBackLength(bytes: Uint8Array, at: number, length: number): void {
  let rest = length
  for (let to = at + backLengthBytes(length) - 1; to > at; to--) {
    bytes[to] = (rest & 0x7f) | 0x80
    rest = Math.floor(rest / 128)
  }
  bytes[at] = rest
}
