// Keys and values that one command sets together, each on its shard's side, and what became of
// them. Filled by the command, worked through by several-strings.ts. One a thread, grown to the
// largest command so far.

import type { ShardSide } from './side.ts'

const PAIRS_MIN = 64
const NO_BYTES = new Uint8Array(0)

export class StringPairs {
  count = 0
  #database = 0
  /** All keys and values lie in it. */
  #bytes: Uint8Array = NO_BYTES
  readonly #sides: ShardSide[] = []
  #hashes = new Int32Array(PAIRS_MIN)
  #keyStarts = new Int32Array(PAIRS_MIN)
  #keyLengths = new Int32Array(PAIRS_MIN)
  #valueStarts = new Int32Array(PAIRS_MIN)
  #valueLengths = new Int32Array(PAIRS_MIN)

  // What the effect did, see several-strings.ts.
  kinds = new Uint8Array(PAIRS_MIN)
  /** The new entry, or the old one if the value goes where that is. */
  entries = new Int32Array(PAIRS_MIN)
  /** The entry that was there, or its length if the value goes where it is. */
  befores = new Int32Array(PAIRS_MIN)

  /** Begins with no pairs; room for so many. */
  begin(countMax: number): void {
    this.count = 0
    if (this.kinds.length < countMax) this.#growTo(Math.max(countMax, this.kinds.length * 2))
  }

  /** Adds the key and the value of the side's record: all of a command in the same bytes. */
  add(side: ShardSide): void {
    const { record } = side
    const pair = this.count++
    this.#database = record.database
    this.#bytes = record.key
    this.#sides[pair] = side
    this.#hashes[pair] = record.hash
    this.#keyStarts[pair] = record.keyStart
    this.#keyLengths[pair] = record.keyLength
    this.#valueStarts[pair] = record.valueStart
    this.#valueLengths[pair] = record.valueLength
  }

  /** Puts key and value of a pair into the record of its side. */
  load(pair: number): ShardSide {
    const side = this.#sides[pair]
    const { record } = side
    const bytes = this.#bytes
    const hash = this.#hashes[pair]
    record.setKey(this.#database, bytes, this.#keyStarts[pair], this.#keyLengths[pair], hash)
    record.setValue(bytes, this.#valueStarts[pair], this.#valueLengths[pair])
    return side
  }

  #growTo(size: number): void {
    this.#hashes = new Int32Array(size)
    this.#keyStarts = new Int32Array(size)
    this.#keyLengths = new Int32Array(size)
    this.#valueStarts = new Int32Array(size)
    this.#valueLengths = new Int32Array(size)
    this.kinds = new Uint8Array(size)
    this.entries = new Int32Array(size)
    this.befores = new Int32Array(size)
  }
}
