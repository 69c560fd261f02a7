// A reply that comes later although no shard is asked: other acceptors or main have to answer
// first, or time has to pass. The command takes its place in the connection's order of replies, and
// is a barrier: nothing of the connection begins before it is answered. Of a command in a
// transaction it takes its place there, and EXEC goes on when it has come. Cold.

import { ReplyWriter } from '../wire/encoder.ts'
import { type Connection, STOPPED_BARRIER } from './connection.ts'
import type { Inbox } from './inbox.ts'
import type { Transaction } from './transaction.ts'

const NO_BYTES = new Uint8Array(0)
const REPLY_BYTES_FIRST = 4096

export class LaterReply {
  readonly connection: Connection
  readonly #sequence: number
  readonly #replies: LaterReplies
  /** What the command was queued in, if it was. */
  readonly #transaction: Transaction | null
  #answered = false
  /** Called when the client is gone before there was an answer. */
  onAbandoned: () => void = () => {}

  constructor(replies: LaterReplies, connection: Connection, transaction: Transaction | null) {
    this.#replies = replies
    this.#transaction = transaction
    this.connection = connection
    this.#sequence = connection.sequenceNext
    connection.stopped |= STOPPED_BARRIER
    connection.later = this
    if (transaction === null) connection.sequenceNext = (this.#sequence + 1) | 0
    else transaction.waits = true
  }

  /** Writes the reply; the first call counts. `write` may write nothing. */
  answer(write: (reply: ReplyWriter) => void): void {
    if (this.#answered) return
    this.#answered = true
    const { connection } = this
    if (connection.closed) return
    connection.later = null
    const transaction = this.#transaction
    if (transaction === null) this.#replies.send(connection, this.#sequence, write)
    else this.#replies.put(connection, transaction, write)
  }

  /** The connection is gone: the place in its order is given up. */
  abandon(): void {
    const { connection } = this
    connection.later = null
    if (this.#transaction === null) connection.stash.put(this.#sequence, NO_BYTES, 0, 0)
    if (this.#answered) return
    this.#answered = true
    this.onAbandoned()
  }
}

export class LaterReplies {
  readonly #inbox: Inbox
  readonly #limitBytes: number
  /** Has the acceptor look at its connections. Set once it is there. */
  schedule: () => void = () => {}

  constructor(inbox: Inbox, limitBytes: number) {
    this.#inbox = inbox
    this.#limitBytes = limitBytes
  }

  begin(connection: Connection, transaction: Transaction | null): LaterReply {
    return new LaterReply(this, connection, transaction)
  }

  send(connection: Connection, sequence: number, write: (reply: ReplyWriter) => void): void {
    const reply = this.#encode(connection, write)
    if (reply === null) return
    this.#inbox.deliver(connection, sequence, reply.bytes, 0, reply.position)
    this.schedule()
  }

  /** The reply of a command that a transaction waits for. */
  put(connection: Connection, transaction: Transaction, write: (reply: ReplyWriter) => void): void {
    const reply = this.#encode(connection, write)
    if (reply === null) return
    transaction.waits = false
    if (transaction.putReply(reply.bytes, 0, reply.position)) this.schedule()
    else this.#inbox.cut(connection)
  }

  /** Null: it was too much, the connection is cut. */
  #encode(connection: Connection, write: (reply: ReplyWriter) => void): ReplyWriter | null {
    const reply = new ReplyWriter(REPLY_BYTES_FIRST, this.#limitBytes)
    reply.protocol = connection.protocol
    write(reply)
    if (!reply.overflowed) return reply
    this.#inbox.cut(connection)
    return null
  }
}
