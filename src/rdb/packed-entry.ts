// An entry of a packed form on its way into the content: in a sorted set every second one is the
// score of the one before.

import { parseDouble } from '../base/numbers.ts'
import { CONTENT_HASH, CONTENT_ZSET, type RdbContent } from './content.ts'
import { RDB_BAD_DATA, RDB_READ, RDB_TOO_LARGE } from './outcome.ts'

const TWO_POWER_32 = 2 ** 32

function isScore(content: RdbContent, index: number): boolean {
  return content.type === CONTENT_ZSET && (index & 1) === 1
}

/** @param index of the entry in its packed form */
export function addPackedBytes(
  content: RdbContent,
  index: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (!isScore(content, index)) {
    return content.add(bytes, start, length) ? RDB_READ : RDB_TOO_LARGE
  }
  const score = parseDouble(bytes, start, length)
  if (score === undefined) return RDB_BAD_DATA
  return content.setScore(score) ? RDB_READ : RDB_TOO_LARGE
}

/** An integer of 64 bits in two halves. */
export function addPackedInteger(
  content: RdbContent,
  index: number,
  low: number,
  high: number,
): number {
  const fits = isScore(content, index)
    ? content.setScore(high * TWO_POWER_32 + (low >>> 0))
    : content.addInteger(low, high)
  return fits ? RDB_READ : RDB_TOO_LARGE
}

/** Whether so many entries can be what the content is. */
export function isWholeCount(content: RdbContent, entries: number): boolean {
  return (content.type !== CONTENT_ZSET && content.type !== CONTENT_HASH) || (entries & 1) === 0
}

/** The halves above 32 bits of what was read as a signed number of 32. */
export function signOf(low: number): number {
  return low >> 31
}
