// What ran in place during one event-loop turn: which reply of which connection depends on which
// shard's log. When a commit at the end of the turn fails, exactly those replies are exchanged for
// MISCONF, outcome unknown; nothing has left by then.
//
//   entries of four words: connection slot | shard | reply start | reply end   (slab offsets)

import { MISCONF_UNKNOWN } from '../wire/replies.ts'
import type { Connection } from './connection.ts'
import type { Output } from './output.ts'

const ENTRY_WORDS = 4
const ENTRIES_FIRST = 256

export class TurnLog {
  /** The thread's connections by slot; null = free slot. */
  readonly #connections: readonly (Connection | null)[]
  #words = new Int32Array(ENTRIES_FIRST * ENTRY_WORDS)
  #length = 0

  constructor(connections: readonly (Connection | null)[]) {
    this.#connections = connections
  }

  add(slot: number, shard: number, start: number, end: number): void {
    let at = this.#length
    if (at === this.#words.length) this.#grow()
    const words = this.#words
    words[at++] = slot
    words[at++] = shard
    words[at++] = start
    words[at++] = end
    this.#length = at
  }

  clear(): void {
    this.#length = 0
  }

  /** Exchanges the replies that depend on `shard`. Cold: a log write has just failed. */
  answerUnknown(shard: number, output: Output): void {
    const writer = output.writer
    const textStart = writer.position
    writer.raw(MISCONF_UNKNOWN)
    const textEnd = writer.position
    for (let at = 0; at < this.#length; at += ENTRY_WORDS) {
      if (this.#words[at + 1] !== shard) continue
      const connection = this.#connections[this.#words[at]] ?? null
      if (connection === null) continue
      exchange(connection.segments, this.#words[at + 2], this.#words[at + 3], textStart, textEnd)
    }
  }

  #grow(): void {
    const grown = new Int32Array(this.#words.length * 2)
    grown.set(this.#words)
    this.#words = grown
  }
}

/** Puts [newStart, newEnd) in the place of [start, end) in a list of {start, end} pairs. */
export function exchange(
  segments: number[],
  start: number,
  end: number,
  newStart: number,
  newEnd: number,
): void {
  for (let index = 0; index < segments.length; index += 2) {
    const from = segments[index]
    const to = segments[index + 1]
    if (start < from || end > to) continue
    const pieces: number[] = []
    if (from < start) pieces.push(from, start)
    pieces.push(newStart, newEnd)
    if (end < to) pieces.push(end, to)
    segments.splice(index, 2, ...pieces)
    return
  }
}
