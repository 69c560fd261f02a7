// One log record -> the effect it stands for. Replay and the mirror go through here, so both do
// exactly what the handlers' effects did.

import { CkvError } from '../base/errors.ts'
import {
  EFFECT_OK,
  flushAll,
  flushDatabase,
  keyDelete,
  keyExpireAt,
  keyPersist,
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

/** The effect with this code on key and value of the side's record. */
function applyEffect(side: ShardSide, code: number, database: number, number: number): number {
  switch (code) {
    case EFFECT_STRING_SET:
      return stringSet(side, number)
    case EFFECT_STRING_SET_KEEP_EXPIRY:
      return stringSetKeepExpiry(side)
    case EFFECT_STRING_APPEND:
      return stringAppend(side)
    case EFFECT_STRING_SET_RANGE:
      return stringSetRange(side, number)
    case EFFECT_DELETE:
      keyDelete(side)
      return EFFECT_OK
    case EFFECT_EXPIRE_AT:
      return keyExpireAt(side, number)
    case EFFECT_PERSIST:
      return keyPersist(side)
    case EFFECT_FLUSH_DATABASE:
      return flushDatabase(side, database)
    case EFFECT_FLUSH_ALL:
      return flushAll(side)
    default:
      throw unknownCode(side, code)
  }
}

function unknownCode(side: ShardSide, code: number): CkvError {
  const name = EFFECT_NAMES.get(code) ?? 'unknown'
  const text = `shard ${side.shard}: record code ${code} (${name}) is not known to this version`
  return new CkvError('LOG_DAMAGED', text)
}
