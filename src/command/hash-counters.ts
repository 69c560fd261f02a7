// HINCRBY and HINCRBYFLOAT: INCRBY's arithmetic on a field. [redis-3.2 t_hash.c]

import { copyBytes } from '../base/copy.ts'
import { LONG_DOUBLE_TEXT_BYTES_MAX } from '../base/limits.ts'
import {
  addLongDoubles,
  formatLongDouble,
  isFiniteLongDouble,
  LONG_DOUBLE_FORMATTED_BYTES_MAX,
  type LongDouble,
  longDoubleOfInteger,
  parseLongDouble,
} from '../base/long-double.ts'
import { INT64_MAX, INT64_MIN, parseInt64, parseSafeInteger } from '../base/numbers.ts'
import { hashSet } from '../keyspace/effects.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { span } from '../memory/span.ts'
import {
  HASH_NOT_A_FLOAT,
  HASH_NOT_A_FLOAT_32,
  HASH_NOT_AN_INTEGER,
  INCREMENT_NAN,
  INCREMENT_OVERFLOW,
  NOT_A_FLOAT,
  VALUE_IS_NAN,
} from '../wire/replies.ts'
import { replyNotInteger, succeeded } from './answers.ts'
import { integerArgument, keyArgument, speaksRedis7, wideArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { changedHash, FIELD, KEY, REFUSED, showField } from './hashes.ts'
import { scratch, trimScratch } from './scratch.ts'

const INCREMENT = 3

/** Field and new value, as items. */
const starts = new Int32Array(2)
const lengths = new Int32Array(2)

export function hincrby(call: Call): void {
  const increment = integerArgument(call, INCREMENT)
  const isWide = Number.isNaN(increment)
  if (isWide && wideArgument(call, INCREMENT) === undefined) {
    replyNotInteger(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = changedHash(call, side)
  if (entry === REFUSED) return
  const exists = showField(call, side, entry, FIELD)
  const sum = increment + (exists ? parseSafeInteger(span.bytes, span.start, span.length) : 0)
  if (Number.isSafeInteger(sum)) {
    if (storeText(call, side, String(sum))) call.reply.integer(sum)
    return
  }
  const value = exists ? parseInt64(span.bytes, span.start, span.length) : 0n
  addWide(call, side, value, wideArgument(call, INCREMENT) as bigint)
}

function addWide(call: Call, side: ShardSide, value: bigint | undefined, increment: bigint): void {
  if (value === undefined) {
    call.reply.error(HASH_NOT_AN_INTEGER)
    return
  }
  const sum = value + increment
  if (sum < INT64_MIN || sum > INT64_MAX) call.reply.error(INCREMENT_OVERFLOW)
  else if (storeText(call, side, String(sum))) call.reply.bigInteger(sum)
}

/** Stores a computed number in the field. False: an error was answered. */
function storeText(call: Call, side: ShardSide, text: string): boolean {
  const bytes = scratch(call.lengths[FIELD] + text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return storeValue(call, side, bytes, text.length)
}

/** Stores the first `length` scratch bytes in the field, whose name is put behind them. */
function storeValue(call: Call, side: ShardSide, bytes: Uint8Array, length: number): boolean {
  const fieldLength = call.lengths[FIELD]
  copyBytes(call.bytes, call.starts[FIELD], bytes, length, fieldLength)
  starts[0] = length
  lengths[0] = fieldLength
  starts[1] = 0
  lengths[1] = length
  side.record.setItems(bytes, starts, lengths, 0, 1, 2)
  const outcome = hashSet(side)
  trimScratch()
  return succeeded(call, outcome)
}

export function hincrbyfloat(call: Call): void {
  const increment = parseLongDouble(call.bytes, call.starts[INCREMENT], call.lengths[INCREMENT])
  if (increment === undefined) {
    call.reply.error(NOT_A_FLOAT)
    return
  }
  if (speaksRedis7(call) && !isFiniteLongDouble(increment)) {
    call.reply.error(VALUE_IS_NAN)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = changedHash(call, side)
  if (entry === REFUSED) return
  const value = showField(call, side, entry, FIELD) ? shownFloat() : longDoubleOfInteger(0n)
  if (value === undefined) {
    call.reply.error(speaksRedis7(call) ? HASH_NOT_A_FLOAT : HASH_NOT_A_FLOAT_32)
    return
  }
  const sum = addLongDoubles(value, increment)
  if (!isFiniteLongDouble(sum)) {
    call.reply.error(INCREMENT_NAN)
    return
  }
  const text = scratch(LONG_DOUBLE_FORMATTED_BYTES_MAX + call.lengths[FIELD])
  const length = formatLongDouble(sum, text, 0)
  if (storeValue(call, side, text, length)) call.reply.bulk(text, 0, length)
}

function shownFloat(): LongDouble | undefined {
  if (span.length > LONG_DOUBLE_TEXT_BYTES_MAX) return undefined
  return parseLongDouble(span.bytes, span.start, span.length)
}
