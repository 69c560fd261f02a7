// A table of topics (channels, patterns or shard channels) by name: open addressing over the
// instance's keyed hash, so that nobody who does not know the key can aim many names at one place.
//
//   slots: number of a topic in `topics` + 1, 0 = empty; at most half full
//
// A removed topic's slot is closed by moving later ones of its run up, so there are no graves.

import type { Glob } from '../base/glob.ts'

const SLOTS_FIRST = 16

/** Until when a subscription receives: see registry.ts. */
export class Subscription {
  /** It receives messages whose sender had read so many changes of this acceptor, modulo 2^32. */
  readonly since: number
  /** It is being taken back: messages whose sender had read so many changes come no more. */
  until = 0
  isLeaving = false

  constructor(since: number) {
    this.since = since
  }
}

export class Topic<Subscriber> {
  readonly kind: number
  readonly name: Uint8Array
  readonly hash: number
  /** The shard that its subscriptions are counted against. */
  readonly shard: number
  /** Of a pattern. */
  readonly glob: Glob | null
  /** Its number in the table. */
  index = 0
  /** Those of this acceptor's connections, in the order in which they came. */
  readonly subscriptions = new Map<Subscriber, Subscription>()
  /** How many of them are not leaving. */
  localCount = 0
  /** Subscribers at other acceptors; by acceptor, made when the first is told. */
  remoteCounts: Int32Array | null = null
  remoteCount = 0

  constructor(kind: number, name: Uint8Array, hash: number, shard: number, glob: Glob | null) {
    this.kind = kind
    this.name = name
    this.hash = hash
    this.shard = shard
    this.glob = glob
  }

  /** Subscribers over all acceptors. */
  count(): number {
    return this.localCount + this.remoteCount
  }
}

export class TopicTable<Subscriber> {
  /** All of them, in no order. */
  readonly topics: Topic<Subscriber>[] = []
  #slots = new Int32Array(SLOTS_FIRST)

  find(
    hash: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): Topic<Subscriber> | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const topic = this.topics[slots[slot] - 1]
      if (topic.hash === hash && sameBytes(topic.name, bytes, start, length)) return topic
    }
    return undefined
  }

  /** Its name must not be there. */
  add(topic: Topic<Subscriber>): void {
    topic.index = this.topics.length
    this.topics.push(topic)
    if (this.topics.length * 2 > this.#slots.length) this.#grow()
    else this.#place(topic)
  }

  remove(topic: Topic<Subscriber>): void {
    this.#empty(this.#slotOf(topic))
    const last = this.topics.pop()
    if (last === undefined || last === topic) return
    this.#slots[this.#slotOf(last)] = topic.index + 1
    last.index = topic.index
    this.topics[topic.index] = last
  }

  #place(topic: Topic<Subscriber>): void {
    const mask = this.#slots.length - 1
    let slot = topic.hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = topic.index + 1
  }

  #slotOf(topic: Topic<Subscriber>): number {
    const mask = this.#slots.length - 1
    let slot = topic.hash & mask
    while (this.#slots[slot] !== topic.index + 1) slot = (slot + 1) & mask
    return slot
  }

  #empty(slot: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = slot
    for (let next = (hole + 1) & mask; slots[next] !== 0; next = (next + 1) & mask) {
      const home = this.topics[slots[next] - 1].hash & mask
      // It may move up unless its home lies behind the hole.
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      slots[hole] = slots[next]
      hole = next
    }
    slots[hole] = 0
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (const topic of this.topics) this.#place(topic)
  }
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false
  for (let index = 0; index < length; index++) {
    if (name[index] !== bytes[start + index]) return false
  }
  return true
}
