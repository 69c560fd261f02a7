// One acceptor: its connections, and the rhythm of its event loop.
//
//   data event   decode -> route (in place, into rings, or answered here)   [any number a turn]
//   end of turn  commit and release what ran in place -> take replies out of rings
//                -> let stopped connections go on -> send
//   idle         sleep on the doorbell (one waitAsync), or look again a few times while commands
//                are in flight
//
// Nothing a client can see leaves before the commit of the turn.

import type { Clock } from '../base/clock.ts'
import { QUERY_BUFFER_BYTES_MAX, UNAUTHENTICATED_QUERY_BUFFER_BYTES_MAX } from '../base/limits.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import type { Executor } from '../executor/executor.ts'
import type { Registry } from '../pubsub/registry.ts'
import { AsyncBell, anyRepliesReady } from '../ring/bell.ts'
import type { Rows } from '../rows/rows.ts'
import {
  AUTHENTICATED_LIMITS,
  CommandDecoder,
  DECODE_COMMAND,
  DECODE_ERROR,
  DECODE_INCOMPLETE,
  UNAUTHENTICATED_LIMITS,
} from '../wire/decoder.ts'
import { QUERY_TOO_LARGE, QueryBuffer } from '../wire/query-buffer.ts'
import type { Answers } from './answers.ts'
import { type Blocking, isOverfull } from './blocking.ts'
import { type ClientSocket, receivedBytes } from './client-socket.ts'
import {
  Connection,
  STOPPED_BARRIER,
  STOPPED_BLOCKED,
  STOPPED_IN_FLIGHT,
  STOPPED_OUTPUT,
  STOPPED_PAUSED,
  STOPPED_RING_FULL,
} from './connection.ts'
import type { Inbox } from './inbox.ts'
import type { OtherAcceptors } from './other-acceptors.ts'
import { type Output, SLAB_SETTLE_BYTES } from './output.ts'
import { pauseLeftMs } from './pause.ts'
import { Resting } from './resting.ts'
import { Rhythm } from './rhythm.ts'
import type { Router } from './router.ts'
import type { TurnLog } from './turn.ts'

/** Turns without progress before sleeping while commands are in flight. */
const IDLE_TURNS_MAX = 20
/** Pool chunks are given back by other acceptors too, which do not ring: ms between looks. */
const POOL_RETRY_MS_MIN = 2
/** Each look without progress doubles the wait up to this. */
const POOL_RETRY_MS_MAX = 32

export class Acceptor {
  readonly #executor: Executor
  readonly #router: Router
  readonly #answers: Answers
  readonly #inbox: Inbox
  readonly #output: Output
  readonly #turn: TurnLog
  readonly #pubsub: Registry<Connection>
  readonly #blocking: Blocking
  readonly #others: OtherAcceptors
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #bell: AsyncBell
  readonly #rhythm = new Rhythm()
  readonly #resting = new Resting()
  readonly #decoder = new CommandDecoder()
  /** Shared with the inbox; null = free slot. */
  readonly connections: (Connection | null)[]
  readonly #freeSlots: number[] = []
  /** Connections that have to be looked at again before they may go on. */
  readonly #stopped: Connection[] = []
  /** Closed ones that still wait for replies to their last commands. */
  readonly #closing: Connection[] = []
  readonly #tick: () => void
  readonly #onFinished: (connection: Connection) => void
  #scheduled = false
  #turnBegun = false
  /** Monotonic time when this turn began. */
  #turnMs = 0
  #idleTurns = 0
  #retryArmed = false
  #retryMs = POOL_RETRY_MS_MIN
  /** Called when a connection is gone, to count it. */
  onClosed: (connection: Connection) => void = () => {}

