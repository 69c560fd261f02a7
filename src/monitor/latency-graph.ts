// LATENCY GRAPH: a bar a sample, its age below it.

import type { LatencySeries } from '../counters/latency.ts'

const COLUMNS_MAX = 80
const ROWS = 4
const MARKS = '_oO#'

/** @param nowSeconds of the wall clock */
export function latencyGraph(name: string, series: LatencySeries, nowSeconds: number): string {
  const samples = series.samples.slice(-COLUMNS_MAX)
  const highest = Math.max(...samples.map(({ ms }) => ms))
  const lowest = Math.min(...samples.map(({ ms }) => ms))
  const allTime = `all time high ${series.slowestMs} ms`
  const head = `${name} - high ${highest} ms, low ${lowest} ms (${allTime})`
  const heights = samples.map(({ ms }) => heightOf(ms, lowest, highest))
  const lines: string[] = [head, '-'.repeat(80)]
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(
      heights
        .map((height) => markOf(height, row))
        .join('')
        .trimEnd(),
    )
  }
  const ages = samples.map(({ second }) => ageOf(nowSeconds - second))
  const depth = Math.max(...ages.map((age) => age.length))
  for (let row = 0; row < depth; row++) {
    lines.push(
      ages
        .map((age) => age[row] ?? ' ')
        .join('')
        .trimEnd(),
    )
  }
  return `${lines.join('\n')}\n`
}

/** In steps of a mark: ROWS rows of MARKS each. */
function heightOf(ms: number, lowest: number, highest: number): number {
  const steps = ROWS * MARKS.length - 1
  return highest === lowest ? steps : Math.round(((ms - lowest) / (highest - lowest)) * steps)
}

function markOf(height: number, row: number): string {
  const inRow = height - row * MARKS.length
  if (inRow < 0) return ' '
  return inRow >= MARKS.length ? '|' : MARKS[inRow]
}

function ageOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m`
  return whole < 86_400 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`
}
