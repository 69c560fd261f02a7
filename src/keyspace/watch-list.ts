// What a client watches: where, and what it was told then. Filled by WATCH under the tokens, kept
// by the client's acceptor, compared by EXEC under the tokens. It travels through rings as words:
//
//   | shard | place | version | expiry, low word | high word |   one a watched key
//
// The expiry is why no key has to be looked up at EXEC: while the version stands, so does it.

import { NO_EXPIRY } from '../memory/layout.ts'
import type { ShardSide } from './side.ts'

export const WATCH_WORDS = 5
const LOW_WORD = 0x1_0000_0000
const COUNT_FIRST = 8

export class WatchList {
  count = 0
  words = new Int32Array(COUNT_FIRST * WATCH_WORDS)

  isEmpty(): boolean {
    return this.count === 0
  }

  /** Bytes of what is in it. */
  byteLength(): number {
    return this.count * WATCH_WORDS * 4
  }

  add(shard: number, place: number, version: number, expiryMs: number): void {
    this.#makeRoom(1)
    const { words } = this
    let word = this.count++ * WATCH_WORDS
    words[word++] = shard
    words[word++] = place
    words[word++] = version
    words[word++] = (expiryMs % LOW_WORD) | 0
    words[word] = Math.floor(expiryMs / LOW_WORD)
  }

  /** Adds the ones that stand in `words` from `first` on. */
  addWords(words: Int32Array, first: number, count: number): void {
    this.#makeRoom(count)
    this.words.set(words.subarray(first, first + count * WATCH_WORDS), this.count * WATCH_WORDS)
    this.count += count
  }

  clear(): void {
    this.count = 0
  }

  /** Ends all registrations. Any thread, without tokens. */
  release(sides: readonly ShardSide[]): void {
    const { words } = this
    for (let index = 0; index < this.count; index++) {
      const word = index * WATCH_WORDS
      sides[words[word]].watches.unregister(words[word + 1])
    }
    this.count = 0
    if (words.length > COUNT_FIRST * WATCH_WORDS) {
      this.words = new Int32Array(COUNT_FIRST * WATCH_WORDS)
    }
  }

  #makeRoom(count: number): void {
    const needed = (this.count + count) * WATCH_WORDS
    if (needed <= this.words.length) return
    const grown = new Int32Array(Math.max(needed, this.words.length * 2))
    grown.set(this.words)
    this.words = grown
  }
}

/**
 * Did nothing happen to the `count` watched keys in `words` from `first` on? Certain with the
 * tokens of their shards; without them false is certain, too: what was touched stays touched.
 */
export function watchesHold(
  sides: readonly ShardSide[],
  words: Int32Array,
  first: number,
  count: number,
  nowMs: number,
): boolean {
  for (let word = first; word < first + count * WATCH_WORDS; word += WATCH_WORDS) {
    const { watches } = sides[words[word]]
    if (watches.version(words[word + 1]) !== words[word + 2]) return false
    const expiryMs = (words[word + 3] >>> 0) + words[word + 4] * LOW_WORD
    if (expiryMs !== NO_EXPIRY && expiryMs <= nowMs) return false
  }
  return true
}
