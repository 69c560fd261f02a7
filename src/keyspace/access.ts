// When and how often a key was used, in the 24 bits of its entry's clock: for OBJECT and eviction.
// Under an LFU policy the bits are Redis's minutes (16) and logarithmic counter (8), else seconds.
// A change of the policy leaves old bits with another meaning, as in Redis. [redis-7.0 evict.c]
//
// Only the token's holder stores clocks; a side that may store nothing leaves them.

import { SeededRandom } from '../base/random.ts'
import { entryClock, setEntryClock } from '../memory/entry.ts'
import { CLOCK_MASK } from '../memory/layout.ts'
import type { ShardSide } from './side.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const MINUTES_MASK = 0xffff
const COUNTER_BITS = 8
const COUNTER_MASK = 0xff
/** A new key's counter: it shall not be evicted before it had a chance. */
const COUNTER_START = 5
/** The larger, the more uses each step of the counter takes. */
const COUNTER_FACTOR = 10
/** A counter loses one in so many minutes without use. */
const DECAY_MINUTES = 1

const random = new SeededRandom(1)

/** The clock that an entry made or overwritten now gets. */
export function clockOf(nowMs: number, countsUses: boolean): number {
  if (!countsUses) return Math.floor(nowMs / SECOND_MS) & CLOCK_MASK
  return (minutesOf(nowMs) << COUNTER_BITS) | COUNTER_START
}

function minutesOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS) & MINUTES_MASK
}

/**
 * A value is stored now in `entry`, which takes the place of `before` (0: the key is new). Counted
 * uses belong to the key, whatever it holds; a time of use is now. Whoever follows a log has none.
 */
export function markStored(side: ShardSide, entry: number, before: number): void {
  const { arena } = side
  const kept = before !== 0 && side.countsUses
  setEntryClock(arena, entry, kept ? entryClock(arena, before) : side.accessClock)
}

/** The key is used now. */
export function noteAccess(side: ShardSide, entry: number, nowMs: number): void {
  if (side.readOnly) return
  if (!side.countsUses) {
    setEntryClock(side.arena, entry, Math.floor(nowMs / SECOND_MS))
    return
  }
  const counter = frequency(side, entry, nowMs)
  const above = Math.max(counter - COUNTER_START, 0)
  const grows = counter < COUNTER_MASK && random.below(above * COUNTER_FACTOR + 1) === 0
  const next = grows ? counter + 1 : counter
  setEntryClock(side.arena, entry, (minutesOf(nowMs) << COUNTER_BITS) | next)
}

/** How long the key was not used. Without an LFU policy. */
export function idleMs(side: ShardSide, entry: number, nowMs: number): number {
  // 0: not since the data were read from the log.
  if (entryClock(side.arena, entry) === 0) return 0
  const seconds = Math.floor(nowMs / SECOND_MS) - entryClock(side.arena, entry)
  return (seconds & CLOCK_MASK) * SECOND_MS
}

/** Makes the entry one that was not used for so long. */
export function setIdleMs(side: ShardSide, entry: number, nowMs: number, durationMs: number): void {
  setEntryClock(side.arena, entry, Math.floor(Math.max(nowMs - durationMs, 0) / SECOND_MS))
}

/** 0 to 255, the logarithm of the uses; less for each minute without. Under an LFU policy. */
export function frequency(side: ShardSide, entry: number, nowMs: number): number {
  const clock = entryClock(side.arena, entry)
  const minutes = (minutesOf(nowMs) - (clock >>> COUNTER_BITS)) & MINUTES_MASK
  return Math.max((clock & COUNTER_MASK) - Math.floor(minutes / DECAY_MINUTES), 0)
}

/** Makes the entry one that is used so often. */
export function setFrequency(side: ShardSide, entry: number, nowMs: number, counter: number): void {
  setEntryClock(side.arena, entry, (minutesOf(nowMs) << COUNTER_BITS) | (counter & COUNTER_MASK))
}
