// Begins a new segment for a shard's side and tells the control row about it: at a start (after
// recovery, or for an empty log) and at a promotion. Runs before any thread uses the row, or under
// the token. A start always begins a new segment, so a repaired tail is never written behind.
//
// The row says at once that all up to the first LSN is durable, which is so when the file is: so
// nothing is served before the queue of syncs has run.

import * as row from '../rows/layout.ts'
import { type Rows, sideLong, storeLsn } from '../rows/rows.ts'
import type { LogFs } from './files.ts'
import * as layout from './layout.ts'
import { encodePaddingBlock } from './padding-block.ts'
import { createSegment, type LogIdentity, newSegmentId } from './segment.ts'
import { SyncQueue } from './sync-queue.ts'

export interface OpenLogOptions extends LogIdentity {
  readonly files: LogFs
  readonly rows: Rows
  readonly side: number
  /** The shard's directory. */
  readonly directory: string
  readonly sliceBytes: number
  /** Higher than that of any segment before. */
  readonly epoch: number
  /** Number of the segment file to make: one more than the last that holds blocks. */
  readonly number: number
  /** Where the log before ends: all of it is durable. */
  readonly startLsn: number
  /** Wall time. */
  readonly nowMs: number
}

/** Makes the segment file, durable, and fills the row's log words. Throws the system's error. */
export function openShardLog(options: OpenLogOptions): void {
  const syncs = new SyncQueue(options.files)
  beginShardLog(options, syncs)
  syncs.run()
}

/** The same; the file and its name are durable when `syncs` has run. */
export function beginShardLog(options: OpenLogOptions, syncs: SyncQueue): void {
  const { rows, shard, side, startLsn, sliceBytes } = options
  const segmentId = newSegmentId()
  // A log that was written with a slice of another size may end where no header fits.
  const rest = sliceBytes - (startLsn % sliceBytes)
  const padded = rest < layout.SLICE_TAIL_BYTES_MIN ? rest + layout.SLICE_TAIL_BYTES_MIN : 0
  const padding =
    padded === 0
      ? new Uint8Array(0)
      : encodePaddingBlock(shard, options.epoch, startLsn, options.nowMs, segmentId, padded)
  const header = {
    instance: options.instance,
    generation: options.generation,
    shard,
    epoch: options.epoch,
    number: options.number,
    startLsn,
    segmentId,
  }
  const fd = createSegment(options.files, options.directory, header, padding, syncs)
  const long = sideLong(shard, side, 0)
  const end = startLsn + padded
  for (const field of [
    row.APPENDED_LONG,
    row.WRITTEN_LONG,
    row.RECLAIMED_LONG,
    row.COMMIT_LONG,
    row.DURABLE_LONG,
    row.MARKED_LONG,
  ]) {
    storeLsn(rows, long + field, end)
  }
  storeLsn(rows, long + row.GROUP_LONG, 0)
  storeLsn(rows, long + row.SPILL_LONG, 0)
  storeLsn(rows, long + row.SEGMENT_START_LONG, startLsn)
  storeLsn(rows, long + row.COMMIT_TIME_LONG, Math.floor(options.nowMs))
  Atomics.store(rows.longs, long + row.SEGMENT_ID_LONG, BigInt.asIntN(64, segmentId))
  const words = rows.words
  const base = row.sideRow(shard, side)
  for (const word of [
    row.WRITE_FAILED_WORD,
    row.BLOCK_PENDING_WORD,
    row.LAST_WRITE_MICROS_WORD,
    row.SYNCING_WORD,
    row.SYNC_FAILED_WORD,
    row.MARK_WANTED_WORD,
    row.SPARE_FD_WORD,
    row.SPARE_NUMBER_WORD,
    row.RETIRED_FD_WORD,
  ]) {
    Atomics.store(words, base + word, 0)
  }
  Atomics.store(words, base + row.SEGMENT_EPOCH_WORD, options.epoch | 0)
  Atomics.store(words, base + row.ACTIVE_FD_WORD, fd + 1)
  Atomics.store(words, base + row.ACTIVE_NUMBER_WORD, options.number)
  Atomics.add(words, base + row.LOG_CHANGES_WORD, 1)
}
