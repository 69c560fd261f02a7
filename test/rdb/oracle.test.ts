// Payloads of a real Redis are read to what they were made of, in every encoding; and those of the
// forms it only reads are what it makes of them.

import t from 'tap'
import { RDB_CONTENT_BYTES_MAX } from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { RDB_READ } from '../../src/rdb/outcome.ts'
import { RdbReader } from '../../src/rdb/payload.ts'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import {
  blob,
  latin,
  type Plain,
  plainOf,
  someElement,
  someElements,
  withFooter,
  ziplist,
} from './payloads.ts'

const skip = redisSkip()
const seed = Number(process.env.CKV_TEST_SEED ?? 7015)
const ROUNDS = process.env.CKV_TEST_LONG === '1' ? 40 : 4

const SETTINGS: [string, string[]][] = [
  ['list-max-listpack-size', ['-2', '-1', '1', '3', '500']],
  ['list-compress-depth', ['0', '1']],
  ['hash-max-listpack-entries', ['0', '2', '512']],
  ['hash-max-listpack-value', ['64', '100000']],
  ['zset-max-listpack-entries', ['0', '2', '512']],
  ['zset-max-listpack-value', ['64', '100000']],
  ['set-max-intset-entries', ['0', '512']],
  ['rdbcompression', ['yes', 'no']],
]

const reader = new RdbReader(RDB_CONTENT_BYTES_MAX)

/** The type byte and what is read from the dump of a key. */
function readDump(reply: Reply, seen: Set<number>): Plain {
  const payload = latin(reply as string)
  // Somewhere inside of other bytes, as in a request.
  const around = Buffer.concat([latin('around'), payload, latin('it')])
  const outcome = reader.read(around, 6, payload.length)
  if (outcome !== RDB_READ) throw new Error(`outcome ${outcome} for ${payload.toString('hex')}`)
  seen.add(payload[0])
  return plainOf(reader.content)
}

function pairsOf(flat: readonly string[]): string[] {
  const pairs: string[] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push(`${flat[at]}\n${flat[at + 1]}`)
  return pairs.sort()
}

function scored({ elements, scores }: Plain): string[] {
  return elements.map((element, index) => `${element}\n${scores[index]}`).sort()
}

function replyScores(flat: readonly string[]): string[] {
  const pairs: string[] = []
  for (let at = 0; at < flat.length; at += 2) {
    const score = Number(flat[at + 1].replace('inf', 'Infinity'))
    pairs.push(`${flat[at]}\n${score}`)
  }
  return pairs.sort()
}

const COUNTS = [1, 2, 3, 5, 40, 200, 700]

function someScore(random: SeededRandom): string {
  const kind = random.below(6)
  if (kind === 0) return ['inf', '-inf', '0', '1e300', '-4.9e-324'][random.below(5)]
  if (kind < 3) return String(random.below(1_000_000) - 500_000)
  return String((random.word() - 2 ** 31) / (1 + random.below(1000)))
}

async function compareRound(
  redis: RedisServer,
  random: SeededRandom,
  seen: Set<number>,
): Promise<string[]> {
  const wrong: string[] = []
  const count = COUNTS[random.below(COUNTS.length)]
  const elements = someElements(random, count)
  const integers = Array.from({ length: count }, () => someElement(random, false)).filter((text) =>
    /^-?\d+$/.test(text),
  )
  const text = someElement(random, random.below(3) === 0)
  await redis.pipeline([
    ['FLUSHALL'],
    ['SET', 'string', text],
    ['RPUSH', 'list', ...elements],
    ['SADD', 'set', ...elements],
    ['SADD', 'integers', '7', ...integers],
    ['HSET', 'hash', ...elements.flatMap((field) => [field, someElement(random, false)])],
    ['ZADD', 'zset', ...elements.flatMap((member) => [someScore(random), member])],
  ])
  const keys = ['string', 'list', 'set', 'integers', 'hash', 'zset']
  const dumps = await redis.pipeline(keys.map((key) => ['DUMP', key]))
  const [members, integerMembers, pairs, scores] = (await redis.pipeline([
    ['SMEMBERS', 'set'],
    ['SMEMBERS', 'integers'],
    ['HGETALL', 'hash'],
    ['ZRANGE', 'zset', '0', '-1', 'WITHSCORES'],
  ])) as string[][]
  const [string, list, set, integerSet, hash, zset] = dumps.map((dump) => readDump(dump, seen))
  const check = (name: string, found: string[], expected: string[]) => {
    if (found.join('\0') !== expected.join('\0')) wrong.push(`${name} of ${count}`)
  }
  check('string', string.elements, [text])
  check('list', list.elements, elements)
  check('set', set.elements.sort(), members.sort())
  check('integers', integerSet.elements.sort(), integerMembers.sort())
  check('hash', pairsOf(hash.elements), pairsOf(pairs))
  check('zset', scored(zset), replyScores(scores))
  return wrong
}

