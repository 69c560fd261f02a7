// Where the keys of a command line stand. Argument 0 is the command's name, as in Redis.
//
//   most rows         from row.firstKey in steps of row.keyStep to lastKey(row, argCount)
//   row.movableKeys   ZUNIONSTORE target numkeys key …, SORT key … STORE key: the arguments tell
//
// findKeys knows both. No allocation, so it serves the hot path. Call it after the arity check
// only: with too few arguments a range is empty or short, never outside the line.

import { parseSafeInteger } from '../base/numbers.ts'
import type { CommandRow, CountedKeys, WordKey } from './spec.ts'

const CASE_BIT = 0x20
const ASTERISK = 0x2a
const POSITIONS_MIN = 64

/** Argument indexes of the keys that findKeys found last, on this thread. */
export let keyPositions = new Int32Array(POSITIONS_MIN)
let count = 0

/**
 * Fills keyPositions with the argument indexes of the line's keys and returns how many they are,
 * in the order of the row's places. 0 where a row with movable keys gets none that it could take
 * (`numkeys` is no number, or larger than what follows): then the handler has only an error to
 * give, whatever shard it runs on.
 */
export function findKeys(
  row: CommandRow,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): number {
  count = 0
  for (let at = row.firstKey, last = lastKey(row, argCount); at <= last; at += row.keyStep)
    addKey(at)
  if (!row.movableKeys) return count
  for (const place of row.keys) {
    if ('first' in place) continue
    const found =
      'counter' in place
        ? addCounted(place, bytes, starts, lengths, argCount)
        : addBehindWord(place, bytes, starts, lengths, argCount)
    if (!found) return 0
  }
  return count
}

/** Argument index behind which no key stands; below firstKey when there is none. */
export function lastKey(row: CommandRow, argCount: number): number {
  if (row.firstKey === 0) return -1
  if (row.lastKey < 0) return argCount + row.lastKey
  return row.lastKey < argCount ? row.lastKey : argCount - 1
}

/** How many arguments of the line are keys in the row's ranges: with FAST_PER_KEY, how much work
 * it is. */
export function keyCount(row: CommandRow, argCount: number): number {
  const last = lastKey(row, argCount)
  if (last < row.firstKey) return 0
  return Math.floor((last - row.firstKey) / row.keyStep) + 1
}

function addKey(index: number): void {
  if (count === keyPositions.length) {
    const grown = new Int32Array(count * 2)
    grown.set(keyPositions)
    keyPositions = grown
  }
  keyPositions[count++] = index
}

/** False: there are not so many arguments. */
function addCounted(
  { counter }: CountedKeys,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): boolean {
  if (counter >= argCount) return false
  const keys = parseSafeInteger(bytes, starts[counter], lengths[counter])
  if (!(keys >= 1 && keys < argCount - counter)) return false
  for (let index = counter + 1; index <= counter + keys; index++) addKey(index)
  return true
}

/** The key behind the last of the words; none is no mistake. [redis-3.2 db.c sortGetKeys] */
function addBehindWord(
  { word, from, skipped }: WordKey,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): boolean {
  let found = 0
  for (let index = from; index < argCount - 1; index++) {
    if (isWord(word, bytes, starts[index], lengths[index])) {
      found = index + 1
      index++
      continue
    }
    for (const { word: other, args } of skipped) {
      if (!isWord(other, bytes, starts[index], lengths[index])) continue
      index += args
      break
    }
  }
  if (found !== 0) addKey(found)
  return true
}

/**
 * Do arguments of a row with PATTERN_KEYS name keys by the elements of a value (SORT … BY w_*)?
 * Which ones is known only when it runs, and they may be anywhere.
 */
export function namesKeysByPattern(
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): boolean {
  for (let index = 2; index < argCount - 1; index++) {
    const start = starts[index]
    if (isWord('limit', bytes, start, lengths[index])) index += 2
    else if (isWord('store', bytes, start, lengths[index])) index++
    else if (
      isWord('by', bytes, start, lengths[index]) ||
      isWord('get', bytes, start, lengths[index])
    ) {
      index++
      const end = starts[index] + lengths[index]
      for (let at = starts[index]; at < end; at++) if (bytes[at] === ASTERISK) return true
    }
  }
  return false
}

function isWord(word: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (length !== word.length) return false
  for (let at = 0; at < length; at++) {
    if ((bytes[start + at] | CASE_BIT) !== word.charCodeAt(at)) return false
  }
  return true
}
