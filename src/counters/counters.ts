// A thread's own counters, and the sums over all threads. Only the owner adds; a reader may see a
// value that is one command old.

import { COMMAND_CODES_MAX, THREADS_MAX } from '../base/limits.ts'
import { CALLS_AT, COUNTER_DOUBLES, COUNTERS_PER_THREAD } from './layout.ts'

export function countersByteLength(): number {
  return COUNTER_DOUBLES * 8
}

export class Counters {
  readonly values: Float64Array
  readonly base: number
  /** Where this thread counts the calls of commands. */
  readonly #callsBase: number

  constructor(buffer: SharedArrayBuffer, thread: number) {
    this.values = new Float64Array(buffer)
    this.base = thread * COUNTERS_PER_THREAD
    this.#callsBase = CALLS_AT + thread * COMMAND_CODES_MAX
  }

  /** `counter` is one of COUNTER. */
  add(counter: number, amount: number): void {
    this.values[this.base + counter] += amount
  }

  /** One more run of the command with this code, wherever it ran. */
  addCall(code: number): void {
    this.values[this.#callsBase + code] += 1
  }

  /** Over all threads. */
  sum(counter: number): number {
    let total = 0
    for (let at = counter; at < CALLS_AT; at += COUNTERS_PER_THREAD) total += this.values[at]
    return total
  }

  /** Runs of a command over all threads. */
  calls(code: number): number {
    let total = 0
    for (let thread = 0; thread < THREADS_MAX; thread++) {
      total += this.values[CALLS_AT + thread * COMMAND_CODES_MAX + code]
    }
    return total
  }
}
