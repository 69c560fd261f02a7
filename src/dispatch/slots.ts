// Key -> slot -> shard. A key's slot is CRC16 of the key, or of what stands between the first '{'
// and the next '}' if that is not empty. [redis-3.2 cluster.c keyHashSlot]
// Shard s of S owns the slots whose number * S / SLOT_COUNT rounds down to s: contiguous ranges.

import { crc16 } from '../base/crc16.ts'
import { SLOT_COUNT } from '../base/limits.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SLOT_BITS = 14

export function slotOfKey(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  for (let open = start; open < end; open++) {
    if (bytes[open] !== OPEN_BRACE) continue
    for (let close = open + 1; close < end; close++) {
      if (bytes[close] !== CLOSE_BRACE) continue
      if (close === open + 1) break
      return crc16(bytes, open + 1, close - open - 1) & (SLOT_COUNT - 1)
    }
    break
  }
  return crc16(bytes, start, length) & (SLOT_COUNT - 1)
}

export function shardOfSlot(slot: number, shardCount: number): number {
  return (slot * shardCount) >>> SLOT_BITS
}

/** First slot that a shard owns; the shard ends before firstSlotOfShard(shard + 1). */
export function firstSlotOfShard(shard: number, shardCount: number): number {
  return Math.ceil((shard * SLOT_COUNT) / shardCount)
}
