// Commits that span several shards (MSET, FLUSHALL, EXEC): every participant's last block names the
// group, and recovery and the mirror apply all parts or none.
//
//   1 close every block  2 store every GROUP_LONG  3 write every file  4 publish every written LSN
//
// Nothing is published before every file was written, so nobody sees a half. If the thread dies
// between two writes, no reply left and recovery cuts the parts that are there. If one write fails
// all participants wait and refuse writes: a later write of one of them would otherwise stand
// behind a part that recovery may have to cut.

import { assert } from '../base/assert.ts'
import { PENDING_GROUP } from '../rows/layout.ts'
import { type ShardLog, WRITE_OK } from './writer.ts'

/**
 * Commits several logs as one. `logs` ascend by shard, all tokens are held, all were healthy before
 * the command ran. Answers as `ShardLog.commit`. Logs without effects take no part.
 */
export function commitGroup(logs: readonly ShardLog[], nowMs: number): number {
  const parts = logs.filter((log) => log.uncommitted())
  if (parts.length === 0) return WRITE_OK
  if (parts.length === 1) return parts[0].commit(nowMs)
  const lowest = parts[0]
  const groupLsn = lowest.lastBlockLsn()
  for (let index = 0; index < parts.length; index++) {
    assert(index === 0 || parts[index].shard > parts[index - 1].shard, 'shards ascend in a group')
    parts[index].prepareCommit(nowMs, lowest.shard, groupLsn, parts.length, index)
  }
  return writeAll(parts)
}

/**
 * Writes groups that wait after a failed write. `logs` are all shards whose `groupPending()` is
 * true, attached, all tokens held. WRITE_OK: all of them are healthy again.
 */
export function retryGroup(logs: readonly ShardLog[]): number {
  const parts = logs.filter((log) => log.groupPending())
  return parts.length === 0 ? WRITE_OK : writeAll(parts)
}

function writeAll(parts: readonly ShardLog[]): number {
  for (const part of parts) {
    const failed = part.writePrepared()
    if (failed === WRITE_OK) continue
    for (const other of parts) other.holdBack(failed, PENDING_GROUP)
    return failed
  }
  for (const part of parts) part.publishCommitted()
  return WRITE_OK
}

/**
 * Writes what `addLarge` was given to several logs straight to their files, before the caller
 * changes memory: all of it, or nothing that counts. `logs` as of `commitGroup`. False: not
 * written; memory must stay as it is, and the logs say what they said before.
 *
 *   1 write   one block a log, behind the last byte that counts. No LSN moves, nor any other word
 *             that somebody else reads.
 *   2 keep    every file was written: the blocks are a part of the commit that follows, as if each
 *             had just been written. Cannot fail.
 *   2 drop    a write failed: every file is cut back to where it was. One that cannot be cut now is
 *             cut before anything else is written to it; until then the log refuses writes.
 *
 * Why that is right if the process dies at any of these lines: a file then ends with a block that
 * is torn, or whole and BLOCK_CONTINUED. No last block of that commit stands behind it, so recovery
 * cuts it, and with it what the same commit had begun before, whose replies have not left either.
 * Each log does so by itself, and no group has been named yet: it makes no difference which files
 * were written, and which were cut already.
 *
 * While it lives: the sync thread and the mirror go by the written LSN, which does not cover these
 * blocks before they are kept, so none of them is ever called durable and then gone. (Their bytes
 * may become durable, by a sync for what stands before them; that claims nothing.)
 *
 * And later, when other blocks stand where the dropped one stood, and power fails before the file
 * is synced: should old bytes be found behind the new ones, they are the rest of one block, in
 * which no whole block stands: a torn tail, which is cut. That is why all large records of a log
 * go into one block. With several a whole one might stand there, and that is damage (scan.ts).
 * In front of new blocks no old bytes are found: where a file was cut and has grown again, what was
 * never written reads as zeros.
 */
export function writeLargeRecords(logs: readonly ShardLog[]): boolean {
  let written = true
  for (const log of logs) if (written) written = log.writeLarge()
  for (const log of logs) {
    if (written) log.keepLarge()
    else log.dropLarge()
  }
  return written
}
