// What is written is what Redis writes where it has no choice, and is taken by its RESTORE.

import t from 'tap'
import { RDB_CONTENT_BYTES_MAX } from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET_2 } from '../../src/rdb/layout.ts'
import { RDB_READ } from '../../src/rdb/outcome.ts'
import { RdbReader } from '../../src/rdb/payload.ts'
import { RdbWriter } from '../../src/rdb/writer.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { latin, plainOf, someElement, someElements } from './payloads.ts'

const skip = redisSkip()
const seed = Number(process.env.CKV_TEST_SEED ?? 10)
const ROUNDS = process.env.CKV_TEST_LONG === '1' ? 200 : 20
const BYTES_MAX = 1 << 26

const writer = new RdbWriter(BYTES_MAX)
const reader = new RdbReader(RDB_CONTENT_BYTES_MAX)

function finished(): Buffer {
  if (!writer.finish()) throw new Error('overflowed')
  return Buffer.from(writer.bytes.subarray(0, writer.length))
}

function writeText(text: string): void {
  // The bytes are found inside of others.
  const around = latin(`(${text})`)
  writer.writeString(around, 1, around.length - 2)
}

function written(type: number, count: number, elements: string[], scores?: number[]): Buffer {
  writer.reset()
  writer.writeType(type)
  if (count >= 0) writer.writeLength(count)
  for (const [index, element] of elements.entries()) {
    writeText(element)
    if (scores !== undefined) writer.writeDouble(scores[index])
  }
  return finished()
}

t.test('strings are what Redis writes without compression', { skip }, async (t) => {
  const redis = await startRedis('--rdbcompression', 'no')
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed)
  const texts = Array.from({ length: 2000 }, () => someElement(random, random.below(50) === 0))
  texts.push('-0', '00', '+1', ' 1', '2147483647', '2147483648', '-2147483648', '-2147483649')
  await redis.pipeline(texts.map((text, at) => ['SET', `k${at}`, text]))
  const dumps = await redis.pipeline(texts.map((_, at) => ['DUMP', `k${at}`]))
  const wrong = texts.filter(
    (text, at) => written(TYPE_STRING, -1, [text]).toString('latin1') !== dumps[at],
  )
  t.same(wrong, [], `seed ${seed}`)
})

t.test('RESTORE of Redis takes every type', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed + 1)
  for (let round = 0; round < ROUNDS; round++) {
    const count = 1 + random.below(round % 4 === 0 ? 700 : 20)
    const elements = someElements(random, count)
    const values = elements.map(() => someElement(random, false))
    const fields = elements.flatMap((element, index) => [element, values[index]])
    // Ascending ones differ, so the order is known.
    const scores = elements.map((_, index) => index * 1.25 - 100)
    scores[count - 1] = Infinity
    const replies = await redis.pipeline([
      ['FLUSHALL'],
      ['RESTORE', 'list', '0', written(TYPE_LIST, count, elements)],
      ['RESTORE', 'set', '0', written(TYPE_SET, count, elements)],
      ['RESTORE', 'hash', '0', written(TYPE_HASH, count, fields)],
      ['RESTORE', 'zset', '0', written(TYPE_ZSET_2, count, elements, scores)],
      ['LRANGE', 'list', '0', '-1'],
      ['SMEMBERS', 'set'],
      ['HMGET', 'hash', ...elements],
      ['ZRANGE', 'zset', '0', '-1'],
      ['ZMSCORE', 'zset', ...elements],
    ])
    for (const reply of replies.slice(0, 5)) t.same(reply, { simple: 'OK' })
    t.same(replies[5], elements)
    t.same((replies[6] as string[]).sort(), elements.toSorted())
    t.same(replies[7], values)
    t.same(replies[8], elements)
    t.same(
      (replies[9] as string[]).map((text) => Number(text.replace('inf', 'Infinity'))),
      scores,
      `seed ${seed + 1}, round ${round}`,
    )
  }
})

t.test('what is written is read again', async (t) => {
  const random = new SeededRandom(seed + 2)
  for (let round = 0; round < ROUNDS; round++) {
    const elements = someElements(random, 1 + random.below(300))
    const scores = elements.map(() => (random.word() - 2 ** 31) / 7)
    const payload = written(TYPE_ZSET_2, elements.length, elements, scores)
    t.equal(reader.read(payload, 0, payload.length), RDB_READ)
    t.same(plainOf(reader.content), { elements, scores }, `seed ${seed + 2}`)
  }
})

t.test('lengths of every size', async (t) => {
  const cases: [number, string][] = [
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '8000004000'],
    [2 ** 32 - 1, '80ffffffff'],
    [2 ** 32, '810000000100000000'],
    [2 ** 53 - 1, '81001fffffffffffff'],
  ]
  for (const [value, expected] of cases) {
    writer.reset()
    writer.writeLength(value)
    t.equal(Buffer.from(writer.bytes.subarray(0, writer.length)).toString('hex'), expected)
  }
})

t.test('a limit is kept, to the byte', async (t) => {
  const payload = written(TYPE_STRING, -1, ['x'.repeat(3000)])
  for (const [bytesMax, fits] of [
    [payload.length, true],
    [payload.length - 1, false],
    [20, false],
  ] as const) {
    const limited = new RdbWriter(bytesMax)
    limited.writeType(TYPE_STRING)
    limited.writeString(Buffer.alloc(3000, 'x'), 0, 3000)
    t.equal(limited.finish(), fits)
    t.equal(limited.overflowed, !fits)
    t.ok(limited.length <= bytesMax)
    limited.reset()
    limited.writeType(TYPE_STRING)
    t.equal(limited.finish(), true, 'it can be used again')
  }
})
