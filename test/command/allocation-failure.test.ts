// Every write command with its k-th allocation failing, for every k: -OOM and nothing changed, or
// it found another way. Memory is sound and the log tells the same either way. [promises T5]

import t from 'tap'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'
import { type FailureCase, OUT_OF_MEMORY, tryFailures } from './allocation-attempts.ts'
import { checkSound, OK } from './script.ts'

const LONG = 'x'.repeat(700)
/** With these a list's entry is nearly full, and with one more its node. */
const ITEMS = Array.from({ length: 11 }, (_, index) => `${index}`.padEnd(700, 'i'))
const HUGE = 'h'.repeat(9000)
const CHUNKED = 'y'.repeat(1_100_000)
/** Enough that a HyperLogLog of them is dense. */
const ELEMENTS = Array.from({ length: 3000 }, (_, index) => `${index}`)

/** Commands that come before, and the one that has to cope. */
const CASES: readonly FailureCase[] = [
  [[], ['SET', 'k', 'v']],
  [[['SET', 'k', 'v']], ['SET', 'k', LONG]],
  [[['SET', 'k', LONG]], ['SET', 'k', 'v', 'EX', '10']],
  [[['SET', 'k', 'v', 'EX', '10']], ['SET', 'k', LONG, 'KEEPTTL', 'GET']],
  [[['SET', 'k', LONG]], ['SET', 'k', CHUNKED]],
  [[], ['SETNX', 'k', LONG]],
  [[], ['SETEX', 'k', '10', 'v']],
  [[['SET', 'k', 'v']], ['PSETEX', 'k', '10', 'v']],
  [[['SET', 'k', 'v']], ['GETSET', 'k', LONG]],
  [[], ['APPEND', 'k', 'v']],
  [[['SET', 'k', LONG]], ['APPEND', 'k', LONG]],
  [[['SET', 'k', CHUNKED]], ['APPEND', 'k', CHUNKED]],
  [[], ['SETRANGE', 'k', '900', 'x']],
  [[['SET', 'k', 'v', 'EX', '10']], ['SETRANGE', 'k', '900', 'x']],
  [[], ['SETBIT', 'k', '9000', '1']],
  [[['SET', 'k', 'v']], ['SETBIT', 'k', '9000', '1']],
  [[], ['INCR', 'k']],
  [[['SET', 'k', '9']], ['INCRBY', 'k', '9223372036854775798']],
  [[], ['DECR', 'k']],
  [[], ['DECRBY', 'k', '1000000000000000']],
  [[], ['INCRBYFLOAT', 'k', '1e300']],
  [[['SET', 'a', LONG]], ['BITOP', 'NOT', 'k', 'a']],
  [[], ['BITFIELD', 'k', 'SET', 'u8', '#1', '7', 'INCRBY', 'u8', '#1', '1']],
  [[['SET', 'k', 'v']], ['BITFIELD', 'k', 'SET', 'u8', '0', '7', 'SET', 'u8', '#900', '1']],
  [
    [['SET', LONG, 'v']],
    ['BITFIELD', LONG, 'SET', 'u8', '0', '7', 'SET', 'u8', '#900', '1', 'SET', 'u1', '#300', '1'],
  ],
  [[], ['PFADD', 'k', 'a', 'b']],
  [[['PFADD', 'k', 'a', 'b', 'c']], ['PFADD', 'k', ...ELEMENTS.slice(0, 20)]],
  [[['PFADD', 'k', ...ELEMENTS.slice(0, 900)]], ['PFADD', 'k', ...ELEMENTS]],
  [[['PFADD', 'a', ...ELEMENTS]], ['PFMERGE', 'k', 'a']],
  [
    [
      ['PFADD', 'a', ...ELEMENTS],
      ['PFADD', 'k', 'x'],
    ],
    ['PFMERGE', 'k', 'a'],
  ],
  [[['SET', 'a', LONG, 'EX', '10']], ['RENAME', 'a', 'k']],
  [[['MSET', 'a', LONG, 'k', 'v']], ['RENAME', 'a', 'k']],
  [[['SET', 'a', LONG]], ['RENAMENX', 'a', 'k']],
  [[['SET', 'k', LONG]], ['EXPIRE', 'k', '100']],
  [[['SET', 'k', 'v']], ['PEXPIREAT', 'k', '1800000000000']],
  [[['SET', 'k', 'v']], ['GETEX', 'k', 'EX', '100']],
  [[['SET', 'k', 'v', 'EX', '10']], ['PERSIST', 'k']],
  [[['SET', 'k', LONG]], ['DEL', 'k']],
  [[['SET', 'k', LONG]], ['GETDEL', 'k']],
  [[['SET', 'k', LONG]], ['FLUSHALL']],
  [[['SET', 'k', LONG]], ['FLUSHDB']],
  [[], ['MSET', 'a', '1', 'b', LONG, 'c', '3', 'd', LONG]],
  [
    [['MSET', 'a', LONG, 'b', 'x', 'c', CHUNKED]],
    ['MSET', 'a', 'short', 'b', LONG, 'c', 'z', 'd', 'new', 'a', LONG, 'd', 'newer', 'b', 'x'],
  ],
  [[['SET', 'a', 'v', 'EX', '5']], ['MSET', 'a', 'w', 'e', CHUNKED, 'a', 'longer value', 'f', '1']],
  [[], ['MSETNX', 'a', '1', 'b', LONG, 'a', LONG]],
  [[], ['HSET', 'k', 'a', '1']],
  [[['HSET', 'k', 'a', '1']], ['HSET', 'k', 'b', '22222222222222222222', 'a', '2']],
  [[['HSET', 'k', 'a', '1']], ['HSET', 'k', 'a', LONG, 'b', '2', 'a', '3']],
  [[['HSET', 'k', 'a', LONG, 'b', LONG]], ['HMSET', 'k', 'a', '1', 'c', LONG, 'a', '2', 'd', '4']],
  [[['HSET', 'k', 'a', LONG]], ['HSET', 'k', 'a', '1']],
  [[['HSET', 'k', 'a', LONG]], ['HSETNX', 'k', 'b', '1']],
  [[['HSET', 'k', 'n', '1', 'x', LONG]], ['HINCRBY', 'k', 'n', '10000000']],
  [[], ['HINCRBYFLOAT', 'k', 'n', '1e300']],
  [[['HSET', 'k', 'a', LONG, 'b', '2']], ['HDEL', 'k', 'b']],
  [[['HSET', 'k', 'a', LONG]], ['EXPIRE', 'k', '100']],
  [[['HSET', 'k', 'a', LONG]], ['SET', 'k', 'v']],
  [[], ['RPUSH', 'k', 'a', 'b']],
  [[], ['LPUSH', 'k', ...ITEMS, ...ITEMS, HUGE]],
  [[['RPUSH', 'k', 'a']], ['LPUSH', 'k', LONG]],
  [[['RPUSH', 'k', ...ITEMS]], ['LPUSH', 'k', ...ITEMS]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['RPUSH', 'k', 'a', ...ITEMS, HUGE, ...ITEMS]],
  [[['RPUSH', 'k', 'a', 'b']], ['LSET', 'k', '0', LONG]],
  [[['RPUSH', 'k', ...ITEMS]], ['LSET', 'k', '5', HUGE]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['LSET', 'k', '15', HUGE]],
  [[['RPUSH', 'k', ...ITEMS, HUGE, ...ITEMS]], ['LSET', 'k', '11', 'small']],
  [[['RPUSH', 'k', ...ITEMS, HUGE]], ['LINSERT', 'k', 'BEFORE', HUGE, LONG]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['LINSERT', 'k', 'AFTER', ITEMS[5], LONG]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['LINSERT', 'k', 'AFTER', ITEMS[5], HUGE]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['LREM', 'k', '0', ITEMS[5]]],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['LTRIM', 'k', '3', '12']],
  [[['RPUSH', 'k', ...ITEMS]], ['LPOP', 'k', '10']],
  [[['RPUSH', 'a', LONG, HUGE]], ['RPOPLPUSH', 'a', 'k']],
  [[['RPUSH', 'k', ...ITEMS]], ['LMOVE', 'k', 'k', 'LEFT', 'RIGHT']],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['EXPIRE', 'k', '100']],
  [[['RPUSH', 'k', ...ITEMS, ...ITEMS]], ['SET', 'k', 'v']],
]

