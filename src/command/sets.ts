// Set commands on one set, and SMOVE. [redis-3.2 t_set.c; SMISMEMBER: redis-7.0]

import { EFFECT_NO_KEY, setAdd, setMove, setRemove } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { EffectRecord } from '../keyspace/record.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { isLargeCollection, largeRoot } from '../memory/collection.ts'
import { TYPE_SET } from '../memory/layout.ts'
import { SetWalk, setCount, setHas } from '../memory/set.ts'
import { ONE, ZERO } from '../wire/replies.ts'
import { hasType, replySpan, succeeded } from './answers.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { ElementScan } from './element-scan.ts'

export const KEY = 1
const MEMBER = 2
/** Of SMOVE. */
const TARGET = 2
const MOVED = 3
/** No such key. */
export const MISSING = 0
/** An error was answered. */
export const REFUSED = -1

const walk = new SetWalk()
const elements = new ElementScan()
const sourceKey = new EffectRecord()

/** The set at the key; MISSING, or REFUSED: WRONGTYPE was answered. */
export function readSet(call: Call, side: ShardSide): number {
  const entry = lookupRead(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_SET) ? entry : REFUSED
}

/** The same for a command that changes it. */
export function changedSet(call: Call, side: ShardSide): number {
  const entry = lookup(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_SET) ? entry : REFUSED
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────

export function scard(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry !== REFUSED) call.reply.integer(entry === MISSING ? 0 : setCount(side.arena, entry))
}

export function sismember(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry !== REFUSED) call.reply.raw(isMember(call, side, entry, MEMBER) ? ONE : ZERO)
}

export function smismember(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(call.argCount - MEMBER)
  for (let index = MEMBER; index < call.argCount; index++) {
    call.reply.raw(isMember(call, side, entry, index) ? ONE : ZERO)
  }
}

/** Is argument `index` a member? */
function isMember(call: Call, side: ShardSide, entry: number, index: number): boolean {
  if (entry === MISSING) return false
  const { arena } = side
  const start = call.starts[index]
  const length = call.lengths[index]
  const large = isLargeCollection(arena, entry)
  const hash = large ? hashOfKey(side, call.bytes, start, length) : 0
  return setHas(arena, entry, hash, call.bytes, start, length)
}

export function smembers(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry === REFUSED) return
  call.reply.setHeader(entry === MISSING ? 0 : setCount(side.arena, entry))
  if (entry !== MISSING) replyMembers(call, side, entry)
}

/** All members as bulks, without a header. */
export function replyMembers(call: Call, side: ShardSide, entry: number): void {
  walk.begin(side.arena, entry)
  while (walk.next() && !call.reply.overflowed) {
    walk.showMember()
    replySpan(call)
  }
}

export function sscan(call: Call): void {
  const side = keyArgument(call, KEY)
  if (!elements.parseCursor(call)) return
  const entry = readSet(call, side)
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

/** Replies the wanted members of the walk; returns how many there were in all. */
function scanWalked(call: Call): number {
  let seen = 0
  for (; walk.next(); seen++) {
    walk.showMember()
    if (!elements.matches()) continue
    replySpan(call)
    elements.written++
  }
  return seen
}

// ── Changing ─────────────────────────────────────────────────────────────────────────────────

export function sadd(call: Call): void {
  const side = keyArgument(call, KEY)
  if (changedSet(call, side) === REFUSED) return
  setMembers(call, side, MEMBER)
  if (succeeded(call, setAdd(side))) call.reply.integer(side.record.changed)
}

export function srem(call: Call): void {
  const side = keyArgument(call, KEY)
  if (changedSet(call, side) === REFUSED) return
  setMembers(call, side, MEMBER)
  const outcome = setRemove(side)
  if (outcome === EFFECT_NO_KEY) call.reply.raw(ZERO)
  else if (succeeded(call, outcome)) call.reply.integer(side.record.changed)
}

/** Makes the arguments from `first` on the items of the next effect. */
function setMembers(call: Call, side: ShardSide, first: number): void {
  const { record } = side
  record.setItems(call.bytes, call.starts, call.lengths, first, 1, call.argCount - first)
}

export function smove(call: Call): void {
  const source = keyArgument(call, KEY)
  const sourceEntry = changedSet(call, source)
  if (sourceEntry === MISSING) call.reply.raw(ZERO)
  if (sourceEntry === MISSING || sourceEntry === REFUSED) return
  const target = keyArgument(call, TARGET)
  const targetEntry = changedSet(call, target)
  if (targetEntry === REFUSED) return
  const isThere = isMember(call, source, sourceEntry, MOVED)
  if (!isThere || (source === target && sourceEntry === targetEntry)) {
    call.reply.raw(isThere ? ONE : ZERO)
    return
  }
  setMembers(call, target, MOVED)
  const start = call.starts[KEY]
  const length = call.lengths[KEY]
  const hash = hashOfKey(source, call.bytes, start, length)
  sourceKey.setKey(call.database, call.bytes, start, length, hash)
  const outcome = setMove(source, sourceKey, target)
  sourceKey.forget()
  if (succeeded(call, outcome)) call.reply.raw(ONE)
}
