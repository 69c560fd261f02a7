// Takes replies out of the reply rings and hands them to their connections in request order.
// A reply whose LSN is not durable yet stays in its ring under appendfsync always: the sync thread
// marks the ring ready again when the log got further. This is the one gate of that promise.

import { copyBytes } from '../base/copy.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import type { Executor } from '../executor/executor.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { WATCH_WORDS } from '../keyspace/watch-list.ts'
import type { Message } from '../pubsub/subscriber.ts'
import { takeRepliesReady } from '../ring/bell.ts'
import {
  REPLY_AGAIN,
  REPLY_BLOCKED,
  REPLY_CHUNKED,
  REPLY_CLOSE,
  REPLY_HEADER_WORDS,
  REPLY_NOT_RUN,
  REPLY_OF_EXEC,
  REPLY_PART,
  REPLY_WATCHING,
} from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { replyFillMax, replyLsn } from '../ring/replies.ts'
import { gatherBytes } from '../ring/requests.ts'
import {
  advanceHead,
  attachRing,
  giveBack,
  peek,
  publishedSince,
  type Ring,
  readable,
} from '../ring/ring.ts'
import {
  DURABLE_LONG,
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  READY_WORDS,
  SYNC_FAILED_WORD,
} from '../rows/layout.ts'
import { loadLsn, type Rows } from '../rows/rows.ts'
import { MISCONF_UNKNOWN, OK } from '../wire/replies.ts'
import type { Connection } from './connection.ts'
import type { Output } from './output.ts'

const NO_BYTES = new Uint8Array(0)

/** One large reply that nothing of its client has to leave before, and nothing is wrong with. */
function mayStream(connection: Connection, words: Int32Array, word: number): boolean {
  const flags = words[word + 3] >>> 16
  const sequence = words[word + REPLY_HEADER_WORDS]
  return (
    ((flags & REPLY_CHUNKED) !== 0 || connection.partSent) &&
    (words[word + 3] & 0xffff) === 1 &&
    (flags & (REPLY_CLOSE | REPLY_WATCHING | REPLY_BLOCKED | REPLY_AGAIN)) === 0 &&
    sequence === connection.sequenceSent &&
    connection.generation === words[word + 2] &&
    !connection.closed &&
    connection.parts?.has(sequence) !== true
  )
}

/** What the inbox tells of commands that may wait for keys: see blocking.ts. */
export interface BlockedReplies {
  /** The command waits, with this ticket. */
  noteWait(connection: Connection, ticket: number): void
  /** It waits no more: its reply is here. */
  end(connection: Connection): void
  /** It is to be sent again. */
  again(connection: Connection): void
}

function ticketAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getInt32(0, true)
}

export class Inbox {
  readonly #rows: Rows
  readonly #thread: number
  readonly #executor: Executor
  readonly #sides: readonly ShardSide[]
  /** Reply ring of each shard for this acceptor. */
  readonly #rings: readonly Ring[]
  readonly #pool: ChunkPool
  readonly #output: Output
  readonly #counters: Counters
  readonly #connections: readonly (Connection | null)[]
  /** Commands in rings or at workers or waiting for keys, over all connections. */
  inFlight = 0
  /** Those of them that wait for keys, as far as this acceptor was told. */
  blockedCount = 0
  /** Set when there is somebody to keep the commands that wait. */
  blocking: BlockedReplies | null = null
  #big: Uint8Array = NO_BYTES
  /** Set when there is somebody to publish what an EXEC publishes. */
  publish: (messages: readonly Message[]) => void = () => {}

  constructor(
    executor: Executor,
    rings: readonly Ring[],
    pool: ChunkPool,
    output: Output,
    counters: Counters,
    connections: readonly (Connection | null)[],
  ) {
    this.#rows = executor.rows
    this.#thread = executor.thread
    this.#executor = executor
    this.#sides = executor.sides
    this.#rings = rings
    this.#pool = pool
    this.#output = output
    this.#counters = counters
    this.#connections = connections
  }

