// The effect of RENAME: a string under another key, on the same shard or on another. Both records
// count or none, and each may be larger than a slice because of its key alone. What may fail comes
// first:
//
//   1 allocate the entry under the new key        out of memory: nothing changed
//   2 write the new key's record, if it is large  not written: nothing changed
//   3 write the old key's removal, if large       not written: step 2 is taken back in the log
//   4 change memory, append what is not large     cannot fail
//
// Taking step 2 back may need a large record itself, of a long new key or a long value under it. If
// the disk refuses that too, the effect goes on instead, so memory and log agree: the string is
// there under both keys (EFFECT_PARTLY).

import { EFFECT_DELETE, EFFECT_STRING_SET } from '../log/codes.ts'
import { entryExpiry, entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import { copyValueOut, writeValue } from '../memory/value.ts'
import {
  appendRecord,
  isLarge,
  locate,
  locateOrMakeRoom,
  NO_ROOM,
  prepareString,
  putEntry,
  touchWatched,
  unlinkEntry,
  writeLarge,
} from './entries.ts'
import { keyDelete } from './key-effects.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY, EFFECT_PARTLY } from './outcomes.ts'
import { type EffectRecord, recordIsLarge, writeRecordTo } from './record.ts'
import type { ShardSide } from './side.ts'
import { stringSet } from './string-effects.ts'

/**
 * Stores the value in target's record under the key in it, and removes `oldKey`, which is there
 * on `source`. The sides may be one, so the old key has a record of its own. Not for replay: the
 * log has two ordinary records.
 */
export function stringRename(
  source: ShardSide,
  oldKey: EffectRecord,
  target: ShardSide,
  expiryMs: number,
): number {
  oldKey.setEffect(EFFECT_DELETE, NO_EXPIRY)
  oldKey.clearValue()
  // No more is stored afterwards than before. [redis: RENAME is not refused for want of memory]
  target.arena.reserveOpen = true
  const outcome = renameEither(source, oldKey, target, expiryMs)
  target.arena.reserveOpen = false
  return outcome
}

function renameEither(
  source: ShardSide,
  oldKey: EffectRecord,
  target: ShardSide,
  expiryMs: number,
): number {
  if (recordIsLarge(source.log, oldKey)) return renameLarge(source, oldKey, target, expiryMs)
  const outcome = stringSet(target, expiryMs)
  if (outcome !== EFFECT_OK) return outcome
  use(source, oldKey)
  return keyDelete(source)
}

function renameLarge(
  source: ShardSide,
  oldKey: EffectRecord,
  target: ShardSide,
  expiryMs: number,
): number {
  const { arena, record } = target
  const { value, valueStart, valueLength } = record
  record.setEffect(EFFECT_STRING_SET, expiryMs)
  const before = locateOrMakeRoom(target)
  if (before === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(target)
  const entry = prepareString(target, valueLength, expiryMs, 0)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  if (large && !writeLarge(target)) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  const removed = writeRecordTo(source.log, oldKey)
  if (!removed && (!large || takeBack(target, before))) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  writeValue(arena, entry, 0, value, valueStart, valueLength)
  putEntry(target, entry, expiryMs)
  if (!large) appendRecord(target)
  if (!removed) return EFFECT_PARTLY
  use(source, oldKey)
  touchWatched(source)
  const old = locate(source)
  unlinkEntry(source)
  releaseEntry(source.arena, old)
  return EFFECT_OK
}

/** Makes the old key the one that its side is at. */
function use(source: ShardSide, { database, key, keyStart, keyLength, hash }: EffectRecord): void {
  source.record.setKey(database, key, keyStart, keyLength, hash)
}

/** Records what the new key holds: a large record says otherwise. False: not written. */
function takeBack(target: ShardSide, before: number): boolean {
  const { arena, record } = target
  if (before === 0) {
    record.setEffect(EFFECT_DELETE, NO_EXPIRY)
    record.clearValue()
  } else {
    const length = entryValueLength(arena, before)
    const value = new Uint8Array(length)
    copyValueOut(arena, before, 0, length, value, 0)
    record.setEffect(EFFECT_STRING_SET, entryExpiry(arena, before))
    record.setValue(value, 0, length)
  }
  if (isLarge(target)) return writeLarge(target)
  appendRecord(target)
  return true
}
