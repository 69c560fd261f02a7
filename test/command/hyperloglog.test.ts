// PFADD PFCOUNT PFMERGE: exact replies, what is stored, what goes into the log. The comparison with
// a real Redis is in hyperloglog-oracle.test.ts.

import t from 'tap'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, type Line, OK, PROFILES, runLines, script } from './script.ts'

const NOT_A_HYPERLOGLOG = error('WRONGTYPE Key is not a valid HyperLogLog string value.')
const DAMAGED = error('INVALIDOBJ Corrupted HLL object detected')
const CROSS_SLOT = error("CROSSSLOT Keys in request don't hash to the same slot")
const DENSE_BYTES = 12_304

/** What a Redis 7.0 has stored after PFADD k a b c d e f g. */
const SEVEN_LETTERS = Buffer.from(
  '48594c4c010000000000000000000080466d80560c80443c84388050b184498c80426d80425a',
  'hex',
)

function hyperloglog(encoding: number, runs: readonly number[], cached = 0x80): Uint8Array {
  const header = [...Buffer.from('HYLL'), encoding, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, cached]
  return Uint8Array.from([...header, ...runs])
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** A fixture with a dense HyperLogLog under the key. */
function withDense(key: string, profile: 'ckv' | 'redis' = 'ckv'): ShardFixture {
  const fixture = new ShardFixture({ profile })
  const elements = Array.from({ length: 4000 }, (_, index) => `${index}`)
  fixture.run('PFADD', key, ...elements)
  if (fixture.run('STRLEN', key) !== DENSE_BYTES) throw new Error('not dense')
  return fixture
}

t.test('replies', async (t) => {
  script(t, PROFILES, [
    ['PFCOUNT k', 0],
    ['PFADD k', 1],
    ['PFADD k', 0],
    ['PFCOUNT k', 0],
    ['PFADD k a b c d e f g', 1],
    ['PFADD k a b c d e f g', 0],
    ['PFCOUNT k', 7],
    ['GET k', latin1(SEVEN_LETTERS)],
    ['TYPE k', { simple: 'string' }],
    ["PFADD k ''", 1],
    ["PFADD k ''", 0],
    ['PFCOUNT k', 8],
    ['EXPIRE k 100', 1],
    ['PFADD k h', 1],
    ['TTL k', 100],
    ['PFADD {k}2 a x y', 1],
    ['PFCOUNT k {k}2 {k}none', 11],
    ['PFCOUNT {k}none {k}none', 0],
    ['PFMERGE k {k}2 {k}none', OK],
    ['TTL k', 100],
    ['PFCOUNT k', 11],
    ['PFMERGE {k}new', OK],
    ['PFCOUNT {k}new', 0],
    ['STRLEN {k}new', 18],
    ['PFMERGE {k}new k', OK],
    ['PFCOUNT {k}new', 11],
    ['TTL {k}new', -1],
  ])
})

t.test('slots', async (t) => {
  script(
    t,
    ['ckv', 'extended'],
    [
      ['PFADD a 1', 1],
      ['PFCOUNT a b', CROSS_SLOT],
      ['PFMERGE a b', CROSS_SLOT],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['PFADD a 1', 1],
      ['PFADD b 2 3', 1],
      ['PFCOUNT a b c', 3],
      ['PFMERGE c a b', OK],
      ['PFCOUNT c', 3],
    ],
  )
})

t.test('strings that are none, or damaged', async (t) => {
  const all = [0x7f, 0xff]
  const lines: Line[] = [
    ['SET s text', OK],
    ['PFADD s a', NOT_A_HYPERLOGLOG],
    ['PFADD s', NOT_A_HYPERLOGLOG],
    ['PFCOUNT s', NOT_A_HYPERLOGLOG],
    ['PFCOUNT {s}1 s', NOT_A_HYPERLOGLOG],
    ['PFMERGE {s}1 s', NOT_A_HYPERLOGLOG],
    ['PFMERGE s', NOT_A_HYPERLOGLOG],
    ['EXISTS {s}1', 0],
  ]
  const broken: [Uint8Array, Reply][] = [
    [hyperloglog(2, all), NOT_A_HYPERLOGLOG],
    [hyperloglog(0, all), NOT_A_HYPERLOGLOG],
    [hyperloglog(1, []).subarray(0, 15), NOT_A_HYPERLOGLOG],
    [hyperloglog(1, []), DAMAGED],
    [hyperloglog(1, [0x7f]), DAMAGED],
    [hyperloglog(1, [0x7f, 0xfe]), DAMAGED],
    [hyperloglog(1, [0x7f, 0xff, 0x80]), DAMAGED],
    [hyperloglog(1, Array<number>(70_000).fill(0x3f)), DAMAGED],
    [hyperloglog(1, Array<number>(1_100_000).fill(0x3f)), DAMAGED],
    [hyperloglog(1, Array<number>(30_000).fill(0x7f)), DAMAGED],
  ]
  for (const [value, reply] of broken) {
    lines.push(
      [['SET', 'd', value], OK],
      ['PFCOUNT d', reply],
      ['PFCOUNT d {d}1', reply],
      ['PFMERGE {d}1 d', reply],
      ['PFMERGE d', reply],
      ['EXISTS {d}1', 0],
    )
  }
  lines.push(
    // Only what an element meets is looked at, as in Redis.
    [['SET', 'd', hyperloglog(1, [])], OK],
    ['PFADD d a', DAMAGED],
    [['SET', 'd', hyperloglog(1, [0x7f, 0xff, 0x80])], OK],
    ['PFADD d a', 1],
    [['SET', 'd', hyperloglog(1, Array<number>(70_000).fill(0x3f))], OK],
    ['PFADD d a', DAMAGED],
    ['PFADD d', 0],
    // What is cached is believed.
    [['SET', 'd', hyperloglog(1, all, 0)], OK],
    ['PFCOUNT d', 0],
  )
  script(t, PROFILES, lines, { arenaBytes: 4_194_304 })
})

t.test('cached cardinalities', async (t) => {
  const fixture = new ShardFixture()
  const value = hyperloglog(1, [0x7f, 0xff], 0x7f)
  fixture.run('SET', 'k', value)
  t.equal(fixture.runRaw('PFCOUNT', 'k'), ':9151314442816847872\r\n')
  value[15] = 0
  value[8] = 0xff
  value[13] = 1
  fixture.run('SET', 'k', value)
  t.equal(fixture.run('PFCOUNT', 'k'), 2 ** 40 + 255)
  t.equal(fixture.run('PFADD', 'k', 'a'), 1)
  t.equal(fixture.run('PFCOUNT', 'k'), 1, 'an element makes it invalid')
  fixture.run('SET', 'k', value)
  fixture.run('PFMERGE', 'k')
  t.equal(fixture.run('PFCOUNT', 'k'), 0, 'and so does a merge')
  checkSound(t, fixture, 'cached')
})

t.test('registers that no hash gives', async (t) => {
  const fixture = new ShardFixture()
  for (const byte of [0xff, 0x55]) {
    const value = new Uint8Array(DENSE_BYTES).fill(byte)
    value.set(hyperloglog(0, []))
    fixture.run('SET', 'k', value)
    t.match(fixture.runRaw('PFCOUNT', 'k'), /^:-?\d+\r\n$/)
    t.match(fixture.runRaw('PFCOUNT', 'k', 'k'), /^:-?\d+\r\n$/)
  }
})

t.test('a count changes nothing', async (t) => {
  const fixture = withDense('k')
  const before = fixture.run('GET', 'k')
  const [{ log }] = fixture.sides
  const logBefore = log.appendedLsn()
  t.equal(fixture.run('PFCOUNT', 'k'), 4003)
  t.equal(fixture.run('PFCOUNT', 'k', '{k}2'), 4003)
  t.equal(log.appendedLsn(), logBefore)
  t.equal(fixture.run('GET', 'k'), before)
})

t.test('what goes into the log', async (t) => {
  for (const key of ['k', 'K'.repeat(300), 'K'.repeat(3000)]) {
    const fixture = withDense(key)
    const [{ log }] = fixture.sides
    const logged = (...elements: string[]): number => {
      const before = log.appendedLsn()
      fixture.run('PFADD', key, ...elements)
      return log.appendedLsn() - before
    }
    t.equal(logged('1', '2', '3'), 0, 'nothing new, nothing written')
    let total = 0
    let added = 0
    for (let index = 0; index < 300; index++) {
      const bytes = logged(`new ${index}`)
      total += bytes
      if (bytes > 0) added++
    }
    t.ok(added > 100, `${added} changed a register`)
    const limit = key.length > 512 ? DENSE_BYTES + key.length + 100 : 160 + key.length
    t.ok(total <= limit * added, `${total} bytes for ${added}`)
    const many = Array.from({ length: 1000 }, (_, index) => `many ${index}`)
    // Twice, because the log may have to fill up the end of its slice.
    const once = DENSE_BYTES + key.length + 200
    t.ok(logged(...many) <= 2 * once, 'many at once are one range')
    checkSound(t, fixture, `key of ${key.length}`)
  }
  const sparse = new ShardFixture()
  for (let index = 0; index < 3000; index++) sparse.run('PFADD', 'k', `${index}`)
  t.equal(sparse.run('STRLEN', 'k'), DENSE_BYTES)
  checkSound(t, sparse, 'one by one')
})

t.test('estimates are near', async (t) => {
  const fixture = new ShardFixture({ sliceBytes: 1_048_576 })
  let added = 0
  for (const goal of [100, 1000, 10_000, 100_000]) {
    const batch: string[] = []
    while (added < goal) batch.push(`element:${added++}`)
    fixture.run('PFADD', 'k', ...batch)
    const found = Number(fixture.run('PFCOUNT', 'k'))
    t.ok(Math.abs(found - goal) < goal * 0.02, `${found} for ${goal}`)
  }
  checkSound(t, fixture, 'many')
})

t.test('a merge goes over to dense as soon as one is', async (t) => {
  const fixture = withDense('k')
  runLines(
    t,
    fixture,
    [
      ['PFADD {k}s a', 1],
      ['PFMERGE {k}s k', OK],
      ['STRLEN {k}s', DENSE_BYTES],
      ['PFADD {k}t b', 1],
      ['PFMERGE k {k}t', OK],
    ],
    'dense',
  )
  t.equal(fixture.run('PFCOUNT', 'k'), fixture.run('PFCOUNT', 'k', '{k}t'))
})
