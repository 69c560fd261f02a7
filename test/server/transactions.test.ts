// MULTI, EXEC, DISCARD, WATCH and UNWATCH over sockets, in every way to dispatch: what they answer,
// that nobody sees half a transaction, and that no update is lost under WATCH.

import t, { type Test } from 'tap'
import { inEveryConfiguration } from '../support/matrix.ts'
import { RawClient } from '../support/raw-client.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until, within } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const SHARDS = 8
const REPLY_MS_MAX = 15_000
const OK = { simple: 'OK' }
const QUEUED = { simple: 'QUEUED' }
const ABORTED = { error: 'EXECABORT Transaction discarded because of previous errors.' }
const KEYS = Array.from({ length: SHARDS * 4 }, (_, index) => `group:${index}`)

const error = (text: string): Reply => ({ error: `ERR ${text}` })
const lines = (...commands: string[]): string[][] => commands.map((line) => line.split(' '))

/** Sends the commands in one write. */
function pipeline(client: RespClient, ...commands: string[]): Promise<Reply[]> {
  return within(commands.join('; '), REPLY_MS_MAX, client.pipeline(lines(...commands)))
}

/** The reply to EXEC of the commands, all of which are queued. */
async function transact(client: RespClient, commands: readonly string[][]): Promise<Reply> {
  const all = [['MULTI'], ...commands, ['EXEC']]
  const replies = await within('a transaction', REPLY_MS_MAX, client.pipeline(all))
  return replies.at(-1) ?? null
}

/** How often keys are watched, over all shards. */
async function watched(client: RespClient): Promise<number> {
  const shards = (await client.send('CKV', 'SHARDS')) as Reply[][]
  return shards.reduce((sum, shard) => sum + Number(shard[shard.indexOf('watched') + 1]), 0)
}

t.test('what transactions answer', async (t) => {
  await inEveryConfiguration(t, ['--profile', 'redis'], async (t, server) => {
    const client = await server.connect()
    const other = await server.connect()
    // Something for both ways to dispatch.
    await client.pipeline(Array.from({ length: 400 }, (_, key) => ['SET', `load:${key}`, 'v']))
    await answers(t, client)
    await errors(t, client)
    await watching(t, client, other)
    await ownCommands(t, client, other)
    await many(t, server, client)
    await endings(t, server, client)
    t.equal(await watched(client), 0, 'nothing is watched any more')
    await client.close()
    await other.close()
  })
})

async function answers(t: Test, client: RespClient): Promise<void> {
  t.same(await pipeline(client, 'MULTI', 'SET a 1', 'GET a', 'INCR a', 'EXEC', 'GET a'), [
    OK,
    ...[QUEUED, QUEUED, QUEUED],
    [OK, '1', 2],
    '2',
  ])
  t.same(await pipeline(client, 'MULTI', 'EXEC'), [OK, []], 'an empty one')
  t.same(await pipeline(client, 'MULTI', 'SET a 9', 'DISCARD', 'GET a'), [OK, QUEUED, OK, '2'])
  const spread = KEYS.map((key) => ['SET', key, key])
  t.same(
    await transact(client, spread),
    spread.map(() => OK),
    'on every shard',
  )
  const keyless = lines('DBSIZE', 'MGET group:0 group:1', 'FLUSHALL', 'DBSIZE', 'MSET x 1 y 2')
  const size = (await client.send('DBSIZE')) as number
  t.same(await transact(client, keyless), [size, ['group:0', 'group:1'], OK, 0, OK])
  t.same(await transact(client, lines('DEL x y', 'SCAN 0', 'KEYS *')), [2, ['1', []], []])
  // Word by word, so that each waits for the reply before it.
  t.same(await client.send('MULTI'), OK)
  t.same(await client.send('SET', 'slow', '1'), QUEUED)
  t.same(await client.send('EXEC'), [OK])
}

