// The writing side of a shard's log: one ShardLog per (thread, shard, side), used only while that
// thread holds the side's token. The truth is in the control row; the fields here are a copy that
// `attach` refreshes, so any thread that takes the token next goes on where this one stopped.
//
//   attach(token, now) … append … append … commit(now) … release of the token
//
// The open block grows in the slice behind the last closed one:
//
//   slice | reclaimed | closed, written | (closed, failed: pending) | open: header, records | free
//                                       ^ written                   ^ appended        offset ^
//
// One commit is one write(2) of one block, but for three cases in which a commit becomes a chain of
// blocks (BLOCK_CONTINUED on all but the last): the slice end is reached, half of the slice is
// full, or a record is larger than a quarter of it (`appendLarge`). Recovery takes chains whole.
//
// If this thread dies before the store of WRITTEN_LONG nobody has seen the block's replies, and the
// token stays taken: the row is trusted again only after recovery or a promotion.

import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import { LOG_RETRY_MS } from '../base/limits.ts'
import * as row from '../rows/layout.ts'
import { loadLsn, type Rows, storeLsn } from '../rows/rows.ts'
import { type LogFs, writeFully, writeViewsFully } from './files.ts'
import * as layout from './layout.ts'
import { encodeSegmentHeader, newSegmentId } from './segment.ts'
import { SliceWriter } from './slice-writer.ts'

/** What a commit answers: 0, or the class of the error that stopped the write. */
export const WRITE_OK = 0
export const WRITE_NO_SPACE = 1
export const WRITE_IO_ERROR = 2
export const WRITE_OTHER_ERROR = 3

export interface ShardLogOptions {
  readonly rows: Rows
  readonly shard: number
  readonly side: number
  /** The side's log memory (log-buffer.ts), 8-byte aligned. */
  readonly slice: Uint8Array
  readonly files: LogFs
  readonly clock: Clock
  /** This thread's number: its THREAD row shows a write(2) that is under way. */
  readonly thread: number
  readonly instance: string
  readonly generation: number
  /** Size above which the segment is left when a spare is ready. */
  readonly segmentBytesMax: number
}

export class ShardLog extends SliceWriter {
  readonly #threadRow: number
  readonly #files: LogFs
  readonly #clock: Clock
  readonly #instance: string
  readonly #generation: number
  readonly #segmentBytesMax: number

  // Copies of the control row, with those of SliceWriter.
  #segmentStart = 0
  #fd = 0
  #pending = row.PENDING_NONE
  #commitMs = 0
  /** The row's change count when these copies were right; -1 = never. */
  #changes = -1

  /** Of the block that `writeLarge` wrote and that does not count yet; 0: there is none. */
  #largeBytes = 0

  #token = 0
  #nextRetryMs = 0

  constructor(options: ShardLogOptions) {
    super(options.rows, options.shard, options.side, options.slice)
    this.#threadRow = row.threadRow(options.thread)
    this.#files = options.files
    this.#clock = options.clock
    this.#instance = options.instance
    this.#generation = options.generation
    this.#segmentBytesMax = options.segmentBytesMax
  }

