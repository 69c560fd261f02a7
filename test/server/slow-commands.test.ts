// SLOWLOG, LATENCY, DEBUG, MEMORY, WAIT, SHUTDOWN and their kin over real sockets, with one and two
// acceptors; error texts as redis-server 7.0 gives them.

import t, { type Test } from 'tap'
import { NEVER_SERVED, neverServedReason } from '../../src/catalog/never-served.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

type Trial = (t: Test, acceptors: string[]) => Promise<void>
const TESTS = new Map<string, Trial>()

const plain = (reply: Reply): Reply =>
  reply !== null && typeof reply === 'object' && 'simple' in reply ? reply.simple : reply
const say = async (client: RespClient, ...words: string[]): Promise<Reply> =>
  plain(await client.send(...words))
const failure = (reply: Reply): string => (reply as { error: string }).error

async function started(t: Test, ...flags: string[]): Promise<CkvServer> {
  const server = await startCkv({
    flags: ['--profile', 'redis', '--shards', '2', '--shard-memory', '16mb', ...flags],
  })
  t.teardown(() => server.stop())
  return server
}

/** Connections until each acceptor has some. */
async function several(server: CkvServer): Promise<RespClient[]> {
  return Promise.all(Array.from({ length: 8 }, () => server.connect()))
}

TESTS.set('SLOWLOG', async (t, acceptors) => {
  const server = await started(t, ...acceptors)
  const clients = await several(server)
  const [first] = clients
  t.same(await say(first, 'SLOWLOG', 'GET'), [])
  t.equal(await say(first, 'CONFIG', 'SET', 'slowlog-log-slower-than', '0'), 'OK')
  for (const [index, client] of clients.entries()) {
    await say(client, 'CLIENT', 'SETNAME', `client${index}`)
    await say(client, 'SET', `key${index}`, 'x'.repeat(200))
  }
  await say(first, 'AUTH', 'default', 'very secret')
  await say(first, 'CONFIG', 'SET', 'hz', '10', 'requirepass', 'very secret', 'timeout', '0')
  await say(first, 'MSET', ...Array.from({ length: 40 }, (_, index) => `{k}${index}`))
  t.equal(await say(first, 'CONFIG', 'SET', 'slowlog-log-slower-than', '-1'), 'OK')
  const entries = (await say(clients[3], 'SLOWLOG', 'GET', '-1')) as Reply[][]
  const words = entries.map((entry) => (entry[3] as string[]).join(' '))
  for (const [index] of clients.entries()) {
    const entry = entries.find((each) => (each[3] as string[])[1] === `key${index}`)
    t.match(entry, [Number, Number, Number, Array, /^127\.0\.0\.1:\d+$/, `client${index}`])
    t.match(((entry ?? [])[3] as string[])[2], /^x{128}\.\.\. \(72 more bytes\)$/)
  }
  const numbers = entries.map(([number]) => Number(number))
  t.same(
    numbers,
    numbers.toSorted((one, other) => other - one),
    'the newest first',
  )
  t.notMatch(words.join('\n'), /secret/)
  t.ok(words.includes('AUTH (redacted) (redacted)'))
  t.ok(words.some((each) => /^CONFIG SET hz 10 \(redacted\)( \(redacted\)){3}$/.test(each)))
  t.ok(
    words.some((each) => each.endsWith('{k}30 ... (10 more arguments)') || /more arg/.test(each)),
  )
  t.equal(await say(first, 'SLOWLOG', 'LEN'), entries.length)
  t.equal(((await say(first, 'SLOWLOG', 'GET', '3')) as Reply[]).length, 3)
  await say(first, 'CONFIG', 'SET', 'slowlog-max-len', '2')
  t.equal(await say(clients[5], 'SLOWLOG', 'LEN'), 2)
  t.equal(await say(first, 'SLOWLOG', 'RESET'), 'OK')
  t.equal(await say(clients[5], 'SLOWLOG', 'LEN'), 0)
})

TESTS.set('LATENCY', async (t, acceptors) => {
  const server = await started(t, ...acceptors, '--debug-command', 'on')
  const [first, other] = await several(server)
  await say(first, 'CONFIG', 'SET', 'latency-monitor-threshold', '200', 'latency-tracking', 'yes')
  t.same(await say(first, 'LATENCY', 'LATEST'), [])
  t.match(await say(first, 'LATENCY', 'DOCTOR'), /No event of 200 ms/)
  t.equal(await say(first, 'DEBUG', 'SLEEP', '0.3'), 'OK')
  t.equal(await say(other, 'SET', 'a', '1'), 'OK')
  const latest = (await say(other, 'LATENCY', 'LATEST')) as Reply[][]
  t.match(latest[0], ['command', Number, Number, Number])
  t.ok(Number(latest[0][2]) >= 295)
  t.match(await say(other, 'LATENCY', 'HISTORY', 'command'), [[Number, Number]])
  t.match(await say(other, 'LATENCY', 'GRAPH', 'command'), /^command - high \d+ ms, low \d+ ms/)
  t.match(await say(other, 'LATENCY', 'DOCTOR'), /1\. command: \d latency spikes/)
  const histogram = (await say(other, 'LATENCY', 'HISTOGRAM', 'set')) as Reply[]
  t.match(histogram, ['set', ['calls', 1, 'histogram_usec', Array]])
  t.match(await say(other, 'INFO', 'latencystats'), /latency_percentiles_usec_set:p50=\d+/)
  t.match(await say(other, 'INFO', 'commandstats'), /cmdstat_debug\|sleep:calls=1,usec=\d{5,},/)
  // On a loaded machine there may be others.
  t.ok(Number(await say(other, 'LATENCY', 'RESET')) >= 1)
  t.same(await say(first, 'LATENCY', 'LATEST'), [])
})

