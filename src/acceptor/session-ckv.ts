// CKV: what only this server has. Served in every profile.

import { map, type ReplyTree } from '../catalog/reply-tree.ts'
import { logText, tokenText } from '../monitor/info-sections.ts'
import { readShardNumbers, type ShardNumbers } from '../monitor/shard-numbers.ts'
import { encodeValue } from './encode-value.ts'
import type { Session } from './session.ts'

/** One map a shard. Read without tokens, so it answers while a shard is busy or stuck. */
export function ckvShards(session: Session): void {
  const { reply, facts, sides } = session
  reply.arrayHeader(facts.shardCount)
  for (let shard = 0; shard < facts.shardCount; shard++) {
    encodeValue(reply, shardRow(readShardNumbers(sides[shard], facts.shardCount)))
  }
}

function shardRow(shard: ShardNumbers): ReplyTree {
  return map([
    ['shard', shard.shard],
    ['slots', `${shard.firstSlot}-${shard.lastSlot}`],
    ['keys', shard.keys],
    ['expires', shard.expiring],
    ['memory-used', shard.memoryUsedBytes],
    ['memory-capacity', shard.memoryCapacityBytes],
    ['memory-high-water', shard.memoryHighWaterBytes],
    ['lsn-appended', shard.appendedLsn],
    ['lsn-written', shard.writtenLsn],
    ['lsn-durable', shard.durableLsn],
    ['log', logText(shard)],
    ['epoch', shard.epoch],
    ['token', tokenText(shard)],
    ['token-waiters', shard.waiters],
    ['watched', shard.watched],
  ])
}
