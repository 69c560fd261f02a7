// All threads of an instance in one: shared memory as control/plan.ts divides it, with the smallest
// rings, and for each thread the real parts that look at it. Nothing sleeps here: a worker that
// would is skipped until somebody rings.

import { ManualClock } from '../../src/base/clock.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { PROFILE_BITS } from '../../src/catalog/spec.ts'
import { COMMANDS } from '../../src/catalog/table.ts'
import { Call } from '../../src/command/call.ts'
import { handlersByCode } from '../../src/command/handlers.ts'
import { Counters, countersByteLength } from '../../src/counters/counters.ts'
import { ReplyBacklog } from '../../src/executor/backlog.ts'
import { Executor } from '../../src/executor/executor.ts'
import type { SharedPlan } from '../../src/executor/plan.ts'
import { ShardServer } from '../../src/executor/serve.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import { openShardLog } from '../../src/log/open.ts'
import { ShardLog } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import { anyRequestsReady } from '../../src/ring/bell.ts'
import {
  CURSOR_WORDS,
  REPLY_HEAD_WORD,
  REQUEST_TAIL_WORD,
  replyRingByte,
  requestRingByte,
  ringBlockBytes,
} from '../../src/ring/layout.ts'
import { CHUNK_BYTES, ChunkPool } from '../../src/ring/pool.ts'
import { Ring } from '../../src/ring/ring.ts'
import {
  BLOCK_PENDING_WORD,
  PENDING_GROUP,
  REPLY_TAIL_WORD,
  REQUEST_HEAD_WORD,
  rowsByteLength,
  SLEEPING_WORD,
  STATE_SERVING,
  STATE_WORD,
  sideRow,
  threadRow,
} from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { WorkerLoop } from '../../src/shard/loop.ts'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import { SimFs } from '../support/sim-fs.ts'

await loadHasher()

export const SHARDS = 4
export const ACCEPTORS = 2
export const WORKERS = 2
const NOW_MS = 1_700_000_000_000
const ARENA_BYTES = 16_777_216
export const SLICE_BYTES = 65_536
export const REPLY_BYTES_MAX = 64_000_000
/** As in shard/loop.ts: an idle worker looks after its shards. */
const HOUSEKEEPING_MS = 100

export interface Geometry {
  readonly ringBytes: number
  readonly poolChunks: number
  /** Where every ring cursor starts. */
  readonly start: number
  /** The log memories of the shards, one after another of whoever needs their spill. */
  readonly slices?: readonly SharedArrayBuffer[]
}

export class Instance {
  readonly clock = new ManualClock(NOW_MS)
  readonly files = new SimFs()
  readonly rows = new Rows(new SharedArrayBuffer(rowsByteLength(SHARDS)))
  readonly pool: ChunkPool
  readonly workers: TestWorker[]
  readonly ringBytes: number
  readonly #poolBuffer: SharedArrayBuffer
  readonly #rings: SharedArrayBuffer[]
  readonly #arenas: SharedArrayBuffer[] = []
  readonly #slices: SharedArrayBuffer[] = []
  readonly counters = new SharedArrayBuffer(countersByteLength())

