// GET, SET and what is made of them. Pattern of every handler: parse -> look up -> check the type
// -> decide -> one effect -> one reply. [redis-3.2 t_string.c; what is later: redis-7.0]

import {
  deleteKey,
  expireAt,
  persist,
  stringAppend,
  stringSet,
  stringSetKeepExpiry,
} from '../keyspace/effects.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryExpiry, entryType, entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY, TYPE_STRING } from '../memory/layout.ts'
import { MSET_ARITY, ONE, wrongArity, ZERO } from '../wire/replies.ts'
import { isString, lengthAllowed, replyValue, succeeded } from './answers.ts'
import { hashOfArgument, lookupArgument, speaksRedis7 } from './arguments.ts'
import { type Call, sideOfArgument } from './call.ts'
import { setSeveral } from './set-several.ts'
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
  const side = sideOfArgument(call, KEY)
  const entry = lookupArgument(call, side, KEY, hashOfArgument(call, side, KEY))
  if (entry === 0) call.reply.nullBulk()
  else if (isString(call, side, entry)) replyValue(call, side, entry)
}

export function strlen(call: Call): void {
  const side = sideOfArgument(call, KEY)
  const entry = lookupArgument(call, side, KEY, hashOfArgument(call, side, KEY))
  if (entry === 0) call.reply.raw(ZERO)
  else if (isString(call, side, entry)) call.reply.integer(entryValueLength(side.arena, entry))
}

export function mget(call: Call): void {
  call.reply.arrayHeader(call.argCount - 1)
  for (let index = 1; index < call.argCount; index++) {
    const side = sideOfArgument(call, index)
    const entry = lookupArgument(call, side, index, hashOfArgument(call, side, index))
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
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  if (lengthAllowed(call, call.lengths[2]) && store(call, side, hash, 2, NO_EXPIRY)) call.reply.ok()
}

/** Stores argument `value` at argument 1. False: an error was answered. */
function store(
  call: Call,
  side: ShardSide,
  hash: number,
  value: number,
  expiryMs: number,
): boolean {
  const { bytes, starts, lengths } = call
  const outcome = stringSet(
    side,
    call.database,
    hash,
    bytes,
    starts[KEY],
    lengths[KEY],
    bytes,
    starts[value],
    lengths[value],
    expiryMs,
  )
  return succeeded(call, outcome)
}

function setWithOptions(call: Call): void {
  const options = parseSetOptions(call)
  if (options === OPTIONS_REFUSED) return
  const expiryMs = optionsExpiry(call, options)
  if (Number.isNaN(expiryMs) || !lengthAllowed(call, call.lengths[2])) return
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
  const before = call.reply.position
  if ((options & OPTION_GET) !== 0) {
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
  const done = keep ? storeKeepingExpiry(call, side, hash) : store(call, side, hash, 2, expiryMs)
  if (!done) return
  if ((options & OPTION_GET) !== 0) call.reply.position = after
  else call.reply.ok()
}

function storeKeepingExpiry(call: Call, side: ShardSide, hash: number): boolean {
  const { bytes, starts, lengths } = call
  const outcome = stringSetKeepExpiry(
    side,
    call.database,
    hash,
    bytes,
    starts[KEY],
    lengths[KEY],
    bytes,
    starts[2],
    lengths[2],
  )
  return succeeded(call, outcome)
}

export function setnx(call: Call): void {
  if (!lengthAllowed(call, call.lengths[2])) return
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  if (lookupArgument(call, side, KEY, hash) !== 0) call.reply.raw(ZERO)
  else if (store(call, side, hash, 2, NO_EXPIRY)) call.reply.raw(ONE)
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
  const side = sideOfArgument(call, KEY)
  if (store(call, side, hashOfArgument(call, side, KEY), 3, expiryMs)) call.reply.ok()
}

export function append(call: Call): void {
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
  const { bytes, starts, lengths } = call
  if (entry === 0) {
    if (!lengthAllowed(call, lengths[2])) return
    if (store(call, side, hash, 2, NO_EXPIRY)) call.reply.integer(lengths[2])
    return
  }
  if (!isString(call, side, entry)) return
  const length = entryValueLength(side.arena, entry) + lengths[2]
  if (!lengthAllowed(call, length)) return
  const outcome = stringAppend(
    side,
    call.database,
    hash,
    bytes,
    starts[KEY],
    lengths[KEY],
    bytes,
    starts[2],
    lengths[2],
  )
  if (succeeded(call, outcome)) call.reply.integer(length)
}

// ── Read and change ──────────────────────────────────────────────────────────────────────────

export function getset(call: Call): void {
  if (!lengthAllowed(call, call.lengths[2])) return
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
  if (entry !== 0 && !isString(call, side, entry)) return
  const before = call.reply.position
  if (entry === 0) call.reply.nullBulk()
  else replyValue(call, side, entry)
  const after = call.reply.position
  call.reply.position = before
  if (store(call, side, hash, 2, NO_EXPIRY)) call.reply.position = after
}

export function getdel(call: Call): void {
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  if (!isString(call, side, entry)) return
  replyValue(call, side, entry)
  deleteKey(side, call.database, hash, call.bytes, call.starts[KEY], call.lengths[KEY])
}

export function getex(call: Call): void {
  const options = parseGetexOptions(call)
  if (options === OPTIONS_REFUSED) return
  const side = sideOfArgument(call, KEY)
  const hash = hashOfArgument(call, side, KEY)
  const entry = lookupArgument(call, side, KEY, hash)
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
  if (changeExpiry(call, side, hash, entry, options, expiryMs)) call.reply.position = after
}

/** What GETEX does besides reading. False: an error was answered. */
function changeExpiry(
  call: Call,
  side: ShardSide,
  hash: number,
  entry: number,
  options: number,
  expiryMs: number,
): boolean {
  const { database, bytes } = call
  const start = call.starts[KEY]
  const length = call.lengths[KEY]
  if (expiryMs !== NO_EXPIRY) {
    const relative = (options & (OPTION_EX | OPTION_PX)) !== 0
    if (!relative && expiryMs <= call.nowMs) {
      deleteKey(side, database, hash, bytes, start, length)
      return true
    }
    return succeeded(call, expireAt(side, database, hash, bytes, start, length, expiryMs))
  }
  if ((options & OPTION_PERSIST) !== 0 && entryExpiry(side.arena, entry) !== NO_EXPIRY) {
    return succeeded(call, persist(side, database, hash, bytes, start, length))
  }
  return true
}

// ── MSET ─────────────────────────────────────────────────────────────────────────────────────

export function mset(call: Call): void {
  if (pairsAllowed(call) && succeeded(call, setSeveral(call))) call.reply.ok()
}

export function msetnx(call: Call): void {
  if (!pairsAllowed(call)) return
  for (let index = 1; index < call.argCount; index += 2) {
    const side = sideOfArgument(call, index)
    if (lookupArgument(call, side, index, hashOfArgument(call, side, index)) !== 0) {
      call.reply.raw(ZERO)
      return
    }
  }
  if (succeeded(call, setSeveral(call))) call.reply.raw(ONE)
}

/** Keys and values in pairs, none too long. False: an error was answered. */
function pairsAllowed(call: Call): boolean {
  if ((call.argCount & 1) === 0) {
    call.reply.error(speaksRedis7(call) ? wrongArity(call.row.name) : MSET_ARITY)
    return false
  }
  for (let index = 2; index < call.argCount; index += 2) {
    if (!lengthAllowed(call, call.lengths[index])) return false
  }
  return true
}
