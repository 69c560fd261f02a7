// Who subscribes what, as one acceptor knows it: its own subscriptions with their subscribers,
// those of the others as numbers. Each acceptor writes a log of its changes (one subscription
// more or less) to all others, so everybody can tell how many receive a message without asking
// anybody.
//
// What PUBLISH answers is exact because both sides name the same moment. A sender that had read n
// changes of a receiver counted the subscriptions after change n, and says n in its message; the
// receiver delivers to exactly those:
//
//   receiver's changes    … 6: +a    7: +b    8: -a
//   subscription a        since 6              until 8
//   subscription b                  since 7
//   a message that says 7 reaches a and b, one that says 8 reaches b alone
//
// So a subscriber that goes is kept until everybody has read its change and what was posted before
// has arrived (`isSettled`); then its confirmation leaves, and no message comes behind it. One that
// comes is confirmed as soon as its change is in all rings: who publishes reads its rings first.

import { copyBytes } from '../base/copy.ts'
import { compileGlob, type Glob, matchGlob } from '../base/glob.ts'
import { halfSipHash } from '../base/half-siphash.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import { type RegistrationArea, subscriptionBytes } from './area.ts'
import type { Exchange, ExchangeReader } from './exchange.ts'
import {
  KIND_CHANNEL,
  KIND_PATTERN,
  KINDS,
  type Message,
  type Sink,
  type Subscriber,
} from './subscriber.ts'
import { Subscription, Topic, TopicTable } from './topics.ts'

export const SUBSCRIBED = 0
export const ALREADY_SUBSCRIBED = 1
/** Also what publish returns: a ring is full, nothing happened, try again. */
export const NO_ROOM_NOW = -1

interface Change {
  readonly kind: number
  readonly name: Uint8Array
}

type Subscribers<Client> = Topic<Subscriber<Client>>

export class Registry<Client> implements ExchangeReader {
  readonly #hashKey0: number
  readonly #hashKey1: number
  readonly #shardCount: number
  readonly #starTakesNothing: boolean
  readonly #area: RegistrationArea
  /** null: this is the only acceptor. */
  readonly #exchange: Exchange | null
  readonly #sink: Sink<Client>
  readonly #tables = KINDS.map(() => new TopicTable<Subscriber<Client>>())
  /** Of this acceptor, modulo 2^32; the last ones may still be in #queued. */
  #changes = 0
  /** Leavers whose change found no room yet, in order. */
  #queued: Change[] = []
  /** Messages of transactions that found no room yet, in order. */
  #unpublished: Message[] = []
  /** Scratch of publish. */
  readonly #targets: Uint8Array
  readonly #matched: Subscribers<Client>[] = []

  constructor(
    hashKey0: number,
    hashKey1: number,
    shardCount: number,
    starTakesNothing: boolean,
    area: RegistrationArea,
    exchange: Exchange | null,
    sink: Sink<Client>,
  ) {
    this.#hashKey0 = hashKey0
    this.#hashKey1 = hashKey1
    this.#shardCount = shardCount
    this.#starTakesNothing = starTakesNothing
    this.#area = area
    this.#exchange = exchange
    this.#sink = sink
    this.#targets = new Uint8Array(exchange === null ? 1 : exchange.acceptorCount)
  }

  // ── Coming ──────────────────────────────────────────────────────────────────────────────────

  /** Begins the check of a command's names. */
  beginCheck(): void {
    this.#area.begin()
  }

  /** Would the shard of this name take one more subscription, besides those checked before it? */
  hasRoomFor(kind: number, bytes: Uint8Array, start: number, length: number): boolean {
    const byteLength = subscriptionBytes(kind === KIND_PATTERN, length)
    return this.#area.hasRoom(this.#shardOf(bytes, start, length), byteLength)
  }

