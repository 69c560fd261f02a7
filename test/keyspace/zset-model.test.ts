// Sorted sets against a Map: random members and scores over every encoding and its limits, with
// allocations and writes that fail anywhere, memory checked and the log read back. Long members
// make large records.

import fc from 'fast-check'
import t from 'tap'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const RUNS = process.env.CKV_TEST_LONG === '1' ? 600 : 60
const ARENA_BYTES = 8_388_608
const SLICE_BYTES = 65_536

type Model = Map<string, number>
type Step =
  | { kind: 'add'; pairs: [string, number][]; failAllocation: number; failWrite: boolean }
  | { kind: 'remove'; members: string[]; failWrite: boolean }
  | { kind: 'cut'; first: number; last: number }
  | { kind: 'cutScores'; low: number; high: number }
  | { kind: 'store'; weight: number; failAllocation: number }
  | { kind: 'expire' | 'drop' }

const member = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => `m${n}`) },
  { weight: 2, arbitrary: fc.integer({ min: -70_000, max: 70_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('', 'x'.repeat(64), 'y'.repeat(65), 'z'.repeat(20_000)) },
)
const score = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, 0.1, 1e17, 2 ** 53, -(2 ** 62)) },
)
const failAllocation = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
)
const failWrite = fc.integer({ min: 0, max: 7 }).map((chance) => chance === 0)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      pairs: fc.array(fc.tuple(member, score), { minLength: 1, maxLength: 14 }),
      failAllocation,
      failWrite,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      members: fc.array(member, { minLength: 1, maxLength: 8 }),
      failWrite,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      first: fc.integer({ min: -20, max: 20 }),
      last: fc.integer({ min: -20, max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cutScores' as const), low: score, high: score }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      weight: fc.constantFrom(1, -1, 2),
      failAllocation,
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'expire' as const }, { kind: 'drop' as const }) },
)

function text(score: number): string {
  if (score === Infinity) return '+inf'
  return score === -Infinity ? '-inf' : String(score)
}

/** In order, -0 as 0. */
function sorted(model: Model): [string, number][] {
  return [...model]
    .map(([name, score]): [string, number] => [name, score + 0])
    .sort(
      (left, right) =>
        (left[1] === right[1] ? 0 : left[1] < right[1] ? -1 : 1) ||
        Buffer.compare(Buffer.from(left[0]), Buffer.from(right[0])),
    )
}

function isError(reply: Reply): boolean {
  return reply !== null && typeof reply === 'object' && 'error' in reply
}

