// In place or through the ring: one small function, tuned by measurement (ARCHITECTURE.md).
//
// Without pipelining a hop to a worker costs more than the command; with deep pipelines and writes
// the second thread pays. A shard whose file is being synced, or whose last write(2) was slow,
// would make the acceptor's loop wait: it goes to a worker.

import { DISPATCH_AUTO, DISPATCH_PLACE, DISPATCH_RING } from '../rows/layout.ts'

/** A receive of at least this many bytes is a deep batch. */
export const DEEP_RECEIVE_BYTES = 3072
/** A write(2) longer than this makes the shard go through the ring for a while. */
export const SLOW_WRITE_MICROS = 2000

/**
 * May the commands of this receive run in place on a shard (if its token is free)?
 * @param mode one of DISPATCH_…
 * @param fast the command's row is flagged FAST
 * @param receiveBytes bytes of the receive that the command came with
 * @param holdsReplies replies wait for fdatasync (appendfsync always): always through the ring,
 *   where the acceptor can hold them back
 * @param syncing an fdatasync of the shard's file is under way
 * @param lastWriteMicros how long the shard's last write(2) took
 */
export function mayRunInPlace(
  mode: number,
  fast: boolean,
  receiveBytes: number,
  holdsReplies: boolean,
  syncing: boolean,
  lastWriteMicros: number,
): boolean {
  if (mode === DISPATCH_RING || !fast || holdsReplies) return false
  if (mode === DISPATCH_PLACE) return true
  return !isDeep(mode, receiveBytes) && !syncing && lastWriteMicros < SLOW_WRITE_MICROS
}

/** Is a receive of so many bytes for the workers whatever its shards do? */
export function isDeep(mode: number, receiveBytes: number): boolean {
  return mode === DISPATCH_RING || (mode === DISPATCH_AUTO && receiveBytes >= DEEP_RECEIVE_BYTES)
}