async function errors(t: Test, client: RespClient): Promise<void> {
  t.same(await pipeline(client, 'MULTI', 'NOSUCH', 'SET e 1', 'EXEC', 'EXISTS e'), [
    OK,
    error("unknown command 'NOSUCH', with args beginning with: "),
    QUEUED,
    ABORTED,
    0,
  ])
  t.same((await pipeline(client, 'MULTI', 'GET', 'EXEC')).at(-1), ABORTED, 'arity')
  t.same(await pipeline(client, 'EXEC', 'DISCARD'), [
    error('EXEC without MULTI'),
    error('DISCARD without MULTI'),
  ])
  t.same(
    await pipeline(client, 'MULTI', 'MULTI', 'WATCH a', 'INCR e', 'UNWATCH', 'EXEC', 'DEL e'),
    [
      OK,
      error('MULTI calls can not be nested'),
      error('WATCH inside MULTI is not allowed'),
      ...[QUEUED, QUEUED],
      [1, OK],
      1,
    ],
    'refusals that do not count',
  )
  t.same(await pipeline(client, 'MULTI', 'EXEC now', 'EXEC'), [
    OK,
    {
      error:
        "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
    },
    error('EXEC without MULTI'),
  ])
  t.same(
    await transact(client, lines('SET e text', 'INCR e', 'SET e 5', 'INCR e')),
    [OK, error('value is not an integer or out of range'), OK, 6],
    'errors of execution stop nothing',
  )
}

/** Each ends with what EXEC answered; `touching` is what happens after WATCH. */
async function watching(t: Test, client: RespClient, other: RespClient): Promise<void> {
  const keys = ['w', 'w2', 'gone', 'long']
  const after = async (touching: () => Promise<unknown>): Promise<Reply> => {
    await pipeline(other, 'FLUSHALL', 'MSET w 1 w2 2', 'SETEX long 1000 v')
    t.same(await client.send('WATCH', ...keys), OK)
    await touching()
    return transact(client, lines('SET done 1'))
  }
  t.same(await after(async () => {}), [OK], 'untouched')
  t.same(await after(() => other.send('SET', 'w3', '1')), [OK], 'another key')
  t.same(await after(() => pipeline(other, 'SELECT 1', 'SET w 1', 'DEL w', 'SELECT 0')), [OK])
  t.same(await after(() => pipeline(other, 'GET w', 'TTL long', 'DEL gone')), [OK], 'nothing done')
  t.same(await after(() => client.send('UNWATCH')), [OK])
  const touches = [
    ...['SET w 1', 'SET gone 1', 'DEL w2', 'APPEND w x', 'EXPIRE w 100', 'PERSIST long'],
    ...['MSET w3 1 w2 2', 'RENAME w w3', 'RENAME w2 gone', 'FLUSHDB', 'FLUSHALL', 'INCR w2'],
    ...['PEXPIRE w2 -1', 'GETDEL w', 'SETRANGE w 3 x', 'BITOP NOT w w2', 'GETEX long PERSIST'],
  ]
  for (const touch of touches) {
    t.equal(await after(() => pipeline(other, touch)), null, touch)
    t.equal(await client.send('EXISTS', 'done'), 0, `${touch}: nothing was executed`)
  }
  t.equal(await after(() => client.send('INCR', 'w')), null, 'by itself')
  t.equal(await after(() => transact(other, lines('GET w2', 'SET w2 3'))), null, 'by a transaction')
  t.same(await after(() => pipeline(other, 'DEL w', 'SET w 1')), null, 'there and back')
  // A key that has to exist to be touched.
  await pipeline(other, 'FLUSHALL')
  await pipeline(client, 'WATCH none')
  await pipeline(other, 'SET some 1', 'FLUSHALL')
  t.same(await transact(client, lines('PING')), [{ simple: 'PONG' }], 'a flush without the key')
  await expiries(t, client, other)
}

async function expiries(t: Test, client: RespClient, other: RespClient): Promise<void> {
  await pipeline(client, 'PSETEX soon 60 v', 'WATCH soon')
  await until('it has expired', 5000, async () => (await other.send('PTTL', 'soon')) === -2)
  t.equal(await transact(client, lines('PING')), null, 'expired and removed since')
  await pipeline(client, 'PSETEX soon 40 v', 'WATCH soon')
  const start = performance.now()
  await until('its time is over', 5000, () => performance.now() - start > 60)
  t.equal(await transact(client, lines('PING')), null, 'expired since')
  await pipeline(client, 'PSETEX soon 1 v')
  const again = performance.now()
  await until('its time is over', 5000, () => performance.now() - again > 20)
  await pipeline(client, 'WATCH soon')
  await pipeline(other, 'GET soon', 'DEL soon')
  t.same(await transact(client, lines('SET soon 1')), [OK], 'expired before')
}

