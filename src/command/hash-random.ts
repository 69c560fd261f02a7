// HRANDFIELD. [redis-7.0 t_hash.c]

import type { ShardSide } from '../keyspace/side.ts'
import {
  chooseField,
  HashWalk,
  hashCount,
  showChosenField,
  showChosenValue,
} from '../memory/hash.ts'
import { COUNT_OUT_OF_INT64, VALUE_OUT_OF_RANGE } from '../wire/replies.ts'
import { replyNotInteger, replySpan, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, wideArgument, word } from './arguments.ts'
import type { Call } from './call.ts'
import { KEY, MISSING, REFUSED, readHash } from './hashes.ts'

const COUNT = 2
const OPTION = 3
const WITH_VALUES = word('withvalues')
/** With values a reply has twice as many elements. */
const PAIRS_MAX = 2 ** 62
/** The one count that has no negative. */
const COUNT_REFUSED = -(2n ** 63n)

const walk = new HashWalk()

export function hrandfield(call: Call): void {
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
  const withValues = call.argCount > OPTION
  if (call.argCount > OPTION + 1 || (withValues && !argumentIs(call, OPTION, WITH_VALUES))) {
    replySyntaxError(call)
    return
  }
  if (withValues && Math.abs(count) >= PAIRS_MAX) {
    call.reply.error(VALUE_OUT_OF_RANGE)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING || count === 0) call.reply.arrayHeader(0)
  else if (count < 0) replyRepeating(call, side, entry, -count, withValues)
  else replyDistinct(call, side, entry, count, withValues)
}

function replyOne(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readHash(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    call.reply.nullBulk()
    return
  }
  showChosenField(side.arena, entry, chooseField(side.arena, entry, call.random))
  replySpan(call)
}

/** RESP3 has a pair of each field and value, RESP2 all in one row. */
function openList(call: Call, count: number, withValues: boolean): void {
  const flat = withValues && call.reply.protocol === 2
  call.reply.arrayHeader(flat ? count * 2 : count)
}

function openPair(call: Call, withValues: boolean): void {
  if (withValues && call.reply.protocol === 3) call.reply.arrayHeader(2)
}

function replyRepeating(
  call: Call,
  side: ShardSide,
  entry: number,
  count: number,
  withValues: boolean,
): void {
  const { arena } = side
  openList(call, count, withValues)
  for (let done = 0; done < count && !call.reply.overflowed; done++) {
    const chosen = chooseField(arena, entry, call.random)
    openPair(call, withValues)
    showChosenField(arena, entry, chosen)
    replySpan(call)
    if (!withValues) continue
    showChosenValue(arena, entry, chosen)
    replySpan(call)
  }
}

/**
 * `count` different fields, each set of them equally likely: the walk takes the next one with the
 * probability that is left, wanted ÷ remaining.
 */
function replyDistinct(
  call: Call,
  side: ShardSide,
  entry: number,
  count: number,
  withValues: boolean,
): void {
  let remaining = hashCount(side.arena, entry)
  let wanted = Math.min(count, remaining)
  openList(call, wanted, withValues)
  walk.begin(side.arena, entry)
  for (; wanted > 0 && walk.next() && !call.reply.overflowed; remaining--) {
    if (call.random.below(remaining) >= wanted) continue
    wanted--
    openPair(call, withValues)
    walk.showField()
    replySpan(call)
    if (!withValues) continue
    walk.showValue()
    replySpan(call)
  }
}