  /**
   * Begins a holding of the token (its word is given to notice a fence). Cheap when no other
   * thread wrote here since. `nowMs` is wall time.
   */
  attach(token: number, nowMs: number): void {
    assert(this.blockOffset < 0 && !this.chainOpen, 'a holding ends with a commit')
    this.#token = token
    this.nowMs = nowMs
    // Stored by whichever thread wrote last, under the token; read under the token.
    const changes = Atomics.load(this.rows.words, this.rowWord + row.LOG_CHANGES_WORD)
    if (changes !== this.#changes) this.#loadRow(changes)
  }

  /** False while a failed write waits or after a failed sync: refuse writes with MISCONF. */
  healthy(): boolean {
    return (
      this.failed === WRITE_OK &&
      Atomics.load(this.rows.words, this.rowWord + row.SYNC_FAILED_WORD) === 0
    )
  }

  /** Like `healthy`, but first tries a waiting block again (at most every LOG_RETRY_MS). */
  writable(nowMs: number): boolean {
    if (this.failed !== WRITE_OK) this.retryPending(nowMs)
    return this.healthy()
  }

  /**
   * Writes one record of any size straight to the file, before the caller changes memory.
   * `values` are the value's pieces in order. False: not written, nothing changed, refuse the
   * command. True: the record is part of the commit that follows.
   */
  appendLarge(
    code: number,
    database: number,
    flags: number,
    number: number,
    key: Uint8Array,
    values: readonly Uint8Array[],
  ): boolean {
    this.addLarge(code, database, flags, number, key, values)
    const written = this.writeLarge()
    if (written) this.keepLarge()
    else this.dropLarge()
    return written
  }

  // ── the steps of `appendLarge`; several logs take them together in groups.ts ────────────────

  /** Writes what `addLarge` was given, in one block; `keepLarge` or `dropLarge` must follow. */
  writeLarge(): boolean {
    const { large } = this
    if (large.count === 0) return true
    if (!this.healthy()) return false
    if (this.blockOffset >= 0) {
      this.closeBlock(layout.BLOCK_CONTINUED, false, 0, 0, 0, 0)
      if (this.writeClosed() !== WRITE_OK) return false
    }
    const views = this.largeBlock()
    const failed = this.#write(views)
    if (failed !== WRITE_OK) {
      // Shorter blocks would leave the rest of this one behind them, and no segment may be left so:
      // nothing is written until the file is cut (#write), although no block waits.
      if (!this.#cutFile()) this.holdBack(failed, row.PENDING_NONE)
      return false
    }
    this.#largeBytes = layout.BLOCK_HEADER_BYTES + large.byteLength
    large.clear()
    return true
  }

  /** What `writeLarge` wrote is part of the commit that follows. */
  keepLarge(): void {
    const length = this.#largeBytes
    if (length === 0) return
    this.#largeBytes = 0
    // Other logs may have been written since.
    this.#assertNotFenced()
    this.appended += length
    this.offset = (this.offset + length) % this.sliceBytes
    this.chainOpen = true
    this.#publishWritten()
  }

  /** Forgets what `addLarge` was given; what `writeLarge` wrote is cut off again. */
  dropLarge(): void {
    this.large.clear()
    if (this.#largeBytes === 0) return
    this.#largeBytes = 0
    this.#assertNotFenced()
    // As after a failed write: nothing else may be written before the file is cut.
    if (!this.#cutFile()) this.holdBack(WRITE_OTHER_ERROR, row.PENDING_NONE)
  }

  /**
   * Ends a batch: closes the block, stores the commit record, writes, publishes. WRITE_OK, or the
   * class of the error: then the outcome of the batch's writes is unknown to clients (MISCONF), the
   * block waits in the slice and is tried again later. Without effects it is free and answers 0.
   */
  commit(nowMs: number): number {
    this.nowMs = nowMs
    if (!this.uncommitted()) {
      if (this.failed !== WRITE_OK) this.retryPending(nowMs)
      return WRITE_OK
    }
    this.prepareCommit(nowMs, 0, 0, 0, 0)
    if (this.#pending === row.PENDING_GROUP) {
      this.holdBack(this.failed, row.PENDING_GROUP)
      return this.failed
    }
    const failed = this.writePrepared()
    if (failed !== WRITE_OK) {
      this.holdBack(failed, row.PENDING_OWN)
      return failed
    }
    this.publishCommitted()
    return WRITE_OK
  }

  /**
   * Tries a waiting block again, at most every LOG_RETRY_MS. WRITE_OK when nothing waits any more.
   * A waiting part of a group is not tried here: see `retryGroup`.
   */
  retryPending(nowMs: number): number {
    if (this.failed === WRITE_OK) return WRITE_OK
    if (this.#pending === row.PENDING_GROUP || this.uncommitted()) return this.failed
    if (nowMs < this.#nextRetryMs) return this.failed
    this.#nextRetryMs = nowMs + LOG_RETRY_MS
    const failed = this.writePrepared()
    if (failed !== WRITE_OK) this.holdBack(failed, row.PENDING_OWN)
    else this.publishCommitted()
    return failed
  }

  /** True when a part of a group waits: only `retryGroup` with all tokens may write it. */
  groupPending(): boolean {
    return this.#pending === row.PENDING_GROUP
  }

  /**
   * Appends the empty mark block that the sync thread asked for, if the shard is still idle and all
   * of it is durable. Clears the wish. Returns what commit returns.
   */
  appendMark(nowMs: number): number {
    assert(!this.uncommitted(), 'a mark comes between commits')
    this.nowMs = nowMs
    Atomics.store(this.rows.words, this.rowWord + row.MARK_WANTED_WORD, 0)
    const durable = loadLsn(this.rows, this.rowLong + row.DURABLE_LONG)
    const marked = loadLsn(this.rows, this.rowLong + row.MARKED_LONG)
    if (!this.healthy() || durable !== this.written || marked === this.written) return WRITE_OK
    this.makeRoom(0)
    this.closeBlock(layout.BLOCK_MARK, false, 0, 0, 0, 0)
    const failed = this.writePrepared()
    if (failed !== WRITE_OK) {
      this.holdBack(failed, row.PENDING_OWN)
      return failed
    }
    storeLsn(this.rows, this.rowLong + row.MARKED_LONG, this.appended)
    this.publishCommitted()
    return WRITE_OK
  }

  // ── the steps of a commit; several logs take them together in groups.ts ─────────────────────

  /** Opens the last block of this commit if it is not open; its LSN names a group. */
  lastBlockLsn(): number {
    if (this.blockOffset < 0) this.makeRoom(0)
    return this.appended
  }

  /** Closes the commit's last block and stores the commit record. `participants` 0: no group. */
  prepareCommit(
    nowMs: number,
    groupShard: number,
    groupLsn: number,
    participants: number,
    index: number,
  ): void {
    this.nowMs = nowMs
    this.lastBlockLsn()
    const flags = participants > 0 ? layout.BLOCK_GROUP : 0
    this.closeBlock(flags, false, groupShard, groupLsn, participants, index)
    const rows = this.rows
    // The commit record. Only the token's holder stores it; a promotion reads it, and believes it
    // only if WRITTEN_LONG has reached COMMIT_LONG. The heads and tails that belong to it were
    // stored by the executor before this (executor/serve.ts); in place they do not move.
    storeLsn(rows, this.rowLong + row.COMMIT_LONG, this.appended)
    // Before the write: the sync thread must see that a group is on its way (syncer.ts).
    if (participants > 0) storeLsn(rows, this.rowLong + row.GROUP_LONG, this.appended)
  }

  /** write(2) of all that is closed; publishes nothing. */
  writePrepared(): number {
    return this.#write(null)
  }

  /** After a failed write: the closed blocks, if any, stay first in line and writes are refused. */
  holdBack(failed: number, pending: number): void {
    this.#cutFile()
    this.failed = failed
    this.#pending = pending
    const words = this.rows.words
    storeLsn(this.rows, this.rowLong + row.APPENDED_LONG, this.appended)
    storeLsn(this.rows, this.rowLong + row.SPILL_LONG, this.spillStart)
    Atomics.store(words, this.rowWord + row.BLOCK_PENDING_WORD, pending)
    Atomics.store(words, this.rowWord + row.WRITE_FAILED_WORD, failed)
    this.#countChange()
  }

  /** After the write: one store of the written LSN makes the commit count. */
  publishCommitted(): void {
    const rows = this.rows
    storeLsn(rows, this.rowLong + row.APPENDED_LONG, this.appended)
    const commitMs = Math.floor(this.nowMs)
    if (commitMs !== this.#commitMs) {
      this.#commitMs = commitMs
      storeLsn(rows, this.rowLong + row.COMMIT_TIME_LONG, commitMs)
    }
    this.#publishWritten()
    if (this.failed !== WRITE_OK) {
      this.failed = WRITE_OK
      this.#pending = row.PENDING_NONE
      Atomics.store(rows.words, this.rowWord + row.BLOCK_PENDING_WORD, row.PENDING_NONE)
      Atomics.store(rows.words, this.rowWord + row.WRITE_FAILED_WORD, WRITE_OK)
    }
    if (this.written - this.#segmentStart >= this.#segmentBytesMax) this.#switchSegment()
    this.#countChange()
  }

  // ── the file ────────────────────────────────────────────────────────────────────────────────

  /**
   * Writes and publishes a block that is not the last of its commit. Once one has failed the others
   * of the commit wait behind it, and its last block tries them all.
   */
  protected override writeClosed(): number {
    if (this.failed !== WRITE_OK) return this.failed
    const failed = this.writePrepared()
    if (failed !== WRITE_OK) this.holdBack(failed, row.PENDING_OWN)
    else this.#publishWritten()
    return failed
  }

  #publishWritten(): void {
    // First, or a follower would look for what was in the spill where it never was.
    if (this.spillStart > 0) this.leaveSpill()
    this.written = this.appended
    storeLsn(this.rows, this.rowLong + row.WRITTEN_LONG, this.written)
  }

  /** Writes the views, or (null) the closed blocks from the slice, behind the written LSN. */
  #write(views: readonly Uint8Array[] | null): number {
    const words = this.rows.words
    const position = layout.SEGMENT_HEADER_BYTES + (this.written - this.#segmentStart)
    // Read by main's watch: a thread inside write(2) is slow, not hung.
    Atomics.store(words, this.#threadRow + row.WRITING_WORD, this.shard + 1)
    const startMs = this.#clock.monotonicMs()
    let failed = WRITE_OK
    try {
      // After a failed write the cut may have failed too, also in another thread's hands.
      if (this.failed !== WRITE_OK) this.#files.ftruncate(this.#fd, position)
      if (views !== null) writeViewsFully(this.#files, this.#fd, views, position)
      else this.#writeClosedBlocks(position)
    } catch (error) {
      failed = errorClass(error)
    }
    const micros = (this.#clock.monotonicMs() - startMs) * 1000
    Atomics.store(words, this.#threadRow + row.WRITING_WORD, 0)
    this.#assertNotFenced()
    Atomics.store(words, this.rowWord + row.LAST_WRITE_MICROS_WORD, Math.min(micros, 2 ** 31 - 1))
    return failed
  }

  #writeClosedBlocks(position: number): void {
    const ring = this.ring.bytes
    const length = (this.spillStart > 0 ? this.spillStart : this.appended) - this.written
    const start = this.written % this.sliceBytes
    const first = Math.min(length, this.sliceBytes - start)
    writeFully(this.#files, this.#fd, ring, start, first, position)
    // Only blocks that waited go on behind the slice end: a block never crosses it.
    const rest = length - first
    if (rest > 0) writeFully(this.#files, this.#fd, ring, 0, rest, position + first)
    if (this.spillStart === 0 || this.spill === null) return
    const spilled = this.appended - this.spillStart
    writeFully(this.#files, this.#fd, this.spill.bytes, 0, spilled, position + length)
  }

  /** A blocking call may have taken so long that another side was promoted: publish nothing. */
  #assertNotFenced(): void {
    if (Atomics.load(this.rows.words, this.rowWord + row.TOKEN_WORD) === this.#token) return
    throw new CkvError('LOG_FENCED', `shard ${this.shard} was taken over during a log write`)
  }

  /**
   * Back to the last whole block. False: not done, and the next write tries it first. If the
   * process dies before that, recovery cuts the torn tail.
   */
  #cutFile(): boolean {
    const position = layout.SEGMENT_HEADER_BYTES + (this.written - this.#segmentStart)
    try {
      this.#files.ftruncate(this.#fd, position)
      return true
    } catch {
      return false
    }
  }

  /**
   * Goes on in the spare segment, between commits. Stays in the old one while no spare is ready,
   * the one before still waits for its sync, or the header cannot be written.
   * The sync thread reads ACTIVE_NUMBER, written LSN, RETIRED, ACTIVE_NUMBER: the order of the
   * stores here lets it see either the old set or the new one (syncer.ts).
   */
  #switchSegment(): void {
    const words = this.rows.words
    const spare = Atomics.load(words, this.rowWord + row.SPARE_FD_WORD)
    if (spare === 0 || Atomics.load(words, this.rowWord + row.RETIRED_FD_WORD) !== 0) return
    const number = Atomics.load(words, this.rowWord + row.SPARE_NUMBER_WORD)
    const segmentId = newSegmentId()
    const header = encodeSegmentHeader({
      instance: this.#instance,
      generation: this.#generation,
      shard: this.shard,
      epoch: this.epoch,
      number,
      startLsn: this.written,
      segmentId,
    })
    try {
      writeFully(this.#files, spare - 1, header, 0, header.byteLength, 0)
    } catch {
      // A disk this full will say so at the next block; the old segment still takes that.
      return
    }
    this.#assertNotFenced()
    storeLsn(this.rows, this.rowLong + row.SEGMENT_START_LONG, this.written)
    Atomics.store(this.rows.longs, this.rowLong + row.SEGMENT_ID_LONG, BigInt.asIntN(64, segmentId))
    Atomics.store(words, this.rowWord + row.RETIRED_FD_WORD, this.#fd + 1)
    Atomics.store(words, this.rowWord + row.ACTIVE_FD_WORD, spare)
    Atomics.store(words, this.rowWord + row.ACTIVE_NUMBER_WORD, number)
    Atomics.store(words, this.rowWord + row.SPARE_FD_WORD, 0)
    this.#segmentStart = this.written
    this.segmentId = segmentId
    this.#fd = spare - 1
  }

  #loadRow(changes: number): void {
    const rows = this.rows
    const words = rows.words
    const active = Atomics.load(words, this.rowWord + row.ACTIVE_FD_WORD)
    assert(active !== 0, 'the log of a shard is opened before it is written')
    this.#fd = active - 1
    this.written = loadLsn(rows, this.rowLong + row.WRITTEN_LONG)
    this.reclaimed = loadLsn(rows, this.rowLong + row.RECLAIMED_LONG)
    this.#segmentStart = loadLsn(rows, this.rowLong + row.SEGMENT_START_LONG)
    const id = Atomics.load(rows.longs, this.rowLong + row.SEGMENT_ID_LONG)
    this.segmentId = BigInt.asUintN(64, id)
    this.epoch = Atomics.load(words, this.rowWord + row.SEGMENT_EPOCH_WORD) >>> 0
    this.failed = Atomics.load(words, this.rowWord + row.WRITE_FAILED_WORD)
    this.#pending = Atomics.load(words, this.rowWord + row.BLOCK_PENDING_WORD)
    const waiting = this.#pending !== row.PENDING_NONE
    const appended = waiting ? loadLsn(rows, this.rowLong + row.APPENDED_LONG) : this.written
    this.resume(appended, waiting ? loadLsn(rows, this.rowLong + row.SPILL_LONG) : 0)
    this.#commitMs = loadLsn(rows, this.rowLong + row.COMMIT_TIME_LONG)
    this.#changes = changes
  }

  /** Tells other threads' copies that they are old. Only the token's holder stores the count. */
  #countChange(): void {
    const word = this.rowWord + row.LOG_CHANGES_WORD
    this.#changes = (Atomics.load(this.rows.words, word) + 1) | 0
    Atomics.store(this.rows.words, word, this.#changes)
  }
}

function errorClass(error: unknown): number {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') return WRITE_NO_SPACE
  if (code === 'EIO') return WRITE_IO_ERROR
  if (code === undefined) throw error
  return WRITE_OTHER_ERROR
}
