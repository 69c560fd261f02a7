// Commands that may wait for a key (BLPOP and its kin), as their client's acceptor sees them. They
// go through the ring of their lowest shard, alone, and nothing of the client is in flight beside
// them.
//
//   send ──▶ reply                        there was something, or an error
//        ──▶ REPLY_BLOCKED: it waits ──▶ reply, from whoever gave something (executor/waiting.ts)
//                                    ──▶ time over, CLIENT UNBLOCK, client gone: told from here
//                                    ──▶ REPLY_AGAIN: sent once more, with the time that is left
//
// Whoever takes the claim answers, so a client that goes while it is served takes nothing, or has
// been served. The reply may come before REPLY_BLOCKED, through another shard's ring.

import type { Clock } from '../base/clock.ts'
import { CLIENT_UNSENT_BYTES_MAX } from '../base/limits.ts'
import type { CommandRow } from '../catalog/spec.ts'
import { parseBlockTimeout } from '../command/block-timeout.ts'
import type { Call } from '../command/call.ts'
import { collectShards } from '../executor/participants.ts'
import type { BlockedClaims } from '../keyspace/blocked-claims.ts'
import { REQUEST_SEVERAL_SHARDS } from '../ring/layout.ts'
import { CLIENT_UNBLOCKED } from '../wire/admin-replies.ts'
import type { DecodedArguments } from '../wire/replies.ts'
import * as replies from '../wire/replies.ts'
import type { ClientFacts } from './clients.ts'
import { factsOf } from './clients.ts'
import { type Connection, STOPPED_BARRIER, STOPPED_BLOCKED } from './connection.ts'
import type { Inbox } from './inbox.ts'
import type { Placing } from './placing.ts'
import type { RequestSender } from './sender.ts'

const NO_BYTES = new Uint8Array(0)
/** What a timer can wait for; whoever is woken too early waits again. */
const TIMER_MS_MAX = 2_147_483_647
const TIMEOUT_FIRST = new Set(['blmpop', 'bzmpop'])

export interface BlockedCommand {
  /** As the client sent it. */
  readonly command: Uint8Array
  /** Of the monotonic clock; Infinity: never. */
  readonly deadlineMs: number
  /** Of its wait, 0: it is not known to wait. */
  ticket: number
  timer: ReturnType<typeof setTimeout> | null
  /** To be sent again: the time runs on. */
  again: boolean
}

export class Blocking {
  readonly #call: Call
  readonly #claims: BlockedClaims
  readonly #acceptor: number
  readonly #placing: Placing
  readonly #sender: RequestSender
  readonly #inbox: Inbox
  readonly #clock: Clock
  readonly #shards: Int32Array
  /** Lets a connection go on that waited. Set when there is an acceptor. */
  goOn: (connection: Connection) => void = () => {}

  constructor(
    call: Call,
    acceptor: number,
    placing: Placing,
    sender: RequestSender,
    inbox: Inbox,
    clock: Clock,
  ) {
    this.#call = call
    this.#claims = call.sides[0].blocked.claims
    this.#acceptor = acceptor
    this.#placing = placing
    this.#sender = sender
    this.#inbox = inbox
    this.#clock = clock
    this.#shards = new Int32Array(call.sides.length)
    inbox.blocking = this
  }

  /** A command that passed all gates. False: routed again later. */
  send(connection: Connection, decoded: DecodedArguments, row: CommandRow): boolean {
    if (connection.inFlight() > 0) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    const { bytes, argStarts, argLengths, argCount } = decoded
    this.#placing.fillCall(connection, decoded, row)
    collectShards(this.#call, this.#shards)
    const attributes =
      connection.database | (connection.protocol << 8) | (REQUEST_SEVERAL_SHARDS << 16)
    const lowest = this.#shards[0]
    const { code } = row
    const sent = this.#sender.send(
      connection,
      lowest,
      attributes,
      code,
      bytes,
      argStarts,
      argLengths,
      argCount,
    )
    if (!sent) return false
    const { blocked } = connection
    const deadlineMs = blocked?.again ? blocked.deadlineMs : this.#deadlineMs(decoded, row)
    const command = commandBytes(decoded)
    connection.blocked = { command, deadlineMs, ticket: 0, timer: null, again: false }
    connection.stopped |= STOPPED_BARRIER
    return true
  }

