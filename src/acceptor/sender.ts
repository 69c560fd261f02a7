// Requests of this acceptor's clients on their way to the rings of the shards.

import { PROFILE_REDIS } from '../catalog/spec.ts'
import type { Executor } from '../executor/executor.ts'
import { markRequestsReady } from '../ring/bell.ts'
import { REQUEST_SEVERAL_SHARDS } from '../ring/layout.ts'
import type { ChunkPool } from '../ring/pool.ts'
import { commandByteLength, type RequestWriter } from '../ring/requests.ts'
import {
  type Connection,
  STOPPED_BARRIER,
  STOPPED_IN_FLIGHT,
  STOPPED_RING_FULL,
} from './connection.ts'
import type { Inbox } from './inbox.ts'

export class RequestSender {
  readonly #executor: Executor
  /** By shard. */
  readonly #requests: readonly RequestWriter[]
  readonly #pool: ChunkPool
  readonly #inbox: Inbox
  readonly #keepsOrderOverShards: boolean
  /** Shards whose request ring got records since the last publish. */
  readonly #touched: Int32Array
  readonly #isTouched: Uint8Array
  #touchedCount = 0

  constructor(
    executor: Executor,
    requests: readonly RequestWriter[],
    pool: ChunkPool,
    inbox: Inbox,
    profile: number,
  ) {
    this.#executor = executor
    this.#requests = requests
    this.#pool = pool
    this.#inbox = inbox
    this.#keepsOrderOverShards = profile === PROFILE_REDIS
    this.#touched = new Int32Array(requests.length)
    this.#isTouched = new Uint8Array(requests.length)
  }

  /**
   * Puts a command into the ring of a shard. False: the connection has stopped, nothing was sent.
   * @param attributes database | protocol << 8 | flags << 16, as in ring/layout.ts
   */
  send(
    connection: Connection,
    shard: number,
    attributes: number,
    code: number,
    bytes: Uint8Array,
    argStarts: Int32Array,
    argLengths: Int32Array,
    argCount: number,
  ): boolean {
    if (connection.inFlight() >= connection.inFlightMax) {
      connection.stopped |= STOPPED_IN_FLIGHT
      return false
    }
    if (this.#keepsOrderOverShards && !this.#keepsOrder(connection, shard)) return false
    const requests = this.#requests[shard]
    const sequence = connection.sequenceNext
    const size = commandByteLength(argStarts, argLengths, argCount)
    let added = false
    if (size <= requests.ring.byteLength >> 2) {
      const several = attributes >>> 16 === REQUEST_SEVERAL_SHARDS
      if (several) requests.close()
      added = requests.add(
        connection.slot,
        connection.generation,
        sequence,
        attributes,
        code,
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
        code,
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
    const executor = this.#executor
    for (let index = 0; index < this.#touchedCount; index++) {
      const shard = this.#touched[index]
      this.#isTouched[shard] = 0
      if (!this.#requests[shard].publish()) continue
      if (executor.heldByAcceptor(shard)) continue
      markRequestsReady(executor.rows, shard)
      executor.wakeWorker(shard)
    }
    this.#touchedCount = 0
  }
}
