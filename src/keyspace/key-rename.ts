// The effect of RENAME within a slot: the key's entry is made again under the new key; what it
// leads to (chunks, the root of a collection) is only handed over, so a large collection costs no
// more than a small one. One record tells both keys: they share a slot, so it has one place when
// the data are partitioned anew (recovery/repartition.ts).

import { EFFECT_RENAME } from '../log/codes.ts'
import {
  entryClock,
  entryEncoding,
  entryExpiry,
  entryIsChunked,
  entryType,
  entryValueLength,
  releaseEntryBlock,
  setEntryClock,
} from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { copyValueBetween } from '../memory/value.ts'
import {
  appendRecord,
  isLarge,
  locate,
  locateOrMakeRoom,
  NO_ROOM,
  prepareEntry,
  putEntry,
  touchWatched,
  unlinkEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Gives the key the name that is the record's value, another one in the same slot, whatever has
 * it. EFFECT_NO_KEY: there is no such key. */
export function keyRename(side: ShardSide): number {
  const { arena, record } = side
  const { database, key, keyStart, keyLength, hash, value, valueStart, valueLength } = record
  record.setEffect(EFFECT_RENAME, NO_EXPIRY)
  const large = isLarge(side)
  const old = locate(side)
  if (old === 0) return EFFECT_NO_KEY
  const newHash = hashOfKey(side, value, valueStart, valueLength)
  record.setKey(database, value, valueStart, valueLength, newHash)
  // No more is stored afterwards than before. [redis: RENAME is not refused for want of memory]
  arena.reserveOpen = true
  const moved = locateOrMakeRoom(side) === NO_ROOM ? 0 : entryUnderNewKey(side, old)
  arena.reserveOpen = false
  if (moved === 0 || large) record.setKey(database, key, keyStart, keyLength, hash)
  if (moved === 0) return EFFECT_OUT_OF_MEMORY
  if (large) {
    if (!writeLarge(side)) {
      releaseEntryBlock(arena, moved)
      return EFFECT_NOT_WRITTEN
    }
    record.setKey(database, value, valueStart, valueLength, newHash)
    locate(side)
  }
  putEntry(side, moved, entryExpiry(arena, moved))
  touchWatched(side)
  setEntryClock(arena, moved, entryClock(arena, old))
  record.setKey(database, key, keyStart, keyLength, hash)
  locate(side)
  unlinkEntry(side)
  releaseEntryBlock(arena, old)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** An entry like `old` for the record's key, with room for it in the dictionary; 0 = no memory. */
function entryUnderNewKey(side: ShardSide, old: number): number {
  const { arena } = side
  const length = entryValueLength(arena, old)
  const chunked = entryIsChunked(arena, old)
  const moved = prepareEntry(
    side,
    entryType(arena, old),
    entryEncoding(arena, old),
    length,
    entryExpiry(arena, old),
    0,
    chunked ? old : 0,
  )
  if (moved === 0) return 0
  if (!chunked) copyValueBetween(arena, old, 0, moved, 0, length)
  return moved
}
