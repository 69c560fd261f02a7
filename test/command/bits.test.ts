// SETBIT GETBIT BITCOUNT BITPOS BITOP, against a plain model and against their error texts.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { error, LATER, NOT_INTEGER, OK, PROFILES, SYNTAX, script } from './script.ts'

const OFFSET = error('ERR bit offset is not an integer or out of range')
const BIT = error('ERR bit is not an integer or out of range')

t.test('SETBIT and GETBIT', async (t) => {
  script(t, PROFILES, [
    ['SETBIT k 7 1', 0],
    ['GET k', '\x01'],
    ['SETBIT k 7 0', 1],
    ['SETBIT k 7 0', 0],
    ['SETBIT k 8 0', 0],
    ['STRLEN k', 2],
    ['GETBIT k 0', 0],
    ['SETBIT k 0 1', 0],
    ['GETBIT k 0', 1],
    ['GETBIT k 4294967295', 0],
    ['GETBIT missing 100', 0],
    ['GETBIT k 4294967296', OFFSET],
    ['GETBIT k -1', OFFSET],
    ['GETBIT k x', OFFSET],
    ['SETBIT k 4294967296 1', OFFSET],
    ['SETBIT k -1 1', OFFSET],
    ['SETBIT k x 1', OFFSET],
    ['SETBIT k 0 2', BIT],
    ['SETBIT k 0 -1', BIT],
    ['SETBIT k 0 x', BIT],
    ['SETBIT k 0 4294967297', BIT],
    ['GET k', '\x80\0'],
  ])
})

t.test('BITCOUNT', async (t) => {
  script(t, PROFILES, [
    ['SET k foobar', OK],
    ['BITCOUNT k', 26],
    ['BITCOUNT k 0 0', 4],
    ['BITCOUNT k 1 1', 6],
    ['BITCOUNT k 0 -1', 26],
    ['BITCOUNT k -2 -1', 7],
    ['BITCOUNT k 5 3', 0],
    ['BITCOUNT k -1 -2', 0],
    ['BITCOUNT k -100 -200', 0],
    ['BITCOUNT k -9223372036854775808 9223372036854775807', 26],
    ['BITCOUNT missing', 0],
    ['BITCOUNT missing a b', 0],
    ['BITCOUNT k 0', error(SYNTAX)],
    ['BITCOUNT k a 0', error(NOT_INTEGER)],
    ['BITCOUNT k 0 b', error(NOT_INTEGER)],
    ["SET e ''", OK],
    ['BITCOUNT e', 0],
    ['BITCOUNT e 0 -1', 0],
  ])
  script(t, LATER, [
    ['SET k foobar', OK],
    ['BITCOUNT k 5 30 BIT', 17],
    ['BITCOUNT k 0 0 bit', 0],
    ['BITCOUNT k 1 1 BYTE', 6],
    ['BITCOUNT k -1 -1 BIT', 0],
    ['BITCOUNT k 0 1 foo', error(SYNTAX)],
    ['BITCOUNT k 0 1 BIT x', error(SYNTAX)],
    ['BITCOUNT k -5 -16 foo', 0],
    ['BITCOUNT k 1 x foo', error(NOT_INTEGER)],
    ['BITCOUNT k x 1 foo', error(NOT_INTEGER)],
    ['BITCOUNT k -1 -2 BIT', 0],
  ])
  script(
    t,
    ['ckv'],
    [
      ['SET k foobar', OK],
      ['BITCOUNT k 5 30 BIT', error(SYNTAX)],
    ],
  )
})

t.test('BITPOS', async (t) => {
  script(t, PROFILES, [
    [['SET', 'k', Uint8Array.of(0xff, 0xf0, 0)], OK],
    ['BITPOS k 0', 12],
    ['BITPOS k 1', 0],
    ['BITPOS k 1 2', -1],
    ['BITPOS k 0 0 0', -1],
    ['BITPOS k 0 -1', 16],
    ['BITPOS k 1 3 1', -1],
    [['SET', 'f', Uint8Array.of(0xff, 0xff)], OK],
    ['BITPOS f 0', 16],
    ['BITPOS f 0 0', 16],
    ['BITPOS f 0 0 -1', -1],
    ['BITPOS f 1 -1', 8],
    ['BITPOS missing 0', 0],
    ['BITPOS missing 1', -1],
    ['BITPOS k 2', error('ERR The bit argument must be 1 or 0.')],
    ['BITPOS k x', error(NOT_INTEGER)],
    ['BITPOS k 1 x', error(NOT_INTEGER)],
    ['BITPOS k 1 0 x', error(NOT_INTEGER)],
    ["SET e ''", OK],
    ['BITPOS e 0', -1],
    ['BITPOS e 1', -1],
  ])
  script(t, LATER, [
    [['SET', 'k', Uint8Array.of(0xff, 0xf0, 0)], OK],
    ['BITPOS k 0 0 11 BIT', -1],
    ['BITPOS k 0 0 12 BIT', 12],
    ['BITPOS k 1 12 -1 BIT', -1],
    ['BITPOS k 1 1 1 BYTE', 8],
    ['BITPOS k 1 0 1 foo', error(SYNTAX)],
    ['BITPOS k 1 1 x foo', error(SYNTAX)],
    ['BITPOS k 1 -1 -5 foo', error(SYNTAX)],
    ['BITPOS k 1 x 1 foo', error(NOT_INTEGER)],
    ['BITPOS k 1 1 x BIT', error(NOT_INTEGER)],
    ['BITPOS k 0 -1 -24 BIT', -1],
  ])
  script(
    t,
    ['ckv'],
    [
      ['SET k foobar', OK],
      ['BITPOS k 1 0 1 BIT', error(SYNTAX)],
    ],
  )
})

