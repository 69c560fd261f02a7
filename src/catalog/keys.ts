// Where the keys of a command line stand. Argument 0 is the command's name, as in Redis.
//
//   for (let at = row.firstKey, last = lastKey(row, argCount); at <= last; at += row.keyStep)
//
// No allocation, so it serves the hot path. Call it after the arity check only: with too few
// arguments the range is empty or short, never outside the line.

import type { CommandRow } from './spec.ts'

/** Argument index behind which no key stands; below firstKey when there is none. */
export function lastKey(row: CommandRow, argCount: number): number {
  if (row.firstKey === 0) return -1
  if (row.lastKey < 0) return argCount + row.lastKey
  return row.lastKey < argCount ? row.lastKey : argCount - 1
}

/** How many arguments of the line are keys: with FAST_PER_KEY, how much work it is. */
export function keyCount(row: CommandRow, argCount: number): number {
  const last = lastKey(row, argCount)
  if (last < row.firstKey) return 0
  return Math.floor((last - row.firstKey) / row.keyStep) + 1
}
