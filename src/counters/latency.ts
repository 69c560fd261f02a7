// LATENCY: how slow the slowest event of a class was, second by second; and how long commands took,
// by powers of two. One region a thread in one SharedArrayBuffer of doubles, written by its thread
// only and joined by whoever reads:
//
//   region   | event 0 | event 1 | times of commands, by code |
//   event    | 0 resets seen | 1 samples so far | 2 slowest of all | 3 free | second, ms | …
//   times    | below 2 us | below 4 us | … |    only filled while latency-tracking is on
//
// [redis-7.0 latency.c]

import { COMMAND_CODES_MAX } from '../base/limits.ts'
import { LATENCY_RESETS_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

/** `command`: any of unbounded work; `fast-command`: the others. Redis's names. */
export const LATENCY_EVENTS = ['command', 'fast-command'] as const
export const EVENT_COMMAND = 0
export const EVENT_FAST_COMMAND = 1

/** [redis-7.0 latency.h] */
const SAMPLES_MAX = 160
const RESETS_DOUBLE = 0
const COUNT_DOUBLE = 1
const SLOWEST_DOUBLE = 2
const SAMPLES_DOUBLE = 4
const EVENT_DOUBLES = SAMPLES_DOUBLE + SAMPLES_MAX * 2
/** The last bucket holds all from 2^23 us (8 s) on. */
export const TIME_BUCKETS = 24
const TIMES_DOUBLE = LATENCY_EVENTS.length * EVENT_DOUBLES
const REGION_DOUBLES = TIMES_DOUBLE + COMMAND_CODES_MAX * TIME_BUCKETS

export interface LatencySample {
  readonly second: number
  readonly ms: number
}

export interface LatencySeries {
  /** One a second, the oldest first. */
  readonly samples: readonly LatencySample[]
  /** Since the last reset. */
  readonly slowestMs: number
}

export function latencyByteLength(threadCount: number): number {
  return threadCount * REGION_DOUBLES * 8
}

export class Latency {
  readonly #rows: Rows
  readonly #doubles: Float64Array
  readonly #base: number

  constructor(buffer: SharedArrayBuffer, rows: Rows, thread: number) {
    this.#rows = rows
    this.#doubles = new Float64Array(buffer)
    this.#base = thread * REGION_DOUBLES
  }

  /** The slowest of each second is kept. */
  note(event: number, second: number, ms: number): void {
    const doubles = this.#doubles
    const at = this.#base + event * EVENT_DOUBLES
    const resets = this.#resets(event)
    if (doubles[at + RESETS_DOUBLE] !== resets) {
      doubles[at + COUNT_DOUBLE] = 0
      doubles[at + SLOWEST_DOUBLE] = 0
      doubles[at + RESETS_DOUBLE] = resets
    }
    if (ms > doubles[at + SLOWEST_DOUBLE]) doubles[at + SLOWEST_DOUBLE] = ms
    const count = doubles[at + COUNT_DOUBLE]
    const last = at + SAMPLES_DOUBLE + ((count + SAMPLES_MAX - 1) % SAMPLES_MAX) * 2
    if (count > 0 && doubles[last] === second) {
      if (ms > doubles[last + 1]) doubles[last + 1] = ms
      return
    }
    const next = at + SAMPLES_DOUBLE + (count % SAMPLES_MAX) * 2
    doubles[next] = second
    doubles[next + 1] = ms
    doubles[at + COUNT_DOUBLE] = count + 1
  }

  noteTime(code: number, micros: number): void {
    const bucket = micros < 2 ? 0 : Math.min(31 - Math.clz32(micros), TIME_BUCKETS - 1)
    this.#doubles[this.#base + TIMES_DOUBLE + code * TIME_BUCKETS + bucket]++
  }

  #resets(event: number): number {
    return Atomics.load(this.#rows.words, LATENCY_RESETS_WORD + event)
  }

  // ── Reading, on any thread ──────────────────────────────────────────────────────────────────

  /** Of all threads together. */
  series(event: number): LatencySeries {
    const slowestBySecond = new Map<number, number>()
    let slowestMs = 0
    const resets = this.#resets(event)
    for (let base = 0; base < this.#doubles.length; base += REGION_DOUBLES) {
      const at = base + event * EVENT_DOUBLES
      if (this.#doubles[at + RESETS_DOUBLE] !== resets) continue
      slowestMs = Math.max(slowestMs, this.#doubles[at + SLOWEST_DOUBLE])
      const count = Math.min(this.#doubles[at + COUNT_DOUBLE], SAMPLES_MAX)
      for (let index = 0; index < count; index++) {
        const second = this.#doubles[at + SAMPLES_DOUBLE + index * 2]
        const ms = this.#doubles[at + SAMPLES_DOUBLE + index * 2 + 1]
        slowestBySecond.set(second, Math.max(slowestBySecond.get(second) ?? 0, ms))
      }
    }
    const samples = [...slowestBySecond].map(([second, ms]) => ({ second, ms }))
    samples.sort((one, other) => one.second - other.second)
    return { samples: samples.slice(-SAMPLES_MAX), slowestMs }
  }

  /** Forgets the event's samples, those of every thread. */
  reset(event: number): void {
    Atomics.add(this.#rows.words, LATENCY_RESETS_WORD + event, 1)
  }

  /** How many runs of a command took less than 2, 4, 8, … us, each bucket by itself. */
  times(code: number): number[] {
    const sums = new Array<number>(TIME_BUCKETS).fill(0)
    for (let base = TIMES_DOUBLE; base < this.#doubles.length; base += REGION_DOUBLES) {
      const at = base + code * TIME_BUCKETS
      for (let bucket = 0; bucket < TIME_BUCKETS; bucket++)
        sums[bucket] += this.#doubles[at + bucket]
    }
    return sums
  }
}
