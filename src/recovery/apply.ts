// One log record -> the effect it stands for. Replay and the mirror go through here, so both do
// exactly what the handlers' effects did.

import { CkvError } from '../base/errors.ts'
import {
  databasesSwap,
  EFFECT_NO_KEY,
  EFFECT_OK,
  flushAll,
  flushDatabase,
  hashDelete,
  hashSet,
  hashStore,
  keyDelete,
  keyExpireAt,
  keyPersist,
  keyRename,
  listInsert,
  listPop,
  listPush,
  listRemove,
  listSet,
  listStore,
  setAdd,
  setRemove,
  setStore,
  stringAppend,
  stringSet,
  stringSetKeepExpiry,
  stringSetRange,
  zsetAdd,
  zsetRemove,
  zsetRemoveRecordedRanks,
  zsetStore,
} from '../keyspace/effects.ts'
import { decodeItems } from '../keyspace/items.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_HASH_DELETE,
  EFFECT_HASH_SET,
  EFFECT_HASH_STORE,
  EFFECT_LIST_INSERT,
  EFFECT_LIST_POP,
  EFFECT_LIST_PUSH,
  EFFECT_LIST_REMOVE,
  EFFECT_LIST_SET,
  EFFECT_LIST_STORE,
  EFFECT_NAMES,
  EFFECT_PERSIST,
  EFFECT_RENAME,
  EFFECT_SET_ADD,
  EFFECT_SET_REMOVE,
  EFFECT_SET_STORE,
  EFFECT_STRING_APPEND,
  EFFECT_STRING_SET,
  EFFECT_STRING_SET_KEEP_EXPIRY,
  EFFECT_STRING_SET_RANGE,
  EFFECT_SWAP_DATABASES,
  EFFECT_ZSET_ADD,
  EFFECT_ZSET_REMOVE,
  EFFECT_ZSET_REMOVE_RANKS,
  EFFECT_ZSET_STORE,
  ITEM_CODES,
  SCORED_CODES,
} from '../log/codes.ts'

/** Applies a record. Throws CkvError when the shard's memory cannot hold what its log says. */
export function applyRecord(
  side: ShardSide,
  code: number,
  database: number,
  bytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueStart: number,
  valueLength: number,
  number: number,
): void {
  const { record } = side
  const hash = hashOfKey(side, bytes, keyStart, keyLength)
  record.setKey(database, bytes, keyStart, keyLength, hash)
  record.setValue(bytes, valueStart, valueLength)
  if (applyEffect(side, code, database, number) === EFFECT_OK) return
  // Blocks do not always lie as they lay when the log was written: a shard that was full to the
  // brim may need a little of what is kept back.
  side.arena.reserveOpen = true
  const outcome = applyEffect(side, code, database, number)
  side.arena.reserveOpen = false
  if (outcome === EFFECT_OK) return
  throw new CkvError(
    'RECOVERY_MEMORY',
    `shard ${side.shard} is full while its log is read: give more with --shard-memory`,
  )
}

type Apply = (side: ShardSide, number: number, database: number) => number

/** What each code does with key, value and number of the side's record. */
const APPLIES: ReadonlyMap<number, Apply> = new Map<number, Apply>([
  [EFFECT_STRING_SET, stringSet],
  [EFFECT_STRING_SET_KEEP_EXPIRY, stringSetKeepExpiry],
  [EFFECT_STRING_APPEND, stringAppend],
  [EFFECT_STRING_SET_RANGE, stringSetRange],
  [EFFECT_DELETE, removeKey],
  [EFFECT_EXPIRE_AT, keyExpireAt],
  [EFFECT_PERSIST, keyPersist],
  [EFFECT_FLUSH_DATABASE, (side, _, database) => flushDatabase(side, database)],
  [EFFECT_FLUSH_ALL, flushAll],
  [EFFECT_SWAP_DATABASES, (side, other, database) => databasesSwap(side, database, other)],
  [EFFECT_RENAME, renameKey],
  [EFFECT_HASH_SET, hashSet],
  [EFFECT_HASH_DELETE, removeFields],
  [EFFECT_HASH_STORE, hashStore],
  [EFFECT_LIST_PUSH, listPush],
  [EFFECT_LIST_POP, listPop],
  [EFFECT_LIST_SET, listSet],
  [EFFECT_LIST_INSERT, listInsert],
  [EFFECT_LIST_REMOVE, listRemove],
  [EFFECT_LIST_STORE, listStore],
  [EFFECT_SET_ADD, setAdd],
  [EFFECT_SET_REMOVE, removeMembers],
  [EFFECT_SET_STORE, setStore],
  [EFFECT_ZSET_ADD, zsetAdd],
  [EFFECT_ZSET_REMOVE, removeScored],
  [EFFECT_ZSET_REMOVE_RANKS, removeRanks],
  [EFFECT_ZSET_STORE, zsetStore],
])

function removeKey(side: ShardSide): number {
  keyDelete(side)
  return EFFECT_OK
}

function renameKey(side: ShardSide): number {
  const outcome = keyRename(side)
  return outcome === EFFECT_NO_KEY ? EFFECT_OK : outcome
}

function removeFields(side: ShardSide): number {
  hashDelete(side)
  return EFFECT_OK
}

function removeMembers(side: ShardSide): number {
  setRemove(side)
  return EFFECT_OK
}

function removeScored(side: ShardSide): number {
  zsetRemove(side)
  return EFFECT_OK
}

function removeRanks(side: ShardSide, first: number): number {
  zsetRemoveRecordedRanks(side, first)
  return EFFECT_OK
}

function applyEffect(side: ShardSide, code: number, database: number, number: number): number {
  const apply = byCode[code]
  if (apply === undefined) throw unknownCode(side, code)
  if (ITEM_CODES.has(code)) decodeItems(side.record, SCORED_CODES.has(code))
  return apply(side, number, database)
}

const byCode = Array.from({ length: 256 }, (_, code) => APPLIES.get(code))

function unknownCode(side: ShardSide, code: number): CkvError {
  const name = EFFECT_NAMES.get(code) ?? 'unknown'
  const text = `shard ${side.shard}: record code ${code} (${name}) is not known to this version`
  return new CkvError('LOG_DAMAGED', text)
}
