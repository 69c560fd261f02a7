// A value goes to another key and leaves its own: RENAME into another slot, and MOVE. Two records,
// a store and a delete, on one shard or two; both count or none.
//
// The store comes first: it may fail, and then nothing has changed. The delete needs no memory, so
// only its record may fail, if the key is so long that it goes straight to the file. Then:
//
//   1 both records are written to their files, not counting yet  not written: cut off again
//   2 memory is changed as in a replay, which records nothing    out of memory: cut off again
//   3 the records count, the old key goes                        cannot fail

import { EFFECT_DELETE } from '../log/codes.ts'
import type { ShardLog } from '../log/writer.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { releaseEntry } from '../memory/release.ts'
import type { RdbContent } from '../rdb/content.ts'
import { contentCode, loadContent, storeContentAs } from './content.ts'
import { addLarge, locate, touchWatched, unlinkEntry } from './entries.ts'
import { keyDelete } from './key-effects.ts'
import { EFFECT_NOT_WRITTEN, EFFECT_OK } from './outcomes.ts'
import { addRecordTo, type EffectRecord, recordIsLarge } from './record.ts'
import type { ShardSide } from './side.ts'

/**
 * Stores the content, collected from `oldKey` of `source`, under the key in target's record, and
 * removes `oldKey`. The sides may be one, so the old key has a record of its own. Not for replay.
 */
export function contentMove(
  source: ShardSide,
  oldKey: EffectRecord,
  target: ShardSide,
  content: RdbContent,
  expiryMs: number,
  encoding: number,
): number {
  oldKey.setEffect(EFFECT_DELETE, NO_EXPIRY)
  oldKey.clearValue()
  // No more is stored afterwards than before. [redis: RENAME is not refused for want of memory]
  target.arena.reserveOpen = true
  const outcome = recordIsLarge(source.log, oldKey)
    ? moveLongKey(source, oldKey, target, content, expiryMs, encoding)
    : storeContentAs(target, content, expiryMs, encoding)
  target.arena.reserveOpen = false
  if (outcome !== EFFECT_OK || recordIsLarge(source.log, oldKey)) return outcome
  use(source, oldKey)
  return keyDelete(source)
}

function moveLongKey(
  source: ShardSide,
  oldKey: EffectRecord,
  target: ShardSide,
  content: RdbContent,
  expiryMs: number,
  encoding: number,
): number {
  target.record.setEffect(contentCode(content), expiryMs)
  loadContent(target.record, content)
  addLarge(target)
  addRecordTo(source.log, oldKey)
  const logs = source.log === target.log ? [source.log] : [target.log, source.log]
  if (!writeBoth(logs)) return EFFECT_NOT_WRITTEN
  target.replaying = true
  const outcome = storeContentAs(target, content, expiryMs, encoding)
  target.replaying = false
  if (outcome !== EFFECT_OK) {
    for (const log of logs) log.dropLarge()
    return outcome
  }
  for (const log of logs) log.keepLarge()
  touchWatched(target)
  use(source, oldKey)
  touchWatched(source)
  const entry = locate(source)
  unlinkEntry(source)
  releaseEntry(source.arena, entry)
  return EFFECT_OK
}

/** Writes what was added to each log; it does not count yet. false: all is as it was. */
function writeBoth(logs: readonly ShardLog[]): boolean {
  let written = true
  for (const log of logs) if (written) written = log.writeLarge()
  if (!written) for (const log of logs) log.dropLarge()
  return written
}

/** Makes the old key the one that its side is at. */
function use(source: ShardSide, { database, key, keyStart, keyLength, hash }: EffectRecord): void {
  source.record.setKey(database, key, keyStart, keyLength, hash)
}
