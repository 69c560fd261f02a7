// From a decoded command to the place where it runs. Admission is one flat list of gates, in the
// order of Redis's processCommand; behind the last gate the command runs
//
//   here, with the session          place 'connection'                          own-commands.ts
//   here, under the shard's token   if the policy allows it and it is free      placing.ts
//   on a worker                     through the ring of its (lowest) shard      sender.ts
//   not yet                         since MULTI: queued until EXEC              transactions.ts
//
// `route` returns false when the connection has to stop: the command was not begun and the same
// bytes are routed again later.

import { arityFits, findCommand, findSubcommand, isFast, servedIn } from '../catalog/lookup.ts'
import {
  BLOCKS,
  type CommandRow,
  CROSS_SLOT_OK,
  LOADING_OK,
  NO_AUTH,
  NOT_QUEUED,
  PROFILE_REDIS,
  PUBSUB_OK,
  REGISTERS,
} from '../catalog/spec.ts'
import { COUNTER } from '../counters/layout.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import type { Executor } from '../executor/executor.ts'
import { collectShards, needsAllShards, shardWithoutKey } from '../executor/participants.ts'
import { isExec } from '../executor/transaction.ts'
import { REQUEST_PLACEABLE, REQUEST_SEVERAL_SHARDS } from '../ring/layout.ts'
import { MONITORS_WORD, PAUSE_MODE_WORD, STATE_SERVING, STATE_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { type CommandDecoder, isHttpAttempt } from '../wire/decoder.ts'
import * as replies from '../wire/replies.ts'
import type { Answers } from './answers.ts'
import type { Blocking } from './blocking.ts'
import { type Connection, MUTED_NOT, STOPPED_BARRIER } from './connection.ts'
import { SEVERAL_SHARDS, SLOTS_REFUSED, shardOfKeys } from './key-shards.ts'
import type { OwnCommands } from './own-commands.ts'
import type { Placing } from './placing.ts'
import { isHello, refuse, subscriberContext, wrongArity } from './refusals.ts'
import type { RequestSender } from './sender.ts'
import type { Session } from './session.ts'
import type { Transactions } from './transactions.ts'
import { routeMuted, showToMonitors, waitsForPause } from './watched.ts'

/** Only an EXEC that has subscribed and is routed again comes with both. */
function isBound({ protocol, transaction }: Connection): boolean {
  return protocol === 2 && transaction === null
}

export class Router {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #answers: Answers
  readonly #own: OwnCommands
  readonly #placing: Placing
  readonly #sender: RequestSender
  readonly #transactions: Transactions
  readonly #blocking: Blocking
  readonly #profile: number
  /** There are other acceptors: see acceptor/other-acceptors.ts. */
  readonly #sharing: boolean
  readonly #shardCount: number
  readonly #participants: Int32Array
  readonly #session: Session
  /** Somebody watches with MONITOR, or clients are paused: looked at once a receive. */
  #isWatched = false

  constructor(
    executor: Executor,
    answers: Answers,
    own: OwnCommands,
    placing: Placing,
    sender: RequestSender,
    transactions: Transactions,
    blocking: Blocking,
    session: Session,
  ) {
    this.#rows = executor.rows
    this.#executor = executor
    this.#answers = answers
    this.#own = own
    this.#placing = placing
    this.#sender = sender
    this.#transactions = transactions
    this.#blocking = blocking
    this.#profile = executor.call.profile
    this.#session = session
    this.#sharing = session.facts.acceptorCount > 1
    this.#shardCount = executor.sides.length
    this.#participants = new Int32Array(this.#shardCount)
  }

  /** Begins a receive of so many bytes. */
  begin(receiveBytes: number): void {
    const { words } = this.#rows
    this.#placing.begin(receiveBytes)
    this.#isWatched = (words[MONITORS_WORD] | words[PAUSE_MODE_WORD]) !== 0
  }

  /** Makes what was sent since the last call visible to the shards. */
  publish(): void {
    this.#sender.publish()
  }

  route(connection: Connection, decoder: CommandDecoder): boolean {
    if (connection.muted === MUTED_NOT) return this.#route(connection, decoder)
    return routeMuted(connection, () => this.#route(connection, decoder))
  }

  #route(connection: Connection, decoder: CommandDecoder): boolean {
    const { bytes, argStarts, argLengths, argCount } = decoder
    let row = findCommand(bytes, argStarts[0], argLengths[0])
    if (row === undefined || !servedIn(row, this.#profile)) {
      if (isHttpAttempt(decoder)) return this.#hangUp(connection)
      return this.#refuse(connection, decoder)
    }
    if (row.subcommands.length > 0 && argCount > 1) {
      const found = findSubcommand(row, bytes, argStarts[1], argLengths[1])
      if (found === undefined || !servedIn(found, this.#profile)) {
        return this.#refuse(connection, decoder)
      }
      row = found
    }
    if (!connection.authenticated && (row.flags & NO_AUTH) === 0) {
      return this.#reject(connection, row, replies.NO_AUTH)
    }
    if (!arityFits(row, argCount, this.#profile)) return this.#wrongArity(connection, row)
    if (connection.subscriber !== null && !(row.flags & PUBSUB_OK) && isBound(connection)) {
      return this.#reject(connection, row, subscriberContext(row, this.#profile))
    }
    if ((row.flags & LOADING_OK) === 0 && this.#rows.words[STATE_WORD] !== STATE_SERVING) {
      return this.#reject(connection, row, replies.LOADING)
    }
    connection.lastCode = row.code
    if (this.#isWatched) return this.#runWatched(connection, decoder, row)
    return this.#run(connection, decoder, row)
  }

  #run(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    const { transaction } = connection
    if (transaction !== null && (row.flags & NOT_QUEUED) === 0) {
      return this.#transactions.queue(connection, transaction, decoder, row)
    }
    if (row.place === 'shard') {
      if ((row.flags & REGISTERS) !== 0) return this.#watch(connection, decoder, row)
      if ((row.flags & BLOCKS) !== 0) return this.#block(connection, decoder, row)
      return this.#toShard(connection, decoder, row)
    }
    if (transaction !== null && isExec(row)) {
      return this.#transactions.exec(connection, transaction, row)
    }
    return this.#runOwn(connection, decoder, row)
  }

  #runOwn(
    connection: Connection,
    { bytes, argStarts, argLengths, argCount }: CommandDecoder,
    row: CommandRow,
  ): boolean {
    const begun = this.#own.run(connection, row, bytes, argStarts, argLengths, argCount, null)
    const start = this.#own.replyStart()
    // What a command that goes on later has said leaves now.
    const says = begun ? !this.#own.isSilent() : this.#answers.output.writer.position > start
    if (says) this.#answers.deliver(connection, start)
    return begun
  }

  #runWatched(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    if (waitsForPause(connection, row, this.#session)) return false
    const begun = this.#run(connection, decoder, row)
    if (begun) showToMonitors(connection, decoder, row, this.#session)
    return begun
  }

  // ── What is not served ──────────────────────────────────────────────────────────────────────

  #hangUp(connection: Connection): boolean {
    const { output, counters } = this.#answers
    connection.closing = true
    counters.add(COUNTER.protocolErrors, 1)
    output.attach(connection, output.writer.position)
    connection.socket.destroy()
    return true
  }

  #refuse(connection: Connection, decoder: CommandDecoder): boolean {
    if (connection.transaction !== null) connection.transaction.failed = true
    const { writer } = this.#answers.output
    const start = writer.position
    // HELLO is refused by name to everybody: clients fall back to AUTH then.
    const told = connection.authenticated || isHello(decoder)
    if (told) refuse(writer, decoder, this.#profile)
    else writer.raw(replies.NO_AUTH)
    this.#answers.counters.addError(writer.bytes, start)
    this.#answers.deliver(connection, start)
    return true
  }

  /** A command is refused: a transaction that it was for will be, too. */
  #reject(connection: Connection, row: CommandRow, text: Uint8Array): boolean {
    if (connection.transaction !== null) connection.transaction.failed = true
    return this.#answers.reject(connection, row, text)
  }

  #wrongArity(connection: Connection, row: CommandRow): boolean {
    if (!isExec(row) || this.#profile !== PROFILE_REDIS) {
      return this.#reject(connection, row, wrongArity(row, this.#profile))
    }
    // 7.0's EXEC ends a transaction and all watching also then, 3.2's does not. [redis-7.0
    // server.c]
    connection.endTransaction(this.#executor.sides)
    return this.#answers.reject(connection, row, replies.EXEC_ABORT_ARITY_70)
  }

  // ── Commands of shards ──────────────────────────────────────────────────────────────────────

  #toShard(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    const { bytes, argStarts, argLengths } = decoder
    let shard = 0
    if (row.multiKey) {
      const crossSlot = this.#profile === PROFILE_REDIS || (row.flags & CROSS_SLOT_OK) !== 0
      shard = shardOfKeys(decoder, row, crossSlot, this.#shardCount)
      if (shard === SLOTS_REFUSED) return this.#reject(connection, row, replies.CROSS_SLOT)
      if (shard === SEVERAL_SHARDS) return this.#toShards(connection, decoder, row)
    } else if (row.firstKey > 0) {
      const slot = slotOfKey(bytes, argStarts[row.firstKey], argLengths[row.firstKey])
      shard = shardOfSlot(slot, this.#shardCount)
    } else if (!needsAllShards(row)) {
      shard = shardWithoutKey(row, bytes, argStarts, argLengths, this.#shardCount)
    } else if (this.#shardCount > 1) {
      return this.#toShards(connection, decoder, row)
    }
    const fast = isFast(row, decoder.argCount)
    if (connection.inFlight() === 0 && this.#placing.hold(fast, shard)) {
      this.#placing.fillCall(connection, decoder, row)
      this.#placing.run(connection, shard)
      return true
    }
    const placeable = this.#sharing && this.#placing.allows(fast, shard)
    return this.#toRing(connection, decoder, row, shard, placeable ? REQUEST_PLACEABLE : 0)
  }

  /**
   * A command over several shards is a barrier for its connection: it starts when all earlier
   * replies have come and nothing of the connection is begun before its own, so a client sees its
   * own writes in order whatever shards they went to.
   */
  #toShards(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    if (connection.inFlight() > 0) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    this.#placing.fillCall(connection, decoder, row)
    const count = collectShards(this.#executor.call, this.#participants)
    if (count === 1) {
      return this.#toRing(connection, decoder, row, this.#participants[0], 0)
    }
    const fast = isFast(row, decoder.argCount)
    if (fast && this.#placing.holdAll(this.#participants, count)) {
      this.#placing.runOver(connection, this.#participants, count)
      return true
    }
    const lowest = this.#participants[0]
    if (!this.#toRing(connection, decoder, row, lowest, REQUEST_SEVERAL_SHARDS)) return false
    connection.stopped |= STOPPED_BARRIER
    return true
  }

  #toRing(
    connection: Connection,
    { bytes, argStarts, argLengths, argCount }: CommandDecoder,
    row: CommandRow,
    shard: number,
    flags: number,
  ): boolean {
    const attributes = connection.database | (connection.protocol << 8) | (flags << 16)
    return this.#sender.send(
      connection,
      shard,
      attributes,
      row.code,
      bytes,
      argStarts,
      argLengths,
      argCount,
    )
  }

  #watch(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    // Refused by the command itself: no reason to refuse the transaction.
    if (connection.transaction !== null) {
      return this.#answers.reject(connection, row, replies.WATCH_INSIDE_MULTI)
    }
    const crossSlot = this.#profile === PROFILE_REDIS
    if (shardOfKeys(decoder, row, crossSlot, this.#shardCount) === SLOTS_REFUSED) {
      return this.#answers.reject(connection, row, replies.CROSS_SLOT)
    }
    return this.#transactions.watch(connection, decoder, row)
  }

  #block(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    const crossSlot = this.#profile === PROFILE_REDIS
    if (shardOfKeys(decoder, row, crossSlot, this.#shardCount) === SLOTS_REFUSED) {
      return this.#reject(connection, row, replies.CROSS_SLOT)
    }
    return this.#blocking.send(connection, decoder, row)
  }
}
