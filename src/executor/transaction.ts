// EXEC: the queued commands of one client as one unit, under the tokens of all their shards. Used
// by acceptors in place and by workers for rings (serve.ts).
//
//   set -> collect -> (tokens) -> run -> one commit over all shards
//
// `run` looks at what can stop the whole first: a log that is not writable, a watched key that was
// touched. Behind that every command is executed, whatever the ones before it answered. A write
// that fails in the middle stops none of them: their records wait with the others
// (log/slice-writer.ts), the reply to all is "outcome unknown", and what counts later is all of it
// or nothing. What waits fits: a queue counts 64 bytes with each command (ring/queued.ts), more
// than a record has around the arguments.
//
// Nothing between here and the commit may end the commit's chain of blocks: records of any size go
// to it, and only the executor commits.

import { SHARDS_MAX } from '../base/limits.ts'
import { type CommandRow, WRITE } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import { WATCH_WORDS, watchesHold } from '../keyspace/watch-list.ts'
import { WRITE_OK } from '../log/writer.ts'
import { LITERAL_CODE } from '../ring/layout.ts'
import { commandAttributes, commandCode, commandEnd } from '../ring/queued.ts'
import { EXEC_ABORT_MISCONF } from '../wire/replies.ts'
import { RequestArguments } from './arguments.ts'
import type { Executor } from './executor.ts'
import { markShards, needsAllShards, shardOfCall, takeMarked } from './participants.ts'

/** Not an outcome of a commit: nothing was executed, the reply says why. */
export const NOT_RUN = -1
/** A loop that may take longer than a millisecond ticks its thread's progress so often. */
const COMMANDS_PER_TICK = 64

const EXEC_CODE = codeOf('exec')

const marks = new Uint8Array(SHARDS_MAX)
const NO_BYTES = new Uint8Array(0)
const NO_WORDS = new Int32Array(0)

export function isExec(row: CommandRow): boolean {
  return row.code === EXEC_CODE
}

export class TransactionRunner {
  readonly #executor: Executor
  readonly #arguments = new RequestArguments()
  /** Shards that the transaction needs, after `collect`. */
  readonly shards: Int32Array
  #bytes: Uint8Array = NO_BYTES
  #words: Int32Array = NO_WORDS
  #start = 0
  #end = 0
  #watchWords: Int32Array = NO_WORDS
  #watchStart = 0
  #watchCount = 0
  #commandCount = 0
  #writes = false
  #protocol: 2 | 3 = 2

  constructor(executor: Executor) {
    this.#executor = executor
    this.shards = new Int32Array(executor.sides.length)
  }

  /**
   * Which transaction the next calls are about: commands in bytes [start, start + byteLength), a
   * view of the same memory as `words`; watched keys in words of theirs. `call.reply` speaks the
   * client's protocol.
   */
  set(
    bytes: Uint8Array,
    words: Int32Array,
    start: number,
    byteLength: number,
    watchWords: Int32Array,
    watchStart: number,
    watchLength: number,
  ): void {
    this.#bytes = bytes
    this.#words = words
    this.#start = start
    this.#end = start + byteLength
    this.#watchWords = watchWords
    this.#watchStart = watchStart
    this.#watchCount = watchLength / WATCH_WORDS
    this.#protocol = this.#executor.call.reply.protocol
  }

