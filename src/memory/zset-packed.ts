// A small sorted set: a packed list of member, score, member, score … by score, then by the bytes
// of the member, byte for byte as Redis 7.0 keeps it. A whole score is kept as an integer (so -0
// becomes 0), any other as its text, "%.17g". [redis-7.0 t_zset.c zzlInsertAt]

import { compareBytes } from '../base/compare-bytes.ts'
import { asciiText } from '../base/float-text.ts'
import { formatDouble, parseDouble } from '../base/numbers.ts'
import {
  packedEnd,
  packedEntryBytes,
  packedFind,
  packedFirst,
  packedGet,
  packedInsert,
  packedInsertInteger,
  packedInteger,
  packedIntegerEntryBytes,
  packedNext,
  packedRemove,
} from './packed.ts'
import { span } from './span.ts'

/** Redis writes whole scores up to this size as integers. */
const INTEGER_SCORE_MAX = 2 ** 62
/** Texts up to this length are parsed without making a string. */
const SHORT_TEXT_BYTES = 15
/** Longest text of a score, and some. */
export const SCORE_TEXT_BYTES_MAX = 32

const scoreText = new Uint8Array(SCORE_TEXT_BYTES_MAX)

/** The place of a member in the list at `start`, -1 = none. */
export function packedMember(
  bytes: Uint8Array,
  start: number,
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
): number {
  return packedFind(bytes, packedFirst(bytes, start), 1, member, memberStart, memberLength)
}

/** The score of the member at a place. Leaves `span` anywhere. */
export function packedScore(bytes: Uint8Array, memberAt: number): number {
  const at = packedNext(bytes, memberAt)
  const integer = packedInteger(bytes, at)
  if (!Number.isNaN(integer)) return integer
  packedGet(bytes, at)
  const { start, length } = span
  if (length > SHORT_TEXT_BYTES) return Number(asciiText(span.bytes, start, length))
  // What is stored was a number.
  return parseDouble(span.bytes, start, length) ?? 0
}

/** The next member's place, -1 = there is none. */
export function packedNextMember(bytes: Uint8Array, memberAt: number): number {
  return packedNext(bytes, packedNext(bytes, memberAt))
}

/** Bytes that a member with its score takes. */
export function packedPairBytes(
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
  score: number,
): number {
  const memberBytes = packedEntryBytes(member, memberStart, memberLength)
  if (Number.isSafeInteger(score)) return memberBytes + packedIntegerEntryBytes(score + 0)
  return memberBytes + packedEntryBytes(scoreText, 0, writeScore(score))
}

/**
 * Puts a member that is not in the list where it belongs; packedPairBytes are free behind the list.
 */
export function packedPutMember(
  bytes: Uint8Array,
  start: number,
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
  score: number,
): void {
  let at = packedFirst(bytes, start)
  while (at !== -1 && !comesBefore(bytes, at, member, memberStart, memberLength, score)) {
    at = packedNextMember(bytes, at)
  }
  const place = at === -1 ? packedEnd(bytes, start) : at
  // Backwards: the score goes in first, the member in front of it.
  if (Number.isSafeInteger(score)) packedInsertInteger(bytes, start, place, score + 0)
  else packedInsert(bytes, start, place, scoreText, 0, writeScore(score))
  packedInsert(bytes, start, place, member, memberStart, memberLength)
}

/** Does the new member come before the one at `at`? */
function comesBefore(
  bytes: Uint8Array,
  at: number,
  member: Uint8Array,
  memberStart: number,
  memberLength: number,
  score: number,
): boolean {
  const own = packedScore(bytes, at)
  if (own !== score) return own > score
  packedGet(bytes, at)
  const { start, length } = span
  return compareBytes(span.bytes, start, length, member, memberStart, memberLength) > 0
}

export function packedTakeMember(bytes: Uint8Array, start: number, memberAt: number): void {
  packedRemove(bytes, start, memberAt, 2)
}

/** Writes a score that is no safe integer to scoreText. */
function writeScore(score: number): number {
  if (!Number.isInteger(score) || Math.abs(score) > INTEGER_SCORE_MAX) {
    return formatDouble(score, scoreText, 0)
  }
  const text = BigInt(score).toString()
  for (let index = 0; index < text.length; index++) scoreText[index] = text.charCodeAt(index)
  return text.length
}
