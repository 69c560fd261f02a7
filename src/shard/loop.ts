// The serving loop of a shard worker: claim a ready shard, take its token, serve its rings,
// release; housekeeping in between; sleep on the doorbell when there is nothing.

import type { Clock } from '../base/clock.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import { drainBacklog, type ReplyBacklog } from '../executor/backlog.ts'
import type { Executor } from '../executor/executor.ts'
import { housekeep, retryGroups, wantsHousekeeping } from '../executor/housekeeping.ts'
import type { SharedPlan } from '../executor/plan.ts'
import type { ShardServer } from '../executor/serve.ts'
import { anyRequestsReady, claimRequests, nextReadyShard, sleepOnBell } from '../ring/bell.ts'
import {
  PROGRESS_WORD,
  STATE_CLOSING,
  STATE_SERVING,
  STATE_WORD,
  threadRow,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

/** How often an idle worker looks after its shards, in ms. */
const HOUSEKEEPING_MS = 100
/** Shards looked at in one go: a look costs 2 µs, and an idle server must cost next to nothing. */
const HOUSEKEEPING_LOOKS = 32
/**
 * Share of a core that slices (0.3-1 ms each) may take while there is more to do. What a worker
 * needs around them, waking up and looking, comes to another 2 to 3 %.
 */
const HOUSEKEEPING_SHARE = 0.2
/** A slice that came late, because the worker slept too long, is made up for by this much. */
const HOUSEKEEPING_CREDIT_MS = 5
/** A shorter sleep is not worth it. */
const SLEEP_MS_MIN = 0.5
/** Replies that found no room are tried again this often, in ms. */
const BACKLOG_RETRY_MS = 1
/** Looks at the ready bits before going to sleep: a wake-up costs more than a few looks. */
const IDLE_LOOKS = 20

export class WorkerLoop {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #server: ShardServer
  readonly #backlog: ReplyBacklog
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #index: number
  readonly #workerCount: number
  readonly #shardCount: number
  readonly #progressWord: number
  readonly #hasWork: () => boolean
  readonly #onWait: () => void
  #nextHousekeepingMs = 0
  #nextDrainMs = 0
  #housekeepingLeft = false
  /** The next of this worker's own shards to look after. */
  #housekeepingShard: number

  constructor(
    rows: Rows,
    executor: Executor,
    server: ShardServer,
    backlog: ReplyBacklog,
    clock: Clock,
    counters: Counters,
    index: number,
    shared: SharedPlan,
  ) {
    this.#rows = rows
    this.#executor = executor
    this.#server = server
    this.#backlog = backlog
    this.#clock = clock
    this.#counters = counters
    this.#index = index
    this.#housekeepingShard = index
    this.#workerCount = shared.facts.workerCount
    this.#shardCount = shared.facts.shardCount
    this.#progressWord = threadRow(executor.thread) + PROGRESS_WORD
    this.#hasWork = () => anyRequestsReady(rows) || this.#closing()
    this.#onWait = () => void Atomics.add(rows.words, this.#progressWord, 1)
  }

  run(): void {
    while (!this.#closing()) {
      if (!this.turn() && !this.#lookAgain()) this.#sleep()
    }
  }

  /** One look around. False: there was nothing to serve. */
  turn(): boolean {
    Atomics.add(this.#rows.words, this.#progressWord, 1)
    const served = this.#serveReady()
    const nowMs = this.#clock.monotonicMs()
    if (!this.#backlog.isEmpty() && nowMs >= this.#nextDrainMs) {
      this.#nextDrainMs = nowMs + BACKLOG_RETRY_MS
      drainBacklog(this.#executor, this.#backlog)
    }
    if (nowMs >= this.#nextHousekeepingMs && this.#serving()) this.#housekeep(nowMs)
    return served
  }

  /**
   * Nothing is written while other workers still recover: a block says what is durable, and a part
   * of a group is that only when all parts are, which may lie in their files.
   */
  #serving(): boolean {
    return Atomics.load(this.#rows.words, STATE_WORD) === STATE_SERVING
  }

  #closing(): boolean {
    return Atomics.load(this.#rows.words, STATE_WORD) === STATE_CLOSING
  }

  /** One round over the ready shards, beginning with this worker's own. */
  #serveReady(): boolean {
    let from = Math.floor((this.#index * this.#shardCount) / this.#workerCount)
    let served = false
    for (let round = 0; round < this.#shardCount; round++) {
      const shard = nextReadyShard(this.#rows, from)
      if (shard < 0) break
      from = shard + 1 < this.#shardCount ? shard + 1 : 0
      // Claimed by somebody else, or its token is held: who holds it looks at the rings afterwards.
      if (!claimRequests(this.#rows, shard)) continue
      if (this.#serveShard(shard)) served = true
    }
    return served
  }

  #serveShard(shard: number): boolean {
    const executor = this.#executor
    if (!executor.tryHold(shard)) return false
    const before = this.#server.ringedCount
    this.#server.serve(shard)
    executor.release(shard)
    this.#counters.add(COUNTER.commandsRinged, this.#server.ringedCount - before)
    return true
  }

  /**
   * One slice for one shard that wants it, then a pause: however many shards are busy with expiry,
   * it stays a fraction of a core and no slice waits behind another.
   */
  #housekeep(nowMs: number): void {
    const wallMs = this.#clock.wallMs()
    if (this.#index === 0) retryGroups(this.#executor, this.#onWait)
    this.#housekeepingLeft = false
    const looks = Math.min(Math.ceil(this.#shardCount / this.#workerCount), HOUSEKEEPING_LOOKS)
    for (let look = 0; look < looks; look++) {
      const shard = this.#housekeepingShard
      this.#housekeepingShard = shard + this.#workerCount
      if (this.#housekeepingShard >= this.#shardCount) this.#housekeepingShard = this.#index
      if (!wantsHousekeeping(this.#executor.sides[shard], wallMs)) continue
      if (!housekeep(this.#executor, shard, wallMs)) continue
      this.#housekeepingLeft = true
      break
    }
    if (!this.#housekeepingLeft) {
      this.#nextHousekeepingMs = nowMs + HOUSEKEEPING_MS
      return
    }
    // The pause is as long as the slice was, so it is a share of a core on any machine.
    const tookMs = this.#clock.monotonicMs() - nowMs
    const dueMs = Math.max(this.#nextHousekeepingMs, nowMs - HOUSEKEEPING_CREDIT_MS)
    this.#nextHousekeepingMs = dueMs + tookMs / HOUSEKEEPING_SHARE
  }

  /** A short look around before sleeping; true if there is work. */
  #lookAgain(): boolean {
    for (let look = 0; look < IDLE_LOOKS; look++) {
      if (anyRequestsReady(this.#rows)) return true
    }
    return false
  }

  #sleep(): void {
    let timeoutMs = HOUSEKEEPING_MS
    if (this.#housekeepingLeft) {
      const pauseMs = this.#nextHousekeepingMs - this.#clock.monotonicMs()
      timeoutMs = Math.max(pauseMs, SLEEP_MS_MIN)
    }
    if (!this.#backlog.isEmpty()) timeoutMs = BACKLOG_RETRY_MS
    const missed = sleepOnBell(this.#rows, this.#executor.thread, this.#hasWork, timeoutMs)
    if (missed) this.#counters.add(COUNTER.wakeupsMissed, 1)
  }
}
