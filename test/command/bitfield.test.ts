// BITFIELD and BITFIELD_RO: exact replies, and the arithmetic against 64-bit integers.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, LATER, NOT_INTEGER, SYNTAX, script } from './script.ts'

const TYPE = error(
  'ERR Invalid bitfield type. Use something like i16 u8. ' +
    'Note that u64 is not supported but i64 is.',
)
const OFFSET = error('ERR bit offset is not an integer or out of range')
const MOST = '9223372036854775807'
const LEAST = '-9223372036854775808'

t.test('replies', async (t) => {
  script(t, LATER, [
    ['BITFIELD k', []],
    ['BITFIELD k OVERFLOW WRAP', []],
    ['BITFIELD k GET u8 0 GET i5 1000', [0, 0]],
    ['EXISTS k', 0],
    ['BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 GET u4 #1', [0, 255, -1, 15]],
    ['GET k', '\xff'],
    ['BITFIELD k incrby i5 100 1 get u4 0', [1, 15]],
    ['STRLEN k', 14],
    ['BITFIELD k SET i8 #1 -100 SET u8 #1 7', [0, 156]],
    ['BITFIELD_RO k GET u8 8 GET i9 7', [7, -249]],
    ['BITFIELD_RO k', []],
    ['EXPIRE k 100', 1],
    ['BITFIELD k SET u1 0 0', [1]],
    ['TTL k', 100],
  ])
})

t.test('overflow', async (t) => {
  script(t, LATER, [
    ['BITFIELD k SET u2 0 3 INCRBY u2 0 1', [0, 0]],
    ['BITFIELD k OVERFLOW SAT INCRBY u2 0 100 INCRBY u2 0 -200', [3, 0]],
    ['BITFIELD k OVERFLOW FAIL INCRBY u2 0 -1 INCRBY u2 0 3 INCRBY u2 0 1', [null, 3, null]],
    ['BITFIELD k SET i4 4 7 INCRBY i4 4 1', [0, -8]],
    ['BITFIELD k OVERFLOW sat INCRBY i4 4 -1 INCRBY i4 4 100', [-8, 7]],
    ['BITFIELD k OVERFLOW FAIL SET i4 4 8 SET i4 4 -9 SET i4 4 -8', [null, null, 7]],
    ['BITFIELD k OVERFLOW FAIL SET u4 4 16 OVERFLOW SAT SET u4 4 16 GET u4 4', [null, 8, 15]],
    ['BITFIELD k SET u4 4 -1 GET u4 4 SET u4 4 -3 GET u4 4', [15, 15, 15, 13]],
    ['BITFIELD k OVERFLOW SAT SET u4 4 -1 GET u4 4', [13, 15]],
    ['BITFIELD k OVERFLOW FAIL SET u4 4 -1', [null]],
    [`BITFIELD w SET i64 3 ${MOST} OVERFLOW FAIL INCRBY i64 3 1`, [0, null]],
  ])
  const fixture = new ShardFixture()
  const raw = (...words: string[]) => fixture.runRaw('BITFIELD', 'k', ...words)
  t.equal(raw('SET', 'i64', '3', MOST, 'INCRBY', 'i64', '3', '1'), `*2\r\n:0\r\n:${LEAST}\r\n`)
  t.equal(raw('OVERFLOW', 'SAT', 'INCRBY', 'i64', '3', '-1'), `*1\r\n:${LEAST}\r\n`)
  t.equal(
    raw('OVERFLOW', 'SAT', 'SET', 'u63', '3', '-1', 'GET', 'u63', '3'),
    `*2\r\n:4611686018427387904\r\n:${MOST}\r\n`,
  )
  checkSound(t, fixture, 'wide')
})

t.test('a failing increment still makes the string long enough', async (t) => {
  script(t, LATER, [
    ['BITFIELD k OVERFLOW FAIL INCRBY u8 8 256', [null]],
    ['GET k', '\0\0'],
    ['BITFIELD k SET u8 8000 0 SET u8 0 0', [0, 0]],
    ['STRLEN k', 1001],
  ])
})

