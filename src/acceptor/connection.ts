// What an acceptor knows of one client. Owned by the acceptor's thread alone; shards know a
// connection only as {slot, generation}, so a late reply to a closed one is recognised and dropped.

import {
  CLIENT_UNSENT_BYTES_MAX,
  COMMANDS_IN_FLIGHT_FIRST,
  COMMANDS_IN_FLIGHT_MAX,
  COMMANDS_IN_FLIGHT_MIN,
} from '../base/limits.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { WatchList } from '../keyspace/watch-list.ts'
import type { Message, Subscriber } from '../pubsub/subscriber.ts'
import type { QueryBuffer } from '../wire/query-buffer.ts'
import type { BlockedCommand } from './blocking.ts'
import type { ClientSocket } from './client-socket.ts'
import type { LaterReply } from './later.ts'
import { ReplyStash } from './stash.ts'
import type { SessionState, Transaction } from './transaction.ts'
import type { UnsentBytes } from './unsent-bytes.ts'

/** How fast large replies are forgotten, per delivered record. */
const REPLY_MEAN_FADE = 0.9

/** Why no more commands are read from a client for now; bits of Connection.stopped. */
export const STOPPED_RING_FULL = 1
export const STOPPED_IN_FLIGHT = 2
export const STOPPED_BARRIER = 4
export const STOPPED_OUTPUT = 8
/** CLIENT PAUSE. */
export const STOPPED_PAUSED = 16
/** It waits for a key: nothing is routed, but what it sends is received, and its end is seen. */
export const STOPPED_BLOCKED = 32

/** What of the replies to a client is left out (CLIENT REPLY). */
export const MUTED_NOT = 0
/** The reply to the next command will be. */
export const MUTED_NEXT = 1
/** From here on whatever comes is dropped: all, or this one. */
export const MUTED_ALL = 2
export const MUTED_ONE = 3

export class Connection {
  readonly socket: ClientSocket
  readonly slot: number
  readonly generation: number
  readonly id: number
  readonly address: string
  readonly localAddress: string
  readonly createdMs: number
  lastActivityMs: number
  database = 0
  protocol: 2 | 3 = 2
  authenticated: boolean
  readOnly = false
  /** Its subscriptions; null: it has none. */
  subscriber: Subscriber<Connection> | null = null
  name = ''
  libraryName = ''
  libraryVersion = ''
  /** Code of the last command, 0: none yet. */
  lastCode = 0
  /** One of MUTED_…. */
  muted = MUTED_NOT
  /** It watches with MONITOR. */
  monitors = false
  /** CLIENT NO-EVICT. Only shown: no client is evicted. */
  noEvict = false
  /** The reply of its last command that comes later, from no shard. */
  later: LaterReply | null = null
  /** The command of it that may wait for a key, until that has answered. */
  blocked: BlockedCommand | null = null
  /** Bytes of an incomplete command, made when one spans receives. */
  query: QueryBuffer | null = null
  /** Bytes of a receive that was cut short because the connection stopped. */
  unread: Uint8Array | null = null
  stopped = 0
  /** Since when (monotonic ms) more is unsent than the soft limit allows; -1: it is not. */
  overSoftLimitSinceMs = -1
  /** Shard that the commands in flight went to: profile redis keeps their order over shards. */
  ringShard = 0
  /** How many commands may be in rings at once: fewer, the larger the client's replies are. */
  inFlightMax = COMMANDS_IN_FLIGHT_FIRST
  #replyBytesMean = 0
  /** Sequence of the next command sent to a ring, and of the next reply to leave. */
  sequenceNext = 0
  sequenceSent = 0
  readonly stash: ReplyStash
  /** Pieces of the output slab to send with the next flush: {start, end} pairs. */
  readonly segments: number[] = []
  /** What a slow subscriber has not taken, besides what its socket holds; null: never any. */
  unsent: UnsentBytes | null = null
  /** Is on the acceptor's list of connections with segments. */
  dirty = false
  /** Say what is left, then close. */
  closing = false
  closed = false
  /** It has sent FIN: nothing more will come, replies may still leave. */
  ended = false
  /** Pool chunks lent to requests in flight, by sequence; most connections never have any. */
  lentChunks: Map<number, number[]> | null = null
  /** A part of the next reply was sent: nothing but the rest of it may follow. */
  partSent = false
  /** Replies that come in parts, by their first sequence; most connections never have any. */
  parts: Map<number, Uint8Array[]> | null = null

  /** Since MULTI: what is queued. */
  transaction: Transaction | null = null
  /** What is watched; null: never was anything. Registered until `unwatch`. */
  watching: WatchList | null = null
  /** What an EXEC in flight restores if it does not run. */
  stateBeforeExec: SessionState | null = null
  /** What an EXEC in flight publishes if it runs. */
  messagesOfExec: readonly Message[] = []

  constructor(
    socket: ClientSocket,
    slot: number,
    generation: number,
    id: number,
    authenticated: boolean,
    nowMs: number,
  ) {
    this.socket = socket
    this.slot = slot
    this.generation = generation
    this.id = id
    this.address = addressText(socket.remoteAddress, socket.remotePort)
    this.localAddress = addressText(socket.localAddress, socket.localPort)
    this.createdMs = nowMs
    this.lastActivityMs = nowMs
    this.authenticated = authenticated
    this.stash = new ReplyStash()
  }

  /** Replies of so many commands came from shards: keeps what may be in flight near 1 MB. */
  noteReplies(byteLength: number, count: number): void {
    this.#replyBytesMean = Math.max(this.#replyBytesMean * REPLY_MEAN_FADE, byteLength / count)
    const fitting = Math.floor(CLIENT_UNSENT_BYTES_MAX / (this.#replyBytesMean + 1))
    this.inFlightMax = Math.min(Math.max(fitting, COMMANDS_IN_FLIGHT_MIN), COMMANDS_IN_FLIGHT_MAX)
  }

  state(): SessionState {
    return {
      database: this.database,
      protocol: this.protocol,
      authenticated: this.authenticated,
      readOnly: this.readOnly,
      muted: this.muted,
      noEvict: this.noEvict,
      name: this.name,
      libraryName: this.libraryName,
      libraryVersion: this.libraryVersion,
    }
  }

  restore(state: SessionState): void {
    this.database = state.database
    this.protocol = state.protocol
    this.authenticated = state.authenticated
    this.readOnly = state.readOnly
    this.muted = state.muted
    this.noEvict = state.noEvict
    this.name = state.name
    this.libraryName = state.libraryName
    this.libraryVersion = state.libraryVersion
  }

  /** Keeps registrations that were made for this client. */
  watch(words: Int32Array, first: number, count: number): void {
    this.watching ??= new WatchList()
    this.watching.addWords(words, first, count)
  }

  unwatch(sides: readonly ShardSide[]): void {
    this.watching?.release(sides)
  }

  /** DISCARD, and the end of an EXEC. */
  endTransaction(sides: readonly ShardSide[]): void {
    this.transaction = null
    this.unwatch(sides)
  }

  /** The reply of an EXEC that went through a ring is here. */
  endExec(ran: boolean, sides: readonly ShardSide[]): void {
    this.unwatch(sides)
    if (!ran && this.stateBeforeExec !== null) this.restore(this.stateBeforeExec)
    this.stateBeforeExec = null
  }

  inFlight(): number {
    return (this.sequenceNext - this.sequenceSent) | 0
  }
}

/** What the client has not taken yet, wherever it waits. */
export function unsentBytes({ socket, unsent }: Connection): number {
  return socket.unsentBytes() + (unsent === null ? 0 : unsent.byteLength)
}

function addressText(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '?:0'
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
