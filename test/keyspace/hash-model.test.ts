// Hashes against a Map: random fields and values over every encoding and its limits, with memory
// checked and the log read back. Long keys and values make large records.

import fc from 'fast-check'
import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'

const RUNS = process.env.CKV_TEST_LONG === '1' ? 400 : 60
const ARENA_BYTES = 16_777_216

type Step =
  | { kind: 'set'; pairs: [string, string][] }
  | { kind: 'delete'; fields: string[] }
  | { kind: 'increment'; field: string; by: number }
  | { kind: 'expire' | 'drop' }

const field = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => `f${n}`) },
  { weight: 2, arbitrary: fc.integer({ min: -70_000, max: 70_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat(64), 'y'.repeat(65), 'z'.repeat(5000)) },
)
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -300, max: 300 }).map(String) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom('v'.repeat(600), 'w'.repeat(70_000)) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      pairs: fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      fields: fc.array(field, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('increment' as const),
      field,
      by: fc.integer({ min: -1000, max: 1000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'expire' as const }, { kind: 'drop' as const }) },
)

function apply(fixture: ShardFixture, model: Map<string, string>, step: Step): void {
  if (step.kind === 'set') {
    const before = model.size
    for (const [name, text] of step.pairs) model.set(name, text)
    same(fixture.run('HSET', 'h', ...step.pairs.flat()), model.size - before)
  } else if (step.kind === 'delete') {
    const before = model.size
    for (const name of step.fields) model.delete(name)
    same(fixture.run('HDEL', 'h', ...step.fields), before - model.size)
  } else if (step.kind === 'increment') {
    const text = model.get(step.field) ?? '0'
    const reply = fixture.run('HINCRBY', 'h', step.field, String(step.by))
    if (!/^(0|-?[1-9]\d{0,9})$/.test(text)) return
    model.set(step.field, String(Number(text) + step.by))
    same(reply, Number(text) + step.by)
  } else if (step.kind === 'expire') {
    fixture.run('EXPIRE', 'h', '100000')
  } else {
    fixture.run('DEL', 'h')
    model.clear()
  }
}

function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
  }
}

function compare(fixture: ShardFixture, model: Map<string, string>): void {
  same(fixture.run('HLEN', 'h'), model.size)
  const flat = fixture.run('HGETALL', 'h') as string[]
  const found = new Map<string, string>()
  for (let at = 0; at < flat.length; at += 2) found.set(flat[at], flat[at + 1])
  same([...found].sort(), [...model].sort())
  for (const [name, text] of model) same(fixture.run('HGET', 'h', name), text)
  same(fixture.findings(), [])
}

t.test('random changes', async (t) => {
  const limits = fc.constantFrom([128, 64], [2, 8], [512, 100_000], [0, 0])
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), limits, (steps, [entries, bytes]) => {
      const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
      const [side] = fixture.sides
      side.limits.hashEntriesMax = entries
      side.limits.hashValueBytesMax = bytes
      const model = new Map<string, string>()
      for (const each of steps) {
        apply(fixture, model, each)
        same(fixture.findings(), [])
      }
      compare(fixture, model)
      same(fixture.recovered(), fixture.contents())
      fixture.releaseAll()
      compare(fixture, model)
    }),
    { numRuns: RUNS, seed: 20_261_126 },
  )
  t.pass(`${RUNS} runs`)
})

t.test('a hash of many fields is deleted at once and freed in slices', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  for (let index = 0; index < 20_000; index++) fixture.run('HSET', 'h', `f${index}`, `v${index}`)
  t.equal(fixture.run('DEL', 'h'), 1)
  t.same(fixture.findings(), [], 'detached')
  fixture.run('HSET', 'h', 'a', '1')
  fixture.releaseAll()
  t.same(fixture.findings(), [], 'freed')
  t.same(fixture.run('HGETALL', 'h'), ['a', '1'])
})
