// `npm run bench:ci`: has any path become more than 20 % slower? Every figure is a ratio to a fixed
// reference measured within the same second: the echo server for rows with sockets, a fixed loop
// for in-process rows. So a slower machine or a busy neighbour moves both.
//
//   npm run bench:ci                     exit 1 and the row's name when one is slower
//   npm run bench:ci -- --update         measure and rewrite baseline.json
//   CKV_BENCH_SLOW=<row> npm run bench:ci     slow one row on purpose; it must fail

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { LoadClient } from './load/client.ts'
import { parsePeer } from './load/peers.ts'
import { isClean } from './load/profile.ts'
import { missingFor, type Server, startServer } from './load/server.ts'
import { type Cell, measureOwn, type Sample } from './matrix.ts'
import { MICRO_NAMES, measureInProcess } from './micro/run.ts'
import { BASE_CELL } from './presets/preset.ts'
import { judge, missingRows, type Verdict } from './regression.ts'
import { describeMachine, formatTable } from './report.ts'
import { median, rotate, upperQuartile } from './statistics.ts'

const BASELINE_FILE = fileURLToPath(new URL('./baseline.json', import.meta.url))
const ROUNDS = 3
const SOCKET_WARMUP_MS = 250
const SOCKET_MEASURE_MS = 700
const MICRO_MS = 240
/** Of the threads that write to sockets; a command through the ring loses about half of it. */
const SLOW_PERCENT = 100

/** A row with sockets; gives two figures, `<name> throughput` and `<name> cpu`. */
interface SocketRow {
  name: string
  peer: string
  cell: Cell
}

const P1: Cell = { ...BASE_CELL, pipeline: 1 }
const P16: Cell = { ...BASE_CELL, pipeline: 16 }

const SOCKET_ROWS: SocketRow[] = [
  { name: 'auto-set-p1', peer: 'ckv:dispatch=auto', cell: { ...P1, command: 'set' } },
  { name: 'auto-set-p16', peer: 'ckv:dispatch=auto', cell: { ...P16, command: 'set' } },
  { name: 'auto-get-p16', peer: 'ckv:dispatch=auto', cell: { ...P16, command: 'get' } },
  { name: 'auto-mset-p1', peer: 'ckv:dispatch=auto', cell: { ...P1, command: 'mset' } },
  { name: 'place-get-p16', peer: 'ckv:dispatch=place', cell: { ...P16, command: 'get' } },
  { name: 'ring-get-p1', peer: 'ckv:dispatch=ring', cell: { ...P1, command: 'get' } },
  { name: 'ring-set-p16', peer: 'ckv:dispatch=ring', cell: { ...P16, command: 'set' } },
]

/** Measures one round of one row; adds its figures to `rounds` by name. */
type RowRunner = { name: string; run(rounds: Map<string, number[]>): Promise<void> }

interface Baseline {
  machine: Record<string, string | number>
  rows: Record<string, number>
}

function add(rounds: Map<string, number[]>, name: string, value: number): void {
  const values = rounds.get(name)
  if (values === undefined) rounds.set(name, [value])
  else values.push(value)
}

/** The servers of the run: one a peer text, the slowed one apart, the echo server. */
class Fleet {
  readonly #servers = new Map<string, Server>()

  async get(peer: string, keys: number, client: LoadClient): Promise<Server> {
    const known = this.#servers.get(peer)
    if (known !== undefined) return known
    const spec = parsePeer(peer)
    const ceilingFile = process.env.CKV_BENCH_CEILING
    const reason = missingFor(spec, { ceilingFile })
    if (reason !== undefined) throw new Error(`cannot run ${peer}: ${reason}`)
    const server = await startServer(spec, { ceilingFile })
    this.#servers.set(peer, server)
    const { host, port } = server
    await client.fillKeys({ host, port, from: 0, to: keys, valueBytes: BASE_CELL.valueBytes })
    return server
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.values()) await server.stop()
    this.#servers.clear()
  }
}

/** Peers with another server in our place, for trying this program itself. */
function subject(peer: string, instead: string | undefined): string {
  if (instead === undefined) return peer
  const mode = /dispatch=(\w+)/.exec(peer)?.[1] ?? 'auto'
  return instead.replace('MODE', mode)
}

function socketRunner(
  row: SocketRow,
  fleet: Fleet,
  client: LoadClient,
  slowRow: string,
  instead: string | undefined,
): RowRunner {
  const plain = subject(row.peer, instead)
  const slowed = plain + (plain.includes(':') ? ',' : ':')
  const peer = slowRow === row.name ? `${slowed}slow=${SLOW_PERCENT}` : plain
  const plan = {
    warmupMs: SOCKET_WARMUP_MS,
    measureMs: SOCKET_MEASURE_MS,
    clientThreads: 1,
    // Replies are walked, not parsed: the client must not be what limits the throughput.
    replyCheck: 'frames' as const,
  }
  const measure = async (server: Server, cell: Cell): Promise<Sample> => {
    const sample = await measureOwn(server, cell, plan, client)
    if (isClean(sample.faults) && sample.throughput > 0) return sample
    throw new Error(`${row.name}: wrong reply of ${server.spec.name}: ${sample.faults.first}`)
  }
  return {
    name: row.name,
    run: async (rounds) => {
      const server = await fleet.get(peer, row.cell.keys, client)
      const echo = await fleet.get('echo', row.cell.keys, client)
      const before = await measure(echo, { ...row.cell, command: 'set' })
      const sample = await measure(server, row.cell)
      const after = await measure(echo, { ...row.cell, command: 'set' })
      const echoed = upperQuartile([...before.slices, ...after.slices])
      const echoCpu = (before.cpuUsPerCommand + after.cpuUsPerCommand) / 2
      add(rounds, `${row.name} throughput`, upperQuartile(sample.slices) / echoed)
      add(rounds, `${row.name} cpu`, echoCpu / sample.cpuUsPerCommand)
    },
  }
}

