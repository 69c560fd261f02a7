// Lists. What moves an element between two of them is list-moves.ts, LPOS is list-search.ts.
// [redis-3.2 t_list.c; what is later: redis-7.0]

import {
  EFFECT_NOT_WRITTEN,
  EFFECT_PARTLY,
  LIST_HEAD,
  LIST_TAIL,
  listInsert,
  listPop,
  listPush,
  listRemove,
  listSet,
} from '../keyspace/effects.ts'
import { touchWatched } from '../keyspace/entries.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { TYPE_LIST } from '../memory/layout.ts'
import { listLength } from '../memory/list.ts'
import { placeAt, placeEquals, placeGet, placeNext, placePrevious } from '../memory/list-place.ts'
import {
  EMPTY_ARRAY,
  INDEX_OUT_OF_RANGE,
  MINUS_ONE,
  NO_SUCH_KEY,
  OK,
  VALUE_NOT_POSITIVE,
  wrongArity,
  ZERO,
} from '../wire/replies.ts'
import {
  hasType,
  lengthAllowed,
  replyIsLost,
  replyNotInteger,
  replySpan,
  replySyntaxError,
  succeeded,
} from './answers.ts'
import { argumentIs, keyArgument, roughInteger, valueArgument, word } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 1
const ELEMENTS = 2

const BEFORE = word('before')
const AFTER = word('after')

// ── Pushing ────────────────────────────────────────────────────────────────────────────────

export function lpush(call: Call): void {
  push(call, LIST_HEAD, false)
}

export function rpush(call: Call): void {
  push(call, LIST_TAIL, false)
}

export function lpushx(call: Call): void {
  push(call, LIST_HEAD, true)
}

export function rpushx(call: Call): void {
  push(call, LIST_TAIL, true)
}

function push(call: Call, end: number, onlyIfThere: boolean): void {
  const count = call.argCount - ELEMENTS
  for (let index = ELEMENTS; index < call.argCount; index++) {
    if (!lengthAllowed(call, call.lengths[index])) return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0 && onlyIfThere) {
    call.reply.raw(ZERO)
    return
  }
  if (entry !== 0 && !hasType(call, side, entry, TYPE_LIST)) return
  const before = entry === 0 ? 0 : listLength(side.arena, entry)
  side.record.setItems(call.bytes, call.starts, call.lengths, ELEMENTS, 1, count)
  if (succeeded(call, listPush(side, end))) call.reply.integer(before + count)
}

// ── Popping ────────────────────────────────────────────────────────────────────────────────

export function lpop(call: Call): void {
  pop(call, false)
}

export function rpop(call: Call): void {
  pop(call, true)
}

