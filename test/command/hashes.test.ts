// Hash commands: exact replies in both encodings, and what becomes of a packed hash that grows.

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
  SYNTAX,
  script,
  WRONG_TYPE,
} from './script.ts'

const FIELDS = 600

/** Lines behind these see a large hash that holds what they store besides many fields. */
function grow(key: string): Line[] {
  const pairs = Array.from({ length: FIELDS }, (_, index) => [`grown:${index}`, `${index}`])
  return [
    [['HMSET', key, ...pairs.flat()], OK],
    [['HDEL', key, ...pairs.slice(1).map(([field]) => field)], FIELDS - 1],
    [['HDEL', key, 'grown:0'], 1],
  ]
}

/** Runs the lines on a packed hash at `h`, and again on a large one. */
function inBothEncodings(lines: readonly Line[]): Line[] {
  return [...lines, ['DEL h', 1], ['HSET h keep 1', 1], ...grow('h'), ['HDEL h keep', 1], ...lines]
}

t.test('fields come and go', async (t) => {
  script(
    t,
    PROFILES,
    inBothEncodings([
      ['HSET h a 1', 1],
      ['HSET h a 2', 0],
      ['HGET h a', '2'],
      ['HGET h none', null],
      ['HGET none a', null],
      ['HSETNX h a 3', 0],
      ['HSETNX h b 3', 1],
      ['HMSET h b 4 c 5', OK],
      ['HMGET h a none c', ['2', null, '5']],
      ['HMGET none a b', [null, null]],
      ['HLEN h', 3],
      ['HLEN none', 0],
      ['HEXISTS h a', 1],
      ['HEXISTS h none', 0],
      ['HSTRLEN h c', 1],
      ['HSTRLEN h none', 0],
      ['HDEL h b none b', 1],
      ['HDEL none b', 0],
      ["HSET h '' empty", 1],
      ["HGET h ''", 'empty'],
      ["HSET h '' ''", 0],
      ["HGET h ''", ''],
      ['TYPE h', { simple: 'hash' }],
      ["HDEL h a c ''", 3],
      ['EXISTS h', 0],
      ['HSET h last 1', 1],
    ]),
  )
})

t.test('numbers in fields', async (t) => {
  script(
    t,
    PROFILES,
    inBothEncodings([
      ['HINCRBY h n 5', 5],
      ['HINCRBY h n -7', -2],
      ['HSET h n 9223372036854775806', 0],
      ['HINCRBY h n 1', 2 ** 63],
      ['HINCRBY h n 1', error('ERR increment or decrement would overflow')],
      ['HSET h n 11x', 0],
      ['HINCRBY h n 1', error('ERR hash value is not an integer')],
      ['HINCRBY h n x', error(NOT_INTEGER)],
      ['HINCRBYFLOAT h f 10.5', '10.5'],
      ['HINCRBYFLOAT h f 0.1', '10.6'],
      ['HINCRBYFLOAT h f x', error('ERR value is not a valid float')],
      ['HGET h f', '10.6'],
    ]),
  )
  script(
    t,
    ['redis'],
    [
      ['HSET h n x', 1],
      ['HINCRBYFLOAT h n 1', error('ERR hash value is not a float')],
      ['HINCRBYFLOAT h n inf', error('ERR value is NaN or Infinity')],
    ],
  )
  script(
    t,
    ['extended'],
    [
      ['HSET h n x', 1],
      ['HINCRBYFLOAT h n 1', error('ERR hash value is not a valid float')],
    ],
  )
})

t.test('arity and types', async (t) => {
  script(t, ['ckv'], [['HMSET h a', error("ERR wrong number of arguments for 'hmset' command")]])
  script(
    t,
    ['ckv'],
    [
      ['HMSET h a 1 b', error('ERR wrong number of arguments for HMSET')],
      ['HSET h a 1 b 2', error("ERR wrong number of arguments for 'hset' command")],
    ],
  )
  script(t, LATER, [
    ['HSET h a 1 b 2 a 3', 2],
    ['HGET h a', '3'],
    ['HSET h a 1 b', error("ERR wrong number of arguments for 'hset' command")],
    ['SET s v', OK],
    ...['HGET s a', 'HSET s a 1', 'HDEL s a', 'HGETALL s', 'HSCAN s 0', 'HINCRBY s a 1'].map(
      (command): Line => [command, error(WRONG_TYPE)],
    ),
    ['GET h', error(WRONG_TYPE)],
    ['SET h v', OK],
    ['GET h', 'v'],
  ])
})

t.test('scanning', async (t) => {
  const fixture = new ShardFixture()
  const expected = new Map<string, string>()
  for (let index = 0; index < 1000; index++) {
    expected.set(`field:${index}`, `value:${index}`)
    fixture.run('HSET', 'h', `field:${index}`, `value:${index}`)
  }
  const found = new Map<string, string>()
  let cursor = '0'
  let steps = 0
  do {
    const [next, pairs] = fixture.run('HSCAN', 'h', cursor, 'COUNT', '50') as [string, string[]]
    for (let at = 0; at < pairs.length; at += 2) found.set(pairs[at], pairs[at + 1])
    cursor = next
    // The hash grows and shrinks meanwhile.
    fixture.run('HSET', 'h', `other:${steps}`, 'x')
    if (steps % 3 === 0) fixture.run('HDEL', 'h', `other:${steps - 1}`)
    steps++
  } while (cursor !== '0')
  t.ok(steps > 5, 'in several steps')
  for (const [field, value] of expected) {
    if (found.get(field) !== value) t.fail(`${field} is missing`)
  }
  const [, few] = fixture.run('HSCAN', 'h', '0', 'MATCH', 'field:99?', 'COUNT', '2000') as never[]
  t.equal((few as string[]).length, 20)
  t.same(fixture.run('HSCAN', 'h', 'x'), error('ERR invalid cursor'))
  t.same(fixture.run('HSCAN', 'h', '0', 'COUNT', '0'), error(SYNTAX))
  t.same(fixture.run('HSCAN', 'none', '0'), ['0', []])
  checkSound(t, fixture, 'after scanning')
})

t.test('fields by chance', async (t) => {
  for (const count of [10, 500]) {
    const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 4_194_304 })
    for (let index = 0; index < count; index++) fixture.run('HSET', 'h', `${index}`, `v${index}`)
    const distinct = fixture.run('HRANDFIELD', 'h', '7') as string[]
    t.equal(new Set(distinct).size, 7)
    t.equal((fixture.run('HRANDFIELD', 'h', '100000') as string[]).length, count)
    t.equal((fixture.run('HRANDFIELD', 'h', '-1000') as string[]).length, 1000)
    const pairs = fixture.run('HRANDFIELD', 'h', '5', 'WITHVALUES') as string[]
    t.equal(pairs.length, 10)
    for (let at = 0; at < 10; at += 2) t.equal(pairs[at + 1], `v${pairs[at]}`)
    const seen = new Set<string>()
    for (let draw = 0; draw < count * 20; draw++) seen.add(fixture.run('HRANDFIELD', 'h') as string)
    t.ok(seen.size > count * 0.99, 'every field comes up')
  }
})
