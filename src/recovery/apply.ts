// One log record -> the effect it stands for. Replay and the mirror go through here, so both do
// exactly what the handlers' effects did.

import { CkvError } from '../base/errors.ts'
import {
  deleteKey,
  EFFECT_OK,
  expireAt,
  flushAll,
  flushDatabase,
  persist,
  stringAppend,
  stringSet,
  stringSetKeepExpiry,
  stringSetRange,
} from '../keyspace/effects.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import {
  EFFECT_DELETE,
  EFFECT_EXPIRE_AT,
  EFFECT_FLUSH_ALL,
  EFFECT_FLUSH_DATABASE,
  EFFECT_NAMES,
  EFFECT_PERSIST,
  EFFECT_STRING_APPEND,
  EFFECT_STRING_SET,
  EFFECT_STRING_SET_KEEP_EXPIRY,
  EFFECT_STRING_SET_RANGE,
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
  const outcome = applyEffect(
    side,
    code,
    database,
    bytes,
    keyStart,
    keyLength,
    valueStart,
    valueLength,
    number,
  )
  if (outcome === EFFECT_OK) return
  throw new CkvError(
    'RECOVERY_MEMORY',
    `shard ${side.shard} is full while its log is read: give more with --shard-memory`,
  )
}

function applyEffect(
  side: ShardSide,
  code: number,
  database: number,
  bytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueStart: number,
  valueLength: number,
  number: number,
): number {
  if (code === EFFECT_FLUSH_ALL) return flushAll(side)
  if (code === EFFECT_FLUSH_DATABASE) return flushDatabase(side, database)
  const hash = hashOfKey(side, bytes, keyStart, keyLength)
  switch (code) {
    case EFFECT_DELETE:
      deleteKey(side, database, hash, bytes, keyStart, keyLength)
      return EFFECT_OK
    case EFFECT_EXPIRE_AT:
      return expireAt(side, database, hash, bytes, keyStart, keyLength, number)
    case EFFECT_PERSIST:
      return persist(side, database, hash, bytes, keyStart, keyLength)
    default:
      return applyStringEffect(
        side,
        code,
        database,
        hash,
        bytes,
        keyStart,
        keyLength,
        valueStart,
        valueLength,
        number,
      )
  }
}

function applyStringEffect(
  side: ShardSide,
  code: number,
  database: number,
  hash: number,
  bytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueStart: number,
  valueLength: number,
  number: number,
): number {
  switch (code) {
    case EFFECT_STRING_SET:
      return stringSet(
        side,
        database,
        hash,
        bytes,
        keyStart,
        keyLength,
        bytes,
        valueStart,
        valueLength,
        number,
      )
    case EFFECT_STRING_SET_KEEP_EXPIRY:
      return stringSetKeepExpiry(
        side,
        database,
        hash,
        bytes,
        keyStart,
        keyLength,
        bytes,
        valueStart,
        valueLength,
      )
    case EFFECT_STRING_APPEND:
      return stringAppend(
        side,
        database,
        hash,
        bytes,
        keyStart,
        keyLength,
        bytes,
        valueStart,
        valueLength,
      )
    case EFFECT_STRING_SET_RANGE:
      return stringSetRange(
        side,
        database,
        hash,
        bytes,
        keyStart,
        keyLength,
        number,
        bytes,
        valueStart,
        valueLength,
      )
    default:
      throw unknownCode(side, code)
  }
}

function unknownCode(side: ShardSide, code: number): CkvError {
  const name = EFFECT_NAMES.get(code) ?? 'unknown'
  const text = `shard ${side.shard}: record code ${code} (${name}) is not known to this version`
  return new CkvError('LOG_DAMAGED', text)
}
