// ZPOPMIN, ZPOPMAX, ZMPOP. [redis-7.0 t_zset.c genericZpopCommand]

import { zsetRemoveRanks } from '../keyspace/effects.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { ZsetWalk, zsetCount } from '../memory/zset.ts'
import { COUNT_NOT_POSITIVE, NUMKEYS_NOT_POSITIVE, VALUE_NOT_POSITIVE } from '../wire/replies.ts'
import { replyIsLost, replySpan, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'
import { changedZset, KEY, MISSING, REFUSED } from './zsets.ts'

const COUNT = 2
const MIN = word('min')
const MAX = word('max')
const COUNT_WORD = word('count')

const walk = new ZsetWalk()

export function zpopmin(call: Call): void {
  pop(call, false)
}

export function zpopmax(call: Call): void {
  pop(call, true)
}

function pop(call: Call, highest: boolean): void {
  if (call.argCount > COUNT + 1) {
    replySyntaxError(call)
    return
  }
  const counted = call.argCount > COUNT
  const count = counted ? roughInteger(call, COUNT) : 1
  if (!(count >= 0)) {
    call.reply.error(VALUE_NOT_POSITIVE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = changedZset(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING || count === 0) call.reply.arrayHeader(0)
  else popMembers(call, side, entry, highest, count, counted && call.reply.protocol === 3)
}

/**
 * Takes up to `count` members off an end of the set and answers with them and their scores: a pair
 * of each, or all in one row. Also for whoever waited for the key. False: an error was answered
 * instead of what would have been written, and nothing was taken.
 */
export function popMembers(
  call: Call,
  side: ShardSide,
  entry: number,
  highest: boolean,
  count: number,
  paired: boolean,
): boolean {
  const { reply } = call
  const before = reply.position
  const size = zsetCount(side.arena, entry)
  const taken = Math.min(count, size)
  reply.arrayHeader(paired ? taken : taken * 2)
  walk.begin(side.arena, entry, highest ? size - 1 : 0, highest)
  for (let done = 0; done < taken && walk.next() && !reply.overflowed; done++) {
    if (paired) reply.arrayHeader(2)
    const score = walk.score()
    walk.showMember()
    replySpan(call)
    reply.double(score)
  }
  if (replyIsLost(call)) return false
  const after = reply.position
  reply.position = before
  if (!succeeded(call, zsetRemoveRanks(side, highest ? size - taken : 0, taken))) return false
  reply.position = after
  return true
}

// ── ZMPOP ────────────────────────────────────────────────────────────────────────────────────

const KEY_NUMBER = 1

export function zmpop(call: Call): void {
  const keys = roughInteger(call, KEY_NUMBER)
  if (!(keys >= 1)) {
    call.reply.error(NUMKEYS_NOT_POSITIVE)
    return
  }
  const end = KEY_NUMBER + keys + 1
  if (end >= call.argCount || !(argumentIs(call, end, MIN) || argumentIs(call, end, MAX))) {
    replySyntaxError(call)
    return
  }
  const count = parseCount(call, end + 1)
  if (Number.isNaN(count)) return
  for (let index = KEY_NUMBER + 1; index < end; index++) {
    const side = keyArgument(call, index)
    const entry = changedZset(call, side)
    if (entry === REFUSED) return
    if (entry === MISSING) continue
    popNamed(call, side, entry, index, argumentIs(call, end, MAX), count)
    return
  }
  call.reply.nullArray()
}

/** COUNT behind MIN or MAX; NaN: an error was answered. */
function parseCount(call: Call, index: number): number {
  if (index === call.argCount) return 1
  if (index + 2 !== call.argCount || !argumentIs(call, index, COUNT_WORD)) {
    // Redis reads a first COUNT before it meets what is too much.
    const readable = index + 1 < call.argCount && argumentIs(call, index, COUNT_WORD)
    if (readable && !(roughInteger(call, index + 1) >= 1)) call.reply.error(COUNT_NOT_POSITIVE)
    else replySyntaxError(call)
    return Number.NaN
  }
  const count = roughInteger(call, index + 1)
  if (count >= 1) return count
  call.reply.error(COUNT_NOT_POSITIVE)
  return Number.NaN
}

/** popMembers, with the key in argument `index` in front. */
export function popNamed(
  call: Call,
  side: ShardSide,
  entry: number,
  index: number,
  highest: boolean,
  count: number,
): void {
  const { reply } = call
  const before = reply.position
  reply.arrayHeader(2)
  reply.bulk(call.bytes, call.starts[index], call.lengths[index])
  const named = reply.position
  if (popMembers(call, side, entry, highest, count, true) || reply.overflowed) return
  // The error stands where the members would: it is the whole reply.
  reply.bytes.copyWithin(before, named, reply.position)
  reply.position -= named - before
}
