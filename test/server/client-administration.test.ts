// CONFIG, CLIENT and MONITOR over real sockets: what one acceptor is told holds for all, replies
// are complete over all acceptors and keep their order.

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

/** Enough that the kernel gives each of two acceptors some of them. */
const CLIENTS = 8

async function connectAll(server: CkvServer): Promise<RespClient[]> {
  const clients: RespClient[] = []
  for (let index = 0; index < CLIENTS; index++) {
    const client = await server.connect()
    await client.send('CLIENT', 'SETNAME', `client${index}`)
    clients.push(client)
  }
  return clients
}

async function served(
  t: Test,
  flags: string[],
  profile = 'redis',
): Promise<{ server: CkvServer; clients: RespClient[] }> {
  const server = await startCkv({
    flags: ['--profile', profile, '--shards', '2', '--shard-memory', '16mb', ...flags],
  })
  t.teardown(() => server.stop())
  return { server, clients: await connectAll(server) }
}

const plain = (reply: Reply): Reply =>
  reply !== null && typeof reply === 'object' && 'simple' in reply ? reply.simple : reply
const say = async (client: RespClient, ...words: string[]): Promise<Reply> =>
  plain(await client.send(...words))
const lines = (reply: Reply): string[] => String(reply).trimEnd().split('\n')
const failure = (reply: Reply): string => (reply as { error: string }).error

type Trial = (t: Test, acceptors: string[]) => Promise<void>
const TESTS = new Map<string, Trial>()

TESTS.set('CONFIG SET holds for all', async (t, acceptors) => {
  const { server, clients } = await served(t, acceptors)
  const [first, ...others] = clients
  t.equal(await say(first, 'CONFIG', 'SET', 'timeout', '50', 'maxclients', '300'), 'OK')
  for (const client of others) {
    t.same(await say(client, 'CONFIG', 'GET', 'maxclients', 'timeout'), [
      ...['maxclients', '300', 'timeout', '50'],
    ])
  }
  t.match(failure(await say(first, 'CONFIG', 'SET', 'timeout', '7', 'hz', 'x')), /'hz'/)
  t.same(await say(first, 'CONFIG', 'GET', 'timeout'), ['timeout', '50'], 'all or none')
  // In a pipeline the reply keeps its place.
  t.same(
    (
      await first.pipeline([
        ['SET', 'a', '1'],
        ['CONFIG', 'SET', 'hz', '20'],
        ['GET', 'a'],
        ['CONFIG', 'GET', 'hz'],
      ])
    ).map(plain),
    ['OK', 'OK', '1', ['hz', '20']],
  )
  t.equal(await say(first, 'CONFIG', 'SET', 'maxclients', String(CLIENTS)), 'OK')
  const late = await server.connect()
  t.match(failure(await late.next()), /max number of clients/)
})

TESTS.set('a password set while the server runs', async (t, acceptors) => {
  const { server, clients } = await served(t, acceptors)
  t.equal(await say(clients[0], 'CONFIG', 'SET', 'requirepass', 'new secret'), 'OK')
  for (let index = 0; index < CLIENTS; index++) {
    const client = await server.connect()
    t.match(failure(await say(client, 'GET', 'a')), /^NOAUTH/)
    t.match(failure(await say(client, 'AUTH', 'wrong')), /^WRONGPASS/)
    t.equal(await say(client, 'AUTH', 'new secret'), 'OK')
    t.equal(await say(client, 'GET', 'a'), null)
  }
  t.equal(await say(clients[1], 'GET', 'a'), null, 'who was there stays')
  t.notMatch(JSON.stringify(await say(clients[0], 'CONFIG', 'GET', '*')), /new secret/)
  t.notMatch(server.process.stdout + server.process.stderr, /new secret/)
  t.equal(await say(clients[0], 'CONFIG', 'SET', 'requirepass', ''), 'OK')
  t.equal(await say(await server.connect(), 'GET', 'a'), null)
})

TESTS.set('CONFIG REWRITE', async (t, acceptors) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const path = join(directory, 'options.json')
  writeFileSync(path, '{"timeout": 100, "log-level": "warn"}')
  const { clients } = await served(t, [...acceptors, '--config', path])
  await say(clients[0], 'CONFIG', 'SET', 'timeout', '60', 'slowlog-max-len', '5')
  t.equal(await say(clients[1], 'CONFIG', 'REWRITE'), 'OK')
  t.same(JSON.parse(readFileSync(path, 'utf8')), {
    timeout: 60,
    'log-level': 'warn',
    'slowlog-max-len': 5,
  })
})

