// `npm run bench -- [options]`: a matrix of loads and servers, or one of the presets.
// See README.md for what the figures mean.

import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { LoadClient } from './load/client.ts'
import { type PeerSpec, parsePeer } from './load/peers.ts'
import {
  KEY_DISTRIBUTIONS,
  type KeyDistribution,
  LOAD_COMMANDS,
  type LoadCommand,
} from './load/profile.ts'
import { findProgram, missingFor } from './load/server.ts'
import {
  type Cell,
  firstFault,
  type Loader,
  type MatrixPlan,
  runMatrix,
  type Summary,
} from './matrix.ts'
import { idle } from './presets/idle.ts'
import { largeKeys } from './presets/large-keys.ts'
import { memory } from './presets/memory.ts'
import { openLoop } from './presets/open-loop.ts'
import { type Preset, type PresetContext, planFrom } from './presets/preset.ts'
import { replay } from './presets/replay.ts'
import { several } from './presets/several.ts'
import { shards } from './presets/shards.ts'
import { smoke } from './presets/smoke.ts'
import { spineCeiling, spineRedis } from './presets/spine.ts'
import { start } from './presets/start.ts'
import { types } from './presets/types.ts'
import { type Bar, barTable, describeMachine, passes, summaryTable } from './report.ts'

const PRESETS: Record<string, Preset> = {
  'spine-ceiling': spineCeiling,
  'spine-redis': spineRedis,
  'open-loop': openLoop,
  types,
  shards,
  'large-keys': largeKeys,
  memory,
  several,
  start,
  idle,
  replay,
  smoke,
}

const MATRIX_DEFAULTS = { rounds: 3, measureMs: 2000, warmupMs: 500, loader: 'own' as const }

interface BenchOptions {
  preset?: string
  peer?: PeerSpec[]
  reference?: string
  clients: number[]
  pipeline: number[]
  command: LoadCommand[]
  valueBytes: number[]
  distribution: KeyDistribution[]
  rate: number[]
  keys?: number
  rounds?: number
  seconds?: number
  warmup?: number
  loader?: Loader
  clientThreads: number
  ceiling?: string
  dir?: string
  json?: string
  strict?: boolean
}

function numbers(text: string): number[] {
  return text.split(',').map(number)
}

function number(text: string): number {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('a number, 0 or more')
  }
  return value
}

function listOf<Item extends string>(allowed: readonly Item[]): (text: string) => Item[] {
  return (text) =>
    text.split(',').map((part) => {
      const found = allowed.find((item) => item === part)
      if (found === undefined) throw new InvalidArgumentError(`use ${allowed.join(', ')}`)
      return found
    })
}

