// What leaves for clients. All replies of one event-loop turn are encoded into one slab, each
// connection remembers its pieces of it, and `flush` sends them after the logs were committed.
//
//   slab  | client 3 | client 7 | client 3 | ...room... |
//
// If every socket took its bytes at once (nearly always) the slab is used again from its start,
// else it is left to the sockets and a new one is made.

import { copyBytes } from '../base/copy.ts'
import { CLIENT_UNSENT_BYTES_LAST, CLIENT_UNSENT_BYTES_MAX } from '../base/limits.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import { type OutputLimit, replyBytesMax } from '../options/rows.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { gatherBytes } from '../ring/requests.ts'
import { ReplyWriter } from '../wire/encoder.ts'
import { type Connection, MUTED_ALL, STOPPED_OUTPUT, unsentBytes } from './connection.ts'
import { UnsentBytes } from './unsent-bytes.ts'

const SLAB_BYTES = 262_144
/**
 * A turn with more than this in the slab is settled early, so that one turn cannot grow for ever.
 */
export const SLAB_SETTLE_BYTES = 1_048_576

export class Output {
  readonly writer: ReplyWriter
  readonly #dirty: Connection[] = []

  readonly #counters: Counters
  /**
   * Unsent bytes at which a client is cut at once. Without a limit of its own (profile redis) that
   * is more than one reply of any size: nothing is run in place for a client that has 1 MB unsent,
   * so only commands that were in rings already can bring it there (COMMANDS_IN_FLIGHT_MIN).
   */
  #hardBytes = 0
  /** The same for clients with subscriptions; Infinity: none. */
  #subscriberHardBytes = 0

  constructor(counters: Counters, limit: OutputLimit, subscriberLimit: OutputLimit) {
    this.#counters = counters
    this.writer = new ReplyWriter(SLAB_BYTES, replyBytesMax(limit))
    this.setLimits(limit, subscriberLimit)
  }

  /** Holds from the next flush on. */
  setLimits(limit: OutputLimit, subscriberLimit: OutputLimit): void {
    this.#hardBytes = limit.hardBytes === 0 ? CLIENT_UNSENT_BYTES_LAST : limit.hardBytes
    this.#subscriberHardBytes = subscriberLimit.hardBytes || Number.POSITIVE_INFINITY
    this.writer.limitBytes = replyBytesMax(limit)
  }

  /** Gives slab bytes [start, position) to the connection, behind what it has already. */
  attach(connection: Connection, start: number): void {
    const end = this.writer.position
    if (end === start) return
    if (connection.muted >= MUTED_ALL) {
      this.attachEmpty(connection)
      return
    }
    this.attachRange(connection, start, end)
  }

  /** Is a message so long beyond what a subscriber may have unsent, or `keptBytes` and it? */
  isBeyond(messageBytes: number, keptBytes: number): boolean {
    return messageBytes + keptBytes > this.#subscriberHardBytes
  }

  /** The same for bytes that others may have too; CLIENT REPLY does not hold messages back. */
  attachRange(connection: Connection, start: number, end: number): void {
    const segments = connection.segments
    const last = segments.length - 1
    if (last > 0 && segments[last] === start) segments[last] = end
    else segments.push(start, end)
    if (!connection.dirty) {
      connection.dirty = true
      this.#dirty.push(connection)
    }
  }

  /** Nothing to send, but `flush` shall look at the connection (it is closing). */
  attachEmpty(connection: Connection): void {
    if (connection.dirty) return
    connection.dirty = true
    this.#dirty.push(connection)
  }

  /** Copies foreign bytes (a ring, a stash) into the slab and gives them to the connection. */
  append(connection: Connection, source: Uint8Array, start: number, length: number): void {
    const writer = this.writer
    const from = writer.position
    if (!writer.ensure(length)) {
      writer.overflowed = false
      this.cut(connection)
      return
    }
    copyBytes(source, start, writer.bytes, from, length)
    writer.position = from + length
    this.attach(connection, from)
  }

