// A batch of log records -> shared memory, with the same result, byte for byte, as `applyRecord`
// one by one (test/recovery/apply-batch.test.ts compares the arenas), but faster, because most of a
// log is strings stored under new keys:
//
//   1 hash    all keys, and their cluster slots
//   2 touch   the page of each: a miss costs 100 ns and these do not wait for each other
//   3 apply   in order: a string for a key that is not there through loadString, all else through
//             applyRecord
//
// Measured: see README.md.

import { slotOfKey } from '../dispatch/slots.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { EFFECT_STRING_SET } from '../log/codes.ts'
import { BATCH_RECORDS_MAX, type RecordBatch } from '../log/record-batch.ts'
import type { Arena } from '../memory/arena.ts'
import { databaseRoot } from '../memory/database.ts'
import {
  DEPTH_WORD,
  DIRECTORY_WORD,
  NO_EXPIRY,
  PAGE_COUNT_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from '../memory/layout.ts'
import { loadString } from '../memory/load-string.ts'
import { applyRecord } from './apply.ts'

const hashes = new Int32Array(BATCH_RECORDS_MAX)
const slots = new Int32Array(BATCH_RECORDS_MAX)

/** Applies the records of a batch in order. Throws CkvError as applyRecord does. */
export function applyBatch(side: ShardSide, batch: RecordBatch): void {
  const { count, bytes, keyStarts, keyLengths } = batch
  for (let index = 0; index < count; index++) {
    const keyStart = keyStarts[index]
    const keyLength = keyLengths[index]
    hashes[index] = hashOfKey(side, bytes, keyStart, keyLength)
    slots[index] = slotOfKey(bytes, keyStart, keyLength)
  }
  batch.touched = touchPages(side.arena, batch)
  applyInOrder(side, batch)
}

/** Touches the pages of all keys, database by database. Changes nothing. */
function touchPages(arena: Arena, batch: RecordBatch): number {
  const { count, databases } = batch
  let sum = 0
  for (let from = 0; from < count; ) {
    const database = databases[from]
    let end = from + 1
    while (end < count && databases[end] === database) end++
    sum ^= touchRange(arena, databaseRoot(arena, database), from, end)
    from = end
  }
  return sum
}

/**
 * Reads a word of each cache line that the searches for the keys will begin with. As lean as can
 * be: the fewer instructions a round has, the more rounds the processor has in flight.
 */
function touchRange(arena: Arena, root: number, from: number, end: number): number {
  if (root === 0) return 0
  const rootWords = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const directory = rootWords[rootWord + DIRECTORY_WORD]
  if (directory === 0) return 0
  const shift = 31 - rootWords[rootWord + DEPTH_WORD]
  const directoryWords = arena.words[directory >>> SEGMENT_SHIFT]
  const directoryWord = (directory & UNIT_MASK) << 1
  let sum = 0
  for (let index = from; index < end; index++) {
    const hash = hashes[index]
    const page = directoryWords[directoryWord + ((hash >>> 1) >>> shift)]
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    const home = pageWord + PAGE_SLOTS_WORD + ((((hash & 0xff) * PAGE_SLOTS) >>> 8) << 1)
    sum ^= words[pageWord + PAGE_COUNT_WORD] ^ words[home]
  }
  return sum
}

function applyInOrder(side: ShardSide, batch: RecordBatch): void {
  const { arena } = side
  const { count, bytes, words, codes, databases, keyStarts, keyLengths, numbers } = batch
  const { valueLengths } = batch
  for (let index = 0; index < count; index++) {
    const code = codes[index]
    const database = databases[index]
    const keyStart = keyStarts[index]
    const keyLength = keyLengths[index]
    const valueLength = valueLengths[index]
    const number = numbers[index]
    if (code === EFFECT_STRING_SET && number === NO_EXPIRY) {
      const root = databaseRoot(arena, database)
      const hash = hashes[index]
      const slot = slots[index]
      if (loadString(arena, root, hash, slot, bytes, words, keyStart, keyLength, valueLength)) {
        continue
      }
    }
    const valueStart = keyStart + keyLength
    applyRecord(side, code, database, bytes, keyStart, keyLength, valueStart, valueLength, number)
  }
}
