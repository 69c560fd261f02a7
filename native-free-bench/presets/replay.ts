// How fast a log is read back: 2 M keys (16 B + 64 B) in two shards, replayed by one worker and by
// two. The time is that of the ready line, from planning the memory to serving, less that of a
// start without data, which is threads and modules. Above it the same log read by the recovery code
// alone.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ask } from '../load/ask.ts'
import { parsePeer } from '../load/peers.ts'
import { type Server, type ServerOptions, startServer } from '../load/server.ts'
import type { ReplayFigures } from '../micro/replay.ts'
import { type Bar, formatFigure } from '../report.ts'
import type { Preset, PresetContext } from './preset.ts'

const KEYS = 2_000_000
const VALUE_BYTES = 64
const SHARDS = 2
const WORKER_COUNTS = [1, 2]
const STARTS = 3
const RATE_MIN = 1_000_000
const RECOVERY_FILE = fileURLToPath(new URL('../micro/replay.ts', import.meta.url))

function peer(workers: number) {
  return parsePeer(`ckv:shards=${SHARDS},workers=${workers}`)
}

export const replay: Preset = async (context) => {
  if (context.present([peer(1)]).length === 0) return []
  const keys = context.settings.keys ?? KEYS
  const directory = mkdtempSync(join(context.servers.directory ?? tmpdir(), 'ckv-replay-'))
  try {
    await fill(context, directory, keys)
    sayRecoveryAlone(context, directory)
    const bars: Bar[] = []
    for (const workers of WORKER_COUNTS) {
      bars.push(await replayBar(context, directory, keys, workers))
    }
    return bars
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function fill(context: PresetContext, directory: string, keys: number): Promise<void> {
  const server = await startServer(peer(1), { ...context.servers, dataDirectory: directory })
  try {
    const { host, port } = server
    await context.client.fillKeys({ host, port, from: 0, to: keys, valueBytes: VALUE_BYTES })
  } finally {
    await server.stop()
  }
}

/** Starts with the log several times; the fastest counts, all are said. */
async function replayBar(
  context: PresetContext,
  directory: string,
  keys: number,
  workers: number,
): Promise<Bar> {
  const full: number[] = []
  const empty: number[] = []
  for (let round = 0; round < (context.settings.rounds ?? STARTS); round++) {
    empty.push(await readyMs(context.servers, workers, 0))
    full.push(await readyMs({ ...context.servers, dataDirectory: directory }, workers, keys))
  }
  context.say(
    `replay, ${workers} workers: ready after ${full.join(', ')} ms, ` +
      `without data after ${empty.join(', ')} ms`,
  )
  return {
    name: `replay, keys/s and worker (${workers} workers)`,
    value: (keys * 1000) / (Math.min(...full) - Math.min(...empty)) / workers,
    limit: RATE_MIN,
    direction: 'at least',
  }
}

async function readyMs(servers: ServerOptions, workers: number, keys: number): Promise<number> {
  const server = await startServer(peer(workers), servers)
  try {
    const found = await ask(server.host, server.port, 'DBSIZE')
    if (found !== keys) throw new Error(`${String(found)} of ${keys} keys after a start`)
    return readyLineMs(server)
  } finally {
    await server.stop()
  }
}

function readyLineMs(server: Server): number {
  const match = /keys recovered in (\d+) ms/.exec(server.output())
  if (match === null) throw new Error('the server printed no ready line')
  return Number(match[1])
}

function sayRecoveryAlone(context: PresetContext, directory: string): void {
  const output = execFileSync(process.execPath, [RECOVERY_FILE, directory], { encoding: 'utf8' })
  for (const line of output.trim().split('\n')) {
    const { records, scanNs, replayNs, cpuNs } = JSON.parse(line) as ReplayFigures
    context.say(
      `recovery alone, ${records} records: scan ${formatFigure(scanNs)} ns, ` +
        `replay ${formatFigure(replayNs)} ns, CPU ${formatFigure(cpuNs)} ns a record, ` +
        `${formatFigure(1e9 / (scanNs + replayNs))} records/s`,
    )
  }
}
