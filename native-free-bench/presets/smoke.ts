// A few seconds: does the whole harness work and does every reply come back right? No speed is
// judged. Part of `npm run check`.

import { type PeerSpec, parsePeer } from '../load/peers.ts'
import { firstFault } from '../matrix.ts'
import type { Bar } from '../report.ts'
import { BASE_CELL, type Preset, planFrom } from './preset.ts'

const DEFAULTS = { rounds: 1, measureMs: 150, warmupMs: 50, loader: 'own' as const }
const SMALL = { ...BASE_CELL, connections: 4, pipeline: 8, keys: 1000 }
const COMMANDS = ['ping', 'set', 'get', 'incr', 'mset', 'mget', 'mixed'] as const

export const smoke: Preset = async (context) => {
  const settings = { ...context.settings, loader: 'own' as const }
  const peers: PeerSpec[] = context.present([
    parsePeer('echo'),
    parsePeer('ckv:dispatch=auto,as=ckv-auto'),
    parsePeer('ckv:dispatch=ring,as=ckv-ring'),
  ])
  const closed = COMMANDS.map((command) => ({ ...SMALL, command }))
  const open = { ...SMALL, command: 'get' as const, pipeline: 1, ratePerSecond: 400 }
  const skewed = { ...SMALL, distribution: 'zipf' as const }
  const plan = planFrom(settings, DEFAULTS, peers, [...closed, open, skewed])
  const summaries = await context.run('smoke', plan, '')
  const fault = firstFault(summaries)
  if (fault !== undefined) context.say(`wrong reply: ${fault}`)
  const silent = summaries.filter((one) => one.samples.some((sample) => sample.throughput === 0))
  for (const one of silent) context.say(`no reply at all: ${one.peer}, ${one.cell.command}`)
  const bars: Bar[] = [
    {
      name: 'cells with wrong replies',
      value: fault === undefined ? 0 : 1,
      limit: 0,
      direction: 'at most',
    },
    { name: 'cells without replies', value: silent.length, limit: 0, direction: 'at most' },
  ]
  return bars
}
