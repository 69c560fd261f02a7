// Tables, bars and the JSON file.

import { cpus, totalmem } from 'node:os'
import { cellName, middle, type NumericFigure, type Summary } from './matrix.ts'
import { medianRatio } from './statistics.ts'

/** One promise with its measured figure. */
export interface Bar {
  name: string
  value: number
  limit: number
  /** Whether the value must be at least or at most the limit. */
  direction: 'at least' | 'at most'
}

/** NaN (nothing measured) never passes. */
export function passes(bar: Bar): boolean {
  return bar.direction === 'at least' ? bar.value >= bar.limit : bar.value <= bar.limit
}

/** Lays rows out in columns; the first column to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) widths[i] = Math.max(widths[i] ?? 0, row[i].length)
  }
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

/** A figure with three significant digits, `-` when there is none. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(3)).toString()
}

/** The ratio of a peer to the reference in the same cell, round by round; NaN without reference. */
export function ratioTo(
  summaries: readonly Summary[],
  subject: Summary,
  reference: string,
  figure: NumericFigure,
): number {
  const other = summaries.find(
    (one) => one.peer === reference && one.loader === subject.loader && sameCell(one, subject.cell),
  )
  if (other === undefined) return Number.NaN
  const figures = (one: Summary): number[] => one.samples.map((sample) => sample[figure])
  return medianRatio(figures(subject), figures(other))
}

function sameCell(summary: Summary, cell: Summary['cell']): boolean {
  return JSON.stringify(summary.cell) === JSON.stringify(cell)
}

const HEADER = ['cell', 'server', 'req/s', 'p50 us', 'p99 us', 'p99.9 us', 'max us', 'cpu us/cmd']

/** The table of a matrix, with ratios to the reference when one is named. */
export function summaryTable(summaries: readonly Summary[], reference: string): string {
  const withRatio = reference !== ''
  const rows: string[][] = [withRatio ? [...HEADER, 'x req/s', 'x p99', 'x cpu'] : HEADER]
  for (const summary of summaries) {
    const row = [cellName(summary.cell), summary.peer]
    for (const figure of FIGURES) row.push(formatFigure(middle(summary, figure)))
    if (withRatio) {
      for (const figure of RATIO_FIGURES) {
        row.push(formatFigure(ratioTo(summaries, summary, reference, figure)))
      }
    }
    rows.push(row)
  }
  return formatTable(rows)
}

const FIGURES: NumericFigure[] = [
  'throughput',
  'p50Us',
  'p99Us',
  'p999Us',
  'maxUs',
  'cpuUsPerCommand',
]
const RATIO_FIGURES: NumericFigure[] = ['throughput', 'p99Us', 'cpuUsPerCommand']

/** One line a bar: PASS or FAIL, what, the measured figure and its limit. */
export function barTable(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => [
    passes(bar) ? 'PASS' : 'FAIL',
    bar.name,
    formatFigure(bar.value),
    `${bar.direction} ${formatFigure(bar.limit)}`,
  ])
  return formatTable(rows)
}

/** What the figures were measured on. */
export function describeMachine(): Record<string, string | number> {
  const all = cpus()
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}
