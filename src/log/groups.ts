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
