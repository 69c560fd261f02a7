// One run of random commands against ckv and redis-server, in parts: between them the settings of
// encodings may change, or ckv is killed and started again. At the end all data are compared.

import type { ProfileName } from '../../src/catalog/spec.ts'
import { countsOf, type DispatchCounts } from '../support/matrix.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { compareServers, type Mismatch, type Peer } from './compare.ts'
import { compareData } from './compare-data.ts'
import { findDifference } from './differences.ts'
import { CommandGenerator, type Words } from './generator.ts'

const CONNECTIONS = 3
const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const PARTS = LONG ? 4 : 2

type Settings = Readonly<Record<string, string>>

/** As much as possible stays packed, but for what is more than our packed bytes hold. */
const SMALL: Settings = {
  'hash-max-listpack-entries': '200',
  'hash-max-listpack-value': '200',
  'set-max-intset-entries': '5000',
  'zset-max-listpack-entries': '200',
  'zset-max-listpack-value': '200',
  'list-max-listpack-size': '-5',
}
const LARGE: Settings = {
  'hash-max-listpack-entries': '0',
  'hash-max-listpack-value': '0',
  'set-max-intset-entries': '0',
  'zset-max-listpack-entries': '0',
  'zset-max-listpack-value': '0',
  'list-max-listpack-size': '1',
}

export interface Scenario {
  readonly name: string
  readonly shards: number
  readonly protocol: 2 | 3
  readonly settings: Settings
  /** Settings for the parts in turn; none: they stay. */
  readonly changes: readonly Settings[]
  readonly restarts: boolean
}

const PLAIN = { shards: 4, protocol: 2, settings: {}, changes: [], restarts: false } as const

export const SCENARIOS: readonly Scenario[] = [
  { ...PLAIN, name: 'plain' },
  { ...PLAIN, name: 'RESP3, a restart in each pause', protocol: 3, restarts: true },
  { ...PLAIN, name: 'one shard, small encodings', shards: 1, settings: SMALL },
  { ...PLAIN, name: 'large encodings, RESP3', protocol: 3, settings: LARGE },
  { ...PLAIN, name: 'encodings change', changes: [LARGE, SMALL, LARGE] },
  {
    ...PLAIN,
    name: 'one shard, large encodings, restarts',
    shards: 1,
    settings: LARGE,
    restarts: true,
  },
]
export const PLAIN_SCENARIO = SCENARIOS[0]

export interface RunResult {
  commandCount: number
  keyCount: number
  mismatches: Mismatch[]
  /** What differs at the end. */
  problems: string[]
  excused: Map<string, number>
  dispatch: DispatchCounts
}

interface Run {
  readonly scenario: Scenario
  readonly profile: ProfileName
  readonly flags: readonly string[]
  readonly directory: string
  redis: RedisServer
  ckv: CkvServer
}

export async function runScenario(
  scenario: Scenario,
  profile: ProfileName,
  flags: readonly string[],
  commandCount: number,
  seed: number,
): Promise<RunResult> {
  const directory = makeDirectory()
  const ownFlags = [...flags, '--shards', String(scenario.shards), '--profile', profile]
  const run: Run = {
    scenario,
    profile,
    flags: ownFlags,
    directory,
    redis: await startRedis(...flagsFor(scenario.settings)),
    ckv: await start(directory, ownFlags, scenario.settings),
  }
  try {
    return await runParts(run, commandCount, seed)
  } finally {
    await run.redis.stop()
    await run.ckv.stop()
    removeDirectory(directory)
  }
}

function flagsFor(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

function start(directory: string, flags: readonly string[], settings: Settings) {
  return startCkv({ directory, flags: [...flags, ...flagsFor(settings)] })
}

async function runParts(run: Run, commandCount: number, seed: number): Promise<RunResult> {
  const { scenario, profile } = run
  const generator = new CommandGenerator({ seed, nowMs: Date.now(), profile })
  const result: RunResult = {
    commandCount: 0,
    keyCount: 0,
    mismatches: [],
    problems: [],
    excused: new Map(),
    dispatch: { placed: 0, ringed: 0 },
  }
  let [ours, theirs] = [await peerOf(run.ckv, scenario), await peerOf(run.redis, scenario)]
  for (let part = 0; part < PARTS && result.mismatches.length === 0; part++) {
    if (part > 0) {
      await change(run, part, ours, theirs)
      if (scenario.restarts) {
        await restart(run)
        ours = await peerOf(run.ckv, scenario)
        theirs = await peerOf(run.redis, scenario)
      }
    }
    const { commandCount: done, mismatches } = await compareServers(generator, ours, theirs, {
      commandCount: Math.ceil(commandCount / PARTS),
      excuse: (words, own, other) => excuse(run, result, words, own, other),
    })
    result.commandCount += done
    result.mismatches.push(...mismatches)
  }
  if (result.mismatches.length === 0) {
    const clients = [await run.ckv.connect(), await run.redis.connect()]
    const { keyCount, problems } = await compareData(clients[0], clients[1], profile)
    result.keyCount = keyCount
    result.problems.push(...problems)
  }
  result.dispatch = await countsOf(run.ckv)
  return result
}

async function peerOf(
  server: { connect(): Promise<RespClient> },
  { protocol }: Scenario,
): Promise<Peer> {
  const connections: RespClient[] = []
  for (let count = 0; count < CONNECTIONS; count++) {
    const client = await server.connect()
    if (protocol === 3) await client.send('HELLO', '3')
    connections.push(client)
  }
  return { connections }
}

async function change({ scenario }: Run, part: number, ours: Peer, theirs: Peer): Promise<void> {
  if (scenario.changes.length === 0) return
  const settings = scenario.changes[(part - 1) % scenario.changes.length]
  for (const [name, value] of Object.entries(settings)) {
    for (const { connections } of [ours, theirs]) {
      const answer = JSON.stringify(await connections[0].send('CONFIG', 'SET', name, value))
      if (!answer.includes('OK')) throw new Error(`CONFIG SET ${name}: ${answer}`)
    }
  }
}

async function restart(run: Run): Promise<void> {
  await run.ckv.killNine()
  run.ckv = await start(run.directory, run.flags, run.scenario.settings)
}

function excuse(
  { scenario, profile }: Run,
  { excused }: RunResult,
  words: Words,
  ours: Reply,
  theirs: Reply,
): boolean {
  const reason = reencoded(scenario, words)
    ? 'encodings are not kept in the log: a restart makes them anew'
    : findDifference(profile, words, ours, theirs)?.reason
  if (reason === undefined) return false
  excused.set(reason, (excused.get(reason) ?? 0) + 1)
  return true
}

function reencoded({ restarts }: Scenario, words: Words): boolean {
  return restarts && /^object encoding$/i.test(`${words[0]} ${words[1]}`)
}
