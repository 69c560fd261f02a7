// Sets against a Set of JavaScript: random members over every encoding and its limits, with memory
// checked and the log read back. Long members make large records.

import fc from 'fast-check'
import t from 'tap'
import { databaseRoot } from '../../src/memory/database.ts'
import { dictionaryScan, results } from '../../src/memory/dictionary-walk.ts'
import { entryEncoding } from '../../src/memory/entry.ts'
import {
  COLLECTION_INTEGERS,
  COLLECTION_LARGE,
  COLLECTION_PACKED,
} from '../../src/memory/layout.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const RUNS = process.env.CKV_TEST_LONG === '1' ? 400 : 40
const ARENA_BYTES = 16_777_216
const KEYS = ['{t}a', '{t}b', '{t}c']

type Models = Map<string, Set<string>>

type Step =
  | { kind: 'add' | 'remove'; key: string; members: string[] }
  | { kind: 'move'; key: string; target: string; member: string }
  | { kind: 'pop'; key: string; count: number }
  | { kind: 'inter' | 'union' | 'diff'; target: string; keys: string[] }
  | { kind: 'drop' | 'expire'; key: string }

const member = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -20, max: 40 }).map(String) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }).map((n) => `m${n}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['32767', '32768', '-32769', '2147483648', '-9223372036854775808', '9223372036854775807'],
      ...['', '01', '-0', 'x'.repeat(64), 'y'.repeat(65), 'z'.repeat(5000)],
    ),
  },
)
const integer = fc.integer({ min: -20, max: 40 }).map(String)
const members = fc.oneof(
  fc.array(integer, { minLength: 1, maxLength: 12 }),
  fc.array(member, { minLength: 1, maxLength: 12 }),
)
const key = fc.constantFrom(...KEYS)
const changing = fc.record({ kind: fc.constantFrom('add', 'add', 'remove'), key, members })
const step = fc.oneof(
  { weight: 10, arbitrary: changing },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('move'), key, target: key, member }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('pop'),
      key,
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('inter', 'union', 'diff'),
      target: key,
      keys: fc.array(key, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('expire', 'drop'), key }),
  },
) as fc.Arbitrary<Step>

function apply(fixture: ShardFixture, models: Models, step: Step): void {
  switch (step.kind) {
    case 'add':
    case 'remove': {
      const model = modelOf(models, step.key)
      const before = model.size
      for (const each of step.members) {
        if (step.kind === 'add') model.add(each)
        else model.delete(each)
      }
      const name = step.kind === 'add' ? 'SADD' : 'SREM'
      same(fixture.run(name, step.key, ...step.members), Math.abs(model.size - before))
      return
    }
    case 'move': {
      const was = modelOf(models, step.key).delete(step.member)
      if (was) modelOf(models, step.target).add(step.member)
      same(fixture.run('SMOVE', step.key, step.target, step.member), Number(was))
      return
    }
    case 'pop': {
      const model = modelOf(models, step.key)
      const popped = fixture.run('SPOP', step.key, String(step.count)) as string[]
      same(popped.length, Math.min(step.count, model.size))
      for (const each of popped) if (!model.delete(each)) throw new Error(`${each} was no member`)
      return
    }
    case 'inter':
    case 'union':
    case 'diff':
      combine(fixture, models, step.kind, step.target, step.keys)
      return
    case 'expire':
      fixture.run('EXPIRE', step.key, '100000')
      return
    default:
      fixture.run('DEL', step.key)
      modelOf(models, step.key).clear()
  }
}

function combine(
  fixture: ShardFixture,
  models: Models,
  kind: 'inter' | 'union' | 'diff',
  target: string,
  keys: readonly string[],
): void {
  const [first, ...others] = keys.map((each) => modelOf(models, each))
  const result = others.reduce((left, right) => combined(kind, left, right), new Set(first))
  same((fixture.run(`S${kind}`, ...keys) as string[]).sort(), [...result].sort())
  if (kind === 'inter') {
    same(fixture.run('SINTERCARD', String(keys.length), ...keys), result.size)
    same(
      fixture.run('SINTERCARD', String(keys.length), ...keys, 'LIMIT', '3'),
      Math.min(result.size, 3),
    )
  }
  same(fixture.run(`S${kind}STORE`, target, ...keys), result.size)
  models.set(target, result)
}

function combined(kind: string, left: Set<string>, right: Set<string>): Set<string> {
  if (kind === 'union') return new Set([...left, ...right])
  return new Set([...left].filter((each) => right.has(each) === (kind === 'inter')))
}

function modelOf(models: Models, name: string): Set<string> {
  const model = models.get(name) ?? new Set()
  models.set(name, model)
  return model
}

function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
  }
}

function checkAll(fixture: ShardFixture, models: Models): void {
  same(fixture.findings(), [])
  for (const name of KEYS) {
    const model = modelOf(models, name)
    same((fixture.run('SMEMBERS', name) as string[]).sort(), [...model].sort())
    same(fixture.run('SCARD', name), model.size)
    same(fixture.run('EXISTS', name), Number(model.size > 0))
    const asked = [...model, 'never', '41']
    same(
      fixture.run('SMISMEMBER', name, ...asked),
      asked.map((each) => Number(model.has(each))),
    )
  }
}

for (const [integersMax, entriesMax] of [
  [512, 128],
  [6, 10],
  [10, 6],
  [0, 4],
  [8, 0],
] as const) {
  t.test(`integers to ${integersMax}, packed to ${entriesMax}`, async (t) => {
    const seed = Number(process.env.CKV_TEST_SEED ?? Date.now() % 1_000_000_007)
    t.comment(`seed ${seed}`)
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
      fixture.sides[0].limits.setIntegersMax = integersMax
      fixture.sides[0].limits.setEntriesMax = entriesMax
      const models: Models = new Map()
      for (const each of steps) {
        apply(fixture, models, each)
        same(fixture.findings(), [])
      }
      checkAll(fixture, models)
      same(fixture.recovered(), fixture.contents())
      fixture.releaseAll()
      checkAll(fixture, models)
    })
    t.doesNotThrow(() => fc.assert(property, { seed, numRuns: RUNS }))
  })
}

t.test('a set of many members is deleted at once and freed in slices', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  const many = Array.from({ length: 20_000 }, (_, index) => `m${index}`)
  fixture.run('SADD', 's', ...many)
  t.equal(fixture.run('SUNIONSTORE', 's', 's'), 20_000, 'stored over itself, in its own order')
  t.same(fixture.findings(), [])
  t.equal(fixture.run('DEL', 's'), 1)
  t.same(fixture.findings(), [], 'detached')
  fixture.run('SADD', 's', 'a')
  fixture.releaseAll()
  t.same(fixture.findings(), [], 'freed')
  t.same(fixture.run('SMEMBERS', 's'), ['a'])
  t.same(fixture.recovered(), fixture.contents())
})

t.test('forms', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis' })
  const [side] = fixture.sides
  const formOf = (...members: string[]): number => {
    fixture.run('SADD', 's', ...members)
    const root = databaseRoot(side.arena, 0)
    dictionaryScan(side.arena, root, 0)
    return entryEncoding(side.arena, results[0])
  }
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => String(from + index))
  t.equal(formOf(...numbers(0, 512)), COLLECTION_INTEGERS)
  t.equal(formOf('512'), COLLECTION_LARGE, 'too many integers for any small set')
  fixture.run('SREM', 's', ...numbers(1, 513))
  t.equal(formOf('1'), COLLECTION_LARGE, 'and it stays')
  fixture.run('DEL', 's')
  t.equal(formOf(...numbers(0, 127), 'a'), COLLECTION_PACKED)
  t.equal(formOf('b'), COLLECTION_LARGE)
  fixture.run('DEL', 's')
  t.equal(formOf(...numbers(0, 128)), COLLECTION_INTEGERS)
  t.equal(formOf('a'), COLLECTION_LARGE, 'the text is one too many')
  fixture.run('DEL', 's')
  t.equal(formOf('1', '2'), COLLECTION_INTEGERS)
  t.equal(formOf('x'.repeat(64)), COLLECTION_PACKED)
  fixture.run('SREM', 's', 'x'.repeat(64))
  t.equal(formOf('3'), COLLECTION_PACKED, 'no way back')
  t.equal(formOf('x'.repeat(65)), COLLECTION_LARGE)
  side.limits.setIntegersMax = 3
  fixture.run('DEL', 's')
  t.equal(formOf('1', '2', '3'), COLLECTION_INTEGERS)
  t.equal(formOf('4'), COLLECTION_PACKED, 'few enough to be packed')
  side.limits.setEntriesMax = 100_000
  const texts = numbers(0, 1000).map((text) => text.padEnd(60, '.'))
  t.equal(formOf(...texts.slice(0, 900)), COLLECTION_PACKED)
  t.equal(formOf(...texts.slice(900)), COLLECTION_LARGE, 'its bytes are too many')
  t.same(fixture.findings(), [])
})