TESTS.set('DEBUG stops a shard, not the acceptor', async (t, acceptors) => {
  const server = await started(t, ...acceptors, '--debug-command', 'on')
  const [sleeper, other] = await several(server)
  let woke = false
  const slept = say(sleeper, 'DEBUG', 'SLEEP', '0.4').then(() => (woke = true))
  t.equal(await say(other, 'PING'), 'PONG')
  t.equal(woke, false)
  await slept
  t.equal(await say(other, 'SET', 'n', '12'), 'OK')
  t.match(
    await say(other, 'DEBUG', 'OBJECT', 'n'),
    /^Value at:0x[0-9a-f]+ refcount:1 encoding:int /,
  )
  t.equal(failure(await say(other, 'DEBUG', 'OBJECT', 'none')), 'ERR no such key')
  const digest = String(await say(other, 'DEBUG', 'DIGEST'))
  t.match(digest, /^[0-9a-f]{40}$/)
  await say(other, 'SET', 'more', '1')
  t.not(await say(other, 'DEBUG', 'DIGEST'), digest)
  await say(other, 'DEL', 'more')
  t.equal(await say(other, 'DEBUG', 'DIGEST'), digest)
  t.equal(await say(other, 'DEBUG', 'STRINGMATCH-LEN', '1000', '*a*b'), 'OK')
  t.equal(await say(other, 'DEBUG', 'SET-ACTIVE-EXPIRE', '0'), 'OK')
  await say(other, 'SET', 'short', '1', 'PX', '1')
  await say(sleeper, 'DEBUG', 'SLEEP', '0.5')
  t.equal(await say(other, 'DBSIZE'), 2, 'nobody sweeps')
  t.equal(await say(other, 'DEBUG', 'SET-ACTIVE-EXPIRE', '1'), 'OK')
  await until('it is swept', 5000, async () => (await say(other, 'DBSIZE')) === 1)
})

TESTS.set('what the server says of itself', async (t, acceptors) => {
  const server = await started(t, ...acceptors)
  const [client] = await several(server)
  await say(client, 'SET', 'a', 'x'.repeat(1000))
  t.match(await say(client, 'ROLE'), ['master', Number, []])
  t.ok(Math.abs(Number(await say(client, 'LASTSAVE')) - Date.now() / 1000) < 60)
  for (const name of ['SAVE', 'BGSAVE', 'BGREWRITEAOF']) {
    t.match(failure(await say(client, name)), `ERR ${name} is not served by ckv: images`)
  }
  const usage = Number(await say(client, 'MEMORY', 'USAGE', 'a', 'SAMPLES', '0'))
  t.ok(usage > 1000 && usage < 1300, `${usage}`)
  t.equal(await say(client, 'MEMORY', 'USAGE', 'none'), null)
  t.ok(((await say(client, 'MEMORY', 'STATS')) as Reply[]).includes('total.allocated'))
  t.match(await say(client, 'MEMORY', 'DOCTOR'), /empty/)
  t.equal(await say(client, 'MEMORY', 'PURGE'), 'OK')
  t.match(await say(client, 'MEMORY', 'MALLOC-STATS'), /^shard 0: used \d+/)
  const shards = (await say(client, 'CLUSTER', 'SHARDS')) as Reply[][]
  t.match(shards[1], ['slots', [8192, 16_383], 'nodes', [['id', String, 'port', server.port]]])
  t.match(failure(await say(client, 'DEBUG', 'SLEEP', '0')), /DEBUG command not allowed/)
})

TESTS.set('WAIT', async (t, acceptors) => {
  const server = await started(t, ...acceptors)
  const [client, other] = await several(server)
  t.equal(await say(client, 'WAIT', '0', '0'), 0)
  const begunMs = performance.now()
  const [first, waited, last] = await client.pipeline([
    ['SET', 'a', '1'],
    ['WAIT', '1', '120'],
    ['GET', 'a'],
  ])
  t.same([plain(first), waited, last], ['OK', 0, '1'])
  t.ok(performance.now() - begunMs >= 115)
  client.write('WAIT 1 0\r\n')
  await until('it waits', 5000, async () => {
    return /flags=b .*cmd=wait/.test(String(await say(other, 'CLIENT', 'LIST')))
  })
  const listed = String(await say(other, 'CLIENT', 'LIST'))
  const id = /id=(\d+) .*cmd=wait/.exec(listed)?.[1] ?? ''
  t.equal(await say(other, 'CLIENT', 'KILL', 'ID', id), 1, 'nobody is kept by it')
  await client.closed
  t.equal(await say(other, 'GET', 'a'), '1')
})

