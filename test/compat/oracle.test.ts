// Random commands with seeds, reply by reply against redis-server 7.0. Before that the comparison
// itself is tried: it must find every defect of a list that is planted between two real servers.

import t, { type Test } from 'tap'
import type { ProfileName } from '../../src/catalog/spec.ts'
import {
  CONFIGURATIONS,
  configurationsOfRun,
  countsOf,
  flagsOf,
  judgeDispatch,
  nameOf,
} from '../support/matrix.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { RespClient } from '../support/resp-client.ts'
import { startCkv } from '../support/server.ts'
import { compareServers, type Mismatch, type Peer } from './compare.ts'
import { DEFECTS } from './defects.ts'
import { findDifference } from './differences.ts'
import { CommandGenerator } from './generator.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_801)
const CONNECTIONS = 3
/** The trial of the harness is the same in every run. */
const SEED_FOR_DEFECTS = 20_260_801
/** Over all configurations of profile `redis`. */
const COMMANDS = LONG ? 102_000 : 6000
/** For each of the other profiles, in one configuration. */
const COMMANDS_OF_OTHERS = LONG ? 10_000 : 2000
const COMMANDS_FOR_DEFECTS = 40_000

const skip = redisSkip()

interface Connectable {
  connect(): Promise<RespClient>
}

async function peerOf(server: Connectable): Promise<Peer> {
  const connections: RespClient[] = []
  for (let count = 0; count < CONNECTIONS; count++) connections.push(await server.connect())
  return { connections }
}

function report(t: { fail(text: string, extra: object): unknown }, mismatches: Mismatch[]): void {
  for (const { command, ours, theirs, before } of mismatches) {
    t.fail(`${command} → ${ours}, Redis ${theirs}`, { at: null, stack: '', before })
  }
}

t.test('the comparison finds planted defects', { skip }, async (t) => {
  const [left, right] = [await startRedis(), await startRedis()]
  t.teardown(() => Promise.all([left.stop(), right.stop()]))
  const [ours, theirs] = [await peerOf(left), await peerOf(right)]
  const nowMs = Date.now()
  const sound = await compareServers(
    new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' }),
    ours,
    theirs,
    { commandCount: COMMANDS_FOR_DEFECTS },
  )
  t.same(sound.mismatches, [], 'two real servers agree')
  for (const name of new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' })
    .names) {
    t.ok(sound.counts.has(name.split('|')[0]), `${name} came`)
  }
  for (const { name, distort } of DEFECTS) {
    const generator = new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' })
    const found = await compareServers(generator, { ...ours, distort }, theirs, {
      commandCount: COMMANDS_FOR_DEFECTS,
      mismatchesMax: 1,
    })
    t.ok(found.mismatches.length > 0, `found: ${name}`)
  }
  t.ok(DEFECTS.length >= 10, 'at least ten defects were planted')
})

async function compareWithRedis(
  profile: ProfileName,
  flags: string[],
  commandCount: number,
  seed: number,
) {
  const redis = await startRedis()
  const ckv = await startCkv({ flags: [...flags, '--profile', profile] })
  try {
    const excused = new Map<string, number>()
    const result = await compareServers(
      new CommandGenerator({ seed, nowMs: Date.now(), profile }),
      await peerOf(ckv),
      await peerOf(redis),
      {
        commandCount,
        excuse: (words, ours, theirs) => {
          const difference = findDifference(profile, words, ours, theirs)
          if (difference === undefined) return false
          excused.set(difference.reason, (excused.get(difference.reason) ?? 0) + 1)
          return true
        },
      },
    )
    return { ...result, excused, dispatch: await countsOf(ckv) }
  } finally {
    await redis.stop()
    await ckv.stop()
  }
}

t.test('profile redis answers as Redis', { skip }, async (t) => {
  const configurations = configurationsOfRun()
  for (const [index, configuration] of configurations.entries()) {
    await t.test(nameOf(configuration), async (t) => {
      const share = Math.ceil(COMMANDS / configurations.length)
      const seed = SEED * CONFIGURATIONS.length + index
      const result = await compareWithRedis('redis', flagsOf(configuration), share, seed)
      t.comment(`figure commands ${result.commandCount}, seed ${seed}`)
      judgeDispatch(t as Test, configuration, result.dispatch)
      report(t, result.mismatches)
      for (const [reason, times] of result.excused) t.comment(`${times} × ${reason}`)
    })
  }
})

for (const profile of ['extended', 'ckv'] as const) {
  t.test(`profile ${profile} differs from Redis as listed`, { skip }, async (t) => {
    const flags = flagsOf({ dispatch: 'auto', acceptors: 1, workers: 2 })
    const result = await compareWithRedis(profile, flags, COMMANDS_OF_OTHERS, SEED)
    for (const [reason, times] of result.excused) t.comment(`${times} × ${reason}`)
    report(t, result.mismatches)
  })
}
