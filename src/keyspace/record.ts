// From an effect to its log record. While a side is replayed (recovery, mirror) its log is closed
// for appending and effects change memory only.

import type { ShardSide } from './side.ts'

export function recordEffect(
  side: ShardSide,
  code: number,
  database: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  number: number,
): void {
  if (side.replaying) return
  side.log.append(
    code,
    database,
    0,
    key,
    keyStart,
    keyLength,
    value,
    valueStart,
    valueLength,
    number,
  )
}

/** Writes a record that is too large for the slice straight to the file, before memory changes. */
export function recordLarge(
  side: ShardSide,
  code: number,
  database: number,
  key: Uint8Array,
  keyStart: number,
  keyLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
  number: number,
): boolean {
  if (side.replaying) return true
  return side.log.appendLarge(
    code,
    database,
    0,
    number,
    key.subarray(keyStart, keyStart + keyLength),
    [value.subarray(valueStart, valueStart + valueLength)],
  )
}
