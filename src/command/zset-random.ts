// ZRANDMEMBER. [redis-7.0 t_zset.c]

import type { ShardSide } from '../keyspace/side.ts'
import { chooseMember, ZsetWalk, zsetCount } from '../memory/zset.ts'
import { COUNT_OUT_OF_INT64, VALUE_OUT_OF_RANGE } from '../wire/replies.ts'
import { replyNotInteger, replySpan, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, wideArgument, word } from './arguments.ts'
import type { Call } from './call.ts'
import { openScoredList, replyWalked } from './zset-ranges.ts'
import { KEY, MISSING, REFUSED, readZset } from './zsets.ts'

const COUNT = 2
const OPTION = 3
const WITH_SCORES = word('withscores')
/** With scores a reply has twice as many elements. */
const PAIRS_MAX = 2 ** 62
/** The one count that has no negative. */
const COUNT_REFUSED = -(2n ** 63n)
/** Ranks are drawn one by one while so many times more members are there than wanted. */
const DRAWN_SHARE_MAX = 16

const walk = new ZsetWalk()

export function zrandmember(call: Call): void {
  if (call.argCount === COUNT) {
    replyOne(call)
    return
  }
  const count = roughInteger(call, COUNT)
  if (Number.isNaN(count)) {
    replyNotInteger(call)
    return
  }
  if (wideArgument(call, COUNT) === COUNT_REFUSED) {
    call.reply.error(COUNT_OUT_OF_INT64)
    return
  }
  const scored = call.argCount > OPTION
  if (call.argCount > OPTION + 1 || (scored && !argumentIs(call, OPTION, WITH_SCORES))) {
    replySyntaxError(call)
    return
  }
  if (scored && Math.abs(count) >= PAIRS_MAX) {
    call.reply.error(VALUE_OUT_OF_RANGE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING || count === 0) call.reply.arrayHeader(0)
  else if (count < 0) replyRepeating(call, side, entry, -count, scored)
  else replyDistinct(call, side, entry, count, scored)
}

function replyOne(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    call.reply.nullBulk()
    return
  }
  chooseMember(side.arena, entry, call.random).showMember()
  replySpan(call)
}

function replyRepeating(
  call: Call,
  side: ShardSide,
  entry: number,
  count: number,
  scored: boolean,
): void {
  openScoredList(call, count, scored)
  for (let done = 0; done < count && !call.reply.overflowed; done++) {
    replyWalked(call, chooseMember(side.arena, entry, call.random), scored)
  }
}

/** `count` different members, each set of them equally likely. */
function replyDistinct(
  call: Call,
  side: ShardSide,
  entry: number,
  count: number,
  scored: boolean,
): void {
  const size = zsetCount(side.arena, entry)
  const wanted = Math.min(count, size)
  openScoredList(call, wanted, scored)
  if (wanted * DRAWN_SHARE_MAX < size) replyDrawn(call, side, entry, wanted, scored)
  else replyWalking(call, side, entry, wanted, scored)
}

/**
 * Draws ranks. [Floyd: of the first n, then n + 1 … ranks one is drawn; if it was taken before, the
 * last one is taken]
 */
function replyDrawn(
  call: Call,
  side: ShardSide,
  entry: number,
  wanted: number,
  scored: boolean,
): void {
  const size = zsetCount(side.arena, entry)
  const ranks = new Set<number>()
  for (let last = size - wanted; last < size; last++) {
    const drawn = call.random.below(last + 1)
    ranks.add(ranks.has(drawn) ? last : drawn)
  }
  for (const rank of ranks) {
    walk.begin(side.arena, entry, rank)
    walk.next()
    replyWalked(call, walk, scored)
  }
}

/** The walk takes the next one with the probability that is left: wanted ÷ remaining. */
function replyWalking(
  call: Call,
  side: ShardSide,
  entry: number,
  wanted: number,
  scored: boolean,
): void {
  let left = wanted
  let remaining = zsetCount(side.arena, entry)
  walk.begin(side.arena, entry)
  for (; left > 0 && walk.next() && !call.reply.overflowed; remaining--) {
    if (call.random.below(remaining) >= left) continue
    left--
    replyWalked(call, walk, scored)
  }
}
