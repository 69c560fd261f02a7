// What the entries of lists, sets, sorted sets and hashes have in common: a value that is packed
// bytes with room to grow, or the address of a root block (drawn in layout.ts).
//
// Packed bytes lie in the entry itself, so growing may need a new entry. Then the old one stays as
// it is until the caller has put the new one in its place (keyspace/collections.ts).

import { copyBytes } from '../base/copy.ts'
import type { Arena } from './arena.ts'
import {
  createEntry,
  entryBlockBytes,
  entryClock,
  entryEncoding,
  entryExpiry,
  entryHasExpiryField,
  entryKeyLength,
  entryKeyStart,
  entryType,
  entryValueLength,
  entryValueStart,
  setEntryClock,
} from './entry.ts'
import {
  COLLECTION_LARGE,
  COLLECTION_ROOT_BYTES,
  COUNT_WORD,
  ENTRY_EXPIRY,
  GRAIN_BYTES,
  NARROW_VALUE_MAX,
  SEGMENT_SHIFT,
  SLAB_BLOCK_BYTES_MAX,
  UNIT_BYTES,
  UNIT_MASK,
} from './layout.ts'
import { resizeEntryInPlace } from './value.ts'

/** Room for an eighth more when packed bytes grow. */
const SPARE_SHIFT = 3
/** Packed bytes that need less than a half of so much room get a smaller entry. */
const SHRINK_ROOM_MIN = 64

/** Whether the entry of a collection holds the address of a root. */
export function isLargeCollection(arena: Arena, entry: number): boolean {
  return entryEncoding(arena, entry) === COLLECTION_LARGE
}

/** Root of a large collection. */
export function largeRoot(arena: Arena, entry: number): number {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const at = entryValueStart(arena, entry)
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** Stores the root of a large collection, whose entry has a value of COLLECTION_ROOT_BYTES. */
export function setLargeRoot(arena: Arena, entry: number, root: number): void {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const at = entryValueStart(arena, entry)
  bytes[at] = root
  bytes[at + 1] = root >>> 8
  bytes[at + 2] = root >>> 16
  bytes[at + 3] = root >>> 24
}

/** Elements of the dictionary or list with this root. */
export function rootCount(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + COUNT_WORD]
}

/**
 * The value length that fills the block which `byteLength` bytes of value need: what allocation
 * would round up to is room for the collection instead.
 */
export function packedRoom(keyLength: number, hasExpiry: boolean, byteLength: number): number {
  const head = entryBlockBytes(hasExpiry ? ENTRY_EXPIRY : 0, keyLength, 0)
  const wanted = head + byteLength
  const grained = Math.ceil((wanted + UNIT_BYTES) / GRAIN_BYTES) * GRAIN_BYTES - UNIT_BYTES
  const block = wanted <= SLAB_BLOCK_BYTES_MAX ? (wanted + 7) & ~7 : grained
  return Math.max(Math.min(block - head, NARROW_VALUE_MAX), byteLength)
}

/**
 * An entry like this one (key, type, expiry, clock) with another encoding and value length, whose
 * value bytes are whatever was there. 0 = out of memory, nothing changed.
 */
export function createSuccessor(
  arena: Arena,
  entry: number,
  encoding: number,
  valueLength: number,
): number {
  const successor = createEntry(
    arena,
    entryType(arena, entry),
    encoding,
    arena.bytes[entry >>> SEGMENT_SHIFT],
    entryKeyStart(arena, entry),
    entryKeyLength(arena, entry),
    valueLength,
    entryExpiry(arena, entry),
  )
  if (successor !== 0) setEntryClock(arena, successor, entryClock(arena, entry))
  return successor
}

/** createSuccessor that holds the root of what the packed bytes became. */
export function createLargeSuccessor(arena: Arena, entry: number, root: number): number {
  const successor = createSuccessor(arena, entry, COLLECTION_LARGE, COLLECTION_ROOT_BYTES)
  if (successor !== 0) setLargeRoot(arena, successor, root)
  return successor
}

/**
 * Room for `byteLength` packed bytes: this entry, or a successor with the same bytes in it; then
 * this one is the caller's to release (releaseEntryBlock). 0 = out of memory, nothing changed.
 */
export function reservePacked(arena: Arena, entry: number, byteLength: number): number {
  const room = entryValueLength(arena, entry)
  if (byteLength <= room) return entry
  const keyLength = entryKeyLength(arena, entry)
  // What has grown once will again: an eighth more, so that not every element needs a new entry.
  const spacious = Math.min(byteLength + (byteLength >>> SPARE_SHIFT), NARROW_VALUE_MAX)
  const wanted = packedRoom(keyLength, entryHasExpiryField(arena, entry), spacious)
  if (resizeEntryInPlace(arena, entry, wanted)) return entry
  return createCopy(arena, entry, wanted, room)
}

/**
 * After packed bytes became fewer: this entry, or a smaller successor if much lies idle and there
 * is memory for one. Cannot fail.
 */
export function shrinkPacked(arena: Arena, entry: number, byteLength: number): number {
  const room = entryValueLength(arena, entry)
  if (room < SHRINK_ROOM_MIN || byteLength > room >>> 1) return entry
  const keyLength = entryKeyLength(arena, entry)
  const wanted = packedRoom(keyLength, entryHasExpiryField(arena, entry), byteLength)
  if (wanted >= room) return entry
  const successor = createCopy(arena, entry, wanted, byteLength)
  return successor === 0 ? entry : successor
}

function createCopy(arena: Arena, entry: number, valueLength: number, copied: number): number {
  const successor = createSuccessor(arena, entry, entryEncoding(arena, entry), valueLength)
  if (successor === 0) return 0
  copyBytes(
    arena.bytes[entry >>> SEGMENT_SHIFT],
    entryValueStart(arena, entry),
    arena.bytes[successor >>> SEGMENT_SHIFT],
    entryValueStart(arena, successor),
    copied,
  )
  return successor
}
