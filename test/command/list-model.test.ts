// Random list commands against plain arrays: packed and large, options that change in the middle,
// allocations that fail. After each run memory is sound and the log tells the same.

import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const RUNS = process.env.CKV_TEST_LONG === undefined ? 150 : 3000
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_261_126)
const KEYS = ['{t}a', '{t}b']
const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."

type Step =
  | { kind: 'push'; key: number; atHead: boolean; elements: string[] }
  | { kind: 'pop'; key: number; fromTail: boolean; count: number }
  | { kind: 'set'; key: number; index: number; element: string }
  | { kind: 'insert'; key: number; pivot: number; after: boolean; element: string }
  | { kind: 'remove'; key: number; count: number; pivot: number }
  | { kind: 'trim'; key: number; start: number; stop: number }
  | { kind: 'move'; from: number; to: number; fromTail: boolean; toTail: boolean }
  | { kind: 'range'; key: number; start: number; stop: number }
  | { kind: 'limits'; size: number }
  | { kind: 'expire'; key: number }
  | { kind: 'fail'; nth: number; stays: boolean }

const element = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', '', '7', '-12345', '9007199254740993') },
  { weight: 4, arbitrary: fc.nat(300).map((length) => 'x'.repeat(length)) },
  { weight: 2, arbitrary: fc.nat(5000).map((length) => 'y'.repeat(length)) },
  { weight: 1, arbitrary: fc.constantFrom('z'.repeat(8180), 'z'.repeat(8181), 'z'.repeat(20_000)) },
)
const key = fc.nat(KEYS.length - 1)
const index = fc.integer({ min: -60, max: 60 })
const yes = fc.boolean()

