// Reads one segment file through a window, block by block, without an object per block or record.
// Recovery, verify and dump use it; nothing here decides what a problem means (scan.ts does).
//
//   file    | header |  block  |     block      | …
//   window          [ LOG_READ_BYTES ................ ]   starts at a multiple of 8, so that the
//                     ^ at(position, length)              typed views can read fields in place

import { assert } from '../base/assert.ts'
import { LOG_READ_BYTES } from '../base/limits.ts'
import { ChecksumStream, checksum } from './checksum.ts'
import { EFFECT_NAMES, EFFECT_PADDING } from './codes.ts'
import { type LogFs, readFully } from './files.ts'
import * as layout from './layout.ts'
import { BATCH_RECORDS_MAX, type RecordBatch } from './record-batch.ts'

/** 1 at the codes of records that this program knows. */
const KNOWN_CODES = new Uint8Array(256)
for (const code of EFFECT_NAMES.keys()) KNOWN_CODES[code] = 1

export class SegmentReader {
  readonly path: string
  readonly byteLength: number
  readonly #files: LogFs
  readonly #fd: number
  #bytes: Uint8Array<ArrayBuffer>
  #words: Uint32Array<ArrayBuffer>
  #doubles: Float64Array<ArrayBuffer>
  #longs: BigUint64Array<ArrayBuffer>
  #start = 0
  #length = 0

  // The header of the block that `readBlock` read last.
  blockLength = 0
  blockFlags = 0
  blockShard = 0
  blockEpoch = 0
  blockRecords = 0
  blockLsn = 0
  blockCommitMs = 0
  blockDurableLsn = 0
  groupShard = 0
  groupLsn = 0
  groupParticipants = 0
  groupIndex = 0

  // The record that `readRecord` read last; key and value start at offsets of `bytes`.
  recordLength = 0
  code = 0
  database = 0
  flags = 0
  keyLength = 0
  valueLength = 0
  keyStart = 0
  number = 0

  constructor(files: LogFs, path: string, windowBytes = LOG_READ_BYTES) {
    const stat = files.stat(path)
    assert(stat !== null, 'a segment that is read exists')
    this.path = path
    this.byteLength = stat.byteLength
    this.#files = files
    this.#fd = files.open(path, 'r')
    const capacity = Math.max(Math.min(windowBytes, (this.byteLength + 7) & ~7), 256)
    this.#bytes = new Uint8Array(capacity)
    this.#words = new Uint32Array(this.#bytes.buffer)
    this.#doubles = new Float64Array(this.#bytes.buffer)
    this.#longs = new BigUint64Array(this.#bytes.buffer)
  }

  close(): void {
    this.#files.close(this.#fd)
  }

