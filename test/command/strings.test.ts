// GET, SET and what is made of them: every option, every error text, per profile.

import t from 'tap'
import { NOW_MS, ShardFixture } from '../support/shard-fixture.ts'
import { error, LATER, NOT_INTEGER, OK, PROFILES, SYNTAX, script } from './script.ts'

t.test('GET and SET', async (t) => {
  script(t, PROFILES, [
    ['GET k', null],
    ['SET k v', OK],
    ['GET k', 'v'],
    ["SET k ''", OK],
    ['GET k', ''],
    [['SET', 'k', Uint8Array.of(0, 0xff, 13, 10)], OK],
    ['GET k', '\x00\xff\r\n'],
    ["SET '' empty", OK],
    ["GET ''", 'empty'],
    [['SET', Uint8Array.of(0xff), 'ff'], OK],
    [['SET', Uint8Array.of(0xfe), 'fe'], OK],
    [['GET', Uint8Array.of(0xff)], 'ff'],
    ['STRLEN k', 4],
    ['STRLEN missing', 0],
    ['SET constructor c', OK],
    ['GET constructor', 'c'],
    ['GET __proto__', null],
  ])
})

t.test('conditions and lifetimes of SET', async (t) => {
  script(t, PROFILES, [
    ['SET k v XX', null],
    ['GET k', null],
    ['SET k v NX', OK],
    ['SET k w NX', null],
    ['SET k w nx NX', null],
    ['SET k w XX', OK],
    ['GET k', 'w'],
    ['SET k v EX 100', OK],
    ['TTL k', 100],
    ['SET k v', OK],
    ['TTL k', -1],
    ['SET k v pX 5000 xx', OK],
    ['PTTL k', 5000],
    ['SET k v EX 10 EX 20', OK],
    ['TTL k', 20],
    ['SET k v NX XX', error(SYNTAX)],
    ['SET k v XX NX', error(SYNTAX)],
    ['SET k v EX 10 PX 10', error(SYNTAX)],
    ['SET k v EX', error(SYNTAX)],
    ['SET k v PX', error(SYNTAX)],
    ['SET k v NX EX', error(SYNTAX)],
    ['SET k v bogus', error(SYNTAX)],
    ["SET k v ''", error(SYNTAX)],
    ['SET k v EX x', error(NOT_INTEGER)],
    ['SET k v EX 1.5', error(NOT_INTEGER)],
    ['SET k v EX 9223372036854775808', error(NOT_INTEGER)],
    ['TTL k', 20],
  ])
})

t.test('later options of SET', async (t) => {
  const seconds = Math.floor(NOW_MS / 1000)
  script(t, LATER, [
    ['SET k v GET', null],
    ['SET k w GET', 'v'],
    ['SET k x NX GET', 'w'],
    ['GET k', 'w'],
    ['SET missing x XX GET', null],
    ['SET new x NX GET', null],
    ['GET new', 'x'],
    ['SET k v EX 100', OK],
    ['SET k w KEEPTTL', OK],
    ['TTL k', 100],
    ['SET k a-longer-value-in-another-slab-class KEEPTTL GET', 'w'],
    ['TTL k', 100],
    [`SET k v EXAT ${seconds + 50}`, OK],
    ['TTL k', 50],
    [`SET k v PXAT ${NOW_MS + 7000}`, OK],
    ['PTTL k', 7000],
    ['SET k v KEEPTTL EX 1', error(SYNTAX)],
    ['SET k v EX 1 KEEPTTL', error(SYNTAX)],
    ['SET k v EXAT 1 PXAT 1', error(SYNTAX)],
    ['SET k v PERSIST', error(SYNTAX)],
    ['SET k v EXAT', error(SYNTAX)],
    ['SET k v EXAT x', error(NOT_INTEGER)],
    ['SET k v PXAT 1', OK],
    ['GET k', null],
  ])
  script(
    t,
    ['ckv'],
    [
      ['SET k v GET', error(SYNTAX)],
      ['SET k v KEEPTTL', error(SYNTAX)],
      [`SET k v EXAT ${seconds + 50}`, error(SYNTAX)],
      ['GET k', null],
    ],
  )
})

