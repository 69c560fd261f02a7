// How many bytes subscriptions take, counted against the shard of their channel or pattern. They
// lie in the heaps of acceptors, not in the shard's memory, so a failover or an image has nothing
// to do with them; but a shard without memory left takes no new ones. [ckv-cluster.md, Other
// limits]
//
// Acceptors look and add without a lock: two that do it at once can go beyond a limit by one
// command's subscriptions each, which hurts nobody.

import {
  PATTERN_BYTES_PER_BYTE,
  PATTERN_SUBSCRIPTION_BYTES,
  SHARD_SUBSCRIPTIONS_BYTES_MAX,
  SUBSCRIPTION_BYTES,
  SUBSCRIPTIONS_BYTES_MAX,
} from '../base/limits.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { arenaCapacity, arenaUsed } from '../memory/arena.ts'
import { REGISTERED_TOTAL_WORD, REGISTERED_WORD } from './layout.ts'

/**
 * A shard is full when less than this part of its memory is free, or than so many bytes: free
 * blocks lie scattered. When SET is refused 1.6 (values of 2 KB) to 3.8 % (of 1 byte) are free,
 * in 1 MB 2 to 8 %.
 */
const FULL_SHARE = 24
const FULL_BYTES_MIN = 98_304

/** What one subscription counts. */
export function subscriptionBytes(isPattern: boolean, nameLength: number): number {
  if (!isPattern) return SUBSCRIPTION_BYTES + nameLength
  return PATTERN_SUBSCRIPTION_BYTES + nameLength * PATTERN_BYTES_PER_BYTE
}

export class RegistrationArea {
  readonly #words: Int32Array
  readonly #sides: readonly ShardSide[]
  /** What the command being checked wants, by shard. */
  readonly #wanted: Float64Array

  constructor(buffer: SharedArrayBuffer, sides: readonly ShardSide[]) {
    this.#words = new Int32Array(buffer)
    this.#sides = sides
    this.#wanted = new Float64Array(sides.length)
  }

  /** Begins the check of a command. */
  begin(): void {
    this.#wanted.fill(0)
  }

  /** Is there room for so much more besides what was asked for since `begin`? */
  hasRoom(shard: number, byteLength: number): boolean {
    this.#wanted[shard] += byteLength
    const wanted = this.#wanted[shard]
    const registered = Atomics.load(this.#words, REGISTERED_WORD + shard)
    const total = Atomics.load(this.#words, REGISTERED_TOTAL_WORD)
    if (registered + wanted > SHARD_SUBSCRIPTIONS_BYTES_MAX) return false
    if (total + wanted > SUBSCRIPTIONS_BYTES_MAX) return false
    const { arena } = this.#sides[shard]
    const capacity = arenaCapacity(arena)
    const free = capacity - arenaUsed(arena) - registered - wanted
    return free >= Math.max(capacity / FULL_SHARE, FULL_BYTES_MIN)
  }

  /** A negative length takes back. */
  add(shard: number, byteLength: number): void {
    Atomics.add(this.#words, REGISTERED_WORD + shard, byteLength)
    Atomics.add(this.#words, REGISTERED_TOTAL_WORD, byteLength)
  }

  /** Bytes of the subscriptions that count against the shard, of all acceptors. */
  registeredBytes(shard: number): number {
    return Atomics.load(this.#words, REGISTERED_WORD + shard)
  }
}