/** Runs a command with failures. undefined: it was refused, and nothing changed. */
function attempt(
  fixture: ShardFixture,
  words: string[],
  failing: { failAllocation?: number; failWrite?: boolean },
): Reply | undefined {
  const before = JSON.stringify(fixture.contents())
  const [{ arena }] = fixture.sides
  arena.failAllocationIn = failing.failAllocation ?? 0
  arena.failAllocationStays = true
  // Only large records meet it: what is appended is written at the end, in the next block.
  let writes = 0
  fixture.files.fault = (operation) =>
    failing.failWrite === true && operation.startsWith('write') && writes++ === 0 ? 'ENOSPC' : ''
  const reply = fixture.run(...words)
  fixture.files.fault = () => ''
  arena.failAllocationIn = 0
  fixture.clock.advance(1000)
  if (!isError(reply)) return reply
  if (!/^\{"error":"(OOM|MISCONF)/.test(JSON.stringify(reply))) {
    throw new Error(`${words[0]}: ${JSON.stringify(reply)}`)
  }
  if (JSON.stringify(reply).includes('outcome unknown')) return null
  if (JSON.stringify(fixture.contents()) !== before)
    throw new Error(`${words[0]} changed something`)
  return undefined
}

function apply(fixture: ShardFixture, model: Model, step: Step): void {
  const order = sorted(model)
  if (step.kind === 'add') {
    const pairs = step.pairs.flatMap(([name, score]) => [text(score), name])
    const reply = attempt(fixture, ['ZADD', 'z', ...pairs], step)
    if (reply === undefined) return
    const size = model.size
    for (const [name, score] of step.pairs) model.set(name, score)
    if (reply !== null) same(reply, model.size - size)
  } else if (step.kind === 'remove') {
    const reply = attempt(fixture, ['ZREM', 'z', ...step.members], step)
    if (reply === undefined) return
    const size = model.size
    for (const name of step.members) model.delete(name)
    if (reply !== null) same(reply, size - model.size)
  } else if (step.kind === 'cut') {
    const { first, last } = step
    const from = Math.max(first < 0 ? first + order.length : first, 0)
    const gone = order.slice(from, Math.max((last < 0 ? last + order.length : last) + 1, from))
    for (const [name] of gone) model.delete(name)
    same(fixture.run('ZREMRANGEBYRANK', 'z', String(first), String(last)), gone.length)
  } else if (step.kind === 'cutScores') {
    const gone = order.filter(([, score]) => score >= step.low && score <= step.high)
    for (const [name] of gone) model.delete(name)
    same(fixture.run('ZREMRANGEBYSCORE', 'z', text(step.low), text(step.high)), gone.length)
  } else if (step.kind === 'store') {
    const words = ['ZUNIONSTORE', 'z', '1', 'z', 'WEIGHTS', String(step.weight)]
    const reply = attempt(fixture, words, step)
    if (reply === undefined) return
    same(reply, model.size)
    for (const [name, score] of order) model.set(name, score * step.weight)
  } else if (step.kind === 'expire') {
    fixture.run('EXPIRE', 'z', '100000')
  } else {
    fixture.run('DEL', 'z')
    model.clear()
  }
}

function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`)
  }
}

function compare(fixture: ShardFixture, model: Model): void {
  const order = sorted(model)
  same(fixture.run('ZCARD', 'z'), order.length)
  const names = order.map(([name]) => name)
  same(fixture.run('ZRANGE', 'z', '0', '-1'), names)
  same(fixture.run('ZREVRANGE', 'z', '0', '-1'), [...names].reverse())
  const flat = fixture.run('ZRANGE', 'z', '0', '-1', 'WITHSCORES') as string[]
  for (const [rank, [name, score]] of order.entries()) {
    const shown = flat[rank * 2 + 1]
    const number = shown === 'inf' ? Infinity : shown === '-inf' ? -Infinity : Number(shown)
    same(number, score)
    same(fixture.run('ZSCORE', 'z', name), shown)
    same(fixture.run('ZRANK', 'z', name), rank)
    same(fixture.run('ZREVRANK', 'z', name), order.length - 1 - rank)
    const below = order.filter(([, other]) => other < score).length
    same(fixture.run('ZCOUNT', 'z', '-inf', `(${shown}`), below)
  }
  same(fixture.findings(), [])
}

t.test('random changes', async (t) => {
  const limits = fc.constantFrom([128, 64], [2, 8], [512, 100_000], [0, 0])
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), limits, (steps, [entries, bytes]) => {
      const fixture = new ShardFixture({
        profile: 'redis',
        arenaBytes: ARENA_BYTES,
        sliceBytes: SLICE_BYTES,
        limits: { zsetEntriesMax: entries, zsetValueBytesMax: bytes },
      })
      const model: Model = new Map()
      for (const each of steps) {
        apply(fixture, model, each)
        same(fixture.findings(), [])
      }
      compare(fixture, model)
      // What a failed write has left goes out with the next one.
      fixture.run('SET', 'after', 'works')
      same(fixture.recovered(), fixture.contents())
      fixture.releaseAll()
      compare(fixture, model)
    }),
    { numRuns: RUNS, seed: 20_261_126 },
  )
  t.pass(`${RUNS} runs`)
})

t.test('a set of many members is deleted at once and freed in slices', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: ARENA_BYTES })
  for (let index = 0; index < 20_000; index++) {
    fixture.run('ZADD', 'z', String(index % 100), `m${index}`)
  }
  t.equal(fixture.run('ZCOUNT', 'z', '10', '(20'), 2000)
  t.equal(fixture.run('DEL', 'z'), 1)
  t.same(fixture.findings(), [], 'detached')
  fixture.run('ZADD', 'z', '1', 'a')
  fixture.releaseAll()
  t.same(fixture.findings(), [], 'freed')
  t.same(fixture.run('ZRANGE', 'z', '0', '-1'), ['a'])
})
