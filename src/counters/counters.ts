// A thread's own counters, and the sums over all threads. Only the owner adds; a reader may see a
// value that is one command old.

import { COMMAND_CODES_MAX, THREADS_MAX } from '../base/limits.ts'
import {
  CALLS_AT,
  COUNTER,
  COUNTER_DOUBLES,
  COUNTERS_PER_THREAD,
  ERROR_WORDS,
  ERRORS_AT,
  ERRORS_PER_THREAD,
  FAILED_AT,
  MICROS_AT,
  REJECTED_AT,
  ROWS,
} from './layout.ts'

export function countersByteLength(): number {
  return COUNTER_DOUBLES * 8
}

const SPACE = 0x20
const RETURN = 0x0d
const ERROR_BYTES = ERROR_WORDS.map((word) => Buffer.from(word, 'latin1') as Uint8Array)

export class Counters {
  readonly values: Float64Array
  readonly base: number
  /** Where this thread counts the calls of commands. */
  readonly #callsBase: number
  readonly #errorsBase: number

  constructor(buffer: SharedArrayBuffer, thread: number) {
    this.values = new Float64Array(buffer)
    this.base = thread * COUNTERS_PER_THREAD
    this.#callsBase = CALLS_AT + thread * COMMAND_CODES_MAX
    this.#errorsBase = ERRORS_AT + thread * ERRORS_PER_THREAD
  }

  /** `counter` is one of COUNTER. */
  add(counter: number, amount: number): void {
    this.values[this.base + counter] += amount
  }

  /** One more run of the command with this code, wherever it ran. */
  addCall(code: number): void {
    this.values[this.#callsBase + code] += 1
  }

  /** A run that was timed. */
  addMicros(code: number, micros: number): void {
    this.values[this.#callsBase + (MICROS_AT - CALLS_AT) + code] += micros
  }

  /** A call that was refused in front of its handler. */
  addRejected(code: number): void {
    this.values[this.#callsBase + (REJECTED_AT - CALLS_AT) + code] += 1
  }

  /** A call that ran and answered with an error. */
  addFailed(code: number): void {
    this.values[this.#callsBase + (FAILED_AT - CALLS_AT) + code] += 1
  }

  /** An error reply, which begins at `start` with its '-'. */
  addError(bytes: Uint8Array, start: number): void {
    this.add(COUNTER.errorsReplied, 1)
    this.values[this.#errorsBase + errorWordAt(bytes, start + 1)] += 1
  }

  /** Over all threads. */
  sum(counter: number): number {
    let total = 0
    for (let at = counter; at < CALLS_AT; at += COUNTERS_PER_THREAD) total += this.values[at]
    return total
  }

  /** Runs of a command over all threads. */
  calls(code: number): number {
    return this.#sumByCode(CALLS_AT, code)
  }

  failed(code: number): number {
    return this.#sumByCode(FAILED_AT, code)
  }

  rejected(code: number): number {
    return this.#sumByCode(REJECTED_AT, code)
  }

  /** Microseconds of the runs that were timed. */
  micros(code: number): number {
    return this.#sumByCode(MICROS_AT, code)
  }

  /** Error replies by the place of their first word in ERROR_WORDS. */
  errors(word: number): number {
    let total = 0
    for (let row = 0; row < ROWS; row++) {
      total += this.values[ERRORS_AT + row * ERRORS_PER_THREAD + word]
    }
    return total
  }

  /**
   * From here all sums count anew. Each thread goes on adding to its own row meanwhile; what was
   * read here is taken away in a row that nobody else stores to.
   */
  reset(): void {
    for (let counter = 0; counter < COUNTERS_PER_THREAD; counter++) {
      this.values[THREADS_MAX * COUNTERS_PER_THREAD + counter] -= this.sum(counter)
    }
    for (const at of [CALLS_AT, FAILED_AT, REJECTED_AT, MICROS_AT]) {
      for (let code = 0; code < COMMAND_CODES_MAX; code++) {
        this.values[at + THREADS_MAX * COMMAND_CODES_MAX + code] -= this.#sumByCode(at, code)
      }
    }
    for (let word = 0; word < ERRORS_PER_THREAD; word++) {
      this.values[ERRORS_AT + THREADS_MAX * ERRORS_PER_THREAD + word] -= this.errors(word)
    }
  }

  #sumByCode(at: number, code: number): number {
    let total = 0
    for (let row = 0; row < ROWS; row++) total += this.values[at + row * COMMAND_CODES_MAX + code]
    return total
  }
}

/** 0: a word of the message already, or one that is not counted apart. */
function errorWordAt(bytes: Uint8Array, start: number): number {
  for (let index = 1; index < ERROR_BYTES.length; index++) {
    const word = ERROR_BYTES[index]
    let at = 0
    while (at < word.length && bytes[start + at] === word[at]) at++
    const behind = bytes[start + at]
    if (at === word.length && (behind === SPACE || behind === RETURN)) return index
  }
  return 0
}
