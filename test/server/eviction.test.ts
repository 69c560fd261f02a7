// A full shard with each eviction policy: writes go on as long as the policy lets something go, and
// the keys that go are the ones it names.

import t from 'tap'
import { EVICTION_POLICIES } from '../../src/keyspace/eviction.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const OOM = { error: "OOM command not allowed when used memory > 'maxmemory'." }
const FLAGS = ['--shards', '1', '--shard-memory', '2mb']
/** More than twice as much as there is room for. */
const KEYS = 4500
const VALUE = 'x'.repeat(1000)
const BATCH = 500

async function start(policy: string): Promise<CkvServer> {
  return startCkv({ flags: [...FLAGS, '--maxmemory-policy', policy] })
}

/** Writes keys; returns how many were refused for want of room. */
async function fill(client: RespClient, from: number, expiry: string[]): Promise<number> {
  let refused = 0
  for (let at = 0; at < KEYS; at += BATCH) {
    const commands = Array.from({ length: BATCH }, (_, index) => [
      'SET',
      `key:${from + at + index}`,
      VALUE,
      ...expiry,
    ])
    for (const reply of await client.pipeline(commands)) {
      if (JSON.stringify(reply) === JSON.stringify(OOM)) refused++
      else if (JSON.stringify(reply) !== '{"simple":"OK"}') throw new Error(JSON.stringify(reply))
    }
  }
  return refused
}

async function evictedKeys(client: RespClient): Promise<number> {
  const text = String(await client.send('INFO', 'stats'))
  return Number(/evicted_keys:(\d+)/.exec(text)?.[1])
}

for (const { name, volatile } of EVICTION_POLICIES) {
  t.test(name, async (t) => {
    const server = await start(name)
    t.teardown(() => server.stop())
    const client = await server.connect()
    const first = await fill(client, 0, ['EX', '100000'])
    if (name === 'noeviction') {
      t.ok(first > KEYS / 2, 'most writes are refused')
      t.equal(await evictedKeys(client), 0)
      await client.close()
      return
    }
    t.equal(first, 0, 'room is made for keys with an expiry')
    const left = Number(await client.send('DBSIZE'))
    // A thread counts what it did after its replies have left.
    await until('every key is there or counted', 5000, async () => {
      return (await evictedKeys(client)) === KEYS - left
    })
    t.ok(left < KEYS / 2, `${KEYS - left} keys went`)
    const refused = await fill(client, KEYS, [])
    if (volatile) t.ok(refused > 0, 'keys without an expiry are never removed')
    else t.equal(refused, 0)
    // Lists, hashes and large values make room for themselves too.
    if (!volatile) {
      t.equal(await client.send('HSET', 'h', ...fields(2000)), 2000)
      t.same(await client.send('SET', 'large', 'y'.repeat(300_000)), { simple: 'OK' })
    }
    await client.close()
  })
}

function fields(count: number): string[] {
  return Array.from({ length: count * 2 }, (_, index) => `field:${index}`)
}

t.test('what is used stays', async (t) => {
  for (const policy of ['allkeys-lru', 'allkeys-lfu']) {
    const server = await start(policy)
    const client = await server.connect()
    await client.pipeline(hotKeys().map((key) => ['SET', key, VALUE]))
    for (let round = 0; round < 10; round++) {
      const uses: string[][] = []
      for (let use = 0; use < 10; use++) uses.push(...hotKeys().map((key) => ['GET', key]))
      await client.pipeline(uses)
      const commands = Array.from({ length: 500 }, (_, index) => [
        'SET',
        `cold:${round * 500 + index}`,
        VALUE,
      ])
      await client.pipeline(commands)
    }
    const kept = (await client.send('EXISTS', ...hotKeys())) as number
    // Times of use have a second's resolution, and all of this takes less: only uses can be told.
    if (policy === 'allkeys-lfu') t.ok(kept >= 95, `${policy}: ${kept} of 100 stayed`)
    t.ok((await evictedKeys(client)) > 2000)
    await client.close()
    await server.stop()
  }
})

function hotKeys(): string[] {
  return Array.from({ length: 100 }, (_, index) => `{hot}:${index}`)
}

t.test('what was evicted stays away after a restart', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const flags = [...FLAGS, '--maxmemory-policy', 'allkeys-random']
  let server = await startCkv({ directory, flags })
  let client = await server.connect()
  await fill(client, 0, [])
  const before = sorted(await client.send('KEYS', '*'))
  await client.close()
  await server.stop()
  server = await startCkv({ directory, flags })
  client = await server.connect()
  t.same(sorted(await client.send('KEYS', '*')), before)
  await client.close()
  await server.stop()
})

function sorted(reply: Reply): string[] {
  return (reply as string[]).toSorted()
}
