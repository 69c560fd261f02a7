// ZUNIONSTORE, ZINTERSTORE, and 7.0's ZUNION, ZINTER, ZINTERCARD, ZDIFF, ZDIFFSTORE.
// [redis-3.2 t_zset.c zunionInterGenericCommand, redis-7.0 zunionInterDiffGenericCommand]
//
// Inputs are taken by size, the smallest first, as in Redis: the last bits of a sum depend on it.

import { parseDouble } from '../base/numbers.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import {
  INPUT_KEYS_32,
  inputKeys70,
  LIMIT_NEGATIVE,
  OUT_OF_MEMORY,
  WEIGHT_NOT_A_FLOAT,
  WRONG_TYPE,
} from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, speaksRedis7, word } from './arguments.ts'
import type { Call } from './call.ts'
import {
  isMemberSource,
  type MemberSource,
  SourceWalk,
  sourceCount,
  sourceScore,
} from './member-sources.ts'
import { NOT_FOUND, ScoredMembers } from './scored-members.ts'
import { openScoredList, storeMembers } from './zset-ranges.ts'

const DESTINATION = 1
/** Argument of the number of keys with a destination in front of it, and without. */
const STORED_NUMBER = 2
const LISTED_NUMBER = 1

const UNION = 0
const INTER = 1
const DIFF = 2

const SUM = 0
const LEAST = 1
const MOST = 2
const WEIGHTS = word('weights')
const AGGREGATE = word('aggregate')
const WITH_SCORES = word('withscores')
const LIMIT = word('limit')
const AGGREGATES: readonly { readonly letters: Uint8Array; readonly way: number }[] = [
  { letters: word('sum'), way: SUM },
  { letters: word('min'), way: LEAST },
  { letters: word('max'), way: MOST },
]

const members = new ScoredMembers()
const walk = new SourceWalk()

// Of the command, set by parse.
let sources: MemberSource[] = []
let aggregate = SUM
let withScores = false
let limit = 0

export function zunionstore(call: Call): void {
  store(call, UNION)
}

export function zinterstore(call: Call): void {
  store(call, INTER)
}

export function zdiffstore(call: Call): void {
  store(call, DIFF)
}

export function zunion(call: Call): void {
  list(call, UNION)
}

export function zinter(call: Call): void {
  list(call, INTER)
}

export function zdiff(call: Call): void {
  list(call, DIFF)
}

function store(call: Call, operation: number): void {
  if (!parse(call, STORED_NUMBER, operation, false)) return
  if (combine(operation)) storeMembers(call, DESTINATION, members)
  else call.reply.error(OUT_OF_MEMORY)
  sources = []
}

function list(call: Call, operation: number): void {
  if (!parse(call, LISTED_NUMBER, operation, false)) return
  if (combine(operation)) replyMembers(call)
  else call.reply.error(OUT_OF_MEMORY)
  sources = []
}

function replyMembers(call: Call): void {
  const { reply } = call
  const order = members.inOrder()
  openScoredList(call, order.length, withScores)
  for (const index of order) {
    if (reply.overflowed) return
    if (withScores && reply.protocol === 3) reply.arrayHeader(2)
    reply.bulk(members.bytes, members.starts[index], members.lengths[index])
    if (withScores) reply.double(members.scores[index])
  }
}

export function zintercard(call: Call): void {
  if (!parse(call, LISTED_NUMBER, INTER, true)) return
  sortBySize()
  let count = 0
  walk.begin(sources[0])
  while ((limit === 0 || count < limit) && walk.next()) {
    if (isInOthers()) count++
  }
  sources = []
  call.reply.integer(count)
}

function isInOthers(): boolean {
  const { hash, bytes, start, length } = walk
  for (let index = 1; index < sources.length; index++) {
    if (Number.isNaN(sourceScore(sources[index], hash, bytes, start, length))) return false
  }
  return true
}

// ── Arguments ────────────────────────────────────────────────────────────────────────────────

/** Reads the number in argument `index`, the keys behind it and the options. False: an error was
 * answered. `counting`: only LIMIT is an option. */
function parse(call: Call, index: number, operation: number, counting: boolean): boolean {
  const keys = roughInteger(call, index)
  if (Number.isNaN(keys)) {
    replyNotInteger(call)
    return false
  }
  if (keys < 1) {
    call.reply.error(
      speaksRedis7(call) || index === LISTED_NUMBER || operation === DIFF
        ? inputKeys70(call.row.name)
        : INPUT_KEYS_32,
    )
    return false
  }
  if (keys > call.argCount - index - 1) {
    replySyntaxError(call)
    return false
  }
  aggregate = SUM
  withScores = false
  limit = 0
  const options = index + keys + 1
  if (!openSources(call, index + 1, options)) return false
  const stored = index === STORED_NUMBER
  for (let at = options; at < call.argCount; ) {
    const next = counting ? parseLimit(call, at) : parseOption(call, at, operation, stored)
    if (next === 0) return false
    at = next
  }
  return true
}

