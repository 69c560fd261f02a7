// The packed list (packed-layout.ts): elements in one run of bytes, cheap to keep and to copy as
// long as it is small. Functions over bytes[start …]; nothing here allocates, the caller has made
// sure of the room. An element's place `at` is the index of its entry in `bytes`, -1 = none; it
// holds until something in front of it changes. No function throws unless room or place is wrong.

import { assert } from '../base/assert.ts'
import { copyBytes } from '../base/copy.ts'
import { int64, int64ToBigint, parseWideInt64, readInt32, writeInt32 } from '../base/int64.ts'
import { parseSafeInteger } from '../base/numbers.ts'
import { sameBytes } from '../base/same-bytes.ts'
import {
  backLengthBytes,
  entryBefore,
  entryInteger,
  entryLength,
  isIntegerEntry,
  planBytes,
  planElement,
  planInteger,
  stringHeadBytes,
  writePlan,
} from './packed-entry.ts'
import {
  INTEGER_13,
  PACKED_COUNT_OFFSET,
  PACKED_COUNT_UNKNOWN,
  PACKED_EMPTY_BYTES,
  PACKED_END,
  PACKED_HEADER_BYTES,
  STRING_6,
  STRING_6_LENGTH_MAX,
} from './packed-layout.ts'
import { span, spanBytes, spanInt64, spanInteger } from './span.ts'

// ── The list ───────────────────────────────────────────────────────────────────────────────

/** Writes an empty list of PACKED_EMPTY_BYTES. */
export function packedInit(bytes: Uint8Array, start: number): void {
  writeInt32(bytes, start, PACKED_EMPTY_BYTES)
  writeCount(bytes, start, 0)
  bytes[start + PACKED_HEADER_BYTES] = PACKED_END
}

/** All of its bytes. */
export function packedByteLength(bytes: Uint8Array, start: number): number {
  return readInt32(bytes, start) >>> 0
}

/** Where the end stands: what is inserted there is the last. */
export function packedEnd(bytes: Uint8Array, start: number): number {
  return start + packedByteLength(bytes, start) - 1
}

/** Of at least 65535 elements they are counted one by one. */
export function packedCount(bytes: Uint8Array, start: number): number {
  const count = readCount(bytes, start)
  return count === PACKED_COUNT_UNKNOWN ? countTo(bytes, start, Infinity) : count
}

/** Walks, to at most `most`. */
function countTo(bytes: Uint8Array, start: number, most: number): number {
  let count = 0
  let at = start + PACKED_HEADER_BYTES
  for (; bytes[at] !== PACKED_END && count < most; at = entryEnd(bytes, at)) count++
  return count
}

function readCount(bytes: Uint8Array, start: number): number {
  return bytes[start + PACKED_COUNT_OFFSET] | (bytes[start + PACKED_COUNT_OFFSET + 1] << 8)
}

function writeCount(bytes: Uint8Array, start: number, count: number): void {
  bytes[start + PACKED_COUNT_OFFSET] = count
  bytes[start + PACKED_COUNT_OFFSET + 1] = count >> 8
}

// ── Walking ────────────────────────────────────────────────────────────────────────────────

/** Where the next entry, or the end, stands. */
function entryEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  // Most entries are so short that the back length is one byte.
  if (first < INTEGER_13) return at + 2 + (first < STRING_6 ? 0 : first & STRING_6_LENGTH_MAX)
  const length = entryLength(bytes, at)
  return at + length + backLengthBytes(length)
}

export function packedFirst(bytes: Uint8Array, start: number): number {
  const at = start + PACKED_HEADER_BYTES
  return bytes[at] === PACKED_END ? -1 : at
}

export function packedLast(bytes: Uint8Array, start: number): number {
  return packedPrevious(bytes, start, packedEnd(bytes, start))
}

export function packedNext(bytes: Uint8Array, at: number): number {
  const next = entryEnd(bytes, at)
  return bytes[next] === PACKED_END ? -1 : next
}

/** @param at an element, or the end */
export function packedPrevious(bytes: Uint8Array, start: number, at: number): number {
  return at === start + PACKED_HEADER_BYTES ? -1 : entryBefore(bytes, at)
}

