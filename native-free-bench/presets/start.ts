// How long a start takes: with 128 empty shards, and with a log to replay. And what an idle server
// costs.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../load/ask.ts'
import { parsePeer } from '../load/peers.ts'
import { startServer } from '../load/server.ts'
import type { Bar } from '../report.ts'
import type { Preset, PresetContext } from './preset.ts'

const EMPTY_PEER = 'ckv:shards=128'
const REPLAY_PEER = 'ckv:shards=4,workers=2'
const KEYS = 2_000_000
const STARTS = 3
const RESOLUTION_MS = 20
const READY_MS_MAX = 1000
const IDLE_SHARE_MAX = 0.01
const IDLE_MS = 5000
const REPLAY_RATE_MIN = 1_000_000
/** Shards are replayed by so many workers at a time. */
const REPLAY_WORKERS = 2

export const start: Preset = async (context) => {
  if (context.present([parsePeer(EMPTY_PEER)]).length === 0) return []
  return [...(await emptyBars(context)), await replayBar(context)]
}

async function emptyBars(context: PresetContext): Promise<Bar[]> {
  const server = await startServer(parsePeer(EMPTY_PEER), context.servers)
  try {
    // The first moments after a start are not idle yet: compilation, first syncs.
    await delay(IDLE_MS / 5)
    const before = server.cpuSeconds()
    await delay(IDLE_MS)
    const idleShare = (server.cpuSeconds() - before) / (IDLE_MS / 1000)
    const ready = server.readyMs
    return [
      {
        name: '128 empty shards ready, ms',
        value: ready,
        limit: READY_MS_MAX,
        direction: 'at most',
      },
      {
        name: '128 idle shards, share of a core',
        value: idleShare,
        limit: IDLE_SHARE_MAX,
        direction: 'at most',
      },
    ]
  } finally {
    await server.stop()
  }
}

/** Starts with what is in the directory, several times; returns the fastest. */
async function startFastest(
  context: PresetContext,
  directory: string,
  keys: number,
): Promise<number> {
  const servers = { ...context.servers, dataDirectory: directory }
  let fastestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < STARTS; round++) {
    const server = await startServer(parsePeer(REPLAY_PEER), servers)
    try {
      const found = await ask(server.host, server.port, 'DBSIZE')
      if (found !== keys) throw new Error(`${String(found)} of ${keys} keys after a start`)
      fastestMs = Math.min(fastestMs, server.readyMs)
    } finally {
      await server.stop()
    }
  }
  return fastestMs
}

/** Keys per second and worker: the start with a log minus the same start without. */
async function replayBar(context: PresetContext): Promise<Bar> {
  const keys = context.settings.keys ?? KEYS
  const directory = mkdtempSync(join(context.servers.directory ?? tmpdir(), 'ckv-replay-'))
  try {
    const emptyMs = await startFastest(context, directory, 0)
    const servers = { ...context.servers, dataDirectory: directory }
    const server = await startServer(parsePeer(REPLAY_PEER), servers)
    try {
      const { host, port } = server
      await context.client.fillKeys({ host, port, from: 0, to: keys, valueBytes: 64 })
    } finally {
      await server.stop()
    }
    const fullMs = await startFastest(context, directory, keys)
    context.say(`start: empty ${emptyMs.toFixed(0)} ms, ${keys} keys ${fullMs.toFixed(0)} ms`)
    // Where the log costs less than starts differ, the figure is only "more than that".
    const replayMs = Math.max(RESOLUTION_MS, fullMs - emptyMs)
    return {
      name: `replay, keys/s and worker (${REPLAY_WORKERS} workers)`,
      value: (keys * 1000) / replayMs / REPLAY_WORKERS,
      limit: REPLAY_RATE_MIN,
      direction: 'at least',
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