  /** Delivers what is there; returns how many replies. */
  drain(): number {
    const before = this.inFlight
    for (let index = 0; index < READY_WORDS; index++) {
      let bits = takeRepliesReady(this.#rows, this.#thread, index)
      while (bits !== 0) {
        const bit = bits & -bits
        bits ^= bit
        this.#drainShard((index << 5) + (31 - Math.clz32(bit)))
      }
    }
    return before - this.inFlight
  }

  #drainShard(shard: number): void {
    const ring = this.#rings[shard]
    attachRing(ring)
    const start = ring.head
    const always = this.#rows.words[FSYNC_POLICY_WORD] === FSYNC_ALWAYS
    while (readable(ring)) {
      const position = peek(ring)
      let failed = false
      if (always && replyLsn(ring, position) > this.#durableLsn(shard)) {
        failed = this.#rows.words[this.#sides[shard].row + SYNC_FAILED_WORD] !== 0
        if (!failed) break
      }
      this.#deliverRecord(ring, position, failed)
      advanceHead(ring, ring.words[position >> 2])
    }
    if (ring.head === start) return
    giveBack(ring)
    // Requests that found no room were left; whoever left them says nothing (executor.announce), so
    // it is said here, if the ring was as full as that. The tail is read only now: a holder that
    // published since, and did not see the room yet, is seen (model: test/models/room.pml, BUG4).
    if (publishedSince(ring, start) > replyFillMax(ring.byteLength)) this.#executor.announce(shard)
  }

  #durableLsn(shard: number): number {
    return loadLsn(this.#rows, (this.#sides[shard].row >> 1) + DURABLE_LONG)
  }

  #deliverRecord(ring: Ring, position: number, failed: boolean): void {
    const words = ring.words
    const word = position >> 2
    const connection = this.#connections[words[word + 1]]
    const count = words[word + 3] & 0xffff
    const flags = words[word + 3] >>> 16
    const pairs = word + REPLY_HEADER_WORDS
    if (connection !== null && !failed && mayStream(connection, words, word)) {
      this.#stream(connection, ring, word)
      return
    }
    let bytes = ring.bytes
    let at = (pairs + count * 2) << 2
    if ((flags & REPLY_CHUNKED) !== 0) {
      this.#gatherChunks(words, pairs + count * 2, words[word + 6])
      bytes = this.#big
      at = 0
    }
    if ((flags & REPLY_PART) !== 0) {
      this.#keepPart(connection, words[pairs], bytes, at, words[word + 6], flags)
      return
    }
    let byteLength = words[word + 6]
    if (connection?.parts) {
      const whole = this.#joinParts(connection, words[pairs], bytes, at, byteLength)
      if (whole !== null) {
        bytes = whole
        at = 0
        byteLength = whole.length
      }
    }
    if ((flags & REPLY_BLOCKED) !== 0) {
      this.#noteWait(connection, words, word, ticketAt(bytes, at))
      return
    }
    this.inFlight -= count
    if (this.#endWait(connection, words, word, flags)) return
    if ((flags & REPLY_OF_EXEC) !== 0) {
      if (connection !== null) this.#endExec(connection, (flags & REPLY_NOT_RUN) === 0)
    } else if ((flags & REPLY_WATCHING) !== 0 && connection !== null) {
      this.#deliverWatching(connection, words[pairs], bytes, at, byteLength, failed)
      return
    }
    if (connection === null || connection.generation !== words[word + 2]) {
      this.#counters.add(COUNTER.repliesDropped, count)
    } else if (connection.closed) {
      this.#dropReplies(connection, words, pairs, count)
    } else if ((flags & REPLY_CLOSE) !== 0) {
      this.#output.cut(connection)
      this.#dropReplies(connection, words, pairs, count)
    } else if (failed && connection.partSent) {
      this.#output.cut(connection)
      this.#dropReplies(connection, words, pairs, count)
    } else if (failed) {
      this.#deliverFailure(connection, words, pairs, count)
    } else {
      connection.noteReplies(words[word + 6], count)
      this.#deliverReplies(connection, words, pairs, count, bytes, at)
    }
    this.#big = NO_BYTES
  }

