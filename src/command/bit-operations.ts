// BITOP: strings combined bit by bit, shorter ones filled up with zeros, the result stored under
// another (or the same) key. [redis-3.2 bitops.c bitopCommand]

import { keyDelete, stringSet } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { Arena } from '../memory/arena.ts'
import { entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { copyValueOut, valueSpan } from '../memory/value.ts'
import { BITOP_NOT_SOURCES, ZERO } from '../wire/replies.ts'
import { isString, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, word } from './arguments.ts'
import type { Call } from './call.ts'
import { scratch, trimScratch } from './scratch.ts'

const TARGET = 2
const FIRST_SOURCE = 3

const OPERATION_AND = 0
const OPERATION_OR = 1
const OPERATION_XOR = 2
const OPERATION_NOT = 3
const OPERATIONS: readonly Uint8Array[] = [word('and'), word('or'), word('xor'), word('not')]

export function bitop(call: Call): void {
  const operation = OPERATIONS.findIndex((letters) => argumentIs(call, 1, letters))
  if (operation < 0) {
    replySyntaxError(call)
    return
  }
  if (operation === OPERATION_NOT && call.argCount !== FIRST_SOURCE + 1) {
    call.reply.error(BITOP_NOT_SOURCES)
    return
  }
  const length = longestSource(call)
  if (length < 0) return
  if (length === 0) {
    const target = keyArgument(call, TARGET)
    // Lookup first: a target whose time is over is removed as expired, not by this command.
    const removes = lookup(target, call.nowMs) !== 0
    if (!removes || succeeded(call, keyDelete(target))) call.reply.raw(ZERO)
    return
  }
  const result = combine(call, operation, length)
  const target = keyArgument(call, TARGET)
  target.record.setValue(result, 0, length)
  if (succeeded(call, stringSet(target, NO_EXPIRY))) call.reply.integer(length)
  trimScratch()
}

/** Bytes of the longest source; -1: one is no string, answered. */
function longestSource(call: Call): number {
  let longest = 0
  for (let index = FIRST_SOURCE; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    const entry = lookupRead(side, call.nowMs)
    if (entry === 0) continue
    if (!isString(call, side, entry)) return -1
    longest = Math.max(longest, entryValueLength(side.arena, entry))
  }
  return longest
}

/** The result in the scratch bytes 0..length-1. */
function combine(call: Call, operation: number, length: number): Uint8Array {
  const result = scratch(length)
  for (let index = FIRST_SOURCE; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    const entry = lookup(side, call.nowMs)
    const sourceLength = entry === 0 ? 0 : entryValueLength(side.arena, entry)
    if (index === FIRST_SOURCE) {
      if (entry !== 0) copyValueOut(side.arena, entry, 0, sourceLength, result, 0)
      result.fill(0, sourceLength, length)
      continue
    }
    if (entry !== 0) combineValue(side.arena, entry, sourceLength, operation, result)
    if (operation === OPERATION_AND) result.fill(0, sourceLength, length)
  }
  if (operation === OPERATION_NOT) for (let at = 0; at < length; at++) result[at] ^= 0xff
  return result
}

function combineValue(
  arena: Arena,
  entry: number,
  length: number,
  operation: number,
  result: Uint8Array,
): void {
  for (let from = 0; from < length; from += arena.spanLength) {
    valueSpan(arena, entry, from)
    const source = arena.bytes[arena.spanSegment]
    const offset = arena.spanByte - from
    const end = from + arena.spanLength
    if (operation === OPERATION_AND) {
      for (let at = from; at < end; at++) result[at] &= source[at + offset]
    } else if (operation === OPERATION_OR) {
      for (let at = from; at < end; at++) result[at] |= source[at + offset]
    } else if (operation === OPERATION_XOR) {
      for (let at = from; at < end; at++) result[at] ^= source[at + offset]
    }
  }
}
