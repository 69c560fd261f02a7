// Replies that found neither room in their ring nor chunks in the pool. A holder never waits for
// room, so the replies stay in the memory of the worker that made them, in order, until there is
// some; the acceptor they are for gets no new work executed by this worker meanwhile. What a client
// can pile up here is bounded by its own output limit.

import { markRepliesReady, ringBell } from '../ring/bell.ts'
import { REPLY_PART } from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { partBytesMax, ReplySheet, writeReplies } from '../ring/replies.ts'
import { attachRing, publish, type Ring } from '../ring/ring.ts'
import type { Rows } from '../rows/rows.ts'

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
  readonly #held: HeldReplies[] = []
  /** Entries of #held before this index are committed and may leave. */
  #committedCount = 0

  constructor(
    rows: Rows,
    pool: ChunkPool,
    replies: readonly Ring[],
    acceptorThreads: readonly number[],
    shardCount: number,
  ) {
    this.#rows = rows
    this.#pool = pool
    this.#replies = replies
    this.#acceptorThreads = acceptorThreads
    this.#shardCount = shardCount
  }

  isEmpty(): boolean {
    return this.#held.length === 0
  }

  isBehind(acceptor: number): boolean {
    if (this.#held.length === 0) return false
    return this.#held.some((entry) => entry.acceptor === acceptor)
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
    this.#held.push({
      shard,
      acceptor,
      sheet: copy,
      lsn,
      bytes: bytes.slice(0, byteLength),
      sent: 0,
    })
  }

  /** Everything added so far is in the log. */
  committed(): void {
    this.#committedCount = this.#held.length
  }

  /** What was added since the last `committed` is answered otherwise. */
  dropUncommitted(): void {
    this.#held.length = this.#committedCount
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
    }
    this.#held.length = 0
    for (const entry of kept) this.#held.push(entry)
    this.#committedCount = this.#held.length
  }

  #sendNow(entry: HeldReplies): boolean {
    const ring = this.#replies[entry.acceptor * this.#shardCount + entry.shard]
    const { sheet, lsn, bytes } = entry
    const partBytes = partBytesMax(this.#pool)
    const flags = sheet.flags
    attachRing(ring)
    for (;;) {
      const left = bytes.length - entry.sent
      const length = Math.min(left, partBytes)
      sheet.flags = length < left ? flags | REPLY_PART : flags
      const written = writeReplies(ring, this.#pool, sheet, lsn, bytes, entry.sent, length)
      sheet.flags = flags
      if (!written) return false
      entry.sent += length
      publish(ring)
      markRepliesReady(this.#rows, this.#acceptorThreads[entry.acceptor], entry.shard)
      ringBell(this.#rows, this.#acceptorThreads[entry.acceptor])
      if (entry.sent === bytes.length) return true
    }
  }
}
