// GET, SET and what is made of them. Pattern of every handler: parse -> look up -> check the type
// -> decide -> one effect -> one reply. [redis-3.2 t_string.c; what is later: redis-7.0]

import {
  keyDelete,
  keyExpireAt,
  keyPersist,
  stringAppend,
  stringSet,
  stringSetKeepExpiry,
} from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryExpiry, entryType, entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY, TYPE_STRING } from '../memory/layout.ts'
import { ONE, ZERO } from '../wire/replies.ts'
import { isString, lengthAllowed, replyValue, succeeded } from './answers.ts'
import { keyArgument, valueArgument } from './arguments.ts'
import type { Call } from './call.ts'
import {
  OPTION_EX,
  OPTION_GET,
  OPTION_KEEP_TTL,
  OPTION_NX,
  OPTION_PERSIST,
  OPTION_PX,
  OPTION_XX,
  OPTIONS_REFUSED,
  optionsExpiry,
  parseGetexOptions,
  parseSetOptions,
} from './string-options.ts'
import { expiryTime } from './times.ts'

const KEY = 1

export function get(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) call.reply.nullBulk()
  else if (isString(call, side, entry)) replyValue(call, side, entry)
}

export function strlen(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) call.reply.raw(ZERO)
  else if (isString(call, side, entry)) call.reply.integer(entryValueLength(side.arena, entry))
}

export function mget(call: Call): void {
  call.reply.arrayHeader(call.argCount - 1)
  for (let index = 1; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    const entry = lookupRead(side, call.nowMs)
    if (entry === 0 || entryType(side.arena, entry) !== TYPE_STRING) call.reply.nullBulk()
    else replyValue(call, side, entry)
  }
}

// ── SET ──────────────────────────────────────────────────────────────────────────────────────

export function set(call: Call): void {
  if (call.argCount > 3) {
    setWithOptions(call)
    return
  }
  const side = keyArgument(call, KEY)
  if (lengthAllowed(call, call.lengths[2]) && store(call, side, 2, NO_EXPIRY)) call.reply.ok()
}

/** Stores argument `index` under the key of the side's record. False: an error was answered. */
function store(call: Call, side: ShardSide, index: number, expiryMs: number): boolean {
  valueArgument(call, side, index)
  return succeeded(call, stringSet(side, expiryMs))
}

function setWithOptions(call: Call): void {
  const options = parseSetOptions(call)
  if (options === OPTIONS_REFUSED) return
  const expiryMs = optionsExpiry(call, options)
  if (Number.isNaN(expiryMs) || !lengthAllowed(call, call.lengths[2])) return
  const side = keyArgument(call, KEY)
  const gets = (options & OPTION_GET) !== 0
  const entry = gets ? lookupRead(side, call.nowMs) : lookup(side, call.nowMs)
  const before = call.reply.position
  if (gets) {
    // The old value goes out first: the effect may overwrite it where it is.
    if (entry === 0) call.reply.nullBulk()
    else if (isString(call, side, entry)) replyValue(call, side, entry)
    else return
  }
  const unwanted = entry === 0 ? OPTION_XX : OPTION_NX
  if ((options & unwanted) !== 0) {
    if ((options & OPTION_GET) === 0) call.reply.nullBulk()
    return
  }
  const after = call.reply.position
  call.reply.position = before
  const keep = (options & OPTION_KEEP_TTL) !== 0
  const done = keep ? storeKeepingExpiry(call, side) : store(call, side, 2, expiryMs)
  if (!done) return
  if ((options & OPTION_GET) !== 0) call.reply.position = after
  else call.reply.ok()
}

function storeKeepingExpiry(call: Call, side: ShardSide): boolean {
  valueArgument(call, side, 2)
  return succeeded(call, stringSetKeepExpiry(side))
}

export function setnx(call: Call): void {
  if (!lengthAllowed(call, call.lengths[2])) return
  const side = keyArgument(call, KEY)
  if (lookup(side, call.nowMs) !== 0) call.reply.raw(ZERO)
  else if (store(call, side, 2, NO_EXPIRY)) call.reply.raw(ONE)
}

export function setex(call: Call): void {
  storeWithTime(call, true)
}

export function psetex(call: Call): void {
  storeWithTime(call, false)
}

function storeWithTime(call: Call, seconds: boolean): void {
  const expiryMs = expiryTime(call, 2, seconds, true, true)
  if (Number.isNaN(expiryMs) || !lengthAllowed(call, call.lengths[3])) return
  if (store(call, keyArgument(call, KEY), 3, expiryMs)) call.reply.ok()
}

export function append(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  const { lengths } = call
  if (entry === 0) {
    if (!lengthAllowed(call, lengths[2])) return
    if (store(call, side, 2, NO_EXPIRY)) call.reply.integer(lengths[2])
    return
  }
  if (!isString(call, side, entry)) return
  const length = entryValueLength(side.arena, entry) + lengths[2]
  if (!lengthAllowed(call, length)) return
  valueArgument(call, side, 2)
  if (succeeded(call, stringAppend(side))) call.reply.integer(length)
}

// ── Read and change ──────────────────────────────────────────────────────────────────────────

export function getset(call: Call): void {
  if (!lengthAllowed(call, call.lengths[2])) return
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry !== 0 && !isString(call, side, entry)) return
  const before = call.reply.position
  if (entry === 0) call.reply.nullBulk()
  else replyValue(call, side, entry)
  const after = call.reply.position
  call.reply.position = before
  if (store(call, side, 2, NO_EXPIRY)) call.reply.position = after
}

export function getdel(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  if (!isString(call, side, entry)) return
  const before = call.reply.position
  replyValue(call, side, entry)
  const after = call.reply.position
  call.reply.position = before
  if (succeeded(call, keyDelete(side))) call.reply.position = after
}

export function getex(call: Call): void {
  const options = parseGetexOptions(call)
  if (options === OPTIONS_REFUSED) return
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  if (!isString(call, side, entry)) return
  const expiryMs = optionsExpiry(call, options)
  if (Number.isNaN(expiryMs)) return
  const before = call.reply.position
  replyValue(call, side, entry)
  const after = call.reply.position
  call.reply.position = before
  if (changeExpiry(call, side, entry, options, expiryMs)) call.reply.position = after
}

/** What GETEX does besides reading. False: an error was answered. */
function changeExpiry(
  call: Call,
  side: ShardSide,
  entry: number,
  options: number,
  expiryMs: number,
): boolean {
  if (expiryMs !== NO_EXPIRY) {
    const relative = (options & (OPTION_EX | OPTION_PX)) !== 0
    if (!relative && expiryMs <= call.nowMs) return succeeded(call, keyDelete(side))
    return succeeded(call, keyExpireAt(side, expiryMs))
  }
  if ((options & OPTION_PERSIST) !== 0 && entryExpiry(side.arena, entry) !== NO_EXPIRY) {
    return succeeded(call, keyPersist(side))
  }
  return true
}
