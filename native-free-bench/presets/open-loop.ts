// Latency at a fixed arrival rate: 50 % and 80 % of what redis-server can do without pipelining.

import { type PeerSpec, parsePeer } from '../load/peers.ts'
import { cellName, middle } from '../matrix.ts'
import type { Bar } from '../report.ts'
import { medianRatio } from '../statistics.ts'
import { BASE_CELL, type Preset, planFrom, rounds } from './preset.ts'

const SHARES = [0.5, 0.8]
const LATENCY_RATIO_MAX = 1.2
const PERCENTILES = [
  ['p50', 'p50Us'],
  ['p99', 'p99Us'],
  ['p99.9', 'p999Us'],
] as const
const DEFAULTS = { rounds: 5, measureMs: 4000, warmupMs: 1000, loader: 'own' as const }

export const openLoop: Preset = async (context) => {
  const settings = { ...context.settings, loader: 'own' as const }
  const [redis] = context.present([parsePeer('redis')])
  const [ours] = context.present([parsePeer('ckv:as=ckv')])
  const peers: PeerSpec[] = [ours, redis].filter((peer) => peer !== undefined)
  const bars: Bar[] = []
  for (const command of ['set', 'get'] as const) {
    const closed = { ...BASE_CELL, command }
    const peakPlan = planFrom(settings, { ...DEFAULTS, rounds: 3 }, peers.slice(-1), [closed])
    const [peak] = await context.run(`peak of ${peers.at(-1)?.name}, ${command}`, peakPlan, '')
    if (peak === undefined) continue
    const cells = SHARES.map((share) => ({
      ...closed,
      ratePerSecond: Math.round(middle(peak, 'throughput') * share),
    }))
    const plan = planFrom(settings, DEFAULTS, peers, cells)
    const summaries = await context.run(`open loop, ${command}`, plan, 'redis')
    for (const [i, share] of SHARES.entries()) {
      const ofCell = summaries.filter((one) => one.cell.ratePerSecond === cells[i].ratePerSecond)
      const mine = ofCell.find((one) => one.peer === 'ckv')
      const theirs = ofCell.find((one) => one.peer === 'redis')
      for (const [label, figure] of PERCENTILES) {
        bars.push({
          name: `${cellName(cells[i])} (${share * 100} % of peak): ${label} / redis`,
          value: medianRatio(rounds(mine, figure), rounds(theirs, figure)),
          limit: LATENCY_RATIO_MAX,
          direction: 'at most',
        })
      }
    }
  }
  return bars
}