t.test('invalid lifetimes name the command as the profile does', async (t) => {
  const lines = [
    ['SET k v EX 0', 'set'],
    ['SET k v PX -1', 'set'],
    ['SET k v EX 9223372036854775807', 'set'],
    ['SETEX k 0 v', 'setex'],
    ['SETEX k -5 v', 'setex'],
    ['SETEX k 9223372036854775 v', 'setex'],
    ['PSETEX k 0 v', 'psetex'],
    ['PSETEX k 9223372036854775807 v', 'psetex'],
  ] as const
  script(
    t,
    ['ckv', 'extended'],
    lines.map(([command, name]) => [command, error(`ERR invalid expire time in ${name}`)]),
  )
  script(
    t,
    ['redis'],
    lines.map(([command, name]) => [
      command,
      error(`ERR invalid expire time in '${name}' command`),
    ]),
  )
})

t.test('SETNX SETEX PSETEX GETSET APPEND', async (t) => {
  script(t, PROFILES, [
    ['SETNX k v', 1],
    ['SETNX k w', 0],
    ['GET k', 'v'],
    ['SETEX k 10 w', OK],
    ['TTL k', 10],
    ['SETEX k x w', error(NOT_INTEGER)],
    ['PSETEX k 2000 x', OK],
    ['PTTL k', 2000],
    ['GETSET k y', 'x'],
    ['TTL k', -1],
    ['GETSET new z', null],
    ['GET new', 'z'],
    ['APPEND k abc', 4],
    ['GET k', 'yabc'],
    ["APPEND k ''", 4],
    ['APPEND fresh abc', 3],
    ["APPEND empty ''", 0],
    ['GET empty', ''],
    ['EXPIRE k 100', 1],
    ['APPEND k d', 5],
    ['TTL k', 100],
  ])
})

t.test('GETDEL and GETEX', async (t) => {
  const seconds = Math.floor(NOW_MS / 1000)
  script(t, LATER, [
    ['GETDEL k', null],
    ['SET k v', OK],
    ['GETDEL k', 'v'],
    ['GET k', null],
    ['GETEX k', null],
    ['GETEX k EX x', null],
    ['SET k v', OK],
    ['GETEX k', 'v'],
    ['TTL k', -1],
    ['GETEX k EX 100', 'v'],
    ['TTL k', 100],
    ['GETEX k PX 9000', 'v'],
    ['PTTL k', 9000],
    ['GETEX k PERSIST', 'v'],
    ['TTL k', -1],
    ['GETEX k PERSIST', 'v'],
    [`GETEX k EXAT ${seconds + 5}`, 'v'],
    ['TTL k', 5],
    [`GETEX k PXAT ${NOW_MS + 6000}`, 'v'],
    ['TTL k', 6],
    ['GETEX k EX 5 PERSIST', error(SYNTAX)],
    ['GETEX k PERSIST EX 5', error(SYNTAX)],
    ['GETEX k EX', error(SYNTAX)],
    ['GETEX k KEEPTTL', error(SYNTAX)],
    ['GETEX k NX', error(SYNTAX)],
    ['GETEX k EX x', error(NOT_INTEGER)],
    ['TTL k', 6],
    ['GETEX k EXAT 1', 'v'],
    ['GET k', null],
  ])
  script(
    t,
    ['extended'],
    [
      ['SET k v', OK],
      ['GETEX k EX 0', error('ERR invalid expire time in getex')],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['SET k v', OK],
      ['GETEX k EX 0', error("ERR invalid expire time in 'getex' command")],
    ],
  )
})

