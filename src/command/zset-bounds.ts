// The ranges that sorted set commands name: of places, of scores, of texts. Each comes down to a
// run of ranks, counted from the lowest.
//
//   ZREVRANGEBYSCORE z 5 (1 LIMIT 1 2     scores 1 1 2 3 5 5 8     in range: ranks 2 to 5
//                                         run: from rank 4 downwards, 2 members
//
// [redis-3.2 t_zset.c zslParseRange, zslParseLexRange; redis-7.0 zrangeGenericCommand]

import { compareBytes } from '../base/compare-bytes.ts'
import { parseLenientDouble } from '../base/numbers.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { isLargeCollection, largeRoot } from '../memory/collection.ts'
import { orderCountBelowMember } from '../memory/order-tree.ts'
import { span } from '../memory/span.ts'
import { ZsetWalk, zsetCount, zsetCountBelow } from '../memory/zset.ts'
import { MEMBER_RANGE_INVALID, NOT_AN_INTEGER, SCORE_RANGE_INVALID } from '../wire/replies.ts'
import { roughInteger } from './arguments.ts'
import type { Call } from './call.ts'

export const BY_RANK = 0
export const BY_SCORE = 1
export const BY_LEX = 2

const OPENING = 0x28
const BRACKET = 0x5b
const PLUS = 0x2b
const MINUS = 0x2d
const NO_LIMIT = -1

/** Ends of a range of texts: behind the ordinary ones, those that nothing is below or above. */
const END_TEXT = 0
const END_LOWEST = 1
const END_HIGHEST = 2

const NO_BYTES = new Uint8Array(0)
const walk = new ZsetWalk()

/** One a thread and purpose: parse, then select. */
export class ZsetRange {
  kind = BY_RANK
  backwards = false
  offset = 0
  limit = NO_LIMIT
  /** Set by `select`: the rank that comes first, and how many there are. */
  first = 0
  count = 0
  /** Both ends, the lower one first: a place, a score, or a range of `#bytes`. */
  #low = 0
  #high = 0
  #lowOpen = false
  #highOpen = false
  #bytes: Uint8Array = NO_BYTES
  #lowEnd = END_TEXT
  #highEnd = END_TEXT
  #lowLength = 0
  #highLength = 0

  begin(kind: number, backwards: boolean): void {
    this.kind = kind
    this.backwards = backwards
    this.offset = 0
    this.limit = NO_LIMIT
  }

  /** Reads both ends, arguments `index` and the next; of scores and texts backwards the higher one
   * comes first. False: an error was answered. */
  parse(call: Call, index: number): boolean {
    const swapped = this.backwards && this.kind !== BY_RANK
    const low = swapped ? index + 1 : index
    const high = swapped ? index : index + 1
    if (this.kind === BY_RANK) return this.#parseRanks(call, low, high)
    const valid =
      this.kind === BY_SCORE
        ? this.#parseScores(call, low, high)
        : this.#parseTexts(call, low, high)
    if (!valid)
      call.reply.error(this.kind === BY_SCORE ? SCORE_RANGE_INVALID : MEMBER_RANGE_INVALID)
    return valid
  }

