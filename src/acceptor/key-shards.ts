// The shard of a command that may have several keys.

import { findKeys, keyPositions, namesKeysByPattern } from '../catalog/keys.ts'
import { type CommandRow, PATTERN_KEYS } from '../catalog/spec.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import type { CommandDecoder } from '../wire/decoder.ts'

// No shard has such a number.
export const SEVERAL_SHARDS = -1
/** The keys lie in several slots and must not. */
export const SLOTS_REFUSED = -2

/**
 * The shard that has all keys of the command, SEVERAL_SHARDS or SLOTS_REFUSED. A command whose keys
 * cannot be told only gets an error: any shard's handler gives it.
 */
export function shardOfKeys(
  decoder: CommandDecoder,
  row: CommandRow,
  crossSlot: boolean,
  shardCount: number,
): number {
  const { bytes, argStarts, argLengths } = decoder
  if (crossSlot && shardCount > 1 && (row.flags & PATTERN_KEYS) !== 0) {
    if (namesKeysByPattern(bytes, argStarts, argLengths, decoder.argCount)) return SEVERAL_SHARDS
  }
  const keys = findKeys(row, bytes, argStarts, argLengths, decoder.argCount)
  if (keys === 0) return 0
  const first = keyPositions[0]
  const firstSlot = slotOfKey(bytes, argStarts[first], argLengths[first])
  const shard = shardOfSlot(firstSlot, shardCount)
  let several = false
  for (let key = 1; key < keys; key++) {
    const index = keyPositions[key]
    const slot = slotOfKey(bytes, argStarts[index], argLengths[index])
    if (slot === firstSlot) continue
    if (!crossSlot) return SLOTS_REFUSED
    if (shardOfSlot(slot, shardCount) !== shard) several = true
  }
  return several ? SEVERAL_SHARDS : shard
}