function microRunner(name: string, slowRow: string): RowRunner {
  return {
    name,
    run: async (rounds) => {
      const slow = slowRow === name ? SLOW_PERCENT : 0
      add(rounds, `micro ${name}`, measureInProcess(name, MICRO_MS, slow).ratio)
    },
  }
}

/** Runs every row in every round, each round beginning with another row. */
async function measureRounds(rows: RowRunner[], count: number): Promise<Map<string, number[]>> {
  const rounds = new Map<string, number[]>()
  for (let round = 0; round < count; round++) {
    for (const row of rotate(rows, round)) await row.run(rounds)
  }
  return rounds
}

function readBaseline(file: string): Baseline {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Baseline
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { machine: {}, rows: {} }
  }
}

function judgeAll(rounds: Map<string, number[]>, rows: Record<string, number>): Verdict[] {
  return [...rounds].map(([name, values]) => judge(name, values, rows[name]))
}

function print(verdicts: readonly Verdict[], failed: ReadonlySet<string>): void {
  const rows = [['row', '', 'value', 'limit']]
  for (const { name, value, limit } of verdicts) {
    rows.push([name, failed.has(name) ? 'FAIL' : '', value.toFixed(4), limit.toFixed(4)])
  }
  process.stdout.write(`${formatTable(rows)}\n`)
}

/** Rows that were not measured now stay as they were. */
function writeBaseline(rounds: Map<string, number[]>, file: string, complete: boolean): void {
  const rows: Record<string, number> = complete ? {} : { ...readBaseline(file).rows }
  for (const [name, values] of rounds) rows[name] = Number(median(values).toPrecision(4))
  const baseline: Baseline = { machine: describeMachine(), rows }
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`)
  process.stdout.write(`wrote ${Object.keys(rows).length} rows to ${file}\n`)
}

/** Rows that a figure belongs to: "auto-set-p1 cpu" and "micro arena-small" name their row. */
function rowOf(figure: string): string {
  return figure.startsWith('micro ') ? figure.slice(6) : (figure.split(' ')[0] ?? figure)
}

async function compare(
  rows: RowRunner[],
  wanted: ReadonlySet<string>,
  file: string,
): Promise<boolean> {
  const baseline = readBaseline(file)
  const first = await measureRounds(rows, ROUNDS)
  const verdicts = judgeAll(first, baseline.rows)
  const suspects = new Set(verdicts.filter((one) => one.suspect).map((one) => one.name))
  const failed = new Set(verdicts.filter((one) => one.problem !== '').map((one) => one.name))
  if (suspects.size > 0) {
    process.stdout.write(`again, three rounds: ${[...suspects].join(', ')}\n`)
    const again = new Set([...suspects].map(rowOf))
    const second = await measureRounds(
      rows.filter((row) => again.has(row.name)),
      ROUNDS,
    )
    for (const verdict of judgeAll(second, baseline.rows)) {
      if (verdict.suspect && suspects.has(verdict.name)) failed.add(verdict.name)
    }
  }
  print(verdicts, failed)
  for (const { name, problem } of verdicts) {
    if (problem !== '') process.stdout.write(`FAIL ${name}: ${problem}, run with --update\n`)
  }
  const gone = missingRows(baseline.rows, [...first.keys()]).filter((name) =>
    wanted.has(rowOf(name)),
  )
  for (const name of gone) process.stdout.write(`FAIL ${name}: in baseline.json but not measured\n`)
  for (const { name, value, limit, problem } of verdicts) {
    if (!failed.has(name) || problem !== '') continue
    process.stdout.write(`FAIL ${name} ${value.toFixed(4)} ${limit.toFixed(4)}\n`)
  }
  return failed.size === 0 && gone.length === 0
}

async function main(): Promise<void> {
  const program = new Command('bench:ci')
    .option('--update', 'rewrite baseline.json from this run')
    .option('--rounds <count>', 'rounds of an --update run', Number, 5)
    .option('--rows <list>', 'only these rows')
    .option('--baseline <file>', 'another file than the one kept here', BASELINE_FILE)
    .option('--subject <peer>', 'another server in our place; MODE stands for ring, place, auto')
    .parse()
  const options = program.opts<{
    update?: boolean
    rounds: number
    rows?: string
    baseline: string
    subject?: string
  }>()
  const slowRow = process.env.CKV_BENCH_SLOW ?? ''
  const client = new LoadClient(1)
  const fleet = new Fleet()
  const all = [
    ...SOCKET_ROWS.map((row) => socketRunner(row, fleet, client, slowRow, options.subject)),
    ...MICRO_NAMES.map((name) => microRunner(name, slowRow)),
  ]
  const names = all.map((row) => row.name)
  const wanted = new Set(options.rows === undefined ? names : options.rows.split(','))
  for (const name of [...wanted, ...(slowRow === '' ? [] : [slowRow])]) {
    if (!names.includes(name)) throw new Error(`no row ${name}: ${names.join(', ')}`)
  }
  const rows = all.filter((row) => wanted.has(row.name))
  const startMs = performance.now()
  try {
    if (options.update === true) {
      const rounds = await measureRounds(rows, options.rounds)
      writeBaseline(rounds, options.baseline, rows.length === all.length)
    } else if (!(await compare(rows, wanted, options.baseline))) process.exitCode = 1
  } finally {
    await fleet.stop()
    await client.close()
  }
  process.stdout.write(`${Math.round((performance.now() - startMs) / 1000)} s\n`)
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
