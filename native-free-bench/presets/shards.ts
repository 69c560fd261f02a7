// What more shards and more acceptors cost: CPU per command must hardly grow with either. From the
// cost of one command follows what a larger machine could do at most.

import { parsePeer } from '../load/peers.ts'
import { cellName, middle, type Summary } from '../matrix.ts'
import { type Bar, formatFigure, formatTable } from '../report.ts'
import { medianRatio } from '../statistics.ts'
import { BASE_CELL, find, type Preset, planFrom, rounds } from './preset.ts'

const SHARD_COUNTS = [1, 2, 4, 8, 32, 128]
const ACCEPTOR_COUNTS = [1, 2]
const REFERENCE_SHARDS = 2
const CPU_RATIO_MAX = 1.15
const ACCEPTOR_RATIO_MIN = 0.9
const PREDICTED_CORES = [2, 16, 64]
const DEFAULTS = { rounds: 3, measureMs: 2000, warmupMs: 1000, loader: 'own' as const }
const CELLS = [
  { ...BASE_CELL, command: 'set' as const, pipeline: 16 },
  { ...BASE_CELL, command: 'get' as const, pipeline: 16 },
]

function peerName(shards: number, acceptors: number): string {
  return `${shards} shards, ${acceptors} acceptors`
}

export const shards: Preset = async (context) => {
  const specs = ACCEPTOR_COUNTS.flatMap((acceptors) =>
    SHARD_COUNTS.map((count) => ({
      ...parsePeer(`ckv:shards=${count},acceptors=${acceptors}`),
      name: peerName(count, acceptors),
    })),
  )
  const peers = context.present(specs)
  const plan = planFrom(context.settings, DEFAULTS, peers, CELLS)
  const reference = peerName(REFERENCE_SHARDS, 1)
  const summaries = await context.run('shards and acceptors', plan, reference)
  context.say(costTable(summaries))
  return CELLS.flatMap((cell) => [...costBars(summaries, cell), acceptorBar(summaries, cell)])
}

function costBars(summaries: Summary[], cell: Summary['cell']): Bar[] {
  return ACCEPTOR_COUNTS.flatMap((acceptors) => {
    const base = rounds(
      find(summaries, peerName(REFERENCE_SHARDS, acceptors), cell),
      'cpuUsPerCommand',
    )
    return SHARD_COUNTS.filter((count) => count !== REFERENCE_SHARDS).map((count): Bar => {
      const name = peerName(count, acceptors)
      return {
        name: `${cellName(cell)} ${name}: CPU per command / ${REFERENCE_SHARDS} shards`,
        value: medianRatio(rounds(find(summaries, name, cell), 'cpuUsPerCommand'), base),
        limit: CPU_RATIO_MAX,
        direction: 'at most',
      }
    })
  })
}

function acceptorBar(summaries: Summary[], cell: Summary['cell']): Bar {
  const two = rounds(find(summaries, peerName(REFERENCE_SHARDS, 2), cell), 'throughput')
  const one = rounds(find(summaries, peerName(REFERENCE_SHARDS, 1), cell), 'throughput')
  return {
    name: `${cellName(cell)}: throughput of 2 acceptors / 1 acceptor`,
    value: medianRatio(two, one),
    limit: ACCEPTOR_RATIO_MIN,
    direction: 'at least',
  }
}

/**
 * Cost of a command, how it splits over the busiest threads, and cores ÷ cost: the throughput if
 * every core were the server's and nothing were shared. An upper bound, not a promise.
 */
function costTable(summaries: Summary[]): string {
  const predicted = PREDICTED_CORES.map((cores) => `${cores} cores: req/s at most`)
  const rows = [['cell', 'server', 'cpu us/cmd', 'busiest threads us/cmd', ...predicted]]
  for (const summary of summaries) {
    const cost = middle(summary, 'cpuUsPerCommand')
    const last = summary.samples.at(-1)
    const threads = (last?.threads ?? []).slice(0, 4)
    rows.push([
      cellName(summary.cell),
      summary.peer,
      formatFigure(cost),
      threads.map((use) => `${use.name} ${formatFigure(use.cpuUsPerCommand)}`).join(', '),
      ...PREDICTED_CORES.map((cores) => formatFigure((cores * 1e6) / cost)),
    ])
  }
  return formatTable(rows)
}
