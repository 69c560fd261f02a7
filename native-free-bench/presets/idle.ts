// What a server costs while nobody asks it anything, with few shards and with many.

import { setTimeout as delay } from 'node:timers/promises'
import { parsePeer } from '../load/peers.ts'
import { type Server, startServer } from '../load/server.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import { median } from '../statistics.ts'
import type { Preset, PresetContext } from './preset.ts'

const SHARD_COUNTS = [4, 128]
const ROUNDS = 3
const IDLE_MS = 10_000
/** The first moments after a start are not idle yet: compilation, first syncs. */
const SETTLE_MS = 1000
const IDLE_PERCENT_MAX = 1
const READY_MS_MAX = 1000
const THREADS_SHOWN = 4

interface Idle {
  readonly readyMs: number
  readonly percent: number
  /** The busiest threads, ms of CPU in the time watched. */
  readonly threads: string
}

export const idle: Preset = async (context) => {
  const rows = [['server', '', 'ready, ms', 'idle, % of a core', 'busiest threads, ms of CPU']]
  const bars: Bar[] = []
  const idleMs = context.settings.measureMs ?? IDLE_MS
  for (const shards of SHARD_COUNTS) {
    const text = `ckv:shards=${shards}`
    if (context.present([parsePeer(text)]).length === 0) return []
    const found: Idle[] = []
    for (let round = 0; round < (context.settings.rounds ?? ROUNDS); round++) {
      found.push(await watch(context, text, idleMs))
    }
    const readyMs = median(found.map((one) => one.readyMs))
    const percent = median(found.map((one) => one.percent))
    const name = `${shards} shards`
    const last = found.at(-1)?.threads ?? ''
    rows.push([name, '', formatFigure(readyMs), formatFigure(percent), last])
    const facts = { direction: 'at most' as const }
    bars.push({ ...facts, name: `${name}: ready, ms`, value: readyMs, limit: READY_MS_MAX })
    bars.push({ ...facts, name: `${name}: idle, %`, value: percent, limit: IDLE_PERCENT_MAX })
  }
  context.say(formatTable(rows))
  return bars
}

async function watch(context: PresetContext, text: string, idleMs: number): Promise<Idle> {
  const server = await startServer(parsePeer(text), context.servers)
  try {
    await delay(SETTLE_MS)
    const threadsBefore = threadSeconds(server)
    const before = server.cpuSeconds()
    await delay(idleMs)
    const percent = ((server.cpuSeconds() - before) * 100_000) / idleMs
    return { readyMs: server.readyMs, percent, threads: busiest(server, threadsBefore) }
  } finally {
    await server.stop()
  }
}

function threadSeconds(server: Server): Map<number, number> {
  return new Map(server.threads().map(({ threadId, seconds }) => [threadId, seconds]))
}

function busiest(server: Server, before: Map<number, number>): string {
  return server
    .threads()
    .map(({ threadId, name, seconds }) => {
      const usedMs = Math.round((seconds - (before.get(threadId) ?? 0)) * 1000)
      return { name, usedMs }
    })
    .sort((a, b) => b.usedMs - a.usedMs)
    .slice(0, THREADS_SHOWN)
    .map(({ name, usedMs }) => `${name} ${usedMs}`)
    .join(', ')
}
