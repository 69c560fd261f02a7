// Random commands with seeds, reply by reply against redis-server 7.0, and all data at the end, in
// every configuration and scenario. CKV_TEST_COMMANDS=1000000 for a really long run.

import t, { type Test } from 'tap'
import {
  CONFIGURATIONS,
  configurationsOfRun,
  flagsOf,
  judgeDispatch,
  nameOf,
} from '../support/matrix.ts'
import { redisSkip } from '../support/redis.ts'
import type { Mismatch } from './compare.ts'
import { PLAIN_SCENARIO, type RunResult, runScenario, SCENARIOS } from './scenario.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_801)
/** Over all configurations of profile `redis`. */
const COMMANDS = Number(process.env.CKV_TEST_COMMANDS ?? (LONG ? 204_000 : 6000))
/** For each of the other profiles, in one configuration. */
const COMMANDS_OF_OTHERS = LONG ? 10_000 : 2000

const skip = redisSkip()

function report(t: { fail(text: string, extra: object): unknown }, mismatches: Mismatch[]): void {
  for (const { command, ours, theirs, before } of mismatches) {
    t.fail(`${command} → ${ours}, Redis ${theirs}`, { at: null, stack: '', before })
  }
}

function judge(
  t: Test,
  { mismatches, problems, excused, ...counts }: RunResult,
  seed: number,
): void {
  const { commandCount, keyCount } = counts
  t.comment(`figure commands ${commandCount}, keys at the end ${keyCount}, seed ${seed}`)
  report(t, mismatches)
  for (const problem of problems) t.fail(problem, { at: null, stack: '' })
  for (const [reason, times] of excused) t.comment(`${times} × ${reason}`)
}

t.test('profile redis answers as Redis', { skip }, async (t) => {
  const configurations = configurationsOfRun()
  const scenarios = LONG ? SCENARIOS : SCENARIOS.slice(0, 5)
  const runs = Math.max(configurations.length, scenarios.length)
  for (let index = 0; index < runs; index++) {
    const configuration = configurations[index % configurations.length]
    // Each scenario meets other configurations in turn.
    const lap = Math.floor(index / scenarios.length)
    const scenario = scenarios[(index + lap) % scenarios.length]
    await t.test(`${scenario.name}: ${nameOf(configuration)}`, async (t) => {
      const seed = SEED * CONFIGURATIONS.length + index
      const flags = flagsOf(configuration)
      const result = await runScenario(scenario, 'redis', flags, Math.ceil(COMMANDS / runs), seed)
      judge(t as Test, result, seed)
      judgeDispatch(t as Test, configuration, result.dispatch)
    })
  }
})

for (const profile of ['extended', 'ckv'] as const) {
  t.test(`profile ${profile} differs from Redis as listed`, { skip }, async (t) => {
    const flags = flagsOf({ dispatch: 'auto', acceptors: 1, workers: 2 })
    const result = await runScenario(PLAIN_SCENARIO, profile, flags, COMMANDS_OF_OTHERS, SEED)
    judge(t as Test, result, SEED)
  })
}
