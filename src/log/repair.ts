// Makes the files end where recovery decided, keeps what is cut, and makes all of it durable before
// anything is served. A crash at any step leaves a log that recovers to the same state.
//
//   1 what is cut away is kept beside the log, durable      here, in order; rare
//   2 the last two files end where they should              through the queue, many shards at once
//   3 a new segment begins (open.ts)                        only after 2 is durable

import { CkvError } from '../base/errors.ts'
import { LOG_READ_BYTES } from '../base/limits.ts'
import { type LogFs, readFully, writeFully } from './files.ts'
import * as layout from './layout.ts'
import { cutPlace, lastSegmentAt, type ShardScan, type TornTail } from './scan.ts'
import { SyncQueue } from './sync-queue.ts'

export interface RepairedLog {
  /** Where the log ends now; all of it is durable when the queue has run. */
  readonly endLsn: number
  /** Number for the next segment file. */
  readonly nextNumber: number
  /** What was cut, null when nothing was. */
  readonly torn: TornTail | null
  /** Where the cut bytes are kept. */
  readonly keptFiles: readonly string[]
}

/**
 * Cuts a scanned shard to `cutLsn` (`scan.endLsn`, or less where a group was cut). Cut bytes stay
 * beside the log as `.broken` files. Throws CkvError LOG_REPAIR when the disk does not let it.
 */
export function repairShard(files: LogFs, scan: ShardScan, cutLsn: number): RepairedLog {
  const syncs = new SyncQueue(files)
  const repaired = beginRepair(files, scan, cutLsn, syncs)
  syncs.run()
  return repaired
}

/** The same; the log counts as repaired when `syncs` has run. */
export function beginRepair(
  files: LogFs,
  scan: ShardScan,
  cutLsn: number,
  syncs: SyncQueue,
): RepairedLog {
  try {
    return repair(files, scan, cutLsn, syncs)
  } catch (error) {
    const text = (error as Error).message
    throw new CkvError('LOG_REPAIR', `cannot repair the log in ${scan.directory}: ${text}`)
  }
}

function repair(files: LogFs, scan: ShardScan, cutLsn: number, syncs: SyncQueue): RepairedLog {
  const { segments, directory } = scan
  const torn = tornAt(scan, cutLsn)
  const last = lastSegmentAt(segments, cutLsn)
  const kept: string[] = []
  for (const name of scan.unbegun) {
    const path = `${directory}/${name}`
    const byteLength = files.stat(path)?.byteLength ?? 0
    // The only file is emptied when it is begun anew, and its name stays: a log that was begun
    // always has its first segment (first-segment.ts).
    if (last < 0 && byteLength > 0) kept.push(copyTail(files, path, 0, byteLength))
    else if (last < 0) continue
    else if (byteLength === 0) files.unlink(path)
    else kept.push(setAside(files, path))
  }
  // Later files go first, the last one first: whatever a crash leaves is a log without a gap.
  for (let index = segments.length - 1; index > last; index--) {
    kept.push(setAside(files, segments[index].path))
    files.fsyncDirectory(directory)
  }
  if (last < 0) {
    if (scan.unbegun.length > 0) files.fsyncDirectory(directory)
    return { endLsn: cutLsn, nextNumber: 1, torn, keptFiles: kept }
  }
  const { path, header, byteLength } = segments[last]
  const end = layout.SEGMENT_HEADER_BYTES + cutLsn - header.startLsn
  if (end < byteLength) kept.push(copyTail(files, path, end, byteLength))
  if (end < byteLength || scan.unbegun.length > 0) files.fsyncDirectory(directory)
  // A process that died leaves written bytes that are not durable yet, in its last two segments.
  if (last > 0) finishFile(files, segments[last - 1].path, -1, syncs)
  finishFile(files, path, end < byteLength ? end : -1, syncs)
  // A segment without a block is written anew under its number.
  const nextNumber = end === layout.SEGMENT_HEADER_BYTES ? header.number : header.number + 1
  return { endLsn: cutLsn, nextNumber, torn, keptFiles: kept }
}

/** What a log that ends at `cutLsn` loses of its files; null: nothing. */
export function tornAt(scan: ShardScan, cutLsn: number): TornTail | null {
  const reason = scan.torn !== null && cutLsn === scan.endLsn ? scan.torn.reason : 'half a group'
  return cutPlace(scan.segments, cutLsn, reason) ?? scan.torn
}

/** A line for the program's log. */
export function tornNotice(shard: number, torn: TornTail): string {
  const { file, offset, lsn, byteLength, reason } = torn
  return (
    `shard ${shard}: cut ${byteLength} bytes of ${file} at offset ${offset} ` +
    `(lsn ${lsn}): ${reason}`
  )
}

function finishFile(files: LogFs, path: string, cutTo: number, syncs: SyncQueue): void {
  const fd = files.open(path, 'r+')
  syncs.addFile(path, fd, true)
  if (cutTo >= 0) files.ftruncate(fd, cutTo)
}

function setAside(files: LogFs, path: string): string {
  const kept = brokenPath(files, path)
  files.rename(path, kept)
  return kept
}

function copyTail(files: LogFs, path: string, from: number, end: number): string {
  const kept = brokenPath(files, path)
  const source = files.open(path, 'r')
  const target = files.open(kept, 'wx')
  try {
    const piece = new Uint8Array(Math.min(LOG_READ_BYTES, end - from))
    for (let at = from; at < end; at += piece.byteLength) {
      const length = readFully(files, source, piece, 0, Math.min(piece.byteLength, end - at), at)
      writeFully(files, target, piece, 0, length, at - from)
    }
    files.fsync(target)
  } finally {
    files.close(source)
    files.close(target)
  }
  return kept
}

function brokenPath(files: LogFs, path: string): string {
  for (let count = 1; ; count++) {
    const kept = count === 1 ? `${path}.broken` : `${path}.broken-${count}`
    if (files.stat(kept) === null) return kept
  }
}
