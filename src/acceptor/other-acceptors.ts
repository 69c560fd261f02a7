// What an acceptor does for the others before it gives a token back: it serves the commands that
// they would have run in place if it had not held the token. With two acceptors on two cores a
// worker woken for them is a third thread that wants a core; see ARCHITECTURE.md for the figures.
// There is none where there is one acceptor.

import { GREAT_REQUEST_BYTES } from '../base/limits.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import { replyRing, requestRing } from '../executor/attach.ts'
import { drainBacklog, ReplyBacklog } from '../executor/backlog.ts'
import type { Executor } from '../executor/executor.ts'
import type { SharedPlan } from '../executor/plan.ts'
import { ShardServer } from '../executor/serve.ts'
import { replyBytesMax } from '../options/rows.ts'
import { ChunkPool } from '../ring/pool.ts'
import type { Ring } from '../ring/ring.ts'
import { ReplyWriter } from '../wire/encoder.ts'

const REPLY_BYTES_FIRST = 16_384
/** Replies that found no room are tried again this often. */
const BACKLOG_RETRY_MS = 2

export class OtherAcceptors {
  readonly #executor: Executor
  readonly #counters: Counters
  readonly #backlog: ReplyBacklog
  readonly #server: ShardServer
  #retryArmed = false

  constructor(shared: SharedPlan, executor: Executor, counters: Counters) {
    const { facts, acceptorThreads } = shared
    const { rows } = executor
    const pool = new ChunkPool(shared.pool, GREAT_REQUEST_BYTES)
    const requests: Ring[] = []
    const replies: Ring[] = []
    for (let acceptor = 0; acceptor < facts.acceptorCount; acceptor++) {
      for (let shard = 0; shard < facts.shardCount; shard++) {
        requests.push(requestRing(shared, rows, acceptor, shard))
        replies.push(replyRing(shared, rows, acceptor, shard))
      }
    }
    this.#executor = executor
    this.#counters = counters
    const { shardCount } = facts
    const { behind } = executor
    this.#backlog = new ReplyBacklog(rows, pool, replies, acceptorThreads, shardCount, behind)
    this.#server = new ShardServer(
      rows,
      executor,
      pool,
      this.#backlog,
      ROWS_BY_CODE,
      requests,
      replies,
      acceptorThreads,
      new ReplyWriter(REPLY_BYTES_FIRST, replyBytesMax(facts.options.outputLimitNormal)),
    )
  }

  /** Commits what this thread ran on the shard, with what it serves for others. 0 or the error. */
  commit(shard: number): number {
    const before = this.#server.ringedCount
    const outcome = this.#server.help(shard)
    const helped = this.#server.ringedCount - before
    if (helped > 0) this.#counters.add(COUNTER.commandsRinged, helped)
    if (!this.#backlog.isEmpty()) this.#retryLater()
    return outcome
  }

  #retryLater(): void {
    if (this.#retryArmed) return
    this.#retryArmed = true
    setTimeout(() => {
      this.#retryArmed = false
      drainBacklog(this.#executor, this.#backlog)
      if (!this.#backlog.isEmpty()) this.#retryLater()
    }, BACKLOG_RETRY_MS)
  }

  /** Nothing for others is left to send. */
  isIdle(): boolean {
    return this.#backlog.isEmpty()
  }
}
