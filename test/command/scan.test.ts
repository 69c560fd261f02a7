// KEYS, SCAN, RANDOMKEY over one and several shards.

import t from 'tap'
import { shardOfScanCursor } from '../../src/command/scan-cursor.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { error, LATER, NOT_INTEGER, SYNTAX, script } from './script.ts'

const INVALID = error('ERR invalid cursor')

function scanAll(fixture: ShardFixture, ...options: string[]): { keys: string[]; calls: number } {
  const keys: string[] = []
  let cursor = '0'
  let calls = 0
  do {
    const reply = fixture.run('SCAN', cursor, ...options) as [string, string[]]
    cursor = reply[0]
    keys.push(...reply[1])
    calls++
  } while (cursor !== '0' && calls < 10_000)
  return { keys, calls }
}

function fill(fixture: ShardFixture, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `key:${index}`)
  for (const name of names) fixture.run('SET', name, 'v')
  return names.sort()
}

t.test('a whole scan shows every key once', async (t) => {
  for (const shards of [1, 3, 128]) {
    const fixture = new ShardFixture({ shards, arenaBytes: 262_144 })
    t.same(scanAll(fixture).keys, [], `${shards} empty shards`)
    const names = fill(fixture, 1000)
    for (const count of ['1', '10', '1000', '9223372036854775807']) {
      const { keys, calls } = scanAll(fixture, 'COUNT', count)
      t.same(keys.sort(), names, `${shards} shards, COUNT ${count}`)
      t.ok(calls >= shards, 'one call, one shard')
    }
    t.same((fixture.run('KEYS', '*') as string[]).sort(), names)
  }
})

t.test('a step looks at about COUNT keys', async (t) => {
  const fixture = new ShardFixture()
  fill(fixture, 2000)
  const [, few] = fixture.run('SCAN', '0', 'COUNT', '10') as [string, string[]]
  t.ok(few.length >= 10 && few.length < 10 + 62, `${few.length} keys`)
  const [, none] = fixture.run('SCAN', '0', 'MATCH', 'nothing', 'COUNT', '10') as [string, string[]]
  t.same(none, [], 'COUNT bounds the work, not the result')
})

t.test('keys that come and go while a scan is under way', async (t) => {
  const fixture = new ShardFixture({ shards: 2 })
  const names = fill(fixture, 500)
  const seen = new Set<string>()
  let cursor = '0'
  let step = 0
  do {
    const reply = fixture.run('SCAN', cursor, 'COUNT', '5') as [string, string[]]
    cursor = reply[0]
    for (const key of reply[1]) seen.add(key)
    for (let index = 0; index < 100; index++) fixture.run('SET', `other:${step}:${index}`, 'x')
    if (step % 3 === 0)
      for (let index = 0; index < 100; index++) fixture.run('DEL', `other:${step}:${index}`)
    step++
  } while (cursor !== '0')
  t.same(
    names.filter((name) => !seen.has(name)),
    [],
    'those that were there all the time were shown',
  )
})

t.test('options and errors', async (t) => {
  const fixture = new ShardFixture({ shards: 2 })
  for (const key of ['one', 'two', 'three', 'o*e']) fixture.run('SET', key, 'v')
  t.same(scanAll(fixture, 'MATCH', 'o*').keys.sort(), ['o*e', 'one'])
  t.same(scanAll(fixture, 'match', 'o\\*e').keys, ['o*e'])
  t.same(scanAll(fixture, 'TYPE', 'STRING', 'MATCH', 't*').keys.sort(), ['three', 'two'])
  t.same(scanAll(fixture, 'TYPE', 'hash').keys, [])
  t.same(scanAll(fixture, 'TYPE', 'nonsense').keys, [])
  script(
    t,
    LATER,
    [
      ['SCAN x', INVALID],
      ["SCAN ''", INVALID],
      ['SCAN -1', INVALID],
      ['SCAN 127', INVALID],
      ['SCAN 9223372036854775807', INVALID],
      ['SCAN 99999999999999999999', INVALID],
      ['SCAN 0 COUNT 0', error(SYNTAX)],
      ['SCAN 0 COUNT -5', error(SYNTAX)],
      ['SCAN 0 COUNT x', error(NOT_INTEGER)],
      ['SCAN 0 COUNT', error(SYNTAX)],
      ['SCAN 0 MATCH', error(SYNTAX)],
      ['SCAN 0 bogus x', error(SYNTAX)],
      ['SCAN 0', ['0', []] as Reply],
    ],
    { shards: 1 },
  )
})

