// BITFIELD and BITFIELD_RO: several small numbers inside a string, read and changed in one command.
// [redis-7.0 bitops.c bitfieldGeneric]
//
// All operations are read and judged first. Then they run in order, each on the bytes that it
// touches. What they store becomes
//   - one effect, if all changes lie near each other, which is what counters side by side do, or if
//     a record of this key may fail however short it is;
//   - else one effect that lets the string grow, the only one that can fail, and one a change.

import { SMALL_RECORD_KEY_BYTES_MAX } from '../base/limits.ts'
import { parseInt64, parseSafeInteger } from '../base/numbers.ts'
import { EFFECT_OK, stringSetRange } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryValueLength } from '../memory/entry.ts'
import { copyValueOut } from '../memory/value.ts'
import {
  BIT_OFFSET_OUT_OF_RANGE,
  BITFIELD_OVERFLOW,
  BITFIELD_READ_ONLY,
  BITFIELD_TYPE,
} from '../wire/replies.ts'
import { isString, lengthAllowed, replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, integerArgument, keyArgument, wideArgument, word } from './arguments.ts'
import {
  fitNumber,
  fitWide,
  NUMBER_BITS_MAX,
  NUMBER_SIZE_MAX,
  OVERFLOW_FAIL,
  OVERFLOW_SAT,
  OVERFLOW_WRAP,
  readNumber,
  readWide,
  writeNumber,
  writeWide,
} from './bitfield-numbers.ts'
import type { Call } from './call.ts'
import { scratch, trimScratch } from './scratch.ts'

const KEY = 1
const FIRST_OPERATION = 2
const BYTE_BITS = 8
/** Bits of the largest string of Redis, 512 MB, in every profile. */
const BIT_COUNT_MAX = 2 ** 32
const SIGNED_BITS_MAX = 64
const UNSIGNED_BITS_MAX = 63
const LETTER_SIGNED = 0x69
const LETTER_UNSIGNED = 0x75
const HASH_SIGN = 0x23
/** Bytes of a number of 64 bits that begins inside a byte. */
const FIELD_BYTES_MAX = 9
/** Changes within so many bytes are stored with one effect. */
const SPAN_BYTES_MAX = 128

const GET = word('get')
const SET = word('set')
const INCRBY = word('incrby')
const OVERFLOW = word('overflow')
const WRAP = word('wrap')
const SAT = word('sat')
const FAIL = word('fail')

const OPERATION_REFUSED = 0
/** OVERFLOW: it says how those that follow go. */
const OPERATION_NONE = 1
const OPERATION_GET = 2
const OPERATION_SET = 3
const OPERATION_INCREMENT = 4

// The operation that parseOperation read last.
let signed = false
let bits = 0
let offset = 0
let overflow = OVERFLOW_WRAP
let valueIndex = 0
let nextIndex = 0

// What readOperations found.
let operationCount = 0
let lowestBit = 0
/** Behind the last bit that is written; 0: none is. */
let writeEnd = 0

// The string that the operations are about, and the piece of it that is changed outside of memory:
// spanLength bytes from spanFrom on. None of them: every change is made where it is.
let entry = 0
let length = 0
let span = scratch(0)
let spanFrom = 0
let spanLength = 0
let spanChanged = false
const field = new Uint8Array(FIELD_BYTES_MAX)

export function bitfield(call: Call): void {
  if (!readOperations(call)) return
  if (writeEnd === 0) readFields(call)
  else changeFields(call)
}

export function bitfieldReadOnly(call: Call): void {
  if (!readOperations(call)) return
  if (writeEnd === 0) readFields(call)
  else call.reply.error(BITFIELD_READ_ONLY)
}

// ── Reading the operations ───────────────────────────────────────────────────────────────────

/** False: one of them is wrong, answered. */
function readOperations(call: Call): boolean {
  operationCount = 0
  lowestBit = BIT_COUNT_MAX
  writeEnd = 0
  overflow = OVERFLOW_WRAP
  for (let index = FIRST_OPERATION; index < call.argCount; index = nextIndex) {
    const operation = parseOperation(call, index)
    if (operation === OPERATION_REFUSED) return false
    if (operation === OPERATION_NONE) continue
    operationCount++
    if (operation === OPERATION_GET) continue
    if (Number.isNaN(integerArgument(call, valueIndex))) {
      if (wideArgument(call, valueIndex) === undefined) {
        replyNotInteger(call)
        return false
      }
    }
    lowestBit = Math.min(lowestBit, offset)
    writeEnd = Math.max(writeEnd, offset + bits)
  }
  return true
}

