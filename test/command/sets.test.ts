// Set commands: replies and errors, over one and several shards.

import t, { type Test } from 'tap'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import {
  checkSound,
  error,
  LATER,
  type Line,
  NOT_INTEGER,
  OK,
  PROFILES,
  SYNTAX,
  script,
  WRONG_TYPE,
} from './script.ts'

const WRONG = error(WRONG_TYPE)
const INT64_MAX = '9223372036854775807'
const OLDER = ['ckv', 'extended'] as const

/** Three sets: of integers, of other words, and a large one. */
const SETS: readonly Line[] = [
  ['SADD {t}i 3 1 2', 3],
  ['SADD {t}w a b c 1', 4],
  [['SADD', '{t}l', '2', 'b', 'x'.repeat(100)], 3],
  ['SET {t}s v', OK],
]

t.test('SADD SREM SCARD SISMEMBER SMEMBERS', async (t) => {
  script(t, PROFILES, [
    ['SADD {t}a 1 2 2 1', 2],
    ['SADD {t}a 2 3 -9223372036854775808 9223372036854775807', 3],
    ['SMEMBERS {t}a', ['-9223372036854775808', '1', '2', '3', '9223372036854775807']],
    ['SISMEMBER {t}a 9223372036854775807', 1],
    ['SISMEMBER {t}a 9223372036854775808', 0],
    ['SISMEMBER {t}a 01', 0],
    ['SISMEMBER {t}a +1', 0],
    ["SISMEMBER {t}a ''", 0],
    ["SADD {t}a ''", 1],
    ["SADD {t}a '' 01", 1],
    ["SISMEMBER {t}a ''", 1],
    ['SCARD {t}a', 7],
    ['SREM {t}a 1 2 2 missing', 2],
    ['SREM {t}a missing', 0],
    ['SCARD {t}a', 5],
    ["SREM {t}a '' 01 3 -9223372036854775808 9223372036854775807", 5],
    ['EXISTS {t}a', 0],
    ['SCARD {t}a', 0],
    ['SREM {t}a 1', 0],
    ['SISMEMBER {t}a 1', 0],
    ['SMEMBERS {t}a', []],
    ['TYPE {t}a', { simple: 'none' }],
    ['SADD {t}a 1', 1],
    ['TYPE {t}a', { simple: 'set' }],
    ['EXPIRE {t}a 100', 1],
    [['SADD', '{t}a', 'x'.repeat(200)], 1],
    ['TTL {t}a', 100],
    ['SADD {t}a', error("ERR wrong number of arguments for 'sadd' command")],
  ])
})

t.test('SMISMEMBER', async (t) => {
  script(t, LATER, [
    ...SETS,
    ['SMISMEMBER {t}i 1 4 a 1', [1, 0, 0, 1]],
    ['SMISMEMBER {t}w 1 4 a', [1, 0, 1]],
    ['SMISMEMBER {t}l b c', [1, 0]],
    ['SMISMEMBER {t}none b c', [0, 0]],
    ['SMISMEMBER {t}s b', WRONG],
  ])
})

t.test('SMOVE', async (t) => {
  script(t, PROFILES, [
    ...SETS,
    ['SMOVE {t}i {t}w 3', 1],
    ['SMOVE {t}i {t}w 3', 0],
    ['SISMEMBER {t}w 3', 1],
    ['SMOVE {t}i {t}w 1', 1],
    ['SCARD {t}w', 5],
    ['SMOVE {t}i {t}new 2', 1],
    ['EXISTS {t}i', 0],
    ['SMEMBERS {t}new', ['2']],
    ['SMOVE {t}new {t}l b', 0],
    ['SMOVE {t}l {t}new b', 1],
    ['SMOVE {t}w {t}w a', 1],
    ['SMOVE {t}w {t}w zz', 0],
    ['SMOVE {t}none {t}s a', 0],
    ['SMOVE {t}w {t}s a', WRONG],
    ['SMOVE {t}w {t}s zz', WRONG],
    ['SMOVE {t}s {t}w a', WRONG],
    ['SMOVE {t}s {t}none a', WRONG],
  ])
  script(
    t,
    ['redis'],
    [
      ['SADD a 1 2', 2],
      ['SMOVE a b 1', 1],
      ['SMOVE a c 2', 1],
      ['SUNION a b c', ['1', '2']],
      ['SMOVE b c 1', 1],
      ['SMEMBERS c', ['1', '2']],
    ],
  )
})

