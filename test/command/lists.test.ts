// Lists: every option, every error text, per profile.

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

const POSITIVE = 'ERR value is out of range, must be positive'
const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  'or use negative to start from the end of the list'

t.test('pushing and reading', async (t) => {
  script(t, PROFILES, [
    ['LLEN l', 0],
    ['LRANGE l 0 -1', []],
    ['LINDEX l 0', null],
    ['LPUSHX l a', 0],
    ['RPUSHX l a', 0],
    ['LLEN l', 0],
    ['LPUSH l a b c', 3],
    ['RPUSH l 1 -2 9223372036854775807', 6],
    ['LRANGE l 0 -1', ['c', 'b', 'a', '1', '-2', '9223372036854775807']],
    ['LPUSHX l d', 7],
    ["RPUSHX l ''", 8],
    ['LLEN l', 8],
    ['LINDEX l 0', 'd'],
    ['LINDEX l -1', ''],
    ['LINDEX l -8', 'd'],
    ['LINDEX l 8', null],
    ['LINDEX l -9', null],
    ['LINDEX l 9223372036854775807', null],
    ['LINDEX l x', error(NOT_INTEGER)],
    ['LINDEX missing x', null],
    ['LRANGE l 1 2', ['c', 'b']],
    ['LRANGE l -2 100', ['9223372036854775807', '']],
    ['LRANGE l 3 1', []],
    ['LRANGE l 100 200', []],
    ['LRANGE l -100 0', ['d']],
    ['LRANGE l x 1', error(NOT_INTEGER)],
    ['LRANGE missing 0 x', error(NOT_INTEGER)],
    ['TYPE l', { simple: 'list' }],
    ['EXPIRE l 100', 1],
    ['RPUSH l z', 9],
    ['TTL l', 100],
  ])
})

t.test('popping', async (t) => {
  script(t, PROFILES, [
    ['LPOP l', null],
    ['RPOP l', null],
    ['RPUSH l a b c', 3],
    ['LPOP l', 'a'],
    ['RPOP l', 'c'],
    ['RPOP l', 'b'],
    ['EXISTS l', 0],
  ])
  script(t, LATER, [
    ['LPOP l 0', null],
    ['RPUSH l a b c d e f', 6],
    ['LPOP l 0', []],
    ['LPOP l 2', ['a', 'b']],
    ['RPOP l 2', ['f', 'e']],
    ['LPOP l -1', error(POSITIVE)],
    ['LPOP l x', error(POSITIVE)],
    ['LPOP missing x', error(POSITIVE)],
    ['LPOP l 1 2', error("ERR wrong number of arguments for 'lpop' command")],
    ['LPOP l 9223372036854775808', error(POSITIVE)],
    ['RPOP l 9223372036854775807', ['d', 'c']],
    ['EXISTS l', 0],
  ])
  script(
    t,
    ['ckv'],
    [
      ['LPOP l 1', error("ERR wrong number of arguments for 'lpop' command")],
      ['LPUSHX l a b', error("ERR wrong number of arguments for 'lpushx' command")],
    ],
  )
  script(t, LATER, [
    ['RPUSH l a', 1],
    ['LPUSHX l b c', 3],
    ['RPUSHX l d e', 5],
    ['LRANGE l 0 -1', ['c', 'b', 'a', 'd', 'e']],
  ])
})

t.test('changing', async (t) => {
  script(t, PROFILES, [
    ['LSET l 0 a', error('ERR no such key')],
    ['LSET l x a', error('ERR no such key')],
    ['RPUSH l a b c', 3],
    ['LSET l 0 A', OK],
    ['LSET l -1 42', OK],
    ['LSET l 3 x', error('ERR index out of range')],
    ['LSET l -4 x', error('ERR index out of range')],
    ['LSET l 1.5 x', error(NOT_INTEGER)],
    ['LRANGE l 0 -1', ['A', 'b', '42']],
    ['LINSERT l BEFORE b x', 4],
    ['LINSERT l after 42 y', 5],
    ['LINSERT l bEFORE A z', 6],
    ['LINSERT l AFTER missing q', -1],
    ['LINSERT missing AFTER a b', 0],
    ['LINSERT l BESIDE a b', error(SYNTAX)],
    ['LINSERT missing BESIDE a b', error(SYNTAX)],
    ['LRANGE l 0 -1', ['z', 'A', 'x', 'b', '42', 'y']],
    ['DEL l', 1],
    ['RPUSH l a b a c a d a', 7],
    ['LREM l 1 a', 1],
    ['LREM l -2 a', 2],
    ['LRANGE l 0 -1', ['b', 'a', 'c', 'd']],
    ['LREM l 0 x', 0],
    ['LREM l x a', error(NOT_INTEGER)],
    ['LREM missing x a', error(NOT_INTEGER)],
    ['LREM missing 0 a', 0],
    ['LREM l 5 b', 1],
    ['LTRIM l 0 1', OK],
    ['LRANGE l 0 -1', ['a', 'c']],
    ['LTRIM l -100 100', OK],
    ['LTRIM l x 1', error(NOT_INTEGER)],
    ['LTRIM missing 0 x', error(NOT_INTEGER)],
    ['LTRIM missing 0 1', OK],
    ['LTRIM l 1 0', OK],
    ['EXISTS l', 0],
    ['RPUSH l 5 5 5', 3],
    ['LREM l 0 5', 3],
    ['EXISTS l', 0],
    ['RPUSH l 05 5 5.0', 3],
    ['LREM l 0 5', 1],
    ['LRANGE l 0 -1', ['05', '5.0']],
  ])
})

