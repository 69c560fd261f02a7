// Commands that wait for a key, over sockets, in every way to dispatch: who is served first, who
// waits in several slots, that nothing is lost or given twice.

import t, { type Test } from 'tap'
import {
  ask,
  block,
  blockedCount,
  load,
  pipeline,
  REPLY_MS_MAX,
  type Waiting,
} from '../support/blocking.ts'
import { inEveryConfiguration } from '../support/matrix.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const WAITING_COUNT = 200

t.test('who waits in several slots, comes and goes', async (t) => {
  await inEveryConfiguration(t, ['--profile', 'redis'], async (t, server) => {
    await load(server)
    const admin = await server.connect()
    await overShards(t, server, admin)
    await inOrder(t, server, admin)
    await timesOut(t, admin)
    await leaves(t, server, admin)
    await eachOnce(t, server, admin)
    await admin.close()
  })
})

async function overShards(t: Test, server: CkvServer, admin: RespClient): Promise<void> {
  const client = await server.connect()
  const other = await server.connect()
  const keys = Array.from({ length: 8 }, (_, key) => `spread:${key}`)
  for (const key of keys) {
    const { reply } = await block(admin, client, `BLPOP ${keys.join(' ')} 0`)
    t.same(await pipeline(admin, [`RPUSH ${key} ${key}`, `LLEN ${key}`]), [1, 0])
    t.same(await reply, [key, key])
  }
  for (const key of keys) {
    const { reply } = await block(admin, client, `BRPOPLPUSH source ${key} 0`)
    const last = await block(admin, other, `BLPOP ${key} 0`)
    t.same(await ask(admin, 'LPUSH source element'), 1)
    t.equal(await reply, 'element')
    t.same(await last.reply, [key, 'element'], 'a chain over shards')
  }
  t.same(await ask(admin, 'EXISTS source'), 0)
  t.equal(await blockedCount(admin), 0)
  await client.close()
  await other.close()
}

async function inOrder(t: Test, server: CkvServer, admin: RespClient): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 12 }, () => server.connect()))
  const waiting: Waiting[] = []
  for (const client of clients) waiting.push(await block(admin, client, 'BLPOP line 0'))
  for (let index = 0; index < clients.length; index++) await ask(admin, `RPUSH line ${index}`)
  const order = await Promise.all(waiting.map(({ reply }) => reply))
  t.same(
    order,
    clients.map((_, index) => ['line', String(index)]),
    'first come, first served, over all acceptors',
  )
  const [client] = clients
  client.write('BLPOP line 0\r\nPING\r\nRPUSH behind 1\r\nBLPOP behind 0\r\n')
  await until('it waits', REPLY_MS_MAX, async () => (await blockedCount(admin)) === 1)
  t.equal(await ask(admin, 'EXISTS behind'), 0, 'nothing behind it is begun')
  await ask(admin, 'RPUSH line last')
  const replies = [await client.next(), await client.next(), await client.next()]
  t.same(replies, [['line', 'last'], { simple: 'PONG' }, 1])
  t.same(await client.next(), ['behind', '1'])
  for (const each of clients) await each.close()
}

async function timesOut(t: Test, admin: RespClient): Promise<void> {
  const began = performance.now()
  t.equal(await ask(admin, 'BLPOP nothing 0.2'), null)
  t.ok(performance.now() - began >= 199, 'not before its time')
  t.same(await pipeline(admin, ['RPUSH nothing 1', 'LLEN nothing', 'DEL nothing']), [1, 1, 1])
}

