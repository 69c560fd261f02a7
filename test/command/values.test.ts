// COPY MOVE SWAPDB DUMP RESTORE OBJECT, and RENAME of values of every type.

import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'
import {
  checkSound,
  error,
  LATER,
  type Line,
  NOT_INTEGER,
  OK,
  PROFILES,
  runLines,
  SYNTAX,
  script,
} from './script.ts'

const SAME = error('ERR source and destination objects are the same')
const OUT_OF_RANGE = error('ERR DB index is out of range')
const NOT_INT32 = error('ERR value is out of range, value must between -2147483648 and 2147483647')
const WIDE = 'w'.repeat(100)
const LARGE_HASH = Array.from({ length: 600 }, (_, field) => [`f${field}`, `v${field}`]).flat()

t.test('RENAME of a hash, packed and large', async (t) => {
  script(t, PROFILES, [
    ['HMSET {t}h a 1 b 2', OK],
    ['EXPIRE {t}h 100', 1],
    ['RENAME {t}h {t}i', OK],
    ['EXISTS {t}h', 0],
    ['HMGET {t}i a b', ['1', '2']],
    ['TTL {t}i', 100],
    [['HMSET', '{t}large', ...LARGE_HASH], OK],
    ['SET {t}gone x', OK],
    ['RENAME {t}large {t}gone', OK],
    ['HLEN {t}gone', 600],
    ['HGET {t}gone f599', 'v599'],
    ['RENAMENX {t}gone {t}i', 0],
    ['RENAMENX {t}gone {t}new', 1],
    ['RENAME {t}i {t}new', OK],
    ['HGETALL {t}new', ['a', '1', 'b', '2']],
  ])
  script(
    t,
    ['redis'],
    [
      [['HSET', 'large', ...LARGE_HASH], 600],
      ['HDEL large f1', 1],
      ['RENAME large other', OK],
      ['OBJECT ENCODING other', 'hashtable'],
      ['RENAME other a', OK],
      ['RENAME a b', OK],
      ['HLEN b', 599],
      ['HSET small a 1', 1],
      ['EXPIRE small 100', 1],
      ['RENAME small b', OK],
      ['OBJECT ENCODING b', 'listpack'],
      ['TTL b', 100],
      ['HGETALL b', ['a', '1']],
      ['DBSIZE', 1],
    ],
  )
})

t.test('COPY', async (t) => {
  script(t, LATER, [
    ['COPY {t}a {t}b', 0],
    ['SET {t}a v EX 100', OK],
    ['COPY {t}a {t}b', 1],
    ['COPY {t}a {t}b', 0],
    ['TTL {t}b', 100],
    ['SET {t}a w', OK],
    ['COPY {t}a {t}b REPLACE', 1],
    ['GET {t}b', 'w'],
    ['TTL {t}b', -1],
    ['COPY {t}a {t}a', SAME],
    ['COPY {t}a {t}a REPLACE', SAME],
    ['COPY {t}a {t}a DB 3', 1],
    ['COPY {t}a {t}a DB 3', 0],
    ['COPY {t}a {t}b db', error(SYNTAX)],
    ['COPY {t}a {t}b NX', error(SYNTAX)],
    ['COPY {t}a {t}b DB x', error(NOT_INTEGER)],
    ['COPY {t}a {t}b DB 16', OUT_OF_RANGE],
    ['COPY {t}a {t}b DB -1', OUT_OF_RANGE],
    ['COPY {t}a {t}b DB 99999999999', NOT_INT32],
    [['HSET', '{t}large', ...LARGE_HASH], 600],
    ['HDEL {t}large f3', 1],
    ['COPY {t}large {t}b REPLACE DB 0', 1],
    ['HLEN {t}b', 599],
    ['OBJECT ENCODING {t}b', 'hashtable'],
    ['HSET {t}b f0 other', 0],
    ['HGET {t}large f0', 'v0'],
  ])
  script(
    t,
    ['redis'],
    [
      ['SET a v', OK],
      ['COPY a b', 1],
      ['GET b', 'v'],
    ],
  )
  script(
    t,
    ['extended'],
    [['COPY a b', error("CROSSSLOT Keys in request don't hash to the same slot")]],
  )
})