  constructor(
    rows: Rows,
    executor: Executor,
    router: Router,
    answers: Answers,
    inbox: Inbox,
    output: Output,
    turn: TurnLog,
    pubsub: Registry<Connection>,
    blocking: Blocking,
    others: OtherAcceptors,
    clock: Clock,
    counters: Counters,
    connections: (Connection | null)[],
  ) {
    this.#blocking = blocking
    blocking.goOn = (connection) => this.#goOn(connection)
    this.#others = others
    this.#executor = executor
    this.#router = router
    this.#answers = answers
    this.#inbox = inbox
    this.#output = output
    this.#turn = turn
    this.#pubsub = pubsub
    this.#clock = clock
    this.#counters = counters
    this.connections = connections
    const thread = executor.thread
    this.#bell = new AsyncBell(
      rows,
      thread,
      () => anyRepliesReady(rows, thread) || pubsub.hasRecords(),
      () => this.schedule(),
    )
    this.#tick = () => {
      this.#scheduled = false
      this.#rhythm.close()
      this.#endTurn()
    }
    this.#onFinished = (connection) => this.#finish(connection)
    // Others may have something to tell before the first client comes: the bell is armed.
    if (!others.isAlone) this.schedule()
  }

  // ── Connections ─────────────────────────────────────────────────────────────────────────────

  open(socket: ClientSocket, id: number, authenticated: boolean): Connection {
    const slot = this.#freeSlots.pop() ?? this.connections.length
    const nowMs = this.#clock.monotonicMs()
    const connection = new Connection(socket, slot, id, id, authenticated, nowMs)
    this.connections[slot] = connection
    socket.open({
      received: (byteLength) => this.#onReceived(connection, byteLength),
      drained: () => this.#onDrained(connection),
      ended: () => this.#onEnded(connection),
      closed: () => this.#onClosed(connection),
    })
    return connection
  }

  #onClosed(connection: Connection): void {
    connection.closed = true
    connection.unread = null
    connection.query?.release()
    connection.later?.abandon()
    if (connection.subscriber !== null) this.#pubsub.forget(connection.subscriber)
    if (connection.blocked !== null) this.#blocking.leave(connection)
    this.onClosed(connection)
    this.#freeWhenQuiet(connection)
  }

  /** A slot is used again only when no reply to its last connection can come any more. */
  #freeWhenQuiet(connection: Connection): void {
    if (this.connections[connection.slot] !== connection) return
    if (connection.inFlight() > 0 && !this.#onlyLocalLeft(connection)) {
      this.#closing.push(connection)
      return
    }
    // Not before: an EXEC of it may still be on its way, and must see what was touched.
    connection.endTransaction(this.#executor.sides)
    this.connections[connection.slot] = null
    this.#freeSlots.push(connection.slot)
  }

  /** Stashed replies of this acceptor itself will never be sent: they keep nothing alive. */
  #onlyLocalLeft(connection: Connection): boolean {
    return connection.stash.count() === connection.inFlight()
  }

  #finish(connection: Connection): void {
    if (connection.closed) return
    if (connection.inFlight() > 0) return
    this.#output.sendKept(connection)
    connection.socket.finish()
  }

  // ── Receiving ───────────────────────────────────────────────────────────────────────────────

  /** `byteLength` bytes stand in `receivedBytes`; what has to wait is copied out by #stop. */
  #onReceived(connection: Connection, byteLength: number): void {
    this.#counters.add(COUNTER.bytesReceived, byteLength)
    if (connection.closing || connection.closed) return
    if (connection.unread !== null) {
      const bytes = receivedBytes.subarray(0, byteLength)
      connection.unread = Buffer.concat([connection.unread, bytes])
      if (isOverfull(connection)) connection.socket.pause()
      return
    }
    // Only now, since this turn ends with a look around: awake without one would lose a ring.
    if (!this.#turnBegun) this.#beginTurn(connection.slot)
    connection.lastActivityMs = this.#turnMs
    this.#consume(connection, receivedBytes, byteLength)
    if (connection.query !== null) this.#resting.consider(connection, byteLength)
    this.#router.publish()
    // A turn may be many receives long, and a command over eight shards waits for all of them.
    if (this.#executor.heldIsWanted()) this.#settle()
    if (this.#rhythm.received()) this.#endTurn()
  }

  /** The first receive of a turn: one look at the clocks serves all of it. */
  #beginTurn(talker: number): void {
    this.#turnBegun = true
    this.#bell.awake()
    this.#turnMs = this.#clock.monotonicMs()
    this.#executor.readClock()
    this.#idleTurns = 0
    // Messages whose PUBLISH is answered come in front of the replies to what is sent afterwards.
    this.#pubsub.drain()
    if (this.#rhythm.begin(talker)) this.#lookAgain()
  }

  /** Routes every whole command of `bytes`; keeps what is left, or stops. */
  #consume(connection: Connection, bytes: Uint8Array, to: number): void {
    let at = 0
    this.#router.begin(to)
    if (connection.query !== null && connection.query.byteLength > 0) {
      at = this.#feedQuery(connection, bytes, 0, to)
      if (at < 0) return
    }
    const decoder = this.#decoder
    while (at < to) {
      decoder.limits = connection.authenticated ? AUTHENTICATED_LIMITS : UNAUTHENTICATED_LIMITS
      const result = decoder.decode(bytes, at, to)
      if (result === DECODE_INCOMPLETE) {
        decoder.reset()
        this.#feedQuery(connection, bytes, at, to)
        return
      }
      if (result === DECODE_ERROR) {
        this.#protocolError(connection, decoder.errorText)
        return
      }
      if (result === DECODE_COMMAND && !this.#router.route(connection, decoder)) {
        this.#stop(connection, bytes.subarray(at, to))
        return
      }
      at = decoder.end
      if (connection.closing) return
      if (connection.stopped !== 0) {
        this.#stop(connection, at < to ? bytes.subarray(at, to) : null)
        return
      }
      if (this.#output.writer.position > SLAB_SETTLE_BYTES && !this.#settleEarly(connection)) {
        this.#stop(connection, at < to ? bytes.subarray(at, to) : null)
        return
      }
    }
  }

  /**
   * Bytes of a command that spans receives. Returns the offset behind it, or -1 when everything was
   * taken (or the connection stopped or ended).
   */
  #feedQuery(connection: Connection, bytes: Uint8Array, from: number, to: number): number {
    connection.query ??= new QueryBuffer(QUERY_BUFFER_BYTES_MAX)
    const query = connection.query
    const { authenticated } = connection
    query.limitBytes = authenticated
      ? QUERY_BUFFER_BYTES_MAX
      : UNAUTHENTICATED_QUERY_BUFFER_BYTES_MAX
    const limits = authenticated ? AUTHENTICATED_LIMITS : UNAUTHENTICATED_LIMITS
    const at = query.feed(bytes, from, to, limits)
    if (query.result === DECODE_INCOMPLETE) return -1
    if (query.result === DECODE_ERROR) {
      this.#protocolError(connection, query.decoder.errorText)
      return -1
    }
    if (query.result === QUERY_TOO_LARGE) {
      connection.socket.destroy()
      return -1
    }
    // For the policy the last receive of a large command is as deep as the command.
    this.#router.begin(query.byteLength)
    if (query.result === DECODE_COMMAND && !this.#router.route(connection, query.decoder)) {
      // Once more from its first byte: the command goes back in front of what follows it.
      const held = query.takeHeld(query.decoder.end)
      const whole = at < to ? Buffer.concat([held, bytes.subarray(at, to)]) : held
      this.#stop(connection, whole)
      return -1
    }
    this.#router.begin(to)
    query.release()
    if (connection.closing) return -1
    if (connection.stopped !== 0) {
      this.#stop(connection, at < to ? bytes.subarray(at, to) : null)
      return -1
    }
    return at
  }

  #protocolError(connection: Connection, text: Uint8Array): void {
    this.#counters.add(COUNTER.protocolErrors, 1)
    const start = this.#output.writer.position
    this.#output.writer.raw(text)
    connection.closing = true
    this.#answers.deliver(connection, start)
    if (connection.inFlight() > 0) this.#stop(connection, null)
  }

  // ── Stopping and going on ───────────────────────────────────────────────────────────────────

  #stop(connection: Connection, unread: Uint8Array | null): void {
    // The thread's buffer is used again for the next receive.
    const mustCopy = unread !== null && unread.buffer === receivedBytes.buffer
    connection.unread = mustCopy ? unread.slice() : unread
    connection.socket.pause()
    if (!this.#stopped.includes(connection)) this.#stopped.push(connection)
  }

  #onDrained(connection: Connection): void {
    if (!connection.closed && !this.#output.sendKept(connection)) {
      if (connection.socket.tellsDrained()) return
    }
    connection.stopped &= ~STOPPED_OUTPUT
    if (connection.unread !== null || this.#stopped.includes(connection)) this.schedule()
    else if (!connection.closed) connection.socket.resume()
  }

  /** Lets stopped connections go on whose reason is gone. */
  #retryStopped(): void {
    const waiting = this.#stopped.splice(0)
    this.#executor.readClock()
    for (const connection of waiting) {
      if (connection.closed || (connection.stopped & STOPPED_BLOCKED) !== 0) continue
      const inFlight = connection.inFlight()
      if (connection.closing) {
        if (inFlight > 0) this.#stopped.push(connection)
        else this.#closeBehindReplies(connection)
        continue
      }
      if ((connection.stopped & STOPPED_OUTPUT) !== 0) {
        this.#stopped.push(connection)
        continue
      }
      if ((connection.stopped & STOPPED_BARRIER) !== 0 && inFlight > 0) {
        this.#stopped.push(connection)
        continue
      }
      if ((connection.stopped & STOPPED_PAUSED) !== 0 && this.#isPaused()) {
        this.#stopped.push(connection)
        continue
      }
      if (
        (connection.stopped & STOPPED_IN_FLIGHT) !== 0 &&
        inFlight > connection.inFlightMax >> 1
      ) {
        this.#stopped.push(connection)
        continue
      }
      connection.stopped = 0
      const { unread } = connection
      connection.unread = null
      if (unread !== null) this.#consume(connection, unread, unread.length)
      if (connection.closing || connection.stopped !== 0 || connection.unread !== null) continue
      if (connection.ended) this.#closeWhenAnswered(connection)
      else connection.socket.resume()
    }
    this.#router.publish()
  }

  /** It waited for a key and is answered. */
  #goOn(connection: Connection): void {
    connection.stopped &= ~STOPPED_BLOCKED
    if (!this.#stopped.includes(connection)) this.#stopped.push(connection)
    this.schedule()
  }

  #isPaused(): boolean {
    return pauseLeftMs(this.#executor.rows, null, false, this.#clock.wallMs()) > 0
  }

  /** The client has sent its last byte; it may still read. What it sent is answered first. */
  #onEnded(connection: Connection): void {
    connection.ended = true
    if (connection.closing) return
    // As Redis: nothing is taken for a client that has said its last.
    if ((connection.stopped & STOPPED_BLOCKED) !== 0) connection.socket.destroy()
    if (connection.unread === null) this.#closeWhenAnswered(connection)
    this.schedule()
  }

  #closeWhenAnswered(connection: Connection): void {
    connection.closing = true
    if (connection.inFlight() > 0) this.#stop(connection, null)
    else this.#closeBehindReplies(connection)
  }

  #closeBehindReplies(connection: Connection): void {
    this.#output.attachEmpty(connection)
  }

  // ── The end of a turn ───────────────────────────────────────────────────────────────────────

  schedule(): void {
    if (this.#scheduled) return
    this.#idleTurns = 0
    this.#lookAgain()
  }

  #lookAgain(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#tick)
  }

  #endTurn(): void {
    const worked = this.#turnBegun
    this.#turnBegun = false
    this.#settle()
    const delivered = this.#inbox.drain()
    const heardAll = this.#pubsub.sendQueued() && this.#pubsub.drain()
    if (this.#stopped.length > 0) {
      this.#retryStopped()
      this.#settle()
    }
    this.#output.flush(this.#onFinished)
    if (delivered > 0 && this.#closing.length > 0) this.#freeClosed()
    // Nothing in flight: no reply can come, so nobody has to ring.
    const { inFlight, blockedCount } = this.#inbox
    if (inFlight === blockedCount && this.#stopped.length === 0 && heardAll) {
      if (this.#rhythm.lingers(worked)) this.#lookAgain()
      // Other acceptors may have something to tell at any time, others may serve who waits.
      else if (blockedCount > 0 || !this.#others.isAlone) this.#bell.arm()
      return
    }
    this.#idleTurns = delivered > 0 ? 0 : this.#idleTurns + 1
    if (delivered > 0) this.#retryMs = POOL_RETRY_MS_MIN
    if (this.#idleTurns > IDLE_TURNS_MAX) {
      this.#bell.arm()
      this.#retryWithoutBell()
      return
    }
    this.#lookAgain()
  }

  #retryWithoutBell(): void {
    if (this.#retryArmed || !this.#waitsForRoom()) return
    this.#retryArmed = true
    setTimeout(() => {
      this.#retryArmed = false
      if (this.#scheduled) return
      this.#bell.awake()
      this.#endTurn()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, POOL_RETRY_MS_MAX)
  }

  #waitsForRoom(): boolean {
    if (this.#pubsub.hasQueued()) return true
    return this.#stopped.some(({ stopped }) => (stopped & STOPPED_RING_FULL) !== 0)
  }

  /** Commits and releases every shard held in place; exchanges replies of failed commits. */
  #settle(): void {
    const executor = this.#executor
    while (executor.heldCount > 0) {
      const shard = executor.heldShards[executor.heldCount - 1]
      if (this.#others.commit(shard) !== 0) {
        this.#counters.add(COUNTER.commitsFailed, 1)
        this.#turn.answerUnknown(shard, this.#output)
      }
      executor.release(shard)
    }
    this.#others.sendLater()
    this.#turn.clear()
  }

  /** The slab is full in the middle of a receive. False: the client does not take its replies. */
  #settleEarly(connection: Connection): boolean {
    this.#settle()
    this.#output.flush(this.#onFinished)
    return (connection.stopped & STOPPED_OUTPUT) === 0
  }

  #freeClosed(): void {
    for (const connection of this.#closing.splice(0)) this.#freeWhenQuiet(connection)
  }

  // ── For the thread ──────────────────────────────────────────────────────────────────────────

  /** Nothing is in flight or unsent, of its own clients or of what it did for others. */
  isQuiet(): boolean {
    const { inFlight, blockedCount } = this.#inbox
    if (inFlight > blockedCount || this.#output.hasWork() || this.#executor.heldCount > 0) {
      return false
    }
    return this.#others.isIdle()
  }
}
