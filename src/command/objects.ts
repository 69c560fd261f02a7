// OBJECT ENCODING REFCOUNT IDLETIME FREQ: how a value lies. None of them marks the key as used.
// [redis-7.0 object.c]

import { parseInt64 } from '../base/numbers.ts'
import { frequency, idleMs } from '../keyspace/access.ts'
import { encodingName } from '../keyspace/encoding-names.ts'
import { lookupUntouched } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { entryType, entryValueLength, entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT, TYPE_STRING } from '../memory/layout.ts'
import { FREQUENCY_NOT_TRACKED, IDLE_TIME_NOT_TRACKED } from '../wire/replies.ts'
import { keyArgument, speaksRedis7 } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 2
const SECOND_MS = 1000
/** Redis shares the small integers between all keys. */
const SHARED_INTEGERS = 10_000n
const SHARED_REFERENCES = 2_147_483_647
const SHARED_TEXT_BYTES_MAX = 4

/** The key's entry; 0: it is not there, which was answered. */
function find(call: Call, side: ShardSide): number {
  const entry = lookupUntouched(side, call.nowMs)
  if (entry === 0) call.reply.nullBulk()
  return entry
}

export function objectEncoding(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = find(call, side)
  if (entry !== 0) call.reply.bulkText(encodingName(side.arena, entry, speaksRedis7(call)))
}

export function objectRefcount(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = find(call, side)
  if (entry !== 0) call.reply.integer(isShared(side, entry) ? SHARED_REFERENCES : 1)
}

function isShared({ arena }: ShardSide, entry: number): boolean {
  if (entryType(arena, entry) !== TYPE_STRING) return false
  const length = entryValueLength(arena, entry)
  if (length > SHARED_TEXT_BYTES_MAX) return false
  const start = entryValueStart(arena, entry)
  const value = parseInt64(arena.bytes[entry >>> SEGMENT_SHIFT], start, length)
  return value !== undefined && value >= 0n && value < SHARED_INTEGERS
}

/** In whole seconds. */
export function objectIdletime(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = find(call, side)
  if (entry === 0) return
  if (side.countsUses) call.reply.error(IDLE_TIME_NOT_TRACKED)
  else call.reply.integer(Math.floor(idleMs(side, entry, call.nowMs) / SECOND_MS))
}

export function objectFreq(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = find(call, side)
  if (entry === 0) return
  if (side.countsUses) call.reply.integer(frequency(side, entry, call.nowMs))
  else call.reply.error(FREQUENCY_NOT_TRACKED)
}
