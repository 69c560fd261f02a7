// CLUSTER: the forms that cluster clients parse, for 1 to 128 shards.

import t from 'tap'
import { TOKEN_THREAD_BITS, TOKEN_WORD } from '../../src/rows/layout.ts'
import { makeFixture } from '../support/session-fixture.ts'

type SlotsRow = [number, number, [string, number, string]]

t.test('SLOTS covers every slot exactly once, with the ids of NODES', async (t) => {
  for (const shards of [1, 2, 3, 5, 7, 100, 128]) {
    const { run } = makeFixture({ shards })
    const rows = run('CLUSTER', 'SLOTS') as unknown as SlotsRow[]
    t.equal(rows.length, shards)
    let next = 0
    for (const [start, end, node] of rows) {
      t.equal(start, next)
      t.ok(end >= start)
      t.equal(node.length, 3)
      t.same(node.slice(0, 2), ['127.0.0.1', 6379])
      t.match(node[2], /^[0-9a-f]{40}$/)
      next = end + 1
    }
    t.equal(next, 16_384)
    t.equal(new Set(rows.map((row) => row[2][2])).size, shards)

    const text = run('CLUSTER', 'NODES') as string
    t.ok(text.endsWith('\n') && !text.includes('\r'))
    const lines = text.trimEnd().split('\n')
    t.equal(lines.filter((line) => line.includes('myself')).length, 1)
    for (const [index, line] of lines.entries()) {
      const fields = line.split(' ')
      t.equal(fields.length, 9)
      t.equal(fields[0], rows[index][2][2])
      t.equal(fields[1], '127.0.0.1:6379@16379')
      t.equal(fields[2], index === 0 ? 'myself,master' : 'master')
      t.same(fields.slice(3, 5), ['-', '0'])
      t.equal(fields[7], 'connected')
      t.equal(fields[8], `${rows[index][0]}-${rows[index][1]}`)
    }
    t.equal(run('CLUSTER', 'MYID'), rows[0][2][2])
  }
})

t.test('the address is never empty', async (t) => {
  const nodes = (socket: object, flags: string[] = [], profile: 'ckv' | 'extended' = 'ckv') => {
    const { run } = makeFixture({ socket, flags, profile, shards: 1 })
    const slots = run('CLUSTER', 'SLOTS') as unknown as SlotsRow[]
    const line = (run('CLUSTER', 'NODES') as string).split(' ')[1]
    return [...slots[0][2].slice(0, 2), line]
  }
  t.same(nodes({ localAddress: '10.1.2.3', localPort: 7000 }), ['10.1.2.3', 7000, '10.1.2.3:7000'])
  t.same(nodes({ localAddress: '::1', localPort: 7000 }), ['::1', 7000, '::1:7000'])
  t.same(
    nodes({ localAddress: '::ffff:10.1.2.3', localPort: 7000 }),
    ['10.1.2.3', 7000, '10.1.2.3:7000'],
    'an IPv4 client of an IPv6 socket',
  )
  t.same(
    nodes({ localAddress: undefined, localPort: undefined }),
    ['127.0.0.1', 6379, '127.0.0.1:6379'],
    'a socket that is gone already',
  )
  const announced = ['--announce-host', 'ckv.example', '--announce-port', '60000']
  t.same(nodes({}, announced), ['ckv.example', 60_000, 'ckv.example:60000'])
  t.same(
    nodes({}, announced, 'extended'),
    ['ckv.example', 60_000, 'ckv.example:60000@0'],
    'a bus port above 65535 does not exist',
  )
})

t.test('epochs are the tokens, in NODES and INFO', async (t) => {
  const { run, session, sides } = makeFixture({ shards: 3 })
  Atomics.store(session.rows.words, sides[0].row + TOKEN_WORD, (2 << TOKEN_THREAD_BITS) | 5)
  Atomics.store(session.rows.words, sides[2].row + TOKEN_WORD, 9 << TOKEN_THREAD_BITS)
  const lines = (run('CLUSTER', 'NODES') as string).trimEnd().split('\n')
  t.same(
    lines.map((line) => line.split(' ')[6]),
    ['2', '0', '9'],
  )
  const text = run('CLUSTER', 'INFO') as string
  t.ok(text.endsWith('\r\n'))
  const fields = new Map(
    text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(':') as [string, string]),
  )
  t.same(Object.fromEntries(fields), {
    cluster_state: 'ok',
    cluster_slots_assigned: '16384',
    cluster_slots_ok: '16384',
    cluster_slots_pfail: '0',
    cluster_slots_fail: '0',
    cluster_known_nodes: '3',
    cluster_size: '3',
    cluster_current_epoch: '9',
    cluster_my_epoch: '2',
    cluster_stats_messages_sent: '0',
    cluster_stats_messages_received: '0',
  })
})

t.test('texts are verbatim in RESP3', async (t) => {
  const { run, connection } = makeFixture()
  connection.protocol = 3
  t.match(run('CLUSTER', 'NODES'), { verbatim: /myself/ })
  t.match(run('CLUSTER', 'INFO'), { verbatim: /cluster_state:ok/ })
})

t.test('KEYSLOT', async (t) => {
  const { run } = makeFixture({ profile: 'ckv' })
  t.equal(run('CLUSTER', 'KEYSLOT', '123456789'), 12_739)
  t.equal(run('CLUSTER', 'KEYSLOT', 'foo{bar}x'), run('CLUSTER', 'KEYSLOT', 'bar'))
  t.equal(run('CLUSTER', 'KEYSLOT', ''), 0)
  t.same(run('CLUSTER', 'MYID'), { error: 'not served' }, 'the document does not have it')
})
