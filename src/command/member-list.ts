// Members that a command collects before it answers or stores them, copied out of the shards: what
// a span shows holds only until the next change. One growing piece of the thread's memory for each
// list; of large ones nothing is kept.
//
//   bytes    | member 0 | member 1 | …        starts, lengths, hashes: by member
//   slots    hash table of places + 1, 0 = free; looked at from a hash's home on

import { copyBytes } from '../base/copy.ts'
import { sameBytes } from '../base/same-bytes.ts'

const BYTES_MIN = 4096
const COUNT_MIN = 64
const KEPT_BYTES_MAX = 1_048_576
const KEPT_COUNT_MAX = 65_536
/** Up to an eighth of the slots are emptied one by one. */
const SPARSE_SHIFT = 3
/** Offsets are 32-bit. */
const COLLECTED_BYTES_MAX = 2 ** 31 - 1

export class MemberList {
  bytes = new Uint8Array(BYTES_MIN)
  starts = new Int32Array(COUNT_MIN)
  lengths = new Int32Array(COUNT_MIN)
  count = 0
  /** Bytes of all members. */
  byteLength = 0
  /** Something did not fit any more. */
  overflowed = false
  #hashes = new Int32Array(COUNT_MIN)
  #slots = new Int32Array(COUNT_MIN * 2)

  /** Forgets all members: before a use, and after one that may have been large. */
  clear(): void {
    this.#emptySlots()
    this.count = 0
    this.byteLength = 0
    this.overflowed = false
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = new Uint8Array(BYTES_MIN)
    if (this.starts.length > KEPT_COUNT_MAX) this.#resize(COUNT_MIN)
  }

  /** Few members must not cost what many once did. */
  #emptySlots(): void {
    if (this.count > this.#slots.length >> SPARSE_SHIFT) {
      this.#slots.fill(0)
      return
    }
    const mask = this.#slots.length - 1
    // Backwards, so that no gap comes between a member and its home.
    for (let filed = this.count; filed > 0; filed--) {
      let slot = this.#hashes[filed - 1] & mask
      while (this.#slots[slot] !== filed) slot = (slot + 1) & mask
      this.#slots[slot] = 0
    }
  }

  /** Adds a member unless it is there; `hash` is its keyed hash. False: it was, or overflowed. */
  add(hash: number, member: Uint8Array, start: number, length: number): boolean {
    if (this.has(hash, member, start, length)) return false
    if (!this.#makeRoom(length)) return false
    copyBytes(member, start, this.bytes, this.byteLength, length)
    this.starts[this.count] = this.byteLength
    this.lengths[this.count] = length
    this.#hashes[this.count] = hash
    this.byteLength += length
    this.count++
    this.#file(this.count)
    return true
  }

  has(hash: number, member: Uint8Array, start: number, length: number): boolean {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const index = this.#slots[slot] - 1
      if (
        this.#hashes[index] === (hash | 0) &&
        this.lengths[index] === length &&
        sameBytes(this.bytes, this.starts[index], member, start, length)
      ) {
        return true
      }
    }
    return false
  }

  #makeRoom(length: number): boolean {
    const needed = this.byteLength + length
    if (needed > COLLECTED_BYTES_MAX) {
      this.overflowed = true
      return false
    }
    try {
      if (needed > this.bytes.length) this.#growBytes(needed)
      if (this.count === this.starts.length) this.#resize(this.count * 2)
    } catch (error) {
      // The process has no memory for so large an array.
      if (!(error instanceof RangeError)) throw error
      this.overflowed = true
    }
    return !this.overflowed
  }

  #growBytes(needed: number): void {
    const size = Math.max(needed, Math.min(this.bytes.length * 2, COLLECTED_BYTES_MAX))
    const grown = new Uint8Array(size)
    copyBytes(this.bytes, 0, grown, 0, this.byteLength)
    this.bytes = grown
  }

  /** Puts a place + 1 into the hash table. */
  #file(filed: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[filed - 1] & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = filed
  }

  #resize(size: number): void {
    const kept = Math.min(this.count, size)
    this.starts = resized(this.starts, kept, size)
    this.lengths = resized(this.lengths, kept, size)
    this.#hashes = resized(this.#hashes, kept, size)
    this.#slots = new Int32Array(size * 2)
    for (let filed = 1; filed <= kept; filed++) this.#file(filed)
  }
}

function resized(numbers: Int32Array, kept: number, size: number): Int32Array<ArrayBuffer> {
  const made = new Int32Array(size)
  made.set(numbers.subarray(0, kept))
  return made
}
