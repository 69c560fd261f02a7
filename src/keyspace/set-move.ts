// The effect of SMOVE: a member goes from one set to another, on the same shard or on another. In
// the logs it is an ordinary set-add and an ordinary set-remove, which one commit takes whole.
//
// Adding comes first, because only that needs memory. The removal fails only where its record is
// too large for the slice (of a long key or member) and the disk refuses it; then the member is
// taken back. If the disk refuses that too, it is in both sets, and log and memory agree on it.

import { EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_PARTLY } from './outcomes.ts'
import type { EffectRecord } from './record.ts'
import { setAdd, setRemove } from './set-effects.ts'
import type { ShardSide } from './side.ts'

/**
 * Moves the member that is the only item of target's record from the set at `sourceKey`, which has
 * it, to the set at target's key, another one. The sides may be one. Not for replay.
 */
export function setMove(source: ShardSide, sourceKey: EffectRecord, target: ShardSide): number {
  const { database, key, keyStart, keyLength, hash } = target.record
  const { itemBytes, itemStarts, itemLengths, itemFirst } = target.record
  // No more is stored afterwards than before. [redis: SMOVE is not refused for want of memory]
  target.arena.reserveOpen = true
  const outcome = setAdd(target)
  target.arena.reserveOpen = false
  if (outcome !== EFFECT_OK) return outcome
  const added = target.record.changed > 0
  source.record.setKey(
    sourceKey.database,
    sourceKey.key,
    sourceKey.keyStart,
    sourceKey.keyLength,
    sourceKey.hash,
  )
  source.record.setItems(itemBytes, itemStarts, itemLengths, itemFirst, 1, 1)
  const removed = setRemove(source)
  if (removed === EFFECT_OK || !added) return removed
  target.record.setKey(database, key, keyStart, keyLength, hash)
  target.record.setItems(itemBytes, itemStarts, itemLengths, itemFirst, 1, 1)
  return setRemove(target) === EFFECT_OK ? EFFECT_NOT_WRITTEN : EFFECT_PARTLY
}
