// SINTER SUNION SDIFF, the same with STORE, and SINTERCARD. [redis-3.2 t_set.c; SINTERCARD:
// redis-7.0]
//
// One set is walked through and its members are looked up in the others: nothing is made for a
// member. Only what cannot be told in one walk is collected first: a union, and what is stored,
// because the target may be one of the inputs.

import { keyDelete, setStore } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import { hashOfKey } from '../keyspace/side.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { SetWalk } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import {
  KEYS_BEYOND_ARGUMENTS,
  LIMIT_NEGATIVE,
  NUMKEYS_NOT_POSITIVE,
  OUT_OF_MEMORY,
  ZERO,
} from '../wire/replies.ts'
import { replySpan, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'
import { MemberList } from './member-list.ts'
import { SetInputs } from './set-inputs.ts'
import { MISSING, replyMembers } from './sets.ts'
import { beginHeads, closeList, openList } from './walk.ts'

const KEY = 1
/** Of the STORE commands. */
const TARGET = 1
const FIRST_SOURCE = 2
/** Of SINTERCARD. */
const KEY_COUNT = 1
const COUNTED_KEY = 2
const LIMIT = word('limit')

/** What becomes of a member of the result. */
const TO_REPLY = 0
const TO_COLLECTED = 1
const COUNTED = 2

const walk = new SetWalk()
const inputs = new SetInputs()
const collected = new MemberList()
const excluded = new MemberList()
let output = TO_REPLY
/** Members of the result so far, and how many are wanted at most. */
let found = 0
let foundMax = Infinity

/** False: no more members are wanted. */
function give(call: Call, hash: number): boolean {
  found++
  if (output === TO_REPLY) {
    replySpan(call)
    return !call.reply.overflowed
  }
  if (output === COUNTED) return found < foundMax
  collect(hash)
  return !collected.overflowed
}

/** Keeps what `span` shows, once. `hash` 0: not made yet. */
function collect(hash: number): void {
  const { bytes, start, length } = span
  const made = hash === 0 ? hashOfKey(inputs.sides[0], bytes, start, length) : hash
  collected.add(made, bytes, start, length)
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────

export function sinter(call: Call): void {
  if (readIntersected(call, KEY, call.argCount)) replyResult(call, intersect)
}

export function sdiff(call: Call): void {
  if (inputs.read(call, KEY, call.argCount, false)) replyResult(call, subtract)
}

export function sunion(call: Call): void {
  if (!inputs.read(call, KEY, call.argCount, false)) return
  const only = onlyInput()
  if (only >= 0) {
    call.reply.setHeader(inputs.sizes[only])
    replyMembers(call, inputs.sides[only], inputs.entries[only])
    return
  }
  collected.clear()
  unite()
  if (collected.overflowed) {
    call.reply.error(OUT_OF_MEMORY)
  } else {
    call.reply.setHeader(collected.count)
    for (let index = 0; index < collected.count && !call.reply.overflowed; index++) {
      call.reply.bulk(collected.bytes, collected.starts[index], collected.lengths[index])
    }
  }
  collected.clear()
}

export function sinterstore(call: Call): void {
  if (readIntersected(call, FIRST_SOURCE, call.argCount)) storeResult(call, intersect)
}

export function sdiffstore(call: Call): void {
  if (inputs.read(call, FIRST_SOURCE, call.argCount, false)) storeResult(call, subtract)
}

export function sunionstore(call: Call): void {
  if (inputs.read(call, FIRST_SOURCE, call.argCount, false)) storeResult(call, unite)
}

export function sintercard(call: Call): void {
  const keys = roughInteger(call, KEY_COUNT)
  if (!(keys > 0)) {
    call.reply.error(NUMKEYS_NOT_POSITIVE)
    return
  }
  if (keys > call.argCount - COUNTED_KEY) {
    call.reply.error(KEYS_BEYOND_ARGUMENTS)
    return
  }
  const end = COUNTED_KEY + keys
  if (!parseLimit(call, end) || !readIntersected(call, COUNTED_KEY, end)) return
  output = COUNTED
  found = 0
  intersect(call)
  call.reply.integer(found)
}

/** Sets foundMax. False: an error was answered. */
function parseLimit(call: Call, first: number): boolean {
  foundMax = Infinity
  for (let index = first; index < call.argCount; index += 2) {
    if (index + 1 === call.argCount || !argumentIs(call, index, LIMIT)) {
      replySyntaxError(call)
      return false
    }
    const limit = roughInteger(call, index + 1)
    if (!(limit >= 0)) {
      call.reply.error(LIMIT_NEGATIVE)
      return false
    }
    foundMax = limit === 0 ? Infinity : limit
  }
  return true
}

/** 3.2 answers at the first missing key, 7.0 looks at the types of all. [t_set.c] */
function readIntersected(call: Call, first: number, end: number): boolean {
  return inputs.read(call, first, end, !speaksRedis7(call))
}

// ── Results ──────────────────────────────────────────────────────────────────────────────────

function replyResult(call: Call, combine: (call: Call) => void): void {
  const { reply } = call
  output = TO_REPLY
  found = 0
  const start = openList(reply)
  combine(call)
  if (reply.overflowed) return
  const end = beginHeads(reply, start)
  reply.setHeader(found)
  closeList(reply, start, end)
}

function storeResult(call: Call, combine: (call: Call) => void): void {
  output = TO_COLLECTED
  found = 0
  collected.clear()
  combine(call)
  const target = keyArgument(call, TARGET)
  if (collected.overflowed) {
    call.reply.error(OUT_OF_MEMORY)
  } else if (collected.count === 0) {
    // Lookup first: a target whose time is over is removed as expired, not by this command.
    const removes = lookup(target, call.nowMs) !== 0
    if (!removes || succeeded(call, keyDelete(target))) call.reply.raw(ZERO)
  } else {
    const { bytes, starts, lengths, count } = collected
    target.record.setItems(bytes, starts, lengths, 0, 1, count)
    if (succeeded(call, setStore(target, NO_EXPIRY))) call.reply.integer(count)
    target.record.forget()
  }
  collected.clear()
}

function intersect(call: Call): void {
  if (inputs.someMissing) return
  const smallest = inputs.smallest()
  walk.begin(inputs.sides[smallest].arena, inputs.entries[smallest])
  while (walk.next()) {
    walk.showMember()
    const hash = inputs.hashOfShown()
    if (isInAll(smallest, hash) && !give(call, hash)) return
  }
}

function isInAll(walked: number, hash: number): boolean {
  for (let place = 0; place < inputs.count; place++) {
    if (place !== walked && !inputs.has(place, hash)) return false
  }
  return true
}

/** Place of the only set that there is among the inputs, -1 = none or several. */
function onlyInput(): number {
  let only = -1
  for (let place = 0; place < inputs.count; place++) {
    if (inputs.entries[place] === MISSING) continue
    if (only !== -1) return -1
    only = place
  }
  return only
}

function unite(): void {
  for (let place = 0; place < inputs.count; place++) {
    if (inputs.entries[place] === MISSING) continue
    walk.begin(inputs.sides[place].arena, inputs.entries[place])
    while (walk.next()) {
      walk.showMember()
      collect(0)
      if (collected.overflowed) return
    }
  }
}

/** The first set without the members of the others. */
function subtract(call: Call): void {
  if (inputs.entries[0] === MISSING) return
  const excludes = mustExclude() && exclude()
  walk.begin(inputs.sides[0].arena, inputs.entries[0])
  while (walk.next()) {
    walk.showMember()
    const hash = excludes ? hashOfShown() : inputs.hashOfShown()
    const isIn = excludes
      ? excluded.has(hash, span.bytes, span.start, span.length)
      : isInAnother(hash)
    if (!isIn && !give(call, hash)) break
  }
  excluded.clear()
}

function hashOfShown(): number {
  return hashOfKey(inputs.sides[0], span.bytes, span.start, span.length)
}

function isInAnother(hash: number): boolean {
  for (let place = 1; place < inputs.count; place++) if (inputs.has(place, hash)) return true
  return false
}

/** Are the members of all other sets fewer than the look-ups in them that a walk takes? */
function mustExclude(): boolean {
  let others = 0
  let members = 0
  for (let place = 1; place < inputs.count; place++) {
    if (inputs.entries[place] === MISSING) continue
    others++
    members += inputs.sizes[place]
  }
  return others > 1 && members < inputs.sizes[0] * (others - 1)
}

/** Collects the members of all other sets. False: they are too large for that. */
function exclude(): boolean {
  excluded.clear()
  for (let place = 1; place < inputs.count; place++) {
    if (inputs.entries[place] === MISSING) continue
    walk.begin(inputs.sides[place].arena, inputs.entries[place])
    while (walk.next() && !excluded.overflowed) {
      walk.showMember()
      excluded.add(hashOfShown(), span.bytes, span.start, span.length)
    }
  }
  return !excluded.overflowed
}