/** Reads the operation at `index`. OPERATION_REFUSED: it is none, answered. */
function parseOperation(call: Call, index: number): number {
  const following = call.argCount - index - 1
  if (argumentIs(call, index, OVERFLOW) && following >= 1) return parseOverflow(call, index + 1)
  let operation = OPERATION_REFUSED
  if (argumentIs(call, index, GET) && following >= 2) operation = OPERATION_GET
  else if (argumentIs(call, index, SET) && following >= 3) operation = OPERATION_SET
  else if (argumentIs(call, index, INCRBY) && following >= 3) operation = OPERATION_INCREMENT
  if (operation === OPERATION_REFUSED) {
    replySyntaxError(call)
    return OPERATION_REFUSED
  }
  if (!parseType(call, index + 1)) {
    call.reply.error(BITFIELD_TYPE)
    return OPERATION_REFUSED
  }
  offset = fieldOffset(call, index + 2)
  if (!(offset >= 0 && offset < BIT_COUNT_MAX)) {
    call.reply.error(BIT_OFFSET_OUT_OF_RANGE)
    return OPERATION_REFUSED
  }
  valueIndex = index + 3
  nextIndex = operation === OPERATION_GET ? valueIndex : valueIndex + 1
  return operation
}

function parseOverflow(call: Call, index: number): number {
  if (argumentIs(call, index, WRAP)) overflow = OVERFLOW_WRAP
  else if (argumentIs(call, index, SAT)) overflow = OVERFLOW_SAT
  else if (argumentIs(call, index, FAIL)) overflow = OVERFLOW_FAIL
  else {
    call.reply.error(BITFIELD_OVERFLOW)
    return OPERATION_REFUSED
  }
  nextIndex = index + 1
  return OPERATION_NONE
}

/** `i8`, `u16`: sets `signed` and `bits`. Redis reads it up to a NUL. */
function parseType(call: Call, index: number): boolean {
  const { bytes } = call
  const start = call.starts[index]
  const end = start + call.lengths[index]
  if (start === end) return false
  if (bytes[start] !== LETTER_SIGNED && bytes[start] !== LETTER_UNSIGNED) return false
  signed = bytes[start] === LETTER_SIGNED
  let digitsEnd = start + 1
  while (digitsEnd < end && bytes[digitsEnd] !== 0) digitsEnd++
  bits = parseSafeInteger(bytes, start + 1, digitsEnd - start - 1)
  return bits >= 1 && bits <= (signed ? SIGNED_BITS_MAX : UNSIGNED_BITS_MAX)
}

/** A bit, or with `#` a number of fields of `bits`. NaN: no integer. */
function fieldOffset(call: Call, index: number): number {
  const { bytes } = call
  const start = call.starts[index]
  const end = call.lengths[index]
  const counted = end > 0 && bytes[start] === HASH_SIGN ? 1 : 0
  const factor = counted === 1 ? bits : 1
  const small = parseSafeInteger(bytes, start + counted, end - counted)
  if (Math.abs(small) <= BIT_COUNT_MAX) return small * factor
  const wide = parseInt64(bytes, start + counted, end - counted)
  // Redis multiplies with 64 bits and does not look at what goes over.
  return wide === undefined ? Number.NaN : Number(BigInt.asIntN(64, wide * BigInt(factor)))
}

// ── Running them ─────────────────────────────────────────────────────────────────────────────

