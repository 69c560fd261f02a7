// SPOP and SRANDMEMBER. [redis-3.2 t_set.c, redis-7.0 t_set.c]

import { EFFECT_OK, keyDelete, setRemove } from '../keyspace/effects.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { SetWalk, setCount, showRandomMember } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import {
  COUNT_OUT_OF_INT64,
  INDEX_OUT_OF_RANGE,
  OUT_OF_MEMORY,
  VALUE_NOT_POSITIVE,
} from '../wire/replies.ts'
import { replyIsLost, replyNotInteger, replySpan, replySyntaxError, succeeded } from './answers.ts'
import { keyArgument, roughInteger, speaksRedis7, wideArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { MemberList } from './member-list.ts'
import { changedSet, KEY, MISSING, REFUSED, readSet, replyMembers } from './sets.ts'

const COUNT = 2
/** The one count that has no negative. */
const COUNT_REFUSED = -(2n ** 63n)
/** Up to this part of a set its members are drawn; of more each is asked whether it goes along. */
const DRAWN_PART = 3
/** Draws of members that were drawn already, for each that is wanted, before all are asked. */
const REPEATS_MAX = 10
/** What a reply has besides its members' bytes: of each at most, and what a writer asks for. */
const BULK_FRAME_BYTES_MAX = 16
const REPLY_SLACK_BYTES = 128

const walk = new SetWalk()
const chosen = new MemberList()

export function spop(call: Call): void {
  if (call.argCount === COUNT) {
    popOne(call)
    return
  }
  const count = popCount(call)
  if (count < 0) return
  const side = keyArgument(call, KEY)
  const entry = changedSet(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING || count === 0) call.reply.setHeader(0)
  else if (count >= setCount(side.arena, entry)) popAll(call, side, entry)
  else if (choose(call, side, entry, count) && removeChosen(call, side)) {
    call.reply.setHeader(count)
    replyChosen(call)
  }
}

/** Negative: an error was answered. */
function popCount(call: Call): number {
  if (call.argCount > COUNT + 1) {
    replySyntaxError(call)
    return -1
  }
  const count = roughInteger(call, COUNT)
  if (count >= 0) return count
  if (speaksRedis7(call)) call.reply.error(VALUE_NOT_POSITIVE)
  else if (Number.isNaN(count)) replyNotInteger(call)
  else call.reply.error(INDEX_OUT_OF_RANGE)
  return -1
}

function popOne(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = changedSet(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) call.reply.nullBulk()
  else if (choose(call, side, entry, 1) && removeChosen(call, side)) replyChosen(call)
}

/** The key goes, whatever is in it. */
function popAll(call: Call, side: ShardSide, entry: number): void {
  const { reply } = call
  const start = reply.position
  reply.setHeader(setCount(side.arena, entry))
  replyMembers(call, side, entry)
  if (replyIsLost(call)) return
  const outcome = keyDelete(side)
  if (outcome === EFFECT_OK) return
  if (!reply.overflowed) reply.position = start
  succeeded(call, outcome)
}

/** Takes what was chosen out of the set. False: an error was answered, or there is no room to tell
 * what was taken. */
function removeChosen(call: Call, side: ShardSide): boolean {
  const frameBytes = chosen.count * BULK_FRAME_BYTES_MAX + REPLY_SLACK_BYTES
  if (!call.reply.ensure(chosen.byteLength + frameBytes) && replyIsLost(call)) return false
  side.record.setItems(chosen.bytes, chosen.starts, chosen.lengths, 0, 1, chosen.count)
  return succeeded(call, setRemove(side))
}

function replyChosen(call: Call): void {
  for (let index = 0; index < chosen.count && !call.reply.overflowed; index++) {
    call.reply.bulk(chosen.bytes, chosen.starts[index], chosen.lengths[index])
  }
  chosen.clear()
}

export function srandmember(call: Call): void {
  if (call.argCount === COUNT) {
    replyOne(call)
    return
  }
  if (call.argCount > COUNT + 1) {
    replySyntaxError(call)
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
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING || count === 0) call.reply.arrayHeader(0)
  else if (count < 0) replyRepeating(call, side, entry, -count)
  else replyDistinct(call, side, entry, count)
}

function replyOne(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readSet(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    call.reply.nullBulk()
    return
  }
  showRandomMember(side.arena, entry, call.random)
  replySpan(call)
}

function replyRepeating(call: Call, side: ShardSide, entry: number, count: number): void {
  call.reply.arrayHeader(count)
  for (let done = 0; done < count && !call.reply.overflowed; done++) {
    showRandomMember(side.arena, entry, call.random)
    replySpan(call)
  }
}

function replyDistinct(call: Call, side: ShardSide, entry: number, count: number): void {
  const size = setCount(side.arena, entry)
  if (count >= size) {
    call.reply.arrayHeader(size)
    replyMembers(call, side, entry)
  } else if (choose(call, side, entry, count)) {
    call.reply.arrayHeader(count)
    replyChosen(call)
  }
}

/** Fills `chosen` with so many different members, fewer than there are or the only one. False: an
 * error was answered. */
function choose(call: Call, side: ShardSide, entry: number, count: number): boolean {
  chosen.clear()
  const size = setCount(side.arena, entry)
  if (count > 1 && count * DRAWN_PART > size) chooseInTurn(call, side, entry, count, size)
  else draw(call, side, entry, count, size)
  if (chosen.count === count) return true
  call.reply.error(OUT_OF_MEMORY)
  return false
}

/** Draws by chance until there are enough different ones. */
function draw(call: Call, side: ShardSide, entry: number, count: number, size: number): void {
  let repeats = 0
  while (chosen.count < count && !chosen.overflowed) {
    showRandomMember(side.arena, entry, call.random)
    if (addShown(side)) continue
    if (++repeats <= count * REPEATS_MAX) continue
    chosen.clear()
    chooseInTurn(call, side, entry, count, size)
    return
  }
}

/**
 * Each set of `count` members is equally likely: the walk takes the next one with the probability
 * that is left, wanted ÷ remaining.
 */
function chooseInTurn(
  call: Call,
  side: ShardSide,
  entry: number,
  count: number,
  size: number,
): void {
  walk.begin(side.arena, entry)
  for (let remaining = size; chosen.count < count && walk.next(); remaining--) {
    if (call.random.below(remaining) >= count - chosen.count) continue
    walk.showMember()
    if (!addShown(side)) return
  }
}

/** False: it is there already, or there is no room. */
function addShown(side: ShardSide): boolean {
  const { bytes, start, length } = span
  return chosen.add(hashOfKey(side, bytes, start, length), bytes, start, length)
}
