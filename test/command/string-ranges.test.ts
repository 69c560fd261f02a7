// GETRANGE, SUBSTR, SETRANGE, and the largest value of each profile.

import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, LATER, NOT_INTEGER, OK, PROFILES, script } from './script.ts'

const OFFSET = error('ERR offset is out of range')
const LIMIT = 33_554_432
const TOO_LONG_32 = 'ERR string exceeds maximum allowed size (32MB)'
const TOO_LONG_70 = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)'

t.test('GETRANGE', async (t) => {
  script(t, PROFILES, [
    ['SET k Hello_World', OK],
    ['GETRANGE k 0 3', 'Hell'],
    ['GETRANGE k 0 -1', 'Hello_World'],
    ['GETRANGE k -4 -1', 'orld'],
    ['GETRANGE k -100 1', 'He'],
    ['GETRANGE k -100 -50', 'H'],
    ['GETRANGE k -50 -100', ''],
    ['GETRANGE k 5 3', ''],
    ['GETRANGE k 5 5000', '_World'],
    ['GETRANGE k 5000 10000', ''],
    ['GETRANGE k -9223372036854775808 9223372036854775807', 'Hello_World'],
    ['GETRANGE k -9223372036854775807 -9223372036854775808', ''],
    ['GETRANGE k -9223372036854775808 -9223372036854775807', 'H'],
    ['GETRANGE missing 0 -1', ''],
    ['GETRANGE missing x -1', error(NOT_INTEGER)],
    ['GETRANGE k 0 1.5', error(NOT_INTEGER)],
    ['GETRANGE k 0 9223372036854775808', error(NOT_INTEGER)],
    ["SET e ''", OK],
    ['GETRANGE e 0 -1', ''],
    ['GETRANGE e -1 -1', ''],
  ])
  script(t, LATER, [
    ['SET k abc', OK],
    ['SUBSTR k 1 2', 'bc'],
  ])
})

t.test('SETRANGE', async (t) => {
  script(t, PROFILES, [
    ["SETRANGE k 0 ''", 0],
    ["SETRANGE k 99999999999 ''", 0],
    ['GET k', null],
    ['SETRANGE k 3 abc', 6],
    ['GET k', '\0\0\0abc'],
    ['SETRANGE k 0 xy', 6],
    ['GET k', 'xy\0abc'],
    ['SETRANGE k 8 z', 9],
    ['GET k', 'xy\0abc\0\0z'],
    ["SETRANGE k 5 ''", 9],
    ['SETRANGE k -1 x', OFFSET],
    ['SETRANGE k -9223372036854775808 x', OFFSET],
    ['SETRANGE k x x', error(NOT_INTEGER)],
    ['SETRANGE k 9223372036854775808 x', error(NOT_INTEGER)],
    ['EXPIRE k 50', 1],
    ['SETRANGE k 100 y', 101],
    ['TTL k', 50],
  ])
})

t.test('past the largest value nothing changes', async (t) => {
  const old = new ShardFixture({ arenaBytes: 134_217_728, sliceBytes: 1_048_576 })
  const full = Buffer.alloc(LIMIT, 'x')
  const over = Buffer.alloc(LIMIT + 1, 'x')
  t.same(old.run('SET', 'k', full), OK, 'exactly 32 MB')
  for (const words of [
    ['SET', 'k', over],
    ['SET', 'k', over, 'NX'],
    ['SETNX', 'new', over],
    ['SETEX', 'k', '10', over],
    ['PSETEX', 'k', '10', over],
    ['GETSET', 'k', over],
    ['MSET', 'a', '1', 'b', over],
    ['MSETNX', '{t}a', '1', '{t}b', over],
    ['APPEND', 'k', 'x'],
    ['APPEND', 'new', over],
    ['SETRANGE', 'k', String(LIMIT), 'x'],
    ['SETRANGE', 'new', String(LIMIT), 'x'],
    ['SETRANGE', 'new', '9223372036854775807', 'x'],
    ['SETRANGE', 'new', '9223372036854775806', 'xy'],
    ['SETBIT', 'k', String(LIMIT * 8), '1'],
    ['SETBIT', 'new', '4294967295', '1'],
  ]) {
    t.equal(old.runError(...words), TOO_LONG_32, words.map(String).join(' ').slice(0, 40))
  }
  t.equal(old.run('STRLEN', 'k'), LIMIT)
  t.equal(old.run('DBSIZE'), 1)
  t.same(old.run('SETRANGE', 'k', String(LIMIT - 1), 'y'), LIMIT)
  t.same(old.run('SETBIT', 'k', String(LIMIT * 8 - 1), '0'), 1)
  checkSound(t, old, '32 MB')
})

t.test('the largest value of profile redis', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis' })
  for (const words of [
    ['SETRANGE', 'k', '536870912', 'x'],
    ['SETRANGE', 'k', '536870911', 'xy'],
    ['SETRANGE', 'k', '9223372036854775807', 'x'],
  ]) {
    t.equal(fixture.runError(...words), TOO_LONG_70, words.join(' '))
  }
  t.match(fixture.runError('SETRANGE', 'k', '536870911', 'x'), /^OOM /, 'allowed, but a full shard')
  t.match(fixture.runError('SETBIT', 'k', '4294967295', '1'), /^OOM /)
  t.equal(fixture.run('DBSIZE'), 0)
  t.same(fixture.findings(), [])
})
