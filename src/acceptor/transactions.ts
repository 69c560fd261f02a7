// MULTI from the inside: what is queued, what is watched, and EXEC, as one unit in place or by one
// request to the lowest of its shards.

import { WATCHES_OF_CLIENT_MAX } from '../base/limits.ts'
import { isFast } from '../catalog/lookup.ts'
import type { CommandRow } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import type { Executor } from '../executor/executor.ts'
import { collectShards } from '../executor/participants.ts'
import { TransactionRunner } from '../executor/transaction.ts'
import { WATCH_WORDS, watchesHold } from '../keyspace/watch-list.ts'
import type { Registry } from '../pubsub/registry.ts'
import { REQUEST_SEVERAL_SHARDS } from '../ring/layout.ts'
import {
  argumentCount,
  commandCode,
  commandEnd,
  QueuedCommands,
  readArguments,
} from '../ring/queued.ts'
import type { DecodedArguments } from '../wire/replies.ts'
import * as replies from '../wire/replies.ts'
import type { Answers } from './answers.ts'
import { type Connection, STOPPED_BARRIER } from './connection.ts'
import type { OwnCommands } from './own-commands.ts'
import type { Placing } from './placing.ts'
import type { RequestSender } from './sender.ts'
import type { Transaction } from './transaction.ts'

/** What EXEC sends: nothing for its name, the commands, the watched keys. */
const execStarts = new Int32Array(3)
const execLengths = new Int32Array(3)

export class Transactions {
  readonly #executor: Executor
  readonly #profile: number
  readonly #runner: TransactionRunner
  readonly #placing: Placing
  readonly #sender: RequestSender
  readonly #own: OwnCommands
  readonly #answers: Answers
  readonly #pubsub: Registry<Connection>
  readonly #participants: Int32Array

  constructor(
    executor: Executor,
    placing: Placing,
    sender: RequestSender,
    own: OwnCommands,
    answers: Answers,
    pubsub: Registry<Connection>,
  ) {
    this.#executor = executor
    this.#profile = executor.call.profile
    this.#runner = new TransactionRunner(executor)
    this.#placing = placing
    this.#sender = sender
    this.#own = own
    this.#answers = answers
    this.#pubsub = pubsub
    this.#participants = new Int32Array(executor.sides.length)
  }

  /** A command that passed all gates, and that is queued. */
  queue(
    connection: Connection,
    transaction: Transaction,
    command: DecodedArguments,
    row: CommandRow,
  ): boolean {
    const attributes = connection.database | (connection.protocol << 8)
    const reply = transaction.add(command, row, this.#profile, attributes)
    if (reply === replies.QUEUED) return this.#answers.answer(connection, reply)
    if (reply !== null) return this.#answers.reject(connection, row, reply)
    this.#answers.cut(connection)
    return true
  }

  /**
   * WATCH, whose keys are allowed to lie where they lie. A barrier, as a command over several
   * shards: nothing behind it may be begun unwatched. False: routed again later.
   */
  watch(connection: Connection, command: DecodedArguments, row: CommandRow): boolean {
    if (connection.inFlight() > 0) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    const { bytes, argStarts, argLengths, argCount } = command
    if ((connection.watching?.count ?? 0) + argCount - 1 > WATCHES_OF_CLIENT_MAX) {
      return this.#answers.reject(connection, row, replies.OUT_OF_MEMORY)
    }
    const { call } = this.#executor
    const shards = this.#participants
    this.#placing.fillCall(connection, command, row)
    const count = collectShards(call, shards)
    if (!isFast(row, argCount) || !this.#placing.holdAll(shards, count)) {
      const attributes =
        connection.database | (connection.protocol << 8) | (REQUEST_SEVERAL_SHARDS << 16)
      const sent = this.#sender.send(
        connection,
        shards[0],
        attributes,
        row.code,
        bytes,
        argStarts,
        argLengths,
        argCount,
      )
      if (sent) connection.stopped |= STOPPED_BARRIER
      return sent
    }
    if (count === 1) this.#placing.run(connection, shards[0])
    else this.#placing.runOver(connection, shards, count)
    const { watching } = call
    connection.watch(watching.words, 0, watching.count)
    watching.clear()
    return true
  }