t.test('MOVE and SWAPDB', async (t) => {
  for (const shards of [1, 3]) {
    const fixture = new ShardFixture({ profile: 'redis', shards })
    const first: Line[] = [
      ['MOVE k 1', 0],
      ['SET k v EX 100', OK],
      ['MOVE k 0', SAME],
      ['MOVE k x', error(NOT_INTEGER)],
      ['MOVE k 16', OUT_OF_RANGE],
      ['MOVE k 99999999999', NOT_INT32],
      ['MOVE k 1', 1],
      ['EXISTS k', 0],
      [['HSET', 'large', ...LARGE_HASH], 600],
      ['MOVE large 1', 1],
      ['SET k w', OK],
      ['MOVE k 1', 0],
      ['SWAPDB 0 1', OK],
      ['TTL k', 100],
      ['HLEN large', 600],
      ['DBSIZE', 2],
      ['SWAPDB 0 0', OK],
      ['SWAPDB x 1', error('ERR invalid first DB index')],
      ['SWAPDB 0 1.5', error('ERR invalid second DB index')],
      ['SWAPDB 0 16', OUT_OF_RANGE],
      ['SWAPDB -1 0', OUT_OF_RANGE],
    ]
    runLines(t, fixture, first, `${shards} shards`)
    fixture.database = 1
    runLines(
      t,
      fixture,
      [
        ['GET k', 'w'],
        ['DBSIZE', 1],
      ],
      `${shards} shards, the other database`,
    )
  }
  const old = new ShardFixture()
  const range = error('ERR index out of range')
  runLines(
    t,
    old,
    [
      ['MOVE k 16', range],
      ['MOVE k x', range],
    ],
    '3.2',
  )
})

/** A reply as bytes, as the client gets them behind the header. */
function dumpOf(fixture: ShardFixture, key: string): Uint8Array {
  const raw = Buffer.from(fixture.runRaw('DUMP', key), 'latin1')
  return raw.subarray(raw.indexOf('\n') + 1, -2)
}

t.test('DUMP and RESTORE', async (t) => {
  for (const profile of LATER) {
    const fixture = new ShardFixture({ profile, arenaBytes: 2 ** 23 })
    fixture.run('MSET', 'text', 'value', 'int', '12', 'wide', WIDE, 'none', '')
    fixture.run('SET', 'chunked', 'c'.repeat(2_500_000))
    fixture.run('HSET', 'packed', 'a', '1', 'b', WIDE.slice(0, 60))
    fixture.run('HSET', 'large', ...LARGE_HASH)
    fixture.run('RPUSH', 'list', 'a', '1', WIDE)
    fixture.run('RPUSH', 'nodes', ...LARGE_HASH, 'e'.repeat(20_000))
    fixture.run('SADD', 'integers', '3', '1', '2')
    fixture.run('SADD', 'members', 'a', '1')
    fixture.run('SADD', 'many', ...LARGE_HASH)
    fixture.run('ZADD', 'scores', '1', 'a', '2.5', 'b', '-inf', 'c')
    fixture.run('ZADD', 'ordered', '1', 'a', '0.1', WIDE)
    const before = fixture.contents()
    const keys = before.map(([name]) => name.slice(2))
    const payloads = keys.map((key) => dumpOf(fixture, key))
    for (const [index, key] of keys.entries()) {
      t.same(
        fixture.run('RESTORE', key, '0', payloads[index]),
        error('BUSYKEY Target key name already exists.'),
      )
      t.equal(fixture.run('DEL', key), 1)
      t.same(fixture.run('RESTORE', key, '0', payloads[index]), OK, key)
    }
    t.same(fixture.contents(), before, `${profile}: all is back`)
    checkSound(t, fixture, profile)
    const [payload] = payloads
    t.same(fixture.run('RESTORE', 'packed', '1500', payload, 'REPLACE'), OK)
    t.equal(fixture.run('PTTL', 'packed'), profile === 'redis' ? 1500 : 2000)
    const absolute = String(fixture.clock.wallMs() + 5000)
    t.same(fixture.run('RESTORE', 'packed', absolute, payload, 'ABSTTL', 'REPLACE'), OK)
    t.equal(fixture.run('TTL', 'packed'), 5)
    t.same(fixture.run('RESTORE', 'packed', '1', payload, 'ABSTTL', 'REPLACE'), OK, 'past')
    t.equal(fixture.run('EXISTS', 'packed'), 0, 'a time that is over only removes')
    checkSound(t, fixture, profile)
  }
})

