// What an acceptor does for the others before it gives a token back: it serves the commands that
// they would have run in place if it had not held the token. With two acceptors on two cores a
// worker woken for them is a third thread that wants a core; see ARCHITECTURE.md for the figures.
// Where there is one acceptor only replies to clients that waited for keys may have to wait for
// room.

import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import { attachServer } from '../executor/attach.ts'
import { drainBacklog, type ReplyBacklog } from '../executor/backlog.ts'
import type { Executor } from '../executor/executor.ts'
import type { SharedPlan } from '../executor/plan.ts'
import type { ShardServer } from '../executor/serve.ts'
import { replyBytesMax } from '../options/rows.ts'
import { ReplyWriter } from '../wire/encoder.ts'

const REPLY_BYTES_FIRST = 16_384
/** Replies that found no room are tried again this often. */
const BACKLOG_RETRY_MS = 2

export class OtherAcceptors {
  readonly #executor: Executor
  readonly #counters: Counters
  readonly #backlog: ReplyBacklog
  readonly #server: ShardServer
  readonly isAlone: boolean
  #retryArmed = false

  constructor(shared: SharedPlan, executor: Executor, counters: Counters) {
    const replyBytes = replyBytesMax(shared.facts.options.outputLimitNormal)
    const reply = new ReplyWriter(REPLY_BYTES_FIRST, replyBytes)
    const { server, backlog } = attachServer(shared, executor, reply)
    this.isAlone = shared.facts.acceptorCount === 1
    this.#executor = executor
    this.#counters = counters
    this.#server = server
    this.#backlog = backlog
  }

  /** Commits what this thread ran on the shard, with what it serves for others. 0 or the error. */
  commit(shard: number): number {
    if (this.isAlone) return this.#executor.commit(shard)
    const before = this.#server.ringedCount
    const outcome = this.#server.help(shard)
    const helped = this.#server.ringedCount - before
    if (helped > 0) this.#counters.add(COUNTER.commandsRinged, helped)
    return outcome
  }

  /** Behind the releases of a turn: what found no room is sent when there is some. */
  sendLater(): void {
    if (!this.#backlog.isEmpty()) this.#retryLater()
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