  /** SUBSCRIBED, ALREADY_SUBSCRIBED or NO_ROOM_NOW. The name's bytes are copied. */
  subscribe(
    subscriber: Subscriber<Client>,
    kind: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): number {
    const topics = subscriber.topics[kind]
    const hash = this.#hash(bytes, start, length)
    const table = this.#tables[kind]
    let topic = table.find(hash, bytes, start, length)
    if (topic !== undefined && topics.has(topic)) return ALREADY_SUBSCRIBED
    if (!this.flush()) return NO_ROOM_NOW
    const name = topic?.name ?? ownBytes(bytes, start, length)
    if (this.#exchange !== null && !this.#exchange.postChange(kind, 1, name)) return NO_ROOM_NOW
    this.#changes = (this.#changes + 1) | 0
    topic ??= this.#newTopic(kind, name, hash)
    topic.subscriptions.set(subscriber, new Subscription(this.#changes))
    topic.localCount++
    topics.add(topic)
    this.#area.add(topic.shard, subscriptionBytes(kind === KIND_PATTERN, length))
    return SUBSCRIBED
  }

  #newTopic(kind: number, name: Uint8Array, hash: number): Subscribers<Client> {
    const glob = kind === KIND_PATTERN ? compileGlob(name, 0, name.length, false) : null
    const shard = this.#shardOf(name, 0, name.length)
    const topic = new Topic<Subscriber<Client>>(kind, name, hash, shard, glob)
    this.#tables[kind].add(topic)
    return topic
  }

  #hash(bytes: Uint8Array, start: number, length: number): number {
    return halfSipHash(this.#hashKey0, this.#hashKey1, bytes, start, length)
  }

  /** By the slot, so that hash tags choose it for patterns too. */
  #shardOf(bytes: Uint8Array, start: number, length: number): number {
    return shardOfSlot(slotOfKey(bytes, start, length), this.#shardCount)
  }

  find(
    kind: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): Subscribers<Client> | undefined {
    return this.#tables[kind].find(this.#hash(bytes, start, length), bytes, start, length)
  }

  /** All that somebody at some acceptor subscribes, and some that all are leaving. */
  topics(kind: number): readonly Subscribers<Client>[] {
    return this.#tables[kind].topics
  }

  // ── Going ───────────────────────────────────────────────────────────────────────────────────

  /** From here the others are told that the subscription goes; `leave` ends it. */
  beginLeave(subscriber: Subscriber<Client>, topic: Subscribers<Client>): void {
    const subscription = topic.subscriptions.get(subscriber)
    if (subscription === undefined || subscription.isLeaving) return
    this.#changes = (this.#changes + 1) | 0
    if (this.#exchange !== null) this.#queued.push({ kind: topic.kind, name: topic.name })
    subscription.isLeaving = true
    subscription.until = this.#changes
    topic.localCount--
    subscriber.isLeaving = true
    subscriber.leavingSince = this.#changes
  }

  /** Has every message arrived that was sent to the leaving subscriptions too? */
  isSettled(subscriber: Subscriber<Client>): boolean {
    if (!subscriber.isLeaving || this.#exchange === null) return true
    if (!this.flush() || !this.#exchange.areRead(subscriber.leavingSince)) return false
    return this.drain()
  }

  leave(subscriber: Subscriber<Client>, topic: Subscribers<Client>): void {
    this.beginLeave(subscriber, topic)
    topic.subscriptions.delete(subscriber)
    subscriber.topics[topic.kind].delete(topic)
    const byteLength = subscriptionBytes(topic.kind === KIND_PATTERN, topic.name.length)
    this.#area.add(topic.shard, -byteLength)
    this.#dropIfUnused(topic)
  }

  /** The connection is gone: nobody waits for anything. */
  forget(subscriber: Subscriber<Client>): void {
    for (const topics of subscriber.topics) {
      for (const topic of topics) this.leave(subscriber, topic)
    }
    this.flush()
  }

  #dropIfUnused(topic: Subscribers<Client>): void {
    if (topic.subscriptions.size === 0 && topic.remoteCount === 0) {
      this.#tables[topic.kind].remove(topic)
    }
  }

  // ── The others ──────────────────────────────────────────────────────────────────────────────

  /** Posts what is queued. False: there is no room for all of it. */
  flush(): boolean {
    if (this.#queued.length === 0 || this.#exchange === null) return true
    let posted = 0
    for (const { kind, name } of this.#queued) {
      if (!this.#exchange.postChange(kind, -1, name)) break
      posted++
    }
    this.#queued = this.#queued.slice(posted)
    return this.#queued.length === 0
  }

  hasQueued(): boolean {
    return this.#queued.length > 0 || this.#unpublished.length > 0
  }

  /** Once a turn. False: something is left, for want of room. */
  sendQueued(): boolean {
    return this.flush() && this.#publishQueued()
  }

  hasRecords(): boolean {
    return this.#exchange?.hasRecords() === true
  }

  /** Reads what the others posted. False: the sink has no room for all of it now. */
  drain(): boolean {
    return this.#exchange === null || this.#exchange.drain(this)
  }

  hasRoom(): boolean {
    return this.#sink.hasRoom()
  }

  changed(
    from: number,
    kind: number,
    step: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    const hash = this.#hash(bytes, start, length)
    let topic = this.#tables[kind].find(hash, bytes, start, length)
    if (topic === undefined) {
      topic = this.#newTopic(kind, ownBytes(bytes, start, length), hash)
    }
    topic.remoteCounts ??= new Int32Array(this.#targets.length)
    topic.remoteCounts[from] += step
    topic.remoteCount += step
    this.#dropIfUnused(topic)
  }

  received(
    kind: number,
    changesRead: number,
    bytes: Uint8Array,
    start: number,
    channelLength: number,
    messageLength: number,
  ): void {
    const topic = this.#match(kind, bytes, start, channelLength)
    const at = start + channelLength
    this.#deliver(topic, changesRead, bytes, start, channelLength, bytes, at, messageLength)
  }

  // ── Publishing ──────────────────────────────────────────────────────────────────────────────

  /**
   * Sends the message to all subscribers at all acceptors; how many they are, or NO_ROOM_NOW: then
   * nobody got it. When this returns the message is in the ring of each acceptor that has to
   * deliver.
   */
  publish(
    kind: number,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): number {
    // Whoever was confirmed before this command came is known afterwards.
    if (!this.drain() || !this.#publishQueued()) return NO_ROOM_NOW
    return this.#publish(
      kind,
      channel,
      channelStart,
      channelLength,
      message,
      messageStart,
      messageLength,
    )
  }

  /** What a transaction publishes when it has run; what finds no room now goes first later. */
  publishAll(messages: readonly Message[]): void {
    if (messages.length === 0) return
    this.#unpublished = this.#unpublished.concat(messages)
    this.#publishQueued()
  }

  #publishQueued(): boolean {
    if (this.#unpublished.length === 0) return true
    let done = 0
    for (const { kind, channel, text } of this.#unpublished) {
      const { length } = channel
      if (this.#publish(kind, channel, 0, length, text, 0, text.length) === NO_ROOM_NOW) break
      done++
    }
    this.#unpublished = this.#unpublished.slice(done)
    return this.#unpublished.length === 0
  }

  /** How many would get it now, or NO_ROOM_NOW: what is to be published before has no room. */
  countReceivers(kind: number, channel: Uint8Array, start: number, length: number): number {
    if (!this.drain() || !this.#publishQueued()) return NO_ROOM_NOW
    const topic = this.#match(kind, channel, start, length)
    let count = topic === undefined ? 0 : topic.count()
    for (const pattern of this.#matched) count += pattern.count()
    return count
  }

  #publish(
    kind: number,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): number {
    const topic = this.#match(kind, channel, channelStart, channelLength)
    const remote = this.#aim(topic)
    if (
      remote > 0 &&
      this.#exchange?.postMessage(
        kind,
        this.#targets,
        channel,
        channelStart,
        channelLength,
        message,
        messageStart,
        messageLength,
      ) === false
    ) {
      return NO_ROOM_NOW
    }
    const local = this.#deliver(
      topic,
      this.#changes,
      channel,
      channelStart,
      channelLength,
      message,
      messageStart,
      messageLength,
    )
    return local + remote
  }

  /** Finds the channel, and in #matched the patterns that match it. */
  #match(
    kind: number,
    channel: Uint8Array,
    start: number,
    length: number,
  ): Subscribers<Client> | undefined {
    this.#matched.length = 0
    if (kind === KIND_CHANNEL) {
      for (const pattern of this.#tables[KIND_PATTERN].topics) {
        if (pattern.glob !== null && this.matches(pattern.glob, channel, start, length)) {
          this.#matched.push(pattern)
        }
      }
    }
    if (this.#tables[kind].topics.length === 0) return undefined
    return this.find(kind, channel, start, length)
  }

  /** Redis 7.0 lets no pattern match an empty name, but for the empty one. [redis-7.0 util.c] */
  matches(glob: Glob, name: Uint8Array, start: number, length: number): boolean {
    if (length === 0 && !this.#starTakesNothing) return glob.kinds.length === 0
    return matchGlob(glob, name, start, length)
  }

  /** Fills #targets with the acceptors that have receivers; how many receivers. */
  #aim(topic: Subscribers<Client> | undefined): number {
    if (this.#exchange === null) return 0
    this.#targets.fill(0)
    let count = topic === undefined ? 0 : this.#aimAt(topic)
    for (const pattern of this.#matched) count += this.#aimAt(pattern)
    return count
  }

  #aimAt({ remoteCounts, remoteCount }: Subscribers<Client>): number {
    if (remoteCounts === null || remoteCount === 0) return 0
    for (let acceptor = 0; acceptor < remoteCounts.length; acceptor++) {
      if (remoteCounts[acceptor] > 0) this.#targets[acceptor] = 1
    }
    return remoteCount
  }

  /** To those of this acceptor who subscribed at that moment; how many. */
  #deliver(
    topic: Subscribers<Client> | undefined,
    changesRead: number,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): number {
    let count = 0
    const patterns = this.#matched.length
    for (let index = topic === undefined ? 0 : -1; index < patterns; index++) {
      const each = index < 0 ? topic : this.#matched[index]
      if (each === undefined || each.subscriptions.size === 0) continue
      const kind = index < 0 ? each.kind : KIND_CHANNEL
      this.#sink.open(
        kind,
        index < 0 ? null : each.name,
        channel,
        channelStart,
        channelLength,
        message,
        messageStart,
        messageLength,
      )
      count += this.#deliverTo(each, changesRead)
    }
    return count
  }

  #deliverTo(topic: Subscribers<Client>, changesRead: number): number {
    let count = 0
    for (const [subscriber, subscription] of topic.subscriptions) {
      if (((changesRead - subscription.since) | 0) < 0) continue
      if (subscription.isLeaving && ((changesRead - subscription.until) | 0) >= 0) continue
      this.#sink.send(subscriber.client)
      count++
    }
    return count
  }
}

/** A copy that is not shared, and nobody else's: what it was made of is used again. */
export function ownBytes(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const own = new Uint8Array(length)
  copyBytes(bytes, start, own, 0, length)
  return own
}
