// The slice half of a shard's log writer: records, blocks, padding, checksums, and the promise not
// to overwrite what a follower may still read. Runs under the side's token; the file half and the
// control row are writer.ts. The slice is read by the mirror's thread (below the written LSN).

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { CkvError } from '../base/errors.ts'
import { LOG_SLICE_BYTES_MAX, LOG_SLICE_BYTES_MIN } from '../base/limits.ts'
import * as row from '../rows/layout.ts'
import { loadLsn, type Rows, sideLong, storeLsn } from '../rows/rows.ts'
import { checksum } from './checksum.ts'
import { EFFECT_PADDING } from './codes.ts'
import * as layout from './layout.ts'

export abstract class SliceWriter {
  /** The slice; `appendReserve` returns offsets into it. */
  readonly slice: Uint8Array
  readonly shard: number
  protected readonly rows: Rows
  /** First index of the side's row in `rows.words` and in `rows.longs`. */
  protected readonly rowWord: number
  protected readonly rowLong: number
  protected readonly sliceBytes: number
  protected readonly words: Int32Array
  protected readonly doubles: Float64Array
  protected readonly longs: BigUint64Array
  readonly #recordBytesMax: number
  readonly #blockBytesMax: number

  /** Where the next record goes, the open block begins (-1: none), as slice offsets. */
  protected offset = 0
  protected blockOffset = -1
  /** Records may grow to here without another look; 0 = look first. */
  #limit = 0
  #records = 0
  /** A block with BLOCK_CONTINUED was closed and the last block of its commit was not. */
  protected chainOpen = false

  // Copies of the control row; `appended` is the LSN after the last closed block.
  protected appended = 0
  protected written = 0
  protected reclaimed = 0
  protected segmentId = 0n
  protected epoch = 0
  protected failed = 0
  protected nowMs = 0

  constructor(rows: Rows, shard: number, side: number, slice: Uint8Array) {
    const bytes = slice.byteLength
    assert((bytes & (bytes - 1)) === 0, 'a log slice is a power of two')
    assert(bytes >= LOG_SLICE_BYTES_MIN && bytes <= LOG_SLICE_BYTES_MAX, 'log slice size')
    this.slice = slice
    this.shard = shard
    this.rows = rows
    this.rowWord = row.sideRow(shard, side)
    this.rowLong = sideLong(shard, side, 0)
    this.sliceBytes = bytes
    this.words = new Int32Array(slice.buffer, slice.byteOffset, bytes / 4)
    this.doubles = new Float64Array(slice.buffer, slice.byteOffset, bytes / 8)
    this.longs = new BigUint64Array(slice.buffer, slice.byteOffset, bytes / 8)
    this.#recordBytesMax = bytes / 4
    this.#blockBytesMax = bytes / 2
  }

  /** Writes and publishes closed blocks inside a commit; a failure is kept in `failed`. */
  protected abstract writeClosed(): number

  /** LSN after everything appended: what a reply about these effects depends on. */
  appendedLsn(): number {
    return this.appended + (this.blockOffset < 0 ? 0 : this.offset - this.blockOffset)
  }

  /** LSN up to which write(2) has taken the log. */
  writtenLsn(): number {
    return this.written
  }

  /** True when something was appended since the last commit. */
  uncommitted(): boolean {
    return this.blockOffset >= 0 || this.chainOpen
  }

  /** A hint for the executor at a command boundary: more than a quarter of the slice is open. */
  wantsCommit(): boolean {
    if (this.chainOpen) return true
    return this.blockOffset >= 0 && this.offset - this.blockOffset > this.#blockBytesMax / 2
  }

  /** True for a record that only `appendLarge` takes. */
  isLarge(keyLength: number, valueLength: number): boolean {
    return layout.RECORD_HEAD_BYTES + keyLength + valueLength + 7 > this.#recordBytesMax
  }

  /**
   * Appends one record (codes.ts says what the fields mean). Never fails on a healthy log; while
   * writes fail it throws when the slice is full, which ends this side.
   */
  append(
    code: number,
    database: number,
    flags: number,
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
    number: number,
  ): void {
    const at = this.appendReserve(
      code,
      database,
      flags,
      key,
      keyStart,
      keyLength,
      valueLength,
      number,
    )
    copyBytes(value, valueStart, this.slice, at, valueLength)
  }

