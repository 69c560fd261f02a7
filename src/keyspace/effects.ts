// The effects: the only functions that change a shard's memory. Command handlers decide, then call
// one; calling it changes memory and appends its record. Recovery and the mirror call the same
// functions with a log that records nothing (see replay.ts), so both sides become equal.
//
// Every effect validates and allocates first and mutates with code that cannot throw: after
// EFFECT_OUT_OF_MEMORY or EFFECT_NOT_WRITTEN nothing has changed.
//
//   allocate / make room  ->  (large records: write to the file)  ->  change memory, append record

import { DATABASE_COUNT, VALUE_CHUNK_BYTES } from '../base/limits.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_PERSIST,
  EFFECT_STRING_APPEND,
  EFFECT_STRING_SET,
  EFFECT_STRING_SET_KEEP_EXPIRY,
  EFFECT_STRING_SET_RANGE,
} from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import {
  changeSlotCount,
  databaseRoot,
  detachDatabase,
  ensureDatabase,
} from '../memory/database.ts'
import {
  dictionaryCount,
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
  dictionaryReplace,
  dictionarySetExpiry,
} from '../memory/dictionary.ts'
import { dictionaryReserve } from '../memory/dictionary-growth.ts'
import {
  createEntry,
  entryExpiry,
  entryHasExpiryField,
  entryType,
  entryValueLength,
  releaseEntry,
} from '../memory/entry.ts'
import { NO_EXPIRY, STRING_CHUNKED, STRING_RAW, TYPE_STRING } from '../memory/layout.ts'
import { copyValueBetween, resizeEntryInPlace, writeValue, zeroValue } from '../memory/value.ts'
import { recordEffect, recordLarge } from './record.ts'
import type { ShardSide } from './side.ts'

export const EFFECT_OK = 0
/** The shard is full: answer -OOM. */
export const EFFECT_OUT_OF_MEMORY = 1
/** The log could not take the record: answer -MISCONF. */
export const EFFECT_NOT_WRITTEN = 2

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
  return setString(
    side,
    database,
    hash,
    EFFECT_STRING_SET,
    key,
    keyStart,
    keyLength,
    value,
    valueStart,
    valueLength,
    expiryMs,
  )
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
  const root = databaseRoot(side.arena, database)
  const entry = dictionaryFind(side.arena, root, hash, key, keyStart, keyLength)
  const expiryMs = entry === 0 ? NO_EXPIRY : entryExpiry(side.arena, entry)
  return setString(
    side,
    database,
    hash,
    EFFECT_STRING_SET_KEEP_EXPIRY,
    key,
    keyStart,
    keyLength,
    value,
    valueStart,
    valueLength,
    expiryMs,
  )
}

function setString(
  side: ShardSide,
  database: number,
  hash: number,
  code: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  expiryMs: number,
): number {
  const arena = side.arena
  const large = side.log.isLarge(keyLength, valueLength)
  const root = ensureDatabase(arena, database)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  const old = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  if (old !== 0 && !large && overwritable(arena, old, valueLength, expiryMs)) {
    if (expiryMs !== NO_EXPIRY || entryHasExpiryField(arena, old)) {
      dictionarySetExpiry(arena, root, arena.foundPage, arena.foundSlot, expiryMs)
    }
    writeValue(arena, old, 0, value, valueStart, valueLength)
    recordEffect(
      side,
      code,
      database,
      key,
      keyStart,
      keyLength,
      value,
      valueStart,
      valueLength,
      expiryMs,
    )
    return EFFECT_OK
  }
  const entry = prepareEntry(
    arena,
    root,
    hash,
    old === 0,
    key,
    keyStart,
    keyLength,
    valueLength,
    expiryMs,
    0,
  )
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  if (
    large &&
    !recordLarge(
      side,
      code,
      database,
      key,
      keyStart,
      keyLength,
      value,
      valueStart,
      valueLength,
      expiryMs,
    )
  ) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  writeValue(arena, entry, 0, value, valueStart, valueLength)
  putEntry(arena, root, hash, old, entry, expiryMs, key, keyStart, keyLength)
  if (!large) {
    recordEffect(
      side,
      code,
      database,
      key,
      keyStart,
      keyLength,
      value,
      valueStart,
      valueLength,
      expiryMs,
    )
  }
  return EFFECT_OK
}

