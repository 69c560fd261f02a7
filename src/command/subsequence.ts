// LCS: what two strings have in common, in order. [redis-7.0 t_string.c lcsCommand]

import { REDIS_VALUE_BYTES_MAX } from '../base/limits.ts'
import { CommonSubsequence } from '../base/longest-subsequence.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryType, entryValueLength } from '../memory/entry.ts'
import { TYPE_STRING } from '../memory/layout.ts'
import { copyValueOut } from '../memory/value.ts'
import {
  LCS_LENGTH_AND_INDEXES,
  LCS_NO_MEMORY,
  LCS_NOT_STRINGS,
  LCS_TOO_LARGE,
} from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'

const FIRST_KEY = 1
const SECOND_KEY = 2
const FIRST_OPTION = 3
/** Redis's table has a number of 32 bits for each pair of positions. */
const CELL_BYTES = 4

const LEN = word('len')
const IDX = word('idx')
const MINMATCHLEN = word('minmatchlen')
const WITHMATCHLEN = word('withmatchlen')
const NO_BYTES = new Uint8Array(0)

// The options of the call, as parseOptions read them.
let length = false
let indexes = false
let withLengths = false
let lengthLeast = 0

export function lcs(call: Call): void {
  const leftLength = stringLength(call, FIRST_KEY)
  const rightLength = stringLength(call, SECOND_KEY)
  if (leftLength < 0 || rightLength < 0) {
    call.reply.error(LCS_NOT_STRINGS)
    return
  }
  if (!parseOptions(call)) return
  if (length && indexes) {
    call.reply.error(LCS_LENGTH_AND_INDEXES)
    return
  }
  if ((leftLength + 1) * (rightLength + 1) * CELL_BYTES > REDIS_VALUE_BYTES_MAX) {
    call.reply.error(LCS_TOO_LARGE)
    return
  }
  const found = compute(call, leftLength, rightLength)
  if (found === undefined) call.reply.error(LCS_NO_MEMORY)
  else if (indexes) replyIndexes(call, found)
  else if (length) call.reply.integer(found.length)
  else replySubsequence(call, found)
}

/** Bytes of a key's string, 0 if there is none, -1 if it is something else. */
function stringLength(call: Call, index: number): number {
  const side = keyArgument(call, index)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) return 0
  if (entryType(side.arena, entry) !== TYPE_STRING) return -1
  return entryValueLength(side.arena, entry)
}

/** False: an error was answered. */
function parseOptions(call: Call): boolean {
  length = false
  indexes = false
  withLengths = false
  lengthLeast = 0
  for (let index = FIRST_OPTION; index < call.argCount; index++) {
    if (argumentIs(call, index, IDX)) indexes = true
    else if (argumentIs(call, index, LEN)) length = true
    else if (argumentIs(call, index, WITHMATCHLEN)) withLengths = true
    else if (argumentIs(call, index, MINMATCHLEN) && index + 1 < call.argCount) {
      lengthLeast = roughInteger(call, ++index)
      if (Number.isNaN(lengthLeast)) {
        replyNotInteger(call)
        return false
      }
    } else {
      replySyntaxError(call)
      return false
    }
  }
  return true
}

/** undefined: there is no memory for it. */
function compute(
  call: Call,
  leftLength: number,
  rightLength: number,
): CommonSubsequence | undefined {
  try {
    const left = stringBytes(call, FIRST_KEY, leftLength)
    const right = stringBytes(call, SECOND_KEY, rightLength)
    return new CommonSubsequence(left, leftLength, right, rightLength, !length)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** A copy outside of the shard's memory, where the loops need not look for chunks. */
function stringBytes(call: Call, index: number, byteLength: number): Uint8Array {
  if (byteLength === 0) return NO_BYTES
  const bytes = new Uint8Array(byteLength)
  const side = keyArgument(call, index)
  const entry = lookup(side, call.nowMs)
  copyValueOut(side.arena, entry, 0, byteLength, bytes, 0)
  return bytes
}

function replySubsequence(call: Call, found: CommonSubsequence): void {
  const { reply } = call
  if (!reply.bulkHeader(found.length)) return
  const at = reply.reserve(found.length)
  if (at < 0) return
  found.write(reply.bytes, at)
  reply.bulkEnd()
}

/** The ranges are walked twice: their number stands in front of them. */
function replyIndexes(call: Call, found: CommonSubsequence): void {
  const { reply } = call
  let count = 0
  found.rewind()
  while (found.nextRange()) if (found.rangeLength >= lengthLeast) count++
  reply.mapHeader(2)
  reply.bulkText('matches')
  reply.arrayHeader(count)
  found.rewind()
  while (found.nextRange()) if (found.rangeLength >= lengthLeast) replyRange(call, found)
  reply.bulkText('len')
  reply.integer(found.length)
}

function replyRange(call: Call, found: CommonSubsequence): void {
  const { reply } = call
  const { leftStart, rightStart, rangeLength } = found
  reply.arrayHeader(withLengths ? 3 : 2)
  reply.arrayHeader(2)
  reply.integer(leftStart)
  reply.integer(leftStart + rangeLength - 1)
  reply.arrayHeader(2)
  reply.integer(rightStart)
  reply.integer(rightStart + rangeLength - 1)
  if (withLengths) reply.integer(rangeLength)
}
