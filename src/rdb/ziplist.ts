// Ziplists, the packed form before Redis 7.0. [redis-7.0 ziplist.c]
//
//   ┌──────────────┬────────────────┬──────────────────┬───────────────────────────┬──────┐
//   │ bytes in all │ where the last │ entries, 2 bytes │ entries: bytes of the one │ 0xff │
//   │ 4 bytes LE   │ one starts, 4  │ 65535: not known │ before, form, bytes       │      │
//   └──────────────┴────────────────┴──────────────────┴───────────────────────────┴──────┘
//
//   bytes of the one before: 1 byte below 254, or 0xfe and 4 bytes LE
//   00LLLLLL             string to 63 bytes       01LLLLLL and 1 byte   to 16383, big-endian
//   10______ and 4 bytes string, big-endian       1111vvvv              v - 1: 0 to 12
//   0xc0 0xd0 0xe0       16, 32, 64 bits LE       0xf0 0xfe             24, 8 bits

import type { RdbContent } from './content.ts'
import {
  readInt16,
  readInt24,
  readInt32,
  readUint16,
  readUint32,
  readUint32BigEndian,
} from './little-endian.ts'
import { RDB_BAD_DATA, RDB_READ } from './outcome.ts'
import { addPackedBytes, addPackedInteger, isWholeCount, signOf } from './packed-entry.ts'

const HEAD_BYTES = 10
const END_BYTE = 0xff
const LARGE_BEFORE = 0xfe
const COUNT_UNKNOWN = 0xffff
const INTEGER_16_BITS = 0xc0
const INTEGER_32_BITS = 0xd0
const INTEGER_64_BITS = 0xe0
const INTEGER_24_BITS = 0xf0
const INTEGER_8_BITS = 0xfe
const IMMEDIATE_MIN = 0xf1
const IMMEDIATE_MAX = 0xfd

/** Adds every entry; none is fine for a node of a list. */
export function readZiplist(
  bytes: Uint8Array,
  start: number,
  length: number,
  content: RdbContent,
): number {
  if (length < HEAD_BYTES + 1 || readUint32(bytes, start) !== length) return RDB_BAD_DATA
  const last = start + length - 1
  let entries = 0
  let bytesBefore = 0
  let at = start + HEAD_BYTES
  while (at < last) {
    const beforeBytes = bytes[at] < LARGE_BEFORE ? 1 : 5
    if (bytes[at] === END_BYTE || beforeBytes >= last - at) return RDB_BAD_DATA
    const before = beforeBytes === 1 ? bytes[at] : readUint32(bytes, at + 1)
    const form = at + beforeBytes
    const headBytes = headLength(bytes[form])
    if (before !== bytesBefore || headBytes === 0 || headBytes > last - form) return RDB_BAD_DATA
    const stringBytes = bytes[form] < INTEGER_16_BITS ? stringLength(bytes, form) : 0
    if (stringBytes > last - form - headBytes) return RDB_BAD_DATA
    const outcome =
      bytes[form] < INTEGER_16_BITS
        ? addPackedBytes(content, entries, bytes, form + headBytes, stringBytes)
        : addInteger(bytes, form, content, entries)
    if (outcome !== RDB_READ) return outcome
    bytesBefore = beforeBytes + headBytes + stringBytes
    at += bytesBefore
    entries++
  }
  if (bytes[last] !== END_BYTE || !isWholeCount(content, entries)) return RDB_BAD_DATA
  if (readUint32(bytes, start + 4) !== at - bytesBefore - start) return RDB_BAD_DATA
  const announced = readUint16(bytes, start + 8)
  return announced === COUNT_UNKNOWN || announced === entries ? RDB_READ : RDB_BAD_DATA
}

/** Bytes of the form, and of the integer; 0: no form. */
function headLength(form: number): number {
  if (form < 0x40) return 1
  if (form < 0x80) return 2
  if (form < INTEGER_16_BITS) return 5
  if (form === INTEGER_16_BITS) return 3
  if (form === INTEGER_32_BITS) return 5
  if (form === INTEGER_64_BITS) return 9
  if (form === INTEGER_24_BITS) return 4
  if (form === INTEGER_8_BITS) return 2
  return form >= IMMEDIATE_MIN && form <= IMMEDIATE_MAX ? 1 : 0
}

function stringLength(bytes: Uint8Array, at: number): number {
  const form = bytes[at]
  if (form < 0x40) return form
  if (form < 0x80) return ((form & 0x3f) << 8) | bytes[at + 1]
  return readUint32BigEndian(bytes, at + 1)
}

function addInteger(bytes: Uint8Array, at: number, content: RdbContent, index: number): number {
  if (bytes[at] === INTEGER_64_BITS) {
    return addPackedInteger(content, index, readInt32(bytes, at + 1), readInt32(bytes, at + 5))
  }
  const value = shortInteger(bytes, at)
  return addPackedInteger(content, index, value, signOf(value))
}

function shortInteger(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case INTEGER_16_BITS:
      return readInt16(bytes, at + 1)
    case INTEGER_32_BITS:
      return readInt32(bytes, at + 1)
    case INTEGER_24_BITS:
      return readInt24(bytes, at + 1)
    case INTEGER_8_BITS:
      return (bytes[at + 1] << 24) >> 24
    default:
      return bytes[at] - IMMEDIATE_MIN
  }
}
