// GETRANGE and SETRANGE: parts of strings by byte positions. [redis-3.2 t_string.c]

import { stringSetRange } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryValueLength } from '../memory/entry.ts'
import { EMPTY_BULK, OFFSET_OUT_OF_RANGE, ZERO } from '../wire/replies.ts'
import { isString, lengthAllowed, replyNotInteger, replyValueRange, succeeded } from './answers.ts'
import { argumentExceeds, keyArgument, roughInteger, valueArgument } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 1

/** GETRANGE, and SUBSTR, its old name. */
export function getrange(call: Call): void {
  const start = roughInteger(call, 2)
  const end = roughInteger(call, 3)
  if (Number.isNaN(start) || Number.isNaN(end)) {
    replyNotInteger(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(EMPTY_BULK)
    return
  }
  if (!isString(call, side, entry)) return
  const length = entryValueLength(side.arena, entry)
  const reversed = start < 0 && end < 0 && argumentExceeds(call, 2, 3)
  const from = Math.max(start < 0 ? length + start : start, 0)
  const to = Math.min(Math.max(end < 0 ? length + end : end, 0), length - 1)
  if (reversed || from > to) call.reply.raw(EMPTY_BULK)
  else replyValueRange(call, side, entry, from, to - from + 1)
}

export function setrange(call: Call): void {
  const offset = roughInteger(call, 2)
  if (Number.isNaN(offset)) {
    replyNotInteger(call)
    return
  }
  if (offset < 0) {
    call.reply.error(OFFSET_OUT_OF_RANGE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const { lengths } = call
  const oldLength = entry === 0 ? 0 : entryValueLength(side.arena, entry)
  if (lengths[3] === 0) {
    // Storing nothing does not even make the key.
    if (entry === 0) call.reply.raw(ZERO)
    else call.reply.integer(oldLength)
    return
  }
  // An offset near 2^63 is a rough number, but far beyond any limit all the same.
  if (!lengthAllowed(call, offset + lengths[3])) return
  valueArgument(call, side, 3)
  const outcome = stringSetRange(side, offset)
  if (succeeded(call, outcome)) call.reply.integer(Math.max(oldLength, offset + lengths[3]))
}
