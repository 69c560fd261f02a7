// Runs a matrix: every cell (what load) against every peer (which server), in interleaved rounds.
// Servers are started afresh for each block of cells with the same keys and connections, filled,
// then measured round by round: A B C, B C A, C A B. Medians over rounds are what counts.

import type { LoadClient } from './load/client.ts'
import type { PeerSpec } from './load/peers.ts'
import {
  isClean,
  type KeyDistribution,
  LOAD_COMMANDS,
  type LoadCommand,
  PROFILE_DEFAULTS,
  type ReplyCheck,
  type ReplyFaults,
} from './load/profile.ts'
import {
  BENCHMARK_TESTS,
  type BenchmarkRequest,
  type BenchmarkTest,
  runBenchmark,
} from './load/redis-benchmark.ts'
import { noFaults } from './load/replies.ts'
import { type Server, type ServerOptions, startServer } from './load/server.ts'
import { median, rotate } from './statistics.ts'

export type Loader = 'own' | 'redis-benchmark'

/** One kind of load. */
export interface Cell {
  /** Those of redis-benchmark alone need it as loader. */
  command: LoadCommand | BenchmarkTest
  connections: number
  pipeline: number
  valueBytes: number
  keys: number
  distribution: KeyDistribution
  /** Open loop: requests per second; 0 = closed loop. */
  ratePerSecond: number
}

export interface MatrixPlan {
  peers: PeerSpec[]
  cells: Cell[]
  loader: Loader
  rounds: number
  warmupMs: number
  measureMs: number
  clientThreads: number
  replyCheck: ReplyCheck
}

/** One measurement. Figures that a loader or a remote peer cannot give are NaN. */
export interface Sample {
  throughput: number
  /** Throughput of each tenth of a second; none with redis-benchmark. */
  slices: number[]
  cpuUsPerCommand: number
  p50Us: number
  p99Us: number
  p999Us: number
  maxUs: number
  unsent: number
  faults: ReplyFaults
  /** CPU microseconds per command by thread, the busiest first. */
  threads: { name: string; cpuUsPerCommand: number }[]
}

/** All rounds of one peer in one cell. */
export interface Summary {
  peer: string
  cell: Cell
  loader: Loader
  samples: Sample[]
}

export interface MatrixContext {
  client: LoadClient
  servers: ServerOptions
  /** Told before each measurement, for a progress line. */
  progress(text: string): void
}

const PILOT_REQUESTS_PER_DEPTH = 10_000
const PILOT_REQUESTS_MAX = 300_000
/** Below this a run of redis-benchmark is mostly its own start. */
const BENCHMARK_REQUESTS_MIN = 5_000

/** The text that names a cell in tables: "get 50x16 64B". */
export function cellName(cell: Cell): string {
  const rate = cell.ratePerSecond > 0 ? ` @${Math.round(cell.ratePerSecond)}/s` : ''
  const spread = cell.distribution === 'uniform' ? '' : ` ${cell.distribution}`
  const size = cell.valueBytes === 64 ? '' : ` ${cell.valueBytes}B`
  return `${cell.command} ${cell.connections}x${cell.pipeline}${size}${spread}${rate}`
}

/** Median over rounds of one figure of a summary. */
export function middle(summary: Summary, figure: NumericFigure): number {
  return median(summary.samples.map((sample) => sample[figure]))
}

export type NumericFigure = {
  [Name in keyof Sample]: Sample[Name] extends number ? Name : never
}[keyof Sample]

