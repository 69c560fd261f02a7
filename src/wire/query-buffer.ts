// The bytes of one command that did not arrive in one receive. One per connection, runs on its
// acceptor; empty (and nearly free) while commands come whole.
//
//   receive 1: … GET a | *3 $3 SET $1 k $5000 xxxx        |: cut, the tail goes into the buffer
//   receive 2: xxxxxxxxxxxx                               all of it
//   receive 3: xxx \r\n | *2 GET b …                      only up to |, the rest is decoded in
// place
//
// Memory follows what arrived, not what was announced: a client that sends `$500000000` and stops
// costs 1 KB. Room doubles up to what the command needs, so 32 MB in 1 KB pieces are copied less
// than three times in all, and a million arguments in single bytes are looked at once each.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { CommandDecoder, DECODE_ERROR, DECODE_INCOMPLETE, type DecoderLimits } from './decoder.ts'

const ROOM_BYTES_MIN = 1024
const NO_BYTES: Uint8Array = Buffer.alloc(0)

/** feed() answers this in `result` when the command became larger than limitBytes: close. */
export const QUERY_TOO_LARGE = 4

export class QueryBuffer {
  /** Bytes held; 0 while no command is incomplete. */
  byteLength: number
  /** What the last feed() came to: DECODE_… or QUERY_TOO_LARGE. */
  result: number
  limitBytes: number
  /** Bytes moved so far, fed and moved again by growing: for tests of linearity. */
  copiedBytes: number
  private storage: Uint8Array
  private ownDecoder: CommandDecoder | undefined

  constructor(limitBytes: number) {
    this.byteLength = 0
    this.result = DECODE_INCOMPLETE
    this.limitBytes = limitBytes
    this.copiedBytes = 0
    this.storage = NO_BYTES
    this.ownDecoder = undefined
  }

  /** The decoder whose offsets describe the command after feed() answered DECODE_COMMAND. */
  get decoder(): CommandDecoder {
    assert(this.ownDecoder !== undefined, 'a query buffer is fed before it is read')
    return this.ownDecoder
  }

  /** Memory held, for the accounting of clients. */
  get capacityBytes(): number {
    const decoder = this.ownDecoder
    return this.storage.length + (decoder === undefined ? 0 : decoder.argStarts.byteLength * 2)
  }

  /**
   * Takes bytes of source[from, to) until one command is whole, and says in `result` what it came
   * to. Returns the offset in source behind the bytes that belong to it (`to` while incomplete).
   * After anything but DECODE_INCOMPLETE: use `decoder`, then release().
   */
  feed(source: Uint8Array, from: number, to: number, limits: DecoderLimits): number {
    this.ownDecoder ??= new CommandDecoder(limits)
    const decoder = this.ownDecoder
    decoder.limits = limits
    let at = from
    let pieceBytes = ROOM_BYTES_MIN
    while (at < to) {
      const known = this.byteLength === 0 ? 0 : decoder.missingBytes
      const piece = Math.min(to - at, Math.max(pieceBytes, known))
      if (!this.append(source, at, piece, known)) {
        this.result = QUERY_TOO_LARGE
        return at
      }
      at += piece
      pieceBytes *= 2
      this.result = decoder.decode(this.storage, 0, this.byteLength)
      // What was copied too much still lies in source: the command ends within this piece.
      if (this.result === DECODE_ERROR) return at
      if (this.result !== DECODE_INCOMPLETE) return at - (this.byteLength - decoder.end)
    }
    this.result = DECODE_INCOMPLETE
    return to
  }

  /** The first `length` bytes held, in place: good until the next feed() or release(). */
  held(length: number): Uint8Array {
    assert(length <= this.byteLength, 'a query buffer shows only what it holds')
    return this.storage.subarray(0, length)
  }

  /** The command was executed or refused: forgets it and gives its memory back. */
  release(): void {
    this.byteLength = 0
    this.storage = NO_BYTES
    const decoder = this.ownDecoder
    if (decoder === undefined) return
    decoder.reset()
    decoder.trim()
  }

  private append(source: Uint8Array, at: number, length: number, known: number): boolean {
    const needed = this.byteLength + length
    if (needed > this.limitBytes) return false
    if (needed > this.storage.length) this.grow(needed, this.byteLength + known)
    copyBytes(source, at, this.storage, this.byteLength, length)
    this.copiedBytes += length
    this.byteLength = needed
    return true
  }

  /**
   * Doubles, or grows to what the command is known to need if that is between the two: growing by
   * less than half would copy an eighth argument eight times.
   */
  private grow(needed: number, expected: number): void {
    const room = this.storage.length
    const doubled = Math.max(room * 2, needed, ROOM_BYTES_MIN)
    const exact = expected >= needed && expected >= room + room / 2 && expected < doubled
    const size = exact && room > 0 ? expected : doubled
    const grown = Buffer.allocUnsafeSlow(Math.min(size, this.limitBytes))
    copyBytes(this.storage, 0, grown, 0, this.byteLength)
    this.copiedBytes += this.byteLength
    this.storage = grown
  }
}
