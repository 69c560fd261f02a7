// What is subscribed, by whom, and what comes of it: the kinds of topics, a connection's
// subscriptions, messages.

import type { Topic } from './topics.ts'

export const KIND_CHANNEL = 0
export const KIND_PATTERN = 1
export const KIND_SHARD_CHANNEL = 2
export const KINDS = [KIND_CHANNEL, KIND_PATTERN, KIND_SHARD_CHANNEL] as const

/** A connection that has subscriptions, and which. */
export class Subscriber<Client> {
  readonly client: Client
  /** By kind. */
  readonly topics = KINDS.map(() => new Set<Topic<Subscriber<Client>>>())
  /** Argument of a command that goes on here when it is tried again. */
  progress = 0
  /** Some subscriptions are leaving: after so many changes. */
  leavingSince = 0
  isLeaving = false

  constructor(client: Client) {
    this.client = client
  }

  /** Channels and patterns, as confirmations count them. */
  count(): number {
    return this.topics[KIND_CHANNEL].size + this.topics[KIND_PATTERN].size
  }

  shardCount(): number {
    return this.topics[KIND_SHARD_CHANNEL].size
  }

  isEmpty(): boolean {
    return this.count() + this.shardCount() === 0
  }
}

/** Where messages go that reach a connection of this acceptor. */
export interface Sink<Client> {
  /**
   * What is sent until the next `open` is this message. `pattern`: the one that matched, null for a
   * subscription of the channel itself.
   */
  open(
    kind: number,
    pattern: Uint8Array | null,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): void
  send(client: Client): void
  /** May more be sent before what was sent has left? */
  hasRoom(): boolean
}

/** A message that is published later: its bytes are its own. */
export interface Message {
  readonly kind: number
  readonly channel: Uint8Array
  readonly text: Uint8Array
}
