// Every integer argument of every command at the numbers where parsers and arithmetic break: the
// same answer as Redis 7.0, and the same value left behind. [promises P5, and the CVEs of section 5
// that concern strings, keys and bits]

import t from 'tap'
import type { Words } from '../compat/generator.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { wordsOf } from './script.ts'

const POWERS = [29n, 31n, 32n, 53n, 63n, 64n].map((power) => 2n ** power)
const NUMBERS = [
  ...['0', '1', '-1', '-0', '+1', '', ' 1', '1 ', '01', '0x10', '1e3', '1.0', 'nan', 'inf'],
  ...POWERS.flatMap((power) => [power - 1n, power, power + 1n]).map(String),
  ...POWERS.flatMap((power) => [1n - power, -power, -power - 1n]).map(String),
  ...['9223372036854775', '9223372036854776', '-9223372036854775', '-9223372036854776'],
  '9'.repeat(400),
  `-${'9'.repeat(400)}`,
]

/** `#` is the number, `k` holds something, `m` does not. */
const COMMANDS = [
  'INCRBY k #',
  'DECRBY k #',
  'INCRBY m #',
  'DECRBY m #',
  'INCRBYFLOAT k #',
  'GETRANGE k # -1',
  'GETRANGE k 0 #',
  'GETRANGE k -9223372036854775808 #',
  'GETRANGE k # -9223372036854775807',
  'SETRANGE k # x',
  "SETRANGE k # ''",
  "SETRANGE m # ''",
  'SETBIT k # 1',
  'SETBIT k 0 #',
  'GETBIT k #',
  'GETBIT m #',
  'BITCOUNT k # -1',
  'BITCOUNT k 0 #',
  'BITCOUNT k -9223372036854775808 #',
  'BITCOUNT k # 9223372036854775807 BIT',
  'BITCOUNT k -7 # BIT',
  'BITCOUNT m # 0',
  'BITPOS k #',
  'BITPOS m #',
  'BITPOS k 0 #',
  'BITPOS k 1 # -1',
  'BITPOS k 0 0 #',
  'BITPOS k 1 # 9223372036854775807 BIT',
  'BITPOS k 0 -7 # BIT',
  'BITFIELD k GET u8 #',
  'BITFIELD k SET u8 0 #',
  'BITFIELD k SET i64 3 #',
  'BITFIELD k SET u63 3 #',
  'BITFIELD k INCRBY i64 0 #',
  'BITFIELD k INCRBY u7 3 # GET u7 3',
  'BITFIELD k OVERFLOW SAT SET u8 0 # INCRBY i8 8 # INCRBY i64 3 # INCRBY u63 1 #',
  'BITFIELD k OVERFLOW FAIL SET u8 0 # INCRBY i8 8 # INCRBY i64 3 # INCRBY u63 1 #',
  'BITFIELD_RO m GET i64 #',
  'LCS k k IDX MINMATCHLEN #',
  'SET k v EX #',
  'SET k v PX #',
  'SET k v EXAT #',
  'SET k v PXAT #',
  'SETEX k # v',
  'PSETEX k # v',
  'GETEX k EX #',
  'GETEX k PX #',
  'GETEX k EXAT #',
  'GETEX k PXAT #',
  'GETEX m PXAT #',
  'EXPIRE k #',
  'EXPIRE m #',
  'PEXPIRE k #',
  'EXPIREAT k #',
  'PEXPIREAT k #',
  'EXPIRE k # GT',
  'PEXPIREAT k # LT',
  'SCAN 0 COUNT #',
]
const VALUES = ['7', '-9223372036854775808', '9223372036854775807', 'text of 18 bytes!', '']

/** A second or a millisecond may be over before Redis answers. */
function isShort(command: string, number: string): boolean {
  return number === '1' && /EX|PX/.test(command) && !/AT #/.test(command)
}

/** Allowed, but it would make a value of hundreds of megabytes. */
function isHuge(command: string, number: string): boolean {
  const size = Number(number) / (command.startsWith('SETBIT') ? 8 : 1)
  return /^SET(BIT|RANGE) k #/.test(command) && size > 1e6 && size <= 2 ** 29
}

/** What is done around each command, so that values and lifetimes are compared too. */
function around(command: Words, value: string): Words[] {
  return [['DEL', 'k', 'm'], ['SET', 'k', value], command, ['GET', 'k'], ['GET', 'm'], ['TTL', 'k']]
}

/** Remaining times: the clocks are apart, and beyond 2^53 ms ours stand still. */
function sameTime(ours: Reply, theirs: Reply): boolean {
  if (typeof ours !== 'number' || typeof theirs !== 'number') return false
  return Math.abs(ours - theirs) <= 3 || (ours > 9e12 && theirs > 9e12)
}

t.test('boundary numbers against Redis 7.0', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 8_388_608 })
  let count = 0
  const mismatches: string[] = []
  for (const template of COMMANDS) {
    const batch: Words[] = []
    for (const number of NUMBERS) {
      if (isHuge(template, number) || isShort(template, number)) continue
      const command = wordsOf(template).map((word) => (word === '#' ? number : word))
      for (const value of VALUES) batch.push(...around(command, value))
    }
    fixture.clock.nowMs = Date.now()
    const theirs = await oracle.pipeline(batch)
    batch.forEach((words, index) => {
      count++
      const ours = fixture.run(...words)
      if (JSON.stringify(ours) === JSON.stringify(theirs[index])) return
      if (words[0] === 'TTL' && sameTime(ours, theirs[index])) return
      // A scan that is allowed goes on wherever its server likes.
      if (words[0] === 'SCAN' && Array.isArray(ours) && Array.isArray(theirs[index])) return
      const both = `${JSON.stringify(ours)} but Redis ${JSON.stringify(theirs[index])}`
      const shown = batch.slice(Math.floor(index / 6) * 6 + 1, index + 1)
      mismatches.push(`${JSON.stringify(shown)}: ${both}`.slice(0, 300))
    })
  }
  t.same(mismatches.slice(0, 20), [])
  t.same(fixture.findings(), [])
  t.comment(`commands ${count} mismatches ${mismatches.length} limit 0`)
})
