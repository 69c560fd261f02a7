// LPOS: where an element is in a list. [redis-7.0 t_list.c lposCommand]

import { lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { TYPE_LIST } from '../memory/layout.ts'
import { listLength } from '../memory/list.ts'
import { placeAt, placeEquals, placeNext, placePrevious } from '../memory/list-place.ts'
import {
  EMPTY_ARRAY,
  LPOS_COUNT_NEGATIVE,
  LPOS_MAXLEN_NEGATIVE,
  LPOS_RANK_ZERO,
} from '../wire/replies.ts'
import { hasType, replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, wideArgument, word } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 1
const ELEMENT = 2
const OPTIONS = 3

const RANK = word('rank')
const COUNT = word('count')
const MAXLEN = word('maxlen')
const LEAST_INT64 = -(2n ** 63n)

/** What the options ask for; count NaN: one match, not as an array. */
const asked = { rank: 1, backwards: false, count: Number.NaN, most: 0 }

export function lpos(call: Call): void {
  if (!parseOptions(call)) return
  const { reply } = call
  const asArray = !Number.isNaN(asked.count)
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    if (asArray) reply.raw(EMPTY_ARRAY)
    else reply.nullBulk()
    return
  }
  if (!hasType(call, side, entry, TYPE_LIST)) return
  if (asArray) replyMatches(call, side, entry)
  else replyMatch(call, side, entry)
}

/** False: an error was answered. */
function parseOptions(call: Call): boolean {
  asked.rank = 1
  asked.backwards = false
  asked.count = Number.NaN
  asked.most = 0
  for (let index = OPTIONS; index < call.argCount; index += 2) {
    if (index + 1 === call.argCount) {
      replySyntaxError(call)
      return false
    }
    if (argumentIs(call, index, RANK)) {
      if (!parseRank(call, index + 1)) return false
    } else if (argumentIs(call, index, COUNT)) {
      asked.count = roughInteger(call, index + 1)
      if (!(asked.count >= 0)) {
        call.reply.error(LPOS_COUNT_NEGATIVE)
        return false
      }
    } else if (argumentIs(call, index, MAXLEN)) {
      asked.most = roughInteger(call, index + 1)
      if (!(asked.most >= 0)) {
        call.reply.error(LPOS_MAXLEN_NEGATIVE)
        return false
      }
    } else {
      replySyntaxError(call)
      return false
    }
  }
  return true
}

function parseRank(call: Call, index: number): boolean {
  const rank = roughInteger(call, index)
  if (Number.isNaN(rank)) {
    replyNotInteger(call)
    return false
  }
  if (rank === 0) {
    call.reply.error(LPOS_RANK_ZERO)
    return false
  }
  asked.backwards = rank < 0
  asked.rank = Math.abs(rank)
  // Redis negates a long, and the least one stays negative: every match is beyond it.
  if (!Number.isSafeInteger(rank) && wideArgument(call, index) === LEAST_INT64) asked.rank = 1
  return true
}

/** The next match's index, from the place of the last one on; -1 = there is none. */
const walk = { index: 0, seen: 0, matches: 0, there: false }

function beginWalk({ arena }: ShardSide, entry: number): void {
  const length = listLength(arena, entry)
  walk.index = asked.backwards ? length - 1 : 0
  walk.seen = 0
  walk.matches = 0
  walk.there = placeAt(arena, entry, walk.index)
}

function nextMatch(call: Call, { arena }: ShardSide): number {
  const { bytes } = call
  const start = call.starts[ELEMENT]
  const length = call.lengths[ELEMENT]
  while (walk.there && (asked.most === 0 || walk.seen < asked.most)) {
    const { index } = walk
    const equal = placeEquals(arena, bytes, start, length)
    walk.seen++
    walk.index += asked.backwards ? -1 : 1
    walk.there = asked.backwards ? placePrevious(arena) : placeNext(arena)
    if (equal && ++walk.matches >= asked.rank) return index
  }
  return -1
}

function replyMatch(call: Call, side: ShardSide, entry: number): void {
  beginWalk(side, entry)
  const index = nextMatch(call, side)
  if (index < 0) call.reply.nullBulk()
  else call.reply.integer(index)
}

/** How many there are is known at the end only, so they are counted first. */
function replyMatches(call: Call, side: ShardSide, entry: number): void {
  const most = asked.count === 0 ? Infinity : asked.count
  let found = 0
  beginWalk(side, entry)
  while (found < most && nextMatch(call, side) >= 0) found++
  call.reply.arrayHeader(found)
  if (found === 0) return
  beginWalk(side, entry)
  for (let written = 0; written < found; written++) call.reply.integer(nextMatch(call, side))
}
