// Looking keys up. A logically expired key is removed (and its removal recorded) by whoever meets
// it, so nobody above this room ever sees one. A side that may not change anything (a read-only
// slave's) hides it instead.

import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount, dictionaryExpiring, dictionaryFind } from '../memory/dictionary.ts'
import { entryExpiry, setEntryClock } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { deleteKey } from './effects.ts'
import type { ShardSide } from './side.ts'

/** Ticks of the access clock: one in 2^16 ms, about a minute; 24 bits last 34 years. */
const CLOCK_TICK_MS = 65_536

/** The entry's address, or 0. `hash` is hashOfKey of the key. */
export function lookup(
  side: ShardSide,
  database: number,
  nowMs: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  hash: number,
): number {
  const arena = side.arena
  const entry = dictionaryFind(arena, databaseRoot(arena, database), hash, bytes, start, length)
  if (entry === 0) return 0
  const expiryMs = entryExpiry(arena, entry)
  if (expiryMs !== NO_EXPIRY && expiryMs <= nowMs) {
    if (!side.readOnly && side.log.healthy()) {
      deleteKey(side, database, hash, bytes, start, length)
      side.expiredCount++
    }
    return 0
  }
  if (!side.readOnly) setEntryClock(arena, entry, (nowMs / CLOCK_TICK_MS) | 0)
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
