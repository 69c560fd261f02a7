// Payloads that are wrong: never an exception, never more memory than allowed, and an answer soon.

import fc from 'fast-check'
import t from 'tap'
import { RDB_CONTENT_BYTES_MAX } from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { RDB_BAD_DATA, RDB_BAD_PAYLOAD, RDB_READ, RDB_TOO_LARGE } from '../../src/rdb/outcome.ts'
import { RdbReader } from '../../src/rdb/payload.ts'
import { blob, latin, plainOf, withChecksum, withFooter, ziplist } from './payloads.ts'

const seed = Number(process.env.CKV_TEST_SEED ?? 64)
const RUNS = process.env.CKV_TEST_LONG === '1' ? 200_000 : 10_000

const reader = new RdbReader(RDB_CONTENT_BYTES_MAX)

function read(payload: Uint8Array): number {
  return reader.read(payload, 0, payload.length)
}

/** Strings of the other forms: plain, integers of 8, 16 and 32 bits, a length of 14 bits. */
const STRINGS = Buffer.from('03616263c085c13930c20102030440027879', 'hex')

/** 'abca' and 19 more 'a': a literal run, and a copy of the byte before. */
const LZF = Buffer.from([0xc3, 8, 23, 3, 0x61, 0x62, 0x63, 0x61, 0xe0, 10, 0])
const LZF_TEXT = `abca${'a'.repeat(19)}`
const TEXTS = ['abc', '-123', '12345', '67305985', 'xy', LZF_TEXT]
const DOUBLE = Buffer.from(new Float64Array([1.5]).buffer)

const LISTPACK = Buffer.from(
  // 7 bits 5; 'ab'; 13 bits -2; 12 bits of length 'c'; 32 bits of length 'd'; 16, 24, 32, 64 bits
  '000000000900050182616203dffe02e0016303f0010000006406f1e80303f2a0860104f300ca9a3b05' +
    'f4000000000100000009ff',
  'hex',
)
LISTPACK.writeUInt32LE(LISTPACK.length, 0)
const ENTRIES = ['5', 'ab', '-2', 'c', 'd', '1000', '100000', '1000000000', '4294967296']

const PAIRS = ziplist(['a', '1', 'b', '2.5', 'c', '300', `${'d'.repeat(300)}`, '-70000'])

function intset(width: number, ...members: number[]): Buffer {
  const bytes = Buffer.alloc(8 + width * members.length)
  bytes.writeUInt32LE(width, 0)
  bytes.writeUInt32LE(members.length, 4)
  for (const [index, member] of members.entries()) {
    const wide = Buffer.alloc(8)
    wide.writeBigInt64LE(BigInt(member))
    wide.copy(bytes, 8 + index * width, 0, width)
  }
  return bytes
}

/** 'abc' 1.5, 'b' infinite, 'c' less than all, as texts. */
const SCORED = latin('\x03abc\x031.5\x01b\xfe\x01c\xff')

const WHOLE: [string, Buffer][] = [
  ['a string', withFooter(0, latin('\x03abc'))],
  ['an LZF string', withFooter(0, LZF)],
  ['a list', withFooter(1, Buffer.from([6]), STRINGS, LZF)],
  ['a set', withFooter(2, Buffer.from([6]), STRINGS, LZF)],
  ['a hash', withFooter(4, Buffer.from([3]), STRINGS, LZF)],
  ['scores as text', withFooter(3, Buffer.from([3]), SCORED)],
  ['scores', withFooter(5, Buffer.from([2]), LZF, DOUBLE, latin('\x02xy'), DOUBLE)],
  ['a ziplist', withFooter(10, blob(ziplist(['1', 'b', '300', '-70000', 'x'.repeat(70)])))],
  ['an intset of 2', withFooter(11, blob(intset(2, -5, 1, 300)))],
  ['an intset of 4', withFooter(11, blob(intset(4, -500_000, 1, 70_000)))],
  ['an intset of 8', withFooter(11, blob(intset(8, -(2 ** 40), -1, 0, 1, 2 ** 40)))],
  ['a ziplist of scores', withFooter(12, blob(PAIRS))],
  ['a ziplist of pairs', withFooter(13, blob(PAIRS))],
  ['ziplists', withFooter(14, Buffer.from([2]), blob(PAIRS), blob(ziplist(['x'])))],
  [
    'nodes',
    withFooter(
      18,
      Buffer.from([3, 2]),
      blob(LISTPACK),
      Buffer.from([1]),
      LZF,
      Buffer.from([2]),
      blob(LISTPACK),
    ),
  ],
]