function peers(text: string, before: PeerSpec[] | undefined): PeerSpec[] {
  try {
    return [...(before ?? []), parsePeer(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

function readOptions(): BenchOptions {
  const program = new Command('bench')
    .description('Measures servers side by side. Lists are separated by commas.')
    .addOption(new Option('--preset <name>', 'a ready-made run').choices(Object.keys(PRESETS)))
    .option('--peer <peer>', 'a server, may be given several times: see load/peers.ts', peers)
    .option('--reference <name>', 'peer that ratios refer to')
    .option('--clients <list>', 'connections', numbers, [50])
    .option('--pipeline <list>', 'requests on their way per connection', numbers, [1])
    .option('--command <list>', LOAD_COMMANDS.join(', '), listOf(LOAD_COMMANDS), ['set', 'get'])
    .option('--value-bytes <list>', 'size of values', numbers, [64])
    .option('--distribution <list>', 'how keys are drawn', listOf(KEY_DISTRIBUTIONS), ['uniform'])
    .option('--rate <list>', 'requests per second, open loop; 0 = closed loop', numbers, [0])
    .option('--keys <count>', 'different keys', number)
    .option('--rounds <count>', 'measurements of each cell and peer', number)
    .option('--seconds <seconds>', 'length of one measurement', number)
    .option('--warmup <seconds>', 'load before each measurement', number)
    .addOption(new Option('--loader <name>', 'who loads').choices(['own', 'redis-benchmark']))
    .option('--client-threads <count>', 'threads of the load generator', number, 1)
    .addOption(
      new Option('--ceiling <file>', 'prototype to run as peer "ceiling"').env('CKV_BENCH_CEILING'),
    )
    .option('--dir <folder>', 'where the servers put their data; the disk that is measured')
    .option('--json <file>', 'write all figures there')
    .option('--strict', 'exit 1 when a bar fails')
  return program.parse().opts<BenchOptions>()
}

function cellsFrom(options: BenchOptions): Cell[] {
  const cells: Cell[] = []
  for (const valueBytes of options.valueBytes) {
    for (const distribution of options.distribution) {
      for (const connections of options.clients) {
        for (const pipeline of options.pipeline) {
          for (const ratePerSecond of options.rate) {
            for (const command of options.command) {
              const keys = options.keys ?? 100_000
              const shape = { connections, pipeline, valueBytes, distribution, keys }
              cells.push({ ...shape, command, ratePerSecond })
            }
          }
        }
      }
    }
  }
  return cells
}

/** The run that no preset names: the lists of the command line. */
function matrixPreset(options: BenchOptions): Preset {
  return async (context) => {
    const wanted = options.peer ?? [parsePeer('ckv'), parsePeer('redis'), parsePeer('echo')]
    const present = context.present(wanted)
    const plan = planFrom(context.settings, MATRIX_DEFAULTS, present, cellsFrom(options))
    const reference = options.reference ?? present[0]?.name ?? ''
    await context.run('matrix', plan, reference)
    return []
  }
}

function makeContext(options: BenchOptions, client: LoadClient, kept: Summary[]): PresetContext {
  const servers = { directory: options.dir, ceilingFile: options.ceiling }
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`)
  }
  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  }
  return {
    client,
    servers,
    settings: {
      rounds: options.rounds,
      measureMs: options.seconds === undefined ? undefined : options.seconds * 1000,
      warmupMs: options.warmup === undefined ? undefined : options.warmup * 1000,
      loader: options.loader,
      clientThreads: options.clientThreads,
      keys: options.keys,
    },
    say,
    present: (wanted) =>
      wanted.filter((peer) => {
        const reason = missingFor(peer, servers)
        if (reason !== undefined) say(`without ${peer.name}: ${reason}`)
        return reason === undefined
      }),
    run: async (title: string, plan: MatrixPlan, reference: string) => {
      if (plan.loader === 'redis-benchmark' && findProgram('redis-benchmark') === undefined) {
        say('redis-benchmark is not on the PATH: our own load generator measures instead')
        plan = { ...plan, loader: 'own' }
      }
      const summaries = await runMatrix(plan, { client, servers, progress })
      progress('')
      say(`\n${title}: ${plan.rounds} rounds, ${plan.measureMs} ms each, loaded by ${plan.loader}`)
      say(summaryTable(summaries, reference))
      const fault = firstFault(summaries)
      if (fault !== undefined) say(`WRONG REPLY: ${fault}`)
      kept.push(...summaries)
      return summaries
    },
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  const client = new LoadClient(options.clientThreads)
  const kept: Summary[] = []
  const preset = options.preset === undefined ? undefined : PRESETS[options.preset]
  let bars: Bar[] = []
  try {
    bars = await (preset ?? matrixPreset(options))(makeContext(options, client, kept))
  } finally {
    await client.close()
  }
  if (bars.length > 0) process.stdout.write(`\n${barTable(bars)}\n`)
  if (options.json !== undefined) {
    const machine = describeMachine()
    const report = { machine, preset: options.preset ?? 'matrix', summaries: kept, bars }
    writeFileSync(options.json, `${JSON.stringify(report, null, 1)}\n`)
  }
  const mustPass = options.strict === true || options.preset === 'smoke'
  if (mustPass && !bars.every(passes)) process.exitCode = 1
  if (firstFault(kept) !== undefined) process.exitCode = 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Leaving through exit() ends the servers that were started.
  process.once(signal, () => process.exit(130))
}
try {
  await main()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
