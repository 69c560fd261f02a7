// Whole values on their way from one key to another: what RENAME, MOVE and COPY share. One command
// at a time uses what is here, and lets go of it before it returns.

import { RDB_CONTENT_BYTES_MAX } from '../base/limits.ts'
import { collectContent, storeContentAs } from '../keyspace/content.ts'
import { contentMove, EFFECT_OUT_OF_MEMORY } from '../keyspace/effects.ts'
import { EffectRecord } from '../keyspace/record.ts'
import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { entryEncoding, entryExpiry } from '../memory/entry.ts'
import { CONTENT_STRING, RdbContent } from '../rdb/content.ts'
import type { Call } from './call.ts'
import { sideOfArgument } from './call.ts'

const content = new RdbContent(RDB_CONTENT_BYTES_MAX)
const oldKey = new EffectRecord()

/** keyArgument in another database than the client's. */
export function keyArgumentIn(call: Call, index: number, database: number): ShardSide {
  const side = sideOfArgument(call, index)
  const { bytes } = call
  const start = call.starts[index]
  const length = call.lengths[index]
  side.record.setKey(database, bytes, start, length, hashOfKey(side, bytes, start, length))
  return side
}

/**
 * Moves the value and expiry of argument `from`, whose entry was found on `source`, to the key in
 * argument `to` of a database. Returns the effect's outcome.
 */
export function moveValue(
  call: Call,
  source: ShardSide,
  entry: number,
  from: number,
  to: number,
  database: number,
): number {
  const { arena } = source
  const expiryMs = entryExpiry(arena, entry)
  const encoding = entryEncoding(arena, entry)
  let outcome = EFFECT_OUT_OF_MEMORY
  if (collectContent(arena, entry, content)) {
    const { bytes } = call
    const start = call.starts[from]
    const length = call.lengths[from]
    const hash = hashOfKey(source, bytes, start, length)
    oldKey.setKey(call.database, bytes, start, length, hash)
    const target = keyArgumentIn(call, to, database)
    outcome = contentMove(source, oldKey, target, content, expiryMs, encoding)
    oldKey.forget()
  }
  content.reset(CONTENT_STRING)
  return outcome
}

/** The same without removing anything. */
export function copyValue(
  call: Call,
  source: ShardSide,
  entry: number,
  to: number,
  database: number,
): number {
  const { arena } = source
  const expiryMs = entryExpiry(arena, entry)
  const encoding = entryEncoding(arena, entry)
  let outcome = EFFECT_OUT_OF_MEMORY
  if (collectContent(arena, entry, content)) {
    const target = keyArgumentIn(call, to, database)
    outcome = storeContentAs(target, content, expiryMs, encoding)
  }
  content.reset(CONTENT_STRING)
  return outcome
}