t.test('SINTER SUNION SDIFF and what stores them', async (t) => {
  script(t, PROFILES, [
    ...SETS,
    ['SINTER {t}i', ['1', '2', '3']],
    ['SINTER {t}i {t}w', ['1']],
    ['SINTER {t}w {t}l {t}w', ['b']],
    ['SINTER {t}i {t}w {t}l', []],
    ['SINTER {t}i {t}none', []],
    ['SUNION {t}i {t}none', ['1', '2', '3']],
    ['SUNION {t}none {t}none', []],
    ['SUNION {t}i {t}i', ['1', '2', '3']],
    ['SUNIONSTORE {t}d {t}i {t}w', 6],
    ['SCARD {t}d', 6],
    ['SDIFF {t}i {t}w', ['2', '3']],
    ['SDIFF {t}i {t}w {t}l', ['3']],
    ['SDIFF {t}i', ['1', '2', '3']],
    ['SDIFF {t}i {t}i', []],
    ['SDIFF {t}none {t}i', []],
    ['SDIFFSTORE {t}i {t}i {t}w {t}none', 2],
    ['SMEMBERS {t}i', ['2', '3']],
    ['SINTERSTORE {t}s {t}w {t}d', 4],
    ['SINTERSTORE {t}w {t}w {t}i', 0],
    ['EXISTS {t}w', 0],
    ['SINTERSTORE {t}w {t}w {t}i', 0],
    ['SET {t}s v EX 100', OK],
    ['SUNIONSTORE {t}s {t}i', 2],
    ['TTL {t}s', -1],
    ['SET {t}s v', OK],
    ['SDIFFSTORE {t}s {t}none', 0],
    ['EXISTS {t}s', 0],
  ])
  script(
    t,
    ['redis'],
    [
      ['SADD a 1 2 3', 3],
      ['SADD b 2 3 4', 3],
      ['SADD c 3 4 5', 3],
      ['SINTER a b c', ['3']],
      ['SUNION a b c', ['1', '2', '3', '4', '5']],
      ['SDIFF a b c', ['1']],
      ['SINTERSTORE d a b', 2],
      ['SUNIONSTORE a a b c d', 5],
      ['SDIFFSTORE b a b', 2],
      ['SMEMBERS b', ['1', '5']],
    ],
  )
})

t.test('types of all keys, as each version looks at them', async (t) => {
  const lines: readonly Line[] = [
    ...SETS,
    ['SUNION {t}none {t}s', WRONG],
    ['SDIFF {t}none {t}s', WRONG],
    ['SDIFFSTORE {t}d {t}none {t}s', WRONG],
    ['SINTER {t}s {t}none', WRONG],
    ['SADD {t}s 1', WRONG],
    ['SREM {t}s 1', WRONG],
    ['SCARD {t}s', WRONG],
    ['SISMEMBER {t}s 1', WRONG],
    ['SMEMBERS {t}s', WRONG],
    ['SPOP {t}s', WRONG],
    ['SPOP {t}s 0', WRONG],
    ['SRANDMEMBER {t}s', WRONG],
    ['SRANDMEMBER {t}s 0', WRONG],
    ['SSCAN {t}s 0', WRONG],
  ]
  script(t, OLDER, [...lines, ['SINTER {t}none {t}s', []], ['SINTERSTORE {t}w {t}none {t}s', 0]])
  script(t, ['redis'], [...lines, ['SINTER {t}none {t}s', WRONG]])
  script(t, ['redis'], [...SETS, ['SINTERSTORE {t}w {t}none {t}s', WRONG], ['SCARD {t}w', 4]])
})

t.test('SINTERCARD', async (t) => {
  const [notPositive, tooMany, negative] = [
    'ERR numkeys should be greater than 0',
    "ERR Number of keys can't be greater than number of args",
    "ERR LIMIT can't be negative",
  ].map(error)
  script(t, LATER, [
    ...SETS,
    ['SINTERCARD 1 {t}i', 3],
    ['SINTERCARD 2 {t}i {t}i LIMIT 2', 2],
    ['SINTERCARD 2 {t}i {t}i limit 0', 3],
    ['SINTERCARD 2 {t}i {t}i LIMIT 1 LIMIT 9', 3],
    ['SINTERCARD 2 {t}w {t}l', 1],
    ['SINTERCARD 2 {t}w {t}none', 0],
    ['SINTERCARD 0 {t}i', notPositive],
    ['SINTERCARD -1 {t}i', notPositive],
    ['SINTERCARD x {t}i', notPositive],
    ['SINTERCARD 9223372036854775808 {t}i', notPositive],
    ['SINTERCARD 2 {t}i', tooMany],
    ['SINTERCARD 9223372036854775807 {t}i', tooMany],
    ['SINTERCARD 1 {t}i LIMIT', error(SYNTAX)],
    ['SINTERCARD 1 {t}i LIMITS 1', error(SYNTAX)],
    ['SINTERCARD 1 {t}i LIMIT -1', negative],
    ['SINTERCARD 1 {t}i LIMIT x', negative],
    ['SINTERCARD 1 {t}s', WRONG],
  ])
})