t.test('errors', async (t) => {
  script(t, LATER, [
    ['BITFIELD k GET u64 0', TYPE],
    ['BITFIELD k GET i65 0', TYPE],
    ['BITFIELD k GET u0 0', TYPE],
    ['BITFIELD k GET x8 0', TYPE],
    ['BITFIELD k GET U8 0', TYPE],
    ["BITFIELD k GET '' 0", TYPE],
    ['BITFIELD k GET u 0', TYPE],
    ['BITFIELD k GET u8 -1', OFFSET],
    ['BITFIELD k GET u8 #-1', OFFSET],
    ['BITFIELD k GET u8 x', OFFSET],
    ['BITFIELD k GET u8 #', OFFSET],
    ['BITFIELD k GET u8 4294967296', OFFSET],
    ['BITFIELD k GET u8 4294967295', [0]],
    // As Redis: 2^62 fields of 4 bits begin at bit 2^64, which is 0.
    ['BITFIELD k GET u4 #4611686018427387904', [0]],
    ['BITFIELD k SET u8 0 x', error(NOT_INTEGER)],
    ['BITFIELD k SET u8 0 9223372036854775808', error(NOT_INTEGER)],
    ['BITFIELD k SET u8 0', error(SYNTAX)],
    ['BITFIELD k GET u8', error(SYNTAX)],
    ['BITFIELD k OVERFLOW', error(SYNTAX)],
    ['BITFIELD k MOVE u8 0', error(SYNTAX)],
    ['BITFIELD k OVERFLOW MORE', error('ERR Invalid OVERFLOW type specified')],
    ['BITFIELD k SET u8 0 1 GET u8', error(SYNTAX)],
    ['EXISTS k', 0],
    ['BITFIELD_RO k SET u8 0 1', error('ERR BITFIELD_RO only supports the GET subcommand')],
    ['BITFIELD_RO k SET u8 0 x', error(NOT_INTEGER)],
  ])
  script(
    t,
    ['extended'],
    [
      ['BITFIELD k SET u8 268435456 1', error('ERR string exceeds maximum allowed size (32MB)')],
      ['EXISTS k', 0],
    ],
  )
  t.equal(new ShardFixture({ profile: 'ckv' }).runError('BITFIELD', 'k').includes('served'), true)
})

/** A row of bits as the model has it. */
class BitModel {
  readonly bits: number[] = []

  get(offset: number, count: number): bigint {
    let value = 0n
    for (let at = offset; at < offset + count; at++) value = value * 2n + BigInt(this.bits[at] ?? 0)
    return value
  }

  set(offset: number, count: number, value: bigint): void {
    for (let at = 0; at < count; at++) {
      this.bits[offset + at] = Number((value >> BigInt(count - 1 - at)) & 1n)
    }
  }
}

t.test('fields of every length at every bit, near and far', async (t) => {
  const random = new SeededRandom(11)
  for (const key of ['k', 'K'.repeat(600)]) {
    const fixture = new ShardFixture({ arenaBytes: 8_388_608, sliceBytes: 262_144 })
    const model = new BitModel()
    for (let round = 0; round < 1500; round++) {
      const words: string[] = []
      const wanted: bigint[] = []
      for (let count = 1 + random.below(4); count > 0; count--) {
        const bits = 1 + random.below(63)
        const offset = random.below(random.below(3) === 0 ? 20_000 : 300)
        const signed = random.below(2) === 0
        const old = model.get(offset, bits)
        const shown = (value: bigint) => (signed ? BigInt.asIntN(bits, value) : value)
        const size = random.below(2) === 0 ? 40 : 2 ** 31
        const value =
          BigInt(random.below(size)) * BigInt(random.below(size)) - BigInt(random.below(size))
        const type = `${signed ? 'i' : 'u'}${bits}`
        switch (random.below(3)) {
          case 0:
            words.push('GET', type, String(offset))
            wanted.push(shown(old))
            break
          case 1:
            words.push('SET', type, String(offset), String(value))
            wanted.push(shown(old))
            model.set(offset, bits, BigInt.asUintN(bits, value))
            break
          default: {
            words.push('INCRBY', type, String(offset), String(value))
            const sum = BigInt.asUintN(bits, old + value)
            wanted.push(shown(sum))
            model.set(offset, bits, sum)
          }
        }
      }
      const found = fixture.runRaw('BITFIELD', key, ...words)
      const text = `*${wanted.length}\r\n${wanted.map((value) => `:${value}\r\n`).join('')}`
      if (found !== text) t.equal(found, text, `${words.join(' ')}, round ${round}`)
    }
    checkSound(t, fixture, `key of ${key.length}`)
  }
})

t.test('far apart fields cost little in the log', async (t) => {
  const fixture = new ShardFixture({ arenaBytes: 4_194_304 })
  fixture.run('SETRANGE', 'k', '1000000', 'x')
  const [{ log }] = fixture.sides
  const before = log.appendedLsn()
  fixture.run('BITFIELD', 'k', 'INCRBY', 'u8', '0', '1', 'INCRBY', 'u8', '#900000', '1')
  t.ok(log.appendedLsn() - before < 300)
  checkSound(t, fixture, 'far apart')
})
