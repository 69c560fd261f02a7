// Option values as words of the control rows, which every thread reads.

import { REPLY_BYTES_WORD, TIMING_WORD } from '../rows/layout.ts'
import { parseNotifyFlags } from '../rows/notify-flags.ts'
import { type OptionRow, type OptionValue, replyBytesMax } from './rows.ts'
import { OPTION_ROWS, type Options } from './table.ts'

const UNTIMED_MICROS_MAX = 1000
const INT32_MAX = 2_147_483_647
const rows: readonly OptionRow[] = OPTION_ROWS

/** Stores every option that has a word. Main only. */
export function storeOptionWords(words: Int32Array, options: Options): void {
  for (const row of rows) {
    if (row.word < 0) continue
    Atomics.store(words, row.word, wordOf(row, options[row.property as keyof Options]))
  }
  Atomics.store(words, TIMING_WORD, timesAll(options) ? 1 : 0)
  Atomics.store(words, REPLY_BYTES_WORD, replyBytesMax(options.outputLimitNormal))
}

/**
 * Two readings of a clock are a part of what a GET costs, and none takes a millisecond: it is timed
 * only when somebody wants to know of less.
 */
function timesAll(options: Options): boolean {
  const { slowlogMicros, latencyTracking, latencyThresholdMs } = options
  const wantsShort = slowlogMicros >= 0 && slowlogMicros < UNTIMED_MICROS_MAX
  return latencyTracking || wantsShort || latencyThresholdMs === 1
}

/** A choice as its place among the choices, letters as bits, numbers as far as 31 bits go. */
function wordOf(row: OptionRow, value: OptionValue): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return Math.min(value, INT32_MAX)
  if (row.kind === 'choice') return row.choices.indexOf(String(value))
  return parseNotifyFlags(String(value)) ?? 0
}