t.test('SPOP and SRANDMEMBER: what is no matter of chance', async (t) => {
  const both: readonly Line[] = [
    ['SADD {t}a 7', 1],
    ['SRANDMEMBER {t}a', '7'],
    ['SRANDMEMBER {t}a 3', ['7']],
    ['SRANDMEMBER {t}a -3', ['7', '7', '7']],
    ['SRANDMEMBER {t}a 0', []],
    ['SRANDMEMBER {t}none', null],
    ['SRANDMEMBER {t}none 2', []],
    ['SRANDMEMBER {t}a x', error(NOT_INTEGER)],
    ['SRANDMEMBER {t}a 1 2', error(SYNTAX)],
    [
      'SRANDMEMBER {t}a -9223372036854775808',
      error(`ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`),
    ],
    ['SPOP {t}a 0', []],
    ['SPOP {t}a', '7'],
    ['EXISTS {t}a', 0],
    ['SPOP {t}a', null],
    ['SPOP {t}a 5', []],
    ['SADD {t}a 7 8', 2],
    ['SPOP {t}a 9223372036854775807', ['7', '8']],
    ['EXISTS {t}a', 0],
    ['SPOP {t}a 1 2', error(SYNTAX)],
  ]
  script(t, OLDER, [
    ...both,
    ['SPOP {t}none -1', error('ERR index out of range')],
    ['SPOP {t}none x', error(NOT_INTEGER)],
  ])
  script(
    t,
    ['redis'],
    [
      ...both,
      ['SPOP {t}none -1', error('ERR value is out of range, must be positive')],
      ['SPOP {t}none x', error('ERR value is out of range, must be positive')],
    ],
  )
})

/** Sets of each encoding. */
const MEMBERS: readonly (readonly string[])[] = [
  Array.from({ length: 100 }, (_, index) => String(index * 3)),
  Array.from({ length: 100 }, (_, index) => `m${index}`),
  Array.from({ length: 1000 }, (_, index) => `m${index}`),
]

function distinct(t: Test, reply: Reply, members: readonly string[], count: number): string[] {
  const found = reply as string[]
  t.equal(found.length, count)
  t.equal(new Set(found).size, count, 'each once')
  t.ok(found.every((member) => members.includes(member)))
  return found
}

t.test('SRANDMEMBER with a count: few or many, each member as likely', async (t) => {
  for (const members of MEMBERS) {
    const fixture = new ShardFixture({ profile: 'redis', seed: 5 })
    fixture.run('SADD', 's', ...members)
    const size = members.length
    for (const count of [1, 2, size / 10, size / 2, size - 1, size, size + 1]) {
      const reply = fixture.run('SRANDMEMBER', 's', String(count))
      distinct(t, reply, members, Math.min(count, size))
    }
    const seen = new Map<string, number>()
    for (let round = 0; round < 400; round++) {
      const some = fixture.run('SRANDMEMBER', 's', String(size / 5)) as string[]
      const many = fixture.run('SRANDMEMBER', 's', String(size / 2)) as string[]
      for (const member of [...some, ...many]) seen.set(member, (seen.get(member) ?? 0) + 1)
    }
    // 280 is expected; 7 standard deviations are about 85.
    t.equal(seen.size, size)
    t.ok(Math.min(...seen.values()) > 190 && Math.max(...seen.values()) < 370)
    const repeated = fixture.run('SRANDMEMBER', 's', String(-3 * size)) as string[]
    t.equal(repeated.length, 3 * size)
    t.ok(new Set(repeated).size < size && repeated.every((member) => members.includes(member)))
  }
})