  constructor({ ringBytes, poolChunks, start, slices = [] }: Geometry) {
    this.#slices.push(...slices)
    this.ringBytes = ringBytes
    this.rows.words[STATE_WORD] = STATE_SERVING
    this.#poolBuffer = new SharedArrayBuffer(poolChunks * CHUNK_BYTES + 64)
    this.pool = new ChunkPool(this.#poolBuffer)
    const blockBytes = ringBlockBytes(SHARDS, 1, ringBytes)
    this.#rings = Array.from({ length: ACCEPTORS }, () => new SharedArrayBuffer(blockBytes))
    for (let shard = 0; shard < SHARDS; shard++) this.#makeShard(shard, start)
    this.workers = Array.from({ length: WORKERS }, (_, index) => new TestWorker(this, index))
  }

  #makeShard(shard: number, start: number): void {
    const directory = `/shard-${shard}`
    this.files.mkdir(directory)
    openShardLog({
      instance: 'crs-test0001',
      generation: 1,
      shard,
      files: this.files,
      rows: this.rows,
      side: 0,
      directory,
      sliceBytes: SLICE_BYTES,
      epoch: 1,
      number: 1,
      startLsn: 0,
      nowMs: NOW_MS,
    })
    this.#arenas.push(new SharedArrayBuffer(ARENA_BYTES))
    this.#slices[shard] ??= new SharedArrayBuffer(SLICE_BYTES)
    formatArena(new Arena([this.#arenas[shard]]))
    for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
      const cursors = new Int32Array(this.#rings[acceptor])
      cursors[shard * CURSOR_WORDS + REQUEST_TAIL_WORD] = start
      cursors[shard * CURSOR_WORDS + REPLY_HEAD_WORD] = start
      this.rows.words[sideRow(shard, 0) + REQUEST_HEAD_WORD + acceptor] = start
      this.rows.words[sideRow(shard, 0) + REPLY_TAIL_WORD + acceptor] = start
    }
  }

  requestRing(acceptor: number, shard: number): Ring {
    const buffer = this.#rings[acceptor]
    return new Ring(
      buffer,
      requestRingByte(SHARDS, this.ringBytes, shard),
      this.ringBytes,
      new Int32Array(buffer, 0, SHARDS * CURSOR_WORDS),
      shard * CURSOR_WORDS + REQUEST_TAIL_WORD,
      this.rows.words,
      sideRow(shard, 0) + REQUEST_HEAD_WORD + acceptor,
    )
  }

  replyRing(acceptor: number, shard: number): Ring {
    const buffer = this.#rings[acceptor]
    return new Ring(
      buffer,
      replyRingByte(SHARDS, this.ringBytes, 1, shard, 0),
      this.ringBytes,
      this.rows.words,
      sideRow(shard, 0) + REPLY_TAIL_WORD + acceptor,
      new Int32Array(buffer, 0, SHARDS * CURSOR_WORDS),
      shard * CURSOR_WORDS + REPLY_HEAD_WORD,
    )
  }

  /** As shard/worker.ts and acceptor/other-acceptors.ts do. */
  makeServer(
    executor: Executor,
    reply: ReplyWriter,
  ): { server: ShardServer; backlog: ReplyBacklog } {
    const threads = Array.from({ length: ACCEPTORS }, (_, acceptor) => 1 + acceptor)
    const pairs = threads.flatMap((_, acceptor) =>
      Array.from({ length: SHARDS }, (_, shard) => [acceptor, shard] as const),
    )
    const requests = pairs.map(([acceptor, shard]) => this.requestRing(acceptor, shard))
    const replies = pairs.map(([acceptor, shard]) => this.replyRing(acceptor, shard))
    const { rows, pool } = this
    const backlog = new ReplyBacklog(rows, pool, replies, threads, SHARDS, executor.behind)
    const server = new ShardServer(rows, executor, pool, backlog, requests, replies, threads, reply)
    return { server, backlog }
  }

  /** As attachExecutor does, on a disk in memory. */
  makeExecutor(thread: number): Executor {
    const sides = this.#arenas.map((arena, shard) => {
      const log = new ShardLog({
        rows: this.rows,
        shard,
        side: 0,
        slice: new Uint8Array(this.#slices[shard]),
        files: this.files,
        clock: this.clock,
        thread,
        instance: 'crs-test0001',
        generation: 1,
        segmentBytesMax: 1_073_741_824,
      })
      return new ShardSide(shard, 0, this.rows, new Arena([arena]), log, 0x1234567, 0x89abcde)
    })
    const call = new Call(
      this.clock,
      new SeededRandom(thread),
      SHARDS,
      PROFILE_BITS.extended,
      REPLY_BYTES_MAX,
      sides,
      COMMANDS[0],
      new ReplyWriter(4096, REPLY_BYTES_MAX),
    )
    const cursors = this.#rings.flatMap((buffer) =>
      sides.map((_, shard) => ({
        words: new Int32Array(buffer),
        requestTailWord: shard * CURSOR_WORDS + REQUEST_TAIL_WORD,
        replyHeadWord: shard * CURSOR_WORDS + REPLY_HEAD_WORD,
      })),
    )
    return new Executor(
      this.rows,
      thread,
      sides,
      handlersByCode,
      call,
      new Counters(this.counters, thread),
      Array.from({ length: WORKERS }, (_, index) => 1 + ACCEPTORS + index),
      cursors,
      Array.from({ length: ACCEPTORS }, (_, acceptor) => 1 + acceptor),
      this.ringBytes,
      1 + ACCEPTORS + WORKERS,
    )
  }

  /** Does a part of a commit over several shards wait for a disk? */
  isGroupPending(): boolean {
    const { words } = this.rows
    return this.#arenas.some(
      (_, shard) => words[sideRow(shard, 0) + BLOCK_PENDING_WORD] === PENDING_GROUP,
    )
  }

  /** What the checker finds wrong in any arena. */
  findings(): string[] {
    return this.#arenas.flatMap((arena) => checkArena(new Arena([arena]), { slotCounts: true }))
  }
}

/** A worker whose sleep is a flag: `step` does nothing until its bell was rung. */
export class TestWorker {
  readonly server: ShardServer
  readonly backlog: ReplyBacklog
  readonly #loop: WorkerLoop
  readonly #instance: Instance
  readonly #sleepingWord: number
  #asleep = false
  #wakeMs = 0
  /** Slept through its time and found work nobody rang for. */
  missed = 0

  constructor(instance: Instance, index: number) {
    const executor = instance.makeExecutor(1 + ACCEPTORS + index)
    const { rows, clock } = instance
    this.#instance = instance
    this.#sleepingWord = threadRow(executor.thread) + SLEEPING_WORD
    const { server, backlog } = instance.makeServer(executor, executor.call.reply)
    this.server = server
    this.backlog = backlog
    const counters = new Counters(instance.counters, executor.thread)
    const shared = { facts: { workerCount: WORKERS, shardCount: SHARDS } } as SharedPlan
    this.#loop = new WorkerLoop(
      rows,
      executor,
      this.server,
      this.backlog,
      clock,
      counters,
      index,
      shared,
    )
  }

  /** One turn of the loop, if it is awake. False: it sleeps, or went to sleep. */
  step(): boolean {
    const { words } = this.#instance.rows
    if (this.#asleep && !this.#wakes()) return false
    this.#asleep = false
    words[this.#sleepingWord] = 0
    if (this.#loop.turn()) return true
    words[this.#sleepingWord] = 1
    if (anyRequestsReady(this.#instance.rows)) {
      words[this.#sleepingWord] = 0
      return true
    }
    const pauseMs = this.backlog.isEmpty() ? HOUSEKEEPING_MS : 1
    this.#wakeMs = this.#instance.clock.monotonicMs() + pauseMs
    this.#asleep = true
    return false
  }

  /** Sleeps, and nobody rang. */
  sleeps(): boolean {
    return this.#asleep && this.#instance.rows.words[this.#sleepingWord] === 1
  }

  #wakes(): boolean {
    if (!this.sleeps()) return true
    if (this.#instance.clock.monotonicMs() < this.#wakeMs) return false
    const { workers, rows } = this.#instance
    // Work that somebody else was rung for is not missed.
    if (anyRequestsReady(rows) && workers.every((worker) => worker.sleeps())) this.missed++
    return true
  }
}