t.test('RESTORE refuses', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis' })
  fixture.run('SET', 'k', 'v')
  const payload = dumpOf(fixture, 'k')
  const broken = Uint8Array.from(payload)
  broken[1] ^= 1
  const WRONG = error('ERR DUMP payload version or checksum are wrong')
  runLines(
    t,
    fixture,
    [
      [['RESTORE', 'n', '0', broken], WRONG],
      [['RESTORE', 'n', '0', ''], WRONG],
      [['RESTORE', 'n', '-1', payload], error('ERR Invalid TTL value, must be >= 0')],
      [['RESTORE', 'n', 'x', payload], error(NOT_INTEGER)],
      [['RESTORE', 'n', '0', payload, 'NX'], error(SYNTAX)],
      [['RESTORE', 'n', '0', payload, 'IDLETIME'], error(SYNTAX)],
      [
        ['RESTORE', 'n', '0', payload, 'IDLETIME', '-1'],
        error('ERR Invalid IDLETIME value, must be >= 0'),
      ],
      [
        ['RESTORE', 'n', '0', payload, 'FREQ', '256'],
        error('ERR Invalid FREQ value, must be >= 0 and <= 255'),
      ],
      [['RESTORE', 'n', '0', payload, 'FREQ', '1', 'IDLETIME', '1'], error(SYNTAX)],
      [['RESTORE', 'n', '0', payload, 'IDLETIME', '1000000'], OK],
      ['OBJECT IDLETIME n', 1_000_000],
    ],
    'refused',
  )
})

t.test('OBJECT', async (t) => {
  script(
    t,
    ['redis'],
    [
      ['OBJECT ENCODING none', null],
      ['OBJECT REFCOUNT none', null],
      ['OBJECT FREQ none', null],
      ['SET k 12', OK],
      ['OBJECT ENCODING k', 'int'],
      ['OBJECT REFCOUNT k', 2_147_483_647],
      ['SET k 123456', OK],
      ['OBJECT REFCOUNT k', 1],
      ['OBJECT IDLETIME k', 0],
      ['SET k abc', OK],
      ['OBJECT ENCODING k', 'embstr'],
      [['SET', 'k', WIDE], OK],
      ['OBJECT ENCODING k', 'raw'],
      ['HSET h a 1', 1],
      ['OBJECT ENCODING h', 'listpack'],
      [['HSET', 'h', 'b', WIDE], 1],
      ['OBJECT ENCODING h', 'hashtable'],
    ],
  )
  const fixture = new ShardFixture({ profile: 'redis' })
  fixture.run('SET', 'k', 'v')
  fixture.clock.advance(200_000)
  const idle = fixture.run('OBJECT', 'IDLETIME', 'k')
  t.equal(idle, 200)
  t.equal(fixture.run('OBJECT', 'IDLETIME', 'k'), idle, 'asking is no use')
  fixture.run('GET', 'k')
  t.equal(fixture.run('OBJECT', 'IDLETIME', 'k'), 0)
  t.match(fixture.runError('OBJECT', 'FREQ', 'k'), /^ERR An LFU maxmemory policy is not selected/)
  script(
    t,
    ['extended'],
    [
      ['HSET h a 1', 1],
      ['OBJECT ENCODING h', 'ziplist'],
    ],
  )
})
