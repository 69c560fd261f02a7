// Replies -> bytes, RESP2 or RESP3 as the client of the current command speaks. Runs on every
// thread that executes commands. Writes into one growing buffer; nothing else is made.
//
//   |<- position: encoded ->|  room  | … grows by doubling … limitBytes
//
// Past limitBytes the writer is `overflowed`: it takes nothing more, and what it holds is no whole
// reply any more. The caller looks once behind a command, not behind every write.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { formatDouble, formatInteger } from '../base/numbers.ts'
import * as replies from './replies.ts'

const CARRIAGE_RETURN = 0x0d
const NEWLINE = 0x0a
const ZERO = 0x30
const TYPE_ARRAY = 0x2a
const TYPE_BULK = 0x24
const TYPE_SIMPLE = 0x2b
const TYPE_ERROR = 0x2d
const TYPE_INTEGER = 0x3a
const TYPE_MAP = 0x25
const TYPE_SET = 0x7e
const TYPE_PUSH = 0x3e
const TYPE_DOUBLE = 0x2c
const TYPE_VERBATIM = 0x3d
/** Type byte, sign, 16 digits, end of line, and some. */
const HEADER_BYTES_MAX = 32
/** A double as text ("%.17g") needs 24 at most. */
const DOUBLE_BYTES_MAX = 32
const START_BYTES_MIN = 64

export class ReplyWriter {
  bytes: Uint8Array
  /** Offset behind what was written. */
  position: number
  /** What the client of the current command speaks: set it in front of each command. */
  protocol: 2 | 3
  limitBytes: number
  /** Something did not fit limitBytes: what stands here must not be sent. */
  overflowed: boolean

  constructor(startBytes: number, limitBytes: number) {
    assert(startBytes >= START_BYTES_MIN, 'a reply writer starts with room for a header')
    assert(startBytes <= limitBytes, 'a reply writer starts within its limit')
    this.bytes = Buffer.allocUnsafeSlow(startBytes)
    this.position = 0
    this.protocol = 2
    this.limitBytes = limitBytes
    this.overflowed = false
  }

  /** Forgets everything written; the buffer stays. */
  clear(): void {
    this.position = 0
    this.overflowed = false
  }

