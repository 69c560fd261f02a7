// Running in place: on the acceptor, under the tokens of the shards, if the policy allows it and
// the tokens are free. What one shard ran is committed at the end of the turn, what several shards
// ran together at once.

import type { CommandRow } from '../catalog/spec.ts'
import type { Call } from '../command/call.ts'
import { COUNTER } from '../counters/layout.ts'
import { isDeep, mayRunInPlace } from '../dispatch/policy.ts'
import type { Executor } from '../executor/executor.ts'
import {
  DISPATCH_WORD,
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  LAST_WRITE_MICROS_WORD,
  SYNCING_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { type DecodedArguments, MISCONF_UNKNOWN } from '../wire/replies.ts'
import type { Answers } from './answers.ts'
import type { Connection } from './connection.ts'
import type { Output } from './output.ts'
import type { TurnLog } from './turn.ts'

/** Commands over at most so many shards may run in place. */
const PLACED_SHARDS_MAX = 4

export class Placing {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #call: Call
  readonly #answers: Answers
  readonly #output: Output
  readonly #turn: TurnLog
  /** Bytes of the receive that is being routed, for the policy. */
  #receiveBytes = 0
  /** The receive is none that the policy sends to workers for its depth. */
  #shallow = true

  constructor(executor: Executor, answers: Answers, turn: TurnLog) {
    this.#rows = executor.rows
    this.#executor = executor
    this.#call = executor.call
    this.#answers = answers
    this.#output = answers.output
    this.#turn = turn
  }

  /** Begins a receive of so many bytes. */
  begin(receiveBytes: number): void {
    this.#receiveBytes = receiveBytes
    this.#shallow = !isDeep(this.#rows.words[DISPATCH_WORD], receiveBytes)
  }

  /** Takes the shard, if its command may run here. */
  hold(fast: boolean, shard: number): boolean {
    const executor = this.#executor
    // A shard that is held stays in place for the turn: its write is due at the end of it anyway.
    if (executor.holds(shard)) return fast && this.#shallow
    if (!this.allows(fast, shard) || executor.requestsWait(shard)) return false
    return executor.tryHold(shard)
  }

  /** Takes all of the shards, which ascend, or none. For bounded work only. */
  holdAll(shards: Int32Array, count: number): boolean {
    const executor = this.#executor
    if (count > PLACED_SHARDS_MAX) return false
    for (let index = 0; index < count; index++) {
      const shard = shards[index]
      if (!this.allows(true, shard)) return false
      if (!executor.holds(shard) && executor.requestsWait(shard)) return false
    }
    return executor.tryHoldAll(shards, count)
  }

  /** What the policy says of this receive and that shard now. */
  allows(fast: boolean, shard: number): boolean {
    const { words } = this.#rows
    const { row } = this.#executor.sides[shard]
    return mayRunInPlace(
      words[DISPATCH_WORD],
      fast,
      this.#receiveBytes,
      words[FSYNC_POLICY_WORD] === FSYNC_ALWAYS,
      words[row + SYNCING_WORD] !== 0,
      words[row + LAST_WRITE_MICROS_WORD],
    )
  }

  fillCall(connection: Connection, decoder: DecodedArguments, row: CommandRow): void {
    const call = this.#call
    // Stores of objects cost a look by the collector, comparisons do not.
    if (call.row !== row) call.row = row
    if (call.bytes !== decoder.bytes) call.bytes = decoder.bytes
    if (call.starts !== decoder.argStarts) call.starts = decoder.argStarts
    if (call.lengths !== decoder.argLengths) call.lengths = decoder.argLengths
    call.argCount = decoder.argCount
    call.database = connection.database
    call.client = connection.id
    call.reply.protocol = connection.protocol
  }

  /** Runs the command in the call on a shard that is held. */
  run(connection: Connection, shard: number): void {
    const start = this.#output.writer.position
    const side = this.#executor.sides[shard]
    if (this.#call.side !== side) this.#call.side = side
    this.#call.severalShards = false
    this.#executor.run()
    this.finish(connection, shard, start)
  }

  /** The slab from `start` on is the reply to what ran on the shard; its commit is due. */
  finish(connection: Connection, shard: number, start: number): void {
    const { writer } = this.#output
    if (writer.overflowed) {
      this.#answers.deliver(connection, start)
      return
    }
    this.#turn.add(connection.slot, shard, start, writer.position)
    this.#output.attach(connection, start)
    this.#answers.counters.add(COUNTER.commandsPlaced, 1)
  }

  /** Runs the command in the call over shards that are held. */
  runOver(connection: Connection, participants: Int32Array, count: number): void {
    const call = this.#call
    const start = this.#output.writer.position
    call.severalShards = true
    call.side = this.#executor.sides[participants[0]]
    this.#executor.run()
    call.severalShards = false
    this.commitOver(connection, participants, count, start)
  }

  /** The slab from `start` on is the reply to what ran over the shards: one commit, now. */
  commitOver(connection: Connection, participants: Int32Array, count: number, start: number): void {
    const { writer } = this.#output
    const shards = participants.slice(0, count)
    const outcome = this.#executor.commitGroup(shards)
    let replyStart = start
    if (outcome !== 0) {
      writer.overflowed = false
      writer.position = start
      // Earlier commands of this turn are in the blocks that were not written.
      for (const shard of shards) this.#turn.answerUnknown(shard, this.#output)
      replyStart = writer.position
      writer.raw(MISCONF_UNKNOWN)
    } else if (writer.overflowed) {
      this.#answers.deliver(connection, start)
      return
    }
    for (const shard of shards) {
      this.#turn.add(connection.slot, shard, replyStart, writer.position)
    }
    this.#output.attach(connection, replyStart)
    this.#answers.counters.add(COUNTER.commandsPlaced, 1)
  }
}
