// RESP requests -> offsets. Runs on acceptor threads, one decoder for whole receives and one in
// every QueryBuffer. Copies nothing and makes nothing: a command is (bytes, argStarts, argLengths).
//
//   *3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n
//   ^start       ^argStarts[0]  ^argStarts[1]      ^end
//
// Resumable: whatever is known of an incomplete command is kept relative to the command's start, so
// the caller may come back with more bytes of it at another place, in another buffer. No byte of a
// line is looked at twice, no bulk is looked at at all: any splitting costs time linear in bytes.
//
// What Redis does not check, we do not check: the byte behind '\r', the two bytes behind a bulk.
// A line ends at its first '\r' (inline: '\n'), but a NUL in front of that hides it, as strchr
// does: such a line never ends and runs into the line limit. [redis-7.0 networking.c]

import { assert } from '../base/assert.ts'
import {
  COMMAND_ARGS_MAX,
  PROTOCOL_LINE_BYTES_MAX,
  REDIS_VALUE_BYTES_MAX,
  UNAUTHENTICATED_ARGS_MAX,
  UNAUTHENTICATED_BULK_BYTES_MAX,
} from '../base/limits.ts'
import { parseInt64, parseSafeInteger } from '../base/numbers.ts'
import { INLINE_UNBALANCED, InlineSplitter } from './inline.ts'
import * as replies from './replies.ts'

/** A whole command: bytes, argCount, argStarts, argLengths, start and end are set. */
export const DECODE_COMMAND = 0
/** More bytes are needed, at least `missingBytes`. */
export const DECODE_INCOMPLETE = 1
/** A blank inline line, `*0` or `*-1`: no command and no reply; go on at `end`. */
export const DECODE_EMPTY = 2
/** The stream is broken: send `errorText`, then close. */
export const DECODE_ERROR = 3

export interface DecoderLimits {
  readonly argsMax: number
  readonly bulkBytesMax: number
  readonly unauthenticatedArgsMax: number
  readonly unauthenticatedBulkBytesMax: number
  /** Applies to inline commands and to count and length lines. At least 32. */
  readonly lineBytesMax: number
}

export const AUTHENTICATED_LIMITS: DecoderLimits = {
  argsMax: COMMAND_ARGS_MAX,
  bulkBytesMax: REDIS_VALUE_BYTES_MAX,
  unauthenticatedArgsMax: COMMAND_ARGS_MAX,
  unauthenticatedBulkBytesMax: REDIS_VALUE_BYTES_MAX,
  lineBytesMax: PROTOCOL_LINE_BYTES_MAX,
}

export const UNAUTHENTICATED_LIMITS: DecoderLimits = {
  argsMax: COMMAND_ARGS_MAX,
  bulkBytesMax: REDIS_VALUE_BYTES_MAX,
  unauthenticatedArgsMax: UNAUTHENTICATED_ARGS_MAX,
  unauthenticatedBulkBytesMax: UNAUTHENTICATED_BULK_BYTES_MAX,
  lineBytesMax: PROTOCOL_LINE_BYTES_MAX,
}

const CARRIAGE_RETURN = 0x0d
const NEWLINE = 0x0a
const STAR = 0x2a
const DOLLAR = 0x24
const MINUS = 0x2d
const ZERO = 0x30

// Where an incomplete command stopped.
const STAGE_START = 0
const STAGE_INLINE = 1
const STAGE_COUNT_LINE = 2
const STAGE_LENGTH_LINE = 3
const STAGE_BODY = 4

const LINE_INCOMPLETE = -1
const LINE_TOO_LONG = -2
const NUMBER_INCOMPLETE = -1
const NUMBER_ERROR = -2

const ARGS_AT_FIRST = 16
/** One digit. */
const PLAIN_ARGS_MAX = 9
/** Offset arrays longer than this are given back by trim(). */
const ARGS_KEPT_MAX = 1024

export class CommandDecoder {
  /** What the offsets refer to: the source, or own scratch for an inline command with quotes. */
  bytes: Uint8Array
  argCount: number
  argStarts: Int32Array
  argLengths: Int32Array
  start: number
  /** Offset behind the command in the source. */
  end: number
  /** The reply to a broken stream, ready to send. */
  errorText: Uint8Array
  /** After DECODE_INCOMPLETE: at least so many bytes are missing. */
  missingBytes: number
  /** May be replaced at any time, also in the middle of a command (AUTH passed). */
  limits: DecoderLimits

