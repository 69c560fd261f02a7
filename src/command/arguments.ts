// Reading a call's arguments: keys, values, option words, numbers. Every handler begins here;
// nothing on the paths that common commands take makes an object.

import { parseInt64, parseSafeInteger } from '../base/numbers.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { type Call, sideOfArgument } from './call.ts'

const CASE_BIT = 0x20

const oneSide: ShardSide[] = []

/** The sides that a command without keys is about: all shards, or the only one. */
export function concernedSides(call: Call): readonly ShardSide[] {
  if (call.severalShards) return call.sides
  oneSide[0] = call.side
  return oneSide
}

/** True in profile redis: 7.0's texts and limits; else those of 3.2. */
export function speaksRedis7(call: Call): boolean {
  return call.profile === PROFILE_REDIS
}

/** The side of the key in argument `index`; its record is about that key from now on. */
export function keyArgument(call: Call, index: number): ShardSide {
  const side = sideOfArgument(call, index)
  const { bytes } = call
  const start = call.starts[index]
  const length = call.lengths[index]
  side.record.setKey(call.database, bytes, start, length, hashOfKey(side, bytes, start, length))
  return side
}

/** Makes argument `index` the value that the next effect stores. */
export function valueArgument(call: Call, side: ShardSide, index: number): void {
  side.record.setValue(call.bytes, call.starts[index], call.lengths[index])
}

/** An option word as bytes, to compare arguments with: lower-case letters only. */
export function word(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** True when argument `index` is the word, in any case. */
export function argumentIs(call: Call, index: number, letters: Uint8Array): boolean {
  const length = letters.length
  if (call.lengths[index] !== length) return false
  const { bytes } = call
  const start = call.starts[index]
  // Setting 0x20 takes only the upper case of a letter to that letter, so this is exact.
  for (let at = 0; at < length; at++) {
    if ((bytes[start + at] | CASE_BIT) !== letters[at]) return false
  }
  return true
}

/** A safe integer, or NaN: no integer, or one that only wideArgument can tell. */
export function integerArgument(call: Call, index: number): number {
  return parseSafeInteger(call.bytes, call.starts[index], call.lengths[index])
}

/** The whole signed 64 bits; undefined: `value is not an integer or out of range`. */
export function wideArgument(call: Call, index: number): bigint | undefined {
  return parseInt64(call.bytes, call.starts[index], call.lengths[index])
}

/**
 * A 64-bit integer for uses that only compare it with sizes and positions: what is not a safe
 * integer comes as the nearest double (all beyond anything that is stored). NaN: not an integer.
 */
export function roughInteger(call: Call, index: number): number {
  const small = integerArgument(call, index)
  if (!Number.isNaN(small)) return small
  const wide = wideArgument(call, index)
  return wide === undefined ? Number.NaN : Number(wide)
}

/** True when argument `left` is a larger 64-bit integer than argument `right`. Both are valid. */
export function argumentExceeds(call: Call, left: number, right: number): boolean {
  const leftValue = integerArgument(call, left)
  const rightValue = integerArgument(call, right)
  if (!Number.isNaN(leftValue) && !Number.isNaN(rightValue)) return leftValue > rightValue
  return (wideArgument(call, left) as bigint) > (wideArgument(call, right) as bigint)
}