t.test('MGET MSET MSETNX', async (t) => {
  script(t, PROFILES, [
    ['MSET a 1 b 2 c 3', OK],
    ['MGET a b missing c a', ['1', '2', null, '3', '1']],
    ['EXPIRE a 100', 1],
    ['MSET a 4 a 5', OK],
    ['MGET a', ['5']],
    ['TTL a', -1],
    ['MSETNX {t}k 1 {t}k 2', 1],
    ['GET {t}k', '2'],
    ['MSETNX {t}new x {t}k y', 0],
    ['MGET {t}new {t}k', [null, '2']],
  ])
  const arity32 = error('ERR wrong number of arguments for MSET')
  script(
    t,
    ['ckv', 'extended'],
    [
      ['MSET a', error("ERR wrong number of arguments for 'mset' command")],
      ['MSET a 1 b', arity32],
      ['MSETNX {t}a 1 {t}b', arity32],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['MSET a 1 b', error("ERR wrong number of arguments for 'mset' command")],
      ['MSETNX {t}a 1 {t}b', error("ERR wrong number of arguments for 'msetnx' command")],
      ['MSETNX a 1 b 2 c 3 d 4', 1],
      ['MSETNX e 1 f 2 a 3', 0],
      ['MGET e f a', [null, null, '1']],
    ],
  )
  const crossSlot = error("CROSSSLOT Keys in request don't hash to the same slot")
  script(t, ['extended'], [['MSETNX a 1 b 2', crossSlot]])
})

t.test('nulls as the protocol has them', async (t) => {
  const old = new ShardFixture()
  t.equal(old.runRaw('GET', 'k'), '$-1\r\n')
  t.equal(old.runRaw('MGET', 'k'), '*1\r\n$-1\r\n')
  t.equal(old.runRaw('SET', 'k', 'v', 'XX'), '$-1\r\n')
  const resp3 = new ShardFixture({ protocol: 3 })
  t.equal(resp3.runRaw('GET', 'k'), '_\r\n')
  t.equal(resp3.runRaw('MGET', 'k'), '*1\r\n_\r\n')
  t.equal(resp3.runRaw('SET', 'k', 'v', 'XX'), '_\r\n')
  t.equal(resp3.runRaw('RANDOMKEY'), '_\r\n')
})

t.test('an expired key is as good as none', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis' })
  for (const command of [
    ['SET', 'k', 'new', 'XX'],
    ['GET', 'k'],
    ['GETDEL', 'k'],
    ['GETEX', 'k', 'PERSIST'],
  ]) {
    fixture.run('SET', 'k', 'old', 'PX', '10')
    fixture.clock.advance(10)
    t.equal(fixture.run(...command), null, command.join(' '))
    t.equal(fixture.run('DBSIZE'), 0)
  }
  for (const [command, reply, value] of [
    [['SET', 'k', 'new', 'KEEPTTL'], OK, 'new'],
    [['APPEND', 'k', 'x'], 1, 'x'],
    [['INCR', 'k'], 1, '1'],
    [['SETRANGE', 'k', '1', 'x'], 2, '\0x'],
    [['SETBIT', 'k', '0', '1'], 0, '\x80'],
  ] as const) {
    fixture.run('SET', 'k', '77', 'PX', '10')
    fixture.clock.advance(10)
    t.same(fixture.run(...command), reply, command.join(' '))
    t.equal(fixture.run('GET', 'k'), value)
    t.equal(fixture.run('TTL', 'k'), -1)
  }
  t.same(fixture.recovered(), fixture.contents())
})

t.test('values of every size through chunks and back', async (t) => {
  const fixture = new ShardFixture({ arenaBytes: 33_554_432 })
  for (const length of [0, 1, 63, 64, 511, 512, 513, 65_535, 65_536, 1_048_576, 1_048_577]) {
    const value = Buffer.alloc(length, `${length};`)
    t.same(fixture.run('SET', 'k', value), OK)
    t.equal(fixture.run('GET', 'k'), value.toString('latin1'), `GET of ${length}`)
    t.equal(fixture.run('GETRANGE', 'k', '-3', '-1'), value.toString('latin1').slice(-3))
    t.same(fixture.run('MSET', 'm', value, 'k', 'x'), OK)
    t.equal(fixture.run('GETSET', 'm', ''), value.toString('latin1'))
  }
  t.same(fixture.findings(), [])
  t.same(fixture.recovered(), fixture.contents())
})
