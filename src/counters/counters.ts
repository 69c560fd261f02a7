// A thread's own counters, and the sums over all threads. Only the owner adds; a reader may see a
// value that is one command old.

import { THREADS_MAX } from '../base/limits.ts'
import { COUNTERS_PER_THREAD } from './layout.ts'

export function countersByteLength(): number {
  return THREADS_MAX * COUNTERS_PER_THREAD * 8
}

export class Counters {
  readonly values: Float64Array
  readonly base: number

  constructor(buffer: SharedArrayBuffer, thread: number) {
    this.values = new Float64Array(buffer)
    this.base = thread * COUNTERS_PER_THREAD
  }

  /** `counter` is one of COUNTER. */
  add(counter: number, amount: number): void {
    this.values[this.base + counter] += amount
  }

  /** Over all threads. */
  sum(counter: number): number {
    let total = 0
    for (let at = counter; at < this.values.length; at += COUNTERS_PER_THREAD) {
      total += this.values[at]
    }
    return total
  }
}
