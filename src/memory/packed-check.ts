// Is a packed list whole? Reads every byte of it and none outside, whatever they are: lists come
// from payloads that clients send.

import { readInt32 } from '../base/int64.ts'
import { backLengthBytes, entryLength } from './packed-entry.ts'
import {
  INTEGER_64,
  PACKED_COUNT_OFFSET,
  PACKED_COUNT_UNKNOWN,
  PACKED_EMPTY_BYTES,
  PACKED_END,
  PACKED_HEADER_BYTES,
  STRING_12,
  STRING_32,
  STRING_32_HEAD_BYTES,
} from './packed-layout.ts'

/**
 * '' or what is wrong with the list in the `capacity` bytes from `start`. It may be shorter than
 * them, and empty; what its elements mean is the caller's. Walking backwards needs no second pass:
 * a back length that is exactly the one Redis writes leads to where its entry begins.
 */
export function packedCheck(bytes: Uint8Array, start: number, capacity: number): string {
  const room = Math.min(capacity, bytes.length - start)
  if (!(start >= 0 && room >= PACKED_EMPTY_BYTES)) return 'a packed list is shorter than its header'
  const length = readInt32(bytes, start) >>> 0
  if (length < PACKED_EMPTY_BYTES) return 'a packed list says it is shorter than its header'
  if (length > room) return 'a packed list says it is longer than its room'
  const end = start + length - 1
  if (bytes[end] !== PACKED_END) return 'a packed list has no end'
  let at = start + PACKED_HEADER_BYTES
  let count = 0
  for (; at < end; count++) {
    const wrong = entryWrong(bytes, at, end)
    if (wrong !== '') return wrong
    const own = entryLength(bytes, at)
    at += own + backLengthBytes(own)
  }
  const said = bytes[start + PACKED_COUNT_OFFSET] | (bytes[start + PACKED_COUNT_OFFSET + 1] << 8)
  const known = said !== PACKED_COUNT_UNKNOWN
  return known && said !== count ? 'a packed list has another count than it says' : ''
}

/** The entry at `at` must end at or in front of `end`. */
function entryWrong(bytes: Uint8Array, at: number, end: number): string {
  const first = bytes[at]
  if (first > INTEGER_64) return 'a packed list has an unknown encoding'
  const headBytes = first === STRING_32 ? STRING_32_HEAD_BYTES : first >= STRING_12 ? 2 : 1
  if (at + headBytes > end) return 'a packed list ends within an entry'
  const length = entryLength(bytes, at)
  const backBytes = backLengthBytes(length)
  if (at + length + backBytes > end) return 'a packed list ends within an entry'
  let rest = length
  for (let place = at + length + backBytes - 1; place >= at + length; place--) {
    const isFirst = place === at + length
    const expected = isFirst ? rest : (rest & 0x7f) | 0x80
    if (bytes[place] !== expected) return 'a packed list has a wrong back length'
    rest = Math.floor(rest / 128)
  }
  return ''
}