/** The element at an index from 0, or from -1 backwards; walks from the nearer end. */
export function packedSeek(bytes: Uint8Array, start: number, index: number): number {
  const count = readCount(bytes, start)
  let steps = index
  if (count !== PACKED_COUNT_UNKNOWN) {
    if (index >= count || index < -count) return -1
    if (index >= 0 && index > count >> 1) steps = index - count
    else if (index < 0 && -index > count >> 1) steps = index + count
  }
  if (steps < 0) {
    let at = packedLast(bytes, start)
    while (++steps < 0 && at !== -1) at = packedPrevious(bytes, start, at)
    return at
  }
  let at = packedFirst(bytes, start)
  while (steps-- > 0 && at !== -1) at = packedNext(bytes, at)
  return at
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────

/** Fills `span` with the element: a string's bytes where they are, an integer's text. */
export function packedGet(bytes: Uint8Array, at: number): void {
  if (!isIntegerEntry(bytes, at)) {
    const head = stringHeadBytes(bytes, at)
    spanBytes(bytes, at + head, entryLength(bytes, at) - head)
    return
  }
  const value = entryInteger(bytes, at)
  if (Number.isNaN(value)) spanInt64(int64.high, int64.low)
  else spanInteger(value)
}

/** Kept as an integer. */
export function packedIsInteger(bytes: Uint8Array, at: number): boolean {
  return isIntegerEntry(bytes, at)
}

/** An element kept as a safe integer; NaN: it is a string, or larger (packedBigint). */
export function packedInteger(bytes: Uint8Array, at: number): number {
  return isIntegerEntry(bytes, at) ? entryInteger(bytes, at) : Number.NaN
}

/** An element kept as an integer of any size; undefined: it is a string. */
export function packedBigint(bytes: Uint8Array, at: number): bigint | undefined {
  if (!isIntegerEntry(bytes, at)) return undefined
  const value = entryInteger(bytes, at)
  return Number.isNaN(value) ? int64ToBigint(int64.high, int64.low) : BigInt(value)
}

/** Is the element the same text as source[sourceStart …]? */
export function packedEquals(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): boolean {
  if (!isIntegerEntry(bytes, at)) return equalsString(bytes, at, source, sourceStart, sourceLength)
  // By value: lists of others may keep an integer in more bytes than it needs.
  const value = entryInteger(bytes, at)
  if (!Number.isNaN(value)) return value === parseSafeInteger(source, sourceStart, sourceLength)
  const { high, low } = int64
  if (!Number.isNaN(parseSafeInteger(source, sourceStart, sourceLength))) return false
  return (
    parseWideInt64(source, sourceStart, sourceLength) && int64.high === high && int64.low === low
  )
}

function equalsString(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): boolean {
  const head = stringHeadBytes(bytes, at)
  if (entryLength(bytes, at) - head !== sourceLength) return false
  return sameBytes(bytes, at + head, source, sourceStart, sourceLength)
}

/**
 * The first element from `from` on that equals source[sourceStart …], looking at every
 * (skip + 1)th: 1 finds a field among fields and values. -1: none, or `from` is -1.
 */
export function packedFind(
  bytes: Uint8Array,
  from: number,
  skip: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): number {
  if (from === -1) return -1
  const integer = parseSafeInteger(source, sourceStart, sourceLength)
  const isSafe = !Number.isNaN(integer)
  const isWide = !isSafe && parseWideInt64(source, sourceStart, sourceLength)
  const { high, low } = int64
  let passed = 0
  for (let at = from; bytes[at] !== PACKED_END; at = entryEnd(bytes, at)) {
    if (passed > 0) {
      passed--
      continue
    }
    passed = skip
    if (!isIntegerEntry(bytes, at)) {
      if (equalsString(bytes, at, source, sourceStart, sourceLength)) return at
    } else if (isSafe || isWide) {
      const value = entryInteger(bytes, at)
      if (value === integer) return at
      if (isWide && Number.isNaN(value) && int64.high === high && int64.low === low) return at
    }
  }
  return -1
}

// ── Changing ───────────────────────────────────────────────────────────────────────────────

/** Bytes that an element takes in a list. */
export function packedEntryBytes(
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): number {
  planElement(source, sourceStart, sourceLength)
  return planBytes()
}

/** The same of a safe integer. */
export function packedIntegerEntryBytes(value: number): number {
  planInteger(value)
  return planBytes()
}

/** Bytes that the element at `at` takes. */
export function packedTakenBytes(bytes: Uint8Array, at: number): number {
  return entryEnd(bytes, at) - at
}

/**
 * Puts an element in front of `at`, or last if that is the end. Needs packedEntryBytes behind the
 * list; the source must not lie in what moves. Returns `at`.
 */
export function packedInsert(
  bytes: Uint8Array,
  start: number,
  at: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): number {
  planElement(source, sourceStart, sourceLength)
  return exchange(bytes, start, at, 0, source, sourceStart, sourceLength)
}

/** The same of a safe integer. */
export function packedInsertInteger(
  bytes: Uint8Array,
  start: number,
  at: number,
  value: number,
): number {
  planInteger(value)
  return exchange(bytes, start, at, 0, bytes, start, 0)
}

/**
 * Puts another element in the place of one. The list grows by the difference of packedEntryBytes
 * and packedTakenBytes; the source must not lie in or behind the old one. Returns `at`.
 */
export function packedReplace(
  bytes: Uint8Array,
  start: number,
  at: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): number {
  planElement(source, sourceStart, sourceLength)
  const taken = packedTakenBytes(bytes, at)
  return exchange(bytes, start, at, taken, source, sourceStart, sourceLength)
}

/** The same of a safe integer. */
export function packedReplaceInteger(
  bytes: Uint8Array,
  start: number,
  at: number,
  value: number,
): number {
  const taken = packedTakenBytes(bytes, at)
  planInteger(value)
  return exchange(bytes, start, at, taken, bytes, start, 0)
}

/** The planned entry instead of the `taken` bytes at `at`; 0 = a new one. */
function exchange(
  bytes: Uint8Array,
  start: number,
  at: number,
  taken: number,
  source: Uint8Array,
  sourceStart: number,
  sourceLength: number,
): number {
  const end = packedEnd(bytes, start)
  const needed = planBytes()
  const growth = needed - taken
  assert(at >= start + PACKED_HEADER_BYTES && at <= end, 'a packed list is changed inside')
  assert(end + growth < bytes.length, 'a packed list has room to grow')
  assert(
    source !== bytes || sourceStart + sourceLength <= at || sourceStart > end + Math.max(growth, 0),
    'an element does not come from where it moves things',
  )
  if (growth !== 0) {
    moveTail(bytes, at + taken, at + needed, end)
    writeInt32(bytes, start, end + growth + 1 - start)
  }
  writePlan(bytes, at, source, sourceStart)
  if (taken === 0) {
    const count = readCount(bytes, start)
    if (count !== PACKED_COUNT_UNKNOWN) writeCount(bytes, start, count + 1)
  }
  return at
}

/**
 * Puts `count` whole entries of another list, `length` bytes at source[sourceStart], in front of
 * `at` as they are: for splitting and joining. Needs `length` bytes behind the list.
 */
export function packedInsertEntries(
  bytes: Uint8Array,
  start: number,
  at: number,
  source: Uint8Array,
  sourceStart: number,
  length: number,
  count: number,
): void {
  const end = packedEnd(bytes, start)
  assert(end + length < bytes.length, 'a packed list has room to grow')
  assert(
    source !== bytes || sourceStart + length <= at || sourceStart > end + length,
    'entries do not come from where they move things',
  )
  moveTail(bytes, at, at + length, end)
  copyBytes(source, sourceStart, bytes, at, length)
  writeInt32(bytes, start, end + length + 1 - start)
  const before = readCount(bytes, start)
  if (before === PACKED_COUNT_UNKNOWN) return
  writeCount(bytes, start, Math.min(before + count, PACKED_COUNT_UNKNOWN))
}

/** Takes away `count` elements from `at` on, or as many as there are. The next one, or -1. */
export function packedRemove(bytes: Uint8Array, start: number, at: number, count: number): number {
  const end = packedEnd(bytes, start)
  let removed = 0
  let to = at
  for (; removed < count && to < end; removed++) to = entryEnd(bytes, to)
  moveTail(bytes, to, at, end)
  writeInt32(bytes, start, end + 1 - start - (to - at))
  const before = readCount(bytes, start)
  // Without the walk nobody would ever learn that the list has become countable again.
  const left =
    before === PACKED_COUNT_UNKNOWN ? countTo(bytes, start, PACKED_COUNT_UNKNOWN) : before - removed
  writeCount(bytes, start, left)
  return bytes[at] === PACKED_END ? -1 : at
}

/** Moves what is from `from` to the end of the list. At its end that is one byte, and no call. */
function moveTail(bytes: Uint8Array, from: number, to: number, end: number): void {
  if (from === end) bytes[to] = PACKED_END
  else bytes.copyWithin(to, from, end + 1)
}

export { packedCheck } from './packed-check.ts'
export { PACKED_EMPTY_BYTES, span }
