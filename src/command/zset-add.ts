// ZADD and ZINCRBY. What a command changes is worked out first, on members that are there and on
// those that it names twice; only that becomes an effect and is recorded.
// [redis-3.2 t_zset.c zaddGenericCommand; GT and LT: redis-7.0]

import { parseDouble } from '../base/numbers.ts'
import { PROFILE_CKV } from '../catalog/spec.ts'
import { zsetAdd } from '../keyspace/effects.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { zsetScore } from '../memory/zset.ts'
import {
  NOT_A_FLOAT,
  SCORE_NAN,
  ZADD_GT_LT_NX,
  ZADD_INCR_PAIRS,
  ZADD_XX_WITH_NX,
} from '../wire/replies.ts'
import { replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, word } from './arguments.ts'
import type { Call } from './call.ts'
import { NOT_FOUND, ScoredMembers } from './scored-members.ts'
import { changedZset, KEY, MISSING, REFUSED } from './zsets.ts'

const FIRST_OPTION = 2
export const NX = 1
export const XX = 2
const GT = 4
const LT = 8
export const CH = 16
const INCR = 32
const OPTIONS: readonly { readonly letters: Uint8Array; readonly bit: number }[] = [
  { letters: word('nx'), bit: NX },
  { letters: word('xx'), bit: XX },
  { letters: word('ch'), bit: CH },
  { letters: word('incr'), bit: INCR },
  { letters: word('gt'), bit: GT },
  { letters: word('lt'), bit: LT },
]
/** Options that 3.2 has. */
const EARLY_OPTIONS = NX | XX | CH | INCR
const SCORES_MIN = 64

/** What will be changed, and the scores as they were given. */
const plan = new ScoredMembers()
let scores = new Float64Array(SCORES_MIN)

// What the last plan did: members that were not there, scores that changed, pairs that were not
// kept back by an option, and the score of the last of those.
let added = 0
let updated = 0
let processed = 0
let result = 0

export function zadd(call: Call): void {
  let first = FIRST_OPTION
  let options = 0
  for (; first < call.argCount; first++) {
    const bit = optionAt(call, first)
    if (bit === 0) break
    options |= bit
  }
  const args = call.argCount - first
  if (args % 2 !== 0 || args === 0) replySyntaxError(call)
  else if (optionsAllowed(call, options, args / 2)) addPairs(call, options, first, args / 2)
}

/** The option in argument `index`, 0 = it is none. */
function optionAt(call: Call, index: number): number {
  for (const { letters, bit } of OPTIONS) {
    if (!argumentIs(call, index, letters)) continue
    return call.profile === PROFILE_CKV ? bit & EARLY_OPTIONS : bit
  }
  return 0
}

function optionsAllowed(call: Call, options: number, pairs: number): boolean {
  const has = (bits: number): boolean => (options & bits) === bits
  let error: Uint8Array | undefined
  if (has(NX | XX)) error = ZADD_XX_WITH_NX
  else if (has(GT | NX) || has(LT | NX) || has(GT | LT)) error = ZADD_GT_LT_NX
  else if (has(INCR) && pairs > 1) error = ZADD_INCR_PAIRS
  if (error !== undefined) call.reply.error(error)
  return error === undefined
}

export function zincrby(call: Call): void {
  addPairs(call, INCR, 2, 1)
}

/** Adds the scores and members from argument `first` on, and answers. */
function addPairs(call: Call, options: number, first: number, pairs: number): void {
  if (parseScores(call, first, pairs)) addScored(call, options, first + 1, 2, pairs)
}

/** Where the scores of so many members go before addScored. */
export function scoresFor(members: number): Float64Array {
  if (scores.length < members) scores = new Float64Array(members * 2)
  return scores
}

/**
 * Adds the members in argument `first` and every `step` behind it with the scores in `scoresFor`,
 * by the options NX, XX, CH, and answers.
 */
export function addScored(
  call: Call,
  options: number,
  first: number,
  step: number,
  pairs: number,
): void {
  const side = keyArgument(call, KEY)
  const entry = changedZset(call, side)
  if (entry === REFUSED) return
  plan.begin(call.bytes)
  added = 0
  updated = 0
  processed = 0
  for (let pair = 0; pair < pairs; pair++) {
    if (planPair(call, side, entry, options, first + pair * step, scores[pair])) continue
    call.reply.error(SCORE_NAN)
    return
  }
  if (plan.count > 0) {
    plan.toItems(side.record)
    if (!succeeded(call, zsetAdd(side))) return
  }
  if ((options & INCR) === 0) call.reply.integer((options & CH) !== 0 ? added + updated : added)
  else if (processed > 0) call.reply.double(result)
  else call.reply.nullBulk()
}

/** False: an error was answered. */
function parseScores(call: Call, first: number, pairs: number): boolean {
  scoresFor(pairs)
  for (let pair = 0; pair < pairs; pair++) {
    const index = first + pair * 2
    const score = parseDouble(call.bytes, call.starts[index], call.lengths[index])
    if (score === undefined) {
      call.reply.error(NOT_A_FLOAT)
      return false
    }
    scores[pair] = score
  }
  return true
}

/** Plans what becomes of the member in argument `index`. False: its score would be no number. */
function planPair(
  call: Call,
  side: ShardSide,
  entry: number,
  options: number,
  index: number,
  given: number,
): boolean {
  const { bytes } = call
  const start = call.starts[index]
  const length = call.lengths[index]
  const hash = hashOfKey(side, bytes, start, length)
  const planned = plan.find(bytes, start, length, hash)
  let score = given
  let before = Number.NaN
  if (planned !== NOT_FOUND) before = plan.scores[planned]
  else if (entry !== MISSING) before = zsetScore(side.arena, entry, hash, bytes, start, length)
  if (Number.isNaN(before)) {
    if ((options & XX) !== 0) return true
    added++
  } else {
    if ((options & NX) !== 0) return true
    if ((options & INCR) !== 0) score += before
    if (Number.isNaN(score)) return false
    if ((options & GT) !== 0 && score <= before) return true
    if ((options & LT) !== 0 && score >= before) return true
  }
  processed++
  result = score
  if (score === before) return true
  if (!Number.isNaN(before)) updated++
  if (planned === NOT_FOUND) plan.refer(start, length, hash, score)
  else plan.scores[planned] = score
  return true
}
