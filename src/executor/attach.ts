// A thread's views over the shared memory of a plan. Every thread that runs commands attaches in
// the same way; what differs is which end of the rings it uses.

import { type Clock, SystemClock } from '../base/clock.ts'
import { CKV_VALUE_BYTES_MAX, GREAT_REQUEST_BYTES, REDIS_VALUE_BYTES_MAX } from '../base/limits.ts'
import { SeededRandom, secretBytes } from '../base/random.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import { Call } from '../command/call.ts'
import { handlersByCode } from '../command/handlers.ts'
import { Counters } from '../counters/counters.ts'
import { Latency } from '../counters/latency.ts'
import { SlowLog } from '../counters/slow-log.ts'
import { BlockedArea, type ReadyKey } from '../keyspace/blocked-area.ts'
import { BlockedClaims } from '../keyspace/blocked-claims.ts'
import { loadEncodingLimits } from '../keyspace/encoding-settings.ts'
import { ShardSide } from '../keyspace/side.ts'
import { WatchArea } from '../keyspace/watch-area.ts'
import { NodeLogFs } from '../log/files.ts'
import { ShardLog } from '../log/writer.ts'
import { Arena } from '../memory/arena.ts'
import { EncodingLimits } from '../memory/encoding-limits.ts'
import {
  CURSOR_WORDS,
  REPLY_HEAD_WORD,
  REQUEST_TAIL_WORD,
  replyRingByte,
  requestRingByte,
} from '../ring/layout.ts'
import { ChunkPool } from '../ring/pool.ts'
import { Ring } from '../ring/ring.ts'
import { REPLY_TAIL_WORD, REQUEST_HEAD_WORD, sideRow } from '../rows/layout.ts'
import { Rows } from '../rows/rows.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import { ReplyBacklog } from './backlog.ts'
import { type AcceptorCursors, Executor } from './executor.ts'
import type { SharedPlan } from './plan.ts'
import { ShardServer } from './serve.ts'
import { Stopwatch } from './stopwatch.ts'
import { WaitingClients } from './waiting.ts'

export function attachSides(
  shared: SharedPlan,
  rows: Rows,
  thread: number,
  clock: Clock,
): ShardSide[] {
  const { facts } = shared
  const files = new NodeLogFs()
  const claims = new BlockedClaims(shared.claims)
  const ready: ReadyKey[] = []
  // As they are when the log is read, and later as the executor keeps them.
  const limits = new EncodingLimits()
  loadEncodingLimits(rows, limits)
  return Array.from({ length: facts.shardCount }, (_, shard) => {
    const index = shard * shared.sideCount
    const log = new ShardLog({
      rows,
      shard,
      side: 0,
      slice: new Uint8Array(shared.slices[index]),
      files,
      clock,
      thread,
      instance: facts.instance,
      generation: shared.generation,
      segmentBytesMax: facts.options.segmentBytes,
    })
    const arena = new Arena(shared.arenas[index])
    const side = new ShardSide(shard, 0, rows, arena, log, shared.hashKey0, shared.hashKey1)
    side.watches = new WatchArea(shared.watches[shard])
    side.blocked = new BlockedArea(shared.blocked[shard], shard, claims, ready)
    side.limits = limits
    return side
  })
}

/** Request ring of (acceptor, shard). The producer is the acceptor. */
export function requestRing(shared: SharedPlan, rows: Rows, acceptor: number, shard: number): Ring {
  const shards = shared.facts.shardCount
  const buffer = shared.rings[acceptor]
  const at = requestRingByte(shards, shared.ringBytes, shard)
  const cursors = new Int32Array(buffer, 0, shards * CURSOR_WORDS)
  const head = sideRow(shard, 0) + REQUEST_HEAD_WORD + acceptor
  const tail = shard * CURSOR_WORDS + REQUEST_TAIL_WORD
  return new Ring(buffer, at, shared.ringBytes, cursors, tail, rows.words, head)
}

