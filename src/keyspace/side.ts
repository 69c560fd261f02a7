// One side of a shard as the thread that holds its token sees it: memory, log slice, control row.
// Views only; all state is in shared memory, so any thread with a ShardSide can run the shard.

import { halfSipHash } from '../base/half-siphash.ts'
import type { ShardLog } from '../log/writer.ts'
import type { Arena } from '../memory/arena.ts'
import { EncodingLimits } from '../memory/encoding-limits.ts'
import { sideRow } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { NO_BLOCKED_AREA } from './blocked-area.ts'
import { EffectRecord } from './record.ts'
import { NO_WATCH_AREA } from './watch-area.ts'

export class ShardSide {
  readonly shard: number
  readonly side: number
  /** First word of the control row. */
  readonly row: number
  readonly rows: Rows
  readonly arena: Arena
  readonly log: ShardLog
  readonly hashKey0: number
  readonly hashKey1: number
  /** What the effect that is running does. */
  readonly record = new EffectRecord()
  /** When collections become large. */
  limits = new EncodingLimits()
  /** Which of its keys clients watch; a thread that serves clients puts the shard's own here. */
  watches = NO_WATCH_AREA
  /** Which clients wait for its keys; the same. */
  blocked = NO_BLOCKED_AREA
  /** Effects change memory without being recorded: this side follows a log. */
  replaying = false
  /** Nothing may be stored, not even the removal of an expired key. */
  readOnly = false
  /** Clock of entries that are made now (access.ts), and whether clocks count uses: LFU policies.
   * Set when the token is taken. */
  accessClock = 0
  countsUses = false
  /** Keys removed to make room, by this thread. */
  evictedCount = 0
  /** Keys removed because their time was over, by this thread. */
  expiredCount = 0
  /** Wall time when the log refused the removal of an expired key, on this thread. */
  removalRefusedMs = -Infinity
  /** This thread's walk past such keys (expiry.ts): where it is, and when it came to its end. */
  walkDatabase = 0
  walkCursor = 0
  walkedMs = -Infinity
  /** Keys that reads found and did not find, by this thread. */
  hitCount = 0
  missCount = 0

  constructor(
    shard: number,
    side: number,
    rows: Rows,
    arena: Arena,
    log: ShardLog,
    hashKey0: number,
    hashKey1: number,
  ) {
    this.shard = shard
    this.side = side
    this.row = sideRow(shard, side)
    this.rows = rows
    this.arena = arena
    this.log = log
    this.hashKey0 = hashKey0
    this.hashKey1 = hashKey1
  }
}

/** The keyed hash of a key; computed once per command and key, then passed along. */
export function hashOfKey(
  side: ShardSide,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  return halfSipHash(side.hashKey0, side.hashKey1, bytes, start, length)
}
