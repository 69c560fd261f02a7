// EXPIRE and its kin with every condition, TTL and its kin, PERSIST.

import t from 'tap'
import { NOW_MS, ShardFixture } from '../support/shard-fixture.ts'
import { error, LATER, NOT_INTEGER, OK, PROFILES, script } from './script.ts'

const SECONDS = Math.floor(NOW_MS / 1000)

t.test('EXPIRE and TTL', async (t) => {
  script(t, PROFILES, [
    ['EXPIRE k 10', 0],
    ['TTL k', -2],
    ['PTTL k', -2],
    ['PERSIST k', 0],
    ['SET k v', OK],
    ['TTL k', -1],
    ['PTTL k', -1],
    ['PERSIST k', 0],
    ['EXPIRE k 10', 1],
    ['TTL k', 10],
    ['PTTL k', 10_000],
    ['PEXPIRE k 20000', 1],
    ['TTL k', 20],
    [`EXPIREAT k ${SECONDS + 30}`, 1],
    ['TTL k', 30],
    [`PEXPIREAT k ${NOW_MS + 40_000}`, 1],
    ['TTL k', 40],
    ['PERSIST k', 1],
    ['TTL k', -1],
    ['EXPIRE k x', error(NOT_INTEGER)],
    ['EXPIRE k 1.5', error(NOT_INTEGER)],
    ['EXPIRE k 9223372036854775808', error(NOT_INTEGER)],
    ['EXPIRE k 0', 1],
    ['EXISTS k', 0],
    ['SET k v', OK],
    ['EXPIRE k -9223372036854775', 1],
    ['EXISTS k', 0],
    ['SET k v', OK],
    ['PEXPIRE k -9223372036854775808', 1],
    ['EXISTS k', 0],
    ['SET k v', OK],
    ['PEXPIREAT k 1', 1],
    ['EXISTS k', 0],
  ])
})

t.test('PTTL shows whole seconds, but the key goes to the millisecond', async (t) => {
  script(
    t,
    ['ckv', 'extended'],
    [
      ['SET k v', OK],
      ['PEXPIRE k 1', 1],
      ['PTTL k', 1000],
      ['PEXPIRE k 1000', 1],
      ['PTTL k', 1000],
      ['PEXPIRE k 1001', 1],
      ['PTTL k', 2000],
      ['TTL k', 1],
      ['PEXPIRE k 499', 1],
      ['TTL k', 0],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['SET k v PX 1499', OK],
      ['PTTL k', 1499],
      ['TTL k', 1],
      ['PEXPIRE k 1500', 1],
      ['TTL k', 2],
    ],
  )
  const fixture = new ShardFixture({ profile: 'ckv' })
  fixture.run('SET', 'k', 'v', 'PX', '1001')
  fixture.clock.advance(1000)
  t.equal(fixture.run('GET', 'k'), 'v')
  t.equal(fixture.run('PTTL', 'k'), 1000)
  fixture.clock.advance(1)
  t.equal(fixture.run('GET', 'k'), null)
})

t.test('EXPIRETIME and PEXPIRETIME', async (t) => {
  script(t, LATER, [
    ['EXPIRETIME k', -2],
    ['SET k v', OK],
    ['PEXPIRETIME k', -1],
    [`PEXPIREAT k ${NOW_MS + 1499}`, 1],
    ['PEXPIRETIME k', NOW_MS + 1499],
    ['EXPIRETIME k', SECONDS + 1],
    [`PEXPIREAT k ${NOW_MS + 1500}`, 1],
    ['EXPIRETIME k', SECONDS + 2],
  ])
})

t.test('conditions', async (t) => {
  script(t, LATER, [
    ['SET k v', OK],
    ['EXPIRE k 100 XX', 0],
    ['EXPIRE k 100 GT', 0],
    ['EXPIRE k 100 NX', 1],
    ['EXPIRE k 200 nx', 0],
    ['EXPIRE k 50 GT', 0],
    ['EXPIRE k 100 GT', 0],
    ['EXPIRE k 200 GT', 1],
    ['TTL k', 200],
    ['EXPIRE k 300 LT', 0],
    ['EXPIRE k 200 LT', 0],
    ['EXPIRE k 100 lt', 1],
    ['TTL k', 100],
    ['EXPIRE k 300 XX GT', 1],
    ['EXPIRE k 250 LT XX', 1],
    ['TTL k', 250],
    ['PERSIST k', 1],
    ['EXPIRE k 300 XX LT', 0],
    ['EXPIRE k 300 LT', 1],
    ['EXPIRE missing 1 NX', 0],
    ['EXPIRE k -1 GT', 0],
    [
      'EXPIRE k 1 NX XX',
      error('ERR NX and XX, GT or LT options at the same time are not compatible'),
    ],
    [
      'EXPIRE k 1 GT NX',
      error('ERR NX and XX, GT or LT options at the same time are not compatible'),
    ],
    ['EXPIRE k 1 GT LT', error('ERR GT and LT options at the same time are not compatible')],
    ['EXPIRE k 1 foo', error('ERR Unsupported option foo')],
    ['EXPIRE k x foo', error('ERR Unsupported option foo')],
    ['EXPIRE k -1 LT', 1],
    ['EXISTS k', 0],
  ])
  script(
    t,
    ['ckv'],
    [
      ['SET k v', OK],
      ['EXPIRE k 100 NX', error("ERR wrong number of arguments for 'expire' command")],
    ],
  )
})

t.test('times that do not fit 64 bits', async (t) => {
  const lines = [
    ['EXPIRE k 9223372036854775807', 'expire'],
    ['EXPIRE k -9223372036854775807', 'expire'],
    ['EXPIREAT k 9223372036854775807', 'expireat'],
    ['PEXPIRE k 9223372036854775807', 'pexpire'],
  ] as const
  script(
    t,
    ['redis'],
    [
      ['SET k v', OK],
      ...lines.map(
        ([command, name]) =>
          [command, error(`ERR invalid expire time in '${name}' command`)] as const,
      ),
      ['TTL k', -1],
    ],
  )
  script(
    t,
    ['ckv', 'extended'],
    [
      ['SET k v', OK],
      ...lines.map(
        ([command, name]) => [command, error(`ERR invalid expire time in ${name}`)] as const,
      ),
      ['TTL k', -1],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['SET k v', OK],
      ['PEXPIREAT k 9007199254740991', 1],
      ['PEXPIRETIME k', 9007199254740991],
      // Beyond 2^53 ms a time counts as 2^53 - 1: the year 287396 all the same.
      ['PEXPIREAT k 9223372036854775807', 1],
      ['PEXPIRETIME k', 9007199254740991],
      ['GET k', 'v'],
    ],
  )
})

t.test('the log carries absolute times', async (t) => {
  const fixture = new ShardFixture({ shards: 2 })
  fixture.run('SET', 'a', 'v', 'EX', '100')
  fixture.clock.advance(50_000)
  fixture.run('EXPIRE', 'a', '100')
  fixture.run('SET', 'b', 'v')
  fixture.run('PEXPIRE', 'b', '7')
  fixture.clock.advance(10)
  fixture.run('GET', 'b')
  t.same(fixture.contents(), [['0 a', `v @${NOW_MS + 150_000}`]])
  t.same(fixture.recovered(), fixture.contents())
})