  /** The window; valid until the next read. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Offset in `bytes` of `length` bytes at a file position (a multiple of 8); -1: not there. */
  at(position: number, length: number): number {
    const offset = position - this.#start
    if (offset >= 0 && offset + length <= this.#length) return offset
    if (position + length > this.byteLength) return -1
    if (length > this.#bytes.byteLength) {
      // One record that is larger than the window: the window grows for it, whole or nothing.
      this.#bytes = new Uint8Array(Math.ceil(length / 8) * 8)
      this.#words = new Uint32Array(this.#bytes.buffer)
      this.#doubles = new Float64Array(this.#bytes.buffer)
      this.#longs = new BigUint64Array(this.#bytes.buffer)
    }
    this.#start = position
    this.#length = readFully(
      this.#files,
      this.#fd,
      this.#bytes,
      0,
      Math.min(this.#bytes.byteLength, this.byteLength - position),
      position,
    )
    return length <= this.#length ? 0 : -1
  }

  /** Does the window hold these bytes now? Then `at` does not move it. */
  holds(position: number, length: number): boolean {
    const offset = position - this.#start
    return offset >= 0 && offset + length <= this.#length
  }

  /** The segment header's bytes, or fewer when the file is shorter. */
  headerBytes(): Uint8Array {
    const length = Math.min(layout.SEGMENT_HEADER_BYTES, this.byteLength)
    const offset = this.at(0, length)
    return this.#bytes.subarray(offset, offset + length)
  }

  /** Reads the block header at a position into the block… fields. null, or what is wrong. */
  readBlock(position: number): string | null {
    const at = this.at(position, layout.BLOCK_HEADER_BYTES)
    if (at < 0) return 'block header is cut short'
    const words = this.#words
    if (words[(at + layout.BLOCK_MAGIC_BYTE) >> 2] !== layout.BLOCK_MAGIC) {
      return 'no block begins here (bad magic)'
    }
    const version = words[(at + layout.BLOCK_VERSION_BYTE) >> 2]
    if ((version & 0xffff) !== layout.LOG_VERSION) return 'block has an unknown version'
    const length = words[(at + layout.BLOCK_LENGTH_BYTE) >> 2]
    if (length < layout.BLOCK_HEADER_BYTES || length % layout.LOG_ALIGNMENT_BYTES !== 0) {
      return 'block has an impossible length'
    }
    if (position + length > this.byteLength) return 'block is cut short'
    const shard = words[(at + layout.BLOCK_SHARD_BYTE) >> 2]
    if (shard >>> 16 !== layout.BLOCK_HEADER_BYTES) return 'block has a wrong header length'
    this.blockLength = length
    this.blockFlags = version >>> 16
    this.blockShard = shard & 0xffff
    this.blockEpoch = words[(at + layout.BLOCK_EPOCH_BYTE) >> 2]
    this.blockRecords = words[(at + layout.BLOCK_RECORDS_BYTE) >> 2]
    this.blockLsn = this.#doubles[(at + layout.BLOCK_LSN_BYTE) >> 3]
    this.blockCommitMs = this.#doubles[(at + layout.BLOCK_COMMIT_MS_BYTE) >> 3]
    this.blockDurableLsn = this.#doubles[(at + layout.BLOCK_DURABLE_BYTE) >> 3]
    this.groupLsn = this.#doubles[(at + layout.BLOCK_GROUP_LSN_BYTE) >> 3]
    const group = words[(at + layout.BLOCK_GROUP_SHARD_BYTE) >> 2]
    this.groupShard = group & 0xffff
    this.groupParticipants = group >>> 16
    this.groupIndex = words[(at + layout.BLOCK_GROUP_INDEX_BYTE) >> 2] & 0xffff
    return null
  }

  /** After `readBlock`: does the checksum hold? Needs no more memory than the window. */
  checksumHolds(position: number, segmentId: bigint): boolean {
    const length = this.blockLength
    const head = this.at(position, Math.min(length, this.#bytes.byteLength))
    const stored = this.#longs[(head + layout.BLOCK_CHECKSUM_BYTE) >> 3]
    const checked = layout.BLOCK_CHECKED_BYTE
    if (length <= this.#bytes.byteLength) {
      return checksum(this.#bytes, head + checked, length - checked, segmentId) === stored
    }
    const stream = new ChecksumStream(segmentId)
    let done = checked
    while (done < length) {
      const piece = Math.min(length - done, this.#bytes.byteLength)
      const at = this.at(position + done, piece)
      if (at < 0) return false
      stream.update(this.#bytes, at, piece)
      done += piece
    }
    return stream.digest() === stored
  }

  /**
   * Reads the record head at a position; `end` is the end of its block. Sets keyStart for the
   * moment only if `whole`, which loads the whole record. null, or what is wrong.
   */
  readRecord(position: number, end: number, whole: boolean): string | null {
    let at = this.at(position, layout.RECORD_BYTES_MIN)
    if (at < 0) return 'record is cut short'
    const length = this.#words[at >> 2]
    if (length < layout.RECORD_BYTES_MIN || length % layout.LOG_ALIGNMENT_BYTES !== 0) {
      return 'record has an impossible length'
    }
    if (position + length > end) return 'record is longer than its block'
    this.recordLength = length
    const kind = this.#words[(at >> 2) + 1]
    this.code = kind & 0xff
    if (this.code === EFFECT_PADDING) return null
    if (KNOWN_CODES[this.code] === 0) return `record has the unknown code ${this.code}`
    if (length < layout.RECORD_HEAD_BYTES) return 'record has an impossible length'
    at = this.at(position, whole ? length : layout.RECORD_HEAD_BYTES)
    if (at < 0) return 'record is cut short'
    this.database = (kind >>> 8) & 0xff
    this.flags = kind >>> 16
    this.keyLength = this.#words[(at >> 2) + 2]
    this.valueLength = this.#words[(at >> 2) + 3]
    this.number = this.#doubles[(at >> 3) + 2]
    this.keyStart = at + layout.RECORD_HEAD_BYTES
    const bare = layout.RECORD_HEAD_BYTES + this.keyLength + this.valueLength
    return bare <= length && length - bare < 8 ? null : 'record lengths do not add up'
  }

  /** After `checksumHolds`: are the block's records whole and as many as its header says? */
  recordsProblem(position: number): string | null {
    if (this.#recordsAreWhole(position)) return null
    const end = position + this.blockLength
    let at = position + layout.BLOCK_HEADER_BYTES
    let count = 0
    while (at < end) {
      const problem = this.readRecord(at, end, false)
      if (problem !== null) return problem
      if (this.code !== EFFECT_PADDING) count++
      at += this.recordLength
    }
    return count === this.blockRecords ? null : 'block does not hold as many records as it says'
  }

  /** The same question for a block in the window, as one tight loop; false: look closely. */
  #recordsAreWhole(position: number): boolean {
    if (!this.holds(position, this.blockLength)) return false
    const words = this.#words
    let word = (position - this.#start + layout.BLOCK_HEADER_BYTES) >> 2
    const end = (position - this.#start + this.blockLength) >> 2
    let count = 0
    while (word < end) {
      const length = words[word]
      const code = words[word + 1] & 0xff
      if (length < layout.RECORD_BYTES_MIN || (length & 7) !== 0) return false
      if (word + (length >> 2) > end) return false
      if (code !== EFFECT_PADDING) {
        if (length < layout.RECORD_HEAD_BYTES || KNOWN_CODES[code] === 0) return false
        const rest = length - layout.RECORD_HEAD_BYTES - words[word + 2] - words[word + 3]
        if (rest < 0 || rest >= 8) return false
        count++
      }
      word += length >> 2
    }
    return count === this.blockRecords
  }

  /**
   * Adds records to a batch, from a position on to the end of their block, which `at` has brought
   * into the window, or until the batch is full. Returns the position behind the last one taken.
   * The block was checked: by `recordsProblem`, in the first pass.
   */
  fillBatch(position: number, end: number, batch: RecordBatch): number {
    const { codes, databases, flags, keyStarts, keyLengths, valueLengths, numbers } = batch
    const words = this.#words
    const start = this.#start
    let at = position - start
    const stop = end - start
    let count = batch.count
    while (at < stop && count < BATCH_RECORDS_MAX) {
      const length = words[at >> 2]
      const kind = words[(at >> 2) + 1]
      assert(length >= layout.RECORD_BYTES_MIN && at + length <= stop, 'a checked record is whole')
      if ((kind & 0xff) !== EFFECT_PADDING) {
        codes[count] = kind
        databases[count] = kind >>> 8
        flags[count] = kind >>> 16
        keyStarts[count] = at + layout.RECORD_HEAD_BYTES
        keyLengths[count] = words[(at >> 2) + 2]
        valueLengths[count] = words[(at >> 2) + 3]
        numbers[count] = this.#doubles[(at >> 3) + 2]
        count++
      }
      at += length
    }
    batch.count = count
    batch.bytes = this.#bytes
    batch.words = this.#words
    return start + at
  }
}
