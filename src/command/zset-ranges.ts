// Sorted set commands about ranges. [redis-3.2 t_zset.c; ZRANGE with options, ZRANGESTORE:
// redis-7.0]

import { PROFILE_CKV } from '../catalog/spec.ts'
import { EFFECT_NO_KEY, keyDelete, zsetRemoveRanks, zsetStore } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { span } from '../memory/span.ts'
import { ZsetWalk } from '../memory/zset.ts'
import {
  NOT_AN_INTEGER,
  OUT_OF_MEMORY,
  RANGE_LIMIT_BY_RANK,
  RANGE_SCORES_BY_LEX,
  SYNTAX_ERROR,
  ZERO,
} from '../wire/replies.ts'
import { replySpan, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'
import { ScoredMembers } from './scored-members.ts'
import { BY_LEX, BY_RANK, BY_SCORE, ZsetRange } from './zset-bounds.ts'
import { changedZset, KEY, MISSING, REFUSED, readZset } from './zsets.ts'

const LOW = 2
const FIRST_OPTION = 4
const WITH_SCORES = word('withscores')
const LIMIT = word('limit')
const REV = word('rev')
const BY_SCORE_WORD = word('byscore')
const BY_LEX_WORD = word('bylex')

const range = new ZsetRange()
const walk = new ZsetWalk()
/** Set by parseOptions. */
let withScores = false

// ── Counting and removing ────────────────────────────────────────────────────────────────────

export function zcount(call: Call): void {
  count(call, BY_SCORE)
}

export function zlexcount(call: Call): void {
  count(call, BY_LEX)
}

function count(call: Call, kind: number): void {
  range.begin(kind, false)
  if (!range.parse(call, LOW)) return
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  if (entry !== MISSING) range.select(side, entry)
  call.reply.integer(entry === MISSING ? 0 : range.count)
}

export function zremrangebyrank(call: Call): void {
  remove(call, BY_RANK)
}

export function zremrangebyscore(call: Call): void {
  remove(call, BY_SCORE)
}

export function zremrangebylex(call: Call): void {
  remove(call, BY_LEX)
}

function remove(call: Call, kind: number): void {
  range.begin(kind, false)
  if (!range.parse(call, LOW)) return
  const side = keyArgument(call, KEY)
  const entry = changedZset(call, side)
  if (entry === REFUSED) return
  if (entry !== MISSING) range.select(side, entry)
  if (entry === MISSING || range.count === 0) {
    call.reply.raw(ZERO)
    return
  }
  const outcome = zsetRemoveRanks(side, range.first, range.count)
  if (outcome === EFFECT_NO_KEY) call.reply.raw(ZERO)
  else if (succeeded(call, outcome)) call.reply.integer(side.record.changed)
}

// ── Listing ──────────────────────────────────────────────────────────────────────────────────

export function zrange(call: Call): void {
  range.begin(BY_RANK, false)
  const later = call.profile !== PROFILE_CKV
  if (later ? parseOptions(call, FIRST_OPTION, true, true) : parseOptions32(call)) list(call)
}

export function zrevrange(call: Call): void {
  range.begin(BY_RANK, true)
  const parsed = speaksRedis7(call)
    ? parseOptions(call, FIRST_OPTION, false, true)
    : parseOptions32(call)
  if (parsed) list(call)
}

export function zrangebyscore(call: Call): void {
  listBy(call, BY_SCORE, false)
}

export function zrevrangebyscore(call: Call): void {
  listBy(call, BY_SCORE, true)
}

export function zrangebylex(call: Call): void {
  listBy(call, BY_LEX, false)
}

export function zrevrangebylex(call: Call): void {
  listBy(call, BY_LEX, true)
}

function listBy(call: Call, kind: number, backwards: boolean): void {
  range.begin(kind, backwards)
  if (parseOptions(call, FIRST_OPTION, false, true)) list(call)
}

/** Of ranges of places: WITHSCORES, once. False: an error was answered. */
function parseOptions32(call: Call): boolean {
  withScores = call.argCount === FIRST_OPTION + 1 && argumentIs(call, FIRST_OPTION, WITH_SCORES)
  if (withScores || call.argCount === FIRST_OPTION) return true
  replySyntaxError(call)
  return false
}

/**
 * Options from argument `first` on. `anyKind`: also those that say which kind of range it is;
 * `scores`: also WITHSCORES. False: an error was answered.
 */
function parseOptions(call: Call, first: number, anyKind: boolean, scores: boolean): boolean {
  let kindOpen = anyKind
  let limited = false
  withScores = false
  for (let index = first; index < call.argCount; index++) {
    if (scores && argumentIs(call, index, WITH_SCORES)) {
      withScores = true
    } else if (argumentIs(call, index, LIMIT) && index + 2 < call.argCount) {
      if (!parseLimit(call, index + 1)) return false
      limited = range.limit !== -1
      index += 2
    } else if (anyKind && !range.backwards && argumentIs(call, index, REV)) {
      range.backwards = true
    } else if (kindOpen && argumentIs(call, index, BY_LEX_WORD)) {
      range.kind = BY_LEX
      kindOpen = false
    } else if (kindOpen && argumentIs(call, index, BY_SCORE_WORD)) {
      range.kind = BY_SCORE
      kindOpen = false
    } else {
      replySyntaxError(call)
      return false
    }
  }
  // A LIMIT of -1 passes, and nobody looks at it.
  if (range.kind === BY_RANK) range.offset = 0
  let error: Uint8Array | undefined
  if (limited && range.kind === BY_RANK) error = RANGE_LIMIT_BY_RANK
  else if (withScores && range.kind === BY_LEX) {
    error = anyKind || speaksRedis7(call) ? RANGE_SCORES_BY_LEX : SYNTAX_ERROR
  }
  if (error !== undefined) call.reply.error(error)
  return error === undefined
}

/** False: an error was answered. */
function parseLimit(call: Call, index: number): boolean {
  range.offset = roughInteger(call, index)
  range.limit = roughInteger(call, index + 1)
  if (!Number.isNaN(range.offset) && !Number.isNaN(range.limit)) return true
  call.reply.error(NOT_AN_INTEGER)
  return false
}

/** Answers with the range between arguments LOW and the next. */
function list(call: Call): void {
  if (!range.parse(call, LOW)) return
  const side = keyArgument(call, KEY)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  if (entry === MISSING) {
    call.reply.arrayHeader(0)
    return
  }
  range.select(side, entry)
  walk.begin(side.arena, entry, range.first, range.backwards)
  openScoredList(call, range.count, withScores)
  for (let done = 0; done < range.count && walk.next() && !call.reply.overflowed; done++) {
    replyWalked(call, walk, withScores)
  }
}

/** The head of a list of members: with scores RESP3 has a pair of each, RESP2 all in one row. */
export function openScoredList(call: Call, members: number, scored: boolean): void {
  const flat = scored && call.reply.protocol === 2
  call.reply.arrayHeader(flat ? members * 2 : members)
}

/** The member where a walk stands. */
export function replyWalked(call: Call, at: ZsetWalk, scored: boolean): void {
  if (scored && call.reply.protocol === 3) call.reply.arrayHeader(2)
  const score = scored ? at.score() : 0
  at.showMember()
  replySpan(call)
  if (scored) call.reply.double(score)
}

// ── Storing ──────────────────────────────────────────────────────────────────────────────────

const SOURCE = 2
const STORE_LOW = 3
const STORE_OPTION = 5
const members = new ScoredMembers()

export function zrangestore(call: Call): void {
  range.begin(BY_RANK, false)
  if (!parseOptions(call, STORE_OPTION, true, false) || !range.parse(call, STORE_LOW)) return
  const side = keyArgument(call, SOURCE)
  const entry = readZset(call, side)
  if (entry === REFUSED) return
  members.begin()
  if (entry === MISSING || gather(side, entry)) storeMembers(call, KEY, members)
  else call.reply.error(OUT_OF_MEMORY)
}

/** Copies the range. False: it is too large. */
function gather(side: ShardSide, entry: number): boolean {
  range.select(side, entry)
  walk.begin(side.arena, entry, range.first, range.backwards)
  for (let done = 0; done < range.count && walk.next(); done++) {
    const score = walk.score()
    walk.showMember()
    const { bytes, start, length } = span
    if (!members.copy(bytes, start, length, hashOfKey(side, bytes, start, length), score)) {
      return false
    }
  }
  return true
}

/** Makes the members what the key in argument `index` holds, nothing if there are none, and answers
 * with how many they are. */
export function storeMembers(call: Call, index: number, stored: ScoredMembers): void {
  const side = keyArgument(call, index)
  const before = lookup(side, call.nowMs)
  if (stored.count > 0) {
    stored.toItems(side.record)
    if (succeeded(call, zsetStore(side, NO_EXPIRY))) call.reply.integer(stored.count)
  } else if (before === 0 || succeeded(call, keyDelete(side))) {
    call.reply.raw(ZERO)
  }
}