t.test('moving', async (t) => {
  script(t, PROFILES, [
    ['RPOPLPUSH {t}a {t}b', null],
    ['RPUSH {t}a 1 2 3', 3],
    ['RPOPLPUSH {t}a {t}b', '3'],
    ['RPOPLPUSH {t}a {t}b', '2'],
    ['LRANGE {t}b 0 -1', ['2', '3']],
    ['RPOPLPUSH {t}b {t}b', '3'],
    ['LRANGE {t}b 0 -1', ['3', '2']],
    ['RPOPLPUSH {t}a {t}a', '1'],
    ['RPOPLPUSH {t}a {t}b', '1'],
    ['EXISTS {t}a', 0],
    ['SET {t}s v', OK],
    ['RPOPLPUSH {t}b {t}s', error(WRONG_TYPE)],
    ['RPOPLPUSH {t}s {t}b', error(WRONG_TYPE)],
    ['RPOPLPUSH {t}missing {t}s', null],
    ['LRANGE {t}b 0 -1', ['1', '3', '2']],
  ])
  script(t, LATER, [
    ['RPUSH {t}a 1 2 3 4', 4],
    ['LMOVE {t}a {t}b LEFT RIGHT', '1'],
    ['LMOVE {t}a {t}b right right', '4'],
    ['LMOVE {t}a {t}b LEFT LEFT', '2'],
    ['LRANGE {t}b 0 -1', ['2', '1', '4']],
    ['LMOVE {t}b {t}b LEFT RIGHT', '2'],
    ['LRANGE {t}b 0 -1', ['1', '4', '2']],
    ['LMOVE {t}a {t}b UP LEFT', error(SYNTAX)],
    ['LMOVE {t}missing {t}b LEFT LEFT', null],
    ['LMOVE {t}missing {t}b LEFT DOWN', error(SYNTAX)],
  ])
})

t.test('between shards', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', shards: 3 })
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const key of keys) fixture.run('RPUSH', key, `${key}1`, `${key}2`)
  for (const key of keys) {
    t.equal(fixture.run('RPOPLPUSH', key, 'all'), `${key}2`)
    t.equal(fixture.run('LMOVE', key, 'all', 'LEFT', 'RIGHT'), `${key}1`)
  }
  t.same(fixture.run('LRANGE', 'all', '0', '2'), ['f2', 'e2', 'd2'])
  t.same(fixture.run('LMPOP', '3', 'a', 'b', 'all', 'RIGHT', 'COUNT', '2'), ['all', ['f1', 'e1']])
  checkSound(t, fixture, 'between shards')
})

t.test('LPOS', async (t) => {
  const rank = (text: string, reply: Line[1]): Line => [`LPOS l a RANK ${text}`, reply]
  script(t, LATER, [
    ['RPUSH l a b c a 5 a', 6],
    ['LPOS l a', 0],
    ['LPOS l x', null],
    ['LPOS missing a', null],
    ['LPOS l 5', 4],
    ['LPOS l 05', null],
    rank('2', 3),
    rank('3', 5),
    rank('4', null),
    rank('-1', 5),
    rank('-3', 0),
    rank('0', error(RANK_ZERO)),
    rank('x', error(NOT_INTEGER)),
    rank('-9223372036854775808', 5),
    rank('-9223372036854775807', null),
    ['LPOS l a COUNT 0', [0, 3, 5]],
    ['LPOS l a COUNT 2', [0, 3]],
    ['LPOS l a COUNT 2 RANK -1', [5, 3]],
    ['LPOS l a COUNT 0 RANK 2', [3, 5]],
    ['LPOS l a COUNT 0 MAXLEN 4', [0, 3]],
    ['LPOS l a count 0 maxlen 3 rank -1', [5, 3]],
    ['LPOS l b MAXLEN 1', null],
    ['LPOS l a MAXLEN 0 COUNT 1', [0]],
    ['LPOS l x COUNT 0', []],
    ['LPOS missing x COUNT 0', []],
    ['LPOS l a COUNT -1', error("ERR COUNT can't be negative")],
    ['LPOS l a COUNT x', error("ERR COUNT can't be negative")],
    ['LPOS l a MAXLEN -1', error("ERR MAXLEN can't be negative")],
    ['LPOS l a MAXLEN', error(SYNTAX)],
    ['LPOS l a BOGUS 1', error(SYNTAX)],
    ['LPOS missing a RANK 0', error(RANK_ZERO)],
  ])
})

