// Which shards a command needs: from its key arguments, its cursor, its slot, or all of them.

import { SHARDS_MAX, SLOT_COUNT } from '../base/limits.ts'
import { findKeys, keyPositions, namesKeysByPattern } from '../catalog/keys.ts'
import {
  BY_SLOT,
  type CommandRow,
  KEYLESS_ALL_SHARDS,
  MERGE_CURSOR,
  PATTERN_KEYS,
  PROFILE_REDIS,
} from '../catalog/spec.ts'
import type { Call } from '../command/call.ts'
import { shardOfScanCursor } from '../command/scan-cursor.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'

const SLOT_DIGITS_MAX = 5
const ZERO = 0x30

const marks = new Uint8Array(SHARDS_MAX)

/** Fills `shards` with the needed shard numbers in ascending order; returns how many. */
export function collectShards(call: Call, shards: Int32Array): number {
  marks.fill(0)
  markShards(call, marks)
  return takeMarked(marks, call.shardCount, shards)
}

/** Does the command need every shard, or rather all of one? */
export function needsAllShards(row: CommandRow): boolean {
  return (row.flags & KEYLESS_ALL_SHARDS) !== 0 && row.merge !== MERGE_CURSOR
}

/** Sets `marked[shard]` to 1 for each shard that the command needs. */
export function markShards(call: Call, marked: Uint8Array): void {
  const { row, bytes, starts, lengths, shardCount } = call
  if (needsAllShards(row) || mayNameAnyKey(call)) {
    marked.fill(1, 0, shardCount)
    return
  }
  const keys = findKeys(row, bytes, starts, lengths, call.argCount)
  if (keys === 0) marked[shardWithoutKey(row, bytes, starts, lengths, shardCount)] = 1
  for (let key = 0; key < keys; key++) {
    const index = keyPositions[key]
    marked[shardOfSlot(slotOfKey(bytes, starts[index], lengths[index]), shardCount)] = 1
  }
}

/** In profile redis patterns may name keys on any shard; else all lie in the key's slot. */
function mayNameAnyKey({ row, profile, bytes, starts, lengths, argCount }: Call): boolean {
  if ((row.flags & PATTERN_KEYS) === 0 || profile !== PROFILE_REDIS) return false
  return namesKeysByPattern(bytes, starts, lengths, argCount)
}

/** The shard of a command that needs one: of its first key, its cursor or its slot. */
export function shardOfCall({ row, bytes, starts, lengths, argCount, shardCount }: Call): number {
  if (findKeys(row, bytes, starts, lengths, argCount) === 0) {
    return shardWithoutKey(row, bytes, starts, lengths, shardCount)
  }
  const first = keyPositions[0]
  return shardOfSlot(slotOfKey(bytes, starts[first], lengths[first]), shardCount)
}

/** The marked shards in ascending order; returns how many. */
export function takeMarked(marked: Uint8Array, shardCount: number, shards: Int32Array): number {
  let count = 0
  for (let shard = 0; shard < shardCount; shard++) if (marked[shard] === 1) shards[count++] = shard
  return count
}

/** The shard of a command that names no key and does not need all: by its cursor or its slot. */
export function shardWithoutKey(
  row: CommandRow,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  shardCount: number,
): number {
  if (row.merge === MERGE_CURSOR) {
    return shardOfScanCursor(bytes, starts[1], lengths[1], shardCount)
  }
  if ((row.flags & BY_SLOT) === 0) return 0
  let slot = 0
  const start = starts[2]
  for (let at = start, end = start + Math.min(SLOT_DIGITS_MAX, lengths[2]); at < end; at++) {
    slot = slot * 10 + (bytes[at] - ZERO)
  }
  // Whatever is no slot is shard 0's to complain about.
  return slot >= 0 && slot < SLOT_COUNT ? shardOfSlot(slot, shardCount) : 0
}
