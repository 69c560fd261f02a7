// Looking keys up. A logically expired key is removed (and its removal recorded) by whoever meets
// it, so nobody above this room ever sees one. A side that may not change anything (a read-only
// slave's) hides it instead.

import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount, dictionaryExpiring } from '../memory/dictionary.ts'
import { entryExpiry, entryKeyLength, entryKeyStart, setEntryClock } from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from '../memory/layout.ts'
import { keyDelete } from './effects.ts'
import { locate } from './entries.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Ticks of the access clock: one in 2^16 ms, about a minute; 24 bits last 34 years. */
const CLOCK_TICK_MS = 65_536

/** The entry of the key in the side's record, or 0. */
export function lookup(side: ShardSide, nowMs: number): number {
  const arena = side.arena
  const entry = locate(side)
  if (entry === 0) return 0
  const expiryMs = entryExpiry(arena, entry)
  if (expiryMs !== NO_EXPIRY && expiryMs <= nowMs) {
    expire(side)
    return 0
  }
  if (!side.readOnly) setEntryClock(arena, entry, (nowMs / CLOCK_TICK_MS) | 0)
  return entry
}

/** lookup() of a command that answers from what it finds: counted for INFO. */
export function lookupRead(side: ShardSide, nowMs: number): number {
  const entry = lookup(side, nowMs)
  if (entry === 0) side.missCount++
  else side.hitCount++
  return entry
}

/** Removes an entry whose time is over and that a walk has met, if this side may. */
export function removeExpired(side: ShardSide, database: number, entry: number): void {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryKeyStart(arena, entry)
  const hash = hashOfKey(side, bytes, start, entryKeyLength(arena, entry))
  removeSwept(side, database, entry, hash)
}

/** The same, of an entry whose hash is known. */
export function removeSwept(side: ShardSide, database: number, entry: number, hash: number): void {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const length = entryKeyLength(arena, entry)
  side.record.setKey(database, bytes, entryKeyStart(arena, entry), length, hash)
  expire(side)
}

function expire(side: ShardSide): void {
  if (side.readOnly || !side.log.healthy()) return
  if (keyDelete(side)) side.expiredCount++
}

/** Keys of a database, the logically expired ones included. */
export function databaseSize(side: ShardSide, database: number): number {
  return dictionaryCount(side.arena, databaseRoot(side.arena, database))
}

/** Keys of a database that have an expiry. */
export function expiringCount(side: ShardSide, database: number): number {
  return dictionaryExpiring(side.arena, databaseRoot(side.arena, database))
}
