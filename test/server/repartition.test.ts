// The same data under another number of shards: all there, in both directions, with their
// databases and expiries, also when the server was killed before.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { MixedCommands } from '../support/mixed-commands.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { makeDirectory, removeDirectory, startCkv } from '../support/server.ts'

const KEYS = 3000

async function contents(client: RespClient): Promise<Map<string, Reply>> {
  const found = new Map<string, Reply>()
  for (const database of ['0', '1', '2', '15']) {
    await client.send('SELECT', database)
    const keys = ((await client.send('KEYS', '*')) as string[]).sort()
    const values = await client.pipeline(keys.map((key) => ['GET', key]))
    for (const [index, key] of keys.entries()) found.set(`${database} ${key}`, values[index])
  }
  return found
}

t.test('2 shards, 8, 1 and 2 again', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const flags = (shards: number): string[] => [
    ...['--shards', String(shards), '--shard-memory', '64mb'],
    ...['--acceptors', '1', '--workers', '2'],
  ]
  let server = await startCkv({ directory, flags: flags(2) })
  let client = await server.connect()
  const mixed = new MixedCommands(new SeededRandom(11), 'mix', true, 2000).take(1000)
  await client.pipeline(mixed.map(({ words }) => words))
  await client.send('SELECT', '0')
  await client.pipeline(
    Array.from({ length: KEYS }, (_, index) => ['SET', `key${index}`, `value${index}`]),
  )
  await client.pipeline([
    ['SET', 'large', 'x'.repeat(3_000_000)],
    ['SET', 'expiring', 'v', 'EX', '1000'],
    ['SELECT', '15'],
    ['SET', 'fifteen', 'v'],
    ['FLUSHDB'],
    ['SET', 'fifteen', 'w'],
  ])
  const before = await contents(client)
  t.ok(before.size > KEYS, `${before.size} keys`)
  await client.close()
  await server.stop()
  for (const [shards, killed] of [
    [8, false],
    [1, true],
    [8, true],
    [2, false],
  ] as const) {
    server = await startCkv({ directory, flags: flags(shards) })
    client = await server.connect()
    const after = await contents(client)
    const wrong = [...before.keys()].filter((key) => after.get(key) !== before.get(key))
    t.same(wrong, [], `all keys with ${shards} shards`)
    t.equal(after.size, before.size, 'and no others')
    await client.send('SELECT', '0')
    const ttl = Number(await client.send('TTL', 'expiring'))
    t.ok(ttl > 900 && ttl <= 1000, `the expiry is kept: ${ttl} s`)
    const slots = (await client.send('CLUSTER', 'SLOTS')) as Reply[]
    t.equal(slots.length, shards)
    await client.send('SET', 'written-after', String(shards))
    before.set('0 written-after', String(shards))
    await client.close()
    if (killed) await server.killNine()
    else await server.stop()
  }
})

t.test('what is cut of the old logs is said: they go away', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  let server = await startCkv({ directory, flags: ['--shards', '1', '--shard-memory', '64mb'] })
  let client = await server.connect()
  await client.send('SET', 'key', 'value')
  await client.close()
  await server.killNine()
  const segment = join(directory, 'gen-1', 'shards', '000', 'segment-000001.ckv')
  appendFileSync(segment, 'a torn block')
  server = await startCkv({ directory, flags: ['--shards', '2', '--shard-memory', '64mb'] })
  client = await server.connect()
  t.equal(await client.send('GET', 'key'), 'value')
  await client.close()
  const lines = server.process.stderr.split('\n').filter((line) => line.includes(segment))
  t.equal(lines.length, 1)
  t.match(lines[0], /"level":40.*shard 0: cut 12 bytes of .* block header is cut short/)
  await server.stop()
})
