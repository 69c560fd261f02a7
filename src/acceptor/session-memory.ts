// MEMORY about the whole server: from the numbers of the shards and the process, as INFO has them.
// On the acceptor. [redis-7.0 object.c]

import { DATABASE_COUNT } from '../base/limits.ts'
import { map, type ReplyTree } from '../catalog/reply-tree.ts'
import { readProcessNumbers } from '../monitor/process-numbers.ts'
import { readShardNumbers, type ShardNumbers } from '../monitor/shard-numbers.ts'
import { encodeValue } from './encode-value.ts'
import type { Session } from './session.ts'

/** Below so many bytes there is nothing to say. [redis-7.0 object.c] */
const EMPTY_BYTES = 5_242_880
/** A shard that is fuller than this soon answers -OOM. */
const FULL_SHARE = 0.9

function shardsOf({ sides, facts }: Session): ShardNumbers[] {
  return sides.map((side) => readShardNumbers(side, facts.shardCount))
}

function sum(shards: readonly ShardNumbers[], numberOf: (shard: ShardNumbers) => number): number {
  return shards.reduce((total, shard) => total + numberOf(shard), 0)
}

export function memoryStats(session: Session): void {
  const shards = shardsOf(session)
  const { residentBytes } = readProcessNumbers()
  const used = sum(shards, (shard) => shard.memoryUsedBytes)
  const peak = sum(shards, (shard) => shard.memoryHighWaterBytes)
  const keys = sum(shards, (shard) => shard.keys)
  const entries: [string, ReplyTree][] = [
    ['peak.allocated', peak],
    ['total.allocated', used],
    ['startup.allocated', 0],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['aof.buffer', sum(shards, (shard) => Math.max(0, shard.appendedLsn - shard.writtenLsn))],
  ]
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const count = sum(shards, (shard) => shard.databases[database].keys)
    if (count > 0) entries.push([`db.${database}`, map([['keys.count', count]])])
  }
  entries.push(
    ['keys.count', keys],
    ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(used / keys)],
    ['dataset.bytes', used],
    ['peak.percentage', percentage(used, peak)],
    ['allocator.allocated', used],
    ['allocator.resident', residentBytes],
    ['fragmentation', used === 0 ? '0' : String(residentBytes / used)],
    ['fragmentation.bytes', residentBytes - used],
  )
  encodeValue(session.reply, map(entries))
}

function percentage(part: number, whole: number): string {
  return whole === 0 ? '0' : String((part / whole) * 100)
}

export function memoryDoctor(session: Session): void {
  const shards = shardsOf(session)
  const used = sum(shards, (shard) => shard.memoryUsedBytes)
  const full = shards.filter(
    ({ memoryUsedBytes, memoryCapacityBytes }) =>
      memoryUsedBytes > memoryCapacityBytes * FULL_SHARE,
  )
  const lines = full.map(({ shard }) => {
    return `shard ${shard} is nearly full: it answers -OOM to writes when it is (--shard-memory).`
  })
  if (used < EMPTY_BYTES) {
    session.reply.verbatim('This instance is nearly empty, so there is nothing to say.\n')
  } else if (lines.length === 0) {
    session.reply.verbatim('No shard is nearly full. Freed memory is used again by its shard.\n')
  } else session.reply.verbatim(`${lines.join('\n')}\n`)
}

/** Freed memory is used again by its shard and never given back: there is nothing to do. */
export function memoryPurge(session: Session): void {
  session.reply.ok()
}

export function memoryMallocStats(session: Session): void {
  const lines = shardsOf(session).map((shard) => {
    const { memoryUsedBytes, memoryHighWaterBytes, memoryCapacityBytes } = shard
    return (
      `shard ${shard.shard}: used ${memoryUsedBytes}, touched ${memoryHighWaterBytes}, ` +
      `reserved ${memoryCapacityBytes}`
    )
  })
  session.reply.verbatim(`${lines.join('\n')}\n`)
}
