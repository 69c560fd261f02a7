// SORT and SORT_RO: elements of a list, set or sorted set in an order, as themselves or as what GET
// patterns name for them, replied or stored as a list. [redis-7.0 sort.c]
//
//   elements (columns) ─▶ numbers or texts to order by ─▶ places in order ─▶ reply, or list

import { compareBytes } from '../base/compare-bytes.ts'
import { RDB_CONTENT_BYTES_MAX } from '../base/limits.ts'
import { parseDouble } from '../base/numbers.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { collectContent, storeContent } from '../keyspace/content.ts'
import { EFFECT_OK, keyDelete } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryType, entryValueLength } from '../memory/entry.ts'
import { NO_EXPIRY, TYPE_LIST, TYPE_SET, TYPE_ZSET } from '../memory/layout.ts'
import { span } from '../memory/span.ts'
import { copyValueOut } from '../memory/value.ts'
import { CONTENT_LIST, CONTENT_SET, RdbContent } from '../rdb/content.ts'
import { CROSS_SLOT, OUT_OF_MEMORY, SORT_NOT_A_DOUBLE, WRONG_TYPE } from '../wire/replies.ts'
import { replySpan, replyValue, succeeded } from './answers.ts'
import { keyArgument, speaksRedis7 } from './arguments.ts'
import type { Call } from './call.ts'
import { NOTHING, options, parseSort } from './sort-options.ts'
import {
  findNamed,
  NAMES_ELEMENT,
  NAMES_FIELD,
  NAMES_NOTHING,
  NAMES_STRING,
  named,
  staysInSlot,
} from './sort-patterns.ts'

const KEY = 1
/** Longest text that is read as a number to order by. */
const NUMBER_BYTES_MAX = 5_119
const NO_WEIGHT = -1
/** Smaller numbers are not exact: strtod says so. */
const NORMAL_DOUBLE_MIN = 2.2250738585072014e-308

const elements = new RdbContent(RDB_CONTENT_BYTES_MAX)
/** Texts that BY names, where they count as texts. */
const weights = new RdbContent(RDB_CONTENT_BYTES_MAX)
const output = new RdbContent(RDB_CONTENT_BYTES_MAX)
const numberText = new Uint8Array(NUMBER_BYTES_MAX)

// By place in `elements`: number to order by; index in `weights` or NO_WEIGHT.
let scores = new Float64Array(0)
let weightOf = new Int32Array(0)

export function sort(call: Call): void {
  if (!parseSort(call) || !patternsAllowed(call)) return
  const side = keyArgument(call, KEY)
  const entry = options.store === NOTHING ? lookupRead(side, call.nowMs) : lookup(side, call.nowMs)
  elements.reset(CONTENT_LIST)
  if (entry !== 0) {
    const type = entryType(side.arena, entry)
    if (type !== TYPE_LIST && type !== TYPE_SET && type !== TYPE_ZSET) {
      call.reply.error(WRONG_TYPE)
      return
    }
    if (!collectContent(side.arena, entry, elements)) {
      call.reply.error(OUT_OF_MEMORY)
      return
    }
  }
  answer(call)
  elements.reset(CONTENT_LIST)
  weights.reset(CONTENT_LIST)
  output.reset(CONTENT_LIST)
  scores = new Float64Array(0)
  weightOf = new Int32Array(0)
}

/** Outside profile redis patterns must stay in the key's slot. False: an error was answered. */
function patternsAllowed(call: Call): boolean {
  if (speaksRedis7(call)) return true
  const slot = slotOfKey(call.bytes, call.starts[KEY], call.lengths[KEY])
  const byStays = options.by === NOTHING || staysInSlot(call, options.by, slot)
  if (byStays && options.gets.every((index) => staysInSlot(call, index, slot))) return true
  call.reply.error(CROSS_SLOT)
  return false
}

