// Commands over whole keys, whatever they hold: DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX.
// KEYS, SCAN and RANDOMKEY are in scan.ts. [redis-3.2 db.c]

import { deleteKey, stringSet } from '../keyspace/effects.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryExpiry, entryType, entryValueLength } from '../memory/entry.ts'
import { copyValueOut } from '../memory/value.ts'
import { NO_SUCH_KEY, OK, ONE, TYPE_NONE, TYPE_STRING, ZERO } from '../wire/replies.ts'
import { isString, succeeded } from './answers.ts'
import { hashOfArgument, lookupArgument } from './arguments.ts'
import { type Call, sideOfArgument } from './call.ts'
import { scratch, trimScratch } from './scratch.ts'

const KEY = 1
const NEW_KEY = 2

/** DEL and UNLINK: small values are freed at once, large ones chunk by chunk, both quickly. */
export function del(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    const side = sideOfArgument(call, index)
    const hash = hashOfArgument(call, side, index)
    // The lookup makes an expired key a missing one.
    if (lookupArgument(call, side, index, hash) === 0) continue
    deleteKey(side, call.database, hash, call.bytes, call.starts[index], call.lengths[index])
    count++
  }
  call.reply.integer(count)
}

/** EXISTS and TOUCH: the lookup itself marks a key as used. A key named twice counts twice. */
export function exists(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    const side = sideOfArgument(call, index)
    if (lookupArgument(call, side, index, hashOfArgument(call, side, index)) !== 0) count++
  }
  call.reply.integer(count)
}

/** TYPE's answer for each TYPE_… of memory/layout.ts. */
const TYPE_REPLIES: readonly Uint8Array[] = [TYPE_STRING]

export function type(call: Call): void {
  const side = sideOfArgument(call, KEY)
  const entry = lookupArgument(call, side, KEY, hashOfArgument(call, side, KEY))
  call.reply.raw(entry === 0 ? TYPE_NONE : TYPE_REPLIES[entryType(side.arena, entry)])
}

export function rename(call: Call): void {
  if (move(call, false)) call.reply.raw(OK)
}

export function renamenx(call: Call): void {
  if (move(call, true)) call.reply.raw(ONE)
}

/** False: answered already. */
function move(call: Call, onlyToNew: boolean): boolean {
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
  if (entry === 0) {
    call.reply.error(NO_SUCH_KEY)
    return false
  }
  if (sameArguments(call, KEY, NEW_KEY)) {
    call.reply.raw(onlyToNew ? ZERO : OK)
    return false
  }
  const target = sideOfArgument(call, NEW_KEY)
  const newHash = hashOfArgument(call, target, NEW_KEY)
  if (onlyToNew && lookupArgument(call, target, NEW_KEY, newHash) !== 0) {
    call.reply.raw(ZERO)
    return false
  }
  // Storing under the new name comes first: it may fail, removing the old name cannot.
  if (!copyTo(call, side, entry, target, newHash)) return false
  deleteKey(side, call.database, hash, call.bytes, call.starts[KEY], call.lengths[KEY])
  return true
}

/** Stores an entry's value and expiry under argument 2. False: an error was answered. */
function copyTo(
  call: Call,
  side: ShardSide,
  entry: number,
  target: ShardSide,
  newHash: number,
): boolean {
  if (!isString(call, side, entry)) return false
  const length = entryValueLength(side.arena, entry)
  const value = scratch(length)
  copyValueOut(side.arena, entry, 0, length, value, 0)
  const outcome = stringSet(
    target,
    call.database,
    newHash,
    call.bytes,
    call.starts[NEW_KEY],
    call.lengths[NEW_KEY],
    value,
    0,
    length,
    entryExpiry(side.arena, entry),
  )
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