function record<Kind extends string, Fields extends object>(
  kind: Kind,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
) {
  return fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<
    { kind: Kind } & Fields
  >
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: record('push', {
      key,
      atHead: yes,
      elements: fc.array(element, { minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 12,
    arbitrary: record('pop', {
      key,
      fromTail: yes,
      count: fc.oneof(fc.constantFrom(1, 2), fc.nat(80)),
    }),
  },
  { weight: 14, arbitrary: record('set', { key, index, element }) },
  { weight: 14, arbitrary: record('insert', { key, pivot: index, after: yes, element }) },
  {
    weight: 10,
    arbitrary: record('remove', { key, count: fc.integer({ min: -4, max: 4 }), pivot: index }),
  },
  { weight: 4, arbitrary: record('trim', { key, start: index, stop: index }) },
  {
    weight: 8,
    arbitrary: record('move', { from: key, to: key, fromTail: yes, toTail: yes }),
  },
  { weight: 6, arbitrary: record('range', { key, start: index, stop: index }) },
  { weight: 3, arbitrary: record('limits', { size: fc.constantFrom(-1, -2, -5, 0, 1, 3, 50) }) },
  { weight: 1, arbitrary: record('expire', { key }) },
  { weight: 6, arbitrary: record('fail', { nth: fc.integer({ min: 1, max: 8 }), stays: yes }) },
)

/** The lists as they must be. */
class Model {
  readonly lists: string[][] = KEYS.map(() => [])

  at(list: string[], wanted: number): number {
    return wanted < 0 ? wanted + list.length : wanted
  }

  slice(list: string[], start: number, stop: number): string[] {
    const from = Math.max(this.at(list, start), 0)
    const to = Math.min(this.at(list, stop), list.length - 1)
    return from > to ? [] : list.slice(from, to + 1)
  }

  remove(list: string[], count: number, gone: string): number {
    let left = count === 0 ? Infinity : Math.abs(count)
    const before = list.length
    const kept: string[] = []
    const source = count < 0 ? list.toReversed() : list
    for (const each of source) if (each !== gone || left-- <= 0) kept.push(each)
    list.splice(0, list.length, ...(count < 0 ? kept.reverse() : kept))
    return before - list.length
  }
}

/** The command of a step, its reply, and what becomes of the model then. */
interface Expected {
  words: string[]
  reply: Reply
  apply(): void
}

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>

const nothing = (): void => {}

const EXPECTED: {
  [Kind in Step['kind']]: (model: Model, step: StepOf<Kind>) => Expected | undefined
} = {
  push(model, step) {
    const list = model.lists[step.key]
    const { elements, atHead } = step
    return {
      words: [atHead ? 'LPUSH' : 'RPUSH', KEYS[step.key], ...elements],
      reply: list.length + elements.length,
      apply: () => {
        if (atHead) list.unshift(...elements.toReversed())
        else list.push(...elements)
      },
    }
  },
  pop(model, step) {
    const list = model.lists[step.key]
    const { count, fromTail } = step
    const from = Math.max(list.length - count, 0)
    const taken = fromTail ? list.slice(from).reverse() : list.slice(0, count)
    return {
      words: [fromTail ? 'RPOP' : 'LPOP', KEYS[step.key], String(count)],
      reply: list.length === 0 ? null : taken,
      apply: () => {
        list.splice(fromTail ? from : 0, taken.length)
      },
    }
  },
  set(model, step) {
    const list = model.lists[step.key]
    const at = model.at(list, step.index)
    const inside = at >= 0 && at < list.length
    const refusal = list.length === 0 ? 'ERR no such key' : 'ERR index out of range'
    return {
      words: ['LSET', KEYS[step.key], String(step.index), step.element],
      reply: inside ? { simple: 'OK' } : { error: refusal },
      apply: () => {
        if (inside) list[at] = step.element
      },
    }
  },
  insert(model, step) {
    const list = model.lists[step.key]
    const pivot = list[model.at(list, step.pivot)] ?? 'no such element'
    const found = list.indexOf(pivot)
    const { element, after } = step
    return {
      words: ['LINSERT', KEYS[step.key], after ? 'AFTER' : 'BEFORE', pivot, element],
      reply: list.length === 0 ? 0 : found < 0 ? -1 : list.length + 1,
      apply: () => {
        if (found >= 0) list.splice(after ? found + 1 : found, 0, element)
      },
    }
  },
  remove(model, step) {
    const list = model.lists[step.key]
    const gone = list[model.at(list, step.pivot)] ?? 'no such element'
    return {
      words: ['LREM', KEYS[step.key], String(step.count), gone],
      reply: model.remove([...list], step.count, gone),
      apply: () => {
        model.remove(list, step.count, gone)
      },
    }
  },
  trim(model, step) {
    const list = model.lists[step.key]
    return {
      words: ['LTRIM', KEYS[step.key], String(step.start), String(step.stop)],
      reply: { simple: 'OK' },
      apply: () => {
        list.splice(0, list.length, ...model.slice(list, step.start, step.stop))
      },
    }
  },
  move(model, step) {
    const list = model.lists[step.from]
    const target = model.lists[step.to]
    const { fromTail, toTail } = step
    const ends = [fromTail ? 'RIGHT' : 'LEFT', toTail ? 'RIGHT' : 'LEFT']
    return {
      words: ['LMOVE', KEYS[step.from], KEYS[step.to], ...ends],
      reply: (fromTail ? list.at(-1) : list[0]) ?? null,
      apply: () => {
        const moved = fromTail ? list.pop() : list.shift()
        if (moved === undefined) return
        if (toTail) target.push(moved)
        else target.unshift(moved)
      },
    }
  },
  range(model, step) {
    const list = model.lists[step.key]
    return {
      words: ['LRANGE', KEYS[step.key], String(step.start), String(step.stop)],
      reply: model.slice(list, step.start, step.stop),
      apply: nothing,
    }
  },
  expire(model, step) {
    return {
      words: ['EXPIRE', KEYS[step.key], '100'],
      reply: model.lists[step.key].length === 0 ? 0 : 1,
      apply: nothing,
    }
  },
  limits: () => undefined,
  fail: () => undefined,
}

function expectedOf(model: Model, step: Step): Expected | undefined {
  const expected = EXPECTED[step.kind] as (model: Model, step: Step) => Expected | undefined
  return expected(model, step)
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

/** Returns how many commands were refused for want of memory. */
function runSteps(steps: Step[], shards: number): number {
  const fixture = new ShardFixture({ profile: 'redis', arenaBytes: 4_194_304, shards })
  const model = new Model()
  let refused = 0
  for (const step of steps) {
    const { arena, limits } = fixture.sides[0]
    if (step.kind === 'limits') limits.listPackedSize = step.size
    if (step.kind === 'fail') {
      arena.failAllocationIn = step.nth
      arena.failAllocationStays = step.stays
    }
    const expected = expectedOf(model, step)
    if (expected === undefined) continue
    const reply = fixture.run(...expected.words)
    arena.failAllocationIn = 0
    const name = expected.words
      .map((word) => word.slice(0, 20))
      .join(' ')
      .slice(0, 100)
    if (same(reply, { error: OUT_OF_MEMORY })) refused++
    else if (same(reply, expected.reply)) expected.apply()
    else throw new Error(`${name}: ${JSON.stringify(reply)}, not ${JSON.stringify(expected.reply)}`)
    for (const [number, list] of model.lists.entries()) {
      const stored = fixture.run('LRANGE', KEYS[number], '0', '-1')
      if (!same(stored, list)) throw new Error(`${name}: ${KEYS[number]} is not what it must be`)
    }
    const findings = fixture.findings()
    if (findings.length > 0) throw new Error(`${name}: ${findings[0]}`)
  }
  if (!same(fixture.recovered(), fixture.contents())) throw new Error('the log tells otherwise')
  for (const name of KEYS) fixture.run('DEL', name)
  fixture.releaseAll()
  const findings = fixture.findings()
  if (findings.length > 0) throw new Error(`at the end: ${findings[0]}`)
  return refused
}

function property(t: Test, length: number, shards: number): void {
  let refused = 0
  t.comment(`seed ${SEED}`)
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: length, size: 'max' }), (steps) => {
      refused += runSteps(steps, shards)
    }),
    { seed: SEED, numRuns: RUNS },
  )
  t.comment(`refused ${refused}`)
  t.ok(refused > 0, 'some allocations failed')
}

t.test('lists are arrays', async (t) => property(t, 60, 1))
