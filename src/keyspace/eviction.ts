// Making room in a full shard by removing keys, as the option maxmemory-policy says. A few keys are
// drawn by chance and the one that is missed least goes: no list has to be kept in order for that.
// A removal is an effect like any other, so logs and mirrors see it. [redis-7.0 evict.c]

import { DATABASE_COUNT } from '../base/limits.ts'
import type { Random } from '../base/random.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryCount, dictionaryExpiring } from '../memory/dictionary.ts'
import { dictionaryRandom, dictionaryScan, results } from '../memory/dictionary-walk.ts'
import { entryExpiry, entryKeyLength, entryKeyStart } from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from '../memory/layout.ts'
import { releaseSlice } from '../memory/release.ts'
import { frequency, idleMs } from './access.ts'
import { EFFECT_OK, keyDelete } from './effects.ts'
import { hashOfKey, type ShardSide } from './side.ts'

/** Draws for each candidate that has an expiry, before a walk looks for one. */
const DRAWS_MAX = 40
/** Large collections that were removed are freed so many pages at a time. */
const RELEASE_PAGES = 64

export const EVICTION_NONE = 'noeviction'

/** What a policy chooses from, and by what; the order of the option's choices. */
export const EVICTION_POLICIES = [
  { name: EVICTION_NONE, volatile: false, by: 'nothing' },
  { name: 'allkeys-lru', volatile: false, by: 'idle' },
  { name: 'volatile-lru', volatile: true, by: 'idle' },
  { name: 'allkeys-lfu', volatile: false, by: 'frequency' },
  { name: 'volatile-lfu', volatile: true, by: 'frequency' },
  { name: 'allkeys-random', volatile: false, by: 'chance' },
  { name: 'volatile-random', volatile: true, by: 'chance' },
  { name: 'volatile-ttl', volatile: true, by: 'expiry' },
] as const

export type EvictionPolicy = (typeof EVICTION_POLICIES)[number]

/**
 * Removes up to `count` keys of the shard, each the best of `samples` drawn ones. Returns how many
 * went: 0 = there is nothing that the policy lets go, or the log takes no removals. The side's
 * record is about something else afterwards.
 */
export function evictKeys(
  side: ShardSide,
  policy: EvictionPolicy,
  samples: number,
  count: number,
  nowMs: number,
  random: Random,
): number {
  let evicted = 0
  while (evicted < count && side.log.healthy()) {
    if (!chooseVictim(side, policy, samples, nowMs, random)) break
    if (!removeVictim(side)) break
    evicted++
  }
  side.evictedCount += evicted
  releaseSlice(side.arena, RELEASE_PAGES)
  return evicted
}

// What chooseVictim found.
let victim = 0
let victimDatabase = 0

function chooseVictim(
  side: ShardSide,
  policy: EvictionPolicy,
  samples: number,
  nowMs: number,
  random: Random,
): boolean {
  victim = 0
  let worth = Infinity
  for (let sample = 0; sample < samples; sample++) {
    const database = drawDatabase(side, policy.volatile, random)
    if (database < 0) return false
    const entry = drawEntry(side, database, policy.volatile, random)
    if (entry === 0) continue
    const value = worthOf(side, policy, entry, nowMs)
    if (value >= worth) continue
    worth = value
    victim = entry
    victimDatabase = database
  }
  return victim !== 0
}

/** The smaller, the less the key is missed. */
function worthOf(side: ShardSide, policy: EvictionPolicy, entry: number, nowMs: number): number {
  switch (policy.by) {
    case 'idle':
      return -idleMs(side, entry, nowMs)
    case 'frequency':
      return frequency(side, entry, nowMs)
    case 'expiry':
      return entryExpiry(side.arena, entry)
    default:
      return 0
  }
}

/** A database, each as likely as it has keys that may go; -1: none has any. */
function drawDatabase(side: ShardSide, volatile: boolean, random: Random): number {
  const { arena } = side
  const countOf = volatile ? dictionaryExpiring : dictionaryCount
  let total = 0
  for (let database = 0; database < DATABASE_COUNT; database++) {
    total += countOf(arena, databaseRoot(arena, database))
  }
  if (total === 0) return -1
  let left = random.below(total)
  for (let database = 0; database < DATABASE_COUNT; database++) {
    left -= countOf(arena, databaseRoot(arena, database))
    if (left < 0) return database
  }
  return -1
}

/** A key of the database by chance, with an expiry if only such may go. */
function drawEntry(side: ShardSide, database: number, volatile: boolean, random: Random): number {
  const { arena } = side
  const root = databaseRoot(arena, database)
  if (!volatile) return dictionaryRandom(arena, root, random)
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const entry = dictionaryRandom(arena, root, random)
    if (entryExpiry(arena, entry) !== NO_EXPIRY) return entry
  }
  return findVolatile(side, root, random.word())
}

/** The first key with an expiry from a hash on, around once: few keys have one. */
function findVolatile({ arena }: ShardSide, root: number, from: number): number {
  let cursor = from >>> 0
  for (let around = 0; around < 2; ) {
    cursor = dictionaryScan(arena, root, cursor)
    for (let index = 0; index < arena.resultCount; index++) {
      if (entryExpiry(arena, results[index]) !== NO_EXPIRY) return results[index]
    }
    if (cursor === 0) around++
  }
  return 0
}

function removeVictim(side: ShardSide): boolean {
  const { arena } = side
  const bytes = arena.bytes[victim >>> SEGMENT_SHIFT]
  const start = entryKeyStart(arena, victim)
  const length = entryKeyLength(arena, victim)
  side.record.setKey(victimDatabase, bytes, start, length, hashOfKey(side, bytes, start, length))
  return keyDelete(side) === EFFECT_OK
}
