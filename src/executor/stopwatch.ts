// How long commands take, for SLOWLOG, LATENCY and INFO. One a thread. Two readings of a clock cost
// a part of what a GET costs, so commands of bounded work are timed only when somebody asked for
// it.

import type { Clock } from '../base/clock.ts'
import { type CommandRow, FAST, FAST_PER_KEY, NO_AUTH } from '../catalog/spec.ts'
import type { Counters } from '../counters/counters.ts'
import { EVENT_COMMAND, EVENT_FAST_COMMAND, type Latency } from '../counters/latency.ts'
import type { CommandLine, SlowLog } from '../counters/slow-log.ts'
import {
  LATENCY_THRESHOLD_MS_WORD,
  LATENCY_TRACKING_WORD,
  SLOWLOG_LENGTH_WORD,
  SLOWLOG_MICROS_WORD,
  TIMING_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

const BOUNDED = FAST | FAST_PER_KEY
/** A row that sets secrets: nothing behind its name is noted. */
const SECRET_ROW = 'config|set'
const SECRET = /^(requirepass|masterauth)$/i

export class Stopwatch {
  readonly slowLog: SlowLog
  readonly latency: Latency
  readonly #rows: Rows
  readonly #clock: Clock
  readonly #counters: Counters

  constructor(rows: Rows, clock: Clock, counters: Counters, slowLog: SlowLog, latency: Latency) {
    this.#rows = rows
    this.#clock = clock
    this.#counters = counters
    this.slowLog = slowLog
    this.latency = latency
  }

  /** Asked once a receive or record. */
  timesAll(): boolean {
    return this.#rows.words[TIMING_WORD] !== 0
  }

  /** Milliseconds of the monotonic clock, for `end`. */
  begin(): number {
    return this.#clock.monotonicMs()
  }

  end(line: CommandLine, row: CommandRow, client: number, beganMs: number): void {
    const { words } = this.#rows
    const ms = this.#clock.monotonicMs() - beganMs
    const micros = Math.round(ms * 1000)
    this.#counters.addMicros(row.code, micros)
    if (words[LATENCY_TRACKING_WORD] !== 0) this.latency.noteTime(row.code, micros)
    const thresholdMs = words[LATENCY_THRESHOLD_MS_WORD]
    if (thresholdMs > 0 && ms >= thresholdMs) {
      const event = (row.flags & BOUNDED) === 0 ? EVENT_COMMAND : EVENT_FAST_COMMAND
      this.latency.note(event, this.#second(), Math.round(ms))
    }
    const slowMicros = words[SLOWLOG_MICROS_WORD]
    if (slowMicros < 0 || micros < slowMicros || words[SLOWLOG_LENGTH_WORD] === 0) return
    const [name] = row.name.split('|')
    this.slowLog.note(line, name, shownCount(line, row), client, this.#second(), micros)
  }

  #second(): number {
    return Math.floor(this.#clock.wallMs() / 1000)
  }
}

/** How many arguments may be shown. */
function shownCount(line: CommandLine, row: CommandRow): number {
  if ((row.flags & NO_AUTH) !== 0) return 1
  if (row.name !== SECRET_ROW) return line.argCount
  for (let index = 2; index < line.argCount; index += 2) {
    const start = line.starts[index]
    const name = Buffer.from(line.bytes.subarray(start, start + line.lengths[index]))
    if (SECRET.test(name.toString('latin1'))) return index
  }
  return line.argCount
}

/** True: commands of the row are timed whatever the settings are. */
export function isUnbounded(row: CommandRow): boolean {
  return (row.flags & BOUNDED) === 0
}
