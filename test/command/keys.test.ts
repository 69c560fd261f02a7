// DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX, over one and several shards.

import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, LATER, OK, PROFILES, script } from './script.ts'

const NO_KEY = error('ERR no such key')
const CROSS_SLOT = error("CROSSSLOT Keys in request don't hash to the same slot")

t.test('DEL EXISTS TYPE', async (t) => {
  script(t, PROFILES, [
    ['MSET {t}a 1 {t}b 2', OK],
    ['EXISTS {t}a {t}a {t}missing', 2],
    ['DEL {t}a {t}a {t}missing', 1],
    ['EXISTS {t}a', 0],
    ['TYPE {t}b', { simple: 'string' }],
    ['TYPE {t}a', { simple: 'none' }],
  ])
  script(t, LATER, [
    ['MSET {t}a 1 {t}b 2', OK],
    ['TOUCH {t}a {t}b {t}c', 2],
    ['UNLINK {t}a {t}b {t}c', 2],
    ['DBSIZE', 0],
  ])
  script(
    t,
    ['ckv', 'extended'],
    [
      ['DEL a b', CROSS_SLOT],
      ['EXISTS a b', CROSS_SLOT],
      ['RENAME a b', CROSS_SLOT],
      ['RENAMENX a b', CROSS_SLOT],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['MSET a 1 b 2 c 3 d 4', OK],
      ['EXISTS a b c d e', 4],
      ['DEL a b e', 2],
      ['UNLINK c d', 2],
    ],
  )
})

t.test('RENAME and RENAMENX', async (t) => {
  script(t, PROFILES, [
    ['RENAME {t}a {t}b', NO_KEY],
    ['RENAME {t}a {t}a', NO_KEY],
    ['RENAMENX {t}a {t}b', NO_KEY],
    ['SET {t}a v EX 100', OK],
    ['SET {t}b w', OK],
    ['RENAME {t}a {t}a', OK],
    ['RENAMENX {t}a {t}a', 0],
    ['RENAMENX {t}a {t}b', 0],
    ['RENAME {t}a {t}b', OK],
    ['GET {t}b', 'v'],
    ['TTL {t}b', 100],
    ['EXISTS {t}a', 0],
    ['RENAMENX {t}b {t}c', 1],
    ['TTL {t}c', 100],
    ['SET {t}d x EX 5', OK],
    ['SET {t}e y', OK],
    ['RENAME {t}e {t}d', OK],
    ['TTL {t}d', -1],
  ])
  script(
    t,
    ['redis'],
    [
      ['MSET a 1 b 2', OK],
      ['RENAME a far', OK],
      ['MGET a far', [null, '1']],
      ['RENAMENX far b', 0],
      ['RENAMENX far c', 1],
      ['GET c', '1'],
    ],
  )
})

t.test('a chunked value moves with its name, to another shard too', async (t) => {
  const options = { profile: 'redis', arenaBytes: 16_777_216, shards: 4 } as const
  const fixture = new ShardFixture(options)
  const value = Buffer.alloc(2_500_000, 'chunks')
  fixture.run('SET', 'a', value, 'PX', '5000')
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair])) {
    t.same(fixture.run('RENAME', from, to), OK)
  }
  t.equal(fixture.run('GET', 'f'), value.toString('latin1'))
  t.equal(fixture.run('PTTL', 'f'), 5000)
  t.equal(fixture.run('DBSIZE'), 1)
  checkSound(t, fixture, 'chunks')
})

t.test('an expired target does not keep RENAMENX away', async (t) => {
  const fixture = new ShardFixture()
  fixture.run('SET', '{t}a', '1')
  fixture.run('SET', '{t}b', '2', 'PX', '5')
  fixture.clock.advance(5)
  t.equal(fixture.run('RENAMENX', '{t}a', '{t}b'), 1)
  t.equal(fixture.run('GET', '{t}b'), '1')
  t.equal(fixture.run('PTTL', '{t}b'), -1)
})

t.test('databases are apart', async (t) => {
  const fixture = new ShardFixture({ shards: 2 })
  fixture.run('SET', 'k', 'zero')
  fixture.database = 15
  t.equal(fixture.run('GET', 'k'), null)
  fixture.run('SET', 'k', 'fifteen')
  t.equal(fixture.run('DBSIZE'), 1)
  fixture.database = 0
  t.equal(fixture.run('GET', 'k'), 'zero')
  checkSound(t, fixture, 'databases')
})
