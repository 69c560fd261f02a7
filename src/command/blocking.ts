// Commands that wait: BLPOP, BRPOP, BRPOPLPUSH, BLMOVE, BLMPOP, BZPOPMIN, BZPOPMAX, BZMPOP. Each
// first does what its brother that does not wait does. Only if there is nothing to take it opens a
// wait for each of its keys (keyspace/blocked-area.ts) and answers nothing: `call.blocking.ticket`
// tells. Whoever changes such a key serves it with `serveWait`, under the same tokens, before the
// commit. [redis-7.0 blocked.c, t_list.c, t_zset.c; redis-3.2 t_list.c]

import { NO_CLAIM } from '../keyspace/blocked-claims.ts'
import {
  WAIT_LIST_MOVE,
  WAIT_LIST_POP,
  WAIT_LIST_SEVERAL,
  WAIT_ZSET_POP,
  WAIT_ZSET_SEVERAL,
} from '../keyspace/blocked-layout.ts'
import { LIST_HEAD, LIST_TAIL } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { TYPE_LIST, TYPE_ZSET } from '../memory/layout.ts'
import { TIMEOUT_NEGATIVE, TIMEOUT_NOT_FLOAT, TIMEOUT_NOT_INTEGER } from '../wire/admin-replies.ts'
import { COUNT_NOT_POSITIVE, NUMKEYS_NOT_POSITIVE, OUT_OF_MEMORY } from '../wire/replies.ts'
import { hasType, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, speaksRedis7, word } from './arguments.ts'
import { parseBlockTimeout, TIMEOUT_NO_FLOAT } from './block-timeout.ts'
import type { Call } from './call.ts'
import { endArgument, moveBetween, NO_END } from './list-moves.ts'
import { popInto } from './lists.ts'
import { popMembers } from './zset-pops.ts'

const COUNT = word('count')
const MIN = word('min')
const MAX = word('max')
const NO_TARGET = new Uint8Array(0)
/** Counts are kept in 32 bits; no reply has so many elements. */
const COUNT_MAX = 0x7fff_ffff
/** `*2` and its line end. */
const PAIR_HEADER_BYTES = 4

export function typeOfWait(kind: number): number {
  return kind >= WAIT_ZSET_POP ? TYPE_ZSET : TYPE_LIST
}

// ── BLPOP, BRPOP, BZPOPMIN, BZPOPMAX: key … timeout ──────────────────────────────────────────

export function blpop(call: Call): void {
  popOrWait(call, WAIT_LIST_POP, LIST_HEAD)
}

export function brpop(call: Call): void {
  popOrWait(call, WAIT_LIST_POP, LIST_TAIL)
}

export function bzpopmin(call: Call): void {
  popOrWait(call, WAIT_ZSET_POP, 0)
}

export function bzpopmax(call: Call): void {
  popOrWait(call, WAIT_ZSET_POP, 1)
}

function popOrWait(call: Call, kind: number, from: number): void {
  const last = call.argCount - 1
  // 3.2 knows whole seconds only, and says so.
  const older = kind === WAIT_LIST_POP
  if (timeoutIsRight(call, last, older)) takeOrWait(call, 1, last, kind, from, 1)
}

function timeoutIsRight(call: Call, index: number, older: boolean): boolean {
  const timeout = parseBlockTimeout(call.bytes, call.starts[index], call.lengths[index])
  if (timeout >= 0) return true
  const noFloat = older && !speaksRedis7(call) ? TIMEOUT_NOT_INTEGER : TIMEOUT_NOT_FLOAT
  call.reply.error(timeout === TIMEOUT_NO_FLOAT ? noFloat : TIMEOUT_NEGATIVE)
  return false
}

/** From the first key of the arguments `first` to `beyond` that has anything. */
function takeOrWait(
  call: Call,
  first: number,
  beyond: number,
  kind: number,
  from: number,
  count: number,
): void {
  for (let index = first; index < beyond; index++) {
    const side = keyArgument(call, index)
    const entry = lookup(side, call.nowMs)
    if (entry === 0) continue
    if (hasType(call, side, entry, typeOfWait(kind)))
      take(call, side, entry, index, kind, from, count)
    return
  }
  const { blocking } = call
  blocking.kind = kind
  blocking.from = from
  blocking.count = Math.min(count, COUNT_MAX)
  if (mayWait(call)) wait(call, first, beyond, NO_TARGET)
  else call.reply.nullArray()
}

