// DUMP and RESTORE: values as Redis 7.0's payloads. [redis-7.0 cluster.c]

import { RDB_CONTENT_BYTES_MAX } from '../base/limits.ts'
import { setFrequency, setIdleMs } from '../keyspace/access.ts'
import { dumpEntry, storeContent } from '../keyspace/content.ts'
import { hasDuplicates } from '../keyspace/duplicates.ts'
import { keyDelete } from '../keyspace/effects.ts'
import { lookup, lookupRead, lookupUntouched } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { CONTENT_STRING, type RdbContent } from '../rdb/content.ts'
import { RDB_BAD_PAYLOAD, RDB_READ, RDB_TOO_LARGE } from '../rdb/outcome.ts'
import { RdbReader } from '../rdb/payload.ts'
import { RdbWriter } from '../rdb/writer.ts'
import * as replies from '../wire/replies.ts'
import { lengthAllowed, replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 1
const TTL = 2
const PAYLOAD = 3
const FIRST_OPTION = 4
const REPLACE = word('replace')
const ABSOLUTE = word('absttl')
const IDLE_TIME = word('idletime')
const FREQUENCY = word('freq')
const FREQUENCY_MAX = 255
const SECOND_MS = 1000

const writer = new RdbWriter(RDB_CONTENT_BYTES_MAX)
const reader = new RdbReader(RDB_CONTENT_BYTES_MAX)

export function dump(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  writer.reset()
  dumpEntry(side.arena, entry, writer)
  if (writer.finish()) call.reply.bulk(writer.bytes, 0, writer.length)
  else call.reply.error(replies.OUT_OF_MEMORY)
  writer.reset()
}

/** What RESTORE's options say, of the command that runs. */
const options = { replaces: false, absolute: false, idleSeconds: -1, frequency: -1 }

export function restore(call: Call): void {
  if (!parseOptions(call)) return
  const side = keyArgument(call, KEY)
  if (!options.replaces && lookup(side, call.nowMs) !== 0) {
    call.reply.error(replies.BUSY_KEY)
    return
  }
  const ttlMs = roughInteger(call, TTL)
  if (Number.isNaN(ttlMs)) {
    replyNotInteger(call)
  } else if (ttlMs < 0) {
    call.reply.error(replies.INVALID_TTL)
  } else if (readPayload(call, side)) {
    finish(call, side, expiryOf(call, ttlMs))
    // Gives large buffers back.
    reader.content.reset(CONTENT_STRING)
  }
}

/** False: an error was answered. */
function parseOptions(call: Call): boolean {
  options.replaces = false
  options.absolute = false
  options.idleSeconds = -1
  options.frequency = -1
  for (let index = FIRST_OPTION; index < call.argCount; index++) {
    const hasValue = index + 1 < call.argCount
    if (argumentIs(call, index, REPLACE)) {
      options.replaces = true
    } else if (argumentIs(call, index, ABSOLUTE)) {
      options.absolute = true
    } else if (argumentIs(call, index, IDLE_TIME) && hasValue && options.frequency === -1) {
      options.idleSeconds = optionValue(call, ++index, Infinity, replies.INVALID_IDLE_TIME)
      if (options.idleSeconds < 0) return false
    } else if (argumentIs(call, index, FREQUENCY) && hasValue && options.idleSeconds === -1) {
      options.frequency = optionValue(call, ++index, FREQUENCY_MAX, replies.INVALID_FREQUENCY)
      if (options.frequency < 0) return false
    } else {
      replySyntaxError(call)
      return false
    }
  }
  return true
}

/** A number from 0 to `max`; -1: an error was answered. */
function optionValue(call: Call, index: number, max: number, error: Uint8Array): number {
  const value = roughInteger(call, index)
  if (value >= 0 && value <= max) return value
  if (Number.isNaN(value)) replyNotInteger(call)
  else call.reply.error(error)
  return -1
}

/** Makes the payload the reader's content. False: an error was answered. */
function readPayload(call: Call, side: ShardSide): boolean {
  const { content } = reader
  const outcome = reader.read(call.bytes, call.starts[PAYLOAD], call.lengths[PAYLOAD])
  if (outcome === RDB_BAD_PAYLOAD) {
    call.reply.error(replies.DUMP_PAYLOAD_WRONG)
  } else if (outcome === RDB_TOO_LARGE) {
    call.reply.error(replies.OUT_OF_MEMORY)
  } else if (outcome !== RDB_READ || hasDuplicates(side, content)) {
    call.reply.error(replies.BAD_DATA_FORMAT)
  } else {
    return lengthsAllowed(call, content)
  }
  content.reset(CONTENT_STRING)
  return false
}

/** No string, element or field is longer than one that a client may send. */
function lengthsAllowed(call: Call, { count, lengths }: RdbContent): boolean {
  let longest = 0
  for (let index = 0; index < count; index++) longest = Math.max(longest, lengths[index])
  return lengthAllowed(call, longest)
}

function expiryOf(call: Call, ttlMs: number): number {
  if (ttlMs === 0) return NO_EXPIRY
  const expiryMs = options.absolute ? ttlMs : call.nowMs + ttlMs
  return Math.min(expiryMs, Number.MAX_SAFE_INTEGER)
}

/** What IDLETIME or FREQ says, if the clock means that. */
function noteUse(call: Call, side: ShardSide): void {
  const entry = lookupUntouched(side, call.nowMs)
  if (side.countsUses) {
    if (options.frequency >= 0) setFrequency(side, entry, call.nowMs, options.frequency)
  } else if (options.idleSeconds >= 0) {
    setIdleMs(side, entry, call.nowMs, options.idleSeconds * SECOND_MS)
  }
}

/** A value whose time is over already only removes what is there. */
function finish(call: Call, side: ShardSide, expiryMs: number): void {
  if (expiryMs !== NO_EXPIRY && expiryMs <= call.nowMs) {
    if (lookup(side, call.nowMs) === 0 || succeeded(call, keyDelete(side))) call.reply.ok()
    return
  }
  if (!succeeded(call, storeContent(side, reader.content, expiryMs))) return
  noteUse(call, side)
  call.reply.ok()
}
