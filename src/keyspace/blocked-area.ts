// Waits of clients for keys of one shard. Drawing in blocked-layout.ts. Everything here runs under
// the shard's token. A key that is touched while somebody waits for it is noted in `ready`, which
// all sides of a thread share; the executor serves it before the command's commit.

import { sameBytes } from '../base/same-bytes.ts'
import { type BlockedClaims, type BlockingCall, BlockedClaims as Claims } from './blocked-claims.ts'
import {
  BLOCK_PAYLOAD_BYTES,
  BLOCK_WORDS,
  BLOCKED_BUCKETS,
  BLOCKS_WORD,
  FIRST_WAITS_WORD,
  FREE_BLOCK_WORD,
  LAST_WAITS_WORD,
  USED_BLOCKS_WORD,
  WAITS_WORD,
} from './blocked-layout.ts'
import type { EffectRecord } from './record.ts'

/** A key that may have something for those who wait for it. */
export interface ReadyKey {
  readonly shard: number
  readonly database: number
  readonly hash: number
  readonly key: Uint8Array
}

export class BlockedArea {
  readonly claims: BlockedClaims
  readonly ready: ReadyKey[]
  readonly #shard: number
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #blockCount: number

  /** Without memory nobody can wait. */
  constructor(
    buffer: SharedArrayBuffer | null,
    shard: number,
    claims: BlockedClaims,
    ready: ReadyKey[],
  ) {
    this.claims = claims
    this.ready = ready
    this.#shard = shard
    this.#words = buffer === null ? new Int32Array(BLOCKS_WORD) : new Int32Array(buffer)
    this.#bytes = new Uint8Array(this.#words.buffer)
    this.#blockCount = Math.floor((this.#words.length - BLOCKS_WORD) / BLOCK_WORDS)
  }

  /** Does anybody wait? The only thing that a change costs while nobody does. */
  isUsed(): boolean {
    return this.#words[WAITS_WORD] !== 0
  }

  /** Takes out what is over; returns how many waits are left. */
  sweep(): number {
    for (let bucket = 0; bucket < BLOCKED_BUCKETS; bucket++) {
      let before = 0
      for (let wait = this.#next(bucket, 0); wait !== 0; wait = this.#next(bucket, before)) {
        before = wait
      }
    }
    return this.#words[WAITS_WORD]
  }