function answer(call: Call): void {
  const order = placesInOrder(call)
  if (order === undefined) return
  const { count } = elements
  const offset = Math.min(Math.max(options.offset, 0), count)
  const wanted = options.count < 0 ? count : Math.min(options.count, count)
  const chosen = order.subarray(offset, Math.min(offset + wanted, count))
  if (options.store === NOTHING) reply(call, chosen)
  else store(call, chosen)
}

/** Places of the elements in the order that is asked for; undefined: an error was answered. */
function placesInOrder(call: Call): Uint32Array | undefined {
  const { count, type } = elements
  const order = new Uint32Array(count)
  for (let place = 0; place < count; place++) order[place] = place
  // A set has no order that could be kept; what is stored must not depend on it.
  const orderless = options.unsorted && type === CONTENT_SET && options.store !== NOTHING
  if (orderless) {
    options.alpha = true
    options.by = NOTHING
  } else if (options.unsorted) {
    // 3.2 turned only sorted sets around.
    if (options.descending && type !== CONTENT_SET) {
      if (speaksRedis7(call) || type !== CONTENT_LIST) order.reverse()
    }
    return order
  }
  if (!loadWeights(call)) return undefined
  return order.sort(compareOf())
}

// ── What to order by ─────────────────────────────────────────────────────────────────────────

/** False: an error was answered. */
function loadWeights(call: Call): boolean {
  const { count } = elements
  weights.reset(CONTENT_LIST)
  if (options.alpha) {
    if (options.by === NOTHING) return true
    weightOf = new Int32Array(count)
    for (let place = 0; place < count; place++) {
      if (!loadText(call, place)) return false
    }
    return true
  }
  scores = new Float64Array(count)
  let allNumbers = true
  for (let place = 0; place < count; place++) {
    scores[place] = numberOf(call, place)
    if (Number.isNaN(scores[place])) allNumbers = false
  }
  if (!allNumbers) call.reply.error(SORT_NOT_A_DOUBLE)
  return allNumbers
}

function find(call: Call, pattern: number, place: number): number {
  return findNamed(call, pattern, elements.bytes, elements.starts[place], elements.lengths[place])
}

function loadText(call: Call, place: number): boolean {
  const kind = find(call, options.by, place)
  weightOf[place] = kind === NAMES_NOTHING ? NO_WEIGHT : weights.count
  if (kind === NAMES_NOTHING || addNamed(weights, kind, place)) return true
  call.reply.error(OUT_OF_MEMORY)
  return false
}

/** Adds what `find` has found for an element. False: no room. */
function addNamed(content: RdbContent, kind: number, place: number): boolean {
  if (kind === NAMES_FIELD) return content.add(span.bytes, span.start, span.length)
  if (kind === NAMES_ELEMENT) {
    return content.add(elements.bytes, elements.starts[place], elements.lengths[place])
  }
  const { arena } = named.side
  const length = entryValueLength(arena, named.entry)
  const at = content.place(length)
  if (at < 0) return false
  copyValueOut(arena, named.entry, 0, length, content.bytes, at)
  return true
}

/** NaN: what the element is ordered by is no number. Nothing to order by is 0. */
function numberOf(call: Call, place: number): number {
  const kind = options.by === NOTHING ? NAMES_ELEMENT : find(call, options.by, place)
  if (kind === NAMES_NOTHING) return 0
  if (kind === NAMES_FIELD) return readNumber(span.bytes, span.start, span.length)
  if (kind === NAMES_ELEMENT) {
    return readNumber(elements.bytes, elements.starts[place], elements.lengths[place])
  }
  const { arena } = named.side
  const whole = entryValueLength(arena, named.entry)
  const length = Math.min(whole, NUMBER_BYTES_MAX)
  copyValueOut(arena, named.entry, 0, length, numberText, 0)
  if (length < whole && !numberText.subarray(0, length).includes(0)) return Number.NaN
  return readNumber(numberText, 0, length)
}