t.test('BITOP', async (t) => {
  script(t, PROFILES, [
    ['SET {t}a abc', OK],
    ['SET {t}b AB', OK],
    ['BITOP AND {t}d {t}a {t}b', 3],
    ['GET {t}d', 'AB\0'],
    ['BITOP or {t}d {t}a {t}b', 3],
    ['GET {t}d', 'abc'],
    ['BITOP XOR {t}d {t}a {t}b', 3],
    ['GET {t}d', '  c'],
    ['BITOP NOT {t}d {t}b', 2],
    ['GET {t}d', '\xbe\xbd'],
    ['BITOP XOR {t}a {t}a {t}a', 3],
    ['GET {t}a', '\0\0\0'],
    ['BITOP AND {t}d {t}b {t}missing', 2],
    ['GET {t}d', '\0\0'],
    ['EXPIRE {t}d 100', 1],
    ['BITOP OR {t}d {t}missing {t}b', 2],
    ['TTL {t}d', -1],
    ['BITOP OR {t}d {t}missing', 0],
    ['GET {t}d', null],
    ['BITOP NOT {t}d {t}a {t}b', error('ERR BITOP NOT must be called with a single source key.')],
    ['BITOP NAND {t}d {t}a', error(SYNTAX)],
  ])
  script(
    t,
    ['redis'],
    [
      ['SET a abc', OK],
      ['SET b AB', OK],
      ['BITOP OR far a b', 3],
      ['GET far', 'abc'],
    ],
  )
})

/** Bit `at` of a string, as the model has it. */
function bitOf(value: Uint8Array, at: number): number {
  return (value[at >> 3] >> (7 - (at & 7))) & 1
}

t.test('ranges of bits against a plain loop, through chunks', async (t) => {
  const random = new SeededRandom(5)
  const fixture = new ShardFixture({ arenaBytes: 16_777_216 })
  for (const length of [1, 2, 3, 5, 8, 63, 600, 1_048_579]) {
    const value = new Uint8Array(length)
    // Mostly one byte, so that runs of whole words are skipped.
    value.fill(random.below(2) === 0 ? 0 : 0xff)
    for (let draw = 0; draw < 3; draw++) value[random.below(length)] = random.below(256)
    fixture.run('SET', 'k', value)
    const bits = length * 8
    for (let round = 0; round < 40; round++) {
      const near = Math.min(bits, 4000)
      const from = random.below(2) === 0 ? random.below(near) : bits - 1 - random.below(near)
      const to = Math.min(bits - 1, from + random.below(near))
      let count = 0
      let first = [-1, -1]
      for (let at = to; at >= from; at--) {
        const bit = bitOf(value, at)
        count += bit
        first = bit === 1 ? [first[0], at] : [at, first[1]]
      }
      const range = [String(from), String(to), 'BIT']
      t.equal(fixture.run('BITCOUNT', 'k', ...range), count, `count ${from}-${to} of ${length}`)
      t.equal(fixture.run('BITPOS', 'k', '0', ...range), first[0], `0 in ${from}-${to}`)
      t.equal(fixture.run('BITPOS', 'k', '1', ...range), first[1], `1 in ${from}-${to}`)
    }
  }
})

t.test('BITOP near 32 MB', async (t) => {
  const fixture = new ShardFixture({ arenaBytes: 201_326_592, sliceBytes: 1_048_576 })
  const length = 33_554_432
  fixture.run('SET', '{t}a', Buffer.alloc(length, 0x0f))
  fixture.run('SET', '{t}b', Buffer.alloc(length - 1, 0x3c))
  t.equal(fixture.run('BITOP', 'AND', '{t}d', '{t}a', '{t}b'), length)
  t.equal(fixture.run('GETRANGE', '{t}d', '0', '0'), '\x0c')
  t.equal(fixture.run('GETRANGE', '{t}d', '-2', '-1'), '\x0c\0')
  t.equal(fixture.run('BITCOUNT', '{t}d'), (length - 1) * 2)
  t.same(fixture.findings(), [])
})
