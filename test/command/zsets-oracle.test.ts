// Random sorted set commands to our handlers and to a real Redis 7.0, packed and large: profile
// redis has to answer alike. CKV_TEST_LONG=1 runs twenty times as many.

import t from 'tap'
import { findCommand } from '../../src/catalog/lookup.ts'
import { sameReply, show } from '../compat/compare.ts'
import { CommandGenerator, type Words } from '../compat/generator.ts'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const COMMANDS_PER_SEED = process.env.CKV_TEST_LONG === '1' ? 200_000 : 10_000
const FIRST_SEED = Number(process.env.CKV_TEST_SEED ?? 1)
/** Members of a packed set: Redis's default, and so few that most sets are large. */
const RUNS = [
  { seed: FIRST_SEED, shards: 1, entriesMax: 128 },
  { seed: FIRST_SEED + 1, shards: 3, entriesMax: 3 },
]
/** Bytes of a packed member. */
const VALUE_BYTES_MAX = 100
const BATCH_COMMANDS = 250
const MISMATCHES_SHOWN = 10

const OTHERS = new Set(['del', 'exists', 'type', 'expireat', 'persist'])

function isWanted(words: Words): boolean {
  const name = Buffer.from(words[0])
  const row = findCommand(name, 0, name.length)
  if (row === undefined || (row.group !== 'sorted-set' && !OTHERS.has(row.name))) return false
  return words.every((word) => word.length <= VALUE_BYTES_MAX)
}

function nextBatch(generator: CommandGenerator): Words[] {
  const batch: Words[] = []
  while (batch.length < BATCH_COMMANDS) {
    const words = generator.next()
    if (isWanted(words)) batch.push(words)
  }
  return batch
}

/** A large set of Redis keeps -0, a packed one does not; here none does. */
function unsigned(reply: Reply): Reply {
  return JSON.parse(JSON.stringify(reply).replaceAll('"-0"', '"0"'))
}

async function compare(oracle: RedisServer, run: (typeof RUNS)[number]): Promise<string[]> {
  const { seed, shards, entriesMax } = run
  await oracle.pipeline([
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'zset-max-listpack-entries', String(entriesMax)],
    ['CONFIG', 'SET', 'zset-max-listpack-value', String(VALUE_BYTES_MAX)],
  ])
  const fixture = new ShardFixture({ profile: 'redis', shards, arenaBytes: 16_777_216 })
  for (const { limits } of fixture.sides) {
    limits.zsetEntriesMax = entriesMax
    limits.zsetValueBytesMax = VALUE_BYTES_MAX
  }
  const generator = new CommandGenerator({ seed, nowMs: Date.now(), profile: 'redis' })
  const mismatches: string[] = []
  for (let done = 0; done < COMMANDS_PER_SEED; done += BATCH_COMMANDS) {
    const batch = nextBatch(generator)
    fixture.clock.nowMs = Date.now()
    const theirs = await oracle.pipeline(batch)
    batch.forEach((words, index) => {
      const ours = fixture.run(...words)
      if (sameReply(words, unsigned(ours), unsigned(theirs[index]))) return
      const both = `${JSON.stringify(ours)} but Redis ${JSON.stringify(theirs[index])}`
      mismatches.push(`${show(words)}: ${both}`.slice(0, 400))
    })
  }
  mismatches.push(...fixture.findings())
  if (JSON.stringify(fixture.contents()) !== JSON.stringify(fixture.recovered())) {
    mismatches.push('the log does not give back what is stored')
  }
  return mismatches
}

t.test('random commands against Redis 7.0', { skip: redisSkip(), timeout: 300_000 }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  for (const run of RUNS) {
    const mismatches = await compare(oracle, run)
    t.same(mismatches.slice(0, MISMATCHES_SHOWN), [], JSON.stringify(run))
    t.comment(`commands ${COMMANDS_PER_SEED} mismatches ${mismatches.length} limit 0`)
  }
})
