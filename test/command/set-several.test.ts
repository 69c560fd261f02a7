// MSET against a Map: random pairs, keys named twice, values of every kind of entry, over several
// shards, with allocations failing anywhere.

import fc from 'fast-check'
import t from 'tap'
import type { Reply } from '../support/resp.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const RUNS = process.env.CKV_TEST_LONG === '1' ? 2000 : 60
const LENGTHS = [0, 1, 30, 31, 480, 520, 3000, 20_000, 70_000]

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e{t}', 'f{t}', 'g', 'h')
const value = fc
  .tuple(fc.constantFrom(...LENGTHS), fc.integer({ min: 0, max: 9 }))
  .map(([length, digit]) => String(digit).repeat(length))
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      pairs: fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 12 }),
      failure: fc.integer({ min: 0, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ expire: key }) },
  { weight: 1, arbitrary: fc.record({ remove: key }) },
)

t.test('random MSETs', async (t) => {
  const property = fc.property(
    fc.array(step, { maxLength: 12 }),
    fc.constantFrom(1, 3),
    (steps, shards) => {
      const options = { profile: 'redis', shards, arenaBytes: 2_097_152 } as const
      const fixture = new ShardFixture({ ...options, sliceBytes: 65_536 })
      const model = new Map<string, string>()
      for (const current of steps) {
        if ('pairs' in current) runPairs(fixture, model, current.pairs, current.failure)
        else if ('expire' in current) fixture.run('EXPIRE', current.expire, '1000')
        else if (fixture.run('DEL', current.remove) === 1) model.delete(current.remove)
        compare(fixture, model)
      }
    },
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS, seed: 7 }))
})

function runPairs(
  fixture: ShardFixture,
  model: Map<string, string>,
  pairs: [string, string][],
  failure: number,
): void {
  for (const { arena } of fixture.sides) arena.failAllocationIn = failure
  const reply: Reply = fixture.run('MSET', ...pairs.flat())
  for (const { arena } of fixture.sides) arena.failAllocationIn = 0
  if (JSON.stringify(reply) === '{"simple":"OK"}') for (const pair of pairs) model.set(...pair)
  else if (failure === 0 || !JSON.stringify(reply).includes('OOM')) {
    throw new Error(JSON.stringify(reply))
  }
}

function compare(fixture: ShardFixture, model: Map<string, string>): void {
  const contents = fixture.contents()
  const stored = contents.map(([name, text]) => [name.slice(2), text.replace(/ @-?\d+$/, '')])
  const expected = [...model].sort(([left], [right]) => (left < right ? -1 : 1))
  if (JSON.stringify(stored) !== JSON.stringify(expected)) throw new Error('contents differ')
  if (JSON.stringify(fixture.recovered()) !== JSON.stringify(contents))
    throw new Error('log differs')
  const findings = fixture.findings()
  if (findings.length > 0) throw new Error(findings.join('; '))
}
