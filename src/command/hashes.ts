// Hash commands. [redis-3.2 t_hash.c; HRANDFIELD and several fields of HSET: redis-7.0]

import { EFFECT_NO_KEY, hashDelete, hashSet } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { isLargeCollection, largeRoot } from '../memory/collection.ts'
import { HashWalk, hashCount, hashGet } from '../memory/hash.ts'
import { TYPE_HASH } from '../memory/layout.ts'
import { span } from '../memory/span.ts'
import { HMSET_ARITY_32, ONE, wrongArity, ZERO } from '../wire/replies.ts'
import { hasType, replySpan, succeeded } from './answers.ts'
import { keyArgument, speaksRedis7 } from './arguments.ts'
import type { Call } from './call.ts'
import { ElementScan } from './element-scan.ts'

export const KEY = 1
export const FIELD = 2
/** No such key. */
export const MISSING = 0
/** An error was answered. */
export const REFUSED = -1

const walk = new HashWalk()
const elements = new ElementScan()

/** The hash at the key; MISSING, or REFUSED: WRONGTYPE was answered. */
export function readHash(call: Call, side: ShardSide): number {
  const entry = lookupRead(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_HASH) ? entry : REFUSED
}

/** The same for a command that changes it. */
export function changedHash(call: Call, side: ShardSide): number {
  const entry = lookup(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_HASH) ? entry : REFUSED
}

/** Shows the value of the field in argument `index` in `span`. */
export function showField(call: Call, side: ShardSide, entry: number, index: number): boolean {
  if (entry === MISSING) return false
  const { arena } = side
  const start = call.starts[index]
  const length = call.lengths[index]
  const large = isLargeCollection(arena, entry)
  const hash = large ? hashOfKey(side, call.bytes, start, length) : 0
  return hashGet(arena, entry, hash, call.bytes, start, length)
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────

export function hget(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  if (showField(call, side, entry, FIELD)) replySpan(call)
  else call.reply.nullBulk()
}

export function hmget(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(call.argCount - FIELD)
  for (let index = FIELD; index < call.argCount; index++) {
    if (showField(call, side, entry, index)) replySpan(call)
    else call.reply.nullBulk()
  }
}

export function hexists(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  call.reply.raw(showField(call, side, entry, FIELD) ? ONE : ZERO)
}

export function hstrlen(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  call.reply.integer(showField(call, side, entry, FIELD) ? span.length : 0)
}

export function hlen(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry !== REFUSED) call.reply.integer(entry === MISSING ? 0 : hashCount(side.arena, entry))
}

export function hgetall(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  call.reply.mapHeader(entry === MISSING ? 0 : hashCount(side.arena, entry))
  replyAll(call, side, entry, true, true)
}

export function hkeys(call: Call): void {
  replyColumn(call, true, false)
}

export function hvals(call: Call): void {
  replyColumn(call, false, true)
}

function replyColumn(call: Call, fields: boolean, values: boolean): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(entry === MISSING ? 0 : hashCount(side.arena, entry))
  replyAll(call, side, entry, fields, values)
}

function replyAll(
  call: Call,
  side: ShardSide,
  entry: number,
  fields: boolean,
  values: boolean,
): void {
  if (entry === MISSING) return
  walk.begin(side.arena, entry)
  while (walk.next() && !call.reply.overflowed) replyWalked(call, fields, values)
}

function replyWalked(call: Call, fields: boolean, values: boolean): void {
  if (fields) {
    walk.showField()
    replySpan(call)
  }
  if (!values) return
  walk.showValue()
  replySpan(call)
}

export function hscan(call: Call): void {
  const side = keyArgument(call, KEY)
  if (!elements.parseCursor(call)) return
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    elements.replyNothing(call)
    return
  }
  if (!elements.parseOptions(call)) return
  const { arena } = side
  elements.open(call)
  if (!isLargeCollection(arena, entry)) {
    walk.begin(arena, entry)
    scanWalked(call)
    elements.close(call, 0)
    return
  }
  let { cursor } = elements
  let seen = 0
  do {
    cursor = walk.beginPage(arena, largeRoot(arena, entry), cursor)
    seen += scanWalked(call)
  } while (cursor !== 0 && seen < elements.count && !call.reply.overflowed)
  elements.close(call, cursor)
}

/** Replies the wanted fields of the walk; returns how many there were in all. */
function scanWalked(call: Call): number {
  let seen = 0
  for (; walk.next(); seen++) {
    walk.showField()
    if (!elements.matches()) continue
    replyWalked(call, true, true)
    elements.written += 2
  }
  return seen
}

// ── Changing ─────────────────────────────────────────────────────────────────────────────────

export function hset(call: Call): void {
  const side = setFields(call)
  if (side !== undefined) call.reply.integer(side.record.changed)
}

export function hmset(call: Call): void {
  if (setFields(call) !== undefined) call.reply.ok()
}

/** Sets the pairs from argument FIELD on. Undefined: an error was answered. */
function setFields(call: Call): ShardSide | undefined {
  if (call.argCount % 2 !== 0) {
    // 3.2 names HMSET without quotes, and its HSET takes one pair only. [redis-3.2 t_hash.c]
    const is32 = call.row.name === 'hmset' && !speaksRedis7(call)
    call.reply.error(is32 ? HMSET_ARITY_32 : wrongArity(call.row.name))
    return undefined
  }
  const side = keyArgument(call, KEY)
  if (changedHash(call, side) === REFUSED) return undefined
  return setPairs(call, side) ? side : undefined
}

/** The effect of the arguments from FIELD on. False: an error was answered. */
function setPairs(call: Call, side: ShardSide): boolean {
  side.record.setItems(call.bytes, call.starts, call.lengths, FIELD, 1, call.argCount - FIELD)
  return succeeded(call, hashSet(side))
}

export function hsetnx(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = changedHash(call, side)
  if (entry === REFUSED) return
  if (showField(call, side, entry, FIELD)) call.reply.raw(ZERO)
  else if (setPairs(call, side)) call.reply.raw(ONE)
}

export function hdel(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = changedHash(call, side)
  if (entry === REFUSED) return
  const { record } = side
  record.setItems(call.bytes, call.starts, call.lengths, FIELD, 1, call.argCount - FIELD)
  const outcome = hashDelete(side)
  if (outcome === EFFECT_NO_KEY) call.reply.raw(ZERO)
  else if (succeeded(call, outcome)) call.reply.integer(record.changed)
}
