// Inline commands: a line of words, for people with telnet and for `PING`. Words with quotes are
// unescaped into a scratch buffer, all others are offsets into the line. [redis-7.0 sds.c
// sdssplitargs]
//
//   set greeting "hello\x20world\n" 'it\'s'      4 words; the last two live in scratch

/** The line's offsets go into arrays of this shape, which grow word by word. */
export interface OffsetTarget {
  argStarts: Int32Array
  argLengths: Int32Array
  growOffsets(): void
}

/** split() answers this when a quote is not closed, or closed in the middle of a word. */
export const INLINE_UNBALANCED = -1

const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const BACKSLASH = 0x5c
const SPACE = 0x20
const SCRATCH_KEPT_BYTES_MAX = 1024
const NO_BYTES: Uint8Array = Buffer.alloc(0)

export class InlineSplitter {
  /** What the offsets of the last split refer to. */
  bytes: Uint8Array
  private scratch: Uint8Array
  private scratchEnd: number

  constructor() {
    this.bytes = NO_BYTES
    this.scratch = NO_BYTES
    this.scratchEnd = 0
  }

  trim(): void {
    this.bytes = NO_BYTES
    if (this.scratch.length > SCRATCH_KEPT_BYTES_MAX) this.scratch = NO_BYTES
  }

  /** Words of bytes[from, to). Returns their number or INLINE_UNBALANCED. */
  split(bytes: Uint8Array, from: number, to: number, target: OffsetTarget): number {
    if (hasQuote(bytes, from, to)) return this.splitQuoted(bytes, from, to, target)
    this.bytes = bytes
    let count = 0
    let at = from
    for (;;) {
      while (at < to && isSpace(bytes[at])) at++
      if (at === to) return count
      const start = at
      while (at < to && !endsWord(bytes[at])) at++
      addWord(target, count++, start, at - start)
    }
  }

  private splitQuoted(bytes: Uint8Array, from: number, to: number, target: OffsetTarget): number {
    // Unescaping only shortens: the line's length is room enough.
    if (this.scratch.length < to - from) this.scratch = Buffer.allocUnsafeSlow(to - from)
    this.bytes = this.scratch
    this.scratchEnd = 0
    let count = 0
    let at = from
    for (;;) {
      while (at < to && isSpace(bytes[at])) at++
      if (at === to) return count
      const start = this.scratchEnd
      at = this.copyWord(bytes, at, to)
      if (at < 0) return INLINE_UNBALANCED
      addWord(target, count++, start, this.scratchEnd - start)
    }
  }

  /** Copies one word, quotes may begin anywhere in it. Returns the offset behind it or -1. */
  private copyWord(bytes: Uint8Array, from: number, to: number): number {
    let at = from
    while (at < to) {
      const byte = bytes[at]
      if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
        at = byte === DOUBLE_QUOTE ? this.copyDouble(bytes, at, to) : this.copySingle(bytes, at, to)
        if (at < 0) return -1
        // A closing quote ends the word: only blanks or the line's end may follow.
        return at === to || isSpace(bytes[at]) ? at : -1
      }
      if (endsWord(byte)) return at
      this.scratch[this.scratchEnd++] = byte
      at++
    }
    return at
  }

  /** From the opening " to behind the closing one, or -1. */
  private copyDouble(bytes: Uint8Array, open: number, to: number): number {
    let at = open + 1
    while (at < to) {
      const byte = bytes[at]
      if (byte === DOUBLE_QUOTE) return at + 1
      if (byte !== BACKSLASH || at + 1 === to) {
        this.scratch[this.scratchEnd++] = byte
        at++
      } else if (
        bytes[at + 1] === LETTER_X &&
        at + 3 < to &&
        hexDigit(bytes[at + 2]) >= 0 &&
        hexDigit(bytes[at + 3]) >= 0
      ) {
        this.scratch[this.scratchEnd++] = hexDigit(bytes[at + 2]) * 16 + hexDigit(bytes[at + 3])
        at += 4
      } else {
        this.scratch[this.scratchEnd++] = unescaped(bytes[at + 1])
        at += 2
      }
    }
    return -1
  }

  /** From the opening ' to behind the closing one, or -1. Only \' is an escape here. */
  private copySingle(bytes: Uint8Array, open: number, to: number): number {
    let at = open + 1
    while (at < to) {
      const byte = bytes[at]
      if (byte === SINGLE_QUOTE) return at + 1
      if (byte === BACKSLASH && at + 1 < to && bytes[at + 1] === SINGLE_QUOTE) at++
      this.scratch[this.scratchEnd++] = bytes[at]
      at++
    }
    return -1
  }
}

const LETTER_X = 0x78

function addWord(target: OffsetTarget, index: number, start: number, length: number): void {
  if (index === target.argStarts.length) target.growOffsets()
  target.argStarts[index] = start
  target.argLengths[index] = length
}

function hasQuote(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (bytes[at] === DOUBLE_QUOTE || bytes[at] === SINGLE_QUOTE) return true
  }
  return false
}

/** C's isspace: blank, \t \n \v \f \r. Skipped between words. */
function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 0x09 && byte <= 0x0d)
}

/** What ends a word outside quotes: not \v and \f, unlike isSpace. */
function endsWord(byte: number): boolean {
  return byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function unescaped(byte: number): number {
  switch (byte) {
    case 0x6e:
      return 0x0a
    case 0x72:
      return 0x0d
    case 0x74:
      return 0x09
    case 0x62:
      return 0x08
    case 0x61:
      return 0x07
    default:
      return byte
  }
}