  /** The same for bytes that lie in pool chunks; they stay the caller's. */
  appendChunks(
    connection: Connection,
    pool: ChunkPool,
    chunks: ArrayLike<number>,
    length: number,
  ): void {
    const writer = this.writer
    const from = writer.position
    if (!writer.ensure(length)) {
      writer.overflowed = false
      this.cut(connection)
      return
    }
    gatherBytes(pool, chunks, length, writer.bytes, from)
    writer.position = from + length
    this.attach(connection, from)
  }

  /** A reply that did not fit is missing: nothing behind it may leave, the connection ends. */
  cut(connection: Connection): void {
    connection.closed = true
    connection.segments.length = 0
    connection.socket.destroy()
  }

  hasWork(): boolean {
    return this.#dirty.length > 0
  }

  /** Sends everything. Call only after the logs behind it were committed. */
  flush(onFinished: (connection: Connection) => void): void {
    const dirty = this.#dirty
    const slab = this.writer.bytes
    let taken = true
    for (let index = 0; index < dirty.length; index++) {
      const connection = dirty[index]
      connection.dirty = false
      if (!connection.closed && !this.#send(connection, slab)) taken = false
      // Popped: setting an array's length leaves compiled code.
      const { segments } = connection
      while (segments.length > 0) segments.pop()
      if (connection.closing) onFinished(connection)
    }
    dirty.length = 0
    if (taken && slab.length <= SLAB_SETTLE_BYTES * 2) this.writer.clear()
    else this.writer.use(Buffer.allocUnsafeSlow(SLAB_BYTES))
  }

  /** True if the kernel took everything at once. */
  #send(connection: Connection, slab: Uint8Array): boolean {
    const { socket, segments } = connection
    if (segments.length === 0) return true
    if (connection.unsent !== null || connection.subscriber !== null) {
      if (socket.tellsDrained() || (connection.unsent?.byteLength ?? 0) > 0) {
        this.#keep(connection, slab)
        return true
      }
    }
    let taken: boolean
    if (segments.length === 2) {
      const start = segments[0]
      const length = segments[1] - start
      this.#counters.add(COUNTER.bytesSent, length)
      taken = socket.send(new Uint8Array(slab.buffer, slab.byteOffset + start, length))
    } else taken = socket.sendPieces(this.#pieces(segments, slab))
    if (taken) return true
    this.#limit(connection)
    return false
  }

  #limit(connection: Connection): void {
    const unsent = unsentBytes(connection)
    const isSubscriber = connection.subscriber !== null
    const hardBytes = isSubscriber ? this.#subscriberHardBytes : this.#hardBytes
    if (unsent > hardBytes) this.cut(connection)
    else if (unsent > CLIENT_UNSENT_BYTES_MAX) connection.stopped |= STOPPED_OUTPUT
  }

  /** A subscriber that is behind: its part of the slab is copied, so that nobody else's is kept. */
  #keep(connection: Connection, slab: Uint8Array): void {
    const { segments } = connection
    connection.unsent ??= new UnsentBytes()
    for (let index = 0; index < segments.length; index += 2) {
      const length = segments[index + 1] - segments[index]
      this.#counters.add(COUNTER.bytesSent, length)
      connection.unsent.append(slab, segments[index], length)
    }
    this.#limit(connection)
  }

  /** The socket has taken all it had: what was kept follows. True if that was taken at once too. */
  sendKept(connection: Connection): boolean {
    const { unsent, socket } = connection
    if (unsent === null || unsent.byteLength === 0) return true
    return socket.sendPieces(unsent.take())
  }

  /** Replies of one turn that lie apart, since other clients' came between. */
  #pieces(segments: readonly number[], slab: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = []
    for (let index = 0; index < segments.length; index += 2) {
      this.#counters.add(COUNTER.bytesSent, segments[index + 1] - segments[index])
      pieces.push(slab.subarray(segments[index], segments[index + 1]))
    }
    return pieces
  }
}