  /** Appends a record whose value the caller stores at the returned offset of `slice`, now. */
  appendReserve(
    code: number,
    database: number,
    flags: number,
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    valueLength: number,
    number: number,
  ): number {
    const length = (layout.RECORD_HEAD_BYTES + keyLength + valueLength + 7) & ~7
    assert(length <= this.#recordBytesMax, 'a large record goes through appendLarge')
    if (this.offset + length > this.#limit) this.makeRoom(length)
    const at = this.offset
    // The last 8 bytes first: what key and value leave of them stays zero.
    this.doubles[((at + length) >> 3) - 1] = 0
    const word = at >> 2
    this.words[word] = length
    this.words[word + 1] = code | (database << 8) | (flags << 16)
    this.words[word + 2] = keyLength
    this.words[word + 3] = valueLength
    this.doubles[(at >> 3) + 2] = number
    const keyAt = at + layout.RECORD_HEAD_BYTES
    copyBytes(key, keyStart, this.slice, keyAt, keyLength)
    this.offset = at + length
    this.#records++
    return keyAt + keyLength
  }

  /** Makes sure that a block is open and a record of `need` bytes fits behind `offset`. */
  protected makeRoom(need: number): void {
    if (this.blockOffset >= 0) {
      const used = this.offset - this.blockOffset
      const pastEnd = this.offset + need > this.sliceBytes
      if (pastEnd || used + need > this.#blockBytesMax) this.#closeContinued(pastEnd)
    }
    if (this.blockOffset < 0) {
      if (this.offset + layout.BLOCK_HEADER_BYTES + need > this.sliceBytes) {
        // Only padding: the record begins at offset 0.
        this.#openBlock()
        this.#closeContinued(true)
      }
      this.#openBlock()
    }
    const wanted = this.offset + need
    const ahead = Math.min(wanted + (this.sliceBytes >> 4), this.blockOffset + this.#blockBytesMax)
    // While writes fail every byte of the slice counts: say no more than what is used.
    const limit = this.failed === 0 ? Math.max(wanted, Math.min(ahead, this.sliceBytes)) : wanted
    this.reclaim(this.appended + (limit - this.blockOffset))
    this.#limit = limit
  }

  #openBlock(): void {
    const end = this.offset + layout.BLOCK_HEADER_BYTES
    assert(end <= this.sliceBytes, 'a block header never crosses the slice end')
    this.reclaim(this.appended + layout.BLOCK_HEADER_BYTES)
    this.blockOffset = this.offset
    this.offset = end
    this.#records = 0
  }

  #closeContinued(padToEnd: boolean): void {
    this.closeBlock(layout.BLOCK_CONTINUED, padToEnd, 0, 0, 0, 0)
    this.writeClosed()
  }

  protected closeBlock(
    flags: number,
    padToEnd: boolean,
    groupShard: number,
    groupLsn: number,
    participants: number,
    index: number,
  ): void {
    const at = this.blockOffset
    assert(at >= 0, 'a block is open')
    const rest = this.sliceBytes - this.offset
    if (rest > 0 && (padToEnd || rest < layout.SLICE_TAIL_BYTES_MIN)) {
      this.reclaim(this.appended + (this.sliceBytes - at))
      this.words[this.offset >> 2] = rest
      this.words[(this.offset >> 2) + 1] = EFFECT_PADDING
      this.slice.fill(0, this.offset + layout.RECORD_BYTES_MIN, this.sliceBytes)
      this.offset = this.sliceBytes
    }
    const length = this.offset - at
    this.fillHeader(at, this.appended, length, flags, this.#records)
    this.fillGroup(at, groupShard, groupLsn, participants, index)
    const checked = layout.BLOCK_CHECKED_BYTE
    this.longs[at >> 3] = checksum(this.slice, at + checked, length - checked, this.segmentId)
    this.appended += length
    if (this.offset === this.sliceBytes) this.offset = 0
    this.blockOffset = -1
    this.#limit = 0
    this.chainOpen = (flags & layout.BLOCK_CONTINUED) !== 0
  }

  protected fillHeader(
    at: number,
    lsn: number,
    length: number,
    flags: number,
    records: number,
  ): void {
    const words = this.words
    const doubles = this.doubles
    words[(at + layout.BLOCK_MAGIC_BYTE) >> 2] = layout.BLOCK_MAGIC
    words[(at + layout.BLOCK_LENGTH_BYTE) >> 2] = length
    words[(at + layout.BLOCK_VERSION_BYTE) >> 2] = layout.LOG_VERSION | (flags << 16)
    words[(at + layout.BLOCK_SHARD_BYTE) >> 2] = this.shard | (layout.BLOCK_HEADER_BYTES << 16)
    words[(at + layout.BLOCK_EPOCH_BYTE) >> 2] = this.epoch
    words[(at + layout.BLOCK_RECORDS_BYTE) >> 2] = records
    doubles[(at + layout.BLOCK_LSN_BYTE) >> 3] = lsn
    doubles[(at + layout.BLOCK_COMMIT_MS_BYTE) >> 3] = this.nowMs
    // Stored by the sync thread; an older value here is only less informative.
    const durable = loadLsn(this.rows, this.rowLong + row.DURABLE_LONG)
    doubles[(at + layout.BLOCK_DURABLE_BYTE) >> 3] = durable
  }

  protected fillGroup(
    at: number,
    shard: number,
    lsn: number,
    participants: number,
    index: number,
  ): void {
    this.doubles[(at + layout.BLOCK_GROUP_LSN_BYTE) >> 3] = lsn
    this.words[(at + layout.BLOCK_GROUP_SHARD_BYTE) >> 2] = shard | (participants << 16)
    this.words[(at + layout.BLOCK_GROUP_INDEX_BYTE) >> 2] = index
    this.words[(at + layout.BLOCK_GROUP_INDEX_BYTE + 4) >> 2] = 0
    const reserved = (at + layout.BLOCK_RESERVED_BYTE) >> 3
    this.doubles[reserved] = 0
    this.doubles[reserved + 1] = 0
    this.doubles[reserved + 2] = 0
  }

  /**
   * Says that slice bytes up to `endLsn` are about to be overwritten. Stored by the holder before
   * the bytes; a follower reads it after it copied a block out, and then trusts the copy only if
   * the block began at or above it.
   */
  protected reclaim(endLsn: number): void {
    const reclaimed = endLsn - this.sliceBytes
    if (reclaimed <= this.reclaimed) return
    if (reclaimed > this.written) {
      throw new CkvError(
        'LOG_SLICE_FULL',
        `the log of shard ${this.shard} cannot be written and its slice is full`,
      )
    }
    // In steps, so that not every block pays for the store.
    this.reclaimed = Math.min(reclaimed + (this.sliceBytes >> 4), this.written)
    storeLsn(this.rows, this.rowLong + row.RECLAIMED_LONG, this.reclaimed)
  }
}
