// Messages on their way to this acceptor's subscribers. A message is encoded once for each protocol
// that somebody speaks and stands once in the turn's slab, however many connections send it.
//
// A connection with commands in flight gets it behind their replies, in the stash: between those
// of a RESP2 client nothing may stand that it did not ask for, and no reply is cut in two.

import { KIND_SHARD_CHANNEL, type Sink } from '../pubsub/subscriber.ts'
import { PUSH_MESSAGE, PUSH_PATTERN_MESSAGE, PUSH_SHARD_MESSAGE } from '../wire/replies.ts'
import type { Connection } from './connection.ts'
import { type Output, SLAB_SETTLE_BYTES } from './output.ts'

const NOT_ENCODED = -1
/** It does not fit the writer: nobody can take it. */
const TOO_LARGE = -2
const NO_BYTES = new Uint8Array(0)

export class MessageSink implements Sink<Connection> {
  readonly #output: Output
  #kind = 0
  #pattern: Uint8Array | null = null
  #channel: Uint8Array = NO_BYTES
  #channelStart = 0
  #channelLength = 0
  #message: Uint8Array = NO_BYTES
  #messageStart = 0
  #messageLength = 0
  /** Where it stands in the slab, by protocol; offsets stay right when the slab grows. */
  readonly #starts = new Int32Array(4)
  readonly #ends = new Int32Array(4)

  constructor(output: Output) {
    this.#output = output
  }

  open(
    kind: number,
    pattern: Uint8Array | null,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): void {
    this.#kind = kind
    this.#pattern = pattern
    this.#channel = channel
    this.#channelStart = channelStart
    this.#channelLength = channelLength
    this.#message = message
    this.#messageStart = messageStart
    this.#messageLength = messageLength
    this.#starts.fill(NOT_ENCODED)
  }

  send(connection: Connection): void {
    if (connection.closed || connection.closing) return
    const { protocol } = connection
    if (this.#starts[protocol] === NOT_ENCODED) this.#encode(protocol)
    const start = this.#starts[protocol]
    const end = this.#ends[protocol]
    if (start === TOO_LARGE || this.#output.isBeyond(end - start, 0)) {
      this.#output.cut(connection)
    } else if (connection.inFlight() === 0) {
      this.#output.attachRange(connection, start, end)
    } else {
      this.#sendBehind(connection, start, end)
    }
  }

  #sendBehind(connection: Connection, start: number, end: number): void {
    const { stash } = connection
    if (this.#output.isBeyond(end - start, stash.byteLength())) {
      this.#output.cut(connection)
      return
    }
    const sequence = connection.sequenceNext
    connection.sequenceNext = (sequence + 1) | 0
    stash.put(sequence, this.#output.writer.bytes, start, end - start)
  }

  #encode(protocol: 2 | 3): void {
    const { writer } = this.#output
    const start = writer.position
    writer.protocol = protocol
    if (this.#pattern === null) {
      writer.pushHeader(3)
      writer.raw(this.#kind === KIND_SHARD_CHANNEL ? PUSH_SHARD_MESSAGE : PUSH_MESSAGE)
    } else {
      writer.pushHeader(4)
      writer.raw(PUSH_PATTERN_MESSAGE)
      writer.bulk(this.#pattern, 0, this.#pattern.length)
    }
    writer.bulk(this.#channel, this.#channelStart, this.#channelLength)
    writer.bulk(this.#message, this.#messageStart, this.#messageLength)
    this.#starts[protocol] = start
    this.#ends[protocol] = writer.position
    if (!writer.overflowed) return
    writer.overflowed = false
    writer.position = start
    this.#starts[protocol] = TOO_LARGE
  }

  hasRoom(): boolean {
    return this.#output.writer.position <= SLAB_SETTLE_BYTES
  }
}
