// Data of N shards for M shards: the old logs are read and every record is written to the log of
// the shard that owns its key now. Nothing is kept in memory but the windows of files and slices,
// so the size of the data does not matter.
//
// The old logs may end torn or with half a group, as at any start. What is left out goes away with
// the old generation, so it is reported in recovery's words.
//
// A flush concerns the keys of its old shard only, but in a new log keys of several old shards
// stand mixed. So records in front of the last flush of their database are left out, and so are the
// flushes themselves: the new generation begins empty. Swaps of databases are left out for the same
// reason: each record goes to the database where its key ended up, through the swaps behind it.
//
// A record goes by the slot of its key. One that names two keys (a rename) does so within a slot
// and a database; what goes further is told by two records (keyspace/content-move.ts).
//
// Groups need no flags: the new generation counts as a whole, when the manifest names it.

import type { Clock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import { appendRecordTo, EffectRecord, recordIsLarge, writeRecordTo } from '../keyspace/record.ts'
import type { LogFs } from '../log/files.ts'
import { type Manifest, shardDirectory } from '../log/manifest.ts'
import { openShardLog } from '../log/open.ts'
import { tornAt, tornNotice } from '../log/repair.ts'
import { replayShard } from '../log/replay.ts'
import { resolveGroups } from '../log/resolve-groups.ts'
import { type ShardScan, scanShard } from '../log/scan.ts'
import { Syncer } from '../log/syncer.ts'
import { ShardLog } from '../log/writer.ts'
import { tryTakeToken } from '../ring/token.ts'
import {
  ACTIVE_FD_WORD,
  FSYNC_NO,
  RETIRED_FD_WORD,
  SPARE_FD_WORD,
  sideRow,
} from '../rows/layout.ts'
import { Rows } from '../rows/rows.ts'
import { DatabaseMoves, LEFT_OUT } from './database-moves.ts'

export interface RepartitionJob {
  readonly directory: string
  readonly from: Manifest
  readonly to: Manifest
  readonly segmentBytes: number
  /** Control rows for the new shards, and a log slice each. */
  readonly rows: SharedArrayBuffer
  readonly slices: readonly SharedArrayBuffer[]
}

/** Records between two looks at rotation. */
const SYNC_EVERY_RECORDS = 4096
/** Only lookups need a key's hash. */
const NO_HASH = 0
/** The job is alone on its rows; any thread number will do. */
const THREAD = 1

export interface RepartitionResult {
  readonly recordCount: number
  /** One line each for the program's log: torn tails and half groups that were left out. */
  readonly notices: readonly string[]
}

/** Writes the new generation's logs, durable, and closes all files. Throws CkvError. */
export function repartitionLogs(
  job: RepartitionJob,
  files: LogFs,
  clock: Clock,
): RepartitionResult {
  const scans = scanAll(job, files)
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    scans.map((scan) => scan.endLsn),
    scans.flatMap((scan) => scan.durableGroups),
  )
  const notices: string[] = []
  for (const scan of scans) {
    const torn = tornAt(scan, cuts[scan.shard])
    if (torn !== null) notices.push(tornNotice(scan.shard, torn))
  }
  const rows = new Rows(job.rows)
  try {
    const target = new TargetLogs(job, rows, files, clock)
    for (const scan of scans) copyShard(scan, cuts[scan.shard], files, target)
    target.finish()
    return { recordCount: target.recordCount, notices }
  } finally {
    closeTargets(rows, job.slices.length, files)
  }
}

function scanAll({ directory, from }: RepartitionJob, files: LogFs): ShardScan[] {
  const { instance, generation } = from
  return Array.from({ length: from.shardCount }, (_, shard) =>
    scanShard(files, shardDirectory(directory, generation, shard), {
      instance,
      generation,
      shard,
      startLsn: 0,
      begun: true,
    }),
  )
}

