// Answers that several handlers give: a stored string, an effect's outcome, and the errors that
// differ between 3.2 (profiles ckv and extended) and 7.0 (profile redis).

import { EFFECT_OK, EFFECT_OUT_OF_MEMORY, EFFECT_PARTLY } from '../keyspace/effects.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryIsChunked, entryType, entryValueLength, entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT, TYPE_STRING } from '../memory/layout.ts'
import { span } from '../memory/span.ts'
import { copyValueOut } from '../memory/value.ts'
import * as replies from '../wire/replies.ts'
import { speaksRedis7 } from './arguments.ts'
import type { Call } from './call.ts'

/** True: the entry is a string. Else WRONGTYPE was answered. */
export function isString(call: Call, side: ShardSide, entry: number): boolean {
  if (entryType(side.arena, entry) === TYPE_STRING) return true
  call.reply.error(replies.WRONG_TYPE)
  return false
}

/** True: the entry is of this type, one of TYPE_…. Else WRONGTYPE was answered. */
export function hasType(call: Call, side: ShardSide, entry: number, type: number): boolean {
  if (entryType(side.arena, entry) === type) return true
  call.reply.error(replies.WRONG_TYPE)
  return false
}

/** What `span` shows as a bulk. */
export function replySpan(call: Call): void {
  call.reply.bulk(span.bytes, span.start, span.length)
}

/** The whole string of an entry as a bulk. */
export function replyValue(call: Call, side: ShardSide, entry: number): void {
  replyValueRange(call, side, entry, 0, entryValueLength(side.arena, entry))
}

/** `length` bytes of an entry's string from `from` on, as a bulk. */
export function replyValueRange(
  call: Call,
  side: ShardSide,
  entry: number,
  from: number,
  length: number,
): void {
  const { arena } = side
  const { reply } = call
  if (!entryIsChunked(arena, entry)) {
    reply.bulk(arena.bytes[entry >>> SEGMENT_SHIFT], entryValueStart(arena, entry) + from, length)
    return
  }
  if (!reply.bulkHeader(length)) return
  const at = reply.reserve(length)
  if (at < 0) return
  copyValueOut(arena, entry, from, length, reply.bytes, at)
  reply.bulkEnd()
}

/**
 * True: the effect took place. Else the error was answered, and unless that says that the outcome
 * is unknown, nothing changed.
 */
export function succeeded(call: Call, outcome: number): boolean {
  if (outcome === EFFECT_OK) return true
  if (outcome === EFFECT_OUT_OF_MEMORY) call.reply.error(replies.OUT_OF_MEMORY)
  else if (outcome === EFFECT_PARTLY) call.reply.error(replies.MISCONF_UNKNOWN)
  else call.reply.error(replies.MISCONF_DISK_FULL)
  return false
}

/**
 * Is the reply longer than this client's may be, so that it will be cut? Whoever cannot be told
 * what was taken gets nothing; but a transaction takes place as a whole.
 */
export function replyIsLost({ reply, inTransaction }: Call): boolean {
  return reply.overflowed && !inTransaction
}

/** True: a string of this length may be stored. Else the profile's error was answered. */
export function lengthAllowed(call: Call, length: number): boolean {
  if (length <= call.valueBytesMax) return true
  call.reply.error(speaksRedis7(call) ? replies.STRING_TOO_LONG_70 : replies.STRING_TOO_LONG_32MB)
  return false
}

export function replyNotInteger(call: Call): void {
  call.reply.error(replies.NOT_AN_INTEGER)
}

export function replySyntaxError(call: Call): void {
  call.reply.error(replies.SYNTAX_ERROR)
}

export function replyInvalidExpire(call: Call): void {
  const { name } = call.row
  call.reply.error(
    speaksRedis7(call) ? replies.invalidExpire70(name) : replies.invalidExpire32(name),
  )
}
