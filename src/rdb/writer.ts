// Makes a DUMP payload in one growing buffer. After an overflow nothing more is written, and what
// is there means nothing.

import { copyBytes } from '../base/copy.ts'
import { writeCrc64 } from '../base/crc64.ts'
import { parseSafeInteger } from '../base/numbers.ts'
import {
  FOOTER_BYTES,
  FOOTER_CRC_BYTES,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  RDB_VERSION,
  SPECIAL_INT8,
  SPECIAL_INT16,
  SPECIAL_INT32,
} from './layout.ts'

const BYTES_FIRST = 1024
/** A larger buffer is given back by `reset`. */
const BYTES_KEPT_MAX = 1_048_576
/** Longer texts are never written as integers. [redis-7.0 rdbSaveRawString] */
const INTEGER_TEXT_BYTES_MAX = 11
const LENGTH_BYTES_MAX = 9
const DOUBLE_BYTES = 8
const TWO_POWER_32 = 2 ** 32

const doubleBytes = new Uint8Array(DOUBLE_BYTES)
const doubleValue = new Float64Array(doubleBytes.buffer)

export class RdbWriter {
  bytes: Uint8Array
  length = 0
  overflowed = false
  readonly #bytesMax: number

  /** @param bytesMax of a whole payload */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.bytes = new Uint8Array(Math.min(BYTES_FIRST, bytesMax))
  }

  reset(): void {
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = new Uint8Array(BYTES_FIRST)
    this.length = 0
    this.overflowed = false
  }

  /** One of TYPE_… of layout.ts: the first byte. */
  writeType(type: number): void {
    this.#writeByte(type)
  }

  /** A length, or the count of what follows. */
  writeLength(value: number): void {
    if (!this.#reserve(LENGTH_BYTES_MAX)) return
    const { bytes } = this
    if (value < 0x40) {
      bytes[this.length++] = value
    } else if (value < 0x4000) {
      bytes[this.length++] = LENGTH_14_BITS | (value >>> 8)
      bytes[this.length++] = value
    } else if (value < TWO_POWER_32) {
      bytes[this.length++] = LENGTH_32_BITS
      this.#put32BigEndian(value)
    } else {
      bytes[this.length++] = LENGTH_64_BITS
      this.#put32BigEndian(Math.floor(value / TWO_POWER_32))
      this.#put32BigEndian(value % TWO_POWER_32)
    }
  }

  /** A string; what is the text of an integer of 32 bits as an integer, as Redis does. */
  writeString(source: Uint8Array, start: number, length: number): void {
    if (length <= INTEGER_TEXT_BYTES_MAX) {
      const value = parseSafeInteger(source, start, length)
      if (value === (value | 0)) {
        this.#writeInteger(value)
        return
      }
    }
    this.writeBlob(source, start, length)
  }

  /** A string as it is: a packed form. */
  writeBlob(source: Uint8Array, start: number, length: number): void {
    this.writeLength(length)
    this.writeRaw(source, start, length)
  }

  /** 8 bytes: a score of TYPE_ZSET_2. */
  writeDouble(value: number): void {
    doubleValue[0] = value
    this.writeRaw(doubleBytes, 0, DOUBLE_BYTES)
  }

  /** Bytes without a length: parts of a long string, after its writeLength. */
  writeRaw(source: Uint8Array, start: number, length: number): void {
    if (!this.#reserve(length)) return
    copyBytes(source, start, this.bytes, this.length, length)
    this.length += length
  }

  /** The footer; then `bytes` up to `length` are the payload. False: it did not fit. */
  finish(): boolean {
    if (!this.#reserve(FOOTER_BYTES)) return false
    this.bytes[this.length++] = RDB_VERSION
    this.bytes[this.length++] = RDB_VERSION >>> 8
    writeCrc64(this.bytes, 0, this.length, this.bytes, this.length)
    this.length += FOOTER_CRC_BYTES
    return true
  }

  #writeInteger(value: number): void {
    if (value === (value << 24) >> 24) {
      this.#writeByte(SPECIAL_INT8)
      this.#writeByte(value)
    } else if (value === (value << 16) >> 16) {
      this.#writeByte(SPECIAL_INT16)
      this.#writeByte(value)
      this.#writeByte(value >>> 8)
    } else {
      this.#writeByte(SPECIAL_INT32)
      for (let shift = 0; shift < 32; shift += 8) this.#writeByte(value >>> shift)
    }
  }

  #writeByte(value: number): void {
    if (this.#reserve(1)) this.bytes[this.length++] = value
  }

  #put32BigEndian(value: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.length++] = value >>> shift
  }

  #reserve(count: number): boolean {
    const needed = this.length + count
    if (!this.overflowed && needed <= this.bytes.length) return true
    return this.#grow(needed)
  }

  #grow(needed: number): boolean {
    if (this.overflowed || needed > this.#bytesMax) {
      this.overflowed = true
      return false
    }
    try {
      const larger = new Uint8Array(
        Math.min(Math.max(needed, this.bytes.length * 2), this.#bytesMax),
      )
      larger.set(this.bytes.subarray(0, this.length))
      this.bytes = larger
      return true
    } catch {
      // The process has no memory for it, which is no reason to end.
      this.overflowed = true
      return false
    }
  }
}