  /** Finds the shards of all commands and watched keys, ascending; returns how many. */
  collect(): number {
    const { call } = this.#executor
    const words = this.#words
    marks.fill(0)
    this.#commandCount = 0
    this.#writes = false
    for (let at = this.#start; at < this.#end; at = commandEnd(words, at)) {
      this.#commandCount++
      if (commandCode(words, at) === LITERAL_CODE) continue
      this.#arguments.fill(call, this.#bytes, words, at)
      if ((call.row.flags & WRITE) !== 0) this.#writes = true
      markShards(call, marks)
    }
    for (let index = 0; index < this.#watchCount; index++) {
      marks[this.#watchWords[this.#watchStart + index * WATCH_WORDS]] = 1
    }
    return takeMarked(marks, call.shardCount, this.shards)
  }

  /**
   * Takes the missing tokens (waiting), runs, commits as one group, releases what it took. Workers
   * only. Returns 0, the error class of a failed write, or NOT_RUN.
   */
  runOverShards(onWait: () => void): number {
    const executor = this.#executor
    const before = executor.heldCount
    const count = this.collect()
    executor.holdAll(this.shards, count, onWait)
    executor.readClock()
    const ran = this.run(count, onWait)
    // Also if it did not run: the reply tells what others have done (appendfsync always).
    const outcome = executor.commitGroup(this.shards, count)
    while (executor.heldCount > before)
      executor.release(executor.heldShards[executor.heldCount - 1])
    if (outcome !== WRITE_OK) return outcome
    return ran ? WRITE_OK : NOT_RUN
  }

  /**
   * With the tokens of the `count` shards found. False: the reply says why nothing was executed.
   */
  run(count: number, onTick: () => void): boolean {
    const executor = this.#executor
    const { call } = executor
    const { reply } = call
    reply.protocol = this.#protocol
    executor.counters.addCall(EXEC_CODE)
    if (this.#writes && !this.#writable(count)) {
      executor.counters.addError(EXEC_ABORT_MISCONF, 0)
      executor.counters.addRejected(EXEC_CODE)
      reply.raw(EXEC_ABORT_MISCONF)
      return false
    }
    const watched = this.#watchWords
    if (!watchesHold(call.sides, watched, this.#watchStart, this.#watchCount, call.nowMs)) {
      reply.nullArray()
      return false
    }
    reply.arrayHeader(this.#commandCount)
    call.inTransaction = true
    this.#runAll(count > 1, onTick)
    call.inTransaction = false
    call.severalShards = false
    executor.serveWaiting()
    // Nothing of the commands stays reachable by what the call held.
    call.bytes = NO_BYTES
    this.#bytes = NO_BYTES
    this.#words = NO_WORDS
    this.#watchWords = NO_WORDS
    return true
  }

  #runAll(severalShards: boolean, onTick: () => void): void {
    const { call } = this.#executor
    const { reply } = call
    const words = this.#words
    const replyStart = reply.position
    let overflowed = false
    let untilTick = COMMANDS_PER_TICK
    for (let at = this.#start; at < this.#end; at = commandEnd(words, at)) {
      if (commandCode(words, at) !== LITERAL_CODE) {
        this.#runOne(at, severalShards)
      } else {
        this.#arguments.fill(call, this.#bytes, words, at)
        reply.rawRange(call.bytes, call.starts[1], call.lengths[1])
      }
      if (reply.overflowed) {
        // The client will be cut, but its commands are executed all or not at all.
        overflowed = true
        reply.overflowed = false
        reply.position = replyStart
      }
      if (--untilTick > 0) continue
      untilTick = COMMANDS_PER_TICK
      onTick()
    }
    reply.overflowed = overflowed
  }

  #runOne(at: number, severalShards: boolean): void {
    const executor = this.#executor
    const { call } = executor
    this.#arguments.fill(call, this.#bytes, this.#words, at)
    const { row } = call
    const attributes = commandAttributes(this.#words, at)
    call.database = attributes & 0xff
    call.reply.protocol = (attributes >> 8) as 2 | 3
    call.severalShards = severalShards && (row.multiKey || needsAllShards(row))
    call.side = executor.sides[shardOfCall(call)]
    executor.runAccepted()
  }

  #writable(count: number): boolean {
    const { sides, call } = this.#executor
    for (let index = 0; index < count; index++) {
      if (!sides[this.shards[index]].log.writable(call.nowMs)) return false
    }
    return true
  }
}

function codeOf(name: string): number {
  const row = ROWS_BY_CODE.find((candidate) => candidate?.name === name)
  if (row === undefined) throw new Error(`the catalog has ${name}`)
  return row.code
}
