// Operations and bytes a second, from two readings of the counters that lie one to two seconds
// apart when `sample` is called often (an acceptor's timer), and at least a second apart else.

import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'

const SAMPLE_MS_MIN = 1000

class Reading {
  atMs = 0
  commands = 0
  bytesIn = 0
  bytesOut = 0
}

export interface Rates {
  readonly operationsPerSecond: number
  readonly inputBytesPerSecond: number
  readonly outputBytesPerSecond: number
}

export class RateSampler {
  readonly #counters: Counters
  #older = new Reading()
  #newer = new Reading()

  /** @param nowMs of the monotonic clock */
  constructor(counters: Counters, nowMs: number) {
    this.#counters = counters
    this.#read(this.#older, nowMs)
    this.#read(this.#newer, nowMs)
  }

  /** Takes a reading if the last is a second old. Costs nothing else, so call it from any timer. */
  sample(nowMs: number): void {
    if (nowMs - this.#newer.atMs < SAMPLE_MS_MIN) return
    const spare = this.#older
    this.#older = this.#newer
    this.#newer = spare
    this.#read(spare, nowMs)
  }

  rates(): Rates {
    const seconds = (this.#newer.atMs - this.#older.atMs) / 1000
    const perSecond = (amount: number): number => (seconds > 0 ? Math.max(0, amount) / seconds : 0)
    return {
      operationsPerSecond: perSecond(this.#newer.commands - this.#older.commands),
      inputBytesPerSecond: perSecond(this.#newer.bytesIn - this.#older.bytesIn),
      outputBytesPerSecond: perSecond(this.#newer.bytesOut - this.#older.bytesOut),
    }
  }

  #read(reading: Reading, nowMs: number): void {
    reading.atMs = nowMs
    reading.commands = commandsProcessed((counter) => this.#counters.sum(counter))
    reading.bytesIn = this.#counters.sum(COUNTER.bytesReceived)
    reading.bytesOut = this.#counters.sum(COUNTER.bytesSent)
  }
}

/**
 * Every executed command is counted where it ran: in place, through a ring, by the acceptor
 * itself. A thread that counts them as processed only is believed too.
 */
export function commandsProcessed(countOf: (counter: number) => number): number {
  const ran =
    countOf(COUNTER.commandsPlaced) +
    countOf(COUNTER.commandsRinged) +
    countOf(COUNTER.commandsLocal)
  return Math.max(ran, countOf(COUNTER.commandsProcessed))
}
