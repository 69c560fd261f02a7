// Replies that came before their turn. A client's commands go to several shards, whose workers
// answer when they can; the client must see the replies in the order of its requests.
//
//   sequence & mask -> {start, length} in one growing run of bytes; emptied as a whole when the
// last
//   stashed reply has left, so nothing is moved and no object is made per reply.

import { copyBytes } from '../base/copy.ts'

const SLOTS_FIRST = 64
const BYTES_FIRST = 4096
/** A run that grew beyond this is given back when it is empty. */
const BYTES_KEPT_MAX = 65_536
const NOTHING = -1
const NO_BYTES = new Uint8Array(0)

export class ReplyStash {
  /** Start of the reply in `bytes`, NOTHING if none; index = sequence & mask. */
  #starts = new Int32Array(0)
  #lengths = new Int32Array(0)
  #sequences = new Int32Array(0)
  #used = 0
  #count = 0
  bytes: Uint8Array = NO_BYTES
  /** Where the reply found by `take` stands in `bytes`. */
  foundStart = 0
  foundLength = 0

  isEmpty(): boolean {
    return this.#count === 0
  }

  count(): number {
    return this.#count
  }

  /** Bytes held, for the client's memory account. */
  byteLength(): number {
    return this.bytes.length + this.#starts.byteLength * 3
  }

  put(sequence: number, source: Uint8Array, start: number, length: number): void {
    if (this.#starts.length === 0) this.#resizeSlots(SLOTS_FIRST)
    while (this.#starts[sequence & (this.#starts.length - 1)] !== NOTHING) {
      this.#resizeSlots(this.#starts.length * 2)
    }
    this.#makeRoom(length)
    copyBytes(source, start, this.bytes, this.#used, length)
    const slot = sequence & (this.#starts.length - 1)
    this.#starts[slot] = this.#used
    this.#lengths[slot] = length
    this.#sequences[slot] = sequence
    this.#used += length
    this.#count++
  }

  /** Finds the reply to `sequence`; if it is there it is forgotten, its bytes are still valid. */
  take(sequence: number): boolean {
    if (this.#count === 0) return false
    const slot = sequence & (this.#starts.length - 1)
    if (this.#starts[slot] === NOTHING || this.#sequences[slot] !== sequence) return false
    this.foundStart = this.#starts[slot]
    this.foundLength = this.#lengths[slot]
    this.#starts[slot] = NOTHING
    this.#count--
    return true
  }

  /** After the taken bytes were copied: starts over when nothing is left. */
  settle(): void {
    if (this.#count !== 0) return
    this.#used = 0
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = NO_BYTES
  }

  #makeRoom(length: number): void {
    const needed = this.#used + length
    if (needed <= this.bytes.length) return
    let size = Math.max(BYTES_FIRST, this.bytes.length)
    while (size < needed) size *= 2
    const grown = new Uint8Array(size)
    grown.set(this.bytes.subarray(0, this.#used))
    this.bytes = grown
  }

  #resizeSlots(count: number): void {
    const starts = new Int32Array(count).fill(NOTHING)
    const lengths = new Int32Array(count)
    const sequences = new Int32Array(count)
    for (let slot = 0; slot < this.#starts.length; slot++) {
      if (this.#starts[slot] === NOTHING) continue
      const to = this.#sequences[slot] & (count - 1)
      starts[to] = this.#starts[slot]
      lengths[to] = this.#lengths[slot]
      sequences[to] = this.#sequences[slot]
    }
    this.#starts = starts
    this.#lengths = lengths
    this.#sequences = sequences
  }
}