/** Takes from a key that has something, and answers with its name in front. */
function take(
  call: Call,
  side: ShardSide,
  entry: number,
  index: number,
  kind: number,
  from: number,
  count: number,
): void {
  const { reply } = call
  const before = reply.position
  reply.arrayHeader(kind === WAIT_ZSET_POP ? 3 : 2)
  reply.bulk(call.bytes, call.starts[index], call.lengths[index])
  const inner = reply.position
  if (kind <= WAIT_LIST_SEVERAL) {
    popInto(call, side, entry, count, from === LIST_TAIL, kind === WAIT_LIST_SEVERAL)
  } else {
    const paired = kind === WAIT_ZSET_SEVERAL
    const taken = popMembers(call, side, entry, from === 1, count, paired)
    // Member and score stand in one row with the key.
    if (taken && !paired) dropBytes(call, inner, PAIR_HEADER_BYTES)
  }
  // An error is the whole answer.
  if (reply.isError(inner)) dropBytes(call, before, inner - before)
}

function dropBytes({ reply }: Call, at: number, length: number): void {
  reply.bytes.copyWithin(at, at + length, reply.position)
  reply.position -= length
}

// ── BLMPOP, BZMPOP: timeout numkeys key … end [COUNT count] ──────────────────────────────────

export function blmpop(call: Call): void {
  severalOrWait(call, WAIT_LIST_SEVERAL)
}

export function bzmpop(call: Call): void {
  severalOrWait(call, WAIT_ZSET_SEVERAL)
}

function severalOrWait(call: Call, kind: number): void {
  const keys = roughInteger(call, 2)
  if (!(keys >= 1)) {
    call.reply.error(NUMKEYS_NOT_POSITIVE)
    return
  }
  const where = 3 + keys
  const from = where < call.argCount ? endOf(call, where, kind) : NO_END
  const options = call.argCount - where - 1
  const counted = options >= 2 && argumentIs(call, where + 1, COUNT)
  if (from === NO_END || (options > 0 && !counted)) {
    replySyntaxError(call)
    return
  }
  const count = counted ? roughInteger(call, where + 2) : 1
  if (!(count >= 1)) {
    call.reply.error(COUNT_NOT_POSITIVE)
    return
  }
  // As Redis does: words too many behind a wrong count are not looked at, the timeout is last.
  if (options > 2) replySyntaxError(call)
  else if (timeoutIsRight(call, 1, false)) takeOrWait(call, 3, where, kind, from, count)
}

function endOf(call: Call, index: number, kind: number): number {
  if (kind === WAIT_LIST_SEVERAL) return endArgument(call, index)
  if (argumentIs(call, index, MIN)) return 0
  return argumentIs(call, index, MAX) ? 1 : NO_END
}

// ── BRPOPLPUSH, BLMOVE: from one list to another ─────────────────────────────────────────────

export function brpoplpush(call: Call): void {
  if (timeoutIsRight(call, 3, true)) moveOrWait(call, LIST_TAIL, LIST_HEAD)
}

export function blmove(call: Call): void {
  const from = endArgument(call, 3)
  const to = endArgument(call, 4)
  if (from === NO_END || to === NO_END) replySyntaxError(call)
  else if (timeoutIsRight(call, 5, false)) moveOrWait(call, from, to)
}

function moveOrWait(call: Call, from: number, to: number): void {
  if (!mayWait(call) || lookup(keyArgument(call, 1), call.nowMs) !== 0) {
    moveBetween(call, from, to)
    return
  }
  const { blocking, bytes, starts, lengths } = call
  blocking.kind = WAIT_LIST_MOVE
  blocking.from = from
  blocking.to = to
  blocking.count = 1
  wait(call, 1, 2, bytes.subarray(starts[2], starts[2] + lengths[2]))
}

// ── Waiting ──────────────────────────────────────────────────────────────────────────────────

function mayWait({ blocking, inTransaction }: Call): boolean {
  return blocking.allowed && !inTransaction
}

/** Opens a wait for the keys `first` to `beyond`, or answers that there is no room for it. */
function wait(call: Call, first: number, beyond: number, target: Uint8Array): void {
  const { blocking, reply } = call
  const { claims } = call.side.blocked
  const ticket = claims.nextTicket()
  let added = blocking.place !== NO_CLAIM
  for (let index = first; index < beyond && added; index++) {
    const { blocked, record } = keyArgument(call, index)
    added = blocked.add(record, blocking, ticket, reply.protocol, target)
  }
  if (!added) {
    // Those that were added are over: their claim was never opened.
    reply.error(OUT_OF_MEMORY)
    return
  }
  claims.open(blocking.place, ticket)
  blocking.ticket = ticket
}

/**
 * Takes for a client that waited: argument 1 is the key, which has something of the right type, and
 * argument 2 the target of a move. Answers in any case.
 */
export function serveWait(
  call: Call,
  side: ShardSide,
  entry: number,
  kind: number,
  from: number,
  to: number,
  count: number,
): void {
  if (kind === WAIT_LIST_MOVE) moveBetween(call, from, to)
  else take(call, side, entry, 1, kind, from, count)
}