function readFields(call: Call): void {
  const side = keyArgument(call, KEY)
  entry = lookupRead(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  length = entry === 0 ? 0 : entryValueLength(side.arena, entry)
  spanLength = 0
  runOperations(call, side)
}

function changeFields(call: Call): void {
  const side = keyArgument(call, KEY)
  entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  length = entry === 0 ? 0 : entryValueLength(side.arena, entry)
  const firstByte = Math.floor(lowestBit / BYTE_BITS)
  const endByte = Math.ceil(writeEnd / BYTE_BITS)
  const grows = endByte > length
  if (grows && !lengthAllowed(call, endByte)) return
  spanLength = 0
  if (endByte - firstByte <= SPAN_BYTES_MAX || call.lengths[KEY] > SMALL_RECORD_KEY_BYTES_MAX) {
    takeSpan(side, firstByte, endByte)
    spanChanged = grows
    runOperations(call, side)
    trimScratch()
    return
  }
  if (grows) {
    field[0] = 0
    side.record.setValue(field, 0, 1)
    if (!succeeded(call, stringSetRange(side, endByte - 1))) return
    entry = lookup(side, call.nowMs)
    length = endByte
  }
  runOperations(call, side)
}

/** Copies the bytes from..to-1 of the string, zeros behind its end, to where they are changed. */
function takeSpan(side: ShardSide, from: number, to: number): void {
  spanFrom = from
  spanLength = to - from
  span = scratch(spanLength)
  const stored = Math.max(0, Math.min(length, to) - from)
  if (stored > 0) copyValueOut(side.arena, entry, from, stored, span, 0)
  span.fill(0, stored, spanLength)
}

/** Runs all operations, stores the span and replies; an effect that fails takes the reply back. */
function runOperations(call: Call, side: ShardSide): void {
  const before = call.reply.position
  let outcome = EFFECT_OK
  call.reply.arrayHeader(operationCount)
  overflow = OVERFLOW_WRAP
  for (let index = FIRST_OPERATION; index < call.argCount; index = nextIndex) {
    const operation = parseOperation(call, index)
    if (operation === OPERATION_NONE) continue
    outcome = runOperation(call, side, operation)
    if (outcome !== EFFECT_OK) break
  }
  if (outcome === EFFECT_OK && spanLength > 0 && spanChanged) {
    side.record.setValue(span, 0, spanLength)
    outcome = stringSetRange(side, spanFrom)
  }
  if (outcome === EFFECT_OK) return
  call.reply.position = before
  succeeded(call, outcome)
}

/** Runs the operation that was parsed and replies to it. Gives the outcome of its effect. */
function runOperation(call: Call, side: ShardSide, operation: number): number {
  const byte = Math.floor(offset / BYTE_BITS)
  const first = offset % BYTE_BITS
  const byteCount = Math.ceil((first + bits) / BYTE_BITS)
  loadField(side, byte, byteCount)
  if (operation === OPERATION_GET) {
    if (bits <= NUMBER_BITS_MAX) call.reply.integer(readNumber(field, first, bits, signed))
    else call.reply.bigInteger(readWide(field, first, bits, signed))
    return EFFECT_OK
  }
  const value = integerArgument(call, valueIndex)
  const isNumber = bits <= NUMBER_BITS_MAX && Math.abs(value) <= NUMBER_SIZE_MAX
  const increments = operation === OPERATION_INCREMENT
  const changed = isNumber
    ? changeNumber(call, first, increments, value)
    : changeWide(call, first, increments)
  return changed ? storeField(side, byte, byteCount) : EFFECT_OK
}

function changeNumber(call: Call, first: number, increments: boolean, value: number): boolean {
  const old = readNumber(field, first, bits, signed)
  let wanted = increments ? old + value : value
  // A type without a sign takes a negative value for one above all that it can hold.
  if (!increments && !signed && value < 0 && overflow === OVERFLOW_SAT) wanted = NUMBER_SIZE_MAX
  const fitting = fitNumber(wanted, bits, signed, overflow)
  if (Number.isNaN(fitting)) {
    call.reply.nullBulk()
    return false
  }
  call.reply.integer(increments ? fitting : old)
  if (fitting === old) return false
  writeNumber(field, first, bits, fitting)
  return true
}

/** The same for types and values that plain numbers cannot hold. */
function changeWide(call: Call, first: number, increments: boolean): boolean {
  const value = wideArgument(call, valueIndex) as bigint
  const old = readAny(first)
  const wanted = increments ? old + value : signed ? value : BigInt.asUintN(64, value)
  const fitting = fitWide(wanted, bits, signed, overflow)
  if (fitting === undefined) {
    call.reply.nullBulk()
    return false
  }
  call.reply.bigInteger(increments ? fitting : old)
  if (fitting === old) return false
  if (bits > NUMBER_BITS_MAX) writeWide(field, first, bits, fitting)
  else writeNumber(field, first, bits, Number(fitting))
  return true
}

function readAny(first: number): bigint {
  if (bits > NUMBER_BITS_MAX) return readWide(field, first, bits, signed)
  return BigInt(readNumber(field, first, bits, signed))
}

/** Puts `byteCount` bytes of the string as it is now into `field`; behind its end are zeros. */
function loadField(side: ShardSide, byte: number, byteCount: number): void {
  field.fill(0)
  const stored = Math.min(byteCount, length - byte)
  if (stored > 0) copyValueOut(side.arena, entry, byte, stored, field, 0)
  if (spanLength === 0) return
  for (let index = 0; index < byteCount; index++) {
    const inside = byte + index - spanFrom
    if (inside >= 0 && inside < spanLength) field[index] = span[inside]
  }
}

function storeField(side: ShardSide, byte: number, byteCount: number): number {
  if (spanLength === 0) {
    side.record.setValue(field, 0, byteCount)
    return stringSetRange(side, byte)
  }
  for (let index = 0; index < byteCount; index++) span[byte - spanFrom + index] = field[index]
  spanChanged = true
  return EFFECT_OK
}