  /**
   * Adds a wait for the key of the record, behind all others. It is over until its claim is opened.
   * False: no room, nothing changed.
   */
  add(
    { hash, database, key, keyStart, keyLength }: EffectRecord,
    call: BlockingCall,
    ticket: number,
    protocol: number,
    target: Uint8Array,
  ): boolean {
    const payloadBlocks = Math.ceil((keyLength + target.length) / BLOCK_PAYLOAD_BYTES)
    if (!this.#hasRoom(payloadBlocks + 1)) return false
    const words = this.#words
    const wait = this.#takeBlock()
    const at = wordOf(wait)
    words[at] = 0
    words[at + 1] = this.#store(key.subarray(keyStart, keyStart + keyLength), target)
    words[at + 2] = hash
    words[at + 3] = ticket
    words[at + 4] = call.place
    words[at + 5] = call.generation
    words[at + 6] = call.sequence
    words[at + 7] = database | (protocol << 8)
    words[at + 8] = call.kind | (call.from << 8) | (call.to << 9)
    words[at + 9] = call.count
    words[at + 10] = keyLength
    words[at + 11] = target.length
    const bucket = hash & (BLOCKED_BUCKETS - 1)
    const last = words[LAST_WAITS_WORD + bucket]
    if (last === 0) words[FIRST_WAITS_WORD + bucket] = wait
    else words[wordOf(last)] = wait
    words[LAST_WAITS_WORD + bucket] = wait
    words[WAITS_WORD]++
    return true
  }

  /** The key of the record has changed. */
  touch({ hash, database, key, keyStart, keyLength }: EffectRecord): void {
    const bytes = key.subarray(keyStart, keyStart + keyLength)
    if (this.#find(hash, database, bytes, 0) === 0) return
    this.ready.push({ shard: this.#shard, database, hash, key: Uint8Array.from(bytes) })
  }

  /** All keys of a database may have changed. */
  touchDatabase(database: number): void {
    for (let bucket = 0; bucket < BLOCKED_BUCKETS; bucket++) {
      let wait = this.#next(bucket, 0)
      for (; wait !== 0; wait = this.#next(bucket, wait)) {
        if (this.database(wait) !== database) continue
        const { hash, key } = this.show(wait)
        this.ready.push({ shard: this.#shard, database, hash, key })
      }
    }
  }

  /** The longest wait for a key behind the wait `after` (0: of all), 0 if there is none. */
  find({ hash, database, key }: ReadyKey, after: number): number {
    return this.#find(hash, database, key, after)
  }

  #find(hash: number, database: number, key: Uint8Array, after: number): number {
    const bucket = hash & (BLOCKED_BUCKETS - 1)
    const words = this.#words
    for (let wait = this.#next(bucket, after); wait !== 0; wait = this.#next(bucket, wait)) {
      const at = wordOf(wait)
      if (words[at + 2] !== hash || words[at + 10] !== key.length) continue
      if (this.database(wait) !== database) continue
      if (sameBytes(this.show(wait).key, 0, key, 0, key.length)) return wait
    }
    return 0
  }

  database(wait: number): number {
    return this.#words[wordOf(wait) + 7] & 0xff
  }

  /** A copy of the wait. */
  show(wait: number): Wait {
    const words = this.#words
    const at = wordOf(wait)
    const keyLength = words[at + 10]
    const bytes = this.#load(words[at + 1], keyLength + words[at + 11])
    return {
      hash: words[at + 2],
      ticket: words[at + 3],
      place: words[at + 4],
      generation: words[at + 5],
      sequence: words[at + 6],
      protocol: words[at + 7] >> 8 === 3 ? 3 : 2,
      kind: words[at + 8] & 0xff,
      from: (words[at + 8] >> 8) & 1,
      to: (words[at + 8] >> 9) & 1,
      count: words[at + 9],
      key: bytes.subarray(0, keyLength),
      target: bytes.subarray(keyLength),
    }
  }

  /** The next wait of a bucket that is not over; those that are, are taken out. */
  #next(bucket: number, after: number): number {
    const words = this.#words
    const link = after === 0 ? FIRST_WAITS_WORD + bucket : wordOf(after)
    for (let wait = words[link]; wait !== 0; wait = words[link]) {
      const at = wordOf(wait)
      if (this.claims.isOpen(words[at + 4], words[at + 3])) return wait
      words[link] = words[at]
      if (words[LAST_WAITS_WORD + bucket] === wait) words[LAST_WAITS_WORD + bucket] = after
      words[WAITS_WORD]--
      this.#giveBack(wait)
    }
    return 0
  }

  // ── Blocks ─────────────────────────────────────────────────────────────────────────────────

  #hasRoom(blocks: number): boolean {
    if (this.#freeCount(blocks) >= blocks) return true
    this.sweep()
    return this.#freeCount(blocks) >= blocks
  }

  /** Counts no further than `enough`. */
  #freeCount(enough: number): number {
    const words = this.#words
    let free = this.#blockCount - words[USED_BLOCKS_WORD]
    let block = words[FREE_BLOCK_WORD]
    for (; block !== 0 && free < enough; block = words[wordOf(block)]) free++
    return free
  }

  #takeBlock(): number {
    const words = this.#words
    const free = words[FREE_BLOCK_WORD]
    if (free === 0) return ++words[USED_BLOCKS_WORD]
    words[FREE_BLOCK_WORD] = words[wordOf(free)]
    return free
  }

  /** A wait and its bytes. */
  #giveBack(wait: number): void {
    const words = this.#words
    let block = words[wordOf(wait) + 1]
    while (block !== 0) {
      const next = words[wordOf(block)]
      words[wordOf(block)] = words[FREE_BLOCK_WORD]
      words[FREE_BLOCK_WORD] = block
      block = next
    }
    words[wordOf(wait)] = words[FREE_BLOCK_WORD]
    words[FREE_BLOCK_WORD] = wait
  }

  /** Both, one behind the other; returns the first block, 0 for no bytes. */
  #store(key: Uint8Array, target: Uint8Array): number {
    const all = Buffer.concat([key, target])
    let first = 0
    for (let at = lastStart(all.length); at >= 0; at -= BLOCK_PAYLOAD_BYTES) {
      const block = this.#takeBlock()
      this.#words[wordOf(block)] = first
      this.#bytes.set(all.subarray(at, at + BLOCK_PAYLOAD_BYTES), wordOf(block) * 4 + 4)
      first = block
    }
    return first
  }

  #load(first: number, byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength)
    let block = first
    for (let at = 0; at < byteLength; at += BLOCK_PAYLOAD_BYTES) {
      const from = wordOf(block) * 4 + 4
      const length = Math.min(BLOCK_PAYLOAD_BYTES, byteLength - at)
      bytes.set(this.#bytes.subarray(from, from + length), at)
      block = this.#words[wordOf(block)]
    }
    return bytes
  }
}

/** Where the last piece of so many bytes begins; negative: there is none. */
function lastStart(byteLength: number): number {
  return (Math.ceil(byteLength / BLOCK_PAYLOAD_BYTES) - 1) * BLOCK_PAYLOAD_BYTES
}

function wordOf(block: number): number {
  return BLOCKS_WORD + (block - 1) * BLOCK_WORDS
}

export interface Wait {
  readonly hash: number
  readonly ticket: number
  readonly place: number
  readonly generation: number
  readonly sequence: number
  readonly protocol: 2 | 3
  /** One of WAIT_…. */
  readonly kind: number
  /** LIST_HEAD or LIST_TAIL; of sorted sets 1: the highest. */
  readonly from: number
  readonly to: number
  readonly count: number
  readonly key: Uint8Array
  readonly target: Uint8Array
}

/** Of a side that nobody gave one. */
export const NO_BLOCKED_AREA = new BlockedArea(null, 0, new Claims(null), [])
