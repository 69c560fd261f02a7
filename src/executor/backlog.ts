// Replies that found neither room in their ring nor chunks in the pool. A holder never waits for
// room, so the replies stay in the memory of the worker that made them, in order, until there is
// some; the acceptor they are for gets no new work executed by this worker meanwhile. What a client
// can pile up here is bounded by its own output limit.

import { copyBytes } from '../base/copy.ts'
import { markRepliesReady, ringBell } from '../ring/bell.ts'
import { REPLY_PART } from '../ring/layout.ts'
import { CHUNK_BYTES, type ChunkPool } from '../ring/pool.ts'
import { partBytesMax, ReplySheet, writeReplies } from '../ring/replies.ts'
import { attachRing, publish, type Ring } from '../ring/ring.ts'
import type { Rows } from '../rows/rows.ts'
import type { Executor } from './executor.ts'

/** A buffer larger than this is not used for the next reply (serve.ts): who has it may keep it. */
export const REPLY_BYTES_KEPT_MAX = 4_194_304

/** Not slice: of a Buffer that is a view, and the next reply would be written over it. */
function keep(bytes: Uint8Array, byteLength: number): Uint8Array {
  if (bytes.length > REPLY_BYTES_KEPT_MAX) return bytes.subarray(0, byteLength)
  const kept = Buffer.allocUnsafeSlow(byteLength)
  copyBytes(bytes, 0, kept, 0, byteLength)
  return kept
}

/**
 * Sends what has room now of every shard whose token is free. Not in every turn: each release
 * announces what others could serve, and two threads that are behind different acceptors would keep
 * each other awake.
 */
export function drainBacklog(executor: Executor, backlog: ReplyBacklog): void {
  for (const shard of backlog.shards()) {
    if (!executor.tryHold(shard)) continue
    backlog.drain(shard)
    executor.release(shard)
  }
  if (!backlog.takeCaughtUp()) return
  // What was not served because of the backlog waits in the rings, whichever shard it is of.
  for (let shard = 0; shard < executor.sides.length; shard++) executor.announce(shard)
}

interface HeldReplies {
  readonly shard: number
  readonly acceptor: number
  readonly sheet: ReplySheet
  readonly lsn: number
  readonly bytes: Uint8Array
  /** How many of the bytes have left already, in parts. */
  sent: number
}

export class ReplyBacklog {
  readonly #rows: Rows
  readonly #pool: ChunkPool
  readonly #replies: readonly Ring[]
  readonly #acceptorThreads: readonly number[]
  readonly #shardCount: number
  /** How many are held by acceptor: see Executor.behind. */
  readonly #behind: Int32Array
  readonly #held: HeldReplies[] = []
  /** Entries of #held before this index are committed and may leave. */
  #committedCount = 0
  #caughtUp = false

  constructor(
    rows: Rows,
    pool: ChunkPool,
    replies: readonly Ring[],
    acceptorThreads: readonly number[],
    shardCount: number,
    behind: Int32Array,
  ) {
    this.#rows = rows
    this.#pool = pool
    this.#replies = replies
    this.#acceptorThreads = acceptorThreads
    this.#shardCount = shardCount
    this.#behind = behind
  }

  isEmpty(): boolean {
    return this.#held.length === 0
  }

  isBehind(acceptor: number): boolean {
    return this.#behind[acceptor] !== 0
  }

  add(
    shard: number,
    acceptor: number,
    sheet: ReplySheet,
    lsn: number,
    bytes: Uint8Array,
    byteLength: number,
  ): void {
    const copy = new ReplySheet()
    copy.start(sheet.slot, sheet.generation)
    copy.flags = sheet.flags
    for (let index = 0; index < sheet.count; index++) {
      copy.add(sheet.sequences[index], sheet.lengths[index])
    }
    const kept = keep(bytes, byteLength)
    this.#behind[acceptor]++
    this.#held.push({
      shard,
      acceptor,
      sheet: copy,
      lsn,
      bytes: kept,
      sent: 0,
    })
  }

  /** Everything added so far is in the log. */
  committed(): void {
    this.#committedCount = this.#held.length
  }

  /** What was added since the last `committed` is answered otherwise. */
  dropUncommitted(): void {
    while (this.#held.length > this.#committedCount) {
      const entry = this.#held.pop()
      if (entry !== undefined) this.#behind[entry.acceptor]--
    }
  }

  /** Did the last replies for some acceptor leave since the last call? Then it is served again. */
  takeCaughtUp(): boolean {
    const caughtUp = this.#caughtUp
    this.#caughtUp = false
    return caughtUp
  }

  /** Is there a held reply of this shard? Then its token is worth taking to send it. */
  shards(): number[] {
    return [...new Set(this.#held.map((entry) => entry.shard))]
  }

  /** Sends what has room now. The shard's token must be held (its reply tail is moved). */
  drain(shard: number): void {
    const kept: HeldReplies[] = []
    for (const entry of this.#held) {
      if (entry.shard !== shard || !this.#sendNow(entry)) kept.push(entry)
      else if (--this.#behind[entry.acceptor] === 0) this.#caughtUp = true
    }
    this.#held.length = 0
    for (const entry of kept) this.#held.push(entry)
    this.#committedCount = this.#held.length
  }

  /**
   * Sends the entry in parts as large as find room: half of a part when the whole does not, so that
   * others who take a chunk now and then cannot keep it waiting.
   */
  #sendNow(entry: HeldReplies): boolean {
    const ring = this.#replies[entry.acceptor * this.#shardCount + entry.shard]
    const total = entry.bytes.length
    let partBytes = partBytesMax(this.#pool)
    attachRing(ring)
    for (;;) {
      const length = Math.min(total - entry.sent, partBytes)
      if (!this.#writePart(ring, entry, length)) {
        if (length <= CHUNK_BYTES) return false
        partBytes = length >> 1
        continue
      }
      entry.sent += length
      publish(ring)
      markRepliesReady(this.#rows, this.#acceptorThreads[entry.acceptor], entry.shard)
      ringBell(this.#rows, this.#acceptorThreads[entry.acceptor])
      if (entry.sent === total) return true
    }
  }

  #writePart(ring: Ring, entry: HeldReplies, length: number): boolean {
    const { sheet, lsn, bytes, sent } = entry
    const { flags } = sheet
    if (sent + length < bytes.length) sheet.flags |= REPLY_PART
    const written = writeReplies(ring, this.#pool, sheet, lsn, bytes, sent, length)
    sheet.flags = flags
    return written
  }
}
