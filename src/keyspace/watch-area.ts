// Watched keys of one shard: registering them and noticing that they change. Drawing in
// watch-layout.ts. All but `unregister` runs under the shard's token.
//
// A change is noticed by its version, which EXEC compares under the token with the one it was told
// at WATCH. Two keys with the same hash, slot and length (one in 2^46) are taken for one: then a
// transaction is done again for nothing, none runs that should not.

import { slotOfKey } from '../dispatch/slots.ts'
import type { EffectRecord } from './record.ts'
import {
  BUCKET_PLACES,
  BUCKET_WORDS,
  COUNT_OFFSET,
  REGISTRATIONS_WORD,
  TAG_DATABASE_MASK,
  TAG_LENGTH_SHIFT,
  TAG_OFFSET,
  TAG_SLOT_SHIFT,
  TAG_THERE,
  VERSION_OFFSET,
  WATCH_HEADER_WORDS,
} from './watch-layout.ts'

/** Not a place: both buckets of the key are full. */
export const NO_PLACE = -1
/** For `touchDatabase`: all of them. */
export const EVERY_DATABASE = -1

export class WatchArea {
  readonly words: Int32Array
  readonly #bucketMask: number

  /** Without memory it is an area in which nothing is watched and nothing can be. */
  constructor(buffer: SharedArrayBuffer | null) {
    this.words = buffer === null ? new Int32Array(1) : new Int32Array(buffer)
    this.#bucketMask = ((this.words.length - WATCH_HEADER_WORDS) / BUCKET_WORDS - 1) | 0
  }

  /** Is any key watched? The only thing that a change costs while none is. */
  isUsed(): boolean {
    return this.words[REGISTRATIONS_WORD] !== 0
  }

  registrationCount(): number {
    return Atomics.load(this.words, REGISTRATIONS_WORD)
  }

  /**
   * Registers the key of the record once more; `there` says if it exists. Returns its place, whose
   * `version` is to be remembered, or NO_PLACE.
   */
  register(record: EffectRecord, there: boolean): number {
    if (this.#bucketMask < 0) return NO_PLACE
    const { words } = this
    const tag = tagOf(record)
    const first = this.#firstBucket(record.hash)
    const second = this.#secondBucket(record.hash)
    let place = this.#find(first, record.hash, tag)
    if (place === NO_PLACE) place = this.#find(second, record.hash, tag)
    if (place !== NO_PLACE) {
      // It may become 0 just before: nobody else takes the place without the token.
      Atomics.add(words, place + COUNT_OFFSET, 1)
    } else {
      place = this.#free(first, second)
      if (place === NO_PLACE) return NO_PLACE
      words[place] = record.hash
      words[place + VERSION_OFFSET] = (words[place + VERSION_OFFSET] + 1) | 0
      Atomics.store(words, place + COUNT_OFFSET, 1)
    }
    // What stood there said of an earlier moment; whoever watched then was touched since.
    words[place + TAG_OFFSET] = there ? tag | TAG_THERE : tag
    Atomics.add(words, REGISTRATIONS_WORD, 1)
    return place
  }

  version(place: number): number {
    return this.words[place + VERSION_OFFSET]
  }

  /** Ends one registration. Any thread, without the token: see watch-layout.ts. */
  unregister(place: number): void {
    Atomics.sub(this.words, place + COUNT_OFFSET, 1)
    Atomics.sub(this.words, REGISTRATIONS_WORD, 1)
  }

  /** The key of the record has changed. */
  touch(record: EffectRecord): void {
    if (this.#bucketMask < 0) return
    this.#touchIn(this.#firstBucket(record.hash), record)
    this.#touchIn(this.#secondBucket(record.hash), record)
  }

  #touchIn(bucket: number, record: EffectRecord): void {
    const { words } = this
    for (let place = bucket; place < bucket + BUCKET_PLACES; place++) {
      if (words[place] !== record.hash || words[place + COUNT_OFFSET] === 0) continue
      if ((words[place + TAG_OFFSET] & ~TAG_THERE) !== tagOf(record)) continue
      words[place + VERSION_OFFSET] = (words[place + VERSION_OFFSET] + 1) | 0
    }
  }

  /** A database (or EVERY_DATABASE) is emptied: touches the watched keys that were there. */
  touchDatabase(database: number): void {
    const { words } = this
    for (let bucket = WATCH_HEADER_WORDS; bucket < words.length; bucket += BUCKET_WORDS) {
      for (let place = bucket; place < bucket + BUCKET_PLACES; place++) {
        const tag = words[place + TAG_OFFSET]
        if (words[place + COUNT_OFFSET] === 0 || (tag & TAG_THERE) === 0) continue
        if (database !== EVERY_DATABASE && (tag & TAG_DATABASE_MASK) !== database) continue
        words[place + VERSION_OFFSET] = (words[place + VERSION_OFFSET] + 1) | 0
        words[place + TAG_OFFSET] = tag & ~TAG_THERE
      }
    }
  }

  /**
   * Two databases have changed places: touches the watched keys that one of them has.
   * @param isThere tells it of a hash
   */
  touchSwapped(left: number, right: number, isThere: (hash: number) => boolean): void {
    const { words } = this
    for (let bucket = WATCH_HEADER_WORDS; bucket < words.length; bucket += BUCKET_WORDS) {
      for (let place = bucket; place < bucket + BUCKET_PLACES; place++) {
        const database = words[place + TAG_OFFSET] & TAG_DATABASE_MASK
        if (words[place + COUNT_OFFSET] === 0) continue
        if ((database !== left && database !== right) || !isThere(words[place])) continue
        words[place + VERSION_OFFSET] = (words[place + VERSION_OFFSET] + 1) | 0
      }
    }
  }

  #find(bucket: number, hash: number, tag: number): number {
    const { words } = this
    for (let place = bucket; place < bucket + BUCKET_PLACES; place++) {
      if (words[place] !== hash || words[place + COUNT_OFFSET] === 0) continue
      if ((words[place + TAG_OFFSET] & ~TAG_THERE) === tag) return place
    }
    return NO_PLACE
  }

  /** A free place of the emptier bucket: so 16 in 17 places are used before one is refused. */
  #free(first: number, second: number): number {
    const inFirst = this.#freeCount(first)
    const inSecond = this.#freeCount(second)
    if (inFirst === 0 && inSecond === 0) return NO_PLACE
    const bucket = inFirst >= inSecond ? first : second
    let place = bucket
    while (Atomics.load(this.words, place + COUNT_OFFSET) !== 0) place++
    return place
  }

  #freeCount(bucket: number): number {
    let free = 0
    for (let place = bucket; place < bucket + BUCKET_PLACES; place++) {
      if (Atomics.load(this.words, place + COUNT_OFFSET) === 0) free++
    }
    return free
  }

  #firstBucket(hash: number): number {
    return WATCH_HEADER_WORDS + (hash & this.#bucketMask) * BUCKET_WORDS
  }

  #secondBucket(hash: number): number {
    return WATCH_HEADER_WORDS + ((hash >>> 16) & this.#bucketMask) * BUCKET_WORDS
  }
}

/** Without TAG_THERE. */
function tagOf({ database, key, keyStart, keyLength }: EffectRecord): number {
  const slot = slotOfKey(key, keyStart, keyLength)
  return database | (slot << TAG_SLOT_SHIFT) | (keyLength << TAG_LENGTH_SHIFT)
}

/** Of a side that nobody gave one. */
export const NO_WATCH_AREA = new WatchArea(null)