/** Can the string be stored where the old one is? Then its length is changed here. */
function overwritable(arena: Arena, entry: number, valueLength: number, expiryMs: number): boolean {
  if (entryType(arena, entry) !== TYPE_STRING) return false
  if (expiryMs !== NO_EXPIRY && !entryHasExpiryField(arena, entry)) return false
  return resizeEntryInPlace(arena, entry, valueLength)
}

/** A new entry for the key with room made for it in the dictionary; 0: out of memory. */
function prepareEntry(
  arena: Arena,
  root: number,
  hash: number,
  isNew: boolean,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueLength: number,
  expiryMs: number,
  spareBytes: number,
): number {
  if (isNew && !dictionaryReserve(arena, root, hash)) return 0
  const encoding = valueLength > VALUE_CHUNK_BYTES ? STRING_CHUNKED : STRING_RAW
  return createEntry(
    arena,
    TYPE_STRING,
    encoding,
    key,
    keyStart,
    keyLength,
    valueLength,
    expiryMs,
    spareBytes,
  )
}

/** Links a finished entry in, in the place of `old` if there was one. Cannot fail. */
function putEntry(
  arena: Arena,
  root: number,
  hash: number,
  old: number,
  entry: number,
  expiryMs: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
): void {
  if (old === 0) {
    dictionaryInsert(arena, root, hash, entry, expiryMs)
    changeSlotCount(arena, root, slotOfKey(key, keyStart, keyLength), 1)
    return
  }
  // Making the new entry does not move slots: what dictionaryFind left still holds.
  dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, entry, expiryMs)
  releaseEntry(arena, old)
}

/** Removes a key. False: there was none (and nothing is recorded). */
export function deleteKey(
  side: ShardSide,
  database: number,
  hash: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
): boolean {
  const arena = side.arena
  const root = databaseRoot(arena, database)
  const entry = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  if (entry === 0) return false
  // The record comes first: the key may be read from the entry that goes.
  recordEffect(side, EFFECT_DELETE, database, key, keyStart, keyLength, key, keyStart, 0, NO_EXPIRY)
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
  const arena = side.arena
  const root = databaseRoot(arena, database)
  const entry = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  if (entry === 0) return EFFECT_OK
  if (entryHasExpiryField(arena, entry)) {
    dictionarySetExpiry(arena, root, arena.foundPage, arena.foundSlot, expiryMs)
  } else {
    const length = entryValueLength(arena, entry)
    const moved = prepareEntry(
      arena,
      root,
      hash,
      false,
      key,
      keyStart,
      keyLength,
      length,
      expiryMs,
      0,
    )
    if (moved === 0) return EFFECT_OUT_OF_MEMORY
    copyValueBetween(arena, entry, 0, moved, 0, length)
    dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, moved, expiryMs)
    releaseEntry(arena, entry)
  }
  recordEffect(
    side,
    EFFECT_EXPIRE_AT,
    database,
    key,
    keyStart,
    keyLength,
    key,
    keyStart,
    0,
    expiryMs,
  )
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
  const arena = side.arena
  const root = databaseRoot(arena, database)
  const entry = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  if (entry === 0) return EFFECT_OK
  dictionarySetExpiry(arena, root, arena.foundPage, arena.foundSlot, NO_EXPIRY)
  recordEffect(
    side,
    EFFECT_PERSIST,
    database,
    key,
    keyStart,
    keyLength,
    key,
    keyStart,
    0,
    NO_EXPIRY,
  )
  return EFFECT_OK
}

