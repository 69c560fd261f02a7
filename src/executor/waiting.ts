// Serves clients that wait for keys (BLPOP and its kin), on whatever thread gives them something:
//
//   command (or EXEC) -> keys are ready -> `serve`: take, in the order in which the clients came
//   commit            -> `fail` if it was not written
//   release           -> `send`: the replies go into the reply rings, while the token is still held
//
// What is taken is in the same commit as what was given. A move into a list of another shard needs
// a token that is not held: that client's acceptor is told to send the command again.

import { keyArgument } from '../command/arguments.ts'
import { serveWait, typeOfWait } from '../command/blocking.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import type { ReadyKey, Wait } from '../keyspace/blocked-area.ts'
import { BLOCKED_SLOTS_MAX, WAIT_LIST_MOVE } from '../keyspace/blocked-layout.ts'
import { lookup } from '../keyspace/keyspace.ts'
import { entryType } from '../memory/entry.ts'
import { markRepliesReady, ringBell } from '../ring/bell.ts'
import { REPLY_AGAIN, REPLY_CLOSE } from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { ReplySheet, writeReplies } from '../ring/replies.ts'
import { attachRing, publish, type Ring } from '../ring/ring.ts'
import type { Rows } from '../rows/rows.ts'
import { ReplyWriter } from '../wire/encoder.ts'
import { MISCONF_UNKNOWN } from '../wire/replies.ts'
import type { ReplyBacklog } from './backlog.ts'
import type { Executor } from './executor.ts'

const REPLY_BYTES_FIRST = 4096
const NO_BYTES = new Uint8Array(0)

interface Served {
  readonly shard: number
  readonly wait: Wait
  flags: number
  bytes: Uint8Array
}

export class WaitingClients {
  readonly #executor: Executor
  readonly #rows: Rows
  readonly #pool: ChunkPool
  readonly #backlog: ReplyBacklog
  /** [acceptor * shardCount + shard] */
  readonly #replies: readonly Ring[]
  readonly #acceptorThreads: readonly number[]
  readonly #ready: ReadyKey[]
  readonly #reply: ReplyWriter
  readonly #sheet = new ReplySheet()
  readonly #starts = new Int32Array(3)
  readonly #lengths = new Int32Array(3)
  #served: Served[] = []

  constructor(
    executor: Executor,
    pool: ChunkPool,
    backlog: ReplyBacklog,
    replies: readonly Ring[],
    acceptorThreads: readonly number[],
    replyBytesMax: number,
  ) {
    this.#executor = executor
    this.#rows = executor.rows
    this.#pool = pool
    this.#backlog = backlog
    this.#replies = replies
    this.#acceptorThreads = acceptorThreads
    this.#ready = executor.sides[0].blocked.ready
    this.#reply = new ReplyWriter(REPLY_BYTES_FIRST, replyBytesMax)
  }

  /** Serves all keys that are ready, also those that become so by it. The call is as it was. */
  serve(): void {
    const { call } = this.#executor
    const { reply, side, severalShards, database, bytes, starts, lengths, argCount } = call
    call.reply = this.#reply
    call.severalShards = false
    call.starts = this.#starts
    call.lengths = this.#lengths
    call.argCount = this.#starts.length
    for (let key = this.#ready.shift(); key !== undefined; key = this.#ready.shift()) {
      this.#serveKey(key)
    }
    call.reply = reply
    call.side = side
    call.severalShards = severalShards
    call.database = database
    call.bytes = bytes
    call.starts = starts
    call.lengths = lengths
    call.argCount = argCount
  }

  #serveKey(key: ReadyKey): void {
    const { call } = this.#executor
    const side = call.sides[key.shard]
    const { blocked } = side
    call.side = side
    call.database = key.database
    let skipped = 0
    for (let at = blocked.find(key, 0); at !== 0; at = blocked.find(key, skipped)) {
      const wait = blocked.show(at)
      this.#fillCall(wait)
      keyArgument(call, 1)
      const entry = lookup(side, call.nowMs)
      if (entry === 0) return
      if (entryType(side.arena, entry) !== typeOfWait(wait.kind)) {
        skipped = at
        continue
      }
      // Not taken: its time is over, or it is gone.
      if (blocked.claims.take(wait.place, wait.ticket)) this.#serveOne(key.shard, entry, wait)
    }
  }

  #fillCall({ key, target }: Wait): void {
    const { call } = this.#executor
    call.bytes = Buffer.concat([key, target])
    this.#lengths[1] = key.length
    this.#starts[2] = key.length
    this.#lengths[2] = target.length
  }

  #serveOne(shard: number, entry: number, wait: Wait): void {
    const { call } = this.#executor
    const reply = this.#reply
    if (wait.kind === WAIT_LIST_MOVE && this.#shardOfTarget(wait) !== shard) {
      this.#served.push({ shard, wait, flags: REPLY_AGAIN, bytes: NO_BYTES })
      return
    }
    reply.position = 0
    reply.protocol = wait.protocol
    serveWait(call, call.side, entry, wait.kind, wait.from, wait.to, wait.count)
    const flags = reply.overflowed ? REPLY_CLOSE : 0
    const bytes = reply.overflowed
      ? NO_BYTES
      : Uint8Array.from(reply.bytes.subarray(0, reply.position))
    reply.overflowed = false
    this.#served.push({ shard, wait, flags, bytes })
  }

  #shardOfTarget({ target }: Wait): number {
    return shardOfSlot(slotOfKey(target, 0, target.length), this.#executor.call.shardCount)
  }

  /** What the shard's clients were given was not written. */
  fail(shard: number): void {
    for (const served of this.#served) {
      if (served.shard !== shard || served.flags !== 0) continue
      served.bytes = MISCONF_UNKNOWN
    }
  }

  /** Sends the replies of those that were served on the shard, whose token is held. */
  send(shard: number): void {
    if (this.#served.length === 0) return
    const left: Served[] = []
    for (const served of this.#served) {
      if (served.shard === shard) this.#sendOne(served)
      else left.push(served)
    }
    this.#served = left
  }

  #sendOne({ shard, wait, flags, bytes }: Served): void {
    const { sides } = this.#executor
    const acceptor = Math.floor(wait.place / BLOCKED_SLOTS_MAX)
    const ring = this.#replies[acceptor * sides.length + shard]
    const lsn = sides[shard].log.replyLsn()
    const sheet = this.#sheet
    attachRing(ring)
    sheet.start(wait.place % BLOCKED_SLOTS_MAX, wait.generation)
    sheet.flags = flags
    sheet.add(wait.sequence, bytes.length)
    const behind = this.#backlog.isBehind(acceptor)
    if (behind || !writeReplies(ring, this.#pool, sheet, lsn, bytes, 0, bytes.length)) {
      this.#backlog.add(shard, acceptor, sheet, lsn, bytes, bytes.length)
      this.#backlog.committed()
      return
    }
    publish(ring)
    const thread = this.#acceptorThreads[acceptor]
    markRepliesReady(this.#rows, thread, shard)
    ringBell(this.#rows, thread)
  }
}
