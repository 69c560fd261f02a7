// Steps that the effects on lists, sets, sorted sets and hashes share. Their order is always:
//
//   locate -> memory for all of it (undone if some of it cannot be had) -> a large record to the
//   file -> change -> relink an entry that moved, or remove one that is empty -> append the record

import { copyBytes } from '../base/copy.ts'
import {
  createLargeSuccessor,
  createSuccessor,
  packedRoom,
  reservePacked,
  setLargeRoot,
} from '../memory/collection.ts'
import { dictionaryReplace } from '../memory/dictionary.ts'
import {
  entryEncoding,
  entryExpiry,
  entryHasExpiryField,
  entryKeyLength,
  entryValueStart,
  releaseEntryBlock,
} from '../memory/entry.ts'
import {
  COLLECTION_LARGE,
  COLLECTION_PACKED,
  COLLECTION_ROOT_BYTES,
  NO_EXPIRY,
  SEGMENT_SHIFT,
} from '../memory/layout.ts'
import { detachRoot, releaseEntry } from '../memory/release.ts'
import {
  appendRecord,
  isLarge,
  prepareEntry,
  putEntry,
  unlinkEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
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

/** Puts the record's items into a dictionary, all or none, and writes a large record. */
export type FillLarge = (side: ShardSide, root: number) => number

/**
 * The last steps of an effect that has put packed bytes together elsewhere: they become the value
 * of the entry `grown` or its successor, or of a new entry (0) instead of whatever the key holds.
 */
export function finishPacked(
  side: ShardSide,
  type: number,
  encoding: number,
  packed: Uint8Array,
  byteLength: number,
  grown: number,
  expiryMs: number,
): number {
  const { arena } = side
  const entry =
    grown === 0
      ? createPackedEntry(side, type, byteLength, expiryMs, encoding)
      : reserveEncoded(side, grown, encoding, byteLength)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    if (entry !== grown) releaseEntryBlock(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  copyBytes(packed, 0, bytes, entryValueStart(arena, entry), byteLength)
  if (grown !== 0) relink(side, entry)
  else putEntry(side, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** reservePacked, also where the bytes will be of another encoding than those that are there. */
function reserveEncoded(
  { arena }: ShardSide,
  entry: number,
  encoding: number,
  byteLength: number,
): number {
  if (entryEncoding(arena, entry) === encoding) return reservePacked(arena, entry, byteLength)
  const hasExpiry = entryHasExpiryField(arena, entry)
  const room = packedRoom(entryKeyLength(arena, entry), hasExpiry, byteLength)
  return createSuccessor(arena, entry, encoding, room)
}

/**
 * Fills a dictionary that no entry holds yet and makes it the key's value: as the successor of
 * `grown`, or in a new entry (0) instead of whatever the key holds. Frees it if that fails.
 */
export function finishLarge(
  side: ShardSide,
  type: number,
  root: number,
  grown: number,
  expiryMs: number,
  fill: FillLarge,
): number {
  const { arena } = side
  const entry =
    grown === 0 ? createLargeEntry(side, type, expiryMs) : createLargeSuccessor(arena, grown, root)
  const outcome = entry === 0 ? EFFECT_OUT_OF_MEMORY : fill(side, root)
  if (outcome !== EFFECT_OK) {
    if (entry !== 0) releaseEntryBlock(arena, entry)
    detachRoot(arena, root)
    return outcome
  }
  if (grown !== 0) {
    relink(side, entry)
  } else {
    setLargeRoot(arena, entry, root)
    putEntry(side, entry, expiryMs)
  }
  if (!isLarge(side)) appendRecord(side)
  return EFFECT_OK
}
