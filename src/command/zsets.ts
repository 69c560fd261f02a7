// Sorted set commands about single members. [redis-3.2 t_zset.c; GT, LT and ZMSCORE: redis-7.0]

import { formatDouble } from '../base/numbers.ts'
import { EFFECT_NO_KEY, zsetRemove } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { isLargeCollection, largeRoot } from '../memory/collection.ts'
import { dictionaryScan, results } from '../memory/dictionary-walk.ts'
import { TYPE_ZSET } from '../memory/layout.ts'
import { orderScore } from '../memory/order-tree.ts'
import { showMember, ZsetWalk, zsetCount, zsetRank, zsetScore } from '../memory/zset.ts'
import { SCORE_TEXT_BYTES_MAX } from '../memory/zset-packed.ts'
import { ZERO } from '../wire/replies.ts'
import { hasType, replySpan, succeeded } from './answers.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { ElementScan } from './element-scan.ts'

export const KEY = 1
const MEMBER = 2
/** No such key. */
export const MISSING = 0
/** An error was answered. */
export const REFUSED = -1

/** The sorted set at the key of the side's record; MISSING, or REFUSED: WRONGTYPE was answered. */
export function readZset(call: Call, side: ShardSide): number {
  const entry = lookupRead(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_ZSET) ? entry : REFUSED
}

/** The same for a command that changes it. */
export function changedZset(call: Call, side: ShardSide): number {
  const entry = lookup(side, call.nowMs)
  return entry === 0 || hasType(call, side, entry, TYPE_ZSET) ? entry : REFUSED
}

/** The keyed hash of a member, if the set looks for one. */
export function memberHash(call: Call, side: ShardSide, entry: number, index: number): number {
  if (!isLargeCollection(side.arena, entry)) return 0
  return hashOfKey(side, call.bytes, call.starts[index], call.lengths[index])
}

export function zcard(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry !== REFUSED) call.reply.integer(entry === MISSING ? 0 : zsetCount(side.arena, entry))
}

export function zscore(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry !== REFUSED) replyScore(call, side, entry, MEMBER)
}

export function zmscore(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  call.reply.arrayHeader(call.argCount - MEMBER)
  for (let index = MEMBER; index < call.argCount; index++) replyScore(call, side, entry, index)
}

function replyScore(call: Call, side: ShardSide, entry: number, index: number): void {
  const score = entry === MISSING ? Number.NaN : scoreOf(call, side, entry, index)
  if (Number.isNaN(score)) call.reply.nullBulk()
  else call.reply.double(score)
}

/** The score of the member in argument `index`, NaN = it is not there. */
function scoreOf(call: Call, side: ShardSide, entry: number, index: number): number {
  const hash = memberHash(call, side, entry, index)
  const { bytes, starts, lengths } = call
  return zsetScore(side.arena, entry, hash, bytes, starts[index], lengths[index])
}

export function zrank(call: Call): void {
  replyRank(call, false)
}

export function zrevrank(call: Call): void {
  replyRank(call, true)
}

function replyRank(call: Call, backwards: boolean): void {
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  const { arena } = side
  const { bytes, starts, lengths } = call
  let rank = -1
  if (entry !== MISSING) {
    const hash = memberHash(call, side, entry, MEMBER)
    rank = zsetRank(arena, entry, hash, bytes, starts[MEMBER], lengths[MEMBER])
  }
  if (rank < 0) call.reply.nullBulk()
  else call.reply.integer(backwards ? zsetCount(arena, entry) - 1 - rank : rank)
}

export function zrem(call: Call): void {
  const side = keyArgument(call, KEY)
  if (changedZset(call, side) === REFUSED) return
  const { record } = side
  record.setItems(call.bytes, call.starts, call.lengths, MEMBER, 1, call.argCount - MEMBER)
  const outcome = zsetRemove(side)
  if (outcome === EFFECT_NO_KEY) call.reply.raw(ZERO)
  else if (succeeded(call, outcome)) call.reply.integer(record.changed)
}

// ── ZSCAN ────────────────────────────────────────────────────────────────────────────────────

const elements = new ElementScan()
const walk = new ZsetWalk()

export function zscan(call: Call): void {
  const side = keyArgument(call, KEY)
  if (!elements.parseCursor(call)) return
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    elements.replyNothing(call)
    return
  }
  if (!elements.parseOptions(call)) return
  const { arena } = side
  elements.open(call)
  if (!isLargeCollection(arena, entry)) {
    scanPacked(call, side, entry)
    elements.close(call, 0)
    return
  }
  const root = largeRoot(arena, entry)
  let { cursor } = elements
  let seen = 0
  do {
    cursor = dictionaryScan(arena, root, cursor)
    seen += arena.resultCount
    for (let index = 0; index < arena.resultCount; index++) {
      showMember(arena, results[index])
      if (!elements.matches()) continue
      replySpan(call)
      replyScoreText(call, orderScore(arena, results[index]))
    }
  } while (cursor !== 0 && seen < elements.count && !call.reply.overflowed)
  elements.close(call, cursor)
}

/** Member and score as their bytes are, also in RESP3. [redis-7.0 db.c scanGenericCommand] */
function scanPacked(call: Call, side: ShardSide, entry: number): void {
  walk.begin(side.arena, entry)
  while (walk.next()) {
    walk.showMember()
    if (!elements.matches()) continue
    replySpan(call)
    walk.showScore()
    replySpan(call)
    elements.written += 2
  }
}

const text = new Uint8Array(SCORE_TEXT_BYTES_MAX)

function replyScoreText(call: Call, score: number): void {
  call.reply.bulk(text, 0, formatDouble(score, text, 0))
  elements.written += 2
}
