// Strings as rows of bits: GETBIT, SETBIT, BITCOUNT, BITPOS. BITOP is in bit-operations.ts.
// [redis-3.2 bitops.c; the BYTE and BIT units: redis-7.0]

import { PROFILE_CKV } from '../catalog/spec.ts'
import { stringSetRange } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryValueLength } from '../memory/entry.ts'
import {
  BIT_ARGUMENT,
  BIT_OFFSET_OUT_OF_RANGE,
  BIT_OUT_OF_RANGE,
  MINUS_ONE,
  ONE,
  ZERO,
} from '../wire/replies.ts'
import { isString, lengthAllowed, replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import {
  argumentExceeds,
  argumentIs,
  integerArgument,
  keyArgument,
  roughInteger,
  word,
} from './arguments.ts'
import { byteAt, countBits, findBit } from './bit-values.ts'
import type { Call } from './call.ts'

const KEY = 1
const BYTE_BITS = 8
/** Bits of the largest string of Redis, 512 MB, in every profile. */
const BIT_COUNT_MAX = 2 ** 32
const NO_OFFSET = -1
const BIT = word('bit')
const BYTE = word('byte')
const oneByte = new Uint8Array(1)

/** Argument 2 as a bit number, or NO_OFFSET: an error was answered. */
function bitOffset(call: Call): number {
  const offset = integerArgument(call, 2)
  if (offset >= 0 && offset < BIT_COUNT_MAX) return offset
  call.reply.error(BIT_OFFSET_OUT_OF_RANGE)
  return NO_OFFSET
}

export function getbit(call: Call): void {
  const offset = bitOffset(call)
  if (offset === NO_OFFSET) return
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const index = Math.floor(offset / BYTE_BITS)
  const inside = entry !== 0 && index < entryValueLength(side.arena, entry)
  const set = inside && (byteAt(side.arena, entry, index) & bitMask(offset)) !== 0
  call.reply.raw(set ? ONE : ZERO)
}

function bitMask(offset: number): number {
  return 0x80 >> (offset % BYTE_BITS)
}

export function setbit(call: Call): void {
  const offset = bitOffset(call)
  if (offset === NO_OFFSET) return
  const bit = integerArgument(call, 3)
  if (bit !== 0 && bit !== 1) {
    call.reply.error(BIT_OUT_OF_RANGE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const index = Math.floor(offset / BYTE_BITS)
  if (!lengthAllowed(call, index + 1)) return
  const inside = entry !== 0 && index < entryValueLength(side.arena, entry)
  const before = inside ? byteAt(side.arena, entry, index) : 0
  const mask = bitMask(offset)
  const after = bit === 1 ? before | mask : before & ~mask
  // A bit that is as wanted already changes nothing, unless the string has to grow for it.
  if (!inside || after !== before) {
    oneByte[0] = after
    side.record.setValue(oneByte, 0, 1)
    if (!succeeded(call, stringSetRange(side, index))) return
  }
  call.reply.raw((before & mask) !== 0 ? ONE : ZERO)
}

// ── Ranges ───────────────────────────────────────────────────────────────────────────────────

/** Where the arguments of a range begin: BITCOUNT key start …, BITPOS key bit start …. */
const COUNT_RANGE = 2
const POSITION_RANGE = 3

/** First and last bit of the range that the last bitRange found; first > last: empty. */
let firstBit = 0
let lastBit = 0

/**
 * Arguments `start`, `start` + 1 and the unit behind them as a range of bits of a string of
 * `length` bytes. Without an end it goes to the string's end, without a start it is all of it.
 * False: an error was answered.
 */
function bitRange(call: Call, start: number, length: number): boolean {
  const { argCount } = call
  const unit = start + 2
  if (argCount > (call.profile === PROFILE_CKV ? unit : unit + 1)) {
    replySyntaxError(call)
    return false
  }
  const from = argCount > start ? roughInteger(call, start) : 0
  const to = argCount > start + 1 ? roughInteger(call, start + 1) : -1
  const byBit = argCount > unit && argumentIs(call, unit, BIT)
  const unitFails = argCount > unit && !byBit && !argumentIs(call, unit, BYTE)
  if (Number.isNaN(from) || (Number.isNaN(to) && !(unitFails && start === POSITION_RANGE))) {
    replyNotInteger(call)
    return false
  }
  firstBit = 1
  lastBit = 0
  // BITCOUNT looks no further when the range is the wrong way round, BITPOS looks at the unit
  // before it looks at the end. [redis-7.0 bitops.c]
  const bothGiven = argCount > start + 1
  if (start === COUNT_RANGE && bothGiven && from < 0 && to < 0) {
    if (argumentExceeds(call, start, start + 1)) return true
  }
  if (unitFails) {
    replySyntaxError(call)
    return false
  }
  const count = byBit ? length * BYTE_BITS : length
  const first = Math.max(from < 0 ? count + from : from, 0)
  const last = Math.min(Math.max(to < 0 ? count + to : to, 0), count - 1)
  firstBit = byBit ? first : first * BYTE_BITS
  lastBit = byBit ? last : last * BYTE_BITS + BYTE_BITS - 1
  return true
}

export function bitcount(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  // As Redis does: a missing key is 0 whatever else the arguments say.
  if (entry === 0) {
    call.reply.raw(ZERO)
    return
  }
  if (!isString(call, side, entry)) return
  if (call.argCount === 3) {
    replySyntaxError(call)
    return
  }
  if (!bitRange(call, COUNT_RANGE, entryValueLength(side.arena, entry))) return
  if (firstBit > lastBit) call.reply.raw(ZERO)
  else call.reply.integer(countBits(side.arena, entry, firstBit, lastBit))
}

export function bitpos(call: Call): void {
  const bit = roughInteger(call, 2)
  if (Number.isNaN(bit)) {
    replyNotInteger(call)
    return
  }
  if (bit !== 0 && bit !== 1) {
    call.reply.error(BIT_ARGUMENT)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  // A missing key is an endless row of zeros.
  if (entry === 0) {
    call.reply.raw(bit === 1 ? MINUS_ONE : ZERO)
    return
  }
  if (!isString(call, side, entry)) return
  const length = entryValueLength(side.arena, entry)
  if (!bitRange(call, POSITION_RANGE, length)) return
  if (firstBit > lastBit) {
    call.reply.raw(MINUS_ONE)
    return
  }
  const found = findBit(side.arena, entry, bit, firstBit, lastBit)
  // Without an end, zeros go on behind the string.
  const goesOn = found < 0 && bit === 0 && call.argCount < 5
  call.reply.integer(goesOn ? length * BYTE_BITS : found)
}
