// SCAN's cursor: hash cursor * 128 + shard, as decimal text; 0 is the start and the end.
//
//   1234567 = 9645 * 128 + 7: shard 7 goes on at hash 9645
//   7       =    0 * 128 + 7: shard 7 from its start
//
// The acceptor reads the shard out of it, that shard's handler the rest.

import { SHARDS_MAX } from '../base/limits.ts'
import { parseSafeInteger } from '../base/numbers.ts'

const HASHES = 2 ** 32
export const NO_CURSOR = -1

/** The cursor as a number, or NO_CURSOR. */
export function parseScanCursor(
  bytes: Uint8Array,
  start: number,
  length: number,
  shardCount: number,
): number {
  const cursor = parseSafeInteger(bytes, start, length)
  const valid = cursor >= 0 && cursor < HASHES * SHARDS_MAX && cursor % SHARDS_MAX < shardCount
  return valid ? cursor : NO_CURSOR
}

/** The shard that goes on with the cursor; 0, whose handler complains, when it is none. */
export function shardOfScanCursor(
  bytes: Uint8Array,
  start: number,
  length: number,
  shardCount: number,
): number {
  const cursor = parseScanCursor(bytes, start, length, shardCount)
  return cursor === NO_CURSOR ? 0 : cursor % SHARDS_MAX
}

/** Where in its shard the walk goes on: a uint32 for dictionaryScan. */
export function hashCursorOf(cursor: number): number {
  return Math.floor(cursor / SHARDS_MAX)
}

/** The cursor behind a step of a shard that ended at `hashCursor` (0 = the shard's end). */
export function nextScanCursor(shard: number, hashCursor: number, shardCount: number): number {
  if (hashCursor !== 0) return hashCursor * SHARDS_MAX + shard
  return shard + 1 < shardCount ? shard + 1 : 0
}
