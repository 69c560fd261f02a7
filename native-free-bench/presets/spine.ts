// Throughput and CPU per command: against the prototype in the same mode, and against Redis with
// its append-only file synced every second.

import { type PeerSpec, parsePeer } from '../load/peers.ts'
import { cellName, type Summary } from '../matrix.ts'
import type { Bar } from '../report.ts'
import { geometricMean, medianRatio } from '../statistics.ts'
import { find, type Preset, planFrom, rounds, setAndGet } from './preset.ts'

const MODES = ['ring', 'place', 'auto'] as const
const SHAPES = [
  [1, 1],
  [10, 1],
  [50, 1],
  [50, 16],
  [50, 64],
] as const
const COMMANDS = ['set', 'get'] as const
const DEFAULTS = { rounds: 5, measureMs: 2000, warmupMs: 1000, loader: 'redis-benchmark' as const }

const CEILING_THROUGHPUT_MIN = 0.8
const CEILING_CPU_MAX = 1.25
const AUTO_MIN = 0.95
const REDIS_SHALLOW_MIN = 0.8
const REDIS_DEEP_MIN = 1.2
const REDIS_CPU_MAX = 0.85
const REDIS_CPU_PIPELINE = 16

/** Every mode of ours beside the same mode of the prototype. */
export const spineCeiling: Preset = async (context) => {
  const peers = context.present(
    MODES.flatMap((mode) => [
      parsePeer(`ckv:dispatch=${mode},shards=2,as=ckv-${mode}`),
      parsePeer(`ceiling:mode=${mode},shards=2,as=ceiling-${mode}`),
    ]),
  )
  const cells = setAndGet(SHAPES)
  const plan = planFrom(context.settings, DEFAULTS, peers, cells)
  const summaries = await context.run('against the prototype', plan, 'ceiling-auto')
  const bars: Bar[] = []
  for (const cell of cells) {
    const name = cellName(cell)
    for (const mode of MODES) {
      const ours = find(summaries, `ckv-${mode}`, cell)
      const ceiling = find(summaries, `ceiling-${mode}`, cell)
      bars.push({
        name: `${name} ${mode}: throughput / ceiling`,
        value: medianRatio(rounds(ours, 'throughput'), rounds(ceiling, 'throughput')),
        limit: CEILING_THROUGHPUT_MIN,
        direction: 'at least',
      })
      bars.push({
        name: `${name} ${mode}: CPU per command / ceiling`,
        value: medianRatio(rounds(ours, 'cpuUsPerCommand'), rounds(ceiling, 'cpuUsPerCommand')),
        limit: CEILING_CPU_MAX,
        direction: 'at most',
      })
    }
    bars.push(autoBar(summaries, cell, name))
  }
  return bars
}

/** `auto` against whichever of the pinned modes is better in this cell. */
function autoBar(summaries: Summary[], cell: Summary['cell'], name: string): Bar {
  const auto = rounds(find(summaries, 'ckv-auto', cell), 'throughput')
  const toRing = medianRatio(auto, rounds(find(summaries, 'ckv-ring', cell), 'throughput'))
  const toPlace = medianRatio(auto, rounds(find(summaries, 'ckv-place', cell), 'throughput'))
  return {
    name: `${name}: auto / better of ring and place`,
    value: Math.min(toRing, toPlace),
    limit: AUTO_MIN,
    direction: 'at least',
  }
}

/** `auto` beside redis-server; the geometric mean of SET and GET decides. */
export const spineRedis: Preset = async (context) => {
  const peers: PeerSpec[] = context.present([parsePeer('ckv:as=ckv'), parsePeer('redis')])
  const plan = planFrom(context.settings, DEFAULTS, peers, setAndGet(SHAPES))
  const summaries = await context.run('against redis-server', plan, 'redis')
  const bars: Bar[] = []
  for (const [connections, pipeline] of SHAPES) {
    const ratio = (figure: 'throughput' | 'cpuUsPerCommand'): number =>
      geometricMean(
        COMMANDS.map((command) => {
          const cell = { command, connections, pipeline }
          const ours = rounds(find(summaries, 'ckv', cell), figure)
          return medianRatio(ours, rounds(find(summaries, 'redis', cell), figure))
        }),
      )
    bars.push({
      name: `${connections}x${pipeline}: throughput / redis (geometric mean of SET and GET)`,
      value: ratio('throughput'),
      limit: pipeline === 1 ? REDIS_SHALLOW_MIN : REDIS_DEEP_MIN,
      direction: 'at least',
    })
    if (pipeline !== REDIS_CPU_PIPELINE) continue
    bars.push({
      name: `${connections}x${pipeline}: CPU per command / redis`,
      value: ratio('cpuUsPerCommand'),
      limit: REDIS_CPU_MAX,
      direction: 'at most',
    })
  }
  return bars
}