t.test('the whole ones are read', async (t) => {
  for (const [name, payload] of WHOLE) t.equal(read(payload), RDB_READ, name)
  read(WHOLE[2][1])
  t.same(plainOf(reader.content).elements, TEXTS)
  read(WHOLE[5][1])
  t.same(plainOf(reader.content), {
    elements: ['abc', 'b', 'c'],
    scores: [1.5, Infinity, -Infinity],
  })
  read(WHOLE[10][1])
  t.same(plainOf(reader.content).elements, ['-1099511627776', '-1', '0', '1', '1099511627776'])
  read(WHOLE[14][1])
  t.same(plainOf(reader.content).elements, [...ENTRIES, LZF_TEXT, ...ENTRIES])
})

t.test('footers', async (t) => {
  const [, payload] = WHOLE[0]
  for (let bit = 0; bit < payload.length * 8; bit++) {
    const wrong = Buffer.from(payload)
    wrong[bit >> 3] ^= 1 << (bit & 7)
    t.equal(read(wrong), RDB_BAD_PAYLOAD)
  }
  for (let length = 0; length < 10; length++) {
    t.equal(read(payload.subarray(payload.length - length)), RDB_BAD_PAYLOAD, `${length} bytes`)
  }
  for (const [version, expected] of [
    [6, RDB_READ],
    [10, RDB_READ],
    [11, RDB_BAD_PAYLOAD],
    [0x0106, RDB_BAD_PAYLOAD],
  ]) {
    const other = Buffer.from(payload)
    other.writeUInt16LE(version, other.length - 10)
    t.equal(read(withChecksum(other)), expected, `version ${version}`)
  }
})

t.test('what is no value', async (t) => {
  const cases: [string, Buffer][] = [
    ['no type', withChecksum(Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 0, 0]))],
    ...[6, 7, 8, 9, 15, 19, 20, 127, 255].map((type): [string, Buffer] => [
      `type ${type}`,
      withFooter(type, Buffer.from([1]), STRINGS),
    ]),
    ...[1, 2, 3, 4, 5, 14, 18].map((type): [string, Buffer] => [
      `type ${type} without elements`,
      withFooter(type, Buffer.from([0])),
    ]),
    ['an empty ziplist', withFooter(10, blob(ziplist([])))],
    ['an empty intset', withFooter(11, blob(intset(2)))],
    ['an intset that does not ascend', withFooter(11, blob(intset(2, 1, 1)))],
    ['an intset of 8 that does not ascend', withFooter(11, blob(intset(8, 1, -1)))],
    ['a field without value', withFooter(13, blob(ziplist(['a', '1', 'b'])))],
    ['a score that is none', withFooter(12, blob(ziplist(['a', 'b'])))],
    ['a score NaN as text', withFooter(3, Buffer.from([1, 1, 0x61, 253]))],
    ['a score NaN', withFooter(5, Buffer.from([1, 1, 0x61, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]))],
    ['a count above what is left', withFooter(1, Buffer.from([0x80, 0xff, 0xff, 0xff, 0xff, 0]))],
    ['an LZF that becomes less', withFooter(0, Buffer.from([0xc3, 2, 5, 0, 0x61]))],
    ['an LZF that becomes more', withFooter(0, Buffer.from([0xc3, 3, 1, 1, 0x61, 0x61]))],
    ['an LZF from before its start', withFooter(0, Buffer.from([0xc3, 4, 4, 0, 0x61, 0x20, 5]))],
    ['an LZF of nothing', withFooter(0, Buffer.from([0xc3, 0, 0]))],
    ['an LZF that promises 4 GB', withFooter(0, Buffer.from([0xc3, 2, 0x80, 255, 0, 0, 0, 0, 1]))],
  ]
  for (const [name, payload] of cases) t.equal(read(payload), RDB_BAD_DATA, name)
})

