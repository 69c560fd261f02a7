// An acceptor without sockets: the real request writers and the real inbox between them; what the
// router and the output do is small enough to be done here.

import type { ClientSocket } from '../../src/acceptor/client-socket.ts'
import { Connection } from '../../src/acceptor/connection.ts'
import { Inbox } from '../../src/acceptor/inbox.ts'
import type { Output } from '../../src/acceptor/output.ts'
import type { Random } from '../../src/base/random.ts'
import { findCommand } from '../../src/catalog/lookup.ts'
import { Counters } from '../../src/counters/counters.ts'
import { shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'
import { drainBacklog, type ReplyBacklog } from '../../src/executor/backlog.ts'
import type { Executor } from '../../src/executor/executor.ts'
import type { ShardServer } from '../../src/executor/serve.ts'
import { anyRepliesReady, markRequestsReady } from '../../src/ring/bell.ts'
import { REQUEST_PLACEABLE, REQUEST_SEVERAL_SHARDS } from '../../src/ring/layout.ts'
import type { ChunkPool } from '../../src/ring/pool.ts'
import { commandByteLength, gatherBytes, RequestWriter } from '../../src/ring/requests.ts'
import { SLEEPING_WORD, threadRow } from '../../src/rows/layout.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import { type Command, CommandMaker, type Sizes } from './commands.ts'
import { type Instance, REPLY_BYTES_MAX, SHARDS } from './instance.ts'

const REPLY_BYTES_FIRST = 64

interface Client {
  readonly connection: Connection
  readonly maker: CommandMaker
  /** Sent, not answered, in order. */
  readonly pending: Command[]
  /** Reply bytes that were not checked yet. */
  readonly incoming: Buffer[]
  /** Made, but it found no room or is a barrier. */
  stopped: Command | null
  /** The command in flight is over several shards: nothing may pass it. */
  barrier: boolean
}

export interface Traffic {
  readonly clients: number
  readonly inFlightMax: number
  readonly sizes: Sizes
}

export class TestAcceptor {
  readonly executor: Executor
  readonly clients: Client[]
  readonly #instance: Instance
  readonly #random: Random
  readonly #traffic: Traffic
  readonly #writers: RequestWriter[] = []
  readonly #touched = new Set<number>()
  readonly #inbox: Inbox
  readonly #sleepingWord: number
  /** Serves others when this one gives a token back (acceptor/other-acceptors.ts). */
  readonly #server: ShardServer
  readonly backlog: ReplyBacklog
  /** Of this receive: it would have run in place. */
  #placeable = false
  answered = 0
  severalAnswered = 0

  constructor(instance: Instance, index: number, random: Random, traffic: Traffic) {
    this.#instance = instance
    this.#random = random
    this.#traffic = traffic
    this.executor = instance.makeExecutor(1 + index)
    this.#sleepingWord = threadRow(1 + index) + SLEEPING_WORD
    const reply = new ReplyWriter(REPLY_BYTES_FIRST, REPLY_BYTES_MAX)
    const { server, backlog } = instance.makeServer(this.executor, reply)
    this.#server = server
    this.backlog = backlog
    const replies = []
    for (let shard = 0; shard < SHARDS; shard++) {
      this.#writers.push(new RequestWriter(instance.requestRing(index, shard)))
      replies.push(instance.replyRing(index, shard))
    }
    this.clients = Array.from({ length: traffic.clients }, (_, slot) => ({
      connection: new Connection({} as ClientSocket, slot, slot + 1, slot + 1, true, 0),
      maker: new CommandMaker(random, `${index}.${slot}`, 7, traffic.sizes),
      pending: [],
      incoming: [],
      stopped: null,
      barrier: false,
    }))
    const output = {
      append: ({ slot }: Connection, bytes: Uint8Array, start: number, length: number) => {
        this.clients[slot].incoming.push(Buffer.from(bytes.subarray(start, start + length)))
      },
      appendChunks: (
        { slot }: Connection,
        pool: ChunkPool,
        chunks: ArrayLike<number>,
        length: number,
      ) => {
        const gathered = Buffer.alloc(length)
        gatherBytes(pool, chunks, length, gathered, 0)
        this.clients[slot].incoming.push(gathered)
      },
    } as unknown as Output
    const connections = this.clients.map(({ connection }) => connection)
    const counters = new Counters(instance.counters, 1 + index)
    this.#inbox = new Inbox(this.executor, replies, instance.pool, output, counters, connections)
  }

  inFlight(): number {
    return this.#inbox.inFlight
  }

  /** Sent but not answered, or made but not sent. */
  isIdle(): boolean {
    return this.inFlight() === 0 && this.clients.every(({ stopped }) => stopped === null)
  }

  hasSeveralInFlight(): boolean {
    return this.clients.some(({ barrier }) => barrier)
  }

  // ── Sending ────────────────────────────────────────────────────────────────────────────────

  /** A receive of one client: some commands of its pipeline. `several` false: none over shards. */
  send(several: boolean): void {
    const client = this.clients[this.#random.below(this.clients.length)]
    this.#placeable = this.#random.below(2) === 0
    for (let left = 1 + this.#random.below(12); left > 0; left--) {
      if (client.stopped === null) client.stopped = client.maker.next()
      if (!this.#sendStopped(client, several)) break
    }
    if (this.#random.below(3) > 0) this.publish()
  }

  /** Everybody who stopped tries again. */
  retry(): void {
    for (const client of this.clients) if (client.stopped !== null) this.#sendStopped(client, true)
    this.publish()
  }

  #sendStopped(client: Client, several: boolean): boolean {
    const command = client.stopped
    if (command === null || client.barrier) return false
    if (client.connection.inFlight() >= this.#traffic.inFlightMax) return false
    const wordBytes = command.words.reduce((sum, { length }) => sum + length + 8, 64)
    if (wordBytes > this.#instance.pool.requestBytesMax()) {
      // The router answers that itself.
      client.stopped = null
      return true
    }
    const shards = command.keys.map((key) =>
      shardOfSlot(slotOfKey(Buffer.from(key), 0, key.length), SHARDS),
    )
    const isSeveral = new Set(shards).size > 1
    if (isSeveral && (!several || client.connection.inFlight() > 0)) return false
    if (!this.#toRing(client, command, Math.min(...shards), isSeveral)) return false
    client.stopped = null
    client.pending.push(command)
    client.barrier = isSeveral
    return true
  }

  #toRing(client: Client, command: Command, shard: number, several: boolean): boolean {
    const { connection } = client
    const { words } = command
    const bytes = Buffer.concat(words)
    const lengths = Int32Array.from(words, ({ length }) => length)
    const starts = new Int32Array(words.length)
    for (let at = 1; at < words.length; at++) starts[at] = starts[at - 1] + lengths[at - 1]
    const byteLength = commandByteLength(starts, lengths, words.length)
    const code = findCommand(bytes, 0, lengths[0])?.code ?? 0
    const placeable = this.#placeable ? REQUEST_PLACEABLE : 0
    const attributes = (2 << 8) | ((several ? REQUEST_SEVERAL_SHARDS : placeable) << 16)
    const writer = this.#writers[shard]
    const { slot, generation, sequenceNext } = connection
    const head = [slot, generation, sequenceNext, attributes, code, bytes, starts, lengths] as const
    let added = false
    if (several) writer.close()
    if (byteLength <= this.#instance.ringBytes >> 2) {
      added = writer.add(...head, words.length)
    } else {
      const chunks: number[] = []
      added = writer.addChunked(...head, words.length, this.#instance.pool, chunks)
      if (added) {
        connection.lentChunks ??= new Map()
        connection.lentChunks.set(sequenceNext, chunks)
      }
    }
    if (several) writer.close()
    // Also if it was not added: closing the open record may have finished one.
    this.#touched.add(shard)
    if (!added) return false
    connection.sequenceNext = (sequenceNext + 1) | 0
    this.#inbox.inFlight++
    return true
  }

  publish(): void {
    for (const shard of this.#touched) {
      if (!this.#writers[shard].publish()) continue
      if (this.executor.heldByAcceptor(shard)) continue
      markRequestsReady(this.#instance.rows, shard)
      this.executor.wakeWorker(shard)
    }
    this.#touched.clear()
  }

  /** The end of a turn in which this one held tokens. */
  giveBack(): void {
    while (this.executor.heldCount > 0) {
      const shard = this.executor.heldShards[0]
      this.#server.help(shard)
      this.executor.release(shard)
    }
  }

  /** A timer's work. */
  drainBacklog(): void {
    drainBacklog(this.executor, this.backlog)
  }

  /** Commands of others that it served. */
  helped(): number {
    return this.#server.ringedCount
  }

  // ── Receiving ──────────────────────────────────────────────────────────────────────────────

  /** Takes replies out, if somebody rang since it looked last. */
  drain(): void {
    const { words } = this.#instance.rows
    if (words[this.#sleepingWord] === 1) return
    this.#inbox.drain()
    for (const client of this.clients) this.#check(client)
    words[this.#sleepingWord] = 1
    if (anyRepliesReady(this.#instance.rows, this.executor.thread)) words[this.#sleepingWord] = 0
  }

  /** What came is whole replies, unless more parts of the last are on their way. */
  #check(client: Client): void {
    if (client.incoming.length === 0 || client.connection.partSent) return
    const reply = Buffer.concat(client.incoming.splice(0))
    for (let at = 0; at < reply.length; ) {
      const command = client.pending.shift()
      if (command === undefined) throw new Error('a reply to no command')
      at = command.check(reply, at)
      this.answered++
      if (client.barrier) this.severalAnswered++
      client.barrier = false
    }
  }
}
