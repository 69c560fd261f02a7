// Keys under other names and in other databases: RENAME RENAMENX COPY MOVE SWAPDB.
// [redis-3.2 db.c, redis-7.0 db.c]

import { DATABASE_COUNT } from '../base/limits.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { databasesSwap, keyRename } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import * as replies from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import {
  argumentIs,
  concernedSides,
  keyArgument,
  roughInteger,
  speaksRedis7,
  valueArgument,
  word,
} from './arguments.ts'
import type { Call } from './call.ts'
import { copyValue, keyArgumentIn, moveValue } from './values.ts'

const KEY = 1
const NEW_KEY = 2
const INT32_MAX = 2 ** 31 - 1
const DATABASE = word('db')
const REPLACE = word('replace')
/** An error was answered. */
const REFUSED = -1

export function rename(call: Call): void {
  renameTo(call, false, replies.OK)
}

export function renamenx(call: Call): void {
  renameTo(call, true, replies.ONE)
}

function renameTo(call: Call, onlyToNew: boolean, done: Uint8Array): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.error(replies.NO_SUCH_KEY)
  } else if (sameArguments(call, KEY, NEW_KEY)) {
    call.reply.raw(onlyToNew ? replies.ZERO : replies.OK)
  } else if (onlyToNew && lookup(keyArgument(call, NEW_KEY), call.nowMs) !== 0) {
    call.reply.raw(replies.ZERO)
  } else if (succeeded(call, giveName(call, side, entry))) {
    call.reply.raw(done)
  }
}

/** Returns the effect's outcome. Between slots the value is stored anew. */
function giveName(call: Call, side: ShardSide, entry: number): number {
  if (slotOfArgument(call, KEY) !== slotOfArgument(call, NEW_KEY)) {
    return moveValue(call, side, entry, KEY, NEW_KEY, call.database)
  }
  keyArgument(call, KEY)
  valueArgument(call, side, NEW_KEY)
  return keyRename(side)
}

function slotOfArgument({ bytes, starts, lengths }: Call, index: number): number {
  return slotOfKey(bytes, starts[index], lengths[index])
}

function sameArguments(call: Call, left: number, right: number): boolean {
  const length = call.lengths[left]
  if (length !== call.lengths[right]) return false
  const { bytes } = call
  const leftStart = call.starts[left]
  const rightStart = call.starts[right]
  for (let at = 0; at < length; at++) {
    if (bytes[leftStart + at] !== bytes[rightStart + at]) return false
  }
  return true
}

// ── Other databases ──────────────────────────────────────────────────────────────────────────

export function copy(call: Call): void {
  let { database } = call
  let replaces = false
  for (let index = 3; index < call.argCount; index++) {
    if (argumentIs(call, index, REPLACE)) {
      replaces = true
    } else if (argumentIs(call, index, DATABASE) && index + 1 < call.argCount) {
      index++
      database = databaseArgument(call, index)
      if (database === REFUSED) return
    } else {
      replySyntaxError(call)
      return
    }
  }
  if (database === call.database && sameArguments(call, KEY, NEW_KEY)) {
    call.reply.error(replies.SAME_OBJECT)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0 || isTaken(call, NEW_KEY, database, replaces)) {
    call.reply.raw(replies.ZERO)
  } else if (succeeded(call, copyValue(call, side, entry, NEW_KEY, database))) {
    call.reply.raw(replies.ONE)
  }
}

/** Does the key exist, and must it stay? */
function isTaken(call: Call, index: number, database: number, replaces: boolean): boolean {
  return !replaces && lookup(keyArgumentIn(call, index, database), call.nowMs) !== 0
}

/** Argument `index` as the number of a database, or REFUSED. */
function databaseArgument(call: Call, index: number): number {
  const database = roughInteger(call, index)
  if (database >= 0 && database < DATABASE_COUNT) return database
  if (Number.isNaN(database)) replyNotInteger(call)
  else if (isInt32(database)) call.reply.error(replies.DB_INDEX_OUT_OF_RANGE)
  else call.reply.error(replies.VALUE_OUT_OF_INT32)
  return REFUSED
}

function isInt32(value: number): boolean {
  return value >= -INT32_MAX - 1 && value <= INT32_MAX
}

export function move(call: Call): void {
  const database = speaksRedis7(call) ? databaseArgument(call, 2) : databaseArgument32(call, 2)
  if (database === REFUSED) return
  if (database === call.database) {
    call.reply.error(replies.SAME_OBJECT)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0 || isTaken(call, KEY, database, false)) {
    call.reply.raw(replies.ZERO)
  } else if (succeeded(call, moveValue(call, side, entry, KEY, KEY, database))) {
    call.reply.raw(replies.ONE)
  }
}

/** 3.2 has one text for everything. */
function databaseArgument32(call: Call, index: number): number {
  const database = roughInteger(call, index)
  if (database >= 0 && database < DATABASE_COUNT) return database
  call.reply.error(replies.INDEX_OUT_OF_RANGE)
  return REFUSED
}

/** All shards swap under one holding of all tokens, in one group of the logs. */
export function swapdb(call: Call): void {
  const left = roughInteger(call, 1)
  const right = roughInteger(call, 2)
  if (!isInt32(left)) {
    call.reply.error(replies.INVALID_FIRST_DB_INDEX)
  } else if (!isInt32(right)) {
    call.reply.error(replies.INVALID_SECOND_DB_INDEX)
  } else if (Math.min(left, right) < 0 || Math.max(left, right) >= DATABASE_COUNT) {
    call.reply.error(replies.DB_INDEX_OUT_OF_RANGE)
  } else {
    if (left !== right) for (const side of concernedSides(call)) databasesSwap(side, left, right)
    call.reply.ok()
  }
}
