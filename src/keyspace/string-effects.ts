// Effects on strings. See effects.ts for the contract of all effects.

import { copyBytes } from '../base/copy.ts'
import {
  EFFECT_STRING_APPEND,
  EFFECT_STRING_SET,
  EFFECT_STRING_SET_KEEP_EXPIRY,
  EFFECT_STRING_SET_RANGE,
} from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { dictionarySetExpiry } from '../memory/dictionary.ts'
import {
  entryExpiry,
  entryHasExpiryField,
  entryType,
  entryValueLength,
  plainStringStart,
} from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT, TYPE_STRING } from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import { copyValueBetween, resizeEntryInPlace, writeValue, zeroValue } from '../memory/value.ts'
import { markStored } from './access.ts'
import {
  appendRecord,
  isLarge,
  locate,
  locateOrMakeRoom,
  NO_ROOM,
  prepareString,
  putEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'

/** Room that APPEND leaves behind a value, so that the next one needs no new block: an eighth. */
const APPEND_SPARE_SHIFT = 3

/** Sets the key to the value, whatever it held, with an expiry (ms since 1970) or NO_EXPIRY. */
export function stringSet(side: ShardSide, expiryMs: number): number {
  side.record.setEffect(EFFECT_STRING_SET, expiryMs)
  const entry = locate(side)
  if (entry !== 0 && expiryMs === NO_EXPIRY && overwritePlain(side, entry)) return EFFECT_OK
  return setString(side, expiryMs)
}

/** Sets the key to the value; an expiry that it has stays. */
export function stringSetKeepExpiry(side: ShardSide): number {
  if (side.record.hidden) return EFFECT_NOT_WRITTEN
  side.record.setEffect(EFFECT_STRING_SET_KEEP_EXPIRY, NO_EXPIRY)
  const entry = locate(side)
  if (entry !== 0 && overwritePlain(side, entry)) return EFFECT_OK
  return setString(side, entry === 0 ? NO_EXPIRY : entryExpiry(side.arena, entry))
}

/**
 * The common case of setString, done with one look at the entry: a short string of the same length
 * without an expiry field. False: nothing was done.
 */
function overwritePlain(side: ShardSide, entry: number): boolean {
  const { arena, record } = side
  const { value, valueStart, valueLength } = record
  const start = plainStringStart(arena, entry, valueLength)
  if (start < 0 || isLarge(side)) return false
  copyBytes(value, valueStart, arena.bytes[entry >>> SEGMENT_SHIFT], start, valueLength)
  markStored(side, entry, entry)
  appendRecord(side)
  return true
}

function setString(side: ShardSide, expiryMs: number): number {
  const { arena, record } = side
  const old = locateOrMakeRoom(side)
  if (old === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (old !== 0 && !large && overwritable(arena, old, record.valueLength, expiryMs)) {
    if (entryHasExpiryField(arena, old)) {
      dictionarySetExpiry(arena, record.root, record.page, record.slot, expiryMs)
    }
    writeValue(arena, old, 0, record.value, record.valueStart, record.valueLength)
    appendRecord(side)
    return EFFECT_OK
  }
  const entry = prepareString(side, record.valueLength, expiryMs, 0)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  if (large && !writeLarge(side)) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  writeValue(arena, entry, 0, record.value, record.valueStart, record.valueLength)
  putEntry(side, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** Can the string be stored where the old one is? Then its length is changed here. */
function overwritable(arena: Arena, entry: number, valueLength: number, expiryMs: number): boolean {
  if (entryType(arena, entry) !== TYPE_STRING) return false
  if (expiryMs !== NO_EXPIRY && !entryHasExpiryField(arena, entry)) return false
  return resizeEntryInPlace(arena, entry, valueLength)
}

/** Appends the value to the key's string; one that is missing is made. */
export function stringAppend(side: ShardSide): number {
  side.record.setEffect(EFFECT_STRING_APPEND, NO_EXPIRY)
  const entry = locate(side)
  const length = entry === 0 ? 0 : entryValueLength(side.arena, entry)
  return changeRange(side, length, APPEND_SPARE_SHIFT)
}

/** Stores the value at an offset; what lies between the old end and the offset becomes zero. */
export function stringSetRange(side: ShardSide, offset: number): number {
  side.record.setEffect(EFFECT_STRING_SET_RANGE, offset)
  return changeRange(side, offset, NO_SPARE_SHIFT)
}

/** No length has so many bits. */
const NO_SPARE_SHIFT = 31

function changeRange(side: ShardSide, offset: number, spareShift: number): number {
  const { arena, record } = side
  // Built upon, a value or expiry whose time is over would come back.
  if (record.hidden) return EFFECT_NOT_WRITTEN
  const old = locateOrMakeRoom(side)
  if (old === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  const oldLength = old === 0 ? 0 : entryValueLength(arena, old)
  const length = Math.max(oldLength, offset + record.valueLength)
  const large = isLarge(side)
  let entry = old
  let expiryMs = NO_EXPIRY
  if (old === 0 || large || !resizeEntryInPlace(arena, old, length)) {
    if (old !== 0) expiryMs = entryExpiry(arena, old)
    entry = prepareString(side, length, expiryMs, length >> spareShift)
    if (entry === 0) return EFFECT_OUT_OF_MEMORY
    if (large && !writeLarge(side)) {
      releaseEntry(arena, entry)
      return EFFECT_NOT_WRITTEN
    }
    if (oldLength > 0) copyValueBetween(arena, old, 0, entry, 0, oldLength)
  }
  if (offset > oldLength) zeroValue(arena, entry, oldLength, offset - oldLength)
  writeValue(arena, entry, offset, record.value, record.valueStart, record.valueLength)
  if (entry !== old) putEntry(side, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}
