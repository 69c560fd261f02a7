// What every micro bench is, and how one is measured: in slices of a few tens of milliseconds that
// alternate with the fixed reference loop, so that both see the same machine.

import { median } from '../statistics.ts'
import { computeReference, memoryReference } from './reference.ts'

export interface MicroBench {
  /** As it appears in tables and in baseline.json, after `micro/`. */
  name: string
  /** Which fixed loop it is compared with: one that lives in the caches, or one that misses. */
  reference: 'compute' | 'memory'
  /** Operations in one call of `run`. */
  operations: number
  /** Does the work; must not be removable by the compiler, so it returns something it computed. */
  run(): number
}

export interface MicroFigures {
  name: string
  nsPerOperation: number
  /** Operations of the bench in the time of one operation of the reference loop. */
  ratio: number
}

/** Keeps results alive. */
let sink = 0

export function sunk(): number {
  return sink
}

/** Nanoseconds per operation over at least `ms` milliseconds. */
function slice(
  bench: Pick<MicroBench, 'operations' | 'run'>,
  ms: number,
  slowShare: number,
): number {
  const startMs = performance.now()
  let operations = 0
  let nowMs = startMs
  while (nowMs - startMs < ms) {
    const runMs = performance.now()
    sink ^= bench.run()
    operations += bench.operations
    nowMs = performance.now()
    if (slowShare > 0) nowMs = burn(nowMs, (nowMs - runMs) * slowShare)
  }
  return ((nowMs - startMs) * 1e6) / operations
}

/** Spins; used only to try the regression test. */
function burn(fromMs: number, ms: number): number {
  let nowMs = fromMs
  while (nowMs - fromMs < ms) nowMs = performance.now()
  return nowMs
}

const SLICE_MS = 20
const WARMUP_MS = 300

/** Measures for about `ms` milliseconds. `slowShare` 0.4 makes the bench 40 % slower on purpose. */
export function measureMicro(bench: MicroBench, ms: number, slowShare = 0): MicroFigures {
  const reference = bench.reference === 'compute' ? computeReference() : memoryReference()
  slice(bench, WARMUP_MS, slowShare)
  slice(reference, WARMUP_MS / 2, 0)
  const own: number[] = []
  const ratios: number[] = []
  for (let spent = 0; spent < ms; spent += 2 * SLICE_MS) {
    const before = slice(reference, SLICE_MS / 2, 0)
    const subject = slice(bench, SLICE_MS, slowShare)
    const after = slice(reference, SLICE_MS / 2, 0)
    own.push(subject)
    ratios.push((before + after) / 2 / subject)
  }
  return { name: bench.name, nsPerOperation: median(own), ratio: median(ratios) }
}
