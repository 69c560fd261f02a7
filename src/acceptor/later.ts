// A reply that comes later although no shard is asked: other acceptors or main have to answer
// first, or time has to pass. The command takes its place in the connection's order of replies, and
// is a barrier: nothing of the connection begins before it is answered. Cold.

import { ReplyWriter } from '../wire/encoder.ts'
import { type Connection, STOPPED_BARRIER } from './connection.ts'
import type { Inbox } from './inbox.ts'

const NO_BYTES = new Uint8Array(0)
const REPLY_BYTES_FIRST = 4096

export class LaterReply {
  readonly connection: Connection
  readonly #sequence: number
  readonly #replies: LaterReplies
  #answered = false
  /** Called when the client is gone before there was an answer. */
  onAbandoned: () => void = () => {}

  constructor(replies: LaterReplies, connection: Connection) {
    this.#replies = replies
    this.connection = connection
    this.#sequence = connection.sequenceNext
    connection.sequenceNext = (this.#sequence + 1) | 0
    connection.stopped |= STOPPED_BARRIER
    connection.later = this
  }

  /** Writes the reply; the first call counts. `write` may write nothing. */
  answer(write: (reply: ReplyWriter) => void): void {
    if (this.#answered) return
    this.#answered = true
    const { connection } = this
    if (connection.closed) return
    connection.later = null
    this.#replies.send(connection, this.#sequence, write)
  }

  /** The connection is gone: the place in its order is given up. */
  abandon(): void {
    const { connection } = this
    connection.later = null
    connection.stash.put(this.#sequence, NO_BYTES, 0, 0)
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

  begin(connection: Connection): LaterReply {
    return new LaterReply(this, connection)
  }

  send(connection: Connection, sequence: number, write: (reply: ReplyWriter) => void): void {
    const reply = new ReplyWriter(REPLY_BYTES_FIRST, this.#limitBytes)
    reply.protocol = connection.protocol
    write(reply)
    if (reply.overflowed) {
      this.#inbox.cut(connection)
      return
    }
    this.#inbox.deliver(connection, sequence, reply.bytes, 0, reply.position)
    this.schedule()
  }
}
