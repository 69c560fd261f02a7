// The same random commands to our handlers and to a real Redis 7.0: profile redis has to answer
// alike. CKV_TEST_LONG=1 runs ten times as many.

import t from 'tap'
import { ERROR_NAME_BYTES_MAX } from '../../src/base/limits.ts'
import { findCommand } from '../../src/catalog/lookup.ts'
import { sameReply, show } from '../compat/compare.ts'
import { CommandGenerator, type Words } from '../compat/generator.ts'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const COMMANDS_PER_SEED = LONG ? 100_000 : 10_000
const SEEDS = [
  { seed: 1, shards: 1 },
  { seed: 2, shards: 4 },
]
t.setTimeout(300_000)

const BATCH_COMMANDS = 250
const MISMATCHES_SHOWN = 10

/** Redis keeps times as 64-bit integers, we as doubles: beyond 2^53 ms (year 287396) ours end. */
const FAR_TIME_SECONDS = 9_000_000_000_000

function isExplained(words: Words, theirs: Reply): boolean {
  const name = String(words[0]).toLowerCase()
  if (/^p?(ttl|expiretime)$/.test(name)) {
    return typeof theirs === 'number' && theirs >= FAR_TIME_SECONDS
  }
  // Redis removes expired keys in the background, here nobody does.
  if (name === 'dbsize') return typeof theirs === 'number'
  // Redis takes any number for a cursor, we those that a scan has given.
  if (name === 'scan') return String(words[1]) !== '0'
  // The same time from now twice in one batch: in Redis the second may be a millisecond later.
  if (/^p?expire$/.test(name) && /^[gl]t$/i.test(String(words[3]))) return true
  // Texts that repeat what the client sent are cut at 128 bytes.
  return JSON.stringify(theirs).startsWith('{"error":"ERR Unsupported option') && longWord(words)
}

function longWord(words: Words): boolean {
  return words.some((word) => word.length > ERROR_NAME_BYTES_MAX)
}

function isForShards(words: Words): boolean {
  const name = Buffer.from(words[0])
  return findCommand(name, 0, name.length)?.place === 'shard'
}

function nextBatch(generator: CommandGenerator): Words[] {
  const batch: Words[] = []
  while (batch.length < BATCH_COMMANDS) {
    const words = generator.next()
    if (isForShards(words)) batch.push(words)
  }
  return batch
}

async function compare(oracle: RedisServer, seed: number, shards: number): Promise<string[]> {
  await oracle.pipeline([['FLUSHALL']])
  const fixture = new ShardFixture({ profile: 'redis', shards, arenaBytes: 33_554_432 })
  const generator = new CommandGenerator({ seed, nowMs: Date.now(), profile: 'redis' })
  const mismatches: string[] = []
  for (let done = 0; done < COMMANDS_PER_SEED; done += BATCH_COMMANDS) {
    const batch = nextBatch(generator)
    fixture.clock.nowMs = Date.now()
    const theirs = await oracle.pipeline(batch)
    batch.forEach((words, index) => {
      const ours = fixture.run(...words)
      if (sameReply(words, ours, theirs[index]) || isExplained(words, theirs[index])) return
      const both = `${JSON.stringify(ours)} but Redis ${JSON.stringify(theirs[index])}`
      mismatches.push(`${show(words)}: ${both}`.slice(0, 400))
    })
  }
  if (fixture.findings().length > 0) mismatches.push(...fixture.findings())
  if (JSON.stringify(fixture.contents()) !== JSON.stringify(fixture.recovered())) {
    mismatches.push('the log does not give back what is stored')
  }
  return mismatches
}

t.test('random commands against Redis 7.0', { skip: redisSkip(), timeout: 300_000 }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  for (const { seed, shards } of SEEDS) {
    const mismatches = await compare(oracle, seed, shards)
    t.same(mismatches.slice(0, MISMATCHES_SHOWN), [], `seed ${seed}, ${shards} shards`)
    t.comment(`commands ${COMMANDS_PER_SEED} mismatches ${mismatches.length} limit 0`)
  }
})
