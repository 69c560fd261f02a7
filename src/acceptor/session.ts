// A command that the acceptor serves itself, with the client's connection at hand (AUTH, HELLO,
// CLIENT, INFO, CLUSTER, ...). One Session a thread, filled again for every such command; handlers
// must not keep it. Arguments are offsets, as in command/call.ts; argument 0 is the command's name
// and, for `client|setname`, argument 1 the subcommand's.

import type { Clock } from '../base/clock.ts'
import type { CommandRow } from '../catalog/spec.ts'
import type { Counters } from '../counters/counters.ts'
import type { ServerFacts } from '../executor/facts.ts'
import type { ShardSide } from '../keyspace/side.ts'
import type { Registry } from '../pubsub/registry.ts'
import type { Rows } from '../rows/rows.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import type { Administration } from './administration.ts'
import type { Connection } from './connection.ts'
import type { LaterReply } from './later.ts'
import type { Transaction } from './transaction.ts'

export type { ServerFacts }

export class Session {
  readonly facts: ServerFacts
  readonly counters: Counters
  readonly rows: Rows
  readonly clock: Clock
  /** For numbers that may be read without a token (counts, bytes, LSNs). */
  readonly sides: readonly ShardSide[]
  readonly reply: ReplyWriter
  /** Index of this acceptor. */
  readonly acceptor: number
  readonly administration: Administration
  readonly pubsub: Registry<Connection>
  /** Set before every command. */
  connection!: Connection
  row: CommandRow
  bytes: Uint8Array = new Uint8Array(0)
  starts: Int32Array = new Int32Array(0)
  lengths: Int32Array = new Int32Array(0)
  argCount = 0
  /** The transaction that EXEC is executing the command in. */
  executing: Transaction | null = null
  /** Where the reply begins in the slab: messages for others may stand before it. */
  replyStart = 0
  /** A handler that cannot begin yet, or go on: the command is routed again. */
  again = false
  /** A handler that replies nothing, or later. */
  isSilent = false

  constructor(
    facts: ServerFacts,
    counters: Counters,
    rows: Rows,
    clock: Clock,
    sides: readonly ShardSide[],
    reply: ReplyWriter,
    acceptor: number,
    administration: Administration,
    pubsub: Registry<Connection>,
    row: CommandRow,
  ) {
    this.facts = facts
    this.counters = counters
    this.rows = rows
    this.clock = clock
    this.sides = sides
    this.reply = reply
    this.acceptor = acceptor
    this.administration = administration
    this.pubsub = pubsub
    this.row = row
  }

  /** Runs the command's handler. */
  serve(handler: SessionHandler): void {
    const { stopwatch } = this.administration
    if (!stopwatch.timesAll()) {
      handler(this)
      return
    }
    const beganMs = stopwatch.begin()
    handler(this)
    if (!this.again) stopwatch.end(this, this.row, this.connection.id, beganMs)
  }

  /** The reply comes later, see later.ts. */
  replyLater(): LaterReply {
    this.isSilent = true
    return this.administration.later.begin(this.connection, this.executing)
  }

  /** An argument as text. Cold paths only. */
  argument(index: number): string {
    const start = this.starts[index]
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + start,
      this.lengths[index],
    ).toString('latin1')
  }
}

/** The reply begins here: what was written by now belongs to others, or was said already. */
export function beginReply(session: Session): void {
  session.replyStart = session.reply.position
  session.reply.protocol = session.connection.protocol
}

/** Replies exactly once through session.reply, unless it sets session.again or isSilent. */
export type SessionHandler = (session: Session) => void
