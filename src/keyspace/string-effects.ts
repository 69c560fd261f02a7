// Effects on strings. See effects.ts for the contract of all effects.

import {
  EFFECT_STRING_APPEND,
  EFFECT_STRING_SET,
  EFFECT_STRING_SET_KEEP_EXPIRY,
  EFFECT_STRING_SET_RANGE,
} from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { databaseRoot, ensureDatabase } from '../memory/database.ts'
import { dictionarySetExpiry } from '../memory/dictionary.ts'
import {
  entryExpiry,
  entryHasExpiryField,
  entryType,
  entryValueLength,
  releaseEntry,
} from '../memory/entry.ts'
import { NO_EXPIRY, TYPE_STRING } from '../memory/layout.ts'
import { copyValueBetween, resizeEntryInPlace, writeValue, zeroValue } from '../memory/value.ts'
import { appendRecord, findEntry, isLarge, prepareEntry, putEntry, writeLarge } from './entries.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'

/** Room that APPEND leaves behind a value, so that the next one needs no new block: an eighth. */
const APPEND_SPARE_SHIFT = 3

/** Sets a string, whatever the key held, with an expiry (ms since 1970) or NO_EXPIRY. */
export function stringSet(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  expiryMs: number,
): number {
  side.record.setKey(EFFECT_STRING_SET, database, key, keyStart, keyLength, expiryMs)
  side.record.setValue(value, valueStart, valueLength)
  return setString(side, hash, expiryMs)
}

/** Sets a string; an expiry that the key has stays. */
export function stringSetKeepExpiry(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): number {
  const code = EFFECT_STRING_SET_KEEP_EXPIRY
  side.record.setKey(code, database, key, keyStart, keyLength, NO_EXPIRY)
  side.record.setValue(value, valueStart, valueLength)
  const entry = findEntry(side, databaseRoot(side.arena, database), hash)
  return setString(side, hash, entry === 0 ? NO_EXPIRY : entryExpiry(side.arena, entry))
}

function setString(side: ShardSide, hash: number, expiryMs: number): number {
  const { arena, record } = side
  const root = ensureDatabase(arena, record.database)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  const old = findEntry(side, root, hash)
  const page = arena.foundPage
  const slot = arena.foundSlot
  const large = isLarge(side)
  if (old !== 0 && !large && overwritable(arena, old, record.valueLength, expiryMs)) {
    if (entryHasExpiryField(arena, old)) dictionarySetExpiry(arena, root, page, slot, expiryMs)
    writeValue(arena, old, 0, record.value, record.valueStart, record.valueLength)
    appendRecord(side)
    return EFFECT_OK
  }
  const entry = prepareEntry(side, root, hash, old === 0, record.valueLength, expiryMs, 0)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  if (large && !writeLarge(side)) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  writeValue(arena, entry, 0, record.value, record.valueStart, record.valueLength)
  putEntry(side, root, hash, old, page, slot, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** Can the string be stored where the old one is? Then its length is changed here. */
function overwritable(arena: Arena, entry: number, valueLength: number, expiryMs: number): boolean {
  if (entryType(arena, entry) !== TYPE_STRING) return false
  if (expiryMs !== NO_EXPIRY && !entryHasExpiryField(arena, entry)) return false
  return resizeEntryInPlace(arena, entry, valueLength)
}

/** Appends to a string; one that is missing is made. */
export function stringAppend(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): number {
  side.record.setKey(EFFECT_STRING_APPEND, database, key, keyStart, keyLength, NO_EXPIRY)
  side.record.setValue(value, valueStart, valueLength)
  const entry = findEntry(side, databaseRoot(side.arena, database), hash)
  return changeRange(side, hash, entry === 0 ? 0 : entryValueLength(side.arena, entry))
}

/** Stores bytes at an offset; what lies between the old end and the offset becomes zero. */
export function stringSetRange(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  offset: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): number {
  side.record.setKey(EFFECT_STRING_SET_RANGE, database, key, keyStart, keyLength, offset)
  side.record.setValue(value, valueStart, valueLength)
  return changeRange(side, hash, offset)
}

function changeRange(side: ShardSide, hash: number, offset: number): number {
  const { arena, record } = side
  const root = ensureDatabase(arena, record.database)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  const old = findEntry(side, root, hash)
  const page = arena.foundPage
  const slot = arena.foundSlot
  const oldLength = old === 0 ? 0 : entryValueLength(arena, old)
  const length = Math.max(oldLength, offset + record.valueLength)
  const large = isLarge(side)
  const expiryMs = old === 0 ? NO_EXPIRY : entryExpiry(arena, old)
  let entry = old
  if (old === 0 || large || !resizeEntryInPlace(arena, old, length)) {
    const spare = record.code === EFFECT_STRING_APPEND ? length >> APPEND_SPARE_SHIFT : 0
    entry = prepareEntry(side, root, hash, old === 0, length, expiryMs, spare)
    if (entry === 0) return EFFECT_OUT_OF_MEMORY
    if (large && !writeLarge(side)) {
      releaseEntry(arena, entry)
      return EFFECT_NOT_WRITTEN
    }
    if (oldLength > 0) copyValueBetween(arena, old, 0, entry, 0, oldLength)
  }
  if (offset > oldLength) zeroValue(arena, entry, oldLength, offset - oldLength)
  writeValue(arena, entry, offset, record.value, record.valueStart, record.valueLength)
  if (entry !== old) putEntry(side, root, hash, old, page, slot, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}