  // Of an incomplete command. `at` and `scanned` are relative to its start; starts already found
  // are relative to `base`, the start at the first call: shifting them at every call would make a
  // million arguments in small pieces quadratic. lineHidden: see the NUL above.
  private stage: number
  private base: number
  private at: number
  private argTotal: number
  private bulkLength: number
  private scanned: number
  private lineHidden: boolean
  /** Out of decodeLength: the line's '\r'. */
  private lineEnd: number
  private readonly inline: InlineSplitter

  constructor(limits: DecoderLimits = AUTHENTICATED_LIMITS) {
    this.bytes = NO_BYTES
    this.argCount = 0
    this.argStarts = new Int32Array(ARGS_AT_FIRST)
    this.argLengths = new Int32Array(ARGS_AT_FIRST)
    this.start = 0
    this.end = 0
    this.errorText = NO_BYTES
    this.missingBytes = 0
    this.limits = limits
    this.stage = STAGE_START
    this.base = 0
    this.at = 0
    this.argTotal = 0
    this.bulkLength = 0
    this.scanned = 0
    this.lineHidden = false
    this.lineEnd = 0
    this.inline = new InlineSplitter()
  }

  /** Forgets an incomplete command. Needed only after DECODE_INCOMPLETE. */
  reset(): void {
    this.stage = STAGE_START
    this.scanned = 0
    this.lineHidden = false
    this.argCount = 0
  }

  /** Gives back what an unusually large command made grow; its offsets are gone. */
  trim(): void {
    if (this.argStarts.length > ARGS_KEPT_MAX) {
      this.argStarts = new Int32Array(ARGS_AT_FIRST)
      this.argLengths = new Int32Array(ARGS_AT_FIRST)
      this.reset()
    }
    this.inline.trim()
    this.bytes = NO_BYTES
  }

  /**
   * Looks for one command in bytes[from, to). After DECODE_INCOMPLETE call again with the same
   * command's start as `from` and more bytes, or reset(). Offsets hold until the next call.
   * Returns DECODE_…
   */
  decode(bytes: Uint8Array, from: number, to: number): number {
    // Bare numbers here and in plainLength, on purpose: 0x0d '\r', 0x24 '$', 0x2a '*', 0x30 '0'.
    // With named constants, of the module or local, this function takes 40 ns instead of 32.
    // The store is costly (the collector is told of it), the comparison is not.
    if (this.bytes !== bytes) this.bytes = bytes
    this.start = from
    if (this.stage !== 0) return this.resume(bytes, from, to)
    // Nearly all commands are plain: "*d\r\n", lengths of a few digits, all bytes there. This loop
    // knows nothing else; it keeps its numbers in registers, and what is not plain starts anew
    // below.
    if (from + 3 < to && bytes[from] === 0x2a && bytes[from + 2] === 0x0d) {
      const total = bytes[from + 1] - 0x30
      if (total > 0 && total <= 9) {
        const starts = this.argStarts
        const lengths = this.argLengths
        let at = from + 4
        let index = 0
        for (; index < total; index++) {
          // No argument is shorter than "$0\r\n\r\n": a whole one has 6 readable bytes.
          if (at + 5 >= to || bytes[at] !== 0x24) break
          // `x >>> 0 > 9` is "no digit" in one comparison: what is below 0 becomes very large.
          let length = bytes[at + 1] - 0x30
          let body = at + 4
          const second = bytes[at + 2] - 0x30
          if (second === 0x0d - 0x30) {
            if (length >>> 0 > 9) break
          } else {
            if (length <= 0 || length > 9 || second >>> 0 > 9) break
            length = length * 10 + second
            body = at + 5
            if (bytes[at + 3] !== 0x0d) {
              length = this.plainLength(bytes, at + 3, to, length)
              if (length < 0) break
              body = this.lineEnd + 2
            }
          }
          const next = body + length + 2
          if (next > to) break
          starts[index] = body
          lengths[index] = length
          at = next
        }
        if (index === total) {
          this.argCount = total
          this.end = at
          return DECODE_COMMAND
        }
      }
    }
    return this.begin(bytes, from, to)
  }

  /** A length's last digits, at most 3, behind `high`; sets lineEnd. -1: ask decodeLength. */
  private plainLength(bytes: Uint8Array, from: number, to: number, high: number): number {
    let length = high
    const stop = Math.min(to - 1, from + 4)
    for (let at = from; at < stop; at++) {
      const digit = bytes[at] - 0x30
      if (digit === 0x0d - 0x30) {
        this.lineEnd = at
        return length <= UNAUTHENTICATED_BULK_BYTES_MAX ? length : -1
      }
      if (digit >>> 0 > 9) return -1
      length = length * 10 + digit
    }
    return -1
  }

