// How long a start takes, from the process to the first answer, with few shards and with many,
// empty and again with their directories there; and what an idle server costs.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parsePeer } from '../load/peers.ts'
import { type Server, startServer } from '../load/server.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import { median } from '../statistics.ts'
import type { Preset, PresetContext } from './preset.ts'

const MANY_SHARDS = 128
const SHAPES = [
  { shards: 2, acceptors: 1 },
  { shards: MANY_SHARDS, acceptors: 1 },
  { shards: MANY_SHARDS, acceptors: 2 },
]
const STARTS = 5
const READY_MS_MAX = 1000
const IDLE_SHARE_MAX = 0.01
const IDLE_MS = 5000

interface Times {
  emptyMs: number[]
  againMs: number[]
  steps: string
}

export const start: Preset = async (context) => {
  const rows = [['server', '', 'empty, ms', 'again, ms', 'steps of the last, ms of the process']]
  const bars: Bar[] = []
  for (const { shards, acceptors } of SHAPES) {
    const text = `ckv:shards=${shards},acceptors=${acceptors},flag.log-level=debug`
    if (context.present([parsePeer(text)]).length === 0) return []
    const { emptyMs, againMs, steps } = await measureStarts(context, text)
    const name = `${shards} shards, ${acceptors} acceptors`
    rows.push([name, '', formatFigure(median(emptyMs)), formatFigure(median(againMs)), steps])
    if (shards !== MANY_SHARDS) continue
    bars.push(readyBar(`${name}, empty: ready, ms`, emptyMs))
    bars.push(readyBar(`${name}, again: ready, ms`, againMs))
  }
  context.say(formatTable(rows))
  bars.push(await idleBar(context))
  return bars
}

function readyBar(name: string, times: number[]): Bar {
  return { name, value: median(times), limit: READY_MS_MAX, direction: 'at most' }
}

/** Each round starts in a new directory and then once more in the same. */
async function measureStarts(context: PresetContext, text: string): Promise<Times> {
  const times: Times = { emptyMs: [], againMs: [], steps: '' }
  for (let round = 0; round < (context.settings.rounds ?? STARTS); round++) {
    const directory = mkdtempSync(join(context.servers.directory ?? tmpdir(), 'ckv-start-'))
    const servers = { ...context.servers, dataDirectory: directory }
    try {
      for (const into of [times.emptyMs, times.againMs]) {
        const server = await startServer(parsePeer(text), servers)
        into.push(server.readyMs)
        times.steps = stepsOf(server)
        await server.stop()
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  return times
}

function stepsOf(server: Server): string {
  return /start, ms of this process: ([^"]*)/.exec(server.output())?.[1] ?? ''
}

async function idleBar(context: PresetContext): Promise<Bar> {
  const server = await startServer(parsePeer(`ckv:shards=${MANY_SHARDS}`), context.servers)
  try {
    // The first moments after a start are not idle yet: compilation, first syncs.
    await delay(IDLE_MS / 5)
    const before = server.cpuSeconds()
    await delay(IDLE_MS)
    return {
      name: `${MANY_SHARDS} idle shards, share of a core`,
      value: (server.cpuSeconds() - before) / (IDLE_MS / 1000),
      limit: IDLE_SHARE_MAX,
      direction: 'at most',
    }
  } finally {
    await server.stop()
  }
}
