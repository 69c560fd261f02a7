// Looking keys up. A logically expired key is removed (and its removal recorded) by whoever meets
// it, so nobody above this room ever sees one. Where that cannot be (expiry.ts) it is hidden.

import type { Arena } from '../memory/arena.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount, dictionaryExpiring } from '../memory/dictionary.ts'
import { entryClock, entryExpiry, setEntryClock } from '../memory/entry.ts'
import { CLOCK_MASK, NO_EXPIRY } from '../memory/layout.ts'
import { CLOCK_TICK_MS, locate } from './entries.ts'
import { expire } from './expiry.ts'
import type { ShardSide } from './side.ts'

/** The entry of the key in the side's record, or 0. */
export function lookup(side: ShardSide, nowMs: number): number {
  const entry = lookupUntouched(side, nowMs)
  if (entry !== 0 && !side.readOnly) {
    setEntryClock(side.arena, entry, (nowMs / CLOCK_TICK_MS) | 0)
  }
  return entry
}

/** lookup() of a command that does not use the key. */
export function lookupUntouched(side: ShardSide, nowMs: number): number {
  const entry = locate(side)
  if (entry === 0) return 0
  const expiryMs = entryExpiry(side.arena, entry)
  if (expiryMs === NO_EXPIRY || expiryMs > nowMs) return entry
  side.record.hidden = !expire(side, nowMs)
  return 0
}

/** How long the key was not used, in ticks of the access clock; 0 also if it was not since the
 * data were read from the log. */
export function idleMs(arena: Arena, entry: number, nowMs: number): number {
  const clock = entryClock(arena, entry)
  if (clock === 0) return 0
  const ticks = (((nowMs / CLOCK_TICK_MS) | 0) - clock) & CLOCK_MASK
  return ticks * CLOCK_TICK_MS
}

/** Makes the record's key, which is there, one that was not used for so long. */
export function setIdleMs(side: ShardSide, nowMs: number, durationMs: number): void {
  const clock = Math.max(nowMs - durationMs, 0) / CLOCK_TICK_MS
  setEntryClock(side.arena, locate(side), clock | 0)
}

/** lookup() of a command that answers from what it finds: counted for INFO. */
export function lookupRead(side: ShardSide, nowMs: number): number {
  const entry = lookup(side, nowMs)
  if (entry === 0) side.missCount++
  else side.hitCount++
  return entry
}

/** Keys of a database, the logically expired ones included. */
export function databaseSize(side: ShardSide, database: number): number {
  return dictionaryCount(side.arena, databaseRoot(side.arena, database))
}

/** Keys of a database that have an expiry. */
export function expiringCount(side: ShardSide, database: number): number {
  return dictionaryExpiring(side.arena, databaseRoot(side.arena, database))
}
