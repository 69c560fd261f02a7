// LCS: exact replies, random strings against a real Redis 7.0, and what large ones take.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'
import { error, LATER, NOT_INTEGER, OK, SYNTAX, script } from './script.ts'

const SEED = 4711
const ROUNDS = process.env.CKV_TEST_LONG === '1' ? 20_000 : 1000
const TOO_LARGE = error(
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
)

t.test('replies', async (t) => {
  const ranges = [
    [
      [4, 7],
      [5, 8],
    ],
    [
      [2, 3],
      [0, 1],
    ],
  ]
  script(t, LATER, [
    ['LCS {k}1 {k}2', ''],
    ['LCS {k}1 {k}2 LEN', 0],
    ['LCS {k}1 {k}2 IDX', ['matches', [], 'len', 0]],
    ['MSET {k}1 ohmytext {k}2 mynewtext', OK],
    ['LCS {k}1 {k}2', 'mytext'],
    ['LCS {k}1 {k}2 len', 6],
    ['LCS {k}1 {k}2 IDX', ['matches', ranges, 'len', 6]],
    ['LCS {k}1 {k}2 IDX MINMATCHLEN 4', ['matches', ranges.slice(0, 1), 'len', 6]],
    ['LCS {k}1 {k}2 IDX MINMATCHLEN -1', ['matches', ranges, 'len', 6]],
    ['LCS {k}1 {k}2 MINMATCHLEN 4 WITHMATCHLEN IDX', ['matches', [[...ranges[0], 4]], 'len', 6]],
    [
      'LCS {k}1 {k}1 IDX',
      [
        'matches',
        [
          [
            [0, 7],
            [0, 7],
          ],
        ],
        'len',
        8,
      ],
    ],
    ['LCS {k}1 {k}none', ''],
    ['LCS {k}1 {k}2 MINMATCHLEN 4 WITHMATCHLEN', 'mytext'],
    [
      'LCS {k}1 {k}2 IDX LEN',
      error('ERR If you want both the length and indexes, please just use IDX.'),
    ],
    ['LCS {k}1 {k}2 MINMATCHLEN', error(SYNTAX)],
    ['LCS {k}1 {k}2 MINMATCHLEN x', error(NOT_INTEGER)],
    ['LCS {k}1 {k}2 FOO', error(SYNTAX)],
  ])
  script(
    t,
    ['extended'],
    [['LCS a b', error("CROSSSLOT Keys in request don't hash to the same slot")]],
  )
  const fixture = new ShardFixture({ protocol: 3 })
  t.match(fixture.runRaw('LCS', 'k', 'k', 'IDX'), /^%2\r\n/, 'a map')
})

t.test('random strings against Redis 7.0', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const fixture = new ShardFixture({ profile: 'redis', shards: 2 })
  const random = new SeededRandom(SEED)
  const mismatches: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const letters = 1 + random.below(random.below(4) === 0 ? 250 : 4)
    const text = () =>
      Uint8Array.from({ length: random.below(random.below(10) === 0 ? 400 : 80) }, () =>
        random.below(letters),
      )
    const commands: Words[] = [
      ['SET', 'a', text()],
      ['SET', 'b', text()],
      ['LCS', 'a', 'b'],
      ['LCS', 'a', 'b', 'LEN'],
      ['LCS', 'a', 'b', 'IDX', 'WITHMATCHLEN'],
      ['LCS', 'b', 'a', 'IDX', 'MINMATCHLEN', String(random.below(5))],
    ]
    const theirs = await oracle.pipeline(commands as never)
    commands.forEach((words, index) => {
      const ours = JSON.stringify(fixture.run(...words))
      if (ours === JSON.stringify(theirs[index])) return
      mismatches.push(`round ${round}: ${words.slice(1).join(' ')} ${ours.slice(0, 200)}`)
    })
  }
  t.same(mismatches.slice(0, 5), [], `seed ${SEED}`)
})

t.test('large strings', async (t) => {
  const fixture = new ShardFixture({ arenaBytes: 134_217_728, sliceBytes: 1_048_576 })
  fixture.run('SET', '{k}a', 'ab'.repeat(5500))
  fixture.run('SET', '{k}b', 'ba'.repeat(5500))
  t.equal(fixture.run('LCS', '{k}a', '{k}b', 'LEN'), 10_999)
  t.equal((fixture.run('LCS', '{k}a', '{k}b') as string).length, 10_999)
  fixture.run('APPEND', '{k}a', 'x'.repeat(1_300))
  t.same(fixture.run('LCS', '{k}a', '{k}b', 'LEN'), TOO_LARGE, '12,300 x 11,000 cells')
  // A table of 32 M rows of one column, or the other way round, is within Redis's limit.
  fixture.run('SET', '{k}one', 'x')
  fixture.run('SETRANGE', '{k}long', '33000000', 'x')
  t.equal(fixture.run('LCS', '{k}long', '{k}one'), 'x')
  t.same(fixture.run('LCS', '{k}one', '{k}long', 'IDX'), [
    'matches',
    [
      [
        [0, 0],
        [33_000_000, 33_000_000],
      ],
    ],
    'len',
    1,
  ])
  t.equal(fixture.run('LCS', '{k}none', '{k}long'), '')
  fixture.run('SET', '{k}four', 'xxxx')
  t.same(fixture.run('LCS', '{k}long', '{k}four'), TOO_LARGE)
})
