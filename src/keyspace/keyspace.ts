// Looking keys up. A logically expired key is removed (and its removal recorded) by whoever meets
// it, so nobody above this room ever sees one. Where that cannot be (expiry.ts) it is hidden.

import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount, dictionaryExpiring } from '../memory/dictionary.ts'
import { entryExpiry } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { noteAccess } from './access.ts'
import { locate } from './entries.ts'
import { expire } from './expiry.ts'
import type { ShardSide } from './side.ts'

/** The entry of the key in the side's record, or 0. */
export function lookup(side: ShardSide, nowMs: number): number {
  const entry = lookupUntouched(side, nowMs)
  if (entry !== 0) noteAccess(side, entry, nowMs)
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
