// Sets of integers: [redis-7.0 intset.c]
//
//   ┌─────────────────────────┬──────────┬───────────────────────────────────┐
//   │ bytes a member: 2, 4, 8 │ count    │ members, ascending, little-endian │
//   │ 4 bytes LE              │ 4 bytes  │                                   │
//   └─────────────────────────┴──────────┴───────────────────────────────────┘

import type { RdbContent } from './content.ts'
import { readInt16, readInt32, readUint32 } from './little-endian.ts'
import { RDB_BAD_DATA, RDB_READ, RDB_TOO_LARGE } from './outcome.ts'
import { signOf } from './packed-entry.ts'

const HEAD_BYTES = 8

/** Members that do not ascend are refused, so none is there twice. */
export function readIntset(
  bytes: Uint8Array,
  start: number,
  length: number,
  content: RdbContent,
): number {
  if (length < HEAD_BYTES) return RDB_BAD_DATA
  const width = readUint32(bytes, start)
  if (width !== 2 && width !== 4 && width !== 8) return RDB_BAD_DATA
  if (length !== HEAD_BYTES + width * readUint32(bytes, start + 4)) return RDB_BAD_DATA
  const end = start + length
  let lowBefore = 0
  let highBefore = 0
  for (let at = start + HEAD_BYTES; at < end; at += width) {
    const low = width === 2 ? readInt16(bytes, at) : readInt32(bytes, at)
    const high = width === 8 ? readInt32(bytes, at + 4) : signOf(low)
    const isFirst = at === start + HEAD_BYTES
    const ascends = high > highBefore || (high === highBefore && low >>> 0 > lowBefore >>> 0)
    if (!isFirst && !ascends) return RDB_BAD_DATA
    if (!content.addInteger(low, high)) return RDB_TOO_LARGE
    lowBefore = low
    highBefore = high
  }
  return RDB_READ
}
