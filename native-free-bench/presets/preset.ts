// What every preset is made of.

import type { LoadClient } from '../load/client.ts'
import type { PeerSpec } from '../load/peers.ts'
import type { ServerOptions } from '../load/server.ts'
import type { Cell, Loader, MatrixPlan, Summary } from '../matrix.ts'
import type { Bar } from '../report.ts'

/** Settings from the command line; undefined = the preset's own value. */
export interface PresetSettings {
  rounds: number | undefined
  measureMs: number | undefined
  warmupMs: number | undefined
  loader: Loader | undefined
  clientThreads: number
  keys: number | undefined
}

export interface PresetContext {
  client: LoadClient
  servers: ServerOptions
  settings: PresetSettings
  say(text: string): void
  /** Runs a matrix, prints its table with ratios to `reference`, keeps it for the JSON file. */
  run(title: string, plan: MatrixPlan, reference: string): Promise<Summary[]>
  /** Leaves out peers that cannot run here, saying why. */
  present(peers: PeerSpec[]): PeerSpec[]
}

/** A preset: measures, prints its tables, returns its bars. */
export type Preset = (context: PresetContext) => Promise<Bar[]>

export const BASE_CELL: Cell = {
  command: 'set',
  connections: 50,
  pipeline: 1,
  valueBytes: 64,
  keys: 100_000,
  distribution: 'uniform',
  ratePerSecond: 0,
}

export interface PlanDefaults {
  rounds: number
  measureMs: number
  warmupMs: number
  loader: Loader
}

/** A plan with the preset's values where the command line said nothing. */
export function planFrom(
  settings: PresetSettings,
  defaults: PlanDefaults,
  peers: PeerSpec[],
  cells: Cell[],
): MatrixPlan {
  return {
    peers,
    cells:
      settings.keys === undefined ? cells : cells.map((cell) => withKeys(cell, settings.keys!)),
    loader: settings.loader ?? defaults.loader,
    rounds: settings.rounds ?? defaults.rounds,
    warmupMs: settings.warmupMs ?? defaults.warmupMs,
    measureMs: settings.measureMs ?? defaults.measureMs,
    clientThreads: settings.clientThreads,
    replyCheck: 'parser',
  }
}

function withKeys(cell: Cell, keys: number): Cell {
  return { ...cell, keys }
}

/** SET and GET at every {connections, pipeline}. */
export function setAndGet(shapes: readonly (readonly [number, number])[]): Cell[] {
  return shapes.flatMap(([connections, pipeline]) => [
    { ...BASE_CELL, command: 'set' as const, connections, pipeline },
    { ...BASE_CELL, command: 'get' as const, connections, pipeline },
  ])
}

/** The summary of a peer in the cell of the same command, connections and pipeline. */
export function find(
  summaries: readonly Summary[],
  peer: string,
  cell: Pick<Cell, 'command' | 'connections' | 'pipeline'>,
): Summary | undefined {
  return summaries.find(
    (one) =>
      one.peer === peer &&
      one.cell.command === cell.command &&
      one.cell.connections === cell.connections &&
      one.cell.pipeline === cell.pipeline,
  )
}

/** The rounds of one figure; none when the peer was not measured. */
export function rounds(
  summary: Summary | undefined,
  figure: 'throughput' | 'cpuUsPerCommand' | 'p50Us' | 'p99Us' | 'p999Us',
): number[] {
  return (summary?.samples ?? []).map((sample) => sample[figure])
}
