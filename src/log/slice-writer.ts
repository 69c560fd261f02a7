// The slice half of a shard's log writer: records, blocks, padding, checksums, and the promise not
// to overwrite what a follower may still read. Runs under the side's token; the file half and the
// control row are writer.ts. The slice is read by the mirror's thread (below the written LSN).
//
// When a write fails in the middle of a command (the disk is full), its blocks wait in the slice.
// Its effects have changed memory already, so the rest of its records must be kept too: what does
// not fit the slice goes to the spill, block by block, from `spillStart` on:
//
//   file    … written |
//   slice             | pending … | (free, but too little)
//   spill                         | pending …             | open block
//                     written     spillStart              appended
//
// No other command may write until all of that is in the file; then the spill is empty again, and
// the slice goes on at the next LSN. What was in the spill never was in the slice, so a follower is
// told (`reclaimed`) to read it from the file.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { CkvError } from '../base/errors.ts'
import * as row from '../rows/layout.ts'
import { loadLsn, type Rows, sideLong, storeLsn } from '../rows/rows.ts'
import { ChecksumStream, checksum } from './checksum.ts'
import { EFFECT_PADDING } from './codes.ts'
import { LargeRecords } from './large-record.ts'
import * as layout from './layout.ts'
import { type LogBuffer, sliceOf, spillOf } from './log-buffer.ts'

/** What a record may need besides its bytes while writes fail: two headers, padding at the end. */
const ROOM_AROUND = 2 * layout.BLOCK_HEADER_BYTES + layout.SLICE_TAIL_BYTES_MIN

export abstract class SliceWriter {
  /** Where records go now, slice or spill; `appendReserve` returns offsets into it. */
  slice: Uint8Array
  readonly shard: number
  protected readonly rows: Rows
  /** First index of the side's row in `rows.words` and in `rows.longs`. */
  protected readonly rowWord: number
  protected readonly rowLong: number
  protected readonly sliceBytes: number
  protected words: Int32Array
  protected doubles: Float64Array
  protected longs: BigUint64Array
  protected readonly ring: LogBuffer
  protected readonly spill: LogBuffer | null
  /** LSN of the first byte in the spill; 0: nothing is there. */
  protected spillStart = 0
  /** Bytes of the buffer that records go to now. */
  #bufferBytes: number
  readonly #recordBytesMax: number
  readonly #blockBytesMax: number

  /** Where the next record goes, the open block begins (-1: none), as slice offsets. */
  protected offset = 0
  protected blockOffset = -1
  /** Records may grow to here without another look; 0 = look first. */
  #limit = 0
  #records = 0
  /** What `addLarge` was given and is not written yet. */
  protected readonly large = new LargeRecords()
  /** A block with BLOCK_CONTINUED was closed and the last block of its commit was not. */
  protected chainOpen = false

  // Copies of the control row; `appended` is the LSN after the last closed block.
  protected appended = 0
  protected written = 0
  protected reclaimed = 0
  protected segmentId = 0n
  protected epoch = 0
  protected failed = 0
  /** Wall time when the token was taken, or of the last commit. */
  nowMs = 0

  constructor(rows: Rows, shard: number, side: number, slice: Uint8Array) {
    this.ring = sliceOf(slice)
    this.spill = spillOf(slice)
    const { bytes, words, doubles, longs } = this.ring
    this.slice = bytes
    this.words = words
    this.doubles = doubles
    this.longs = longs
    this.sliceBytes = bytes.byteLength
    this.#bufferBytes = bytes.byteLength
    this.shard = shard
    this.rows = rows
    this.rowWord = row.sideRow(shard, side)
    this.rowLong = sideLong(shard, side, 0)
    this.#recordBytesMax = bytes.byteLength / 4
    this.#blockBytesMax = bytes.byteLength / 2
  }

  /** Writes and publishes closed blocks inside a commit; a failure is kept in `failed`. */
  protected abstract writeClosed(): number

  /** LSN after everything appended. */
  appendedLsn(): number {
    return this.appended + (this.blockOffset < 0 ? 0 : this.offset - this.blockOffset)
  }

