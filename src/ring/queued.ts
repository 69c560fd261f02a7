// The commands of a transaction back to back, each as drawn in layout.ts: what an acceptor gathers
// behind MULTI, and what EXEC carries to a shard. Private to a thread until it is copied to a ring.

import { copyBytes } from '../base/copy.ts'
import { GREAT_REQUEST_BYTES, QUERY_BUFFER_BYTES_MAX } from '../base/limits.ts'
import { COMMAND_HEADER_WORDS, LITERAL_CODE } from './layout.ts'
import { commandByteLength, writeCommand } from './requests.ts'

const BYTES_FIRST = 1024
/** Counted with each command: no command's log record is longer than its bytes and so many. */
const BYTES_AROUND = 64
const NO_BYTES = new Uint8Array(0)
const NO_WORDS = new Int32Array(0)

const literalStarts = new Int32Array(2)
const literalLengths = new Int32Array(2)

export class QueuedCommands {
  bytes: Uint8Array = NO_BYTES
  words: Int32Array = NO_WORDS
  /** Bytes in use, a multiple of four. */
  byteLength = 0
  count = 0

  /** What is bounded by the limit of the query buffer, as the client's memory is. */
  countedBytes(): number {
    return this.byteLength + this.count * BYTES_AROUND
  }

  /** Adds a command; argument 0 is known by the code. False: it is too much, nothing changed. */
  add(
    attributes: number,
    code: number,
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    argCount: number,
  ): boolean {
    const length = commandByteLength(starts, lengths, argCount)
    if (this.countedBytes() + length + BYTES_AROUND > QUERY_BUFFER_BYTES_MAX) return false
    this.#makeRoom(length)
    const at = this.byteLength
    writeCommand(
      this.bytes,
      this.words,
      at,
      length,
      attributes,
      code,
      bytes,
      starts,
      lengths,
      argCount,
    )
    this.byteLength = at + length
    this.count++
    return true
  }

  /** Adds a reply that is known already. */
  addLiteral(bytes: Uint8Array, start: number, length: number): boolean {
    literalStarts[1] = start
    literalLengths[1] = length
    return this.add(0, LITERAL_CODE, bytes, literalStarts, literalLengths, 2)
  }

  /** Adds the command at byte `at` of another queue, with other attributes. */
  addCopy(other: QueuedCommands, at: number, attributes: number): boolean {
    const length = other.words[at >> 2]
    if (this.countedBytes() + length + BYTES_AROUND > QUERY_BUFFER_BYTES_MAX) return false
    this.#makeRoom(length)
    copyBytes(other.bytes, at, this.bytes, this.byteLength, length)
    this.words[(this.byteLength >> 2) + 1] = attributes
    this.byteLength += length
    this.count++
    return true
  }

  /** Puts words behind the commands, which are not counted as one. Returns their byte offset. */
  addWords(words: Int32Array, count: number): number {
    this.#makeRoom(count * 4)
    this.words.set(words.subarray(0, count), this.byteLength >> 2)
    return this.byteLength
  }

  #makeRoom(length: number): void {
    const needed = this.byteLength + length
    if (needed <= this.bytes.length) return
    let size = Math.max(BYTES_FIRST, this.bytes.length)
    while (size < needed) size *= 2
    // A request of more than that is not carried.
    size = Math.min(size, GREAT_REQUEST_BYTES)
    const grown = Buffer.allocUnsafeSlow(size)
    copyBytes(this.bytes, 0, grown, 0, this.byteLength)
    this.bytes = grown
    this.words = new Int32Array(grown.buffer, 0, size >> 2)
  }
}

/** Offset behind the command at byte `at`. */
export function commandEnd(words: Int32Array, at: number): number {
  return at + words[at >> 2]
}

export function commandCode(words: Int32Array, at: number): number {
  return words[(at >> 2) + 2] & 0xffff
}

/** database | protocol << 8 of a queued command. */
export function commandAttributes(words: Int32Array, at: number): number {
  return words[(at >> 2) + 1]
}

/**
 * Fills the offsets of the command's arguments, which refer to the same bytes; returns how many.
 */
export function readArguments(
  words: Int32Array,
  at: number,
  starts: Int32Array,
  lengths: Int32Array,
): number {
  let word = at >> 2
  const argCount = words[word + 3]
  word += COMMAND_HEADER_WORDS
  starts[0] = 0
  lengths[0] = 0
  for (let index = 1; index < argCount; index++) {
    starts[index] = at + words[word++]
    lengths[index] = words[word++]
  }
  return argCount
}

export function argumentCount(words: Int32Array, at: number): number {
  return words[(at >> 2) + 3]
}
