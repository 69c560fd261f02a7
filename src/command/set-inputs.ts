// The sets that a command combines: looked up and checked once, then read side by side. Nothing of
// them may change until the command is through with them.

import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { isLargeCollection } from '../memory/collection.ts'
import { setCount, setHas } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { MISSING, REFUSED, readSet } from './sets.ts'

const COUNT_MIN = 16
const KEPT_MAX = 65_536

/** One a thread for each family that combines sets. */
export class SetInputs {
  count = 0
  /** By place: the set's entry, MISSING if there is no such key, and its members. */
  entries = new Int32Array(COUNT_MIN)
  sizes = new Int32Array(COUNT_MIN)
  readonly sides: ShardSide[] = []
  /** Some key is missing. */
  someMissing = false
  /** Some set is large, so members are looked up by their hash. */
  someLarge = false

  /** Reads the keys in arguments `first` to `end` - 1. With `stopAtMissing` none behind a missing
   * one is looked at. False: an error was answered. */
  read(call: Call, first: number, end: number, stopAtMissing: boolean): boolean {
    this.count = 0
    this.someMissing = false
    this.someLarge = false
    this.#makeRoom(end - first)
    for (let index = first; index < end; index++) {
      const side = keyArgument(call, index)
      const entry = readSet(call, side)
      if (entry === REFUSED) return false
      const { arena } = side
      this.sides[this.count] = side
      this.entries[this.count] = entry
      this.sizes[this.count++] = entry === MISSING ? 0 : setCount(arena, entry)
      if (entry === MISSING) this.someMissing = true
      else if (isLargeCollection(arena, entry)) this.someLarge = true
      if (entry === MISSING && stopAtMissing) return true
    }
    return true
  }

  #makeRoom(count: number): void {
    if (count <= this.entries.length && this.entries.length <= KEPT_MAX) return
    this.entries = new Int32Array(Math.max(count, COUNT_MIN))
    this.sizes = new Int32Array(Math.max(count, COUNT_MIN))
    this.sides.length = 0
  }

  /** Place of the set with the fewest members. */
  smallest(): number {
    let found = 0
    for (let place = 1; place < this.count; place++) {
      if (this.sizes[place] < this.sizes[found]) found = place
    }
    return found
  }

  /** The keyed hash of what `span` shows, as far as `has` needs it. */
  hashOfShown(): number {
    if (!this.someLarge) return 0
    return hashOfKey(this.sides[0], span.bytes, span.start, span.length)
  }

  /** Is what `span` shows, with this hash, a member of the set at a place? */
  has(place: number, hash: number): boolean {
    const entry = this.entries[place]
    if (entry === MISSING) return false
    return setHas(this.sides[place].arena, entry, hash, span.bytes, span.start, span.length)
  }
}
