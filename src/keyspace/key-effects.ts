// Effects on keys of any type, and on whole databases. See effects.ts for the contract.
//
// Their records have no value, but a key may be as long as a value: each looks if its record is
// large. Only those of whole databases never are, they have no key either.

import { DATABASE_COUNT } from '../base/limits.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_PERSIST,
  EFFECT_SWAP_DATABASES,
} from '../log/codes.ts'
import { databaseRoot, detachDatabase, swapDatabases } from '../memory/database.ts'
import { dictionaryCount, dictionaryHasHash, dictionarySetExpiry } from '../memory/dictionary.ts'
import {
  entryEncoding,
  entryHasExpiryField,
  entryIsChunked,
  entryType,
  entryValueLength,
  releaseEntryBlock,
} from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import { copyValueBetween } from '../memory/value.ts'
import {
  allowReclaiming,
  appendRecord,
  isLarge,
  linkEntry,
  locate,
  prepareEntry,
  unlinkEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'
import { EVERY_DATABASE } from './watch-area.ts'

/** Removes the key. EFFECT_NO_KEY: there was none (and nothing is recorded). */
export function keyDelete(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_DELETE, NO_EXPIRY)
  record.clearValue()
  const entry = locate(side)
  if (entry === 0) return EFFECT_NO_KEY
  // The record comes first: the key may be read from the entry that goes.
  if (!isLarge(side)) appendRecord(side)
  else if (!writeLarge(side)) return EFFECT_NOT_WRITTEN
  unlinkEntry(side)
  releaseEntry(arena, entry)
  return EFFECT_OK
}

/** Gives the key, if it exists, an expiry (ms since 1970). */
export function keyExpireAt(side: ShardSide, expiryMs: number): number {
  const { arena, record } = side
  record.setEffect(EFFECT_EXPIRE_AT, expiryMs)
  record.clearValue()
  const entry = locate(side)
  if (entry === 0) return EFFECT_OK
  if (!entryHasExpiryField(arena, entry)) return moveToExpiry(side, entry, expiryMs)
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  dictionarySetExpiry(arena, record.root, record.page, record.slot, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/**
 * keyExpireAt of an entry without room for an expiry: it moves to one that has it. The chunks of a
 * long value stay where they are, so that takes little memory, which the reserve has: a full shard
 * must be able to let keys expire. [ckv: reads, DEL, EXPIRE work when full]
 */
function moveToExpiry(side: ShardSide, entry: number, expiryMs: number): number {
  const { arena } = side
  const length = entryValueLength(arena, entry)
  const chunked = entryIsChunked(arena, entry)
  const type = entryType(arena, entry)
  const encoding = entryEncoding(arena, entry)
  allowReclaiming(side)
  arena.reserveOpen = true
  const moved = prepareEntry(side, type, encoding, length, expiryMs, 0, chunked ? entry : 0)
  arena.reserveOpen = false
  if (moved === 0) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    releaseEntryBlock(arena, moved)
    return EFFECT_NOT_WRITTEN
  }
  if (!chunked) copyValueBetween(arena, entry, 0, moved, 0, length)
  linkEntry(side, moved, expiryMs)
  // What it led to, chunks or the root of a collection, belongs to the new one.
  releaseEntryBlock(arena, entry)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** Takes the key's expiry away. The room of the field stays: the next EXPIRE finds it. */
export function keyPersist(side: ShardSide): number {
  const { arena, record } = side
  record.setEffect(EFFECT_PERSIST, NO_EXPIRY)
  record.clearValue()
  if (locate(side) === 0) return EFFECT_OK
  const large = isLarge(side)
  if (large && !writeLarge(side)) return EFFECT_NOT_WRITTEN
  dictionarySetExpiry(arena, record.root, record.page, record.slot, NO_EXPIRY)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

// ── Databases ────────────────────────────────────────────────────────────────────────────────

const NO_KEY = new Uint8Array(0)

/** Empties a database: its dictionary is detached at once and freed in slices. */
export function flushDatabase(side: ShardSide, database: number): number {
  if (dictionaryCount(side.arena, databaseRoot(side.arena, database)) === 0) return EFFECT_OK
  detachDatabase(side.arena, database)
  if (side.watches.isUsed()) side.watches.touchDatabase(database)
  recordDatabase(side, EFFECT_FLUSH_DATABASE, database, NO_EXPIRY)
  return EFFECT_OK
}

/** Empties every database. */
export function flushAll(side: ShardSide): number {
  for (let database = 0; database < DATABASE_COUNT; database++) {
    if (databaseRoot(side.arena, database) !== 0) detachDatabase(side.arena, database)
  }
  if (side.watches.isUsed()) side.watches.touchDatabase(EVERY_DATABASE)
  recordDatabase(side, EFFECT_FLUSH_ALL, 0, NO_EXPIRY)
  return EFFECT_OK
}

/** Exchanges what two databases of this shard hold: two words. */
export function databasesSwap(side: ShardSide, left: number, right: number): number {
  const { arena, watches } = side
  swapDatabases(arena, left, right)
  if (watches.isUsed()) {
    const roots = [databaseRoot(arena, left), databaseRoot(arena, right)]
    watches.touchSwapped(left, right, (hash) =>
      roots.some((root) => dictionaryHasHash(arena, root, hash)),
    )
  }
  if (side.blocked.isUsed()) {
    side.blocked.touchDatabase(left)
    side.blocked.touchDatabase(right)
  }
  recordDatabase(side, EFFECT_SWAP_DATABASES, left, right)
  return EFFECT_OK
}

function recordDatabase(side: ShardSide, code: number, database: number, number: number): void {
  const { record } = side
  record.setKey(database, NO_KEY, 0, 0, 0)
  record.setEffect(code, number)
  record.clearValue()
  appendRecord(side)
}
