// Which shards a command needs: from its key arguments, or all of them.

import { SHARDS_MAX } from '../base/limits.ts'
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
  const row = call.row
  const last = row.lastKey < 0 ? call.argCount + row.lastKey : row.lastKey
  for (let index = row.firstKey; index <= last; index += row.keyStep) {
    const slot = slotOfKey(call.bytes, call.starts[index], call.lengths[index])
    marks[shardOfSlot(slot, shardCount)] = 1
  }
  let count = 0
  for (let shard = 0; shard < shardCount; shard++) if (marks[shard] === 1) shards[count++] = shard
  return count
}