  /**
   * What a reply depends on that was made now: all that is appended. Not so while a block waits for
   * the disk: then what is refused, answered "unknown" or read leaves without it.
   */
  replyLsn(): number {
    return this.failed === 0 ? this.appendedLsn() : this.written
  }

  /** A reply made now would depend on what no sync has reached yet. */
  isUndurable(): boolean {
    return this.replyLsn() > loadLsn(this.rows, this.rowLong + row.DURABLE_LONG)
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
   * Adds a record of any size to those that are written next, together (`writeLargeRecords` of
   * groups.ts). `values` are the value's pieces in order; they must hold still until then.
   */
  addLarge(
    code: number,
    database: number,
    flags: number,
    number: number,
    key: Uint8Array,
    values: readonly Uint8Array[],
  ): void {
    this.large.add(code, database, flags, number, key, values)
  }

  /**
   * Appends one record (codes.ts says what the fields mean). Never fails for a command that began
   * on a healthy log, also if writes fail meanwhile.
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
    if (this.failed !== 0) this.#spillUnlessItFits(need)
    if (this.blockOffset >= 0) {
      const used = this.offset - this.blockOffset
      const pastEnd = this.offset + need > this.#bufferBytes
      if (pastEnd || used + need > this.#blockBytesMax) this.#closeContinued(pastEnd)
    }
    if (
      this.blockOffset < 0 &&
      this.offset + layout.BLOCK_HEADER_BYTES + need > this.#bufferBytes
    ) {
      // Only padding: the record begins at offset 0.
      this.#openBlock()
      this.#closeContinued(true)
    }
    // Closing may have written, and that may have failed.
    if (this.failed !== 0) this.#spillUnlessItFits(need)
    if (this.blockOffset < 0) this.#openBlock()
    const wanted = this.offset + need
    const ahead = Math.min(wanted + (this.sliceBytes >> 4), this.blockOffset + this.#blockBytesMax)
    // While writes fail every byte of the slice counts: say no more than what is used.
    const limit = this.failed === 0 ? Math.max(wanted, Math.min(ahead, this.sliceBytes)) : wanted
    this.reclaim(this.appended + (limit - this.blockOffset))
    this.#limit = limit
  }

  /** While writes fail: goes on in the spill if the slice cannot take `need` bytes any more. */
  #spillUnlessItFits(need: number): void {
    const around = need + ROOM_AROUND
    if (this.spillStart > 0) {
      if (this.offset + around > this.#bufferBytes) this.#throwFull()
      return
    }
    const rest = this.sliceBytes - this.offset
    const skipped = rest < around ? rest : 0
    if (this.appendedLsn() - this.written + skipped + around <= this.sliceBytes) return
    if (this.spill === null) this.#throwFull()
    if (this.blockOffset >= 0) this.#closeAsItIs()
    assert(this.appended > 0, 'a slice that is full holds bytes')
    this.#use(this.spill, this.appended, 0)
  }

  /** Closes the last block in the slice before the spill, without padding: no header follows. */
  #closeAsItIs(): void {
    this.#sealBlock(layout.BLOCK_CONTINUED, 0, 0, 0, 0)
    this.chainOpen = true
  }