function pop(call: Call, fromTail: boolean): void {
  const { reply } = call
  if (call.argCount > 3) {
    reply.error(wrongArity(call.row.name))
    return
  }
  const several = call.argCount === 3
  const wanted = several ? roughInteger(call, 2) : 1
  if (!(wanted >= 0)) {
    reply.error(VALUE_NOT_POSITIVE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    if (several) reply.nullArray()
    else reply.nullBulk()
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  if (wanted === 0) {
    reply.raw(EMPTY_ARRAY)
    return
  }
  popInto(call, side, entry, wanted, fromTail, several)
}

/** Answers with up to `wanted` elements, as an array or the only one, and takes them away. */
export function popInto(
  call: Call,
  side: ShardSide,
  entry: number,
  wanted: number,
  fromTail: boolean,
  asArray: boolean,
): void {
  const { reply } = call
  const count = Math.min(wanted, listLength(side.arena, entry))
  // The elements go out first: they are not there any more after the effect.
  const before = reply.position
  if (asArray) reply.arrayHeader(count)
  replyElements(call, side, entry, fromTail ? -1 : 0, count, fromTail)
  if (replyIsLost(call)) return
  const after = reply.position
  reply.position = before
  if (succeeded(call, listPop(side, fromTail ? -count : count))) reply.position = after
}

/** `count` elements from an index on, towards the tail or backwards. */
function replyElements(
  call: Call,
  { arena }: ShardSide,
  entry: number,
  from: number,
  count: number,
  backwards: boolean,
): void {
  let left = count
  for (
    let there = placeAt(arena, entry, from);
    there && left > 0 && !call.reply.overflowed;
    there = backwards ? placePrevious(arena) : placeNext(arena)
  ) {
    placeGet(arena)
    replySpan(call)
    left--
  }
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────

export function llen(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) call.reply.raw(ZERO)
  else if (hasType(call, side, entry, TYPE_LIST)) call.reply.integer(listLength(side.arena, entry))
}

export function lindex(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  const index = roughInteger(call, 2)
  if (Number.isNaN(index)) {
    replyNotInteger(call)
    return
  }
  if (!placeAt(side.arena, entry, index)) {
    call.reply.nullBulk()
    return
  }
  placeGet(side.arena)
  replySpan(call)
}

/** First index and number of elements of the range that the arguments 2 and 3 name. */
const range = { from: 0, count: 0 }

function findRange(length: number, start: number, end: number): void {
  const from = Math.max(start < 0 ? start + length : start, 0)
  const to = Math.min(end < 0 ? end + length : end, length - 1)
  range.from = from
  range.count = Math.max(to - from + 1, 0)
}

export function lrange(call: Call): void {
  const start = roughInteger(call, 2)
  const end = roughInteger(call, 3)
  if (Number.isNaN(start) || Number.isNaN(end)) {
    replyNotInteger(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(EMPTY_ARRAY)
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  findRange(listLength(side.arena, entry), start, end)
  call.reply.arrayHeader(range.count)
  if (range.count > 0) replyElements(call, side, entry, range.from, range.count, false)
}

// ── Changing ───────────────────────────────────────────────────────────────────────────────

export function lset(call: Call): void {
  if (!lengthAllowed(call, call.lengths[3])) return
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.error(NO_SUCH_KEY)
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  const wanted = roughInteger(call, 2)
  if (Number.isNaN(wanted)) {
    replyNotInteger(call)
    return
  }
  const length = listLength(side.arena, entry)
  const index = wanted < 0 ? wanted + length : wanted
  if (index < 0 || index >= length) {
    call.reply.error(INDEX_OUT_OF_RANGE)
    return
  }
  valueArgument(call, side, 3)
  if (succeeded(call, listSet(side, index))) call.reply.ok()
}

export function linsert(call: Call): void {
  const after = argumentIs(call, 2, AFTER)
  if (!after && !argumentIs(call, 2, BEFORE)) {
    replySyntaxError(call)
    return
  }
  if (!lengthAllowed(call, call.lengths[4])) return
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(ZERO)
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  const index = indexOfArgument(call, side, entry, 3)
  if (index < 0) {
    call.reply.raw(MINUS_ONE)
    return
  }
  const length = listLength(side.arena, entry)
  valueArgument(call, side, 4)
  if (succeeded(call, listInsert(side, after ? index + 1 : index))) call.reply.integer(length + 1)
}

/** Where the first element is that equals the argument, -1 = nowhere. */
function indexOfArgument(
  call: Call,
  { arena }: ShardSide,
  entry: number,
  argument: number,
): number {
  const { bytes } = call
  const start = call.starts[argument]
  const length = call.lengths[argument]
  let index = 0
  for (let there = placeAt(arena, entry, 0); there; there = placeNext(arena)) {
    if (placeEquals(arena, bytes, start, length)) return index
    index++
  }
  return -1
}

export function lrem(call: Call): void {
  const count = roughInteger(call, 2)
  if (Number.isNaN(count)) {
    replyNotInteger(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(ZERO)
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  valueArgument(call, side, 3)
  if (succeeded(call, listRemove(side, count))) call.reply.integer(side.record.changed)
}

export function ltrim(call: Call): void {
  const start = roughInteger(call, 2)
  const end = roughInteger(call, 3)
  if (Number.isNaN(start) || Number.isNaN(end)) {
    replyNotInteger(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(OK)
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  const length = listLength(side.arena, entry)
  findRange(length, start, end)
  const { from, count } = range
  if (count === 0) {
    if (succeeded(call, listPop(side, length))) call.reply.ok()
    return
  }
  const behind = length - from - count
  if (behind > 0 && !succeeded(call, listPop(side, -behind))) return
  if (from > 0) {
    const outcome = listPop(side, from)
    // A long key makes large records, of which the log may take the first alone.
    const half = behind > 0 && outcome === EFFECT_NOT_WRITTEN
    if (!succeeded(call, half ? EFFECT_PARTLY : outcome)) return
  }
  // Redis calls the key changed also when nothing is cut off.
  if (behind === 0 && from === 0) touchWatched(side)
  call.reply.ok()
}
