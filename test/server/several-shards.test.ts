// Commands over several shards under load by others: atomic for every reader, never starved.

import t, { type Test } from 'tap'
import { inEveryConfiguration } from '../support/matrix.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until, within } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const SHARDS = 8
const WRITERS = 2
const READERS = 2
const LOADERS = 4
const ROUNDS = LONG ? 400 : 60
const REPLY_MS_MAX = 15_000
/** Enough of them to meet every shard, which the test checks. */
const KEYS = Array.from({ length: SHARDS * 8 }, (_, index) => `group:${index}`)

t.test('MSET and MGET over 8 shards', async (t) => {
  await inEveryConfiguration(t, ['--shards', String(SHARDS)], async (t, server) => {
    await checkSpread(t, server)
    const times: number[] = []
    let done = false
    const loaders = Array.from({ length: LOADERS }, (_, index) => load(server, index, () => done))
    const writers = Array.from({ length: WRITERS }, (_, index) => writeAll(server, index, times))
    const readers = Array.from({ length: READERS }, () => readAll(t, server, times, () => done))
    await Promise.all(writers)
    done = true
    await Promise.all([...loaders, ...readers])
    times.sort((a, b) => a - b)
    const p99 = times[Math.floor(times.length * 0.99)]
    const slowest = times.at(-1) ?? 0
    t.comment(`figure MSET/MGET over 8 shards: p99 ${p99.toFixed(1)} ms, limit 10`)
    t.comment(`figure MSET/MGET over 8 shards: slowest ${slowest.toFixed(1)} ms, limit 100`)
    await checkFlush(t, server)
  })
})

async function checkSpread(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  const slots = (await client.pipeline(KEYS.map((key) => ['CLUSTER', 'KEYSLOT', key]))) as number[]
  const shards = new Set(slots.map((slot) => Math.floor((slot * SHARDS) / 16_384)))
  t.equal(shards.size, SHARDS, 'the keys lie on every shard')
  await client.send('MSET', ...KEYS.flatMap((key) => [key, 'start']))
  await client.close()
}

/** Deep pipelines on all shards, as fast as they go. */
async function load(server: CkvServer, index: number, isDone: () => boolean): Promise<void> {
  const client = await server.connect()
  const batch = Array.from({ length: 64 }, (_, at) => ['SET', `load${index}:${at}`, 'v'])
  while (!isDone()) await within('load', REPLY_MS_MAX, client.pipeline(batch))
  await client.close()
}

async function writeAll(server: CkvServer, index: number, times: number[]): Promise<void> {
  const client = await server.connect()
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    const pairs = KEYS.flatMap((key) => [key, `${index}-${round}`])
    await within('MSET', REPLY_MS_MAX, client.send('MSET', ...pairs))
    times.push(performance.now() - start)
  }
  await client.close()
}

async function readAll(
  t: Test,
  server: CkvServer,
  times: number[],
  isDone: () => boolean,
): Promise<void> {
  const client = await server.connect()
  let count = 0
  const torn: string[] = []
  while (!isDone()) {
    const start = performance.now()
    const values = await within('MGET', REPLY_MS_MAX, client.send('MGET', ...KEYS))
    times.push(performance.now() - start)
    const different = new Set(values as string[])
    if (different.size !== 1) torn.push([...different].join(' '))
    count++
  }
  await client.close()
  t.ok(count > 0)
  t.same(torn, [], `${count} MGETs saw all of an MSET or nothing`)
}

/** FLUSHALL while others write: everything before it is gone on every shard. */
async function checkFlush(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  await client.send('FLUSHALL')
  t.equal(await client.send('DBSIZE'), 0)
  await client.close()
}

t.test('commands over two shards at the end of a small ring', async (t) => {
  // Sizes that shift by a few bytes bring every kind of record to the ring's end.
  const server = await startCkv({
    flags: ['--shards', '2', '--dispatch', 'ring', '--shared-memory-budget', '16mb'],
  })
  t.teardown(() => server.stop())
  const client = await server.connect()
  for (let round = 0; round < 3000; round++) {
    const value = 'v'.repeat(64 + (round % 700))
    const pairs = KEYS.slice(0, 8).flatMap((key) => [key, value])
    const reply = await within('MSET', REPLY_MS_MAX, client.send('MSET', ...pairs))
    if (round % 500 === 0) t.same(reply, { simple: 'OK' })
  }
  await client.close()
})

t.test('128 shards', async (t) => {
  const flags = ['--shards', '128', '--shard-memory', '32mb', '--acceptors', '2', '--workers', '2']
  const start = performance.now()
  const server = await startCkv({ flags })
  t.teardown(() => server.stop())
  t.comment(`figure 128 shards ready: ${Math.round(performance.now() - start)} ms, limit 1000`)
  const client = await server.connect()
  const keys = Array.from({ length: 5000 }, (_, index) => `key${index}`)
  const sets = await client.pipeline(keys.map((key) => ['SET', key, key]))
  t.equal(new Set(sets.map((reply) => JSON.stringify(reply))).size, 1, '5000 SETs')
  t.same(await client.pipeline(keys.map((key) => ['GET', key])), keys, '5000 GETs')
  t.same(await client.send('MGET', ...keys), keys, 'MGET of all shards')
  t.same(await client.send('MSET', ...keys.flatMap((key) => [key, 'all'])), { simple: 'OK' })
  t.equal(await client.send('DBSIZE'), keys.length)
  const found = new Set<string>()
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, page] = (await client.send('SCAN', cursor, 'COUNT', '500')) as [string, string[]]
    for (const key of page) found.add(key)
    cursor = next
  }
  t.equal(found.size, keys.length, 'SCAN finds every key')
  const flushStart = performance.now()
  t.same(await client.send('FLUSHALL'), { simple: 'OK' })
  const flushMs = Math.round(performance.now() - flushStart)
  t.comment(`figure FLUSHALL over 128 shards: ${flushMs} ms, limit 200`)
  t.equal(await client.send('DBSIZE'), 0)
  t.equal(((await client.send('CLUSTER', 'SLOTS')) as unknown[]).length, 128)
  await until('it stands still', 5000, async () => (await client.send('PING')) !== null)
  await client.close()
})