  /** Goes on in another buffer from its start, so that the old one can be handed to a socket. */
  use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.clear()
  }

  /** Room for n bytes from `position` on, else overflowed. Writes nothing. */
  ensure(n: number): boolean {
    return this.position + n <= this.bytes.length ? !this.overflowed : this.grow(n)
  }

  private grow(n: number): boolean {
    const needed = this.position + n
    if (this.overflowed || needed > this.limitBytes) {
      this.overflowed = true
      return false
    }
    let size = Math.max(this.bytes.length, START_BYTES_MIN)
    while (size < needed) size *= 2
    const grown = Buffer.allocUnsafeSlow(Math.min(size, this.limitBytes))
    copyBytes(this.bytes, 0, grown, 0, this.position)
    this.bytes = grown
    return true
  }

  /** Is the reply that begins there, if one was written, an error? */
  isError(start: number): boolean {
    return this.position > start && this.bytes[start] === TYPE_ERROR
  }

  /** Is the reply that begins at `start` just this one? */
  holds(start: number, encoded: Uint8Array): boolean {
    if (this.position - start !== encoded.length) return false
    for (let at = 0; at < encoded.length; at++) {
      if (this.bytes[start + at] !== encoded[at]) return false
    }
    return true
  }

  // ── whole replies ──────────────────────────────────────────────────────────────────────────

  /** Bytes that are already encoded: constants of replies.ts, pieces of other writers. */
  raw(encoded: Uint8Array): void {
    this.rawRange(encoded, 0, encoded.length)
  }

  rawRange(source: Uint8Array, start: number, length: number): void {
    if (!this.ensure(length)) return
    copyBytes(source, start, this.bytes, this.position, length)
    this.position += length
  }

  ok(): void {
    this.raw(replies.OK)
  }

  pong(): void {
    this.raw(replies.PONG)
  }

  nullBulk(): void {
    this.raw(this.protocol === 2 ? replies.NULL_BULK : replies.NULL)
  }

  nullArray(): void {
    this.raw(this.protocol === 2 ? replies.NULL_ARRAY : replies.NULL)
  }

  /** `value` is a safe integer. */
  integer(value: number): void {
    if (!this.ensure(HEADER_BYTES_MAX)) return
    const { bytes } = this
    let at = this.position
    bytes[at++] = TYPE_INTEGER
    at += formatInteger(value, bytes, at)
    this.endLine(at)
  }

  bigInteger(value: bigint): void {
    const number = Number(value)
    if (Number.isSafeInteger(number)) this.integer(number)
    else this.line(TYPE_INTEGER, value.toString())
  }

  bulk(source: Uint8Array, start: number, length: number): void {
    if (!this.ensure(length + HEADER_BYTES_MAX)) return
    this.header(TYPE_BULK, length)
    copyBytes(source, start, this.bytes, this.position, length)
    this.endLine(this.position + length)
  }

  /** `text` goes out as UTF-8. */
  bulkText(text: string): void {
    const length = Buffer.byteLength(text)
    if (!this.ensure(length + HEADER_BYTES_MAX)) return
    this.header(TYPE_BULK, length)
    this.text(text, length)
    this.endLine(this.position)
  }

  /** A bulk that holds the integer as text, as GET of a counter does. */
  bulkInteger(value: number): void {
    if (!this.ensure(2 * HEADER_BYTES_MAX)) return
    // The digits are written behind the longest header they can have ("$16\r\n"), then moved up.
    const { bytes } = this
    const digits = this.position + 5
    const length = formatInteger(value, bytes, digits)
    this.header(TYPE_BULK, length)
    const start = this.position
    if (start !== digits) bytes.copyWithin(start, digits, digits + length)
    this.endLine(start + length)
  }

  /**
   * The head of a bulk whose `length` bytes the caller puts in by reserve(), in as many pieces as
   * it likes, ending with bulkEnd(). Makes room for all of it at once. False: overflowed.
   */
  bulkHeader(length: number): boolean {
    if (!this.ensure(length + HEADER_BYTES_MAX)) return false
    this.header(TYPE_BULK, length)
    return true
  }

  /**
   * Claims n bytes of `bytes` (read it afterwards, it may be new) for the caller; -1: overflowed.
   */
  reserve(n: number): number {
    if (!this.ensure(n)) return -1
    const start = this.position
    this.position = start + n
    return start
  }

  bulkEnd(): void {
    if (this.ensure(2)) this.endLine(this.position)
  }

  arrayHeader(count: number): void {
    if (this.ensure(HEADER_BYTES_MAX)) this.header(TYPE_ARRAY, count)
  }

  /** `count` pairs; RESP2 has no maps: an array of twice as many. */
  mapHeader(count: number): void {
    if (!this.ensure(HEADER_BYTES_MAX)) return
    if (this.protocol === 2) this.header(TYPE_ARRAY, count * 2)
    else this.header(TYPE_MAP, count)
  }

  setHeader(count: number): void {
    if (!this.ensure(HEADER_BYTES_MAX)) return
    this.header(this.protocol === 2 ? TYPE_ARRAY : TYPE_SET, count)
  }

  /** Out-of-band data (pub/sub); RESP2 clients get it as an array. */
  pushHeader(count: number): void {
    if (!this.ensure(HEADER_BYTES_MAX)) return
    this.header(this.protocol === 2 ? TYPE_ARRAY : TYPE_PUSH, count)
  }

  /** RESP2: a bulk of "%.17g". [redis-7.0 addReplyDouble] */
  double(value: number): void {
    if (!this.ensure(HEADER_BYTES_MAX + DOUBLE_BYTES_MAX)) return
    const { bytes } = this
    // RESP2: "$<1 or 2 digits>\r\n" in front; the text is written behind the longer one.
    const textStart = this.position + (this.protocol === 2 ? 5 : 1)
    const length = formatDouble(value, bytes, textStart)
    if (this.protocol === 3) {
      bytes[this.position] = TYPE_DOUBLE
      this.endLine(textStart + length)
      return
    }
    this.header(TYPE_BULK, length)
    const start = this.position
    if (start !== textStart) bytes.copyWithin(start, textStart, textStart + length)
    this.endLine(start + length)
  }

  boolean(value: boolean): void {
    if (this.protocol === 2) this.raw(value ? replies.ONE : replies.ZERO)
    else this.raw(value ? replies.TRUE : replies.FALSE)
  }

  /** Text for people ("txt:" in RESP3), as INFO answers. */
  verbatim(text: string): void {
    if (this.protocol === 2) {
      this.bulkText(text)
      return
    }
    const length = Buffer.byteLength(text)
    if (!this.ensure(length + HEADER_BYTES_MAX)) return
    this.header(TYPE_VERBATIM, length + replies.VERBATIM_TEXT.length)
    this.raw(replies.VERBATIM_TEXT)
    this.text(text, length)
    this.endLine(this.position)
  }

  /** A status line; `text` is ours and has no line ends. */
  simple(text: string): void {
    this.line(TYPE_SIMPLE, text)
  }

  /** An encoded error, of replies.ts. */
  error(encoded: Uint8Array): void {
    this.raw(encoded)
  }

  /** An error from its text without '-' and line end, e.g. `ERR no such key`. */
  errorText(text: string): void {
    this.line(TYPE_ERROR, text.replace(/[\r\n]/g, ' '))
  }

  // ── pieces; the caller has made room ───────────────────────────────────────────────────────

  private line(type: number, text: string): void {
    const length = Buffer.byteLength(text)
    if (!this.ensure(length + HEADER_BYTES_MAX)) return
    this.bytes[this.position++] = type
    this.text(text, length)
    this.endLine(this.position)
  }

  private text(text: string, length: number): void {
    const { bytes } = this
    const written = ENCODER.encodeInto(text, bytes.subarray(this.position)).written
    assert(written === length, 'text is written whole')
    this.position += length
  }

  private header(type: number, count: number): void {
    const { bytes } = this
    let at = this.position
    bytes[at++] = type
    if (count < 10) bytes[at++] = ZERO + count
    else at += formatInteger(count, bytes, at)
    this.endLine(at)
  }

  private endLine(at: number): void {
    this.bytes[at] = CARRIAGE_RETURN
    this.bytes[at + 1] = NEWLINE
    this.position = at + 2
  }
}

const ENCODER = new TextEncoder()
