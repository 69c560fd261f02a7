// What a client has queued since MULTI. Owned by its acceptor; bounded as its query buffer is.
//
// Commands of the acceptor itself (SELECT, PING, CLIENT …) are queued with the others. At EXEC the
// acceptor executes them first, in order, and puts their replies in their places; the database and
// the protocol that they choose go with the commands behind them. Should EXEC not run then (a
// watched key was touched on the way to the shards) what they changed of the connection is taken
// back.

import { findKeys, keyPositions } from '../catalog/keys.ts'
import { isFast } from '../catalog/lookup.ts'
import { type CommandRow, CROSS_SLOT_OK, PROFILE_REDIS, WRITE } from '../catalog/spec.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import type { Message } from '../pubsub/subscriber.ts'
import { QueuedCommands } from '../ring/queued.ts'
import type { DecodedArguments } from '../wire/replies.ts'
import { CROSS_SLOT, QUEUED } from '../wire/replies.ts'

/** A longer transaction is for workers: an acceptor's loop has other clients. */
const PLACED_COMMANDS_MAX = 64
const PLACED_BYTES_MAX = 16_384
const NO_SLOT = -1

/** What commands of a connection can change of it, for taking back those of a transaction. */
export interface SessionState {
  readonly database: number
  readonly protocol: 2 | 3
  readonly authenticated: boolean
  readonly readOnly: boolean
  readonly muted: number
  readonly noEvict: boolean
  readonly name: string
  readonly libraryName: string
  readonly libraryVersion: string
}

export class Transaction {
  readonly queue = new QueuedCommands()
  /** A command was refused while queueing: EXEC will be, too. */
  failed = false
  /** Keys lie in several slots, and the profile does not allow that. */
  severalSlots = false
  /** Something may be changed. */
  writes = false
  /** A command of the acceptor itself is among them. */
  hasOwn = false
  /** What EXEC sends; grows while the acceptor's own commands are executed. */
  prepared: QueuedCommands | null = null
  /** Offset in the queue behind what is in `prepared`. */
  preparedTo = 0
  /** One of the acceptor's own commands has no reply yet. */
  waits = false
  /** Sent to subscribers if it runs. */
  readonly messages: Message[] = []
  /** What a command that goes on later has replied so far. */
  partialReply: Uint8Array | null = null
  /** One of the acceptor's own commands goes on when EXEC is routed again. */
  isAgain = false
  /** What the connection was before that. */
  before: SessionState | null = null
  #slot = NO_SLOT
  #fast = true

  /** Few enough commands, each with bounded work. */
  mayRunInPlace(): boolean {
    const { count, byteLength } = this.queue
    return this.#fast && count <= PLACED_COMMANDS_MAX && byteLength <= PLACED_BYTES_MAX
  }

  /** Memory held, for the client's account. */
  heldBytes(): number {
    return this.queue.bytes.length + (this.prepared === null ? 0 : this.prepared.bytes.length)
  }

  /**
   * Queues a command that passed all gates. Returns the reply, or null: the client has queued more
   * than it may, close it. [redis-7.0 networking.c]
   */
  add(
    command: DecodedArguments,
    row: CommandRow,
    profile: number,
    attributes: number,
  ): Uint8Array | null {
    const { bytes, argStarts, argLengths, argCount } = command
    if ((row.flags & WRITE) !== 0) this.writes = true
    if (row.place !== 'shard') this.hasOwn = true
    else if (!isFast(row, argCount)) this.#fast = false
    if (profile !== PROFILE_REDIS && !this.#noteSlots(command, row)) {
      this.failed = true
      return CROSS_SLOT
    }
    const added = this.queue.add(attributes, row.code, bytes, argStarts, argLengths, argCount)
    return added ? QUEUED : null
  }

  /** The reply of the next of the acceptor's own commands. False: it is too much. */
  putReply(bytes: Uint8Array, start: number, length: number): boolean {
    return this.prepared?.addLiteral(bytes, start, length) === true
  }

  /** False: the command alone has keys in several slots. */
  #noteSlots(command: DecodedArguments, row: CommandRow): boolean {
    if ((row.flags & CROSS_SLOT_OK) !== 0) return true
    const { bytes, argStarts, argLengths, argCount } = command
    const keys = findKeys(row, bytes, argStarts, argLengths, argCount)
    if (keys === 0) return true
    const slot = slotOfKey(bytes, argStarts[keyPositions[0]], argLengths[keyPositions[0]])
    for (let key = 1; key < keys; key++) {
      const index = keyPositions[key]
      if (slotOfKey(bytes, argStarts[index], argLengths[index]) !== slot) return false
    }
    if (this.#slot === NO_SLOT) this.#slot = slot
    else if (this.#slot !== slot) this.severalSlots = true
    return true
  }
}
