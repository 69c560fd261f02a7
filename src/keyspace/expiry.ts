// Removing keys whose time is over: by whoever meets one, and by a sweep in slices. A removal is an
// effect like any other, so a side that may store nothing and a log that does not take the record
// leave the key where it is; then it is hidden from whoever asks for it.
//
// That the log takes records but not this one happens on a disk with a few KB left: the removal of
// a key longer than a quarter of the log slice goes straight to the file. The sweep must not stay
// at such a key (`sweepExpired` reports it again and again): keys behind it are found by a walk,
// then all of it rests.

import { DATABASE_COUNT, LOG_RETRY_MS } from '../base/limits.ts'
import { arenaNextExpiry, databaseRoot } from '../memory/database.ts'
import { dictionaryScan, resultHashes, results, sweepExpired } from '../memory/dictionary-walk.ts'
import { entryExpiry, entryKeyLength, entryKeyStart } from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from '../memory/layout.ts'
import { EFFECT_OK, keyDelete } from './effects.ts'
import { isLarge } from './entries.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Dictionary pages looked at in one slice: about 45 keys a page; removing one takes 0.8 µs. */
const SWEEP_PAGES = 8
/** A slice ends after so many bytes of log: long keys have long records. */
const SWEEP_LOG_BYTES = 262_144
/** After a whole walk past keys that cannot be removed: it looks at every entry of the shard. */
const SWEEP_REST_MS = 10_000

/** Is there something for `expireSlice`? Also without the token: a stale answer costs one look. */
export function expiryDue(side: ShardSide, nowMs: number): boolean {
  return arenaNextExpiry(side.arena) <= nowMs && !within(nowMs, side.walkedMs, SWEEP_REST_MS)
}

/** Removes expired keys of a few pages. True: more are due. On a writable log. */
export function expireSlice(side: ShardSide, nowMs: number): boolean {
  const { arena, log } = side
  const logEnd = log.appendedLsn() + SWEEP_LOG_BYTES
  let allRemoved = true
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const root = databaseRoot(arena, database)
    if (root === 0) continue
    const found = sweepExpired(arena, root, nowMs, SWEEP_PAGES)
    for (let index = 0; index < found; index++) {
      // What is left is reported again.
      if (log.appendedLsn() > logEnd) return true
      const entry = results[index]
      if (!removeEntry(side, database, entry, resultHashes[index], nowMs)) allRemoved = false
    }
  }
  // On a log that takes nothing any more it is no single key that stays.
  if (!allRemoved && log.healthy()) walkOn(side, nowMs)
  return expiryDue(side, nowMs)
}

/** A slice of the walk over all entries, past those that stay. At the end of it the side rests. */
function walkOn(side: ShardSide, nowMs: number): void {
  const { arena } = side
  for (let pages = 0; pages < SWEEP_PAGES; pages++) {
    const database = side.walkDatabase
    const next = dictionaryScan(arena, databaseRoot(arena, database), side.walkCursor)
    const found = arena.resultCount
    for (let index = 0; index < found; index++) {
      const expiryMs = entryExpiry(arena, results[index])
      if (expiryMs === NO_EXPIRY || expiryMs > nowMs) continue
      removeExpired(side, database, results[index], nowMs)
    }
    side.walkCursor = next
    if (next !== 0) continue
    side.walkDatabase = (database + 1) % DATABASE_COUNT
    if (side.walkDatabase !== 0) continue
    side.walkedMs = nowMs
    return
  }
}

/** Removes an entry whose time is over and that a walk has met, if this side may. */
export function removeExpired(
  side: ShardSide,
  database: number,
  entry: number,
  nowMs: number,
): boolean {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryKeyStart(arena, entry)
  const hash = hashOfKey(side, bytes, start, entryKeyLength(arena, entry))
  return removeEntry(side, database, entry, hash, nowMs)
}

function removeEntry(
  side: ShardSide,
  database: number,
  entry: number,
  hash: number,
  nowMs: number,
): boolean {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const length = entryKeyLength(arena, entry)
  side.record.setKey(database, bytes, entryKeyStart(arena, entry), length, hash)
  return expire(side, nowMs)
}

/** Removes the key in the side's record, which is there and expired. False: it stays. */
export function expire(side: ShardSide, nowMs: number): boolean {
  if (side.readOnly || !side.log.healthy()) return false
  side.record.clearValue()
  const large = isLarge(side)
  // Not by every GET of it: a try writes as much as there is room for, and takes it back.
  if (large && within(nowMs, side.removalRefusedMs, LOG_RETRY_MS)) return false
  if (keyDelete(side) !== EFFECT_OK) {
    side.removalRefusedMs = nowMs
    return false
  }
  side.expiredCount++
  return true
}

/** Is it less than so long since? A clock that was set back ends every rest. */
function within(nowMs: number, sinceMs: number, restMs: number): boolean {
  return nowMs >= sinceMs && nowMs - sinceMs < restMs
}
