// Is a member or field in a content twice? An open table of element numbers, by the keyed hash, so
// no payload can make it slow.

import { sameBytes } from '../base/same-bytes.ts'
import { CONTENT_HASH, CONTENT_SET, CONTENT_ZSET, type RdbContent } from '../rdb/content.ts'
import { hashOfKey, type ShardSide } from './side.ts'

export function hasDuplicates(side: ShardSide, content: RdbContent): boolean {
  const { type, count } = content
  if (type !== CONTENT_HASH && type !== CONTENT_SET && type !== CONTENT_ZSET) return false
  const step = type === CONTENT_HASH ? 2 : 1
  let size = 16
  while (size < (count / step) * 2) size *= 2
  const table = new Int32Array(size)
  for (let element = 0; element < count; element += step) {
    if (isThere(side, content, table, element)) return true
  }
  return false
}

/** Enters the element unless an equal one is there. */
function isThere(
  side: ShardSide,
  { bytes, starts, lengths }: RdbContent,
  table: Int32Array,
  element: number,
): boolean {
  const start = starts[element]
  const length = lengths[element]
  const mask = table.length - 1
  let slot = hashOfKey(side, bytes, start, length) & mask
  for (; table[slot] !== 0; slot = (slot + 1) & mask) {
    const other = table[slot] - 1
    if (lengths[other] !== length) continue
    if (sameBytes(bytes, starts[other], bytes, start, length)) return true
  }
  table[slot] = element + 1
  return false
}