t.test('the cursor names its shard', async (t) => {
  const shardOf = (text: string, shards: number): number =>
    shardOfScanCursor(Buffer.from(text), 0, text.length, shards)
  t.equal(shardOf('0', 128), 0)
  t.equal(shardOf('127', 128), 127)
  t.equal(shardOf(String(9645 * 128 + 7), 8), 7)
  t.equal(shardOf(String((2 ** 32 - 1) * 128 + 127), 128), 127)
  t.equal(shardOf(String(2 ** 39), 128), 0, 'past the last hash')
  t.equal(shardOf('7', 4), 0, 'no such shard')
  t.equal(shardOf('abc', 4), 0)
})

t.test('KEYS', async (t) => {
  script(t, LATER, [
    ['KEYS *', []],
    ['SET hello v', { simple: 'OK' }],
    ['KEYS h?llo', ['hello']],
    ['KEYS h[ae]llo', ['hello']],
    ['KEYS h[^e]llo', []],
    ['KEYS HELLO', []],
    ["KEYS ''", []],
  ])
  const fixture = new ShardFixture()
  const hard = `${'a*'.repeat(5000)}b`
  fixture.run('SET', 'a'.repeat(10_000), 'v')
  const startMs = process.hrtime.bigint()
  t.same(fixture.run('KEYS', hard), [])
  t.ok(process.hrtime.bigint() - startMs < 500_000_000n, 'a pattern of many stars takes no time')
})

t.test('expired keys are hidden', async (t) => {
  const fixture = new ShardFixture({ shards: 2 })
  for (let index = 0; index < 200; index++) fixture.run('SET', `old:${index}`, 'v', 'PX', '10')
  fixture.run('SET', 'alive', 'v')
  fixture.clock.advance(10)
  t.same(fixture.run('KEYS', '*'), ['alive'])
  t.same(scanAll(fixture).keys, ['alive'])
  for (let draw = 0; draw < 20; draw++) t.equal(fixture.run('RANDOMKEY'), 'alive')
  t.same(fixture.findings(), [])
  t.same(fixture.recovered(), fixture.contents())
})

t.test('RANDOMKEY', async (t) => {
  const fixture = new ShardFixture({ shards: 4, seed: 3 })
  t.equal(fixture.run('RANDOMKEY'), null)
  const names = fill(fixture, 20)
  const counts = new Map<string, number>(names.map((name) => [name, 0]))
  for (let draw = 0; draw < 4000; draw++) {
    const key = fixture.run('RANDOMKEY') as string
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  t.equal(counts.size, 20)
  for (const [name, count] of counts) t.ok(count > 120 && count < 290, `${name}: ${count} of 4000`)
})

t.test('RANDOMKEY where expired keys cannot be removed', async (t) => {
  const fixture = new ShardFixture({ seed: 3 })
  for (let index = 0; index < 500; index++) fixture.run('SET', `old:${index}`, 'v', 'PX', '10')
  fixture.run('SET', 'alive', 'v')
  fixture.clock.advance(10)
  fixture.sides[0].readOnly = true
  t.equal(fixture.run('RANDOMKEY'), 'alive')
  t.equal(fixture.run('DBSIZE'), 501)
  fixture.sides[0].readOnly = false
  fixture.run('DEL', 'alive')
  t.equal(fixture.run('RANDOMKEY'), null, 'and none is left behind')
})
