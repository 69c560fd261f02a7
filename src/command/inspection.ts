// What is asked about one entry, or done to the thread that runs a shard: MEMORY USAGE and DEBUG.
// [redis-7.0 object.c, debug.c]

import { RDB_CONTENT_BYTES_MAX } from '../base/limits.ts'
import { parseDouble } from '../base/numbers.ts'
import { digestOf } from '../keyspace/digest.ts'
import { encodingName, memoryOfEntry } from '../keyspace/encoding-names.ts'
import { lookup } from '../keyspace/keyspace.ts'
import { entryClock, entryValueLength } from '../memory/entry.ts'
import { RdbContent } from '../rdb/content.ts'
import { sleepFor } from '../ring/bell.ts'
import { DEBUG_COMMAND_WORD } from '../rows/layout.ts'
import { DEBUG_NOT_ALLOWED } from '../wire/admin-replies.ts'
import { NO_SUCH_KEY, OUT_OF_MEMORY } from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import {
  argumentIs,
  concernedSides,
  integerArgument,
  keyArgument,
  speaksRedis7,
  word,
} from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 2
const SAMPLES = word('samples')
const DIGEST_DIGITS = 40

/** MEMORY USAGE key [SAMPLES count]: all is counted, so the number of samples changes nothing. */
export function memoryUsage(call: Call): void {
  for (let index = KEY + 1; index < call.argCount; index += 2) {
    if (index + 1 === call.argCount || !argumentIs(call, index, SAMPLES)) {
      replySyntaxError(call)
      return
    }
    const count = integerArgument(call, index + 1)
    if (Number.isNaN(count)) {
      replyNotInteger(call)
      return
    }
    if (count < 0) {
      replySyntaxError(call)
      return
    }
  }
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) call.reply.nullBulk()
  else call.reply.integer(memoryOfEntry(side.arena, entry))
}

function debugAllowed(call: Call): boolean {
  if (call.side.rows.words[DEBUG_COMMAND_WORD] === 1) return true
  call.reply.error(DEBUG_NOT_ALLOWED)
  return false
}

/** The thread sleeps and holds the shard meanwhile: what a stuck shard looks like. */
export function debugSleep(call: Call): void {
  if (!debugAllowed(call)) return
  const seconds = parseDouble(call.bytes, call.starts[2], call.lengths[2]) ?? 0
  if (seconds > 0) sleepFor(call.side.rows, Math.min(seconds * 1000, SLEEP_MS_MAX))
  call.reply.ok()
}

const SLEEP_MS_MAX = 600_000

/** As far as it is known here: an entry is held once, its address is the shard's own. */
export function debugObject(call: Call): void {
  if (!debugAllowed(call)) return
  const side = keyArgument(call, KEY)
  const entry = lookup(side, call.nowMs)
  if (entry === 0) {
    call.reply.error(NO_SUCH_KEY)
    return
  }
  const { arena } = side
  call.reply.simple(
    `Value at:0x${(entry >>> 0).toString(16)} refcount:1 ` +
      `encoding:${encodingName(arena, entry, speaksRedis7(call))} ` +
      `serializedlength:${entryValueLength(arena, entry)} lru:${entryClock(arena, entry)} ` +
      'lru_seconds_idle:0',
  )
}

/** As Redis a status of 40 digits, but of our own making: only ckv's can be compared. */
export function debugDigest(call: Call): void {
  if (!debugAllowed(call)) return
  const content = new RdbContent(RDB_CONTENT_BYTES_MAX)
  const arenas = concernedSides(call).map(({ arena }) => arena)
  const digest = digestOf(arenas, content)
  if (digest === '') call.reply.error(OUT_OF_MEMORY)
  else call.reply.simple(digest.padStart(DIGEST_DIGITS, '0'))
}