TESTS.set('CONFIG RESETSTAT', async (t, acceptors) => {
  const { clients } = await served(t, acceptors)
  const [client] = clients
  await say(client, 'GET', 'a')
  await say(client, 'NOSUCH')
  t.equal(await say(client, 'CONFIG', 'RESETSTAT'), 'OK')
  const text = String(await say(client, 'INFO', 'all'))
  t.notMatch(text, /cmdstat_get:/)
  t.match(text, /total_connections_received:0/)
  t.match(text, /total_error_replies:0/)
  await say(clients[1], 'GET', 'a')
  t.match(String(await say(client, 'INFO', 'commandstats')), /cmdstat_get:calls=1,/)
})

TESTS.set('CLIENT LIST, INFO and KILL', async (t, acceptors) => {
  const { server, clients } = await served(t, acceptors)
  const [first] = clients
  const all = lines(await say(first, 'CLIENT', 'LIST'))
  t.equal(all.length, CLIENTS)
  const ids = all.map((line) => Number(/^id=(\d+) /.exec(line)?.[1]))
  t.same(
    ids,
    ids.toSorted((one, other) => one - other),
  )
  for (let index = 0; index < CLIENTS; index++) t.match(all[index], ` name=client${index} `)
  t.equal(lines(await say(first, 'CLIENT', 'LIST', 'TYPE', 'normal')).length, CLIENTS)
  t.equal(await say(first, 'CLIENT', 'LIST', 'TYPE', 'pubsub'), '')
  t.same(
    lines(await say(first, 'CLIENT', 'LIST', 'ID', String(ids[5]), String(ids[2]))).map(
      (line) => /name=(\w+)/.exec(line)?.[1],
    ),
    ['client2', 'client5'],
  )
  t.match(await say(clients[3], 'CLIENT', 'INFO'), / name=client3 .* cmd=client\|info /)
  await say(clients[4], 'MULTI')
  await say(clients[4], 'GET', 'a')
  const queuing = String(await say(first, 'CLIENT', 'LIST', 'ID', String(ids[4])))
  t.match(queuing, / flags=x .* multi=1 /)
  t.equal(await say(first, 'CLIENT', 'KILL', 'ID', String(ids[1])), 1)
  await clients[1].closed
  const address = /addr=(\S+)/.exec(all[2])?.[1] ?? ''
  t.equal(await say(first, 'CLIENT', 'KILL', address), 'OK')
  await clients[2].closed
  t.match(failure(await say(first, 'CLIENT', 'KILL', address)), 'ERR No such client')
  t.equal(await say(first, 'CLIENT', 'KILL', 'ID', String(ids[0])), 0, 'not itself')
  t.equal(await say(first, 'CLIENT', 'KILL', 'TYPE', 'normal'), CLIENTS - 3)
  await Promise.all(clients.slice(3).map((client) => client.closed))
  t.equal(await say(first, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no'), 1)
  await first.closed
  t.equal(lines(await say(await server.connect(), 'CLIENT', 'LIST')).length, 1)
})

TESTS.set('CLIENT PAUSE', async (t, acceptors) => {
  const { clients } = await served(t, acceptors)
  const [first, ...others] = clients
  t.equal(await say(first, 'CLIENT', 'PAUSE', '100000', 'WRITE'), 'OK')
  let written = 0
  const writes = others.map((client) => say(client, 'INCR', 'n').then(() => written++))
  t.equal(await say(first, 'GET', 'n'), null)
  t.equal(await say(first, 'GET', 'n'), null)
  t.equal(written, 0)
  t.equal(await say(first, 'CLIENT', 'UNPAUSE'), 'OK')
  await Promise.all(writes)
  t.equal(await say(first, 'GET', 'n'), String(others.length))
  const begunMs = performance.now()
  t.equal(await say(first, 'CLIENT', 'PAUSE', '150'), 'OK')
  t.equal(await say(others[0], 'GET', 'n'), String(others.length))
  t.ok(performance.now() - begunMs >= 145, 'it waited')
})

TESTS.set('CLIENT REPLY', async (t, acceptors) => {
  const { clients } = await served(t, acceptors)
  const [client, other] = clients
  client.write('CLIENT REPLY OFF\r\nSET a 1\r\nNOSUCH\r\nCLIENT LIST\r\nCLIENT REPLY ON\r\n')
  t.equal(plain(await client.next()), 'OK', 'to REPLY ON alone')
  t.equal(await say(other, 'GET', 'a'), '1')
  client.write('GET a\r\nCLIENT REPLY SKIP\r\nKEYS *\r\nGET a\r\nECHO x\r\n')
  t.same(
    [plain(await client.next()), plain(await client.next()), plain(await client.next())],
    ['1', '1', 'x'],
  )
  client.write('CLIENT REPLY SKIP\r\nCLIENT LIST\r\nPING\r\n')
  t.equal(plain(await client.next()), 'PONG')
  client.write('CLIENT REPLY OFF\r\nQUIT\r\n')
  await client.closed
})

TESTS.set('MONITOR', async (t, acceptors) => {
  const { server, clients } = await served(t, acceptors)
  const watchers = clients.slice(0, 3)
  for (const watcher of watchers) t.equal(await say(watcher, 'MONITOR'), 'OK')
  const worker = clients[7]
  await say(worker, 'SELECT', '3')
  await say(worker, 'SET', 'a', 'x"\n\xff')
  await say(worker, 'AUTH', 'default', 'very secret')
  await say(worker, 'HELLO', '2', 'AUTH', 'default', 'very secret')
  await say(worker, 'CONFIG', 'SET', 'requirepass', 'very secret')
  await say(worker, 'CONFIG', 'SET', 'requirepass', '')
  await say(worker, 'ECHO', 'end')
  for (const watcher of watchers) {
    await until('the last line', 5000, () => {
      return /"ECHO" "end"$/.test(String(plain(watcher.pushes.at(-1) ?? '')))
    })
    const seen = watcher.pushes.map((line) => String(plain(line)))
    t.match(seen[0], /^\d+\.\d{6} \[3 127\.0\.0\.1:\d+\] "SELECT" "3"$/)
    t.match(seen[1], /"SET" "a" "x\\"\\n\\xff"$/)
    t.match(seen[2], /"AUTH" "\(redacted\)" "\(redacted\)"$/)
    t.match(seen[3], /"HELLO" "\(redacted\)"/)
    t.equal(seen.length, 5)
    t.notMatch(seen.join(), /secret|CONFIG/)
  }
  // A watcher that leaves is forgotten: the others go on.
  const [gone, stays] = watchers
  gone.write('QUIT\r\n')
  await gone.closed
  stays.pushes.length = 0
  stays.write('RESET\r\n')
  await until('RESET', 5000, () => stays.pushes.some((line) => plain(line) === 'RESET'))
  stays.pushes.length = 0
  t.equal(await say(await server.connect(), 'ECHO', 'more'), 'more')
  t.equal(await say(stays, 'PING'), 'PONG', 'no lines any more')
})

TESTS.set('a watcher that does not read is cut', async (t, acceptors) => {
  const { server, clients } = await served(t, acceptors)
  const watcher = connect({ host: server.host, port: server.port })
  t.teardown(() => watcher.destroy())
  await once(watcher, 'connect')
  watcher.write('MONITOR\r\n')
  await once(watcher, 'data')
  watcher.pause()
  const value = 'x'.repeat(262_144)
  const [client] = clients
  const isThere = async (): Promise<boolean> => {
    return String(await say(client, 'CLIENT', 'LIST')).includes(' flags=O ')
  }
  t.equal(await isThere(), true)
  // What the kernel takes comes on top of what is kept for a watcher.
  for (let sent = 0; sent < 200; sent++) await client.send('ECHO', value)
  await until('it is cut', 5000, async () => !(await isThere()))
  t.equal(await say(client, 'PING'), 'PONG')
})

TESTS.set('the texts of 3.2', async (t, acceptors) => {
  const { clients } = await served(t, acceptors, 'extended')
  const [client] = clients
  for (const [line, text] of [
    ['CONFIG SET foo bar', 'ERR Unsupported CONFIG parameter: foo'],
    ['CONFIG SET databases 3', 'ERR Unsupported CONFIG parameter: databases'],
    ['CONFIG SET timeout x', "ERR Invalid argument 'x' for CONFIG SET 'timeout'"],
    ['CONFIG foo', 'ERR CONFIG subcommand must be one of GET, SET, RESETSTAT, REWRITE'],
    [
      'CLIENT foo',
      'ERR Syntax error, try CLIENT (LIST | KILL | GETNAME | SETNAME | PAUSE | REPLY)',
    ],
    ['SLOWLOG foo', 'ERR Unknown SLOWLOG subcommand or wrong # of args. Try GET, RESET, LEN.'],
  ]) {
    t.equal(failure(await say(client, ...line.split(' '))), text, line)
  }
  t.match(await say(client, 'CLIENT', 'INFO'), /^id=\d+ addr=\S+ fd=\d+ name=client0 age=\d+ /)
})

TESTS.set('a lower output limit holds for those that are there', async (t, acceptors) => {
  const { clients } = await served(t, [...acceptors, '--dispatch', 'ring'])
  const [client, other] = clients
  const limit = 'normal 1mb 0 0'
  await client.send('SET', 'big', 'x'.repeat(3_000_000))
  t.equal(String(await say(other, 'GET', 'big')).length, 3_000_000)
  t.equal(await say(client, 'CONFIG', 'SET', 'client-output-buffer-limit', limit), 'OK')
  other.write('GET big\r\n')
  await other.closed
  t.equal(await say(client, 'STRLEN', 'big'), 3_000_000)
})

for (const count of ['1', '2']) {
  for (const [name, trial] of TESTS) {
    t.test(`${count} acceptors: ${name}`, (t) => trial(t as Test, ['--acceptors', count]))
  }
}