t.test('each byte replaced by any other, and each end', async (t) => {
  const outcomes = new Map<number, number>()
  const judge = (payload: Uint8Array) => {
    const outcome = read(payload)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  for (const [, payload] of WHOLE) {
    for (let at = 0; at < payload.length - 10; at++) {
      for (let byte = 0; byte < 256; byte++) {
        const wrong = Buffer.from(payload)
        wrong[at] = byte
        judge(withChecksum(wrong))
      }
      judge(withFooter(payload[0], payload.subarray(1, at + 1)))
    }
  }
  t.same([...outcomes.keys()].sort(), [RDB_READ, RDB_BAD_DATA])
})

t.test('several bytes changed, and bytes at random', async (t) => {
  const change = fc.tuple(fc.nat(2000), fc.nat(255))
  const changed = fc.tuple(fc.nat(WHOLE.length - 1), fc.array(change, { maxLength: 4 }))
  fc.assert(
    fc.property(changed, ([index, changes]) => {
      const wrong = Buffer.from(WHOLE[index][1])
      for (const [at, byte] of changes) wrong[at % (wrong.length - 10)] = byte
      return read(withChecksum(wrong)) !== RDB_BAD_PAYLOAD
    }),
    { numRuns: RUNS, seed },
  )
  const body = fc.uint8Array({ maxLength: 100 })
  fc.assert(
    fc.property(fc.nat(20), body, (type, bytes) => {
      return read(withFooter(type, bytes)) !== RDB_BAD_PAYLOAD
    }),
    { numRuns: RUNS, seed },
  )
  t.pass(`seed ${seed}`)
})

t.test('a content above the limit is refused, one at the limit is not', async (t) => {
  const elements = Array.from({ length: 1000 }, (_, index) => `element ${index}`)
  const payload = withFooter(10, blob(ziplist(elements)))
  const bytes = elements.join('').length + 16 * elements.length
  for (const [bytesMax, expected] of [
    [bytes, RDB_READ],
    [bytes - 1, RDB_TOO_LARGE],
    [100, RDB_TOO_LARGE],
  ]) {
    t.equal(new RdbReader(bytesMax).read(payload, 0, payload.length), expected)
  }
  // 264 bytes for 3: a node of 88 MB in 1 MB.
  const copies = Buffer.alloc(1_000_002)
  copies.set([0, 0x61])
  for (let at = 2; at + 2 < copies.length; at += 3) copies.set([0xe0, 255, 0], at)
  const plain = 1 + 264 * Math.floor((copies.length - 2) / 3)
  const packed = copies.subarray(0, 2 + 3 * Math.floor((copies.length - 2) / 3))
  const head = Buffer.from([0xc3, 0x80, 0, 0, 0, 0, 0x80, 0, 0, 0, 0])
  head.writeUInt32BE(packed.length, 2)
  head.writeUInt32BE(plain, 7)
  const bomb = withFooter(0, head, packed)
  t.equal(new RdbReader(1 << 26).read(bomb, 0, bomb.length), RDB_TOO_LARGE)
  t.equal(read(bomb), RDB_READ)
  t.equal(reader.content.lengths[0], plain)
  const bytesBefore = reader.content.bytes.length
  t.equal(read(WHOLE[0][1]), RDB_READ)
  t.ok(reader.content.bytes.length < bytesBefore, 'large buffers are given back')
})

t.test('columns and bytes grow to any size', async (t) => {
  const random = new SeededRandom(seed)
  const elements = Array.from({ length: 60_000 }, () => String(random.word()))
  const payload = withFooter(10, blob(ziplist(elements)))
  t.equal(read(payload), RDB_READ)
  t.same(plainOf(reader.content).elements, elements)
  const scored = elements.flatMap((element, index) => [`m${index}`, element])
  const pairs = withFooter(12, blob(ziplist(scored)))
  t.equal(read(pairs), RDB_READ)
  t.same(plainOf(reader.content).scores, elements.map(Number))
})
