// Commands of every data type beside redis-server with its append-only file synced every second:
// redis-benchmark's own tests, deep pipelines and none.

import { parsePeer } from '../load/peers.ts'
import type { BenchmarkTest } from '../load/redis-benchmark.ts'
import { cellName, type Summary } from '../matrix.ts'
import type { Bar } from '../report.ts'
import { geometricMean, medianRatio } from '../statistics.ts'
import { BASE_CELL, find, type Preset, planFrom, rounds } from './preset.ts'

const TESTS: readonly BenchmarkTest[] = [
  'incr',
  'lpush',
  'rpush',
  'lpop',
  'rpop',
  'sadd',
  'hset',
  'spop',
  'zadd',
  'zpopmin',
  'lrange_100',
  'lrange_300',
  'lrange_600',
  'mset',
]
const DEEP = 16
const CONNECTIONS = 50
const DEFAULTS = { rounds: 3, measureMs: 1000, warmupMs: 300, loader: 'redis-benchmark' as const }

const DEEP_MIN = 1.1
const DEEP_MEAN_MIN = 1.3
const DEEP_CPU_MEAN_MAX = 0.85
const SHALLOW_MIN = 0.85

export const types: Preset = async (context) => {
  const peers = context.present([parsePeer('ckv:as=ckv'), parsePeer('redis')])
  const cells = [DEEP, 1].flatMap((pipeline) =>
    TESTS.map((command) => ({ ...BASE_CELL, command, connections: CONNECTIONS, pipeline })),
  )
  const plan = planFrom(context.settings, DEFAULTS, peers, cells)
  const summaries = await context.run('every data type against redis-server', plan, 'redis')
  const bars: Bar[] = cells.map((cell) => ({
    name: `${cellName(cell)}: throughput / redis`,
    value: ratioOf(summaries, cell, 'throughput'),
    limit: cell.pipeline === DEEP ? DEEP_MIN : SHALLOW_MIN,
    direction: 'at least',
  }))
  const deep = cells.filter(({ pipeline }) => pipeline === DEEP)
  const mean = (figure: 'throughput' | 'cpuUsPerCommand'): number =>
    geometricMean(deep.map((cell) => ratioOf(summaries, cell, figure)))
  bars.push({
    name: `${CONNECTIONS}x${DEEP}: throughput / redis, geometric mean`,
    value: mean('throughput'),
    limit: DEEP_MEAN_MIN,
    direction: 'at least',
  })
  bars.push({
    name: `${CONNECTIONS}x${DEEP}: CPU per command / redis, geometric mean`,
    value: mean('cpuUsPerCommand'),
    limit: DEEP_CPU_MEAN_MAX,
    direction: 'at most',
  })
  return bars
}

function ratioOf(
  summaries: readonly Summary[],
  cell: Summary['cell'],
  figure: 'throughput' | 'cpuUsPerCommand',
): number {
  const ours = rounds(find(summaries, 'ckv', cell), figure)
  return medianRatio(ours, rounds(find(summaries, 'redis', cell), figure))
}
