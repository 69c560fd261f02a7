// CLIENT PAUSE: a mode and an end in the control rows, seen by every acceptor at its next receive.
// What waits is routed again when the pause is over. [redis-7.0 networking.c]

import { type CommandRow, WRITE } from '../catalog/spec.ts'
import { PAUSE_ALL, PAUSE_MODE_WORD, PAUSE_NONE, PAUSE_UNTIL_LONG } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

/** A pause that runs is never made weaker or shorter by another. */
export function beginPause(rows: Rows, mode: number, untilMs: number, nowMs: number): void {
  const runs = Atomics.load(rows.words, PAUSE_MODE_WORD)
  const runsUntilMs = Number(Atomics.load(rows.longs, PAUSE_UNTIL_LONG))
  const isRunning = runs !== PAUSE_NONE && runsUntilMs > nowMs
  const endMs = isRunning ? Math.max(untilMs, runsUntilMs) : untilMs
  Atomics.store(rows.longs, PAUSE_UNTIL_LONG, BigInt(Math.min(endMs, Number.MAX_SAFE_INTEGER)))
  Atomics.store(rows.words, PAUSE_MODE_WORD, isRunning ? Math.max(runs, mode) : mode)
}

export function endPause(rows: Rows): void {
  Atomics.store(rows.words, PAUSE_MODE_WORD, PAUSE_NONE)
}

/**
 * For how long this command has to wait still, in ms; 0: not at all.
 * @param writes it executes commands that write
 */
export function pauseLeftMs(
  rows: Rows,
  row: CommandRow | null,
  writes: boolean,
  nowMs: number,
): number {
  const mode = Atomics.load(rows.words, PAUSE_MODE_WORD)
  if (mode === PAUSE_NONE) return 0
  const leftMs = Number(Atomics.load(rows.longs, PAUSE_UNTIL_LONG)) - nowMs
  if (leftMs <= 0) {
    // If another pause began in between, it is put back.
    Atomics.compareExchange(rows.words, PAUSE_MODE_WORD, mode, PAUSE_NONE)
    if (Number(Atomics.load(rows.longs, PAUSE_UNTIL_LONG)) > nowMs) {
      Atomics.compareExchange(rows.words, PAUSE_MODE_WORD, PAUSE_NONE, mode)
    }
    return 0
  }
  // Somebody has to be able to end it.
  if (row === null || row.name === 'client|unpause') return row === null ? leftMs : 0
  return mode === PAUSE_ALL || writes || (row.flags & WRITE) !== 0 ? leftMs : 0
}
