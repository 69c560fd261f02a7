// Steps that the effects on lists, sets, sorted sets and hashes share. Their order is always:
//
//   locate -> memory for all of it (undone if some of it cannot be had) -> a large record to the
//   file -> change -> relink an entry that moved, or remove one that is empty -> append the record

import { packedRoom } from '../memory/collection.ts'
import { dictionaryReplace } from '../memory/dictionary.ts'
import { entryExpiry, releaseEntryBlock } from '../memory/entry.ts'
import {
  COLLECTION_LARGE,
  COLLECTION_PACKED,
  COLLECTION_ROOT_BYTES,
  NO_EXPIRY,
} from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import { prepareEntry, unlinkEntry } from './entries.ts'
import type { ShardSide } from './side.ts'

/**
 * A new entry for the record's key with room for packed bytes, in no dictionary yet: linkEntry or
 * putEntry follows, or releaseEntry undoes it. 0 = out of memory, nothing changed.
 */
export function createPackedEntry(
  side: ShardSide,
  type: number,
  byteLength: number,
  expiryMs = NO_EXPIRY,
  encoding = COLLECTION_PACKED,
): number {
  const room = packedRoom(side.record.keyLength, expiryMs !== NO_EXPIRY, byteLength)
  return prepareEntry(side, type, encoding, room, expiryMs, 0)
}

/** createPackedEntry for the root of a large collection: setLargeRoot follows. */
export function createLargeEntry(side: ShardSide, type: number, expiryMs = NO_EXPIRY): number {
  return prepareEntry(side, type, COLLECTION_LARGE, COLLECTION_ROOT_BYTES, expiryMs, 0)
}

/**
 * Puts an entry that a structure made as successor of the located one in its place, and gives the
 * old block back. Nothing if it is the same. Cannot fail; the key stays located.
 */
export function relink(side: ShardSide, entry: number): void {
  const { arena, record } = side
  const before = record.entry
  if (entry === before) return
  dictionaryReplace(arena, record.root, record.page, record.slot, entry, entryExpiry(arena, entry))
  record.entry = entry
  releaseEntryBlock(arena, before)
}

/** Removes the located key, whose collection has become empty. Whoever replays the effect sees the
 * same, so it has no record of its own. Cannot fail. */
export function removeEmptied(side: ShardSide): void {
  const { entry } = side.record
  unlinkEntry(side)
  releaseEntry(side.arena, entry)
}
