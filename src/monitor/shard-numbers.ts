// What may be known of a shard without its token: counts, bytes, log positions, who holds it.
//
// Threads share bytes: everything here is stored by the token's holder (the sync group by the sync
// thread) while we read, so numbers may be one command old and need not fit each other. If the
// holder dies, they stay as they were. A database root can be detached while it is read (FLUSHDB):
// its address is read again afterwards, and a count that looks impossible becomes 0. Nothing may
// be decided from these numbers, they are shown.

import { DATABASE_COUNT, SLOT_COUNT } from '../base/limits.ts'
import { firstSlotOfShard } from '../dispatch/slots.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { type Arena, arenaCapacity, arenaHighWater, arenaUsed } from '../memory/arena.ts'
import {
  ARENA_MAGIC,
  COUNT_WORD,
  DATABASES_WORD,
  DICTIONARY_ROOT_WORDS,
  EXPIRING_WORD,
  MAGIC_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from '../memory/layout.ts'
import {
  APPENDED_LONG,
  DURABLE_LONG,
  SYNC_FAILED_WORD,
  SYNCING_WORD,
  TOKEN_THREAD_BITS,
  TOKEN_THREAD_MASK,
  TOKEN_WORD,
  WANTED_WORD,
  WRITE_FAILED_WORD,
  WRITTEN_LONG,
} from '../rows/layout.ts'
import { loadLsn, sideLong } from '../rows/rows.ts'

const READ_ATTEMPTS_MAX = 4

export interface DatabaseNumbers {
  readonly keys: number
  /** Keys with an expiry. */
  readonly expiring: number
}

export interface ShardNumbers {
  readonly shard: number
  readonly firstSlot: number
  /** The last slot that it owns. */
  readonly lastSlot: number
  /** One a database, DATABASE_COUNT of them. */
  readonly databases: readonly DatabaseNumbers[]
  /** Over all databases. */
  readonly keys: number
  readonly expiring: number
  readonly memoryUsedBytes: number
  readonly memoryCapacityBytes: number
  /** Bytes ever touched: what stays resident. */
  readonly memoryHighWaterBytes: number
  readonly appendedLsn: number
  readonly writtenLsn: number
  readonly durableLsn: number
  readonly epoch: number
  /** Thread that holds the token, 0 = free. */
  readonly holder: number
  /** Threads that wait for the token. */
  readonly waiters: number
  readonly writeFailed: boolean
  readonly syncFailed: boolean
  readonly syncing: boolean
  /** How often clients watch keys of it. */
  readonly watched: number
}

const NO_KEYS: DatabaseNumbers = { keys: 0, expiring: 0 }

export function readShardNumbers(side: ShardSide, shardCount: number): ShardNumbers {
  const { shard, rows, row, arena } = side
  const words = rows.words
  const token = Atomics.load(words, row + TOKEN_WORD)
  // Not formatted yet: the shard is still to be loaded.
  const formatted = Atomics.load(arena.words[0], MAGIC_WORD) === ARENA_MAGIC
  const databases: DatabaseNumbers[] = []
  for (let database = 0; database < DATABASE_COUNT; database++) {
    databases.push(formatted ? readDatabase(arena, database) : NO_KEYS)
  }
  return {
    shard,
    firstSlot: firstSlotOfShard(shard, shardCount),
    lastSlot: Math.min(firstSlotOfShard(shard + 1, shardCount), SLOT_COUNT) - 1,
    databases,
    keys: databases.reduce((sum, numbers) => sum + numbers.keys, 0),
    expiring: databases.reduce((sum, numbers) => sum + numbers.expiring, 0),
    memoryUsedBytes: formatted ? arenaUsed(arena) : 0,
    memoryCapacityBytes: formatted ? arenaCapacity(arena) : segmentBytes(arena),
    memoryHighWaterBytes: formatted ? arenaHighWater(arena) : 0,
    appendedLsn: loadLsn(rows, sideLong(shard, side.side, APPENDED_LONG)),
    writtenLsn: loadLsn(rows, sideLong(shard, side.side, WRITTEN_LONG)),
    durableLsn: loadLsn(rows, sideLong(shard, side.side, DURABLE_LONG)),
    epoch: token >>> TOKEN_THREAD_BITS,
    holder: token & TOKEN_THREAD_MASK,
    waiters: Atomics.load(words, row + WANTED_WORD),
    writeFailed: Atomics.load(words, row + WRITE_FAILED_WORD) !== 0,
    syncFailed: Atomics.load(words, row + SYNC_FAILED_WORD) !== 0,
    syncing: Atomics.load(words, row + SYNCING_WORD) !== 0,
    watched: side.watches.registrationCount(),
  }
}

/** The token's epoch and nothing else, for CLUSTER NODES. */
export function shardEpoch(side: ShardSide): number {
  return Atomics.load(side.rows.words, side.row + TOKEN_WORD) >>> TOKEN_THREAD_BITS
}

function readDatabase(arena: Arena, database: number): DatabaseNumbers {
  const roots = arena.words[0]
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
    const root = Atomics.load(roots, DATABASES_WORD + database)
    if (root === 0) return NO_KEYS
    const segment = root >>> SEGMENT_SHIFT
    const word = (root & UNIT_MASK) << 1
    if (segment >= arena.words.length) continue
    const words = arena.words[segment]
    if (word + DICTIONARY_ROOT_WORDS > words.length) continue
    const keys = Atomics.load(words, word + COUNT_WORD)
    const expiring = Atomics.load(words, word + EXPIRING_WORD)
    // The root was in place before and after, so the counts were read out of it.
    if (Atomics.load(roots, DATABASES_WORD + database) !== root) continue
    if (keys < 0 || expiring < 0 || expiring > keys) continue
    return { keys, expiring }
  }
  return NO_KEYS
}

function segmentBytes(arena: Arena): number {
  return arena.bytes.reduce((sum, bytes) => sum + bytes.length, 0)
}
