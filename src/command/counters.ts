// INCR and its kin. Integers up to 2^53 take the fast path over plain numbers; the rest of Redis's
// signed 64 bits goes through BigInt. INCRBYFLOAT adds as the 80-bit long doubles of x86 do, where
// that is not the exact sum.
// [redis-3.2 t_string.c incrDecrCommand, incrbyfloatCommand]

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
import {
  formatInteger,
  INT64_MAX,
  INT64_MIN,
  parseInt64,
  parseSafeInteger,
} from '../base/numbers.ts'
import { stringSetKeepExpiry } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryIsChunked, entryValueLength, entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import { copyValueOut, valueSpan } from '../memory/value.ts'
import {
  DECREMENT_OVERFLOW,
  INCREMENT_NAN,
  INCREMENT_OVERFLOW,
  NOT_A_FLOAT,
} from '../wire/replies.ts'
import { isString, replyNotInteger, succeeded } from './answers.ts'
import { integerArgument, keyArgument, wideArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { scratch } from './scratch.ts'
import { addShortDecimals, SHORT_SUM_BYTES_MAX } from './short-decimals.ts'

const KEY = 1
/** "-9223372036854775808" */
const INTEGER_BYTES_MAX = 20
const digits = new Uint8Array(INTEGER_BYTES_MAX)

export function incr(call: Call): void {
  add(call, 1)
}

export function decr(call: Call): void {
  add(call, -1)
}

export function incrby(call: Call): void {
  const increment = integerArgument(call, 2)
  if (!Number.isNaN(increment)) {
    add(call, increment)
    return
  }
  const wide = wideArgument(call, 2)
  if (wide === undefined) replyNotInteger(call)
  else addWide(call, wide)
}

export function decrby(call: Call): void {
  const decrement = integerArgument(call, 2)
  if (!Number.isNaN(decrement)) {
    add(call, -decrement)
    return
  }
  const wide = wideArgument(call, 2)
  if (wide === undefined) replyNotInteger(call)
  // Its negative does not exist. 3.2 let it wrap; 7.0's error holds in every profile.
  else if (wide === INT64_MIN) call.reply.error(DECREMENT_OVERFLOW)
  else addWide(call, -wide)
}

/** Adds a safe integer. */
function add(call: Call, increment: number): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const sum = entry === 0 ? increment : storedInteger(side, entry) + increment
  if (!Number.isSafeInteger(sum)) {
    addWide(call, BigInt(increment))
    return
  }
  const length = formatInteger(sum, digits, 0)
  if (storeText(call, side, digits, length)) call.reply.integer(sum)
}

/** The value as a safe integer, or NaN. */
function storedInteger(side: ShardSide, entry: number): number {
  const { arena } = side
  valueSpan(arena, entry, 0)
  const { spanByte, spanLength } = arena
  if (spanLength > INTEGER_BYTES_MAX) return Number.NaN
  return parseSafeInteger(arena.bytes[entry >>> SEGMENT_SHIFT], spanByte, spanLength)
}

/** The same for all 64 bits; also where the value turns out to be no integer. */
function addWide(call: Call, increment: bigint): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const value = entry === 0 ? 0n : storedWide(side, entry)
  if (value === undefined) {
    replyNotInteger(call)
    return
  }
  const sum = value + increment
  if (sum < INT64_MIN || sum > INT64_MAX) {
    call.reply.error(INCREMENT_OVERFLOW)
    return
  }
  const text = sum.toString()
  for (let index = 0; index < text.length; index++) digits[index] = text.charCodeAt(index)
  if (storeText(call, side, digits, text.length)) call.reply.bigInteger(sum)
}

function storedWide(side: ShardSide, entry: number): bigint | undefined {
  const { arena } = side
  const length = entryValueLength(arena, entry)
  if (length > INTEGER_BYTES_MAX) return undefined
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  return parseInt64(bytes, entryValueStart(arena, entry), length)
}

/** Stores what was computed; an expiry stays. False: an error was answered. */
function storeText(call: Call, side: ShardSide, text: Uint8Array, length: number): boolean {
  side.record.setValue(text, 0, length)
  return succeeded(call, stringSetKeepExpiry(side))
}

export function incrbyfloat(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const shortLength = addShort(call, side, entry)
  if (shortLength > 0) {
    if (storeText(call, side, shortText, shortLength)) call.reply.bulk(shortText, 0, shortLength)
    return
  }
  const value = entry === 0 ? longDoubleOfInteger(0n) : storedFloat(side, entry)
  const increment = parseLongDouble(call.bytes, call.starts[2], call.lengths[2])
  if (value === undefined || increment === undefined) {
    call.reply.error(NOT_A_FLOAT)
    return
  }
  const sum = addLongDoubles(value, increment)
  if (!isFiniteLongDouble(sum)) {
    call.reply.error(INCREMENT_NAN)
    return
  }
  const text = scratch(LONG_DOUBLE_FORMATTED_BYTES_MAX)
  const length = formatLongDouble(sum, text, 0)
  if (storeText(call, side, text, length)) call.reply.bulk(text, 0, length)
}

const shortText = new Uint8Array(SHORT_SUM_BYTES_MAX)
const NOTHING = Uint8Array.of(0x30)

/** The sum in `shortText`, if that is simple; 0 otherwise. */
function addShort(call: Call, side: ShardSide, entry: number): number {
  const { arena } = side
  const start = call.starts[2]
  const length = call.lengths[2]
  if (entry === 0) return addShortDecimals(NOTHING, 0, 1, call.bytes, start, length, shortText)
  valueSpan(arena, entry, 0)
  const { spanByte, spanLength } = arena
  const stored = arena.bytes[arena.spanSegment]
  return addShortDecimals(stored, spanByte, spanLength, call.bytes, start, length, shortText)
}

function storedFloat(side: ShardSide, entry: number): LongDouble | undefined {
  const { arena } = side
  const length = entryValueLength(arena, entry)
  if (length > LONG_DOUBLE_TEXT_BYTES_MAX || entryIsChunked(arena, entry)) return undefined
  const text = scratch(length)
  copyValueOut(arena, entry, 0, length, text, 0)
  return parseLongDouble(text, 0, length)
}
