// What a payload holds: elements as ranges of one buffer, in the payload's order.

import { copyBytes } from '../base/copy.ts'
import { formatInteger } from '../base/numbers.ts'

export const CONTENT_STRING = 0
export const CONTENT_LIST = 1
export const CONTENT_SET = 2
/** Members, each with its score in `scores`. */
export const CONTENT_ZSET = 3
/** Fields and values in turn. */
export const CONTENT_HASH = 4

const BYTES_FIRST = 1024
const ELEMENTS_FIRST = 64
/** Larger buffers are given back by `reset`. */
const BYTES_KEPT_MAX = 1_048_576
const ELEMENTS_KEPT_MAX = 65_536
/** What an element costs of the limit besides its bytes: its part of the columns. */
const ELEMENT_BYTES = 16
const INTEGER_BYTES_MAX = 20
const TWO_POWER_32 = 2 ** 32

export class RdbContent {
  /** One of CONTENT_…; also set when the payload was found wrong later. */
  type = CONTENT_STRING
  count = 0
  /** What `starts` point into: the own buffer, or the payload for one plain string. */
  bytes: Uint8Array
  starts = new Int32Array(ELEMENTS_FIRST)
  lengths = new Int32Array(ELEMENTS_FIRST)
  /** Filled for CONTENT_ZSET only. */
  scores = new Float64Array(ELEMENTS_FIRST)
  readonly #bytesMax: number
  #own = new Uint8Array(BYTES_FIRST)
  #end = 0

  /** @param bytesMax of all elements together, with 16 bytes for each one */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.bytes = this.#own
  }

  reset(type: number): void {
    if (this.#own.length > BYTES_KEPT_MAX) this.#own = new Uint8Array(BYTES_FIRST)
    if (this.starts.length > ELEMENTS_KEPT_MAX) {
      this.starts = new Int32Array(ELEMENTS_FIRST)
      this.lengths = new Int32Array(ELEMENTS_FIRST)
      this.scores = new Float64Array(ELEMENTS_FIRST)
    }
    this.type = type
    this.count = 0
    this.bytes = this.#own
    this.#end = 0
  }

  /** How many bytes one more element may have. */
  get bytesLeft(): number {
    return this.#bytesMax - this.#end - (this.count + 1) * ELEMENT_BYTES
  }

  /** The only element, left where it is. */
  setOnly(bytes: Uint8Array, start: number, length: number): void {
    this.bytes = bytes
    this.starts[0] = start
    this.lengths[0] = length
    this.count = 1
  }

  /** False: there is no room for it. */
  add(bytes: Uint8Array, start: number, length: number): boolean {
    const at = this.place(length)
    if (at < 0) return false
    copyBytes(bytes, start, this.#own, at, length)
    return true
  }

  /** The text of an integer of 64 bits, in two halves of 32. */
  addInteger(low: number, high: number): boolean {
    const value = high * TWO_POWER_32 + (low >>> 0)
    if (!Number.isSafeInteger(value)) {
      return this.addText(String((BigInt(high) << 32n) | BigInt(low >>> 0)))
    }
    if (!this.#hasRoom(INTEGER_BYTES_MAX)) return false
    this.#append(formatInteger(value, this.#own, this.#end))
    return true
  }

  addText(text: string): boolean {
    const at = this.place(text.length)
    if (at < 0) return false
    for (let index = 0; index < text.length; index++) this.#own[at + index] = text.charCodeAt(index)
    return true
  }

  /** An element whose bytes the caller writes: their place in `bytes`. -1: no room. */
  place(length: number): number {
    if (!this.#hasRoom(length)) return -1
    const at = this.#end
    this.#append(length)
    return at
  }

  /** The score of the element that was added last. False: there is no room for it. */
  setScore(score: number): boolean {
    if (this.count > this.scores.length) {
      const larger = allocate(Float64Array, this.starts.length)
      if (larger === undefined) return false
      larger.set(this.scores)
      this.scores = larger
    }
    this.scores[this.count - 1] = score
    return true
  }

  /** Makes room for one more element of at most so many bytes. */
  #hasRoom(length: number): boolean {
    if (length > this.bytesLeft) return false
    if (this.#end + length > this.#own.length) {
      const wanted = Math.max(this.#own.length * 2, this.#end + length)
      const larger = allocate(Uint8Array, Math.min(wanted, Math.max(this.#bytesMax, BYTES_FIRST)))
      if (larger === undefined) return false
      larger.set(this.#own.subarray(0, this.#end))
      this.#own = larger
      this.bytes = larger
    }
    return this.count < this.starts.length || this.#growColumns()
  }

  #growColumns(): boolean {
    const starts = allocate(Int32Array, this.count * 2)
    const lengths = allocate(Int32Array, this.count * 2)
    if (starts === undefined || lengths === undefined) return false
    starts.set(this.starts)
    lengths.set(this.lengths)
    this.starts = starts
    this.lengths = lengths
    return true
  }

  #append(length: number): void {
    this.starts[this.count] = this.#end
    this.lengths[this.count] = length
    this.count++
    this.#end += length
  }
}

/** Undefined: the process has no memory for it, which is no reason to end. */
function allocate<T>(kind: new (length: number) => T, length: number): T | undefined {
  try {
    return new kind(length)
  } catch {
    return undefined
  }
}
