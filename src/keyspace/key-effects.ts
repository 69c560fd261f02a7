// Effects on keys of any type, and on whole databases. See effects.ts for the contract.

import { DATABASE_COUNT } from '../base/limits.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_PERSIST,
} from '../log/codes.ts'
import { changeSlotCount, databaseRoot, detachDatabase } from '../memory/database.ts'
import {
  dictionaryCount,
  dictionaryRemove,
  dictionaryReplace,
  dictionarySetExpiry,
} from '../memory/dictionary.ts'
import { entryHasExpiryField, entryValueLength, releaseEntry } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { copyValueBetween } from '../memory/value.ts'
import { appendRecord, findEntry, prepareEntry } from './entries.ts'
import { EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'

/** Removes a key. False: there was none (and nothing is recorded). */
export function deleteKey(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
): boolean {
  const { arena, record } = side
  record.setKey(EFFECT_DELETE, database, key, keyStart, keyLength, NO_EXPIRY)
  const root = databaseRoot(arena, database)
  const entry = findEntry(side, root, hash)
  if (entry === 0) return false
  // The record comes first: the key may be read from the entry that goes.
  appendRecord(side)
  changeSlotCount(arena, root, slotOfKey(key, keyStart, keyLength), -1)
  dictionaryRemove(arena, root, arena.foundPage, arena.foundSlot)
  releaseEntry(arena, entry)
  return true
}

/** Gives an existing key an expiry (ms since 1970). */
export function expireAt(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  expiryMs: number,
): number {
  const { arena, record } = side
  record.setKey(EFFECT_EXPIRE_AT, database, key, keyStart, keyLength, expiryMs)
  const root = databaseRoot(arena, database)
  const entry = findEntry(side, root, hash)
  if (entry === 0) return EFFECT_OK
  if (entryHasExpiryField(arena, entry)) {
    dictionarySetExpiry(arena, root, arena.foundPage, arena.foundSlot, expiryMs)
  } else {
    const length = entryValueLength(arena, entry)
    // A full shard must be able to let keys expire. [ckv: reads, DEL, EXPIRE work when full]
    arena.reserveOpen = true
    const moved = prepareEntry(side, root, hash, false, length, expiryMs, 0)
    arena.reserveOpen = false
    if (moved === 0) return EFFECT_OUT_OF_MEMORY
    copyValueBetween(arena, entry, 0, moved, 0, length)
    dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, moved, expiryMs)
    releaseEntry(arena, entry)
  }
  appendRecord(side)
  return EFFECT_OK
}

/** Takes a key's expiry away. The room of the field stays: the next EXPIRE finds it. */
export function persist(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
): number {
  const { arena, record } = side
  record.setKey(EFFECT_PERSIST, database, key, keyStart, keyLength, NO_EXPIRY)
  const root = databaseRoot(arena, database)
  const entry = findEntry(side, root, hash)
  if (entry === 0) return EFFECT_OK
  dictionarySetExpiry(arena, root, arena.foundPage, arena.foundSlot, NO_EXPIRY)
  appendRecord(side)
  return EFFECT_OK
}

const NO_KEY = new Uint8Array(0)

/** Empties a database: its dictionary is detached at once and freed in slices. */
export function flushDatabase(side: ShardSide, database: number): number {
  if (dictionaryCount(side.arena, databaseRoot(side.arena, database)) === 0) return EFFECT_OK
  detachDatabase(side.arena, database)
  side.record.setKey(EFFECT_FLUSH_DATABASE, database, NO_KEY, 0, 0, NO_EXPIRY)
  appendRecord(side)
  return EFFECT_OK
}

/** Empties every database. */
export function flushAll(side: ShardSide): number {
  for (let database = 0; database < DATABASE_COUNT; database++) {
    if (databaseRoot(side.arena, database) !== 0) detachDatabase(side.arena, database)
  }
  side.record.setKey(EFFECT_FLUSH_ALL, 0, NO_KEY, 0, 0, NO_EXPIRY)
  appendRecord(side)
  return EFFECT_OK
}