/** False: a key holds something else, which was answered. */
function openSources(call: Call, from: number, to: number): boolean {
  sources = []
  for (let index = from; index < to; index++) {
    const side = keyArgument(call, index)
    const entry =
      from === STORED_NUMBER + 1 ? lookup(side, call.nowMs) : lookupRead(side, call.nowMs)
    if (entry !== 0 && !isMemberSource(side, entry)) {
      call.reply.error(WRONG_TYPE)
      return false
    }
    sources.push({ side, entry, weight: 1 })
  }
  return true
}

/** Returns the index behind the option, 0 = an error was answered. */
function parseOption(call: Call, at: number, operation: number, stored: boolean): number {
  const left = call.argCount - at
  if (operation !== DIFF) {
    if (left > sources.length && argumentIs(call, at, WEIGHTS)) return parseWeights(call, at + 1)
    if (left >= 2 && argumentIs(call, at, AGGREGATE)) {
      for (const { letters, way } of AGGREGATES) {
        if (!argumentIs(call, at + 1, letters)) continue
        aggregate = way
        return at + 2
      }
    }
  }
  if (!stored && argumentIs(call, at, WITH_SCORES)) {
    withScores = true
    return at + 1
  }
  replySyntaxError(call)
  return 0
}

function parseWeights(call: Call, from: number): number {
  for (let index = 0; index < sources.length; index++) {
    const at = from + index
    const weight = parseDouble(call.bytes, call.starts[at], call.lengths[at])
    if (weight === undefined) {
      call.reply.error(WEIGHT_NOT_A_FLOAT)
      return 0
    }
    sources[index].weight = weight
  }
  return from + sources.length
}

function parseLimit(call: Call, at: number): number {
  if (call.argCount - at < 2 || !argumentIs(call, at, LIMIT)) {
    replySyntaxError(call)
    return 0
  }
  limit = roughInteger(call, at + 1)
  if (limit >= 0) return at + 2
  call.reply.error(LIMIT_NEGATIVE)
  return 0
}

// ── Combining ────────────────────────────────────────────────────────────────────────────────

/** Puts the members together. False: they are too many bytes. */
function combine(operation: number): boolean {
  members.begin()
  if (operation === DIFF) return subtract()
  sortBySize()
  return operation === UNION ? unite() : intersect()
}

/** A sort that keeps the order of equals, as that of glibc. */
function sortBySize(): void {
  const sizes = new Map(sources.map((source) => [source, sourceCount(source)]))
  sources.sort((left, right) => (sizes.get(left) ?? 0) - (sizes.get(right) ?? 0))
}

function unite(): boolean {
  for (const source of sources) {
    walk.begin(source)
    while (walk.next()) {
      const { hash, bytes, start, length } = walk
      const score = number(source.weight * walk.score)
      const index = members.find(bytes, start, length, hash)
      if (index !== NOT_FOUND) {
        members.scores[index] = together(members.scores[index], score)
      } else if (!members.copy(bytes, start, length, hash, score)) {
        return false
      }
    }
  }
  return true
}

function intersect(): boolean {
  const [smallest] = sources
  walk.begin(smallest)
  while (walk.next()) {
    const { hash, bytes, start, length } = walk
    let score = number(smallest.weight * walk.score)
    let index = 1
    for (; index < sources.length; index++) {
      const other = sourceScore(sources[index], hash, bytes, start, length)
      if (Number.isNaN(other)) break
      score = together(score, sources[index].weight * other)
    }
    if (index === sources.length && !members.copy(bytes, start, length, hash, score)) return false
  }
  return true
}

function subtract(): boolean {
  walk.begin(sources[0])
  while (walk.next()) {
    const { hash, bytes, start, length } = walk
    if (!isInAnother() && !members.copy(bytes, start, length, hash, walk.score)) return false
  }
  return true
}

/** Is the member in one of the other inputs? */
function isInAnother(): boolean {
  const { hash, bytes, start, length } = walk
  for (let index = 1; index < sources.length; index++) {
    if (!Number.isNaN(sourceScore(sources[index], hash, bytes, start, length))) return true
  }
  return false
}

/** 0 × inf is taken for 0. */
function number(score: number): number {
  return Number.isNaN(score) ? 0 : score
}

/** [redis-3.2 t_zset.c zunionInterAggregate] */
function together(score: number, other: number): number {
  if (aggregate === SUM) return number(score + other)
  if (aggregate === LEAST ? other < score : other > score) return other
  return score
}
