// Commands with their k-th allocation failing, for every k: -OOM and nothing changed, or they found
// another way. Memory is sound and the log tells the same either way. [promises T5]

import type { Test } from 'tap'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'
import { checkSound } from './script.ts'

export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."
const ATTEMPTS_MAX = 200
const ARENA_BYTES = 524_288

/** Commands that come before, and the one that has to cope. */
export type FailureCase = readonly [before: readonly Words[], command: Words]

/** A subtest each for one shard and for two. */
export function tryFailures(
  t: Test,
  cases: readonly FailureCase[],
  arenaBytesFor: (commands: readonly Words[]) => number = () => ARENA_BYTES,
): void {
  for (const shards of [1, 2]) {
    t.test(`${shards} shards`, async (t) => {
      let failures = 0
      for (const [before, command] of cases) {
        const arenaBytes = arenaBytesFor([...before, command])
        for (let failing = 0; failing < shards; failing++) {
          for (const stays of [false, true]) {
            let nth = 1
            while (attempt(t, shards, before, command, failing, nth, stays, arenaBytes)) nth++
            t.ok(nth < ATTEMPTS_MAX, `${String(command[0])} passes in the end`)
            failures += nth - 1
          }
        }
      }
      t.comment(`failed allocations ${failures}`)
      t.ok(failures > 100 * shards, 'many allocations were tried')
    })
  }
}

/** True: the failure was met. */
function attempt(
  t: Test,
  shards: number,
  before: readonly Words[],
  command: Words,
  failing: number,
  nth: number,
  stays: boolean,
  arenaBytes: number,
): boolean {
  const fixture = new ShardFixture({
    profile: 'redis',
    shards,
    arenaBytes,
  })
  for (const words of before) fixture.run(...words)
  const contents = fixture.contents()
  const { arena } = fixture.sides[failing]
  arena.failAllocationIn = nth
  arena.failAllocationStays = stays
  const reply = fixture.run(...command)
  const met = stays ? arena.failAllocationIn === 1 : arena.failAllocationIn === 0
  arena.failAllocationIn = 0
  const name = `${command.map(String).join(' ').slice(0, 30)}, failure ${nth}${stays ? '+' : ''}`
  const refused = JSON.stringify(reply) === JSON.stringify({ error: OUT_OF_MEMORY })
  if (refused) t.same(fixture.contents(), contents, `${name}: nothing changed`)
  else if (isError(reply)) t.fail(`${name}: ${JSON.stringify(reply)}`)
  checkSound(t, fixture, name)
  return met
}

function isError(reply: unknown): boolean {
  return reply !== null && typeof reply === 'object' && 'error' in reply
}
