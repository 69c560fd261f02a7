// What other clients notice when a collection of a million elements goes: their longest wait,
// beside an idle control, for each way in which it can go. Medians of the maxima over rounds.

import { ask } from '../load/ask.ts'
import { LoadClient } from '../load/client.ts'
import { parsePeer } from '../load/peers.ts'
import { isClean, PROFILE_DEFAULTS } from '../load/profile.ts'
import { type Server, startServer } from '../load/server.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import { median } from '../statistics.ts'
import type { Preset, PresetContext } from './preset.ts'

/** One shard, so that everything shares it. */
const PEER = 'ckv:shards=1'
const ROUNDS = 5
const KEYS = 1000
const ELEMENTS = 1_000_000
const ELEMENTS_A_COMMAND = 1000
const PROBE_MS = 1500
const PROBE_RATE = 2000
const STALL_US_MAX = 2000

/** How each type is filled, from element `first` on. */
const FILLERS: Readonly<Record<string, (first: number) => string[]>> = {
  hash: (first) => ['HSET', 'large', ...elements(first).flatMap((name) => [name, name])],
  set: (first) => ['SADD', 'large', ...elements(first)],
  list: (first) => ['RPUSH', 'large', ...elements(first)],
  'sorted set': (first) => [
    'ZADD',
    'large',
    ...elements(first).flatMap((name, index) => [String(first + index), name]),
  ],
}

/** How it goes; it is filled again before each. */
const ENDS: Readonly<Record<string, string[]>> = {
  DEL: ['DEL', 'large'],
  'EXPIRE in the past': ['EXPIREAT', 'large', '1'],
  'SET over it': ['SET', 'large', 'x'],
}

function elements(first: number): string[] {
  return Array.from({ length: ELEMENTS_A_COMMAND }, (_, index) => `element:${first + index}`)
}

export const largeKeys: Preset = async (context) => {
  if (context.present([parsePeer(PEER)]).length === 0) return []
  const server = await startServer(parsePeer(PEER), context.servers)
  const client = new LoadClient(1)
  try {
    return await measure(context, server, client)
  } finally {
    await client.close()
    await server.stop()
  }
}

async function measure(context: PresetContext, server: Server, client: LoadClient): Promise<Bar[]> {
  const rows = [['a million elements', '', 'control us', 'longest us']]
  const bars: Bar[] = []
  const rounds = context.settings.rounds ?? ROUNDS
  for (const type of Object.keys(FILLERS)) {
    for (const end of Object.keys(ENDS)) {
      const controls: number[] = []
      const longest: number[] = []
      for (let round = 0; round < rounds; round++) {
        await fill(server, type)
        controls.push(await probe(server, client))
        const [withEnd] = await Promise.all([probe(server, client), endSoon(server, ENDS[end])])
        longest.push(withEnd)
      }
      rows.push([
        `${type}, ${end}`,
        '',
        formatFigure(median(controls)),
        formatFigure(median(longest)),
      ])
      bars.push({
        name: `${end} of a ${type}: longest wait of others above the control, us`,
        value: Math.max(0, median(longest) - median(controls)),
        limit: STALL_US_MAX,
        direction: 'at most',
      })
    }
  }
  context.say(`\n${formatTable(rows)}`)
  return bars
}

async function fill({ host, port }: Server, type: string): Promise<void> {
  await ask(host, port, 'DEL', 'large')
  for (let first = 0; first < ELEMENTS; first += ELEMENTS_A_COMMAND) {
    await ask(host, port, ...FILLERS[type](first))
  }
}

/** The longest wait of GETs at a steady rate. */
async function probe({ host, port }: Server, client: LoadClient): Promise<number> {
  await client.fillKeys({ host, port, from: 0, to: KEYS, valueBytes: 64 })
  const result = await client.runLoad({
    ...PROFILE_DEFAULTS,
    host,
    port,
    command: 'get',
    keys: KEYS,
    connections: 4,
    measureMs: PROBE_MS,
    ratePerSecond: PROBE_RATE,
    urgent: true,
  })
  if (!isClean(result.faults)) throw new Error(result.faults.first)
  return result.latency.maxUs
}

/** In the middle of the probe, warm-up included. */
async function endSoon({ host, port }: Server, command: string[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, PROFILE_DEFAULTS.warmupMs + PROBE_MS / 2))
  await ask(host, port, ...command)
}