/** Nothing is taken for a client that has gone, however it goes. */
async function leaves(t: Test, server: CkvServer, admin: RespClient): Promise<void> {
  const going: ((client: RespClient) => Promise<unknown>)[] = [
    (client) => client.close(),
    async (client) => {
      const list = String(await admin.send('CLIENT', 'LIST'))
      const id = /id=(\d+).* flags=b/.exec(list)?.[1] ?? ''
      t.equal(await ask(admin, `CLIENT KILL ID ${id}`), 1)
      await client.closed
    },
  ]
  for (const go of going) {
    const client = await server.connect()
    await block(admin, client, 'BLPOP gone other 0')
    await go(client)
    await until('nobody waits', REPLY_MS_MAX, async () => (await blockedCount(admin)) === 0)
    t.same(await pipeline(admin, ['RPUSH gone 1', 'LLEN gone', 'DEL gone']), [1, 1, 1])
  }
  // At the moment when they are served: each element is moved, or stays where it is.
  for (let round = 0; round < 20; round++) {
    const client = await server.connect()
    await block(admin, client, 'BRPOPLPUSH from to 0')
    await Promise.all([client.close(), ask(admin, 'LPUSH from element')])
    await until('nobody waits', REPLY_MS_MAX, async () => (await blockedCount(admin)) === 0)
    // The two lists are looked at as one: a move to another shard may come behind the push.
    const lines = ['MULTI', 'LLEN from', 'LLEN to', 'DEL from to', 'EXEC']
    const [from, to] = (await pipeline(admin, lines))[4] as number[]
    t.equal(from + to, 1)
  }
}

async function eachOnce(t: Test, server: CkvServer, admin: RespClient): Promise<void> {
  const clients = await Promise.all(Array.from({ length: WAITING_COUNT }, () => server.connect()))
  const taken = clients.map((client, index) =>
    ask(client, index % 2 === 0 ? 'BLPOP work:1 work:2 0' : 'BRPOP work:2 work:1 0'),
  )
  const all = async (): Promise<boolean> => (await blockedCount(admin)) === WAITING_COUNT
  await until('all wait', REPLY_MS_MAX, all)
  const producers = [await server.connect(), await server.connect()]
  await Promise.all(
    producers.map(async (producer, which) => {
      for (let item = 0; item < WAITING_COUNT / 2; item++) {
        await ask(producer, `LPUSH work:${which + 1} item:${which}:${item}`)
      }
    }),
  )
  const items = (await Promise.all(taken)).map((reply) => String((reply as Reply[])[1]))
  t.equal(new Set(items).size, WAITING_COUNT, 'each got its own element')
  t.same(await pipeline(admin, ['EXISTS work:1 work:2', 'PING']), [0, { simple: 'PONG' }])
  t.equal(await blockedCount(admin), 0)
  for (const client of [...clients, ...producers]) await client.close()
}

t.test('profile extended has one slot a command and 3.2 words', async (t) => {
  const server = await startCkv({ flags: ['--shards', '2', '--shard-memory', '64mb'] })
  const admin = await server.connect()
  const client = await server.connect()
  const crossSlot = { error: "CROSSSLOT Keys in request don't hash to the same slot" }
  t.same(await pipeline(admin, ['BLPOP a b 0', 'BRPOPLPUSH a b 0', 'BLPOP a x', 'BLPOP a -1']), [
    crossSlot,
    crossSlot,
    { error: 'ERR timeout is not an integer or out of range' },
    { error: 'ERR timeout is negative' },
  ])
  const { reply } = await block(admin, client, 'BLPOP {a}1 {a}2 0')
  t.match(await ask(admin, 'CLIENT LIST'), / flags=b /)
  t.same(await pipeline(admin, ['RPUSH {a}2 x y', 'LLEN {a}2']), [2, 1])
  t.same(await reply, ['{a}2', 'x'])
  // Half a connection, as Redis takes it: nothing is taken for who has said its last.
  const half = await server.connect()
  await block(admin, half, 'BLPOP half 0')
  half.end()
  await half.closed
  t.same(await pipeline(admin, ['RPUSH half x', 'LLEN half']), [1, 1])
  await client.close()
  await admin.close()
  await server.stop()
})

t.test('a clean stop does not wait for who waits', async (t) => {
  const server = await startCkv({ flags: ['--shards', '2', '--shard-memory', '64mb'] })
  const admin = await server.connect()
  const client = await server.connect()
  await block(admin, client, 'BLPOP forever 0')
  t.same(await server.stop(), { code: 0, signal: null })
  await client.closed
})
