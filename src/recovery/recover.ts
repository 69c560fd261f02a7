// Recovery of the shards of one worker, all workers in parallel, in two passes:
//
//   1 scan     every block is checked; where the log ends, what is torn, which groups may be half
//     main resolves groups over all shards and answers with the LSN to cut each log at
//   2 replay   records -> effects, straight into shared memory; the file is cut and made durable;
//     a new segment is begun
//
// The expiry of keys is suspended meanwhile: replay must see keys as the log does. Damage (which is
// not a torn tail) stops the start with file and offset.

import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import { DATABASE_COUNT } from '../base/limits.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { NodeLogFs } from '../log/files.ts'
import { openShardLog } from '../log/open.ts'
import { repairShard } from '../log/repair.ts'
import { replayShard } from '../log/replay.ts'
import type { GroupPart } from '../log/resolve-groups.ts'
import { type ShardScan, scanShard } from '../log/scan.ts'
import { formatArena } from '../memory/arena.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount } from '../memory/dictionary.ts'
import { type EventRing, LEVEL_INFO } from '../ring/events.ts'
import { LOADING_SHARDS_LEFT_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { applyRecord } from './apply.ts'

/** What a worker needs to know of the plan. */
export interface RecoveryPlan {
  readonly instance: string
  readonly generation: number
  readonly shardDirectories: readonly string[]
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
  const notices: string[] = []
  for (const scan of scans) {
    const side = sides[scan.shard]
    const startedMs = clock.monotonicMs()
    const records = recoverShard(plan, rows, clock, side, scan, cuts[scan.shard], notices)
    recordCount += records
    const left = Atomics.sub(rows.words, LOADING_SHARDS_LEFT_WORD, 1) - 1
    if (records > 0) {
      const tookMs = Math.round(clock.monotonicMs() - startedMs)
      events.write(
        LEVEL_INFO,
        `shard ${scan.shard}: ${records} records in ${tookMs} ms, ${left} shards left`,
      )
    }
    for (let database = 0; database < DATABASE_COUNT; database++) {
      keyCount += dictionaryCount(side.arena, databaseRoot(side.arena, database))
    }
  }
  const recovered: RecoveredMessage = { kind: 'recovered', keyCount, recordCount, notices }
  port.postMessage(recovered)
}

/** Replays one shard up to `cutLsn`, repairs its files and begins a new segment. */
function recoverShard(
  plan: RecoveryPlan,
  rows: Rows,
  clock: Clock,
  side: ShardSide,
  scan: ShardScan,
  cutLsn: number,
  notices: string[],
): number {
  const files = new NodeLogFs()
  formatArena(side.arena)
  side.replaying = true
  const count = replayShard(
    files,
    scan,
    cutLsn,
    (code, database, _flags, bytes, keyStart, keyLength, valueStart, valueLength, number) => {
      applyRecord(side, code, database, bytes, keyStart, keyLength, valueStart, valueLength, number)
    },
  )
  side.replaying = false
  const repaired = repairShard(files, scan, cutLsn)
  if (repaired.torn !== null) {
    const { file, offset, lsn, byteLength, reason } = repaired.torn
    notices.push(
      `shard ${scan.shard}: cut ${byteLength} bytes of ${file} at offset ${offset} ` +
        `(lsn ${lsn}): ${reason}`,
    )
  }
  openShardLog({
    instance: plan.instance,
    generation: plan.generation,
    shard: scan.shard,
    files,
    rows,
    side: side.side,
    directory: plan.shardDirectories[scan.shard],
    sliceBytes: plan.sliceBytes,
    epoch: scan.epoch + 1,
    number: repaired.nextNumber,
    startLsn: repaired.endLsn,
    nowMs: clock.wallMs(),
  })
  return count
}
