// Effects on keys of any type, and on whole databases. See effects.ts for the contract.

import { DATABASE_COUNT } from '../base/limits.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_PERSIST,
} from '../log/codes.ts'
import { databaseRoot, detachDatabase } from '../memory/database.ts'
import { dictionaryCount, dictionarySetExpiry } from '../memory/dictionary.ts'
import {
  entryEncoding,
  entryHasExpiryField,
  entryType,
  entryValueLength,
  releaseEntry,
} from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { copyValueBetween } from '../memory/value.ts'
import {
  allowReclaiming,
  appendRecord,
  locate,
  prepareEntry,
  putEntry,
  unlinkEntry,
} from './entries.ts'
import { EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'

/** Removes the key. False: there was none (and nothing is recorded). */
export function keyDelete(side: ShardSide): boolean {
  const { arena, record } = side
  record.setEffect(EFFECT_DELETE, NO_EXPIRY)
  record.clearValue()
  const entry = locate(side)
  if (entry === 0) return false
  // The record comes first: the key may be read from the entry that goes.
  appendRecord(side)
  unlinkEntry(side)
  releaseEntry(arena, entry)
  return true
}

/** Gives the key, if it exists, an expiry (ms since 1970). */
export function keyExpireAt(side: ShardSide, expiryMs: number): number {
  const { arena, record } = side
  record.setEffect(EFFECT_EXPIRE_AT, expiryMs)
  record.clearValue()
  const entry = locate(side)
  if (entry === 0) return EFFECT_OK
  if (entryHasExpiryField(arena, entry)) {
    dictionarySetExpiry(arena, record.root, record.page, record.slot, expiryMs)
  } else {
    const length = entryValueLength(arena, entry)
    // A full shard must be able to let keys expire. [ckv: reads, DEL, EXPIRE work when full]
    allowReclaiming(side)
    arena.reserveOpen = true
    const moved = prepareEntry(
      side,
      entryType(arena, entry),
      entryEncoding(arena, entry),
      length,
      expiryMs,
      0,
    )
    arena.reserveOpen = false
    if (moved === 0) return EFFECT_OUT_OF_MEMORY
    copyValueBetween(arena, entry, 0, moved, 0, length)
    putEntry(side, moved, expiryMs)
  }
  appendRecord(side)
  return EFFECT_OK
}

/** Takes the key's expiry away. The room of the field stays: the next EXPIRE finds it. */
export function keyPersist(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_PERSIST, NO_EXPIRY)
  record.clearValue()
  if (locate(side) === 0) return EFFECT_OK
  dictionarySetExpiry(arena, record.root, record.page, record.slot, NO_EXPIRY)
  appendRecord(side)
  return EFFECT_OK
}

// ── Databases ────────────────────────────────────────────────────────────────────────────────

const NO_KEY = new Uint8Array(0)

/** Empties a database: its dictionary is detached at once and freed in slices. */
export function flushDatabase(side: ShardSide, database: number): number {
  if (dictionaryCount(side.arena, databaseRoot(side.arena, database)) === 0) return EFFECT_OK
  detachDatabase(side.arena, database)
  recordFlush(side, EFFECT_FLUSH_DATABASE, database)
  return EFFECT_OK
}

/** Empties every database. */
export function flushAll(side: ShardSide): number {
  for (let database = 0; database < DATABASE_COUNT; database++) {
    if (databaseRoot(side.arena, database) !== 0) detachDatabase(side.arena, database)
  }
  recordFlush(side, EFFECT_FLUSH_ALL, 0)
  return EFFECT_OK
}

function recordFlush(side: ShardSide, code: number, database: number): void {
  const { record } = side
  record.setKey(database, NO_KEY, 0, 0, 0)
  record.setEffect(code, NO_EXPIRY)
  record.clearValue()
  appendRecord(side)
}
