// Answers of the acceptor itself: encoded into the slab, then put in the connection's order.

import type { CommandRow } from '../catalog/spec.ts'
import type { Counters } from '../counters/counters.ts'
import type { Connection } from './connection.ts'
import type { Output } from './output.ts'

export class Answers {
  readonly output: Output
  readonly counters: Counters

  constructor(output: Output, counters: Counters) {
    this.output = output
    this.counters = counters
  }

  /** An encoded reply. Returns true, for `return answers.answer(…)` of what need not stop. */
  answer(connection: Connection, text: Uint8Array): boolean {
    const start = this.output.writer.position
    this.output.writer.raw(text)
    this.deliver(connection, start)
    return true
  }

  /** An error with which a command is refused in front of its handler. */
  reject(connection: Connection, row: CommandRow, text: Uint8Array): boolean {
    this.counters.addError(text, 0)
    this.counters.addRejected(row.code)
    return this.answer(connection, text)
  }

  /** Slab bytes from `start` on are the next reply of the connection, in its turn. */
  deliver(connection: Connection, start: number): void {
    const writer = this.output.writer
    if (writer.overflowed) {
      writer.overflowed = false
      writer.position = start
      this.cut(connection)
      return
    }
    if (connection.inFlight() === 0) {
      this.output.attach(connection, start)
      return
    }
    const sequence = connection.sequenceNext
    connection.sequenceNext = (sequence + 1) | 0
    connection.stash.put(sequence, writer.bytes, start, writer.position - start)
    writer.position = start
  }

  /** The client broke a limit: nothing more is read from it or said to it. */
  cut(connection: Connection): void {
    connection.closing = true
    this.output.cut(connection)
  }
}