async function ownCommands(t: Test, client: RespClient, other: RespClient): Promise<void> {
  await client.send('FLUSHALL')
  const inside = lines('SET k 0', 'SELECT 3', 'SET k 3', 'ECHO hi', 'GET k', 'SELECT 99', 'PING')
  t.same(await transact(client, inside), [
    ...[OK, OK, OK, 'hi', '3', error('DB index is out of range')],
    { simple: 'PONG' },
  ])
  t.same(await pipeline(client, 'GET k', 'SELECT 0', 'GET k'), ['3', OK, '0'], 'SELECT stays')
  t.same(await transact(client, lines('ECHO a', 'ECHO b')), ['a', 'b'], 'no shard at all')
  const time = (await transact(
    client,
    lines('TIME', 'CLIENT SETNAME me', 'CLIENT GETNAME'),
  )) as Reply[]
  t.match(JSON.stringify(time), /^\[\["\d+","\d+"\],\{"simple":"OK"\},"me"\]$/)
  await pipeline(client, 'CLIENT SETNAME other', 'WATCH k')
  await other.send('SET', 'k', '1')
  t.equal(await transact(client, lines('SELECT 5', 'CLIENT SETNAME lost', 'GET k')), null)
  t.same(await pipeline(client, 'CLIENT GETNAME', 'GET k'), ['other', '1'], 'as if not sent')
  await administration(t, client, other)
  const hello = await pipeline(
    client,
    'MULTI',
    'HELLO 3',
    'GET none',
    'EXEC',
    'GET none',
    'HELLO 2',
  )
  t.match(JSON.stringify(hello[3]), /^\[\{?.*"proto".*null\]$/)
}

/** What other acceptors and main have to answer. */
async function administration(t: Test, client: RespClient, other: RespClient): Promise<void> {
  const inside = lines(
    ...['SELECT 7', 'CLIENT LIST', 'SET adm 1', 'CONFIG SET timeout 0', 'CLIENT KILL ID 999999'],
    ...['MONITOR', 'SELECT 0', 'GET adm', 'CLIENT INFO'],
  )
  const replies = (await transact(client, inside)) as Reply[]
  t.match(String(replies[1]), /name=other .*flags=x db=7 .*multi=9 .*multi-mem=[1-9]/)
  t.same(replies.slice(2, 5), [OK, OK, 0], 'in their order')
  t.same(replies[5], error("MONITOR isn't allowed for DENY BLOCKING client"))
  t.same(replies.slice(6, 8), [OK, null])
  t.match(String(replies[8]), /db=0 .*multi=9 .*cmd=exec/)
  t.match(String(await client.send('CLIENT', 'INFO')), /flags=N .*multi=-1 .*multi-mem=0/)
  await pipeline(client, 'WATCH adm', 'MULTI', 'SET adm 2')
  await pipeline(other, 'CLIENT PAUSE 60000 WRITE')
  const executing = client.send('EXEC')
  const read = await within('a read in a pause', REPLY_MS_MAX, transact(other, lines('GET adm')))
  t.same(read, [null], 'transactions that only read go on')
  await other.send('CLIENT', 'UNPAUSE')
  t.same(await within('EXEC after a pause', REPLY_MS_MAX, executing), [OK])
}

async function many(t: Test, server: CkvServer, client: RespClient): Promise<void> {
  const count = 10_000
  const commands = Array.from({ length: count }, (_, index) => ['INCR', `many:${index % 100}`])
  const start = performance.now()
  const replies = (await transact(client, commands)) as number[]
  t.comment(`figure EXEC of ${count}: ${Math.round(performance.now() - start)} ms`)
  t.equal(replies.length, count)
  t.equal(replies[count - 1], count / 100)
  const large = 'x'.repeat(300_000)
  const sets = Array.from({ length: 6 }, (_, index) => ['SET', `large:${index}`, large])
  const stored = sets.map(() => OK)
  t.same(await transact(client, sets), stored, 'records beside the log slice')
  t.equal(await client.send('STRLEN', 'large:5'), large.length)
  const raw = await RawClient.connect(server)
  await raw.write('MULTI\r\nSETRANGE big 40000000 x\r\nGET big\r\nEXEC\r\n')
  const head = '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:40000001\r\n$40000001\r\n'
  const bytes = await raw.waitForBytes(head.length + 40_000_003)
  t.equal(bytes.length, head.length + 40_000_003, 'a reply in parts')
  t.equal(bytes.subarray(0, head.length).toString('latin1'), head)
  await raw.close()
}

async function endings(t: Test, server: CkvServer, client: RespClient): Promise<void> {
  const leaving = await server.connect()
  await pipeline(leaving, 'WATCH a b c', 'MULTI', 'SET never 1')
  t.equal(await watched(client), 3)
  await leaving.close()
  await until('a closed client watches nothing', 5000, async () => (await watched(client)) === 0)
  t.equal(await client.send('EXISTS', 'never'), 0)
  const resetting = await server.connect()
  await pipeline(resetting, 'WATCH a', 'MULTI', 'SET never 1', 'RESET')
  t.same(await resetting.send('EXEC'), error('EXEC without MULTI'))
  t.equal(await watched(client), 0)
  t.same(await pipeline(resetting, 'MULTI', 'SET never 1', 'QUIT'), [OK, QUEUED, OK])
  await resetting.closed
  t.equal(await client.send('EXISTS', 'never'), 0)
}

t.test('all or nothing over 8 shards', async (t) => {
  await inEveryConfiguration(
    t,
    ['--shards', String(SHARDS), '--profile', 'redis'],
    async (t, server) => {
      const setup = await server.connect()
      await setup.send('MSET', ...KEYS.flatMap((key) => [key, 'start']))
      let done = false
      const rounds = LONG ? 300 : 40
      const writers = [0, 1].map(async (index) => {
        const client = await server.connect()
        for (let round = 0; round < rounds; round++) {
          await transact(
            client,
            KEYS.map((key) => ['SET', key, `${index}-${round}`]),
          )
        }
        await client.close()
      })
      const torn: string[] = []
      let reads = 0
      const readers = [0, 1].map(async (index) => {
        const client = await server.connect()
        while (!done) {
          const values =
            index === 0
              ? await transact(
                  client,
                  KEYS.map((key) => ['GET', key]),
                )
              : await within('MGET', REPLY_MS_MAX, client.send('MGET', ...KEYS))
          const different = new Set(values as string[])
          if (different.size !== 1) torn.push([...different].join(' '))
          reads++
        }
        await client.close()
      })
      const loader = (async () => {
        const client = await server.connect()
        const batch = Array.from({ length: 64 }, (_, at) => ['SET', `load:${at}`, 'v'])
        while (!done) await within('load', REPLY_MS_MAX, client.pipeline(batch))
        await client.close()
      })()
      await Promise.all(writers)
      done = true
      await Promise.all([...readers, loader])
      t.same(torn, [], `${reads} reads saw whole transactions`)
      await setup.close()
    },
  )
})

t.test('no update is lost under WATCH', async (t) => {
  await inEveryConfiguration(t, ['--profile', 'redis'], async (t, server) => {
    const clients = 6
    const increments = LONG ? 300 : 40
    let aborts = 0
    const setup = await server.connect()
    await setup.pipeline(Array.from({ length: 400 }, (_, key) => ['SET', `load:${key}`, 'v']))
    await Promise.all(
      Array.from({ length: clients }, async () => {
        const client = await server.connect()
        for (let done = 0; done < increments; ) {
          await client.send('WATCH', 'count:a', 'count:b')
          const [a, b] = (await client.send('MGET', 'count:a', 'count:b')) as (string | null)[]
          const next = [`${Number(a ?? 0) + 1}`, `${Number(b ?? 0) + 1}`]
          const commands = [
            ['SET', 'count:a', next[0]],
            ['SET', 'count:b', next[1]],
          ]
          if ((await transact(client, commands)) === null) aborts++
          else done++
        }
        await client.close()
      }),
    )
    const total = String(clients * increments)
    t.same(await setup.send('MGET', 'count:a', 'count:b'), [total, total])
    t.comment(`figure ${aborts} transactions were repeated for ${total}`)
    t.ok(aborts > 0, 'they did meet')
    t.equal(await watched(setup), 0)
    await setup.close()
  })
})

t.test('slots of a transaction outside of profile redis', async (t) => {
  for (const profile of ['ckv', 'extended']) {
    const server = await startCkv({ flags: ['--profile', profile, '--shards', '4'] })
    const client = await server.connect()
    const crossing = { error: "CROSSSLOT Keys in request don't hash to the same slot" }
    t.same(await transact(client, lines('SET {a}1 x', 'GET {a}2')), [OK, null])
    t.same(await transact(client, lines('SET a 1', 'SET b 1')), crossing, 'at EXEC')
    t.same(await client.send('EXISTS', 'a'), 0, 'nothing was executed')
    t.same(
      await pipeline(client, 'MULTI', 'DEL a b', 'SET a 1', 'EXEC', 'EXISTS a'),
      [OK, crossing, QUEUED, ABORTED, 0],
      'while queueing',
    )
    const across = lines('MSET a 1 b 2', 'SET {a}1 y', 'MGET a b c', 'DBSIZE', 'PING')
    t.same(await transact(client, across), [OK, OK, ['1', '2', null], 3, { simple: 'PONG' }])
    t.same(await client.send('WATCH', 'a', 'b'), crossing)
    t.same(await pipeline(client, 'WATCH a', 'WATCH b', 'SET b 3'), [OK, OK, OK])
    t.equal(await transact(client, lines('GET a')), null, 'watched elsewhere')
    t.same(
      await pipeline(client, 'MULTI', 'EXEC now', 'EXEC'),
      [OK, error("wrong number of arguments for 'exec' command"), ABORTED],
      'as 3.2',
    )
    await client.close()
    await server.stop()
  }
})

t.test('RESP3 has another null', async (t) => {
  const server = await startCkv({ flags: ['--dispatch', 'ring'] })
  t.teardown(() => server.stop())
  const client = await server.connect()
  await pipeline(client, 'HELLO 3', 'WATCH a', 'SET a 1', 'MULTI', 'GET a')
  client.write('EXEC\r\n')
  t.equal(await client.next(), null)
  await client.close()
})

t.test('the area of watched keys is limited', async (t) => {
  for (const dispatch of ['ring', 'place']) {
    const server = await startCkv({
      flags: [
        ...['--shards', '1', '--shard-memory', '1mb'],
        ...['--dispatch', dispatch, '--profile', 'redis'],
      ],
    })
    const client = await server.connect()
    const other = await server.connect()
    const full = { error: "OOM command not allowed when used memory > 'maxmemory'." }
    let count = 0
    for (;;) {
      const reply = await client.send('WATCH', `key:${count}`)
      if (JSON.stringify(reply) !== JSON.stringify(OK)) {
        t.same(reply, full)
        break
      }
      count++
    }
    t.comment(`figure ${count} of 1024 places were used when one was refused`)
    t.ok(count > 800 && count <= 1024)
    t.equal(await watched(other), count)
    // All or nothing: the keys of the refused one are not watched.
    const rest = Array.from({ length: 400 }, (_, index) => `more:${index}`)
    t.same(await client.send('WATCH', ...rest), full)
    t.equal(await watched(other), count)
    t.same(await other.send('SET', 'written', '1'), OK, 'nobody else is stopped')
    t.same(await transact(client, lines('GET written')), ['1'])
    t.equal(await watched(other), 0)
    t.same(await client.send('WATCH', ...rest), OK, 'and there is room again')
    await client.close()
    await other.close()
    await server.stop()
  }
})

t.test('a client may not queue without end', async (t) => {
  const server = await startCkv({ flags: ['--shards', '1', '--shard-memory', '64mb'] })
  t.teardown(() => server.stop())
  const client = await server.connect()
  await client.send('MULTI')
  const value = Buffer.alloc(200_000_000, 'v')
  const ended = client.closed.then(() => 'closed')
  let queued = 0
  for (let index = 0; index < 6; index++) {
    const reply = client.send('SET', 'key', value).then(
      (reply) => JSON.stringify(reply),
      () => 'closed',
    )
    if ((await Promise.race([reply, ended])) === 'closed') break
    queued++
  }
  t.equal(queued, 5, 'five of 200 MB, not a sixth')
  const other = await server.connect()
  t.same(await other.send('PING'), { simple: 'PONG' }, 'the server goes on')
  await other.close()
})
