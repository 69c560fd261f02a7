// COMMAND, CONFIG, INFO and CKV as replies, in RESP2 and RESP3.

import t from 'tap'
import { encodeValue } from '../../src/acceptor/encode-value.ts'
import { SESSION_HANDLERS_BY_CODE } from '../../src/acceptor/session-handlers.ts'
import { array, map, set, simple } from '../../src/catalog/reply-tree.ts'
import { ALL_ROWS } from '../../src/catalog/table.ts'
import {
  APPENDED_LONG,
  DURABLE_LONG,
  TOKEN_THREAD_BITS,
  TOKEN_WORD,
  WRITTEN_LONG,
} from '../../src/rows/layout.ts'
import { sideLong, storeLsn } from '../../src/rows/rows.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import type { Reply } from '../support/resp.ts'
import { makeFixture } from '../support/session-fixture.ts'

t.test('every row of the acceptor has a handler and no other has one', async (t) => {
  for (const row of ALL_ROWS) {
    const handler = SESSION_HANDLERS_BY_CODE[row.code]
    t.equal(handler !== undefined, row.place === 'connection', row.name)
  }
})

t.test('trees become RESP2 or RESP3', async (t) => {
  const tree = array([
    null,
    -1,
    'text',
    new Uint8Array([0xff, 0]),
    simple('fine'),
    set(['a']),
    map([['k', array([])]]),
  ])
  const encoded = (protocol: 2 | 3) => {
    const writer = new ReplyWriter(64, 1024)
    writer.protocol = protocol
    encodeValue(writer, tree)
    return Buffer.from(writer.bytes.subarray(0, writer.position)).toString('latin1')
  }
  const bulks = '$4\r\ntext\r\n$2\r\n\xff\0\r\n+fine\r\n'
  t.equal(encoded(2), `*7\r\n$-1\r\n:-1\r\n${bulks}*1\r\n$1\r\na\r\n*2\r\n$1\r\nk\r\n*0\r\n`)
  t.equal(encoded(3), `*7\r\n_\r\n:-1\r\n${bulks}~1\r\n$1\r\na\r\n%1\r\n$1\r\nk\r\n*0\r\n`)
})

t.test('COMMAND', async (t) => {
  for (const [profile, size] of [
    ['ckv', 6],
    ['extended', 10],
    ['redis', 10],
  ] as const) {
    const { run } = makeFixture({ profile })
    const table = run('COMMAND') as Reply[][]
    t.ok(table.length > 40)
    t.ok(
      table.every((entry) => entry.length === size),
      profile,
    )
    if (profile !== 'ckv') t.equal(run('COMMAND', 'COUNT'), table.length)
  }
  const { run } = makeFixture()
  t.same((run('COMMAND', 'INFO', 'GET', 'nope', '__proto__') as Reply[]).slice(1), [null, null])
  t.same((run('COMMAND', 'INFO') as Reply[]).length, (run('COMMAND') as Reply[]).length)
  t.same((run('COMMAND', 'DOCS', 'get', 'nope') as Reply[])[0], 'get')
  t.equal((run('COMMAND', 'DOCS', 'get', 'nope') as Reply[]).length, 2)
})

t.test('COMMAND GETKEYS and LIST', async (t) => {
  const { run } = makeFixture()
  t.same(run('COMMAND', 'GETKEYS', 'mset', 'a', '1', '\xff', '2'), ['a', '\xff'])
  t.same(run('COMMAND', 'GETKEYS', 'nope', 'a'), { error: 'ERR Invalid command specified' })
  t.same(run('COMMAND', 'GETKEYS', 'get', 'a', 'b'), {
    error: 'ERR Invalid number of arguments specified for command',
  })
  t.same(run('COMMAND', 'GETKEYS', 'ping', 'a'), [], 'as in 3.2')
  t.same(makeFixture({ profile: 'redis' }).run('COMMAND', 'GETKEYS', 'ping', 'a'), {
    error: 'ERR The command has no key arguments',
  })

  t.equal((run('COMMAND', 'LIST') as Reply[]).length, run('COMMAND', 'COUNT'))
  t.same(run('COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'x'), [])
  t.same(run('COMMAND', 'LIST', 'FILTERBY', 'pattern', 'PIN?'), ['ping'])
  t.ok((run('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'string') as Reply[]).includes('get'))
  t.same(run('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'constructor'), [])
  for (const wrong of [['x'], ['FILTERBY'], ['FILTERBY', 'MODULE'], ['FILTERBY', 'x', 'y']]) {
    t.same(run('COMMAND', 'LIST', ...wrong), { error: 'ERR syntax error' }, wrong.join(' '))
  }
})

t.test('CONFIG GET', async (t) => {
  const { run, connection } = makeFixture({ password: 'secret', flags: ['--shards', '2'] })
  t.same(run('CONFIG', 'GET', 'save'), ['save', ''])
  t.same(run('CONFIG', 'GET', 'SAVE', 'appendonly'), ['appendonly', 'yes', 'save', ''])
  t.same(run('CONFIG', 'GET', 'nothing*'), [])
  const all = run('CONFIG', 'GET', '*') as string[]
  t.notOk(all.some((text) => text.includes('secret') || text === 'requirepass'))
  connection.protocol = 3
  t.same(run('CONFIG', 'GET', 'databases'), { map: [['databases', '16']] })
})

t.test('CKV SHARDS', async (t) => {
  const { run, session, sides, connection } = makeFixture({ shards: 4, profile: 'ckv' })
  storeLsn(session.rows, sideLong(2, 0, APPENDED_LONG), 300)
  storeLsn(session.rows, sideLong(2, 0, WRITTEN_LONG), 200)
  storeLsn(session.rows, sideLong(2, 0, DURABLE_LONG), 100)
  Atomics.store(session.rows.words, sides[2].row + TOKEN_WORD, (7 << TOKEN_THREAD_BITS) | 3)
  t.equal((run('CKV', 'SHARDS') as Reply[][])[0].length, 30)
  connection.protocol = 3
  const rows = (run('CKV', 'SHARDS') as { map: [string, Reply][] }[]).map((row) =>
    Object.fromEntries(row.map),
  )
  t.equal(rows.length, 4)
  t.match(rows[0], { shard: 0, slots: '0-4095', epoch: 0, token: 'free', log: 'ok', keys: 0 })
  t.match(rows[2], {
    shard: 2,
    slots: '8192-12287',
    'lsn-appended': 300,
    'lsn-written': 200,
    'lsn-durable': 100,
    epoch: 7,
    token: 'thread-3',
    'token-waiters': 0,
    watched: 0,
    'memory-used': 0,
    'memory-capacity': 131_072,
  })
})

t.test('INFO', async (t) => {
  const { run, connection } = makeFixture()
  const text = run('INFO') as string
  t.match(text, /^# Server\r\nredis_version:3\.2\.12\r\n/)
  t.match(text, /\r\nredis_mode:cluster\r\n/)
  t.match(text, /\r\nloading:1\r\n/, 'the rows of the fixture say: loading')
  t.equal(run('INFO', 'nosuch'), '')
  t.match(run('INFO', 'shards'), /\r\nshard1:slots=8192-16383,keys=0,/)
  connection.protocol = 3
  t.match(run('INFO', 'cluster'), { verbatim: '# Cluster\r\ncluster_enabled:1\r\n' })
  t.match(
    makeFixture({ profile: 'redis' }).run('INFO', 'Cluster', 'keyspace'),
    /^# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\n$/,
  )
})
