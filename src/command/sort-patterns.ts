// Values that SORT's BY and GET patterns name: the first '*' stands for the element, behind "->"
// a field of a hash. [redis-7.0 sort.c lookupKeyByPattern]
//
//   w_*         the string of the key "w_" + element
//   h_*->name   the field "name" of the hash at "h_" + element
//   #           the element itself

import { copyBytes } from '../base/copy.ts'
import { shardOfSlot, slotOfKey } from '../dispatch/slots.ts'
import { lookupRead } from '../keyspace/keyspace.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { entryType } from '../memory/entry.ts'
import { hashGet } from '../memory/hash.ts'
import { TYPE_HASH, TYPE_STRING } from '../memory/layout.ts'
import type { Call } from './call.ts'
import { scratch } from './scratch.ts'

const ASTERISK = 0x2a
const HASH_SIGN = 0x23
const MINUS = 0x2d
const GREATER = 0x3e
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** What a pattern names. */
export const NAMES_NOTHING = 0
export const NAMES_ELEMENT = 1
/** The string of `named.entry`. */
export const NAMES_STRING = 2
/** What `span` shows. */
export const NAMES_FIELD = 3

export const named = { side: undefined as unknown as ShardSide, entry: 0 }

/** Bytes of the call: where a pattern's parts are. */
const parts = { start: 0, star: 0, keyEnd: 0, fieldStart: 0, fieldLength: 0 }

/** False: there is no '*' in it. */
function split({ bytes, starts, lengths }: Call, index: number): boolean {
  const start = starts[index]
  const end = start + lengths[index]
  let star = start
  while (star < end && bytes[star] !== ASTERISK) star++
  if (star === end) return false
  parts.start = start
  parts.star = star
  parts.keyEnd = end
  parts.fieldLength = 0
  for (let at = star + 1; at < end - 1; at++) {
    if (bytes[at] !== MINUS || bytes[at + 1] !== GREATER) continue
    // An arrow without a field is a part of the key.
    if (at + 2 === end) break
    parts.keyEnd = at
    parts.fieldStart = at + 2
    parts.fieldLength = end - parts.fieldStart
    break
  }
  return true
}

/** Finds what the pattern in argument `index` names for an element: one of NAMES_…. */
export function findNamed(
  call: Call,
  index: number,
  element: Uint8Array,
  elementStart: number,
  elementLength: number,
): number {
  const { bytes } = call
  if (call.lengths[index] === 1 && bytes[call.starts[index]] === HASH_SIGN) return NAMES_ELEMENT
  if (!split(call, index)) return NAMES_NOTHING
  const { start, star, keyEnd, fieldStart, fieldLength } = parts
  const headLength = star - start
  const tailLength = keyEnd - star - 1
  const keyLength = headLength + elementLength + tailLength
  const key = scratch(keyLength)
  copyBytes(bytes, start, key, 0, headLength)
  copyBytes(element, elementStart, key, headLength, elementLength)
  copyBytes(bytes, star + 1, key, headLength + elementLength, tailLength)
  const side = sideOf(call, key, keyLength)
  side.record.setKey(call.database, key, 0, keyLength, hashOfKey(side, key, 0, keyLength))
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) return NAMES_NOTHING
  named.side = side
  named.entry = entry
  const type = entryType(side.arena, entry)
  if (fieldLength === 0) return type === TYPE_STRING ? NAMES_STRING : NAMES_NOTHING
  if (type !== TYPE_HASH) return NAMES_NOTHING
  const hash = hashOfKey(side, bytes, fieldStart, fieldLength)
  const found = hashGet(side.arena, entry, hash, bytes, fieldStart, fieldLength)
  return found ? NAMES_FIELD : NAMES_NOTHING
}

function sideOf(call: Call, key: Uint8Array, length: number): ShardSide {
  if (!call.severalShards) return call.side
  return call.sides[shardOfSlot(slotOfKey(key, 0, length), call.shardCount)]
}

/**
 * Do all keys that the pattern in argument `index` can name lie in this slot? Only if a whole hash
 * tag stands in front of the '*': nothing behind it changes the slot then.
 */
export function staysInSlot(call: Call, index: number, slot: number): boolean {
  if (!split(call, index)) return true
  const { bytes } = call
  let open = parts.start
  while (open < parts.star && bytes[open] !== OPEN_BRACE) open++
  let close = open + 1
  while (close < parts.star && bytes[close] !== CLOSE_BRACE) close++
  if (close >= parts.star || close === open + 1) return false
  return slotOfKey(bytes, parts.start, parts.star - parts.start) === slot
}