  /** EXEC of what was queued. False: routed again later. */
  exec(connection: Connection, transaction: Transaction, row: CommandRow): boolean {
    const { sides } = this.#executor
    if (transaction.failed || transaction.severalSlots) {
      connection.endTransaction(sides)
      const text = transaction.failed ? replies.EXEC_ABORT : replies.CROSS_SLOT
      return this.#answers.reject(connection, row, text)
    }
    if (connection.inFlight() > 0) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    // Without tokens only a touched key is certain: then nothing is begun.
    if (transaction.prepared === null && !this.#watchesHold(connection)) {
      connection.endTransaction(sides)
      return this.#answers.answer(
        connection,
        connection.protocol === 2 ? replies.NULL_ARRAY : replies.NULL,
      )
    }
    if (transaction.hasOwn && !this.#prepare(connection, transaction)) {
      if (transaction.waits || transaction.isAgain) return false
      this.#answers.cut(connection)
      return true
    }
    const queue = transaction.prepared ?? transaction.queue
    const count = this.#set(connection, transaction, queue)
    const { shards } = this.#runner
    const short = count === 0 || transaction.mayRunInPlace()
    if (short && this.#placing.holdAll(shards, count)) {
      this.#runInPlace(connection, transaction, count)
      return true
    }
    return this.#send(connection, transaction, queue, row)
  }

  #watchesHold({ watching }: Connection): boolean {
    if (watching === null) return true
    const { sides, call } = this.#executor
    return watchesHold(sides, watching.words, 0, watching.count, call.nowMs)
  }

  /** Hands the transaction to the runner; returns how many shards it needs. */
  #set(connection: Connection, transaction: Transaction, queue: QueuedCommands): number {
    const { watching } = connection
    const { reply } = this.#executor.call
    reply.protocol = protocolOf(connection, transaction)
    const { bytes, words, byteLength } = queue
    const watchLength = watching === null ? 0 : watching.count * WATCH_WORDS
    const watchWords = watching === null ? words : watching.words
    this.#runner.set(bytes, words, 0, byteLength, watchWords, 0, watchLength)
    return this.#runner.collect()
  }

  #runInPlace(connection: Connection, transaction: Transaction, count: number): void {
    const { reply, sides } = this.#executor.call
    const { shards } = this.#runner
    const start = reply.position
    const ran = this.#runner.run(count, noTick)
    if (!ran && transaction.before !== null) connection.restore(transaction.before)
    connection.endTransaction(sides)
    if (count === 0) this.#answers.deliver(connection, start)
    else if (count === 1) this.#placing.finish(connection, shards[0], start)
    else this.#placing.commitOver(connection, shards, count, start)
    // Behind the reply: messages are encoded into the same slab.
    if (ran) this.#pubsub.publishAll(transaction.messages)
  }

  #send(
    connection: Connection,
    transaction: Transaction,
    queue: QueuedCommands,
    row: CommandRow,
  ): boolean {
    const { watching } = connection
    const watchLength = watching === null ? 0 : watching.count * WATCH_WORDS
    execLengths[1] = queue.byteLength
    execStarts[2] = queue.byteLength
    execLengths[2] = watchLength * 4
    if (watching !== null) queue.addWords(watching.words, watchLength)
    const protocol = protocolOf(connection, transaction)
    const attributes = connection.database | (protocol << 8) | (REQUEST_SEVERAL_SHARDS << 16)
    const sent = this.#sender.send(
      connection,
      this.#runner.shards[0],
      attributes,
      row.code,
      queue.bytes,
      execStarts,
      execLengths,
      3,
    )
    if (!sent) return false
    connection.transaction = null
    connection.stateBeforeExec = transaction.before
    connection.messagesOfExec = transaction.messages
    connection.stopped |= STOPPED_BARRIER
    return true
  }

  /**
   * Executes the acceptor's own commands of a transaction, each once. False: it waits for the reply
   * of one, or is more than a client may have unsent.
   */
  #prepare(connection: Connection, transaction: Transaction): boolean {
    if (transaction.waits) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    const { queue } = transaction
    const { words } = queue
    transaction.prepared ??= new QueuedCommands()
    transaction.before ??= connection.state()
    while (transaction.preparedTo < queue.byteLength) {
      const at = transaction.preparedTo
      transaction.preparedTo = commandEnd(words, at)
      const row = ROWS_BY_CODE[commandCode(words, at)]
      const own = row !== undefined && row.place !== 'shard'
      const added = own
        ? this.#runOwn(connection, row, transaction, at)
        : transaction.prepared.addCopy(queue, at, connection.database | (connection.protocol << 8))
      if (added) continue
      if (transaction.isAgain) transaction.preparedTo = at
      return false
    }
    return true
  }

  #runOwn(connection: Connection, row: CommandRow, transaction: Transaction, at: number): boolean {
    const { reply } = this.#executor.call
    const { bytes, words } = transaction.queue
    const argCount = argumentCount(words, at)
    const starts = new Int32Array(argCount)
    const lengths = new Int32Array(argCount)
    readArguments(words, at, starts, lengths)
    const { partialReply } = transaction
    const ended = this.#own.run(connection, row, bytes, starts, lengths, argCount, transaction)
    transaction.isAgain = !ended
    if (transaction.waits) return false
    // Messages for subscribers may stand in front of the reply; those stay in the slab.
    const start = this.#own.replyStart()
    let whole = Buffer.from(reply.bytes.subarray(start, reply.position))
    if (partialReply !== null) whole = Buffer.concat([partialReply, whole])
    transaction.partialReply = ended ? null : whole
    const added = ended && transaction.putReply(whole, 0, whole.length)
    reply.position = start
    if (added && !reply.overflowed) return true
    reply.overflowed = false
    return false
  }
}

/** What the reply to EXEC is in, whatever HELLO inside the transaction chose. */
function protocolOf(connection: Connection, { before }: Transaction): 2 | 3 {
  return before === null ? connection.protocol : before.protocol
}

function noTick(): void {}
