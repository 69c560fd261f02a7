// From a decoded command to the place where it runs. Admission is one flat list of gates, in the
// order of Redis's processCommand; behind the last gate the command runs
//
//   here, with the session          place 'connection'
//   here, under the shard's token   if the policy allows it and the token is free
//   on a worker                     through the request ring of its shard (or lowest shard)
//
// `route` returns false when the connection has to stop: the command was not begun and the same
// bytes are routed again later.

import { arityFits, findCommand, findSubcommand, isFast, servedIn } from '../catalog/lookup.ts'
import {
  BY_SLOT,
  type CommandRow,
  CROSS_SLOT_OK,
  KEYLESS_ALL_SHARDS,
  LOADING_OK,
  MERGE_CURSOR,
  NO_AUTH,
  PROFILE_REDIS,
} from '../catalog/spec.ts'
import type { Call } from '../command/call.ts'
import { shardOfScanCursor } from '../command/scan-cursor.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import { isDeep, mayRunInPlace } from '../dispatch/policy.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import type { Executor } from '../executor/executor.ts'
import { collectShards } from '../executor/participants.ts'
import { markRequestsReady } from '../ring/bell.ts'
import { REQUEST_PLACEABLE, REQUEST_SEVERAL_SHARDS } from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { commandByteLength, type RequestWriter } from '../ring/requests.ts'
import {
  DISPATCH_WORD,
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  LAST_WRITE_MICROS_WORD,
  MONITORS_WORD,
  PAUSE_MODE_WORD,
  STATE_SERVING,
  STATE_WORD,
  SYNCING_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { type CommandDecoder, isHttpAttempt } from '../wire/decoder.ts'
import * as replies from '../wire/replies.ts'
import {
  type Connection,
  MUTED_NOT,
  STOPPED_BARRIER,
  STOPPED_IN_FLIGHT,
  STOPPED_RING_FULL,
} from './connection.ts'
import type { Inbox } from './inbox.ts'
import { SEVERAL_SHARDS, SLOTS_REFUSED, shardOfKeys, shardOfSlotArgument } from './key-shards.ts'
import type { Output } from './output.ts'
import { isHello, refuse, wrongArity } from './refusals.ts'
import type { Session, SessionHandler } from './session.ts'
import type { TurnLog } from './turn.ts'
import { routeMuted, showToMonitors, waitsForPause } from './watched.ts'

/** Commands over at most so many shards may run in place. */
const PLACED_SHARDS_MAX = 4

export class Router {
  readonly #rows: Rows
  readonly #executor: Executor
  readonly #call: Call
  readonly #session: Session
  readonly #sessionHandlers: readonly (SessionHandler | undefined)[]
  readonly #requests: readonly RequestWriter[]
  readonly #pool: ChunkPool
  readonly #output: Output
  readonly #inbox: Inbox
  readonly #turn: TurnLog
  readonly #counters: Counters
  readonly #profile: number
  /** There are other acceptors: see acceptor/other-acceptors.ts. */
  readonly #sharing: boolean
  readonly #shardCount: number
  /** Shards whose request ring got records since the last publish. */
  readonly #touched: Int32Array
  readonly #isTouched: Uint8Array
  #touchedCount = 0
  readonly #participants: Int32Array
  /** Bytes of the receive that is being routed, for the policy. */
  #receiveBytes = 0
  /** The receive is none that the policy sends to workers for its depth. */
  #shallow = true
  /** Somebody watches with MONITOR, or clients are paused: looked at once a receive. */
  #isWatched = false

  constructor(
    rows: Rows,
    executor: Executor,
    session: Session,
    sessionHandlers: readonly (SessionHandler | undefined)[],
    requests: readonly RequestWriter[],
    pool: ChunkPool,
    output: Output,
    inbox: Inbox,
    turn: TurnLog,
  ) {
    this.#rows = rows
    this.#executor = executor
    this.#call = executor.call
    this.#session = session
    this.#sessionHandlers = sessionHandlers
    this.#requests = requests
    this.#pool = pool
    this.#output = output
    this.#inbox = inbox
    this.#turn = turn
    this.#counters = session.counters
    this.#profile = session.facts.profile
    this.#sharing = session.facts.acceptorCount > 1
    this.#shardCount = session.facts.shardCount
    this.#touched = new Int32Array(this.#shardCount)
    this.#isTouched = new Uint8Array(this.#shardCount)
    this.#participants = new Int32Array(this.#shardCount)
  }

  /** Begins a receive of so many bytes. */
  begin(receiveBytes: number): void {
    this.#receiveBytes = receiveBytes
    const { words } = this.#rows
    this.#shallow = !isDeep(words[DISPATCH_WORD], receiveBytes)
    this.#isWatched = (words[MONITORS_WORD] | words[PAUSE_MODE_WORD]) !== 0
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
    if (!arityFits(row, argCount, this.#profile)) {
      return this.#reject(connection, row, wrongArity(row, this.#profile))
    }
    if ((row.flags & LOADING_OK) === 0 && this.#rows.words[STATE_WORD] !== STATE_SERVING) {
      return this.#reject(connection, row, replies.LOADING)
    }
    connection.lastCode = row.code
    if (this.#isWatched) return this.#runWatched(connection, decoder, row)
    return this.#run(connection, decoder, row)
  }

  #run(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    if (row.place === 'shard') return this.#toShard(connection, decoder, row)
    return this.#runSession(connection, decoder, row)
  }

  #runWatched(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    if (waitsForPause(connection, row, this.#session)) return false
    const begun = this.#run(connection, decoder, row)
    if (begun) showToMonitors(connection, decoder, row, this.#session)
    return begun
  }

  // ── Answers of the acceptor itself ──────────────────────────────────────────────────────────

  #hangUp(connection: Connection): boolean {
    connection.closing = true
    this.#counters.add(COUNTER.protocolErrors, 1)
    this.#output.attach(connection, this.#output.writer.position)
    connection.socket.destroy()
    return true
  }

  #refuse(connection: Connection, decoder: CommandDecoder): boolean {
    const start = this.#output.writer.position
    // HELLO is refused by name to everybody: clients fall back to AUTH then.
    const told = connection.authenticated || isHello(decoder)
    if (told) refuse(this.#output.writer, decoder, this.#profile)
    else this.#output.writer.raw(replies.NO_AUTH)
    this.#counters.addError(this.#output.writer.bytes, start)
    this.deliver(connection, start)
    return true
  }

  /** An error in front of the command's handler. */
  #reject(connection: Connection, row: CommandRow, text: Uint8Array): boolean {
    const start = this.#output.writer.position
    this.#output.writer.raw(text)
    this.#counters.addError(text, 0)
    this.#counters.addRejected(row.code)
    this.deliver(connection, start)
    return true
  }

  #runSession(connection: Connection, decoder: CommandDecoder, row: CommandRow): boolean {
    const session = this.#session
    const writer = this.#output.writer
    const start = writer.position
    session.again = false
    session.isSilent = false
    session.connection = connection
    session.row = row
    session.bytes = decoder.bytes
    session.starts = decoder.argStarts
    session.lengths = decoder.argLengths
    session.argCount = decoder.argCount
    writer.protocol = connection.protocol
    const handler = this.#sessionHandlers[row.code]
    if (handler === undefined) writer.raw(wrongArity(row, this.#profile))
    else handler(session)
    if (session.again) return false
    if (writer.isError(start)) {
      this.#counters.addError(writer.bytes, start)
      this.#counters.addFailed(row.code)
    }
    this.#counters.add(COUNTER.commandsLocal, 1)
    this.#counters.addCall(row.code)
    if (!session.isSilent) this.deliver(connection, start)
    return true
  }

  /** Slab bytes from `start` on are the next reply of the connection, in its turn. */
  deliver(connection: Connection, start: number): void {
    const writer = this.#output.writer
    if (writer.overflowed) {
      writer.overflowed = false
      writer.position = start
      connection.closing = true
      this.#output.cut(connection)
      return
    }
    if (connection.inFlight() === 0) {
      this.#output.attach(connection, start)
      return
    }
    const sequence = connection.sequenceNext
    connection.sequenceNext = (sequence + 1) | 0
    connection.stash.put(sequence, writer.bytes, start, writer.position - start)
    writer.position = start
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
    } else if (row.merge === MERGE_CURSOR) {
      shard = shardOfScanCursor(bytes, argStarts[1], argLengths[1], this.#shardCount)
    } else if ((row.flags & BY_SLOT) !== 0) {
      shard = shardOfSlotArgument(decoder, this.#shardCount)
    } else if ((row.flags & KEYLESS_ALL_SHARDS) !== 0 && this.#shardCount > 1) {
      return this.#toShards(connection, decoder, row)
    }
    const fast = isFast(row, decoder.argCount)
    if (connection.inFlight() === 0 && this.#holdInPlace(fast, shard)) {
      this.#runInPlace(connection, decoder, row, shard)
      return true
    }
    const placeable = this.#sharing && this.#allowsPlace(fast, shard)
    return this.#toRing(connection, decoder, row, shard, placeable ? REQUEST_PLACEABLE : 0)
  }

  #holdInPlace(fast: boolean, shard: number): boolean {
    const executor = this.#executor
    // A shard that is held stays in place for the turn: its write is due at the end of it anyway.
    if (executor.holds(shard)) return fast && this.#shallow
    if (!this.#allowsPlace(fast, shard) || executor.requestsWait(shard)) return false
    return executor.tryHold(shard)
  }

  /** What the policy says of this receive and that shard now. */
  #allowsPlace(fast: boolean, shard: number): boolean {
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

  #fillCall(connection: Connection, decoder: CommandDecoder, row: CommandRow): void {
    const call = this.#call
    // Stores of objects cost a look by the collector, comparisons do not.
    if (call.row !== row) call.row = row
    if (call.bytes !== decoder.bytes) call.bytes = decoder.bytes
    if (call.starts !== decoder.argStarts) call.starts = decoder.argStarts
    if (call.lengths !== decoder.argLengths) call.lengths = decoder.argLengths
    call.argCount = decoder.argCount
    call.database = connection.database
    call.reply.protocol = connection.protocol
  }

  #runInPlace(
    connection: Connection,
    decoder: CommandDecoder,
    row: CommandRow,
    shard: number,
  ): void {
    const writer = this.#output.writer
    const start = writer.position
    this.#fillCall(connection, decoder, row)
    const side = this.#executor.sides[shard]
    if (this.#call.side !== side) this.#call.side = side
    this.#call.severalShards = false
    this.#executor.run()
    if (writer.overflowed) {
      this.deliver(connection, start)
      return
    }
    this.#turn.add(connection.slot, shard, start, writer.position)
    this.#output.attach(connection, start)
    this.#counters.add(COUNTER.commandsPlaced, 1)
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
    this.#fillCall(connection, decoder, row)
    const count = collectShards(this.#call, this.#participants)
    if (count === 1) {
      return this.#toRing(connection, decoder, row, this.#participants[0], 0)
    }
    if (count <= PLACED_SHARDS_MAX && this.#holdAllInPlace(row, decoder.argCount, count)) {
      this.#runOverShardsInPlace(connection, count)
      return true
    }
    const lowest = this.#participants[0]
    if (!this.#toRing(connection, decoder, row, lowest, REQUEST_SEVERAL_SHARDS)) return false
    connection.stopped |= STOPPED_BARRIER
    return true
  }

  #holdAllInPlace(row: CommandRow, argCount: number, count: number): boolean {
    const executor = this.#executor
    if (!isFast(row, argCount)) return false
    for (let index = 0; index < count; index++) {
      const shard = this.#participants[index]
      if (!this.#allowsPlace(true, shard)) return false
      if (!executor.holds(shard) && executor.requestsWait(shard)) return false
    }
    return executor.tryHoldAll(this.#participants, count)
  }

  #runOverShardsInPlace(connection: Connection, count: number): void {
    const executor = this.#executor
    const call = this.#call
    const writer = this.#output.writer
    let start = writer.position
    call.severalShards = true
    call.side = executor.sides[this.#participants[0]]
    executor.run()
    call.severalShards = false
    const shards = this.#participants.slice(0, count)
    const outcome = executor.commitGroup(shards)
    if (outcome !== 0) {
      writer.overflowed = false
      writer.position = start
      // Earlier commands of this turn are in the blocks that were not written.
      for (const shard of shards) this.#turn.answerUnknown(shard, this.#output)
      start = writer.position
      writer.raw(replies.MISCONF_UNKNOWN)
    } else if (writer.overflowed) {
      this.deliver(connection, start)
      return
    }
    for (const shard of shards) this.#turn.add(connection.slot, shard, start, writer.position)
    this.#output.attach(connection, start)
    this.#counters.add(COUNTER.commandsPlaced, 1)
  }

  // ── Through the ring ────────────────────────────────────────────────────────────────────────

  #toRing(
    connection: Connection,
    decoder: CommandDecoder,
    row: CommandRow,
    shard: number,
    flags: number,
  ): boolean {
    if (connection.inFlight() >= connection.inFlightMax) {
      connection.stopped |= STOPPED_IN_FLIGHT
      return false
    }
    if (this.#profile === PROFILE_REDIS && !this.#keepsOrder(connection, shard)) return false
    const requests = this.#requests[shard]
    const attributes = connection.database | (connection.protocol << 8) | (flags << 16)
    const sequence = connection.sequenceNext
    const { bytes, argStarts, argLengths, argCount } = decoder
    const size = commandByteLength(argStarts, argLengths, argCount)
    let added = false
    if (size <= requests.ring.byteLength >> 2) {
      const several = flags === REQUEST_SEVERAL_SHARDS
      if (several) requests.close()
      added = requests.add(
        connection.slot,
        connection.generation,
        sequence,
        attributes,
        row.code,
        bytes,
        argStarts,
        argLengths,
        argCount,
      )
      if (several) requests.close()
    } else {
      const chunks: number[] = []
      added = requests.addChunked(
        connection.slot,
        connection.generation,
        sequence,
        attributes,
        row.code,
        bytes,
        argStarts,
        argLengths,
        argCount,
        this.#pool,
        chunks,
      )
      if (added) {
        connection.lentChunks ??= new Map()
        connection.lentChunks.set(sequence, chunks)
      }
    }
    if (!added) {
      connection.stopped |= STOPPED_RING_FULL
      return false
    }
    connection.sequenceNext = (sequence + 1) | 0
    this.#inbox.inFlight++
    if (this.#isTouched[shard] === 0) {
      this.#isTouched[shard] = 1
      this.#touched[this.#touchedCount++] = shard
    }
    return true
  }

  /**
   * Profile redis executes a connection's commands in their order over all shards: the next shard
   * gets one only when the last one has answered.
   */
  #keepsOrder(connection: Connection, shard: number): boolean {
    if (connection.inFlight() > 0 && connection.ringShard !== shard) {
      connection.stopped |= STOPPED_BARRIER
      return false
    }
    connection.ringShard = shard
    return true
  }

  /**
   * Makes the records of this receive visible and sees to it that somebody looks. Nobody is woken
   * for a shard that an acceptor holds: it looks at the rings when it gives the token back. The
   * tail is stored before the token is read, or both could miss each other (token.pml: BUG9).
   */
  publish(): void {
    for (let index = 0; index < this.#touchedCount; index++) {
      const shard = this.#touched[index]
      this.#isTouched[shard] = 0
      if (!this.#requests[shard].publish()) continue
      if (this.#executor.heldByAcceptor(shard)) continue
      markRequestsReady(this.#rows, shard)
      this.#executor.wakeWorker(shard)
    }
    this.#touchedCount = 0
  }
}
