// Commands over whole keys, whatever they hold: DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX.
// KEYS, SCAN and RANDOMKEY are in scan.ts. [redis-3.2 db.c]

import { keyDelete, stringRename } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { EffectRecord } from '../keyspace/record.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { entryExpiry, entryType, entryValueLength } from '../memory/entry.ts'
import { copyValueOut } from '../memory/value.ts'
import { NO_SUCH_KEY, OK, ONE, TYPE_NAMES, TYPE_NONE, ZERO } from '../wire/replies.ts'
import { isString, succeeded } from './answers.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { scratch, trimScratch } from './scratch.ts'

const KEY = 1
const NEW_KEY = 2

/**
 * DEL and UNLINK: small values are freed at once, large ones chunk by chunk, both quickly. Where
 * the disk does not take the removal of a long key the answer is the error, also if keys before it
 * are gone: with their count the client would take that key for gone too. After an error it tries
 * again, which removes what is left and harms nothing.
 */
export function del(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    // The lookup makes an expired key a missing one.
    if (lookup(side, call.nowMs) === 0) continue
    if (!succeeded(call, keyDelete(side))) return
    count++
  }
  call.reply.integer(count)
}

/** EXISTS and TOUCH: the lookup itself marks a key as used. A key named twice counts twice. */
export function exists(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    if (lookupRead(keyArgument(call, index), call.nowMs) !== 0) count++
  }
  call.reply.integer(count)
}

export function type(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  call.reply.raw(entry === 0 ? TYPE_NONE : TYPE_NAMES[entryType(side.arena, entry)])
}

export function rename(call: Call): void {
  if (move(call, false)) call.reply.raw(OK)
}

export function renamenx(call: Call): void {
  if (move(call, true)) call.reply.raw(ONE)
}

/** False: answered already. */
function move(call: Call, onlyToNew: boolean): boolean {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.error(NO_SUCH_KEY)
    return false
  }
  if (sameArguments(call, KEY, NEW_KEY)) {
    call.reply.raw(onlyToNew ? ZERO : OK)
    return false
  }
  const target = keyArgument(call, NEW_KEY)
  if (onlyToNew && lookup(target, call.nowMs) !== 0) {
    call.reply.raw(ZERO)
    return false
  }
  return moveTo(call, side, entry, target)
}

const oldKey = new EffectRecord()

/** Moves an entry's value and expiry to target's key. False: an error was answered. */
function moveTo(call: Call, side: ShardSide, entry: number, target: ShardSide): boolean {
  if (!isString(call, side, entry)) return false
  const start = call.starts[KEY]
  const keyLength = call.lengths[KEY]
  const hash = hashOfKey(side, call.bytes, start, keyLength)
  oldKey.setKey(call.database, call.bytes, start, keyLength, hash)
  const length = entryValueLength(side.arena, entry)
  const value = scratch(length)
  copyValueOut(side.arena, entry, 0, length, value, 0)
  target.record.setValue(value, 0, length)
  const outcome = stringRename(side, oldKey, target, entryExpiry(side.arena, entry))
  oldKey.forget()
  trimScratch()
  return succeeded(call, outcome)
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
