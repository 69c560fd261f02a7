// How the items of an effect on a collection stand in the value of its log record. Frozen: logs
// hold it. Each item, one after the other, at any byte:
//
//   | length uint32 | [score float64] | bytes |      numbers little-endian
//
// Whether there are scores is a matter of the effect's code (recovery/apply.ts).

import { copyBytes } from '../base/copy.ts'
import type { EffectRecord } from './record.ts'

const LENGTH_BYTES = 4
const SCORE_BYTES = 8
const ITEMS_MIN = 64

const score = new Float64Array(1)
const scoreBytes = new Uint8Array(score.buffer)

/** Bytes of the record's items when encoded. */
export function itemsByteLength(record: EffectRecord): number {
  const { itemLengths, itemFirst, itemStep, itemCount } = record
  const head = record.itemScores === null ? LENGTH_BYTES : LENGTH_BYTES + SCORE_BYTES
  let bytes = head * itemCount
  for (let index = 0; index < itemCount; index++) bytes += itemLengths[itemFirst + index * itemStep]
  return bytes
}

/** Writes the record's items to `target` from `at` on. */
export function encodeItems(record: EffectRecord, target: Uint8Array, at: number): void {
  const { itemBytes, itemScores, itemCount } = record
  let to = at
  for (let index = 0; index < itemCount; index++) {
    const length = record.itemLength(index)
    target[to] = length
    target[to + 1] = length >>> 8
    target[to + 2] = length >>> 16
    target[to + 3] = length >>> 24
    to += LENGTH_BYTES
    if (itemScores !== null) {
      score[0] = itemScores[index]
      target.set(scoreBytes, to)
      to += SCORE_BYTES
    }
    copyBytes(itemBytes, record.itemStart(index), target, to, length)
    to += length
  }
}

// Of this thread: where the items of the record that is replayed lie.
let starts = new Int32Array(ITEMS_MIN)
let lengths = new Int32Array(ITEMS_MIN)
let scores = new Float64Array(ITEMS_MIN)

/** Makes the record's value, as it stands in a log, its items. Valid until the next call. */
export function decodeItems(record: EffectRecord, scored: boolean): void {
  const { value, valueStart, valueLength } = record
  const end = valueStart + valueLength
  let count = 0
  for (let at = valueStart; at < end; count++) {
    if (count === starts.length) growTo(count * 2)
    lengths[count] =
      value[at] | (value[at + 1] << 8) | (value[at + 2] << 16) | (value[at + 3] << 24)
    at += LENGTH_BYTES
    if (scored) {
      for (let byte = 0; byte < SCORE_BYTES; byte++) scoreBytes[byte] = value[at + byte]
      scores[count] = score[0]
      at += SCORE_BYTES
    }
    starts[count] = at
    at += lengths[count]
  }
  record.setItems(value, starts, lengths, 0, 1, count, scored ? scores : null)
}

function growTo(size: number): void {
  const before = { starts, lengths, scores }
  starts = new Int32Array(size)
  lengths = new Int32Array(size)
  scores = new Float64Array(size)
  starts.set(before.starts)
  lengths.set(before.lengths)
  scores.set(before.scores)
}
