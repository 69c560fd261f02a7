// Steps that several effects share: making an entry for the key of the side's record, putting it
// into the dictionary, and recording.

import { VALUE_CHUNK_BYTES } from '../base/limits.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { changeSlotCount } from '../memory/database.ts'
import { dictionaryFind, dictionaryInsert, dictionaryReplace } from '../memory/dictionary.ts'
import { dictionaryReserve } from '../memory/dictionary-growth.ts'
import { createEntry, releaseEntry } from '../memory/entry.ts'
import { STRING_CHUNKED, STRING_RAW, TYPE_STRING } from '../memory/layout.ts'
import type { ShardSide } from './side.ts'

/** The entry of the record's key, 0 if there is none. Sets arena.foundPage and foundSlot. */
export function findEntry(side: ShardSide, root: number, hash: number): number {
  const { key, keyStart, keyLength } = side.record
  return dictionaryFind(side.arena, root, hash, key, keyStart, keyLength)
}

/**
 * A new string entry for the record's key, with room made for it in the dictionary if the key is
 * new. 0: out of memory, nothing changed.
 */
export function prepareEntry(
  side: ShardSide,
  root: number,
  hash: number,
  isNew: boolean,
  valueLength: number,
  expiryMs: number,
  spareBytes: number,
): number {
  const { arena, record } = side
  if (isNew && !dictionaryReserve(arena, root, hash)) return 0
  return createEntry(
    arena,
    TYPE_STRING,
    valueLength > VALUE_CHUNK_BYTES ? STRING_CHUNKED : STRING_RAW,
    record.key,
    record.keyStart,
    record.keyLength,
    valueLength,
    expiryMs,
    spareBytes,
  )
}

/**
 * Links a finished entry in, in the place of `old` if there was one (then page and slot are where
 * findEntry found it; making an entry does not move slots). Cannot fail.
 */
export function putEntry(
  side: ShardSide,
  root: number,
  hash: number,
  old: number,
  page: number,
  slot: number,
  entry: number,
  expiryMs: number,
): void {
  const { arena, record } = side
  if (old === 0) {
    dictionaryInsert(arena, root, hash, entry, expiryMs)
    changeSlotCount(arena, root, slotOfKey(record.key, record.keyStart, record.keyLength), 1)
    return
  }
  dictionaryReplace(arena, root, page, slot, entry, expiryMs)
  releaseEntry(arena, old)
}

/** Is the side's record too large for the slice? Then `writeLarge` comes before any change. */
export function isLarge(side: ShardSide): boolean {
  const { keyLength, valueLength } = side.record
  return !side.replaying && side.log.isLarge(keyLength, valueLength)
}

/** Appends the side's record. While a side follows a log its effects change memory only. */
export function appendRecord(side: ShardSide): void {
  if (side.replaying) return
  const record = side.record
  side.log.append(
    record.code,
    record.database,
    0,
    record.key,
    record.keyStart,
    record.keyLength,
    record.value,
    record.valueStart,
    record.valueLength,
    record.number,
  )
}

/** Writes the side's record straight to the file. False: not written, change nothing. */
export function writeLarge(side: ShardSide): boolean {
  const { code, database, number, key, keyStart, keyLength, value, valueStart, valueLength } =
    side.record
  return side.log.appendLarge(
    code,
    database,
    0,
    number,
    key.subarray(keyStart, keyStart + keyLength),
    [value.subarray(valueStart, valueStart + valueLength)],
  )
}

/** Fills the side's record and appends it: for changes made outside the effects (MSET). */
export function recordEffect(
  side: ShardSide,
  code: number,
  database: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  number: number,
): void {
  side.record.setKey(code, database, key, keyStart, keyLength, number)
  side.record.setValue(value, valueStart, valueLength)
  appendRecord(side)
}

/** The same for a record that is too large for the slice. False: not written. */
export function recordLarge(
  side: ShardSide,
  code: number,
  database: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  number: number,
): boolean {
  side.record.setKey(code, database, key, keyStart, keyLength, number)
  side.record.setValue(value, valueStart, valueLength)
  return writeLarge(side)
}
