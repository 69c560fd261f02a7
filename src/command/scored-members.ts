// Members with scores that a command puts together: what ZADD will change, what ZUNION has seen so
// far. Found by their hash; either copied, or where the command's arguments lie. One a thread and
// purpose, grown to the largest command so far unless that was very large.
//
//   table (a power of two, at most half full): 1 + index of a member, 0 = empty; linear probing

import { compareBytes } from '../base/compare-bytes.ts'
import { copyBytes } from '../base/copy.ts'
import { sameBytes } from '../base/same-bytes.ts'
import type { EffectRecord } from '../keyspace/record.ts'

const MEMBERS_MIN = 64
const BYTES_MIN = 4096
/** More is not kept from one command to the next. */
const MEMBERS_KEPT_MAX = 65_536
const BYTES_KEPT_MAX = 1_048_576
/** Copied members; more is out of memory. */
const BYTES_MAX = 1_073_741_824
export const NOT_FOUND = -1

export class ScoredMembers {
  count = 0
  /** What the members are ranges of. */
  bytes: Uint8Array = new Uint8Array(BYTES_MIN)
  starts = new Int32Array(MEMBERS_MIN)
  lengths = new Int32Array(MEMBERS_MIN)
  scores = new Float64Array(MEMBERS_MIN)
  #hashes = new Int32Array(MEMBERS_MIN)
  #table = new Int32Array(MEMBERS_MIN * 2)
  /** For copies, with how much of it is in use. */
  #own = this.bytes
  #used = 0

  /** Forgets all members. Those that follow lie in these bytes; undefined: they will be copied. */
  begin(bytes?: Uint8Array): void {
    this.#trim()
    this.#table.fill(0)
    this.bytes = bytes ?? this.#own
    this.count = 0
    this.#used = 0
  }

  /** The index of a member, or NOT_FOUND. */
  find(source: Uint8Array, start: number, length: number, hash: number): number {
    const table = this.#table
    const mask = table.length - 1
    for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
      const index = table[at] - 1
      if (this.#hashes[index] !== hash || this.lengths[index] !== length) continue
      if (sameBytes(this.bytes, this.starts[index], source, start, length)) return index
    }
    return NOT_FOUND
  }

  /** Adds a member that is not there and lies in `bytes`. */
  refer(start: number, length: number, hash: number, score: number): void {
    if (this.count === this.starts.length) this.#growTo(this.count * 2)
    const index = this.count++
    this.starts[index] = start
    this.lengths[index] = length
    this.scores[index] = score
    this.#hashes[index] = hash
    this.#enter(index)
  }

  /** Adds a copy of a member that is not there. False: they are too many bytes. */
  copy(source: Uint8Array, start: number, length: number, hash: number, score: number): boolean {
    const end = this.#used + length
    if (end > BYTES_MAX) return false
    if (end > this.#own.length) {
      const grown = new Uint8Array(Math.min(Math.max(end, this.#own.length * 2), BYTES_MAX))
      grown.set(this.#own.subarray(0, this.#used))
      this.#own = grown
      this.bytes = grown
    }
    copyBytes(source, start, this.#own, this.#used, length)
    this.refer(this.#used, length, hash, score)
    this.#used = end
    return true
  }

  /** Makes the members the items of the record. */
  toItems(record: EffectRecord): void {
    record.setItems(this.bytes, this.starts, this.lengths, 0, 1, this.count, this.scores)
  }

  /** Indexes of the members by score, then by their bytes. */
  inOrder(): Uint32Array {
    const { bytes, starts, lengths, scores } = this
    const order = new Uint32Array(this.count)
    for (let index = 0; index < order.length; index++) order[index] = index
    return order.sort((left, right) => {
      if (scores[left] !== scores[right]) return scores[left] < scores[right] ? -1 : 1
      const { [left]: leftStart, [right]: rightStart } = starts
      return compareBytes(bytes, leftStart, lengths[left], bytes, rightStart, lengths[right])
    })
  }

  #enter(index: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.#hashes[index] & mask
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = index + 1
  }

  #growTo(size: number): void {
    const { starts, lengths, scores } = this
    const hashes = this.#hashes
    this.#make(size)
    this.starts.set(starts)
    this.lengths.set(lengths)
    this.scores.set(scores)
    this.#hashes.set(hashes)
    for (let index = 0; index < this.count; index++) this.#enter(index)
  }

  #make(size: number): void {
    this.starts = new Int32Array(size)
    this.lengths = new Int32Array(size)
    this.scores = new Float64Array(size)
    this.#hashes = new Int32Array(size)
    this.#table = new Int32Array(size * 2)
  }

  #trim(): void {
    if (this.starts.length > MEMBERS_KEPT_MAX) this.#make(MEMBERS_MIN)
    if (this.#own.length > BYTES_KEPT_MAX) this.#own = new Uint8Array(BYTES_MIN)
  }
}