  #parseRanks(call: Call, low: number, high: number): boolean {
    this.#low = roughInteger(call, low)
    this.#high = roughInteger(call, high)
    if (!Number.isNaN(this.#low) && !Number.isNaN(this.#high)) return true
    call.reply.error(NOT_AN_INTEGER)
    return false
  }

  #parseScores(call: Call, low: number, high: number): boolean {
    this.#lowOpen = beginsWith(call, low, OPENING)
    this.#highOpen = beginsWith(call, high, OPENING)
    this.#low = scoreArgument(call, low, this.#lowOpen)
    this.#high = scoreArgument(call, high, this.#highOpen)
    return !Number.isNaN(this.#low) && !Number.isNaN(this.#high)
  }

  #parseTexts(call: Call, low: number, high: number): boolean {
    this.#lowEnd = textEnd(call, low)
    this.#highEnd = textEnd(call, high)
    if (this.#lowEnd < 0 || this.#highEnd < 0) return false
    // Nothing is as low or as high as these.
    this.#lowOpen = this.#lowEnd !== END_TEXT || beginsWith(call, low, OPENING)
    this.#highOpen = this.#highEnd !== END_TEXT || beginsWith(call, high, OPENING)
    this.#bytes = call.bytes
    this.#low = call.starts[low] + 1
    this.#high = call.starts[high] + 1
    this.#lowLength = call.lengths[low] - 1
    this.#highLength = call.lengths[high] - 1
    return true
  }

  /** Sets `first` and `count` for the set in the entry. */
  select(side: ShardSide, entry: number): void {
    const { arena } = side
    const size = zsetCount(arena, entry)
    if (this.kind === BY_RANK) {
      const low = Math.max(this.#low < 0 ? this.#low + size : this.#low, 0)
      const high = Math.min(this.#high < 0 ? this.#high + size : this.#high, size - 1)
      this.#take(this.backwards ? size - 1 - high : low, this.backwards ? size - low : high + 1)
    } else if (this.kind === BY_SCORE) {
      const from = zsetCountBelow(arena, entry, this.#low, this.#lowOpen)
      this.#take(from, zsetCountBelow(arena, entry, this.#high, !this.#highOpen))
    } else if (isLargeCollection(arena, entry)) {
      this.#take(this.#textsBelowLow(side, entry, size), this.#textsUpToHigh(side, entry, size))
    } else {
      this.#selectPacked(side, entry, size)
    }
    this.#bytes = NO_BYTES
  }

  /** Of a large set: the rank of the first text in the range, whatever the higher end is. */
  #textsBelowLow({ arena }: ShardSide, entry: number, size: number): number {
    if (this.#lowEnd !== END_TEXT) return this.#lowEnd === END_LOWEST ? 0 : size
    const root = largeRoot(arena, entry)
    const bytes = this.#bytes
    return orderCountBelowMember(arena, root, bytes, this.#low, this.#lowLength, this.#lowOpen)
  }

  /** The rank behind the last one. */
  #textsUpToHigh({ arena }: ShardSide, entry: number, size: number): number {
    if (this.#highEnd !== END_TEXT) return this.#highEnd === END_LOWEST ? 0 : size
    const root = largeRoot(arena, entry)
    const bytes = this.#bytes
    return orderCountBelowMember(arena, root, bytes, this.#high, this.#highLength, !this.#highOpen)
  }

  /** Ranks from `from` to below `to`, but for offset and limit. */
  #take(from: number, to: number): void {
    const all = Math.max(to - from, 0)
    this.first = this.backwards ? to - 1 - this.offset : from + this.offset
    this.count = this.offset < 0 ? 0 : Math.max(all - this.offset, 0)
    if (this.limit >= 0) this.count = Math.min(this.count, this.limit)
  }

  /**
   * Texts of a packed set are looked at one by one, from the end where the command begins: where
   * scores differ, so that texts are not in order, the same members come as in Redis.
   * [redis-7.0 t_zset.c zzlFirstInLexRange]
   */
  #selectPacked(side: ShardSide, entry: number, size: number): void {
    const { backwards } = this
    const last = backwards ? 0 : size - 1
    const step = backwards ? -1 : 1
    const { arena } = side
    this.count = 0
    this.first = backwards ? size - 1 : 0
    if (this.offset < 0 || this.#isEmpty(side, entry, size)) return
    walk.begin(arena, entry, this.first, backwards)
    while (walk.next()) {
      walk.showMember()
      if (backwards ? this.#isLowEnough() : this.#isHighEnough()) break
      if (this.first === last) return
      this.first += step
    }
    if (!(this.#isLowEnough() && this.#isHighEnough())) return
    this.first += step * this.offset
    if (this.first < 0 || this.first >= size) return
    walk.begin(arena, entry, this.first, backwards)
    while (this.count !== this.limit && walk.next()) {
      walk.showMember()
      if (!(backwards ? this.#isHighEnough() : this.#isLowEnough())) return
      this.count++
    }
  }

  /** Redis looks at both ends before it begins. */
  #isEmpty(side: ShardSide, entry: number, size: number): boolean {
    const order = this.#compareEnds()
    if (order > 0 || (order === 0 && (this.#lowOpen || this.#highOpen))) return true
    walk.begin(side.arena, entry, size - 1)
    walk.next()
    walk.showMember()
    if (!this.#isHighEnough()) return true
    walk.begin(side.arena, entry)
    walk.next()
    walk.showMember()
    return !this.#isLowEnough()
  }

  #compareEnds(): number {
    if (this.#lowEnd !== END_TEXT && this.#lowEnd === this.#highEnd) return 0
    if (this.#lowEnd === END_LOWEST || this.#highEnd === END_HIGHEST) return -1
    if (this.#lowEnd === END_HIGHEST || this.#highEnd === END_LOWEST) return 1
    const bytes = this.#bytes
    return compareBytes(bytes, this.#low, this.#lowLength, bytes, this.#high, this.#highLength)
  }

  /** Is what `span` shows above the lower end? */
  #isHighEnough(): boolean {
    if (this.#lowEnd !== END_TEXT) return this.#lowEnd === END_LOWEST
    const order = this.#compareSpan(this.#low, this.#lowLength)
    return this.#lowOpen ? order > 0 : order >= 0
  }

  /** Is what `span` shows below the higher end? */
  #isLowEnough(): boolean {
    if (this.#highEnd !== END_TEXT) return this.#highEnd === END_HIGHEST
    const order = this.#compareSpan(this.#high, this.#highLength)
    return this.#highOpen ? order < 0 : order <= 0
  }

  #compareSpan(start: number, length: number): number {
    return compareBytes(span.bytes, span.start, span.length, this.#bytes, start, length)
  }
}

function beginsWith(call: Call, index: number, byte: number): boolean {
  return call.lengths[index] > 0 && call.bytes[call.starts[index]] === byte
}

/** NaN: no score. */
function scoreArgument(call: Call, index: number, open: boolean): number {
  const skipped = open ? 1 : 0
  return parseLenientDouble(call.bytes, call.starts[index] + skipped, call.lengths[index] - skipped)
}

/** One of END_…, or -1: no end of a range of texts. A NUL ends it, as in C. */
function textEnd(call: Call, index: number): number {
  if (beginsWith(call, index, OPENING) || beginsWith(call, index, BRACKET)) return END_TEXT
  const alone = call.lengths[index] === 1 || call.bytes[call.starts[index] + 1] === 0
  if (beginsWith(call, index, PLUS) && alone) return END_HIGHEST
  return beginsWith(call, index, MINUS) && alone ? END_LOWEST : -1
}