/** Reply ring of (acceptor, shard) on the serving side. The producer is the token's holder. */
export function replyRing(shared: SharedPlan, rows: Rows, acceptor: number, shard: number): Ring {
  const shards = shared.facts.shardCount
  const buffer = shared.rings[acceptor]
  const at = replyRingByte(shards, shared.ringBytes, shared.sideCount, shard, 0)
  const cursors = new Int32Array(buffer, 0, shards * CURSOR_WORDS)
  const tail = sideRow(shard, 0) + REPLY_TAIL_WORD + acceptor
  const head = shard * CURSOR_WORDS + REPLY_HEAD_WORD
  return new Ring(buffer, at, shared.ringBytes, rows.words, tail, cursors, head)
}

/** The whole executing part of a thread. `reply` is where handlers write. */
export function attachExecutor(
  shared: SharedPlan,
  thread: number,
  reply: ReplyWriter,
): { rows: Rows; clock: Clock; sides: ShardSide[]; executor: Executor } {
  const clock = new SystemClock()
  const rows = new Rows(shared.rows)
  const sides = attachSides(shared, rows, thread, clock)
  const { facts } = shared
  const seed = new DataView(secretBytes(4).buffer).getInt32(0)
  const valueBytesMax =
    facts.profile === PROFILE_REDIS ? REDIS_VALUE_BYTES_MAX : CKV_VALUE_BYTES_MAX
  const anyRow = ROWS_BY_CODE.find((row) => row !== undefined)
  if (anyRow === undefined) throw new Error('the catalog has rows')
  const call = new Call(
    clock,
    new SeededRandom(seed),
    facts.shardCount,
    facts.profile,
    valueBytesMax,
    sides,
    anyRow,
    reply,
  )
  const counters = new Counters(shared.counters, thread)
  const executor = new Executor(
    rows,
    thread,
    sides,
    handlersByCode,
    call,
    counters,
    shared.workerThreads,
    acceptorCursors(shared),
    shared.acceptorThreads,
    shared.ringBytes,
    shared.syncThread,
  )
  const slowLog = new SlowLog(shared.slowLog, rows, thread)
  const latency = new Latency(shared.latency, rows, thread)
  executor.stopwatch = new Stopwatch(rows, clock, counters, slowLog, latency)
  executor.settings.limits = sides[0].limits
  return { rows, clock, sides, executor }
}

/**
 * What serves request rings on a thread: a worker's, or an acceptor's that serves the others.
 * `reply` is where replies are encoded before they go to a ring.
 */
export function attachServer(
  shared: SharedPlan,
  executor: Executor,
  reply: ReplyWriter,
): { server: ShardServer; backlog: ReplyBacklog } {
  const { facts, acceptorThreads } = shared
  const { rows, behind } = executor
  const pool = new ChunkPool(shared.pool, GREAT_REQUEST_BYTES)
  const requests: Ring[] = []
  const replies: Ring[] = []
  for (let acceptor = 0; acceptor < facts.acceptorCount; acceptor++) {
    for (let shard = 0; shard < facts.shardCount; shard++) {
      requests.push(requestRing(shared, rows, acceptor, shard))
      replies.push(replyRing(shared, rows, acceptor, shard))
    }
  }
  const { shardCount } = facts
  const backlog = new ReplyBacklog(rows, pool, replies, acceptorThreads, shardCount, behind)
  const server = new ShardServer(
    rows,
    executor,
    pool,
    backlog,
    requests,
    replies,
    acceptorThreads,
    reply,
  )
  executor.waiting = new WaitingClients(
    executor,
    pool,
    backlog,
    replies,
    acceptorThreads,
    reply.limitBytes,
  )
  return { server, backlog }
}

function acceptorCursors(shared: SharedPlan): AcceptorCursors[] {
  const { facts } = shared
  const cursors: AcceptorCursors[] = []
  for (let acceptor = 0; acceptor < facts.acceptorCount; acceptor++) {
    const words = new Int32Array(shared.rings[acceptor])
    for (let shard = 0; shard < facts.shardCount; shard++) {
      const at = shard * CURSOR_WORDS
      cursors.push({
        words,
        requestTailWord: at + REQUEST_TAIL_WORD,
        replyHeadWord: at + REPLY_HEAD_WORD,
      })
    }
  }
  return cursors
}
