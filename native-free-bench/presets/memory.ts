// Bytes a key costs over its 16 B name and 64 B value: resident memory after filling minus before,
// divided by the keys, minus 80. Measured one server at a time.
//
// A server touches its buffers, rings and log slices once, however many keys there are. So there is
// a second figure, "after traffic": the same with the empty server first sent overwrites of a few
// keys, which leaves only what the keys themselves cost.

import { readGcTrace } from '../load/gc-trace.ts'
import { KEY_BYTES } from '../load/keys.ts'
import { parsePeer } from '../load/peers.ts'
import { PROFILE_DEFAULTS } from '../load/profile.ts'
import { type Server, startServer } from '../load/server.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import type { Preset, PresetContext } from './preset.ts'

const KEYS = 2_000_000
const VALUE_BYTES = 64
const OVERHEAD_BYTES_MAX = 32
/** Overwrites that touch every ring and slice once, of this many keys. */
const TRAFFIC_KEYS = 1000
const TRAFFIC_PASSES = 2000
const HEAP_MB_MAX = 32
const PAUSE_MS_MAX = 5
const LOAD_MS = 3000

interface MemoryFigures {
  emptyBytes: number
  trafficBytes: number
  fullBytes: number
  fillSeconds: number
}

export const memory: Preset = async (context) => {
  const keys = context.settings.keys ?? KEYS
  const peers = context.present([parsePeer('ckv:as=ckv'), parsePeer('redis')])
  const rows = [
    [
      'server',
      '',
      'empty MB',
      'after traffic MB',
      'full MB',
      'B/key over',
      'after traffic',
      'keys/s',
    ],
  ]
  const bars: Bar[] = []
  for (const peer of peers) {
    const plain = await measure(context, () => startServer(peer, context.servers), keys, false)
    const warm = await measure(context, () => startServer(peer, context.servers), keys, true)
    const over = overhead(plain.emptyBytes, plain.fullBytes, keys)
    rows.push([
      peer.name,
      '',
      megabytes(plain.emptyBytes),
      megabytes(warm.trafficBytes),
      megabytes(plain.fullBytes),
      formatFigure(over),
      formatFigure(overhead(warm.trafficBytes, warm.fullBytes, keys)),
      formatFigure(keys / plain.fillSeconds),
    ])
    if (peer.kind !== 'ckv') continue
    bars.push({
      name: `${keys} keys of ${KEY_BYTES} B + ${VALUE_BYTES} B: bytes per key over both`,
      value: over,
      limit: OVERHEAD_BYTES_MAX,
      direction: 'at most',
    })
  }
  context.say(formatTable(rows))
  for (const peer of peers) {
    if (peer.kind === 'ckv') bars.push(...(await collectorBars(context, keys)))
  }
  return bars
}

/** What the JavaScript heaps do while the shard memory is full and worked on. */
async function collectorBars(context: PresetContext, keys: number): Promise<Bar[]> {
  const server = await startServer(parsePeer('ckv:trace=gc'), context.servers)
  try {
    const { host, port } = server
    // Collections while modules are loaded stop nobody.
    const atReady = server.output().length
    await context.client.fillKeys({ host, port, from: 0, to: keys, valueBytes: VALUE_BYTES })
    for (const command of ['set', 'get'] as const) {
      const shape = { command, keys, pipeline: 16, measureMs: LOAD_MS }
      await context.client.runLoad({ ...PROFILE_DEFAULTS, ...shape, host, port })
    }
    const gc = readGcTrace(server.output().slice(atReady))
    context.say(`${gc.collections} collections in ${gc.threads} threads`)
    return [
      {
        name: 'largest JS heap of a thread, MB',
        value: gc.heapMbMax,
        limit: HEAP_MB_MAX,
        direction: 'at most',
      },
      {
        name: 'longest collection, ms',
        value: gc.pauseMsMax,
        limit: PAUSE_MS_MAX,
        direction: 'at most',
      },
    ]
  } finally {
    await server.stop()
  }
}

function overhead(emptyBytes: number, fullBytes: number, keys: number): number {
  return (fullBytes - emptyBytes) / keys - KEY_BYTES - VALUE_BYTES
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}

async function measure(
  context: PresetContext,
  start: () => Promise<Server>,
  keys: number,
  traffic: boolean,
): Promise<MemoryFigures> {
  const server = await start()
  try {
    const { host, port } = server
    const fill = (to: number): Promise<void> =>
      context.client.fillKeys({ host, port, from: 0, to, valueBytes: VALUE_BYTES })
    const emptyBytes = server.residentBytes()
    if (traffic) for (let pass = 0; pass < TRAFFIC_PASSES; pass++) await fill(TRAFFIC_KEYS)
    const trafficBytes = server.residentBytes()
    const startMs = performance.now()
    await fill(keys)
    const fillSeconds = (performance.now() - startMs) / 1000
    return { emptyBytes, trafficBytes, fullBytes: server.residentBytes(), fillSeconds }
  } finally {
    await server.stop()
  }
}
