// PFADD, PFCOUNT, PFMERGE: the number of distinct elements, within a percent, in at most 12 KB.
// [redis-3.2 hyperloglog.c]
//
// PFCOUNT is a read here and stores nothing, so a cardinality that Redis would have cached in the
// string is counted again; one that came with a SET is believed, as in Redis.

import { SMALL_RECORD_KEY_BYTES_MAX } from '../base/limits.ts'
import { murmurHash64 } from '../base/murmur-hash.ts'
import { INT64_MIN } from '../base/numbers.ts'
import { stringSetKeepExpiry, stringSetRange } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryValueLength } from '../memory/entry.ts'
import { valueSpan } from '../memory/value.ts'
import { HYPERLOGLOG_DAMAGED, HYPERLOGLOG_WRONG_TYPE, ONE, ZERO } from '../wire/replies.ts'
import { isString, succeeded } from './answers.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'
import { HyperloglogEdit, REGISTER_RAISED, REGISTERS_DAMAGED } from './hyperloglog-edit.ts'
import { estimateCardinality } from './hyperloglog-estimate.ts'
import {
  CACHE_BYTE,
  CACHE_INVALID,
  CARDINALITY_BYTE,
  DENSE_BYTES,
  ENCODING_BYTE,
  ENCODING_DENSE,
  ENCODING_SPARSE,
  HASH_SEED,
  HEADER_BYTES,
  INDEX_BITS,
  MAGIC_WORD,
  RANK_BITS,
  REGISTER_COUNT,
  REGISTER_MAX,
  SPARSE_STORED_BYTES_MAX,
} from './hyperloglog-layout.ts'
import {
  countDense,
  countPlain,
  countSparse,
  denseByte,
  denseRegister,
  mergeDense,
  mergeSparse,
  withRegister,
} from './hyperloglog-registers.ts'

const KEY = 1
const FIRST_ELEMENT = 2
/** So many registers at most are recorded one by one; more as one range of the string. */
const SINGLE_REGISTERS_MAX = 64

const edit = new HyperloglogEdit()
const maxima = new Uint8Array(REGISTER_COUNT)
const histogram = new Int32Array(REGISTER_MAX + 1)
const hash = new Int32Array(2)
const fewBytes = new Uint8Array(2)

/** Where the string that isHyperloglog saw lies: it is not chunked unless it is damaged. */
let bytes: Uint8Array = maxima
let start = 0
let length = 0

/** True: the entry looks like a HyperLogLog, and `bytes`, `start`, `length` are about it. */
function isHyperloglog(call: Call, side: ShardSide, entry: number): boolean {
  if (!isString(call, side, entry)) return false
  const { arena } = side
  valueSpan(arena, entry, 0)
  bytes = arena.bytes[arena.spanSegment]
  start = arena.spanByte
  length = entryValueLength(arena, entry)
  if (length >= HEADER_BYTES && wordAt(start) === MAGIC_WORD) {
    const encoding = bytes[start + ENCODING_BYTE]
    if (encoding === ENCODING_SPARSE) return true
    if (encoding === ENCODING_DENSE && length === DENSE_BYTES) return true
  }
  call.reply.error(HYPERLOGLOG_WRONG_TYPE)
  return false
}

function wordAt(at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

function isDense(): boolean {
  return bytes[start + ENCODING_BYTE] === ENCODING_DENSE
}

function replyDamaged(call: Call): void {
  call.reply.error(HYPERLOGLOG_DAMAGED)
}

// ── PFADD ────────────────────────────────────────────────────────────────────────────────────

/** Register and value of the element that hashElement saw. */
let elementRegister = 0
let elementRank = 0

/** The lower bits choose the register; the rank is the place of the first 1 in the others. */
function hashElement(call: Call, index: number): void {
  murmurHash64(call.bytes, call.starts[index], call.lengths[index], HASH_SEED, hash)
  const low = hash[0] >>> INDEX_BITS
  const high = hash[1]
  elementRegister = hash[0] & (REGISTER_COUNT - 1)
  if (low !== 0) elementRank = lowestBit(low) + 1
  else if (high !== 0) elementRank = 32 - INDEX_BITS + lowestBit(high) + 1
  else elementRank = RANK_BITS + 1
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}

export function pfadd(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    edit.beginEmpty()
    edit.invalidateCache()
    addToEdit(call)
    if (storeEdit(call, side)) call.reply.raw(ONE)
    return
  }
  if (!isHyperloglog(call, side, entry)) return
  const elementCount = call.argCount - FIRST_ELEMENT
  if (elementCount === 0) {
    call.reply.raw(ZERO)
  } else if (
    isDense() &&
    elementCount <= SINGLE_REGISTERS_MAX &&
    call.lengths[KEY] <= SMALL_RECORD_KEY_BYTES_MAX
  ) {
    addInPlace(call, side)
  } else if (length > SPARSE_STORED_BYTES_MAX) {
    replyDamaged(call)
  } else {
    edit.begin(bytes, start, length)
    const outcome = addToEdit(call)
    if (outcome === REGISTERS_DAMAGED) replyDamaged(call)
    else if (outcome !== REGISTER_RAISED) call.reply.raw(ZERO)
    else if (storeEdit(call, side)) call.reply.raw(ONE)
  }
}