/** C's strtod over a whole text that ends at its first NUL; an empty one is 0. */
function readNumber(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  let textEnd = start
  while (textEnd < end && bytes[textEnd] !== 0) textEnd++
  if (textEnd === start) return 0
  let from = start
  while (from < textEnd && isBlank(bytes[from])) from++
  if (textEnd - from > NUMBER_BYTES_MAX) return Number.NaN
  const value = parseDouble(bytes, from, textEnd - from) ?? Number.NaN
  return value !== 0 && Math.abs(value) < NORMAL_DOUBLE_MIN ? Number.NaN : value
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

// ── Comparing ────────────────────────────────────────────────────────────────────────────────

function compareOf(): (left: number, right: number) => number {
  if (!options.alpha) return options.descending ? compareNumbersDown : compareNumbers
  if (options.by === NOTHING) return options.descending ? compareTextsDown : compareElements
  return options.descending ? compareWeightsDown : compareWeights
}

/** Equal numbers are ordered by the elements themselves. */
function compareNumbers(left: number, right: number): number {
  const difference = scores[left] - scores[right]
  // Two infinities have no difference.
  if (difference !== 0 && !Number.isNaN(difference)) return difference
  return compareElements(left, right)
}

function compareNumbersDown(left: number, right: number): number {
  return compareNumbers(right, left)
}

function compareElements(left: number, right: number): number {
  return compareIn(elements, left, right)
}

function compareTextsDown(left: number, right: number): number {
  return compareIn(elements, right, left)
}

function compareIn({ bytes, starts, lengths }: RdbContent, left: number, right: number): number {
  return compareBytes(bytes, starts[left], lengths[left], bytes, starts[right], lengths[right])
}

/** What has no weight comes first; equal weights stay as they stood. */
function compareWeights(left: number, right: number): number {
  const leftWeight = weightOf[left]
  const rightWeight = weightOf[right]
  if (leftWeight === NO_WEIGHT || rightWeight === NO_WEIGHT) {
    return Number(leftWeight !== NO_WEIGHT) - Number(rightWeight !== NO_WEIGHT)
  }
  return compareIn(weights, leftWeight, rightWeight)
}

function compareWeightsDown(left: number, right: number): number {
  return compareWeights(right, left)
}

// ── The result ───────────────────────────────────────────────────────────────────────────────

function reply(call: Call, chosen: Uint32Array): void {
  const { gets } = options
  call.reply.arrayHeader(chosen.length * Math.max(gets.length, 1))
  for (const place of chosen) {
    if (gets.length === 0) replyElement(call, place)
    else for (const pattern of gets) replyNamed(call, pattern, place)
    if (call.reply.overflowed) return
  }
}

function replyElement(call: Call, place: number): void {
  call.reply.bulk(elements.bytes, elements.starts[place], elements.lengths[place])
}

function replyNamed(call: Call, pattern: number, place: number): void {
  const kind = find(call, pattern, place)
  if (kind === NAMES_NOTHING) call.reply.nullBulk()
  else if (kind === NAMES_ELEMENT) replyElement(call, place)
  else if (kind === NAMES_STRING) replyValue(call, named.side, named.entry)
  else replySpan(call)
}

/** What a pattern does not find is stored as an empty element. */
function store(call: Call, chosen: Uint32Array): void {
  const { gets } = options
  output.reset(CONTENT_LIST)
  let fits = true
  for (let index = 0; index < chosen.length && fits; index++) {
    const place = chosen[index]
    if (gets.length === 0) fits = addNamed(output, NAMES_ELEMENT, place)
    for (let get = 0; get < gets.length && fits; get++) {
      const kind = find(call, gets[get], place)
      fits = kind === NAMES_NOTHING ? output.place(0) >= 0 : addNamed(output, kind, place)
    }
  }
  if (!fits) {
    call.reply.error(OUT_OF_MEMORY)
    return
  }
  const { count } = output
  const side = keyArgument(call, options.store)
  const outcome =
    count > 0
      ? storeContent(side, output, NO_EXPIRY)
      : lookup(side, call.nowMs) === 0
        ? EFFECT_OK
        : keyDelete(side)
  if (succeeded(call, outcome)) call.reply.integer(count)
}
