// What a shard needs besides commands: expired keys removed, detached databases freed, waiting
// blocks written again, marks appended. In slices: each holds the token for well under a
// millisecond, and only when a look without the token says that there is something to do.

import { expireSlice, expiryDue } from '../keyspace/expiry.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { retryGroup } from '../log/groups.ts'
import { RELEASE_HEAD_WORD } from '../memory/layout.ts'
import { releasePending, releaseSlice } from '../memory/release.ts'
import {
  BLOCK_PENDING_WORD,
  EXPIRY_STANDS_WORD,
  MARK_WANTED_WORD,
  PENDING_GROUP,
  SYNCING_WORD,
  WRITE_FAILED_WORD,
} from '../rows/layout.ts'
import type { Executor } from './executor.ts'

/** Dictionary pages of detached databases freed under one holding: 0.4 µs a key, 45 keys a page. */
const RELEASE_PAGES = 24

/** Is there something to do? May be asked without the token: a stale answer costs one look. */
export function wantsHousekeeping(side: ShardSide, nowMs: number): boolean {
  const words = side.rows.words
  return (
    (expiryDue(side, nowMs) && sweeps(side)) ||
    side.arena.words[0][RELEASE_HEAD_WORD] !== 0 ||
    Atomics.load(words, side.row + MARK_WANTED_WORD) !== 0 ||
    Atomics.load(words, side.row + WRITE_FAILED_WORD) !== 0
  )
}

/** False: DEBUG SET-ACTIVE-EXPIRE 0, so that expired keys go only when they are met. */
function sweeps(side: ShardSide): boolean {
  return side.rows.words[EXPIRY_STANDS_WORD] === 0
}

/**
 * One slice for one shard, if its token is free. Returns true if there is more to do now. Not while
 * the shard's file is being synced: the write at the end of the slice may wait for that, and every
 * command for the slice.
 */
export function housekeep(executor: Executor, shard: number, nowMs: number): boolean {
  const side = executor.sides[shard]
  if (Atomics.load(side.rows.words, side.row + SYNCING_WORD) !== 0) return true
  if (!executor.tryHold(shard)) return false
  let more = false
  if (side.log.writable(nowMs)) {
    if (Atomics.load(side.rows.words, side.row + MARK_WANTED_WORD) !== 0) side.log.appendMark(nowMs)
    if (expiryDue(side, nowMs) && sweeps(side)) more = expireSlice(side, nowMs)
  }
  if (releasePending(side.arena) > 0 || side.arena.words[0][RELEASE_HEAD_WORD] !== 0) {
    if (releaseSlice(side.arena, RELEASE_PAGES)) more = true
  }
  executor.commit(shard)
  executor.release(shard)
  return more
}

/**
 * Writes commits over several shards again whose write failed. Only with the tokens of all shards
 * that wait, since the parts count together; waits for them, or busy shards would never be had all
 * at once. Free when nothing waits. Workers only, holding nothing.
 */
export function retryGroups(executor: Executor, onWait: () => void): void {
  const waiting = shardsOfGroups(executor)
  if (waiting.length === 0) return
  executor.holdAll(waiting, waiting.length, onWait)
  // Whoever's write failed says so shard by shard and keeps the tokens until it has said all: what
  // was seen without a token may have been half of it, and half a group must not be written.
  const whole = shardsOfGroups(executor).every((shard) => waiting.includes(shard))
  if (whole) retryGroup(waiting.map((shard) => executor.sides[shard].log))
  for (const shard of waiting) executor.release(shard)
}

/** Shards where a part of a group waits, ascending. */
function shardsOfGroups(executor: Executor): number[] {
  const waiting: number[] = []
  for (const side of executor.sides) {
    const word = side.row + BLOCK_PENDING_WORD
    if (Atomics.load(side.rows.words, word) === PENDING_GROUP) waiting.push(side.shard)
  }
  return waiting
}
