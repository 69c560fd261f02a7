// Listpacks, the packed form since Redis 7.0. [redis-7.0 listpack.c]
//
//   ┌────────────────┬────────────────────┬──────────────────────────────┬──────┐
//   │ bytes in all   │ entries, 2 bytes LE│ entries: form, bytes, length │ 0xff │
//   │ 4 bytes LE     │ 65535: not known   │ of both, from behind         │      │
//   └────────────────┴────────────────────┴──────────────────────────────┴──────┘
//
//   0vvvvvvv            7 bits                110vvvvv and 1 byte    13 bits, signed, big-endian
//   10LLLLLL            string to 63 bytes    1110LLLL and 1 byte    string to 4095 bytes
//   0xf0 and 4 bytes LE string                0xf1 to 0xf4           16, 24, 32, 64 bits LE
//
// The length from behind is in groups of 7 bits, the highest first; all but the first byte have
// their upper bit set.

import type { RdbContent } from './content.ts'
import { readInt16, readInt24, readInt32, readUint16, readUint32 } from './little-endian.ts'
import { RDB_BAD_DATA, RDB_READ } from './outcome.ts'
import { addPackedBytes, addPackedInteger, isWholeCount, signOf } from './packed-entry.ts'

const HEAD_BYTES = 6
const END_BYTE = 0xff
const COUNT_UNKNOWN = 0xffff
const STRING_32_BITS = 0xf0
const INTEGER_64_BITS = 0xf4

/** Adds every entry; none is fine for a node of a list. */
export function readListpack(
  bytes: Uint8Array,
  start: number,
  length: number,
  content: RdbContent,
): number {
  if (length < HEAD_BYTES + 1 || readUint32(bytes, start) !== length) return RDB_BAD_DATA
  const last = start + length - 1
  let entries = 0
  let at = start + HEAD_BYTES
  while (at < last) {
    const headBytes = headLength(bytes[at])
    if (headBytes === 0 || headBytes > last - at) return RDB_BAD_DATA
    const stringBytes = stringLength(bytes, at)
    const entryBytes = headBytes + stringBytes
    const backBytes = backLength(entryBytes)
    if (entryBytes + backBytes > last - at) return RDB_BAD_DATA
    if (!isBackLength(bytes, at + entryBytes, entryBytes, backBytes)) return RDB_BAD_DATA
    const outcome = isString(bytes[at])
      ? addPackedBytes(content, entries, bytes, at + headBytes, stringBytes)
      : addInteger(bytes, at, content, entries)
    if (outcome !== RDB_READ) return outcome
    at += entryBytes + backBytes
    entries++
  }
  if (bytes[last] !== END_BYTE || !isWholeCount(content, entries)) return RDB_BAD_DATA
  const announced = readUint16(bytes, start + 4)
  return announced === COUNT_UNKNOWN || announced === entries ? RDB_READ : RDB_BAD_DATA
}

function isString(form: number): boolean {
  return (form & 0xc0) === 0x80 || (form & 0xf0) === 0xe0 || form === STRING_32_BITS
}

/** Bytes of the form, and of the integer; 0: no form. */
function headLength(form: number): number {
  if (form < 0xc0) return 1
  if (form < 0xf0) return 2
  if (form === STRING_32_BITS) return 5
  if (form === INTEGER_64_BITS) return 9
  return form < INTEGER_64_BITS ? form - 0xf1 + 3 : 0
}

function stringLength(bytes: Uint8Array, at: number): number {
  const form = bytes[at]
  if ((form & 0xc0) === 0x80) return form & 0x3f
  if ((form & 0xf0) === 0xe0) return ((form & 0x0f) << 8) | bytes[at + 1]
  return form === STRING_32_BITS ? readUint32(bytes, at + 1) : 0
}

function addInteger(bytes: Uint8Array, at: number, content: RdbContent, index: number): number {
  const form = bytes[at]
  if (form === INTEGER_64_BITS) {
    return addPackedInteger(content, index, readInt32(bytes, at + 1), readInt32(bytes, at + 5))
  }
  const value = shortInteger(bytes, at, form)
  return addPackedInteger(content, index, value, signOf(value))
}

function shortInteger(bytes: Uint8Array, at: number, form: number): number {
  if (form < 0x80) return form
  if (form < 0xe0) return (((form << 8) | bytes[at + 1]) << 19) >> 19
  if (form === 0xf1) return readInt16(bytes, at + 1)
  return form === 0xf2 ? readInt24(bytes, at + 1) : readInt32(bytes, at + 1)
}

/** The bounds are Redis's own, one below what the groups could hold. */
function backLength(entryBytes: number): number {
  if (entryBytes <= 127) return 1
  if (entryBytes < 16_383) return 2
  if (entryBytes < 2_097_151) return 3
  return entryBytes < 268_435_455 ? 4 : 5
}

function isBackLength(bytes: Uint8Array, at: number, entryBytes: number, count: number): boolean {
  for (let index = 0; index < count; index++) {
    const group = Math.floor(entryBytes / 2 ** (7 * (count - 1 - index))) & 0x7f
    if (bytes[at + index] !== (index === 0 ? group : group | 0x80)) return false
  }
  return true
}
