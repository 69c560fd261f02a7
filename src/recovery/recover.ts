// Recovery of the shards of one worker, all workers in parallel, in two passes:
//
//   1 scan     every block is checked; where the log ends, what is torn, which groups may be half
//     main resolves groups over all shards and answers with the LSN to cut each log at
//   2 replay   records -> effects, straight into shared memory; then the files of all shards are
//     cut and made durable, and new segments are begun
//
// The expiry of keys is suspended meanwhile: replay must see keys as the log does. Damage (which is
// not a torn tail) stops the start with file and offset.

import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import { DATABASE_COUNT } from '../base/limits.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { type LogFs, NodeLogFs } from '../log/files.ts'
import { logSliceBytes } from '../log/log-buffer.ts'
import { beginShardLog } from '../log/open.ts'
import { beginRepair, tornNotice } from '../log/repair.ts'
import { replayBatches } from '../log/replay.ts'
import type { GroupPart } from '../log/resolve-groups.ts'
import { type ShardScan, scanShard } from '../log/scan.ts'
import { SyncQueue } from '../log/sync-queue.ts'
import { formatArena } from '../memory/arena.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount } from '../memory/dictionary.ts'
import { type EventRing, LEVEL_INFO } from '../ring/events.ts'
import { LOADING_SHARDS_LEFT_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { applyBatch } from './apply-batch.ts'

/** What a worker needs to know of the plan. */
export interface RecoveryPlan {
  readonly instance: string
  readonly generation: number
  readonly shardDirectories: readonly string[]
  /** Of a side's log memory: the slice, with the spill behind it if there is one. */
  readonly sliceBytes: number
  readonly workerCount: number
}

export interface ScannedShard {
  readonly shard: number
  readonly endLsn: number
  readonly groups: readonly GroupPart[]
  readonly durableGroups: readonly number[]
}

/** Worker → main after pass 1. */
export interface ScannedMessage {
  readonly kind: 'scanned'
  readonly shards: readonly ScannedShard[]
}

/** Main → workers: where to cut each log, by shard. */
export interface ReplayMessage {
  readonly kind: 'replay'
  readonly cuts: readonly number[]
}

/** Worker → main after pass 2. */
export interface RecoveredMessage {
  readonly kind: 'recovered'
  readonly keyCount: number
  readonly recordCount: number
  /** One line each for the program's log: torn tails, cut groups. */
  readonly notices: readonly string[]
}

/** Worker → main: the start ends here, with this line. */
export interface FailedMessage {
  readonly kind: 'failed'
  readonly message: string
}

/**
 * Recovers shards index, index + workerCount, ... Ends with `recovered`, or `failed` and throws.
 */
export async function recoverShards(
  plan: RecoveryPlan,
  rows: Rows,
  clock: Clock,
  sides: readonly ShardSide[],
  index: number,
  port: MessagePort,
  events: EventRing,
): Promise<void> {
  try {
    await recoverInTwoPasses(plan, rows, clock, sides, index, port, events)
  } catch (error) {
    if (!(error instanceof CkvError)) throw error
    const failed: FailedMessage = { kind: 'failed', message: error.message }
    port.postMessage(failed)
    // Main ends the process; nothing is left to do here.
    await new Promise(() => {})
  }
}

async function recoverInTwoPasses(
  plan: RecoveryPlan,
  rows: Rows,
  clock: Clock,
  sides: readonly ShardSide[],
  index: number,
  port: MessagePort,
  events: EventRing,
): Promise<void> {
  const files = new NodeLogFs()
  const scans: ShardScan[] = []
  for (let shard = index; shard < sides.length; shard += plan.workerCount) {
    scans.push(
      scanShard(files, plan.shardDirectories[shard], {
        instance: plan.instance,
        generation: plan.generation,
        shard,
        startLsn: 0,
      }),
    )
  }
  const scanned: ScannedMessage = {
    kind: 'scanned',
    shards: scans.map(({ shard, endLsn, groups, durableGroups }) => ({
      shard,
      endLsn,
      groups,
      durableGroups,
    })),
  }
  const answer = new Promise<ReplayMessage>((resolve) => port.once('message', resolve))
  port.postMessage(scanned)
  const { cuts } = await answer
  let keyCount = 0
  let recordCount = 0
  for (const scan of scans) {
    const side = sides[scan.shard]
    recordCount += replayInto(side, files, scan, cuts[scan.shard], rows, clock, events)
    for (let database = 0; database < DATABASE_COUNT; database++) {
      keyCount += dictionaryCount(side.arena, databaseRoot(side.arena, database))
    }
  }
  const notices = await beginLogs(plan, rows, clock, files, scans, cuts)
  const recovered: RecoveredMessage = { kind: 'recovered', keyCount, recordCount, notices }
  port.postMessage(recovered)
}

/** Replays one shard up to `cutLsn` and says so. Returns the number of records. */
function replayInto(
  side: ShardSide,
  files: LogFs,
  scan: ShardScan,
  cutLsn: number,
  rows: Rows,
  clock: Clock,
  events: EventRing,
): number {
  const startedMs = clock.monotonicMs()
  formatArena(side.arena)
  side.replaying = true
  const records = replayBatches(files, scan, cutLsn, (batch) => applyBatch(side, batch))
  side.replaying = false
  const left = Atomics.sub(rows.words, LOADING_SHARDS_LEFT_WORD, 1) - 1
  if (records > 0) {
    const tookMs = Math.round(clock.monotonicMs() - startedMs)
    events.write(
      LEVEL_INFO,
      `shard ${scan.shard}: ${records} records in ${tookMs} ms, ${left} shards left`,
    )
  }
  return records
}

/**
 * Repairs the files of scanned shards and begins a new segment for each; all of it is durable on
 * return. Shards are synced together, but no new segment before all old files: behind one that was
 * lost with the power a later file would look like damage. Returns a line for each torn tail.
 */
export async function beginLogs(
  plan: RecoveryPlan,
  rows: Rows,
  clock: Clock,
  files: LogFs,
  scans: readonly ShardScan[],
  cuts: readonly number[],
): Promise<string[]> {
  const notices: string[] = []
  const syncs = new SyncQueue(files)
  const repairs = scans.map((scan) => {
    const repaired = beginRepair(files, scan, cuts[scan.shard], syncs)
    if (repaired.torn !== null) notices.push(tornNotice(scan.shard, repaired.torn))
    return repaired
  })
  await syncs.runTogether()
  scans.forEach(({ shard, epoch }, index) => {
    const { nextNumber, endLsn } = repairs[index]
    beginShardLog(
      {
        instance: plan.instance,
        generation: plan.generation,
        shard,
        files,
        rows,
        side: 0,
        directory: plan.shardDirectories[shard],
        sliceBytes: logSliceBytes(plan.sliceBytes),
        epoch: epoch + 1,
        number: nextNumber,
        startLsn: endLsn,
        nowMs: clock.wallMs(),
      },
      syncs,
    )
  })
  await syncs.runTogether()
  return notices
}
