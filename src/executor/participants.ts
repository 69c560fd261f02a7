// Which shards a command needs: from its key arguments, or all of them.

import { SHARDS_MAX } from '../base/limits.ts'
import { findKeys, keyPositions } from '../catalog/keys.ts'
import { KEYLESS_ALL_SHARDS } from '../catalog/spec.ts'
import type { Call } from '../command/call.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'

const marks = new Uint8Array(SHARDS_MAX)

/** Fills `shards` with the needed shard numbers in ascending order; returns how many. */
export function collectShards(call: Call, shards: Int32Array): number {
  const shardCount = call.shardCount
  if ((call.row.flags & KEYLESS_ALL_SHARDS) !== 0) {
    for (let shard = 0; shard < shardCount; shard++) shards[shard] = shard
    return shardCount
  }
  marks.fill(0)
  const { bytes, starts, lengths } = call
  const keys = findKeys(call.row, bytes, starts, lengths, call.argCount)
  for (let key = 0; key < keys; key++) {
    const index = keyPositions[key]
    marks[shardOfSlot(slotOfKey(bytes, starts[index], lengths[index]), shardCount)] = 1
  }
  let count = 0
  for (let shard = 0; shard < shardCount; shard++) if (marks[shard] === 1) shards[count++] = shard
  return count
}