  // ── By all the rules ───────────────────────────────────────────────────────────────────────

  private begin(bytes: Uint8Array, from: number, to: number): number {
    this.scanned = 0
    if (from >= to) return this.incomplete(STAGE_START, from, 1)
    if (bytes[from] !== STAR) return this.decodeInline(bytes, from, to)
    return this.decodeCount(bytes, from, to)
  }

  private resume(bytes: Uint8Array, from: number, to: number): number {
    switch (this.stage) {
      case STAGE_INLINE:
        return this.decodeInline(bytes, from, to)
      case STAGE_COUNT_LINE:
        return this.decodeCount(bytes, from, to)
      case STAGE_LENGTH_LINE:
        return this.decodeArguments(bytes, from + this.at, to)
      default: {
        const next = this.takeBody(from + this.at, to)
        return next < 0 ? DECODE_INCOMPLETE : this.decodeArguments(bytes, next, to)
      }
    }
  }

  /** Arguments from argCount on, the next one's '$' at `at`. */
  private decodeArguments(bytes: Uint8Array, from: number, to: number): number {
    let at = from
    while (this.argCount < this.argTotal) {
      const length = this.decodeLength(bytes, at, to)
      if (length === NUMBER_ERROR) return DECODE_ERROR
      if (length === NUMBER_INCOMPLETE) return this.incomplete(STAGE_LENGTH_LINE, at, 1)
      this.bulkLength = length
      at = this.takeBody(this.lineEnd + 2, to)
      if (at < 0) return DECODE_INCOMPLETE
    }
    const shift = this.start - this.base
    if (shift !== 0) this.moveStarts(shift)
    this.end = at
    this.stage = STAGE_START
    return DECODE_COMMAND
  }

  /** The bulk of bulkLength bytes at `body`. Returns the offset behind it, -1: incomplete. */
  private takeBody(body: number, to: number): number {
    const next = body + this.bulkLength + 2
    if (next > to) {
      this.incomplete(STAGE_BODY, body, next - to)
      return -1
    }
    const index = this.argCount++
    if (index === this.argStarts.length) this.growOffsets()
    this.argStarts[index] = body - this.start + this.base
    this.argLengths[index] = this.bulkLength
    return next
  }

  /** "*<count>\r\n" by all the rules. */
  private decodeCount(bytes: Uint8Array, from: number, to: number): number {
    const lineEnd = this.findLineEnd(bytes, from, to, CARRIAGE_RETURN)
    if (lineEnd === LINE_TOO_LONG) return this.fail(replies.PROTOCOL_TOO_BIG_MBULK_COUNT)
    if (lineEnd === LINE_INCOMPLETE || lineEnd + 1 >= to) {
      return this.incomplete(STAGE_COUNT_LINE, from, 1)
    }
    const count = parseCount(bytes, from + 1, lineEnd - from - 1)
    // The limit holds for what Redis would otherwise have to reserve. [redis-3.2; 7.0: 2^31-1]
    if (!(count <= this.limits.argsMax)) return this.fail(replies.PROTOCOL_INVALID_MULTIBULK_LENGTH)
    if (count > this.limits.unauthenticatedArgsMax) {
      return this.fail(replies.PROTOCOL_UNAUTHENTICATED_MULTIBULK_LENGTH)
    }
    const next = lineEnd + 2
    if (count <= 0) return this.empty(next)
    this.base = from
    this.argCount = 0
    this.argTotal = count
    return this.decodeArguments(bytes, next, to)
  }

  /** "$<length>\r\n" at `at` by all the rules; sets lineEnd. Returns the length or NUMBER_… */
  private decodeLength(bytes: Uint8Array, at: number, to: number): number {
    // Plain ones first: a first digit of 1-9, whole lines. All else is for the rules.
    if (at + 5 < to && bytes[at] === DOLLAR && bytes[at + 1] > ZERO) {
      const length = this.plainLength(bytes, at + 1, to, 0)
      if (length >= 0) return length
    }
    const lineEnd = this.findLineEnd(bytes, at, to, CARRIAGE_RETURN)
    if (lineEnd === LINE_TOO_LONG) {
      this.fail(replies.PROTOCOL_TOO_BIG_BULK_COUNT)
      return NUMBER_ERROR
    }
    if (lineEnd === LINE_INCOMPLETE || lineEnd + 1 >= to) return NUMBER_INCOMPLETE
    if (bytes[at] !== DOLLAR) {
      this.fail(replies.protocolExpectedDollar(bytes[at]))
      return NUMBER_ERROR
    }
    const length = parseSafeInteger(bytes, at + 1, lineEnd - at - 1)
    if (!(length >= 0 && length <= this.limits.bulkBytesMax)) {
      this.fail(replies.PROTOCOL_INVALID_BULK_LENGTH)
      return NUMBER_ERROR
    }
    if (length > this.limits.unauthenticatedBulkBytesMax) {
      this.fail(replies.PROTOCOL_UNAUTHENTICATED_BULK_LENGTH)
      return NUMBER_ERROR
    }
    this.lineEnd = lineEnd
    return length
  }

