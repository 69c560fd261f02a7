// Runs commands on shards whose token this thread holds. One Executor a thread; acceptors use it to
// execute in place, workers to serve rings. The order is always the same:
//
//   hold (take the token, read the cursors) -> run … run -> commit (log written) -> release
//
// and nothing that a client can see leaves before the commit. Whoever releases looks at the
// request rings once more (see ring/token.ts).
//
// A throw in here is not caught: the side it happened on can no longer be trusted, its token stays
// taken, and the thread ends.

import { assert } from '../base/assert.ts'
import { VALUE_CHUNK_BYTES } from '../base/limits.ts'
import { type CommandRow, WRITE } from '../catalog/spec.ts'
import type { Call, Handler } from '../command/call.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import type { ReadyKey } from '../keyspace/blocked-area.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { commitGroup } from '../log/groups.ts'
import { type ShardLog, WRITE_OK, WRITE_OTHER_ERROR } from '../log/writer.ts'
import { markRequestsReady, ringBell, ringBellAlways } from '../ring/bell.ts'
import { replyFillMax } from '../ring/replies.ts'
import {
  askForToken,
  awaitToken,
  NOT_TAKEN,
  releaseToken,
  tokenHolder,
  tryTakeToken,
} from '../ring/token.ts'
import {
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  REPLY_TAIL_WORD,
  REQUEST_HEAD_WORD,
  TOKEN_THREAD_MASK,
  WANTED_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { MISCONF_DISK_FULL } from '../wire/replies.ts'
import { collectShards } from './participants.ts'
import { runWithRoom } from './room.ts'
import { HeldSettings } from './settings.ts'
import { isUnbounded, type Stopwatch } from './stopwatch.ts'

/** How often a thread that waits for a token looks at the world, in ms. */
const WAIT_TICK_MS = 100

export class Executor {
  readonly rows: Rows
  readonly thread: number
  readonly sides: ShardSide[]
  readonly handlers: readonly (Handler | undefined)[]
  readonly call: Call
  readonly counters: Counters
  /** Thread ids of the shard workers, for waking one of them. */
  readonly #workerThreads: readonly number[]
  /** What acceptors store: [acceptor * shardCount + shard], to see if a ring holds work. */
  readonly #cursors: readonly AcceptorCursors[]
  readonly #acceptorCount: number
  /** 1: an acceptor, by thread. */
  readonly #isAcceptor = new Uint8Array(TOKEN_THREAD_MASK + 1)
  readonly #replyFillMax: number
  /**
   * Replies that this thread holds back for want of room, by acceptor: `ReplyBacklog` counts them.
   * While there are any, this thread serves that acceptor no more.
   */
  readonly behind: Int32Array
  readonly #syncThread: number
  /** Token value held per shard, NOT_TAKEN if none. */
  readonly #held: Int32Array
  /** Shards held now, in the order they were taken. */
  readonly heldShards: Int32Array
  heldCount = 0
  /** Serves clients that wait for keys; null: nobody can wait. */
  waiting: ServesWaiting | null = null
  readonly #ready: readonly ReadyKey[]
  /** Null: nothing is timed. */
  stopwatch: Stopwatch | null = null
  /** Every command is timed, not only those of unbounded work. */
  #timesAll = false
  readonly settings: HeldSettings
  readonly #participants: Int32Array

  constructor(
    rows: Rows,
    thread: number,
    sides: ShardSide[],
    handlers: readonly (Handler | undefined)[],
    call: Call,
    counters: Counters,
    workerThreads: readonly number[],
    cursors: readonly AcceptorCursors[],
    acceptorThreads: readonly number[],
    ringBytes: number,
    syncThread: number,
  ) {
    this.rows = rows
    this.settings = new HeldSettings(rows)
    this.thread = thread
    this.sides = sides
    this.handlers = handlers
    this.call = call
    this.counters = counters
    this.#workerThreads = workerThreads
    this.#cursors = cursors
    this.#acceptorCount = acceptorThreads.length
    for (const acceptor of acceptorThreads) this.#isAcceptor[acceptor] = 1
    this.#replyFillMax = replyFillMax(ringBytes)
    this.behind = new Int32Array(acceptorThreads.length)
    this.#syncThread = syncThread
    this.#held = new Int32Array(sides.length)
    this.heldShards = new Int32Array(sides.length)
    this.#participants = new Int32Array(sides.length)
    this.#ready = sides[0].blocked.ready
  }

  holds(shard: number): boolean {
    return this.#held[shard] !== NOT_TAKEN
  }

  /**
   * Does a command over several shards wait for one of the tokens held here? A hint by plain loads
   * (of lines this thread owns anyway), asked once a receive: a waiter that is missed now is seen
   * at the next one.
   */
  heldIsWanted(): boolean {
    const { words } = this.rows
    for (let index = 0; index < this.heldCount; index++) {
      if (words[this.sides[this.heldShards[index]].row + WANTED_WORD] !== 0) return true
    }
    return false
  }

  /**
   * Does an acceptor hold the shard? Then nobody has to be woken for what was published before this
   * is asked: it looks at the rings when it gives the token back. (So does a worker, but it leaves
   * out the acceptors that it is behind.)
   */
  heldByAcceptor(shard: number): boolean {
    return this.#isAcceptor[tokenHolder(this.rows, this.sides[shard].row)] !== 0
  }

  /** Takes the shard's token if it is free. */
  tryHold(shard: number): boolean {
    const side = this.sides[shard]
    const held = tryTakeToken(this.rows, side.row, this.thread)
    if (held === NOT_TAKEN) return false
    this.#noteHeld(shard, held)
    return true
  }

  /**
   * Waits for a token that was asked for. Workers only, and only for shards above all that are held
   * already.
   */
  #waitToHold(shard: number, onWait: () => void): void {
    for (let index = 0; index < this.heldCount; index++) {
      assert(this.heldShards[index] < shard, 'tokens are waited for in ascending order')
    }
    const side = this.sides[shard]
    this.#noteHeld(shard, awaitToken(this.rows, side.row, this.thread, WAIT_TICK_MS, onWait))
  }

  #noteHeld(shard: number, held: number): void {
    this.#held[shard] = held
    this.heldShards[this.heldCount++] = shard
    const nowMs = this.call.clock.wallMs()
    this.sides[shard].log.attach(held, nowMs)
    this.settings.apply(this.sides[shard], nowMs)
  }

  /**
   * Reads the clock for the commands of one receive or request record: a reading each would be the
   * largest single cost of a GET after its memory accesses (30 ns).
   */
  readClock(): void {
    this.call.nowMs = this.call.clock.wallMs()
    if (this.stopwatch !== null) this.#timesAll = this.stopwatch.timesAll()
  }

  /**
   * Executes the command in `this.call` (arguments, database, protocol and reply are filled in) on
   * `call.side`, or on all held sides if call.severalShards. False: refused, nothing was looked at.
   */
  run(): boolean {
    const call = this.call
    const row = call.row
    const { reply } = call
    if ((row.flags & WRITE) !== 0 && !this.#canWrite(call)) {
      reply.raw(MISCONF_DISK_FULL)
      this.counters.addError(MISCONF_DISK_FULL, 0)
      this.counters.addRejected(row.code)
      return false
    }
    this.runAccepted()
    return true
  }

  /** Executes the command in `this.call`, which is refused no more. */
  runAccepted(): void {
    const {
      call,
      call: { reply, row },
    } = this
    const before = reply.position
    this.counters.addCall(row.code)
    const handler = this.handlers[row.code]
    assert(handler !== undefined, 'a catalog row of a shard command has a handler')
    this.#runHandler(handler, call, row)
    if (this.settings.evicts && reply.isError(before)) {
      runWithRoom(call, handler, before, this.settings, this.sides)
    }
    if (reply.isError(before)) {
      this.counters.addError(reply.bytes, before)
      this.counters.addFailed(row.code)
    }
    if (!call.inTransaction) this.serveWaiting()
  }

  /** Behind a command or a transaction, before its commit: who waits for what it gave gets it. */
  serveWaiting(): void {
    if (this.#ready.length > 0) this.waiting?.serve()
  }

  #runHandler(handler: Handler, call: Call, row: CommandRow): void {
    const { stopwatch } = this
    if (stopwatch === null || (!this.#timesAll && !isUnbounded(row))) {
      handler(call)
      return
    }
    const beganMs = stopwatch.begin()
    handler(call)
    stopwatch.end(call, row, call.client, beganMs)
  }

  #canWrite(call: Call): boolean {
    if (!call.severalShards) return call.side.log.writable(call.nowMs)
    // Not all that are held: in place others of the turn may be among them.
    const count = collectShards(call, this.#participants)
    for (let index = 0; index < count; index++) {
      if (!this.sides[this.#participants[index]].log.writable(call.nowMs)) return false
    }
    return true
  }

  /**
   * Executes the command in `this.call` over all shards it needs: takes the missing tokens in
   * ascending order (waiting), runs, writes every participant's block as one group, and releases
   * what it took. Workers only. Returns 0 or the error class of a failed write.
   */
  runOverShards(onWait: () => void): number {
    const before = this.heldCount
    const count = collectShards(this.call, this.#participants)
    this.holdAll(this.#participants, count, onWait)
    this.readClock()
    const outcome = this.run() ? this.commitGroup(this.#participants, count) : WRITE_OK
    while (this.heldCount > before) this.release(this.heldShards[this.heldCount - 1])
    return outcome
  }

  /**
   * Takes the tokens of the shards, which ascend, and waits for each. Workers only. Asked for all
   * at once, taken one by one: the holders hand over side by side, or a command over eight busy
   * shards would wait eight times. Taking stays in ascending order, so two coordinators never wait
   * for each other.
   */
  holdAll(shards: ArrayLike<number>, count: number, onWait: () => void): void {
    for (let index = 0; index < count; index++) {
      if (!this.holds(shards[index])) askForToken(this.rows, this.sides[shards[index]].row)
    }
    for (let index = 0; index < count; index++) {
      if (!this.holds(shards[index])) this.#waitToHold(shards[index], onWait)
    }
  }

  /** Takes all tokens of the shards the command needs, or none. Acceptors: never waits. */
  tryHoldAll(shards: Int32Array, count: number): boolean {
    const before = this.heldCount
    for (let index = 0; index < count; index++) {
      if (this.holds(shards[index]) || this.tryHold(shards[index])) continue
      while (this.heldCount > before) this.release(this.heldShards[this.heldCount - 1])
      return false
    }
    return true
  }

  commitGroup(shards: ArrayLike<number>, count = shards.length): number {
    const always = Atomics.load(this.rows.words, FSYNC_POLICY_WORD) === FSYNC_ALWAYS
    const unpromised = always && !this.#joinUndurable(shards, count) ? WRITE_OTHER_ERROR : WRITE_OK
    const logs: ShardLog[] = []
    for (let index = 0; index < count; index++) {
      const log = this.sides[shards[index]].log
      if (log.uncommitted()) logs.push(log)
    }
    const nowMs = this.call.clock.wallMs()
    if (logs.length === 0) return unpromised
    const outcome = commitGroup(logs, nowMs)
    this.#askForSync()
    if (outcome === WRITE_OK && unpromised === WRITE_OK) return WRITE_OK
    for (let index = 0; index < count; index++) this.waiting?.fail(shards[index])
    return outcome !== WRITE_OK ? outcome : unpromised
  }

  /**
   * Under `always` the reply of a command over several shards waits in the lowest one's ring, for
   * an LSN of that log. If it saw or did anything on another shard that is not durable yet, each
   * such log and the lowest get a last block, empty or not: they are written as one group, whose
   * parts become durable together (log/syncer.ts), so the one LSN stands for all. False: a log that
   * cannot be written is among them, and nothing can be promised; then no block was opened.
   */
  #joinUndurable(shards: ArrayLike<number>, count: number): boolean {
    let others = 0
    for (let index = 1; index < count; index++) {
      const { log } = this.sides[shards[index]]
      if (!log.isUndurable()) continue
      if (!log.healthy()) return false
      others++
    }
    if (others === 0) return true
    if (!this.sides[shards[0]].log.healthy()) return false
    for (let index = 0; index < count; index++) {
      const { log } = this.sides[shards[index]]
      if (index === 0 || log.isUndurable()) log.lastBlockLsn()
    }
    return true
  }

  /** Writes what the shard appended. 0, or the error class of the failed write. */
  commit(shard: number): number {
    const log = this.sides[shard].log
    if (!log.uncommitted()) return 0
    const outcome = log.commit(this.call.clock.wallMs())
    if (outcome !== 0) this.waiting?.fail(shard)
    this.#askForSync()
    return outcome
  }

  /** appendfsync always: replies wait for the sync thread, so it must not sleep. */
  #askForSync(): void {
    if (Atomics.load(this.rows.words, FSYNC_POLICY_WORD) !== FSYNC_ALWAYS) return
    ringBellAlways(this.rows, this.#syncThread)
  }

  /** Gives the token back and wakes a worker if requests wait that can be served. */
  release(shard: number): void {
    const side = this.sides[shard]
    const held = this.#held[shard]
    this.#countFor(side)
    this.waiting?.send(shard)
    this.#held[shard] = NOT_TAKEN
    this.#forget(shard)
    assert(releaseToken(this.rows, side.row, held), 'the token was not taken away')
    this.announce(shard)
  }

  /**
   * Marks the shard and wakes a worker if a request waits that could be served. One whose replies
   * have no room is left in silence, or workers would claim it again and again: the acceptor
   * announces it when it gives room back (acceptor/inbox.ts), and the worker with the backlog when
   * that has left (shard/loop.ts). Model: test/models/room.pml.
   */
  announce(shard: number): void {
    if (!this.#servableWait(shard)) return
    markRequestsReady(this.rows, shard)
    this.wakeWorker(shard)
  }

  #servableWait(shard: number): boolean {
    const { row } = this.sides[shard]
    const { words } = this.rows
    const shardCount = this.sides.length
    for (let acceptor = 0; acceptor < this.#acceptorCount; acceptor++) {
      const cursors = this.#cursors[acceptor * shardCount + shard]
      const tail = Atomics.load(cursors.words, cursors.requestTailWord)
      if (tail === Atomics.load(words, row + REQUEST_HEAD_WORD + acceptor)) continue
      // An acceptor wakes somebody else, who may not be behind; a worker would find itself.
      if (this.behind[acceptor] !== 0 && this.#isAcceptor[this.thread] === 0) continue
      const head = Atomics.load(cursors.words, cursors.replyHeadWord)
      const fill = (Atomics.load(words, row + REPLY_TAIL_WORD + acceptor) - head) | 0
      if (fill <= this.#replyFillMax) return true
    }
    return false
  }

  /** What happened under this holding, for INFO. */
  #countFor(side: ShardSide): void {
    const { counters } = this
    if (side.hitCount > 0) counters.add(COUNTER.keyspaceHits, side.hitCount)
    if (side.missCount > 0) counters.add(COUNTER.keyspaceMisses, side.missCount)
    if (side.expiredCount > 0) counters.add(COUNTER.keysExpired, side.expiredCount)
    if (side.evictedCount > 0) counters.add(COUNTER.keysEvicted, side.evictedCount)
    side.hitCount = 0
    side.missCount = 0
    side.expiredCount = 0
    side.evictedCount = 0
    // A large command's bytes are not kept alive until the next one on this shard.
    if (side.record.valueLength > VALUE_CHUNK_BYTES) side.record.forget()
  }

  #forget(shard: number): void {
    let at = 0
    while (this.heldShards[at] !== shard) at++
    this.heldCount--
    for (; at < this.heldCount; at++) this.heldShards[at] = this.heldShards[at + 1]
  }

  /** Is there a published request of any acceptor that was not consumed yet? */
  requestsWait(shard: number): boolean {
    const heads = this.sides[shard].row + REQUEST_HEAD_WORD
    const words = this.rows.words
    const shardCount = this.sides.length
    for (let acceptor = 0; acceptor < this.#acceptorCount; acceptor++) {
      const cursors = this.#cursors[acceptor * shardCount + shard]
      const tail = Atomics.load(cursors.words, cursors.requestTailWord)
      if (tail !== Atomics.load(words, heads + acceptor)) return true
    }
    return false
  }

  /**
   * Wakes the shard's own worker if it sleeps, else any that does; busy ones look by themselves.
   */
  wakeWorker(shard: number): void {
    const threads = this.#workerThreads
    for (let step = 0; step < threads.length; step++) {
      if (ringBell(this.rows, threads[(shard + step) % threads.length])) return
    }
  }
}

/** See waiting.ts. */
export interface ServesWaiting {
  serve(): void
  fail(shard: number): void
  send(shard: number): void
}

/** Where an acceptor stores its cursors of one shard: request tail and reply head. */
export interface AcceptorCursors {
  readonly words: Int32Array
  readonly requestTailWord: number
  readonly replyHeadWord: number
}