tryFailures(t, CASES, arenaBytesFor)

/** Chunks need megabytes; everything else is tried in less. */
function arenaBytesFor(commands: readonly Words[]): number {
  return commands.flat().includes(CHUNKED) ? 8_388_608 : 524_288
}

t.test('a shard that is really full', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 262_144 })
  let stored = 0
  for (;;) {
    const reply = fixture.run('SET', `key:${stored}`, 'v'.repeat(100))
    if (JSON.stringify(reply) !== JSON.stringify(OK)) {
      t.same(reply, { error: OUT_OF_MEMORY })
      break
    }
    stored++
  }
  t.ok(stored > 1000, `${stored} keys`)
  const contents = fixture.contents()
  const pairs = Array.from({ length: 400 }, (_, index) => [`new:${index}`, 'v'.repeat(90)]).flat()
  t.same(fixture.run('MSET', 'key:1', 'changed', ...pairs), { error: OUT_OF_MEMORY })
  t.same(fixture.contents(), contents, 'not even a part of MSET')
  t.equal(fixture.run('GET', 'key:1'), 'v'.repeat(100), 'reading goes on')
  t.equal(fixture.run('DEL', 'key:1', 'key:2'), 2, 'and deleting')
  t.same(fixture.run('SET', 'key:1', 'again'), OK)
  checkSound(t, fixture, 'full')
})