t.test('SPOP takes what it answers, and the log says which', async (t) => {
  for (const members of MEMBERS) {
    const fixture = new ShardFixture({ profile: 'redis', seed: 6 })
    fixture.run('SADD', 's', ...members)
    const left = new Set(members)
    for (const count of [1, 3, 40, 11]) {
      for (const member of distinct(t, fixture.run('SPOP', 's', String(count)), members, count)) {
        t.ok(left.delete(member))
      }
      const member = fixture.run('SPOP', 's') as string
      t.ok(left.delete(member))
      t.same(new Set(fixture.run('SMEMBERS', 's') as string[]), left)
    }
    checkSound(t, fixture, 'popped')
    const rest = fixture.run('SPOP', 's', String(left.size)) as string[]
    t.same(new Set(rest), left)
    t.equal(fixture.run('EXISTS', 's'), 0)
    checkSound(t, fixture, 'popped all')
  }
})

t.test('SSCAN', async (t) => {
  script(t, PROFILES, [
    ['SADD {t}i 1 2 3', 3],
    ['SSCAN {t}i 0', ['0', ['1', '2', '3']]],
    ['SSCAN {t}i 0 COUNT 1 MATCH [12]', ['0', ['1', '2']]],
    ['SSCAN {t}i 17', ['0', ['1', '2', '3']]],
    ['SSCAN {t}none 0 COUNT 0', ['0', []]],
    ['SSCAN {t}i x', error('ERR invalid cursor')],
    ['SSCAN {t}i 0 COUNT', error(SYNTAX)],
    ['SSCAN {t}i 0 COUNT 0', error(SYNTAX)],
    ['SSCAN {t}i 0 COUNT x', error(NOT_INTEGER)],
    ['SSCAN {t}i 0 TYPE x', error(SYNTAX)],
  ])
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 4_194_304 })
  const members = Array.from({ length: 3000 }, (_, index) => `m${index}`)
  fixture.run('SADD', 's', ...members)
  const seen: string[] = []
  let cursor = '0'
  let calls = 0
  do {
    const [next, found] = fixture.run('SSCAN', 's', cursor, 'COUNT', '50') as [string, string[]]
    seen.push(...found)
    cursor = next
    // The set grows and shrinks meanwhile.
    for (let at = 0; at < 50; at++) fixture.run('SADD', 's', `new${calls * 50 + at}`)
    if (calls % 2 === 1)
      fixture.run('SREM', 's', ...Array.from({ length: 99 }, (_, n) => `new${n}`))
    calls++
  } while (cursor !== '0')
  t.ok(calls > 20 && calls < 100, `${calls} calls`)
  for (const member of members) if (!seen.includes(member)) t.fail(`${member} was never seen`)
  const some = fixture.run('SSCAN', 's', '0', 'COUNT', '100000', 'MATCH', 'm29?9') as Reply[]
  t.equal((some[1] as Reply[]).length, 10)
})

t.test('RESP3 has sets', async (t) => {
  script(
    t,
    ['redis'],
    [
      ['SADD {t}i 1 2', 2],
      ['SMEMBERS {t}i', { set: ['1', '2'] }],
      ['SMEMBERS {t}none', { set: [] }],
      ['SINTER {t}i', { set: ['1', '2'] }],
      ['SINTER {t}i {t}none', { set: [] }],
      ['SUNION {t}i', { set: ['1', '2'] }],
      ['SDIFF {t}i', { set: ['1', '2'] }],
      ['SRANDMEMBER {t}i 2', ['1', '2']],
      ['SRANDMEMBER {t}none 2', []],
      ['SRANDMEMBER {t}none', null],
      ['SSCAN {t}i 0', ['0', ['1', '2']]],
      ['SMISMEMBER {t}i 1 3', [1, 0]],
      ['SPOP {t}i 0', { set: [] }],
      ['SPOP {t}i 2', { set: ['1', '2'] }],
      ['SPOP {t}i 2', { set: [] }],
      ['SPOP {t}i', null],
    ],
    { protocol: 3 },
  )
})

t.test('SDIFF with many sets looks its members up in a list of the others', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', shards: 3, arenaBytes: 4_194_304 })
  const members = Array.from({ length: 2000 }, (_, index) => `m${index}`)
  fixture.run('SADD', 'first', ...members)
  const others = Array.from({ length: 20 }, (_, index) => `other${index}`)
  for (const [index, other] of others.entries()) fixture.run('SADD', other, `m${index}`, 'x')
  const reply = fixture.run('SDIFF', 'first', ...others, 'none') as string[]
  t.same(reply.sort(), members.slice(20).sort())
  t.equal(fixture.run('SDIFFSTORE', 'first', 'first', ...others), 1980)
  t.equal(fixture.run('SCARD', 'first'), 1980)
  checkSound(t, fixture, 'stored')
})