  #noteWait(connection: Connection | null, words: Int32Array, word: number, ticket: number): void {
    this.#big = NO_BYTES
    if (connection === null || connection.generation !== words[word + 2]) return
    // One that was served already has no wait to tell of.
    const sequence = words[word + REPLY_HEADER_WORDS]
    if (sequence !== connection.sequenceSent) return
    this.#takeBack(connection, sequence)
    this.blocking?.noteWait(connection, ticket)
  }

  /** True: it was no reply, but the order to send the command again. */
  #endWait(connection: Connection | null, words: Int32Array, word: number, flags: number): boolean {
    if (connection === null || connection.blocked === null) return false
    if (connection.generation !== words[word + 2]) return false
    if ((flags & REPLY_AGAIN) === 0) {
      this.blocking?.end(connection)
      return false
    }
    this.#takeBack(connection, words[word + REPLY_HEADER_WORDS])
    this.blocking?.again(connection)
    return true
  }

  #endExec(connection: Connection, ran: boolean): void {
    connection.endExec(ran, this.#sides)
    if (ran) this.publish(connection.messagesOfExec)
    connection.messagesOfExec = []
  }

  /**
   * A large reply that is next in order, or a part of it, goes from its chunks straight into the
   * slab: so one of any size costs the memory of what the client has not taken yet.
   */
  #stream(connection: Connection, ring: Ring, word: number): void {
    const { words } = ring
    const pairs = word + REPLY_HEADER_WORDS
    const flags = words[word + 3] >>> 16
    const byteLength = words[word + 6]
    if ((flags & REPLY_CHUNKED) !== 0) {
      const chunks = words.subarray(pairs + 3, pairs + 3 + words[pairs + 2])
      this.#output.appendChunks(connection, this.#pool, chunks, byteLength)
      for (const chunk of chunks) this.#pool.release(chunk)
    } else {
      this.#output.append(connection, ring.bytes, (pairs + 2) << 2, byteLength)
    }
    connection.partSent = (flags & REPLY_PART) !== 0
    if (connection.partSent) return
    this.inFlight--
    if (connection.blocked !== null) this.blocking?.end(connection)
    if ((flags & REPLY_OF_EXEC) !== 0) this.#endExec(connection, true)
    connection.noteReplies(words[pairs + 1], 1)
    this.#takeBack(connection, words[pairs])
    connection.sequenceSent = (connection.sequenceSent + 1) | 0
    this.#drainStash(connection)
  }

  #keepPart(
    connection: Connection | null,
    firstSequence: number,
    bytes: Uint8Array,
    at: number,
    byteLength: number,
    flags: number,
  ): void {
    // Registrations are wanted also of a client that has gone: they have to be ended.
    const wanted = connection?.closed === false || (flags & REPLY_WATCHING) !== 0
    if (connection !== null && wanted) {
      connection.parts ??= new Map()
      const parts = connection.parts.get(firstSequence) ?? []
      // What was gathered is this part's own; a ring's bytes are not.
      parts.push(bytes === this.#big ? bytes : Uint8Array.from(bytes.subarray(at, at + byteLength)))
      connection.parts.set(firstSequence, parts)
    }
    this.#big = NO_BYTES
  }

  /** The last part has come: all bytes of the replies, or null if they came in one piece. */
  #joinParts(
    connection: Connection,
    firstSequence: number,
    bytes: Uint8Array,
    at: number,
    byteLength: number,
  ): Uint8Array | null {
    const parts = connection.parts?.get(firstSequence)
    if (parts === undefined) return null
    connection.parts?.delete(firstSequence)
    if (connection.parts?.size === 0) connection.parts = null
    return Buffer.concat([...parts, bytes.subarray(at, at + byteLength)])
  }

  #gatherChunks(words: Int32Array, at: number, byteLength: number): void {
    const chunks = words.subarray(at + 1, at + 1 + words[at])
    this.#big = new Uint8Array(byteLength)
    gatherBytes(this.#pool, chunks, byteLength, this.#big, 0)
    for (const chunk of chunks) this.#pool.release(chunk)
  }

  /** The connection is gone; it is only counted until nothing of it is in flight. */
  #dropReplies(connection: Connection, words: Int32Array, pairs: number, count: number): void {
    connection.sequenceSent = (connection.sequenceSent + count) | 0
    this.#counters.add(COUNTER.repliesDropped, count)
    for (let index = 0; index < count; index++) this.#takeBack(connection, words[pairs + index * 2])
  }

  #deliverFailure(connection: Connection, words: Int32Array, pairs: number, count: number): void {
    const text = MISCONF_UNKNOWN
    for (let index = 0; index < count; index++) {
      this.deliver(connection, words[pairs + index * 2], text, 0, text.length)
    }
  }

  #deliverReplies(
    connection: Connection,
    words: Int32Array,
    pairs: number,
    count: number,
    bytes: Uint8Array,
    at: number,
  ): void {
    let index = 0
    while (index < count) {
      const sequence = words[pairs + index * 2]
      let length = words[pairs + index * 2 + 1]
      let run = 1
      if (sequence === connection.sequenceSent && connection.lentChunks === null) {
        // Replies to neighbours leave with one copy.
        while (index + run < count && words[pairs + (index + run) * 2] === ((sequence + run) | 0)) {
          length += words[pairs + (index + run) * 2 + 1]
          run++
        }
        connection.sequenceSent = (sequence + run) | 0
        this.#output.append(connection, bytes, at, length)
        if (!connection.stash.isEmpty()) this.#drainStash(connection)
      } else {
        this.deliver(connection, sequence, bytes, at, length)
      }
      at += length
      index += run
    }
  }

  /** One whole reply, now or when those in front of it have come. */
  deliver(
    connection: Connection,
    sequence: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    this.#takeBack(connection, sequence)
    if (sequence !== connection.sequenceSent) {
      connection.stash.put(sequence, bytes, start, length)
      return
    }
    connection.sequenceSent = (sequence + 1) | 0
    this.#output.append(connection, bytes, start, length)
    this.#drainStash(connection)
  }

  #drainStash(connection: Connection): void {
    const stash = connection.stash
    while (stash.take(connection.sequenceSent)) {
      connection.sequenceSent = (connection.sequenceSent + 1) | 0
      this.#output.append(connection, stash.bytes, stash.foundStart, stash.foundLength)
    }
    stash.settle()
  }

  /** See Output.cut. */
  cut(connection: Connection): void {
    this.#output.cut(connection)
  }

  /**
   * A WATCH has registered its keys: the connection keeps that, also a closed one, which ends all
   * of it when nothing of it is in flight any more.
   */
  #deliverWatching(
    connection: Connection,
    sequence: number,
    bytes: Uint8Array,
    at: number,
    byteLength: number,
    failed: boolean,
  ): void {
    const words = new Int32Array(byteLength >> 2)
    copyBytes(bytes, at, new Uint8Array(words.buffer), 0, byteLength)
    connection.watch(words, 0, words.length / WATCH_WORDS)
    const text = failed ? MISCONF_UNKNOWN : OK
    this.#big = NO_BYTES
    if (!connection.closed) {
      this.deliver(connection, sequence, text, 0, text.length)
      return
    }
    connection.sequenceSent = (connection.sequenceSent + 1) | 0
    this.#counters.add(COUNTER.repliesDropped, 1)
    this.#takeBack(connection, sequence)
  }

  /** The chunks that carried a request come back with its reply. */
  #takeBack(connection: Connection, sequence: number): void {
    const lent = connection.lentChunks
    const chunks = lent?.get(sequence)
    if (lent === null || chunks === undefined) return
    for (const chunk of chunks) this.#pool.release(chunk)
    lent.delete(sequence)
    if (lent.size === 0) connection.lentChunks = null
  }
}
