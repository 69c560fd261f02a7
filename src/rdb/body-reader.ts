// The primitives of a body: each checks what is left before it reads, and says what was wrong.

import { assert } from '../base/assert.ts'
import { parseDouble } from '../base/numbers.ts'
import type { RdbContent } from './content.ts'
import {
  LENGTH_6_BITS,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  LENGTH_SPECIAL,
  SCORE_INFINITE,
  SCORE_MINUS_INFINITE,
  SCORE_NAN,
  SPECIAL_INT8,
  SPECIAL_INT16,
  SPECIAL_INT32,
  SPECIAL_LZF,
} from './layout.ts'
import { readInt16, readInt32, readUint32BigEndian } from './little-endian.ts'
import { measureLzf, unpackLzf } from './lzf.ts'
import { RDB_BAD_DATA, RDB_READ, RDB_TOO_LARGE } from './outcome.ts'

/** Not a length: the bytes are wrong, or it is a special form (then `special` says which). */
export const NO_LENGTH = -1

const LENGTH_KIND = 0xc0
const TWO_POWER_32 = 2 ** 32
/** Three bytes of LZF copy at most 264. */
const LZF_GROWTH_MAX = 88
const NO_BYTES = new Uint8Array(0)

const doubleBytes = new Uint8Array(8)
const doubleValue = new Float64Array(doubleBytes.buffer)
// A score's 8 bytes are copied as they are.
assert(new Uint8Array(new Uint16Array([1]).buffer)[0] === 1, 'this machine is little-endian')

export class BodyReader {
  bytes: Uint8Array = NO_BYTES
  at = 0
  /** The first form byte when readLength met a special one, otherwise 0. */
  special = 0
  /** Where readBlob found its bytes: in the payload, or unpacked. */
  blobBytes: Uint8Array = NO_BYTES
  blobStart = 0
  blobLength = 0
  #end = 0

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.special = 0
    this.blobBytes = NO_BYTES
    this.#end = end
  }

  get left(): number {
    return this.#end - this.at
  }

  /** A byte; -1: there is none. */
  readByte(): number {
    return this.left > 0 ? this.bytes[this.at++] : -1
  }

  readLength(): number {
    this.special = 0
    const first = this.readByte()
    if (first < 0) return NO_LENGTH
    const kind = first & LENGTH_KIND
    if (kind === LENGTH_6_BITS) return first
    if (kind === LENGTH_SPECIAL) {
      this.special = first
      return NO_LENGTH
    }
    if (kind === LENGTH_14_BITS) {
      const second = this.readByte()
      return second < 0 ? NO_LENGTH : ((first & 0x3f) << 8) | second
    }
    const byteCount = first === LENGTH_32_BITS ? 4 : 8
    if ((byteCount === 8 && first !== LENGTH_64_BITS) || this.left < byteCount) return NO_LENGTH
    let value = readUint32BigEndian(this.bytes, this.at)
    if (byteCount === 8) {
      value = value * TWO_POWER_32 + readUint32BigEndian(this.bytes, this.at + 4)
    }
    this.at += byteCount
    return value
  }

  /** The number of what follows, each at least a byte; -1: it cannot be. */
  readCount(): number {
    const count = this.readLength()
    return count <= this.left ? count : NO_LENGTH
  }

  /** A string of any form becomes the next element. */
  readString(content: RdbContent): number {
    const length = this.readLength()
    if (length >= 0) {
      if (length > this.left) return RDB_BAD_DATA
      if (!content.add(this.bytes, this.at, length)) return RDB_TOO_LARGE
      this.at += length
      return RDB_READ
    }
    if (this.special === SPECIAL_LZF) return this.#readLzfString(content)
    const byteCount = this.#integerBytes()
    if (byteCount === 0 || this.left < byteCount) return RDB_BAD_DATA
    const value = this.#readInteger(byteCount)
    return content.addInteger(value, value >> 31) ? RDB_READ : RDB_TOO_LARGE
  }

  /** The same; a plain one stays where it is. */
  readOnlyString(content: RdbContent): number {
    const before = this.at
    const length = this.readLength()
    if (length < 0) {
      this.at = before
      return this.readString(content)
    }
    if (length > this.left) return RDB_BAD_DATA
    content.setOnly(this.bytes, this.at, length)
    this.at += length
    return RDB_READ
  }

  /** A string that holds a packed form, into blobBytes, blobStart and blobLength. */
  readBlob(bytesMax: number): number {
    const length = this.readLength()
    if (length >= 0) {
      if (length > this.left) return RDB_BAD_DATA
      this.blobBytes = this.bytes
      this.blobStart = this.at
      this.blobLength = length
      this.at += length
      return RDB_READ
    }
    if (this.special !== SPECIAL_LZF) return RDB_BAD_DATA
    const packed = this.readLength()
    const plain = this.#measure(packed)
    if (plain < 0) return RDB_BAD_DATA
    if (plain > bytesMax) return RDB_TOO_LARGE
    if (!this.#makeRoom(plain)) return RDB_TOO_LARGE
    if (!unpackLzf(this.bytes, this.at, packed, this.blobBytes, 0)) return RDB_BAD_DATA
    this.blobStart = 0
    this.blobLength = plain
    this.at += packed
    return RDB_READ
  }

  /** 8 bytes. NaN: no score, or there are not so many. */
  readDouble(): number {
    if (this.left < 8) return Number.NaN
    for (let index = 0; index < 8; index++) doubleBytes[index] = this.bytes[this.at + index]
    this.at += 8
    return doubleValue[0]
  }

  /** A length of one byte and so many characters. NaN: no score. */
  readDoubleText(): number {
    const length = this.readByte()
    if (length === SCORE_INFINITE) return Infinity
    if (length === SCORE_MINUS_INFINITE) return -Infinity
    if (length < 0 || length === SCORE_NAN || length > this.left) return Number.NaN
    const value = parseDouble(this.bytes, this.at, length)
    this.at += length
    return value ?? Number.NaN
  }

  #readLzfString(content: RdbContent): number {
    const packed = this.readLength()
    const plain = this.#measure(packed)
    if (plain < 0) return RDB_BAD_DATA
    const place = content.place(plain)
    if (place < 0) return RDB_TOO_LARGE
    if (!unpackLzf(this.bytes, this.at, packed, content.bytes, place)) return RDB_BAD_DATA
    this.at += packed
    return RDB_READ
  }

  /** Reads the length of the plain bytes; -1: it is none, or not what the packed ones become. */
  #measure(packed: number): number {
    const plain = this.readLength()
    if (packed < 0 || plain < 0 || packed > this.left) return NO_LENGTH
    if (plain > packed * LZF_GROWTH_MAX) return NO_LENGTH
    return measureLzf(this.bytes, this.at, packed, plain) === plain ? plain : NO_LENGTH
  }

  /** Nodes of a list are unpacked one after the other into the same bytes. */
  #makeRoom(length: number): boolean {
    if (this.blobBytes !== this.bytes && this.blobBytes.length >= length) return true
    try {
      this.blobBytes = new Uint8Array(length)
      return true
    } catch {
      return false
    }
  }

  #integerBytes(): number {
    if (this.special === SPECIAL_INT8) return 1
    if (this.special === SPECIAL_INT16) return 2
    return this.special === SPECIAL_INT32 ? 4 : 0
  }

  #readInteger(byteCount: number): number {
    const at = this.at
    this.at += byteCount
    if (byteCount === 1) return (this.bytes[at] << 24) >> 24
    return byteCount === 2 ? readInt16(this.bytes, at) : readInt32(this.bytes, at)
  }
}
