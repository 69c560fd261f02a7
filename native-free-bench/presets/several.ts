// Commands over several shards while all shards are loaded: tokens are handed over, nobody starves.
// And FLUSHALL over as many shards as there can be.

import { ask } from '../load/ask.ts'
import { LoadClient } from '../load/client.ts'
import { parsePeer } from '../load/peers.ts'
import { isClean, type LoadProfile, PROFILE_DEFAULTS } from '../load/profile.ts'
import { startServer } from '../load/server.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import type { Preset, PresetContext } from './preset.ts'

const PEER = 'ckv:shards=8,workers=4,acceptors=2'
const FLUSH_PEER = 'ckv:shards=128'
const KEYS = 100_000
const MEASURE_MS = 5000
/** MSET and MGET per second, each on connections of its own, open loop. */
const PROBE_RATE = 200
const P99_US_MAX = 10_000
const LONGEST_US_MAX = 100_000
const FLUSH_MS_MAX = 200

export const several: Preset = async (context) => {
  if (context.present([parsePeer(PEER)]).length === 0) return []
  const bars: Bar[] = []
  for (const dispatch of ['auto', 'ring']) bars.push(...(await probeBars(context, dispatch)))
  bars.push(await flushBar(context))
  return bars
}

async function probeBars(context: PresetContext, dispatch: string): Promise<Bar[]> {
  const server = await startServer(parsePeer(`${PEER},dispatch=${dispatch}`), context.servers)
  const client = new LoadClient(3)
  try {
    const { host, port } = server
    const keys = context.settings.keys ?? KEYS
    const measureMs = context.settings.measureMs ?? MEASURE_MS
    await client.fillKeys({ host, port, from: 0, to: keys, valueBytes: 64 })
    const base: LoadProfile = { ...PROFILE_DEFAULTS, host, port, keys, measureMs }
    const probe = { ...base, connections: 8, ratePerSecond: PROBE_RATE, urgent: true }
    const [load, mset, mget] = await Promise.all([
      client.runLoad({ ...base, command: 'mixed', pipeline: 16 }),
      client.runLoad({ ...probe, command: 'mset' }),
      client.runLoad({ ...probe, command: 'mget', seed: 2 }),
    ])
    const rows = [['load', '', 'req/s', 'p50 us', 'p99 us', 'max us']]
    const bars: Bar[] = []
    for (const [name, result] of Object.entries({ mixed: load, mset, mget })) {
      const { p50Us, p99Us, maxUs } = result.latency
      rows.push([name, '', ...[result.throughput, p50Us, p99Us, maxUs].map(formatFigure)])
      if (!isClean(result.faults)) throw new Error(`${name}: ${result.faults.first}`)
      if (name === 'mixed') continue
      const text = `${dispatch}: ${name} of 10 keys over 8 loaded shards`
      bars.push(atMost(`${text}, p99 us`, p99Us, P99_US_MAX))
      bars.push(atMost(`${text}, longest us`, maxUs, LONGEST_US_MAX))
    }
    context.say(`\n${PEER}, dispatch ${dispatch}\n${formatTable(rows)}`)
    return bars
  } finally {
    await client.close()
    await server.stop()
  }
}

async function flushBar(context: PresetContext): Promise<Bar> {
  const server = await startServer(parsePeer(FLUSH_PEER), context.servers)
  try {
    const { host, port } = server
    const to = context.settings.keys ?? KEYS
    await context.client.fillKeys({ host, port, from: 0, to, valueBytes: 64 })
    const startMs = performance.now()
    await ask(host, port, 'FLUSHALL')
    const ms = performance.now() - startMs
    const left = await ask(host, port, 'DBSIZE')
    if (left !== 0) throw new Error(`FLUSHALL left ${String(left)} keys`)
    return atMost(`FLUSHALL over 128 shards, ${to} keys, ms`, ms, FLUSH_MS_MAX)
  } finally {
    await server.stop()
  }
}

function atMost(name: string, value: number, limit: number): Bar {
  return { name, value, limit, direction: 'at most' }
}