t.test('dumps of Redis in every encoding', { skip }, async (t) => {
  const redis = await startRedis('--enable-debug-command', 'yes')
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed)
  const seen = new Set<number>()
  const wrong: string[] = []
  for (let round = 0; round < ROUNDS * 10; round++) {
    const settings = SETTINGS.map(([name, values]) => [name, values[random.below(values.length)]])
    // Elements above the threshold get a node of their own.
    const threshold = random.below(2) === 0 ? '100b' : '1073741824b'
    const replies = await redis.pipeline([
      ...settings.map(([name, value]) => ['CONFIG', 'SET', name, value]),
      ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', threshold],
    ])
    t.notMatch(JSON.stringify(replies), 'error')
    wrong.push(...(await compareRound(redis, random, seen)))
  }
  t.same(wrong, [], `seed ${seed}`)
  t.same(
    [...seen].sort((a, b) => a - b),
    [0, 2, 4, 5, 11, 16, 17, 18],
    'every type that Redis writes',
  )
})

t.test('the text of every short integer', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed + 1)
  const texts = Array.from({ length: 3000 }, () => someElement(random, false))
  await redis.pipeline(texts.map((text, at) => ['SET', `k${at}`, text]))
  const dumps = await redis.pipeline(texts.map((_, at) => ['DUMP', `k${at}`]))
  const wrong = texts.filter((text, at) => readDump(dumps[at], new Set()).elements[0] !== text)
  t.same(wrong, [], `seed ${seed + 1}`)
})

/** A plain body: a count and strings, a text or a double behind each if wanted. */
function counted(elements: readonly string[], behind?: (index: number) => Buffer): Buffer {
  const head = Buffer.from([0x80, 0, 0, 0, 0])
  head.writeUInt32BE(elements.length, 1)
  const pieces = elements.flatMap((element, index) => [
    blob(latin(element)),
    ...(behind === undefined ? [] : [behind(index)]),
  ])
  return Buffer.concat([head, ...pieces])
}

function scoreText(text: string): Buffer {
  if (text === 'inf') return Buffer.from([254])
  if (text === '-inf') return Buffer.from([255])
  return Buffer.concat([Buffer.from([text.length]), latin(text)])
}

t.test('forms of older versions', { skip }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const random = new SeededRandom(seed + 2)
  for (let round = 0; round < ROUNDS * 5; round++) {
    const elements = someElements(random, COUNTS[random.below(5)])
    const scores = elements.map(() => someScore(random))
    const fields = elements.flatMap((element) => [element, someElement(random, false)])
    const half = elements.length >> 1
    // Redis takes a packed sorted set as it is, which must be in order.
    const ascending = elements.flatMap((element, index) => [element, String(index * 1.5)])
    const nodes = [elements.slice(0, half), elements.slice(half)].map((node) => blob(ziplist(node)))
    const payloads: [string, Buffer][] = [
      ['list', withFooter(1, counted(elements))],
      [
        'zset',
        withFooter(
          3,
          counted(elements, (index) => scoreText(scores[index])),
        ),
      ],
      ['list', withFooter(10, blob(ziplist(elements)))],
      ['zset', withFooter(12, blob(ziplist(ascending)))],
      ['hash', withFooter(13, blob(ziplist(fields)))],
      ['list', withFooter(14, Buffer.from([2]), ...nodes)],
    ]
    for (const [kind, payload] of payloads) {
      const [, restored, list, hash, zset] = await redis.pipeline([
        ['FLUSHALL'],
        ['RESTORE', 'k', '0', payload],
        ['LRANGE', 'k', '0', '-1'],
        ['HGETALL', 'k'],
        ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'],
      ])
      t.same(restored, { simple: 'OK' }, `type ${payload[0]}, seed ${seed + 2}`)
      const found = readDump(payload.toString('latin1'), new Set())
      if (kind === 'list') t.same(found.elements, list)
      if (kind === 'hash') t.same(pairsOf(found.elements), pairsOf(hash as string[]))
      if (kind === 'zset') t.same(scored(found), replyScores(zset as string[]))
    }
  }
})