  private decodeInline(bytes: Uint8Array, from: number, to: number): number {
    const newline = this.findLineEnd(bytes, from, to, NEWLINE)
    if (newline === LINE_TOO_LONG) return this.fail(replies.PROTOCOL_TOO_BIG_INLINE)
    if (newline === LINE_INCOMPLETE) return this.incomplete(STAGE_INLINE, from, 1)
    const lineEnd = newline > from && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline
    const inline = this.inline
    const count = inline.split(bytes, from, lineEnd, this)
    if (count === INLINE_UNBALANCED) return this.fail(replies.PROTOCOL_UNBALANCED_QUOTES)
    if (count === 0) return this.empty(newline + 1)
    this.bytes = inline.bytes
    this.argCount = count
    this.end = newline + 1
    this.stage = STAGE_START
    this.scanned = 0
    return DECODE_COMMAND
  }

  /** First `terminator` of the line at lineStart, or LINE_…; goes on where it last stopped. */
  private findLineEnd(
    bytes: Uint8Array,
    lineStart: number,
    to: number,
    terminator: number,
  ): number {
    const from = this.start
    const limit = lineStart + this.limits.lineBytesMax
    const stop = Math.min(to, limit + 1)
    let at = Math.max(lineStart, from + this.scanned)
    if (!this.lineHidden) {
      for (; at < stop; at++) {
        const byte = bytes[at]
        if (byte === terminator) {
          this.scanned = at - from
          return at
        }
        if (byte === 0) {
          this.lineHidden = true
          break
        }
      }
      this.scanned = at - from
    }
    return to > limit ? LINE_TOO_LONG : LINE_INCOMPLETE
  }

  /** Makes room for one more argument. Grows with what arrived, never with what was announced. */
  growOffsets(): void {
    const starts = new Int32Array(this.argStarts.length * 2)
    const lengths = new Int32Array(this.argLengths.length * 2)
    starts.set(this.argStarts)
    lengths.set(this.argLengths)
    this.argStarts = starts
    this.argLengths = lengths
  }

  private moveStarts(shift: number): void {
    const starts = this.argStarts
    for (let index = 0; index < this.argTotal; index++) starts[index] += shift
  }

  private incomplete(stage: number, at: number, missingBytes: number): number {
    this.stage = stage
    this.at = at - this.start
    this.missingBytes = missingBytes
    return DECODE_INCOMPLETE
  }

  private empty(end: number): number {
    this.argCount = 0
    this.end = end
    this.stage = STAGE_START
    this.scanned = 0
    return DECODE_EMPTY
  }

  private fail(errorText: Uint8Array): number {
    this.reset()
    this.errorText = errorText
    return DECODE_ERROR
  }
}

const NO_BYTES: Uint8Array = Buffer.alloc(0)
assert(PLAIN_ARGS_MAX <= ARGS_AT_FIRST, 'plain commands never make the offsets grow')
assert(PLAIN_ARGS_MAX <= UNAUTHENTICATED_ARGS_MAX, 'plain commands are within every limit')

/** Redis's string2ll; what is below zero counts as -1, NaN is no integer or above 2^53. */
function parseCount(bytes: Uint8Array, start: number, length: number): number {
  const count = parseSafeInteger(bytes, start, length)
  if (count < 0) return -1
  if (Number.isNaN(count) && length > 0 && bytes[start] === MINUS) {
    return parseInt64(bytes, start, length) === undefined ? Number.NaN : -1
  }
  return count
}

/** The name of the command just decoded is one that only HTTP sends: close, reply nothing. */
export function isHttpAttempt(decoder: CommandDecoder): boolean {
  if (decoder.argCount === 0) return false
  const length = decoder.argLengths[0]
  if (length !== 4 && length !== 5) return false
  const name = length === 4 ? HTTP_POST : HTTP_HOST
  const { bytes } = decoder
  const start = decoder.argStarts[0]
  for (let index = 0; index < length; index++) {
    const byte = bytes[start + index]
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== name[index]) return false
  }
  return true
}

const HTTP_POST: Uint8Array = Buffer.from('post')
const HTTP_HOST: Uint8Array = Buffer.from('host:')