/** Runs the whole plan; the summaries come cell by cell, peers in the plan's order. */
export async function runMatrix(plan: MatrixPlan, context: MatrixContext): Promise<Summary[]> {
  const summaries: Summary[] = []
  for (const block of blocksOf(plan.cells)) {
    const servers: Server[] = []
    try {
      for (const peer of plan.peers) servers.push(await startServer(peer, context.servers))
      for (const server of servers) await fillServer(server, block[0], plan, context)
      summaries.push(...(await runBlock(block, servers, plan, context)))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return summaries
}

/**
 * Neighbouring cells with the same keys and connections share their servers. Not all cells do, or
 * the logs of a long run would fill the disk.
 */
export function blocksOf(cells: readonly Cell[]): Cell[][] {
  const blocks: Cell[][] = []
  let last = ''
  for (const cell of cells) {
    const shape = JSON.stringify([cell.connections, cell.keys, cell.valueBytes])
    if (shape === last) blocks.at(-1)!.push(cell)
    else blocks.push([cell])
    last = shape
  }
  return blocks
}

async function fillServer(
  server: Server,
  cell: Cell,
  plan: MatrixPlan,
  context: MatrixContext,
): Promise<void> {
  context.progress(`fill ${server.spec.name}`)
  const { host, port } = server
  const { keys, valueBytes } = cell
  const family = plan.loader === 'own' ? 'ckv:' : 'key:'
  await context.client.fillKeys({ host, port, from: 0, to: keys, valueBytes, family })
}

async function runBlock(
  block: Cell[],
  servers: Server[],
  plan: MatrixPlan,
  context: MatrixContext,
): Promise<Summary[]> {
  const summaries: Summary[] = []
  for (const cell of block) {
    const bySpec = new Map<PeerSpec, Summary>()
    const rates = new Map<Server, number>()
    for (const server of servers) {
      const summary = { peer: server.spec.name, cell, loader: plan.loader, samples: [] }
      bySpec.set(server.spec, summary)
      summaries.push(summary)
      if (plan.loader === 'redis-benchmark') rates.set(server, await pilot(server, cell, plan))
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const server of rotate(servers, round)) {
        context.progress(`${cellName(cell)} ${server.spec.name} round ${round + 1}`)
        const sample =
          plan.loader === 'own'
            ? await measureOwn(server, cell, plan, context.client)
            : await measureBenchmark(server, cell, plan, rates.get(server)!)
        bySpec.get(server.spec)!.samples.push(sample)
      }
    }
  }
  return summaries
}

/** One measurement with our own load generator. */
export async function measureOwn(
  server: Server,
  cell: Cell,
  plan: Omit<MatrixPlan, 'peers' | 'cells' | 'loader' | 'rounds'>,
  client: LoadClient,
): Promise<Sample> {
  let cpuStart = 0
  let cpuEnd = 0
  let threadsStart = new Map<number, number>()
  let threadsEnd: { threadId: number; name: string; seconds: number }[] = []
  const { command } = cell
  if (!isLoadCommand(command)) throw new Error(`our own load has no command ${command}`)
  const result = await client.runLoad(
    {
      ...PROFILE_DEFAULTS,
      ...cell,
      command,
      host: server.host,
      port: server.port,
      warmupMs: plan.warmupMs,
      measureMs: plan.measureMs,
      threads: plan.clientThreads,
      replyCheck: plan.replyCheck,
      repliesAreOk: server.spec.kind === 'echo',
    },
    {
      opened: () => {
        threadsStart = new Map(server.threads().map((use) => [use.threadId, use.seconds]))
        cpuStart = server.cpuSeconds()
      },
      closed: () => {
        cpuEnd = server.cpuSeconds()
        threadsEnd = server.threads()
      },
    },
  )
  const perCommand = (seconds: number): number => (seconds * 1e6) / result.commands
  const threads = threadsEnd
    .map((use) => ({
      name: use.name,
      cpuUsPerCommand: perCommand(use.seconds - (threadsStart.get(use.threadId) ?? 0)),
    }))
    .sort((a, b) => b.cpuUsPerCommand - a.cpuUsPerCommand)
  const { p50Us, p99Us, p999Us, maxUs } = result.latency
  return {
    throughput: result.throughput,
    slices: result.slices,
    cpuUsPerCommand: server.pid === 0 ? Number.NaN : perCommand(cpuEnd - cpuStart),
    p50Us,
    p99Us,
    p999Us,
    maxUs,
    unsent: result.unsent,
    faults: result.faults,
    threads: threads.filter((use) => use.cpuUsPerCommand > 0),
  }
}

/** Tells how fast a peer is in a cell, and warms it up: runs are sized by time, not by count. */
async function pilot(server: Server, cell: Cell, plan: MatrixPlan): Promise<number> {
  const requests = Math.min(PILOT_REQUESTS_MAX, PILOT_REQUESTS_PER_DEPTH * cell.pipeline)
  const first = await runBenchmark(server, benchmarkRequest(cell, requests, plan))
  const warm = Math.round((first.throughput * plan.warmupMs) / 1000)
  if (warm < BENCHMARK_REQUESTS_MIN) return first.throughput
  return (await runBenchmark(server, benchmarkRequest(cell, warm, plan))).throughput
}

function benchmarkRequest(cell: Cell, requests: number, plan: MatrixPlan): BenchmarkRequest {
  const test = cell.command === 'ping' ? 'ping_mbulk' : cell.command
  if (!isBenchmarkTest(test)) throw new Error(`redis-benchmark has no test ${cell.command}`)
  const { connections, pipeline, valueBytes, keys } = cell
  const threads = plan.clientThreads
  return { test, requests, connections, pipeline, valueBytes, keys, threads }
}

function isLoadCommand(text: string): text is LoadCommand {
  return (LOAD_COMMANDS as readonly string[]).includes(text)
}

function isBenchmarkTest(text: string): text is BenchmarkTest {
  return (BENCHMARK_TESTS as readonly string[]).includes(text)
}

async function measureBenchmark(
  server: Server,
  cell: Cell,
  plan: MatrixPlan,
  rate: number,
): Promise<Sample> {
  const requests = Math.max(BENCHMARK_REQUESTS_MIN, Math.round((rate * plan.measureMs) / 1000))
  const row = await runBenchmark(server, benchmarkRequest(cell, requests, plan))
  return {
    throughput: row.throughput,
    slices: [],
    cpuUsPerCommand: row.cpuUsPerCommand,
    p50Us: row.p50Us,
    p99Us: row.p99Us,
    p999Us: Number.NaN,
    maxUs: row.maxUs,
    unsent: 0,
    faults: noFaults(),
    threads: [],
  }
}

/** The first thing that was wrong in any round, or undefined when every reply was right. */
export function firstFault(summaries: readonly Summary[]): string | undefined {
  for (const { peer, cell, samples } of summaries) {
    for (const { faults } of samples) {
      if (!isClean(faults)) return `${peer}, ${cellName(cell)}: ${faults.first}`
    }
  }
  return undefined
}