  #deadlineMs(
    { bytes, argStarts, argLengths, argCount }: DecodedArguments,
    row: CommandRow,
  ): number {
    const index = TIMEOUT_FIRST.has(row.name) ? 1 : argCount - 1
    const timeoutMs = parseBlockTimeout(bytes, argStarts[index], argLengths[index])
    return timeoutMs > 0 ? this.#clock.monotonicMs() + timeoutMs : Infinity
  }

  // ── What the inbox tells ───────────────────────────────────────────────────────────────────

  noteWait(connection: Connection, ticket: number): void {
    const { blocked } = connection
    if (blocked === null) return
    blocked.ticket = ticket
    this.#inbox.blockedCount++
    this.#claims.changeCount(1)
    if (connection.closed || connection.closing) {
      this.leave(connection)
      return
    }
    connection.stopped = STOPPED_BLOCKED
    connection.unread ??= NO_BYTES
    // Its end must be seen: nothing may be taken for a client that has gone.
    connection.socket.resume()
    this.#armTimer(connection, blocked)
  }

  end(connection: Connection): void {
    const { blocked } = connection
    connection.blocked = null
    if (blocked === null || blocked.ticket === 0) return
    if (blocked.timer !== null) clearTimeout(blocked.timer)
    this.#inbox.blockedCount--
    this.#claims.changeCount(-1)
    this.goOn(connection)
  }

  again(connection: Connection): void {
    const { blocked, unread } = connection
    if (blocked === null) return
    this.end(connection)
    connection.sequenceSent = (connection.sequenceSent + 1) | 0
    if (connection.closed) return
    blocked.again = true
    connection.blocked = blocked
    connection.unread = Buffer.concat([blocked.command, unread ?? NO_BYTES])
    this.goOn(connection)
  }

  // ── What ends a wait here ──────────────────────────────────────────────────────────────────

  #armTimer(connection: Connection, blocked: BlockedCommand): void {
    if (blocked.deadlineMs === Infinity) return
    const leftMs = Math.ceil(blocked.deadlineMs - this.#clock.monotonicMs())
    if (leftMs <= 0) {
      this.#timeOut(connection)
      return
    }
    blocked.timer = setTimeout(
      () => this.#armTimer(connection, blocked),
      Math.min(leftMs, TIMER_MS_MAX),
    )
  }

  #timeOut(connection: Connection): void {
    if (this.#takeClaim(connection)) this.#answer(connection, nullOf(connection))
  }

  /** Its claim was taken for this. */
  #answer(connection: Connection, text: Uint8Array): void {
    this.#inbox.inFlight--
    this.end(connection)
    if (connection.closed) connection.sequenceSent = (connection.sequenceSent + 1) | 0
    else this.#inbox.deliver(connection, connection.sequenceSent, text, 0, text.length)
  }

  #takeClaim({ blocked, slot }: Connection): boolean {
    if (blocked === null || blocked.ticket === 0) return false
    return this.#claims.take(this.#claims.place(this.#acceptor, slot), blocked.ticket)
  }

  /** The connection is gone. What it was served meanwhile is dropped when it comes. */
  leave(connection: Connection): void {
    if (!this.#takeClaim(connection)) return
    this.#inbox.inFlight--
    this.end(connection)
    connection.sequenceSent = (connection.sequenceSent + 1) | 0
  }

  /** CLIENT UNBLOCK; returns the clients that it ended the wait of. */
  unblock(
    connections: readonly (Connection | null)[],
    id: number,
    isError: boolean,
  ): ClientFacts[] {
    for (const connection of connections) {
      if (connection === null || connection.closed || connection.id !== id) continue
      if (!this.#takeClaim(connection)) return []
      const text = isError ? CLIENT_UNBLOCKED : nullOf(connection)
      // Not now: the reply to CLIENT UNBLOCK may be being written.
      setImmediate(() => this.#answer(connection, text))
      return [factsOf(connection, this.#clock.monotonicMs())]
    }
    return []
  }
}

/** The answer when time is over. */
function nullOf({ protocol }: Connection): Uint8Array {
  return protocol === 2 ? replies.NULL_ARRAY : replies.NULL
}

/** It waits and has sent more than is kept for it meanwhile. */
export function isOverfull({ stopped, unread }: Connection): boolean {
  if ((stopped & STOPPED_BLOCKED) === 0 || unread === null) return false
  return unread.length > CLIENT_UNSENT_BYTES_MAX
}

/** Written again, for sending it once more. */
function commandBytes({ bytes, argStarts, argLengths, argCount }: DecodedArguments): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.from(`*${argCount}\r\n`)]
  for (let index = 0; index < argCount; index++) {
    const start = argStarts[index]
    pieces.push(Buffer.from(`$${argLengths[index]}\r\n`))
    pieces.push(bytes.subarray(start, start + argLengths[index]), Buffer.from('\r\n'))
  }
  return Buffer.concat(pieces)
}