  /** `spillStart` 0: the buffer is the slice. */
  #use(buffer: LogBuffer, spillStart: number, offset: number): void {
    this.slice = buffer.bytes
    this.words = buffer.words
    this.doubles = buffer.doubles
    this.longs = buffer.longs
    this.#bufferBytes = buffer.bytes.byteLength
    this.spillStart = spillStart
    this.offset = offset
    this.#limit = 0
  }

  /** Goes on where the control row says that the log stands: nothing is open. */
  protected resume(appended: number, spillStart: number): void {
    this.appended = appended
    if (spillStart === 0) this.#use(this.ring, 0, appended % this.sliceBytes)
    else if (this.spill !== null) this.#use(this.spill, spillStart, appended - spillStart)
  }

  /** All of the spill is in the file: back to the slice, in which a follower finds none of it. */
  protected leaveSpill(): void {
    assert(this.blockOffset < 0, 'the spill is left between blocks')
    this.#use(this.ring, 0, this.appended % this.sliceBytes)
    this.reclaimed = this.appended
    storeLsn(this.rows, this.rowLong + row.RECLAIMED_LONG, this.reclaimed)
  }

  #openBlock(): void {
    const end = this.offset + layout.BLOCK_HEADER_BYTES
    assert(end <= this.#bufferBytes, 'a block header never crosses the slice end')
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
    assert(this.blockOffset >= 0, 'a block is open')
    const rest = this.#bytesToSliceEnd()
    if (rest > 0 && (rest < layout.SLICE_TAIL_BYTES_MIN || (padToEnd && this.spillStart === 0))) {
      this.reclaim(this.appended + (this.offset - this.blockOffset) + rest)
      this.words[this.offset >> 2] = rest
      this.words[(this.offset >> 2) + 1] = EFFECT_PADDING
      this.slice.fill(0, this.offset + layout.RECORD_BYTES_MIN, this.offset + rest)
      this.offset += rest
    }
    this.#sealBlock(flags, groupShard, groupLsn, participants, index)
    if (this.spillStart === 0 && this.offset === this.sliceBytes) this.offset = 0
    this.chainOpen = (flags & layout.BLOCK_CONTINUED) !== 0
  }

  /** From the open block's end to where LSN and slice end meet. */
  #bytesToSliceEnd(): number {
    return (this.sliceBytes - (this.appendedLsn() % this.sliceBytes)) % this.sliceBytes
  }

  /** Header and checksum of the open block, which ends at `offset`. */
  #sealBlock(
    flags: number,
    groupShard: number,
    groupLsn: number,
    participants: number,
    index: number,
  ): void {
    const at = this.blockOffset
    const length = this.offset - at
    this.fillHeader(at, this.appended, length, flags, this.#records)
    this.fillGroup(at, groupShard, groupLsn, participants, index)
    const checked = layout.BLOCK_CHECKED_BYTE
    this.longs[at >> 3] = checksum(this.slice, at + checked, length - checked, this.segmentId)
    this.appended += length
    this.blockOffset = -1
    this.#limit = 0
  }

  /**
   * The block of all that `addLarge` was given, as views in file order. Its header is in the slice,
   * at `offset`, where the next block will overwrite it unless this one is kept.
   */
  protected largeBlock(): Uint8Array[] {
    const at = this.offset
    const records = this.large.views(at, this.sliceBytes)
    const length = layout.BLOCK_HEADER_BYTES + this.large.byteLength
    this.reclaim(this.appended + layout.BLOCK_HEADER_BYTES)
    const flags = layout.BLOCK_CONTINUED | layout.BLOCK_EXTERNAL
    this.fillHeader(at, this.appended, length, flags, this.large.count)
    this.fillGroup(at, 0, 0, 0, 0)
    const stream = new ChecksumStream(this.segmentId)
    const checked = layout.BLOCK_CHECKED_BYTE
    stream.update(this.slice, at + checked, layout.BLOCK_HEADER_BYTES - checked)
    for (const view of records) stream.update(view, 0, view.byteLength)
    this.longs[at >> 3] = stream.digest()
    return [this.slice.subarray(at, at + layout.BLOCK_HEADER_BYTES), ...records]
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
    if (reclaimed <= this.reclaimed || this.spillStart > 0) return
    if (reclaimed > this.written) this.#throwFull()
    // In steps, so that not every block pays for the store.
    this.reclaimed = Math.min(reclaimed + (this.sliceBytes >> 4), this.written)
    storeLsn(this.rows, this.rowLong + row.RECLAIMED_LONG, this.reclaimed)
  }

  /** Memory and log cannot be brought together any more: this side ends. */
  #throwFull(): never {
    throw new CkvError(
      'LOG_SLICE_FULL',
      `the log of shard ${this.shard} cannot be written and its memory is full`,
    )
  }
}