/** REGISTERS_DAMAGED, REGISTER_RAISED if any was, or REGISTER_KEPT. */
function addToEdit(call: Call): number {
  let outcome = 0
  for (let index = FIRST_ELEMENT; index < call.argCount; index++) {
    hashElement(call, index)
    const raised = edit.raise(elementRegister, elementRank)
    if (raised === REGISTERS_DAMAGED) return REGISTERS_DAMAGED
    if (raised === REGISTER_RAISED) outcome = REGISTER_RAISED
  }
  if (outcome === REGISTER_RAISED) edit.invalidateCache()
  return outcome
}

/**
 * Elements of a dense string, each changed register with an effect of its own. Only the first can
 * fail (a key that is hidden): the string keeps its length and the record is not large, so nothing
 * is allocated and nothing moves.
 */
function addInPlace(call: Call, side: ShardSide): void {
  let raised = false
  for (let index = FIRST_ELEMENT; index < call.argCount; index++) {
    hashElement(call, index)
    const offset = denseByte(elementRegister)
    const last = offset === DENSE_BYTES - 1
    const first = bytes[start + offset]
    const second = last ? 0 : bytes[start + offset + 1]
    if (denseRegister(elementRegister, first, second) >= elementRank) continue
    const both = withRegister(elementRegister, first, second, elementRank)
    fewBytes[0] = both
    fewBytes[1] = both >>> 8
    // Half of the registers lie in one byte alone.
    const from = fewBytes[0] === first ? 1 : 0
    const to = last || fewBytes[1] === second ? 1 : 2
    side.record.setValue(fewBytes, from, to - from)
    if (!succeeded(call, stringSetRange(side, offset + from))) return
    raised = true
  }
  if (raised && (bytes[start + CACHE_BYTE] & CACHE_INVALID) === 0) {
    fewBytes[0] = bytes[start + CACHE_BYTE] | CACHE_INVALID
    side.record.setValue(fewBytes, 0, 1)
    if (!succeeded(call, stringSetRange(side, CACHE_BYTE))) return
  }
  call.reply.raw(raised ? ONE : ZERO)
}

/** Stores what the edit changed, with one effect. False: an error was answered. */
function storeEdit(call: Call, side: ShardSide): boolean {
  if (!edit.isChanged) return true
  if (edit.changedFrom === 0 || edit.length < edit.lengthBefore) {
    side.record.setValue(edit.bytes, 0, edit.length)
    return succeeded(call, stringSetKeepExpiry(side))
  }
  const from = edit.changedFrom
  side.record.setValue(edit.bytes, from, Math.min(edit.changedTo, edit.length) - from)
  return succeeded(call, stringSetRange(side, from))
}

// ── PFCOUNT ──────────────────────────────────────────────────────────────────────────────────

export function pfcount(call: Call): void {
  if (call.argCount > KEY + 1) {
    if (mergeAll(call) === MERGE_FAILED) return
    countPlain(maxima, histogram)
    replyEstimate(call)
    return
  }
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.raw(ZERO)
    return
  }
  if (!isHyperloglog(call, side, entry)) return
  if ((bytes[start + CACHE_BYTE] & CACHE_INVALID) === 0) replyCached(call)
  else if (countStored()) replyEstimate(call)
  else replyDamaged(call)
}

/** Fills the histogram; false: damaged. */
function countStored(): boolean {
  if (isDense()) {
    countDense(bytes, start, histogram)
    return true
  }
  return length <= SPARSE_STORED_BYTES_MAX && countSparse(bytes, start, length, histogram)
}

function replyCached(call: Call): void {
  const low = wordAt(start + CARDINALITY_BYTE) >>> 0
  const high = wordAt(start + CARDINALITY_BYTE + 4)
  if (high < 2 ** 21) call.reply.integer(high * 2 ** 32 + low)
  else call.reply.bigInteger((BigInt(high) << 32n) | BigInt(low))
}

function replyEstimate(call: Call): void {
  const estimate = estimateCardinality(histogram)
  if (estimate <= Number.MAX_SAFE_INTEGER) call.reply.integer(estimate)
  // Only registers that no hash gives lead here; this is what Redis makes of them on x86.
  else call.reply.bigInteger(estimate < 2 ** 63 ? BigInt(estimate) : INT64_MIN)
}

// ── Several keys ─────────────────────────────────────────────────────────────────────────────

const MERGE_FAILED = -1
const MERGE_SPARSE = 0
const MERGE_DENSE = 1

/**
 * Makes `maxima` of all keys of the command. MERGE_FAILED: an error was answered. MERGE_DENSE: one
 * at least is dense.
 */
function mergeAll(call: Call): number {
  maxima.fill(0)
  let outcome = MERGE_SPARSE
  for (let index = KEY; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    const entry = lookupRead(side, call.nowMs)
    if (entry === 0) continue
    if (!isHyperloglog(call, side, entry)) return MERGE_FAILED
    if (isDense()) {
      outcome = MERGE_DENSE
      mergeDense(bytes, start, maxima)
    } else if (length > SPARSE_STORED_BYTES_MAX || !mergeSparse(bytes, start, length, maxima)) {
      replyDamaged(call)
      return MERGE_FAILED
    }
  }
  return outcome
}

export function pfmerge(call: Call): void {
  const merged = mergeAll(call)
  if (merged === MERGE_FAILED) return
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    edit.beginEmpty()
  } else {
    if (!isHyperloglog(call, side, entry)) return
    edit.begin(bytes, start, length)
  }
  if (merged === MERGE_DENSE && !edit.isDense) edit.makeDense()
  for (let index = 0; index < REGISTER_COUNT; index++) {
    if (maxima[index] > 0) edit.raise(index, maxima[index])
  }
  edit.invalidateCache()
  if (storeEdit(call, side)) call.reply.ok()
}