/** Appends to an existing string. */
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
  const root = databaseRoot(side.arena, database)
  const entry = dictionaryFind(side.arena, root, hash, key, keyStart, keyLength)
  const offset = entry === 0 ? 0 : entryValueLength(side.arena, entry)
  return changeRange(
    side,
    database,
    hash,
    EFFECT_STRING_APPEND,
    key,
    keyStart,
    keyLength,
    offset,
    value,
    valueStart,
    valueLength,
    NO_EXPIRY,
  )
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
  return changeRange(
    side,
    database,
    hash,
    EFFECT_STRING_SET_RANGE,
    key,
    keyStart,
    keyLength,
    offset,
    value,
    valueStart,
    valueLength,
    offset,
  )
}

function changeRange(
  side: ShardSide,
  database: number,
  hash: number,
  code: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  offset: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  recordNumber: number,
): number {
  const arena = side.arena
  const root = ensureDatabase(arena, database)
  if (root === 0) return EFFECT_OUT_OF_MEMORY
  const old = dictionaryFind(arena, root, hash, key, keyStart, keyLength)
  const page = arena.foundPage
  const slot = arena.foundSlot
  const oldLength = old === 0 ? 0 : entryValueLength(arena, old)
  const length = Math.max(oldLength, offset + valueLength)
  const large = side.log.isLarge(keyLength, valueLength)
  const expiryMs = old === 0 ? NO_EXPIRY : entryExpiry(arena, old)
  let entry = old
  if (old === 0 || large || !resizeEntryInPlace(arena, old, length)) {
    const spare = code === EFFECT_STRING_APPEND ? length >> APPEND_SPARE_SHIFT : 0
    entry = prepareEntry(
      arena,
      root,
      hash,
      old === 0,
      key,
      keyStart,
      keyLength,
      length,
      expiryMs,
      spare,
    )
    if (entry === 0) return EFFECT_OUT_OF_MEMORY
    if (
      large &&
      !recordLarge(
        side,
        code,
        database,
        key,
        keyStart,
        keyLength,
        value,
        valueStart,
        valueLength,
        recordNumber,
      )
    ) {
      releaseEntry(arena, entry)
      return EFFECT_NOT_WRITTEN
    }
    if (oldLength > 0) copyValueBetween(arena, old, 0, entry, 0, oldLength)
  }
  if (offset > oldLength) zeroValue(arena, entry, oldLength, offset - oldLength)
  writeValue(arena, entry, offset, value, valueStart, valueLength)
  if (entry !== old) {
    arena.foundPage = page
    arena.foundSlot = slot
    putEntry(arena, root, hash, old, entry, expiryMs, key, keyStart, keyLength)
  }
  if (!large) {
    recordEffect(
      side,
      code,
      database,
      key,
      keyStart,
      keyLength,
      value,
      valueStart,
      valueLength,
      recordNumber,
    )
  }
  return EFFECT_OK
}

const NO_BYTES = new Uint8Array(0)

/** Empties a database: its dictionary is detached at once and freed in slices. */
export function flushDatabase(side: ShardSide, database: number): number {
  if (dictionaryCount(side.arena, databaseRoot(side.arena, database)) === 0) return EFFECT_OK
  detachDatabase(side.arena, database)
  recordEffect(side, EFFECT_FLUSH_DATABASE, database, NO_BYTES, 0, 0, NO_BYTES, 0, 0, NO_EXPIRY)
  return EFFECT_OK
}

/** Empties every database. */
export function flushAll(side: ShardSide): number {
  for (let database = 0; database < DATABASE_COUNT; database++) {
    if (databaseRoot(side.arena, database) !== 0) detachDatabase(side.arena, database)
  }
  recordEffect(side, EFFECT_FLUSH_ALL, 0, NO_BYTES, 0, 0, NO_BYTES, 0, 0, NO_EXPIRY)
  return EFFECT_OK
}
