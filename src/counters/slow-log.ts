// SLOWLOG: commands that took long, noted by whichever thread ran them, read by any acceptor. One
// region a thread in one SharedArrayBuffer, written by its thread only:
//
//   region   entry 0 | entry 1 | … | entry SLOW_ENTRIES - 1       used in turn, the oldest is lost
//   region   entry 0 | entry 1 | … | entry SLOW_ENTRIES - 1      used in turn, the oldest is lost
//   texts    length (2 bytes), bytes; one an argument
//
// The writer empties the number, fills the entry and stores the number last; a reader that finds
// another number afterwards throws away what it read. If the writer dies in between, the number
// stays empty. Numbers are given out over all threads, so they order the entries.

import { SLOWLOG_FIRST_WORD, SLOWLOG_LENGTH_WORD, SLOWLOG_NUMBER_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

const SLOW_ENTRIES = 128
/** 32 arguments of 128 bytes, with what says how much more there is. */
const ENTRY_BYTES = 5632
const REGION_BYTES = SLOW_ENTRIES * ENTRY_BYTES
const NUMBER_WORD = 0
const CLIENT_WORD = 1
const ARGUMENTS_WORD = 2
const SECONDS_DOUBLE = 2
const MICROS_DOUBLE = 3
const TEXTS_BYTE = 32
/** [redis-7.0 slowlog.h] */
const ARGUMENTS_MAX = 32
const ARGUMENT_BYTES_MAX = 128
const HIDDEN = Buffer.from('(redacted)')

export function slowLogByteLength(threadCount: number): number {
  return threadCount * REGION_BYTES
}

export interface SlowCommand {
  readonly number: number
  readonly seconds: number
  readonly micros: number
  readonly client: number
  readonly words: readonly Uint8Array[]
}

/** A command line as offsets; what a call and a session have. */
export interface CommandLine {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly lengths: Int32Array
  readonly argCount: number
}

export class SlowLog {
  readonly #rows: Rows
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  readonly #doubles: Float64Array
  readonly #base: number
  #next = 0

  constructor(buffer: SharedArrayBuffer, rows: Rows, thread: number) {
    this.#rows = rows
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Int32Array(buffer)
    this.#doubles = new Float64Array(buffer)
    this.#base = thread * REGION_BYTES
  }

  /**
   * @param name the command's, for lines without argument 0 (out of a ring)
   * @param shownCount arguments that may be shown; those behind them may hold a password
   */
  note(
    line: CommandLine,
    name: string,
    shownCount: number,
    client: number,
    seconds: number,
    micros: number,
  ): void {
    const entry = this.#base + this.#next * ENTRY_BYTES
    this.#next = this.#next + 1 === SLOW_ENTRIES ? 0 : this.#next + 1
    const word = entry >> 2
    const number = Atomics.add(this.#rows.words, SLOWLOG_NUMBER_WORD, 1)
    Atomics.store(this.#words, word + NUMBER_WORD, 0)
    this.#words[word + CLIENT_WORD] = client
    this.#doubles[(entry >> 3) + SECONDS_DOUBLE] = seconds
    this.#doubles[(entry >> 3) + MICROS_DOUBLE] = micros
    this.#words[word + ARGUMENTS_WORD] = this.#noteTexts(entry + TEXTS_BYTE, line, name, shownCount)
    Atomics.store(this.#words, word + NUMBER_WORD, number + 1)
  }

  #noteTexts(at: number, line: CommandLine, name: string, shownCount: number): number {
    const { bytes, starts, lengths, argCount } = line
    const isCut = argCount > ARGUMENTS_MAX
    const whole = isCut ? ARGUMENTS_MAX - 1 : argCount
    for (let index = 0; index < whole; index++) {
      const start = starts[index]
      if (index === 0 && lengths[0] === 0) at = this.#put(at, Buffer.from(name, 'latin1'))
      else if (index >= shownCount) at = this.#put(at, HIDDEN)
      else at = this.#put(at, shortened(bytes.subarray(start, start + lengths[index])))
    }
    if (isCut) this.#put(at, Buffer.from(`... (${argCount - whole} more arguments)`))
    return isCut ? ARGUMENTS_MAX : argCount
  }

  #put(at: number, text: Uint8Array): number {
    this.#bytes[at] = text.length & 0xff
    this.#bytes[at + 1] = text.length >> 8
    this.#bytes.set(text, at + 2)
    return at + 2 + text.length
  }

  // ── Reading, on any thread ──────────────────────────────────────────────────────────────────

  /** All that is shown, the newest first. */
  read(): SlowCommand[] {
    const first = Atomics.load(this.#rows.words, SLOWLOG_FIRST_WORD)
    const found: SlowCommand[] = []
    for (let entry = 0; entry < this.#bytes.length; entry += ENTRY_BYTES) {
      const slow = this.#readEntry(entry)
      if (slow !== undefined && slow.number >= first) found.push(slow)
    }
    found.sort((one, other) => other.number - one.number)
    return found.slice(0, this.#rows.words[SLOWLOG_LENGTH_WORD])
  }

  #readEntry(entry: number): SlowCommand | undefined {
    const word = entry >> 2
    const number = Atomics.load(this.#words, word + NUMBER_WORD) - 1
    if (number < 0) return undefined
    const words: Uint8Array[] = []
    let at = entry + TEXTS_BYTE
    const count = Math.min(this.#words[word + ARGUMENTS_WORD], ARGUMENTS_MAX)
    for (let index = 0; index < count && at < entry + ENTRY_BYTES; index++) {
      const length = this.#bytes[at] | (this.#bytes[at + 1] << 8)
      words.push(this.#bytes.slice(at + 2, at + 2 + length))
      at += 2 + length
    }
    const slow = {
      number,
      seconds: this.#doubles[(entry >> 3) + SECONDS_DOUBLE],
      micros: this.#doubles[(entry >> 3) + MICROS_DOUBLE],
      client: this.#words[word + CLIENT_WORD],
      words,
    }
    return Atomics.load(this.#words, word + NUMBER_WORD) - 1 === number ? slow : undefined
  }

  /** Forgets all that was noted so far. */
  reset(): void {
    const { words } = this.#rows
    Atomics.store(words, SLOWLOG_FIRST_WORD, Atomics.load(words, SLOWLOG_NUMBER_WORD))
  }
}

function shortened(text: Uint8Array): Uint8Array {
  if (text.length <= ARGUMENT_BYTES_MAX) return text
  const more = Buffer.from(`... (${text.length - ARGUMENT_BYTES_MAX} more bytes)`)
  return Buffer.concat([text.subarray(0, ARGUMENT_BYTES_MAX), more])
}
