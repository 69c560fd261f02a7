// Commands that the acceptor executes itself, with the session: at once, or at EXEC.

import type { CommandRow } from '../catalog/spec.ts'
import { COUNTER } from '../counters/layout.ts'
import type { Connection } from './connection.ts'
import { wrongArity } from './refusals.ts'
import type { Session, SessionHandler } from './session.ts'
import type { Transaction } from './transaction.ts'

export class OwnCommands {
  readonly #session: Session
  readonly #handlers: readonly (SessionHandler | undefined)[]

  constructor(session: Session, handlers: readonly (SessionHandler | undefined)[]) {
    this.#session = session
    this.#handlers = handlers
  }

  /**
   * Its reply is in the slab then, from `replyStart` on, and nobody's yet. False: it could not
   * begin or not end, and is routed again; what it has replied stands there too. `isSilent` says
   * if it replies nothing, or later.
   * @param transaction what it was queued in, if it was
   */
  run(
    connection: Connection,
    row: CommandRow,
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    argCount: number,
    transaction: Transaction | null,
  ): boolean {
    const session = this.#session
    const { counters } = session
    const writer = session.reply
    session.replyStart = writer.position
    session.again = false
    session.isSilent = false
    session.connection = connection
    session.executing = transaction
    session.row = row
    session.bytes = bytes
    session.starts = starts
    session.lengths = lengths
    session.argCount = argCount
    writer.protocol = connection.protocol
    const handler = this.#handlers[row.code]
    if (handler === undefined) writer.raw(wrongArity(row, session.facts.profile))
    else session.serve(handler)
    if (session.again) return false
    if (writer.isError(session.replyStart)) {
      counters.addError(writer.bytes, session.replyStart)
      counters.addFailed(row.code)
    }
    counters.add(COUNTER.commandsLocal, 1)
    counters.addCall(row.code)
    return true
  }

  /** Of the last one: messages for others may stand in front of its reply. */
  replyStart(): number {
    return this.#session.replyStart
  }

  /** Of the last one. */
  isSilent(): boolean {
    return this.#session.isSilent
  }
}