t.test('LMPOP', async (t) => {
  const numkeys = error('ERR numkeys should be greater than 0')
  const count = error('ERR count should be greater than 0')
  script(t, LATER, [
    ['LMPOP 1 {t}l LEFT', null],
    ['RPUSH {t}l a b c d e', 5],
    ['LMPOP 2 {t}missing {t}l LEFT', ['{t}l', ['a']]],
    ['LMPOP 1 {t}l right COUNT 2', ['{t}l', ['e', 'd']]],
    ['LMPOP 0 {t}l LEFT', numkeys],
    ['LMPOP x {t}l LEFT', numkeys],
    ['LMPOP -1 {t}l LEFT', numkeys],
    ['LMPOP 3 {t}l LEFT', error(SYNTAX)],
    ['LMPOP 1 {t}l UP', error(SYNTAX)],
    ['LMPOP 1 {t}l LEFT COUNT', error(SYNTAX)],
    ['LMPOP 1 {t}l LEFT COUNT 0', count],
    ['LMPOP 1 {t}l LEFT COUNT x', count],
    ['LMPOP 1 {t}l LEFT COUNT 1 COUNT 1', error(SYNTAX)],
    ['SET {t}s v', OK],
    ['LMPOP 2 {t}missing {t}s LEFT', error(WRONG_TYPE)],
    ['LMPOP 2 {t}l {t}s LEFT COUNT 100', ['{t}l', ['b', 'c']]],
    ['EXISTS {t}l', 0],
  ])
})

t.test('what becomes of a list under other commands', async (t) => {
  script(t, PROFILES, [
    ['RPUSH {t}l a b', 2],
    ['GET {t}l', error(WRONG_TYPE)],
    ['APPEND {t}l x', error(WRONG_TYPE)],
    ['EXPIRE {t}l 100', 1],
    ['LRANGE {t}l 0 -1', ['a', 'b']],
    ['PERSIST {t}l', 1],
    ['SET {t}l v', OK],
    ['LPUSH {t}l x', error(WRONG_TYPE)],
    ['LLEN {t}l', error(WRONG_TYPE)],
    ['DEL {t}l', 1],
    ['RPUSH {t}l a', 1],
    ['DEL {t}l', 1],
    ['LLEN {t}l', 0],
  ])
})

t.test('large lists keep their root through EXPIRE, SET and DEL', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 8_388_608 })
  const elements = Array.from({ length: 5000 }, (_, index) => `element ${index}`)
  for (const key of ['a', 'b', 'c']) fixture.run('RPUSH', key, ...elements)
  fixture.run('EXPIRE', 'a', '100')
  t.same(fixture.run('LRANGE', 'a', '0', '-1'), elements)
  fixture.run('SET', 'b', 'v')
  fixture.run('DEL', 'c')
  checkSound(t, fixture, 'detached')
  fixture.releaseAll()
  checkSound(t, fixture, 'released')
  fixture.run('FLUSHALL')
  fixture.releaseAll()
  fixture.releaseAll()
  checkSound(t, fixture, 'flushed')
})

t.test('a trim of many nodes hands them to the release queue', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 33_554_432 })
  const elements = Array.from({ length: 1000 }, (_, index) => `${index} ${'x'.repeat(100)}`)
  for (let turn = 0; turn < 60; turn++) fixture.run('RPUSH', 'l', ...elements)
  for (const [command, length] of [
    ['LTRIM l 0 49999', 50_000],
    ['LTRIM l 20000 -1', 30_000],
    ['LTRIM l 29000 29998', 999],
  ] as const) {
    t.same(fixture.run(...command.split(' ')), OK)
    t.equal(fixture.run('LLEN', 'l'), length)
    checkSound(t, fixture, command)
  }
  t.same(fixture.run('LINDEX', 'l', '0'), elements[0])
  t.same(fixture.run('LINDEX', 'l', '-1'), elements[998])
  fixture.releaseAll()
  checkSound(t, fixture, 'released')
})