TESTS.set('SHUTDOWN', async (t, acceptors) => {
  const server = await started(t, ...acceptors)
  const [client, other] = await several(server)
  t.match(failure(await say(client, 'SHUTDOWN', 'ABORT')), 'ERR No shutdown in progress.')
  await say(other, 'SET', 'a', '1')
  client.write('SHUTDOWN NOSAVE\r\n')
  await Promise.all([client.closed, other.closed])
  t.same(client.pushes, [], 'no reply')
  t.same(await server.process.exited, { code: 0, signal: null })
})

TESTS.set('what is never served', async (t, acceptors) => {
  const server = await started(t, ...acceptors)
  const [client] = await several(server)
  for (const { names } of NEVER_SERVED) {
    for (const name of names) {
      const said = failure(await say(client, name, 'x', 'y'))
      const reason = neverServedReason(name)
      t.equal(said, `ERR ${name.toUpperCase()} is not served by ckv: ${reason}`)
    }
  }
})

for (const count of ['1', '2']) {
  for (const [name, trial] of TESTS) {
    t.test(`${count} acceptors: ${name}`, (t) => trial(t as Test, ['--acceptors', count]))
  }
}

/** The same reply from both servers. */
const SAME: readonly string[] = [
  'CONFIG SET foo bar',
  'CONFIG SET maxclients abc',
  'CONFIG SET appendfsync foo',
  'CONFIG SET appendonly maybe',
  'CONFIG SET slowlog-max-len -1',
  'CONFIG SET timeout 10 timeout 20',
  'CONFIG SET timeout',
  'CONFIG SET timeout 1 foo',
  'CONFIG SET databases 3',
  'CONFIG SET notify-keyspace-events KEAx',
  'CONFIG GET notify-keyspace-events',
  'CONFIG SET save abc',
  'CONFIG REWRITE',
  'CONFIG RESETSTAT x',
  'CONFIG foo',
  'CLIENT LIST TYPE foo',
  'CLIENT LIST TYPE',
  'CLIENT LIST ID abc',
  'CLIENT LIST foo',
  'CLIENT KILL',
  'CLIENT KILL 1.2.3.4:5',
  'CLIENT KILL ID abc',
  'CLIENT KILL ID 0',
  'CLIENT KILL ID 99999',
  'CLIENT KILL foo bar',
  'CLIENT KILL TYPE foo',
  'CLIENT KILL USER nobody',
  'CLIENT KILL SKIPME maybe',
  'CLIENT PAUSE',
  'CLIENT PAUSE abc',
  'CLIENT PAUSE -1',
  'CLIENT PAUSE 0 foo',
  'CLIENT PAUSE 0 WRITE',
  'CLIENT UNPAUSE',
  'CLIENT REPLY foo',
  'CLIENT NO-EVICT foo',
  'CLIENT NO-EVICT on',
  'CLIENT UNBLOCK 99999',
  'CLIENT UNBLOCK abc',
  'CLIENT UNBLOCK 1 foo',
  'CLIENT GETREDIR',
  'CLIENT TRACKINGINFO',
  'CLIENT CACHING yes',
  'CLIENT TRACKING foo',
  'CLIENT TRACKING off',
  'CLIENT foo',
  'SLOWLOG GET abc',
  'SLOWLOG GET -2',
  'SLOWLOG GET 1 2',
  'SLOWLOG foo',
  'SLOWLOG',
  'SLOWLOG LEN',
  'LATENCY LATEST',
  'LATENCY HISTORY foo',
  'LATENCY RESET',
  'LATENCY GRAPH foo',
  'LATENCY HISTORY',
  'LATENCY foo',
  'WAIT 0 0',
  'WAIT 1 20',
  'WAIT abc 0',
  'WAIT 0 abc',
  'WAIT 0 -1',
  'WAIT -1 10',
  'SHUTDOWN foo',
  'SHUTDOWN ABORT',
  'SHUTDOWN SAVE NOSAVE',
  'MEMORY USAGE none',
  'MEMORY USAGE none SAMPLES',
  'MEMORY USAGE none SAMPLES -1',
  'MEMORY USAGE none SAMPLES abc',
  'MEMORY USAGE none foo 1',
  'MEMORY PURGE',
  'MEMORY foo',
  'MONITOR foo',
  'ROLE x',
  'LASTSAVE x',
]

t.test('the same replies as redis-server', { skip: redisSkip() }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const ours = await (await started(t as Test)).connect()
  const its = await redis.connect()
  for (const protocol of ['2', '3']) {
    for (const client of [ours, its]) await client.send('HELLO', protocol)
    for (const line of SAME) {
      const words = line.split(' ')
      t.same(await ours.send(...words), await its.send(...words), `RESP${protocol} ${line}`)
    }
  }
})
