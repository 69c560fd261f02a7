// At a clean stop: every shard's log ends with a mark, so what comes behind it can only be damage,
// and a log that ends with one lost nothing. Runs on the sync thread when main closes the shards.
//
//   take the tokens that are free, keep them    nobody writes any more
//   sync what is written                        (the caller's)
//   append a mark where none is, sync the marks all together
//
// A token that does not come free belongs to a thread that died or hangs: that log gets no mark,
// as after a kill. If this thread dies here, tokens stay taken and the process ends anyway.

import type { Clock } from '../base/clock.ts'
import type { SharedPlan } from '../executor/plan.ts'
import { loadHasher } from '../log/checksum.ts'
import type { LogFs } from '../log/files.ts'
import { SyncQueue } from '../log/sync-queue.ts'
import { ShardLog } from '../log/writer.ts'
import { sleepOnBell } from '../ring/bell.ts'
import { tryTakeToken } from '../ring/token.ts'
import {
  ACTIVE_FD_WORD,
  DURABLE_LONG,
  MARKED_LONG,
  RETIRED_FD_WORD,
  sideRow,
  WRITTEN_LONG,
} from '../rows/layout.ts'
import { loadLsn, type Rows, sideLong } from '../rows/rows.ts'

/** Workers finish the batch they are in; a stop may take 5 s in all. */
const TOKEN_WAIT_MS_MAX = 500
const TOKEN_LOOK_MS = 2
/** Of the master. */
const SIDE = 0

export class LastMarks {
  readonly #shared: SharedPlan
  readonly #rows: Rows
  readonly #files: LogFs
  readonly #clock: Clock
  readonly #thread: number
  /** Token by shard; 0: not held. */
  readonly #held: Int32Array

  constructor(shared: SharedPlan, rows: Rows, files: LogFs, clock: Clock, thread: number) {
    this.#shared = shared
    this.#rows = rows
    this.#files = files
    this.#clock = clock
    this.#thread = thread
    this.#held = new Int32Array(shared.shardDirectories.length)
  }

  /** Takes the tokens of all shards whose log was begun, for good. */
  holdAll(): void {
    const deadlineMs = this.#clock.monotonicMs() + TOKEN_WAIT_MS_MAX
    while (!this.#tryHoldAll() && this.#clock.monotonicMs() < deadlineMs) {
      sleepOnBell(this.#rows, this.#thread, () => false, TOKEN_LOOK_MS)
    }
  }

  /** True: none is missing. */
  #tryHoldAll(): boolean {
    let missing = 0
    for (let shard = 0; shard < this.#held.length; shard++) {
      if (this.#held[shard] !== 0 || !this.#isBegun(shard)) continue
      this.#held[shard] = tryTakeToken(this.#rows, sideRow(shard, SIDE), this.#thread)
      if (this.#held[shard] === 0) missing++
    }
    return missing === 0
  }

  /** Else the server is stopped while it still loads: nothing was written. */
  #isBegun(shard: number): boolean {
    return Atomics.load(this.#rows.words, sideRow(shard, SIDE) + ACTIVE_FD_WORD) !== 0
  }

  /**
   * Marks every held log that is durable and does not end with a mark. The marks are durable on
   * return. Throws CkvError LOG_SYNC: what they mark is durable all the same.
   */
  async append(): Promise<void> {
    const shards = [...this.#held.keys()].filter(
      (shard) => this.#held[shard] !== 0 && this.#wantsMark(shard),
    )
    if (shards.length === 0) return
    await loadHasher()
    const syncs = new SyncQueue(this.#files)
    for (const shard of shards) this.#mark(shard, syncs)
    await syncs.runTogether()
  }

  #wantsMark(shard: number): boolean {
    const written = this.#lsn(shard, WRITTEN_LONG)
    return this.#lsn(shard, DURABLE_LONG) === written && this.#lsn(shard, MARKED_LONG) !== written
  }

  #mark(shard: number, syncs: SyncQueue): void {
    const { facts, slices, sideCount, generation, shardDirectories } = this.#shared
    const log = new ShardLog({
      rows: this.#rows,
      shard,
      side: SIDE,
      slice: new Uint8Array(slices[shard * sideCount]),
      files: this.#files,
      clock: this.#clock,
      thread: this.#thread,
      instance: facts.instance,
      generation,
      segmentBytesMax: facts.options.segmentBytes,
    })
    const nowMs = this.#clock.wallMs()
    log.attach(this.#held[shard], nowMs)
    log.appendMark(nowMs)
    // The mark may have filled its segment: then the next one is active already.
    for (const word of [RETIRED_FD_WORD, ACTIVE_FD_WORD]) {
      const fd = Atomics.load(this.#rows.words, sideRow(shard, SIDE) + word) - 1
      if (fd >= 0) syncs.addFile(shardDirectories[shard], fd, false)
    }
  }

  #lsn(shard: number, long: number): number {
    return loadLsn(this.#rows, sideLong(shard, SIDE, long))
  }
}
