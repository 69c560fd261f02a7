// Lists take no more memory than Redis's quicklists of the same elements, however they were made.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { hashOfKey } from '../../src/keyspace/side.ts'
import { databaseRoot } from '../../src/memory/database.ts'
import { dictionaryFind } from '../../src/memory/dictionary.ts'
import { listMemory } from '../../src/memory/list.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

/** Of a key's slot in a page of a dictionary that is two thirds full. */
const SLOT_BYTES = 12
const KEY = 'list'
const SEED = 20_261_126

const SIZES: readonly (readonly [name: string, element: (index: number) => string])[] = [
  ['numbers', (index) => String(index)],
  ['10 bytes', (index) => `e${index}`.padEnd(10, 'x')],
  ['100 bytes', (index) => `e${index}`.padEnd(100, 'x')],
  ['1000 bytes', (index) => `e${index}`.padEnd(1000, 'x')],
  ['9000 bytes', (index) => `e${index}`.padEnd(9000, 'x')],
]

type Make = (elements: string[], random: SeededRandom) => string[][]

const MAKES: Readonly<Record<string, Make>> = {
  'pushed behind': (elements) => elements.map((each) => ['RPUSH', KEY, each]),
  'pushed in front': (elements) => elements.map((each) => ['LPUSH', KEY, each]),
  'pushed at once': (elements) => [['RPUSH', KEY, ...elements]],
  'inserted anywhere': (elements, random) =>
    elements.map((each, index) =>
      index === 0
        ? ['RPUSH', KEY, each]
        : ['LINSERT', KEY, 'BEFORE', elements[random.below(index)], each],
    ),
  'half removed': (elements, random) => [
    ['RPUSH', KEY, ...elements],
    ...elements.filter(() => random.below(2) === 0).map((each) => ['LREM', KEY, '1', each]),
  ],
  'popped to a quarter': (elements) => [
    ['RPUSH', KEY, ...elements],
    ['LPOP', KEY, String((elements.length * 3) >> 2)],
  ],
}

function ourBytes(fixture: ShardFixture): number {
  const [side] = fixture.sides
  const key = Buffer.from(KEY)
  const hash = hashOfKey(side, key, 0, key.length)
  const root = databaseRoot(side.arena, 0)
  return (
    listMemory(side.arena, dictionaryFind(side.arena, root, hash, key, 0, key.length)) + SLOT_BYTES
  )
}

t.test('bytes of a list', { skip: redisSkip() }, async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = await redis.connect()
  for (const [how, make] of Object.entries(MAKES)) {
    let ours = 0
    let theirs = 0
    for (const [name, element] of SIZES) {
      for (const count of [5, 60, 2000]) {
        if (count === 2000 && element(0).length > 500) continue
        const elements = Array.from({ length: count }, (_, index) => element(index))
        const commands = make(elements, new SeededRandom(SEED))
        const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 8_388_608 })
        for (const words of commands) fixture.run(...words)
        await client.pipeline([['FLUSHALL'], ...commands])
        const [usage, length] = await client.pipeline([
          ['MEMORY', 'USAGE', KEY, 'SAMPLES', '0'],
          ['LLEN', KEY],
        ])
        t.equal(fixture.run('LLEN', KEY), length)
        const ratio = ourBytes(fixture) / Number(usage)
        t.ok(ratio <= 1.1, `${how}, ${count} of ${name}: ${ratio.toFixed(3)}`)
        ours += ourBytes(fixture)
        theirs += Number(usage)
        t.same(fixture.findings(), [])
      }
    }
    t.comment(`figure bytes ${how} ${(ours / theirs).toFixed(3)}`)
    t.ok(ours <= theirs, `${how}: less in all`)
  }
})