/** The rows know every descriptor, also when not all logs were opened. */
function closeTargets(rows: Rows, shardCount: number, files: LogFs): void {
  for (let shard = 0; shard < shardCount; shard++) {
    for (const word of [ACTIVE_FD_WORD, SPARE_FD_WORD, RETIRED_FD_WORD]) {
      const fd = Atomics.exchange(rows.words, sideRow(shard, 0) + word, 0) - 1
      if (fd < 0) continue
      try {
        files.close(fd)
      } catch {
        // Only lost: what it holds is synced, or the new generation does not count.
      }
    }
  }
}

function copyShard(scan: ShardScan, cutLsn: number, files: LogFs, target: TargetLogs): void {
  const moves = new DatabaseMoves(scan, cutLsn, files)
  const record = new EffectRecord()
  let index = 0
  replayShard(
    files,
    scan,
    cutLsn,
    (code, database, flags, bytes, keyStart, keyLength, valueStart, valueLength, number) => {
      const home = moves.targetOf(index++, code, database, number)
      if (home === LEFT_OUT) return
      record.setKey(home, bytes, keyStart, keyLength, NO_HASH)
      record.setValue(bytes, valueStart, valueLength)
      record.setEffect(code, number)
      record.flags = flags
      target.append(record)
    },
  )
}

class TargetLogs {
  recordCount = 0
  readonly #logs: ShardLog[]
  readonly #syncer: Syncer
  readonly #clock: Clock
  #error: unknown = null

  constructor(job: RepartitionJob, rows: Rows, files: LogFs, clock: Clock) {
    const { to, directory } = job
    const directories = job.slices.map((_, shard) =>
      shardDirectory(directory, to.generation, shard),
    )
    this.#clock = clock
    this.#logs = job.slices.map((slice, shard) =>
      openTarget(job, files, clock, rows, directories[shard], slice, shard),
    )
    const targets = directories.map((each, shard) => ({ shard, side: 0, directory: each }))
    this.#syncer = new Syncer(rows, files, targets, job.segmentBytes, {
      synced() {},
      markWanted() {},
      failed: (_shard, _side, _operation, error) => {
        this.#error = error
      },
    })
  }

  append(record: EffectRecord): void {
    const slot = slotOfKey(record.key, record.keyStart, record.keyLength)
    const log = this.#logs[shardOfSlot(slot, this.#logs.length)]
    if (!recordIsLarge(log, record)) appendRecordTo(log, record)
    else if (!writeRecordTo(log, record)) this.#fail('write failed')
    if (log.wantsCommit()) this.#commit(log)
    if (++this.recordCount % SYNC_EVERY_RECORDS === 0) this.#turn()
  }

  #commit(log: ShardLog): void {
    if (log.commit(this.#clock.wallMs()) !== 0) this.#fail('write failed')
  }

  #turn(): void {
    this.#syncer.turn(FSYNC_NO, this.#clock.monotonicMs())
    if (this.#error !== null) this.#fail((this.#error as Error).message)
  }

  /** Everything written and synced. */
  finish(): void {
    for (const log of this.#logs) this.#commit(log)
    this.#syncer.syncAll(this.#clock.monotonicMs())
    if (this.#error !== null) this.#fail((this.#error as Error).message)
  }

  #fail(reason: string): never {
    throw new CkvError('REPARTITION', `re-partitioning stopped, the old data stay: ${reason}`)
  }
}

function openTarget(
  job: RepartitionJob,
  files: LogFs,
  clock: Clock,
  rows: Rows,
  directory: string,
  slice: SharedArrayBuffer,
  shard: number,
): ShardLog {
  const { instance, generation } = job.to
  openShardLog({
    instance,
    generation,
    shard,
    files,
    rows,
    side: 0,
    directory,
    sliceBytes: slice.byteLength,
    epoch: 1,
    number: 1,
    startLsn: 0,
    nowMs: clock.wallMs(),
  })
  const log = new ShardLog({
    rows,
    shard,
    side: 0,
    slice: new Uint8Array(slice),
    files,
    clock,
    thread: THREAD,
    instance,
    generation,
    segmentBytesMax: job.segmentBytes,
  })
  log.attach(tryTakeToken(rows, sideRow(shard, 0), THREAD), clock.wallMs())
  return log
}
