// The bytes of one command that did not arrive in one receive. One per connection, runs on its
// acceptor; empty (and nearly free) while commands come whole.
//
//   receive 1: … GET a | *3 $3 SET $1 k $5000 xxxx        |: cut, the tail goes into the buffer
//   receive 2: xxxxxxxxxxxx                               all of it
//   receive 3: xxx \r\n | *2 GET b …                      only up to |, the rest is decoded in
// place
//
// Memory follows what arrived, not what was announced: a client that sends `$500000000` and stops
// costs 1 KB. Room doubles until a sixteenth of what the command needs has arrived; then all of it
// is reserved at once, so the bytes of a large value are copied 1.1 times and fresh pages, the
// largest cost of all (32 MB: 15 ms, and as much for the collector), are touched once. A million
// arguments in single bytes are looked at once each.
//
// The storage of the last large command waits for the next one of its size, one a thread, until
// `dropIdleStorage` finds that none came for a second or two.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { CommandDecoder, DECODE_ERROR, DECODE_INCOMPLETE, type DecoderLimits } from './decoder.ts'

const ROOM_BYTES_MIN = 1024
/** Room is reserved for what is announced when one part in so many has arrived. */
const ARRIVED_PARTS = 16
/** Storage of this size is worth keeping, and not too much to keep. */
const SPARE_BYTES_MIN = 1_048_576
const SPARE_BYTES_MAX = 67_108_864
/** A spare serves for what is smaller by at most an eighth. */
const SPARE_WASTE_SHIFT = 3
const NO_BYTES: Uint8Array = Buffer.alloc(0)

let spare = NO_BYTES
let spareIsIdle = false

/** Call now and then on threads that own query buffers: what no call in between used is freed. */
export function dropIdleStorage(): void {
  if (spareIsIdle) spare = NO_BYTES
  spareIsIdle = true
}

function makeStorage(byteLength: number): Uint8Array {
  const waste = spare.length - byteLength
  if (waste < 0 || waste > byteLength >> SPARE_WASTE_SHIFT) {
    return Buffer.allocUnsafeSlow(byteLength)
  }
  const storage = spare
  spare = NO_BYTES
  return storage
}

function keepStorage(storage: Uint8Array): void {
  if (storage.length < SPARE_BYTES_MIN || storage.length > SPARE_BYTES_MAX) return
  spare = storage
  spareIsIdle = false
}

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

  /** Forgets everything, as release() does; the first `length` bytes are the caller's now. */
  takeHeld(length: number): Uint8Array {
    assert(length <= this.byteLength, 'a query buffer shows only what it holds')
    const held = this.storage.subarray(0, length)
    this.storage = NO_BYTES
    this.release()
    return held
  }

  /** The command was executed or refused: forgets it and gives its memory back. */
  release(): void {
    keepStorage(this.storage)
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
   * Doubles, or grows to what the command is known to need, if enough of that has arrived and it is
   * no mere crumb: growing by less than half would copy an eighth argument eight times.
   */
  private grow(needed: number, expected: number): void {
    const room = this.storage.length
    const doubled = Math.max(room * 2, needed, ROOM_BYTES_MIN)
    const exact = expected >= Math.max(needed, room * 1.5) && expected <= needed * ARRIVED_PARTS
    const size = exact && room > 0 ? expected : doubled
    const grown = makeStorage(Math.min(size, this.limitBytes))
    copyBytes(this.storage, 0, grown, 0, this.byteLength)
    this.copiedBytes += this.byteLength
    this.storage = grown
  }
}
