// KEYS, SCAN, RANDOMKEY. [redis-3.2 db.c; SCAN's TYPE: redis-7.0]

import { compileGlob } from '../base/glob.ts'
import { removeExpired } from '../keyspace/expiry.ts'
import { databaseSize } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryRandom, dictionaryScan, results } from '../memory/dictionary-walk.ts'
import { entryExpiry, entryKeyLength, entryKeyStart } from '../memory/entry.ts'
import {
  NO_EXPIRY,
  SEGMENT_SHIFT,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  TYPE_ZSET,
} from '../memory/layout.ts'
import { INVALID_CURSOR } from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, concernedSides, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'
import { hashCursorOf, NO_CURSOR, nextScanCursor, parseScanCursor } from './scan-cursor.ts'
import { beginHeads, closeList, NO_TYPE, openList, WalkFilter, walkPage } from './walk.ts'

const filter = new WalkFilter()

export function keys(call: Call): void {
  const { reply } = call
  filter.reset()
  filter.glob = compileGlob(call.bytes, call.starts[1], call.lengths[1], false)
  const start = openList(reply)
  for (const side of concernedSides(call)) {
    let cursor = 0
    do cursor = walkPage(call, side, cursor, filter)
    while (cursor !== 0 && !reply.overflowed)
  }
  if (reply.overflowed) return
  const end = beginHeads(reply, start)
  reply.arrayHeader(filter.written)
  closeList(reply, start, end)
}

// ── SCAN ─────────────────────────────────────────────────────────────────────────────────────

const COUNT = word('count')
const MATCH = word('match')
const TYPE = word('type')
const TYPE_NAMES: readonly { readonly letters: Uint8Array; readonly type: number }[] = [
  { letters: word('string'), type: TYPE_STRING },
  { letters: word('list'), type: TYPE_LIST },
  { letters: word('set'), type: TYPE_SET },
  { letters: word('zset'), type: TYPE_ZSET },
  { letters: word('hash'), type: TYPE_HASH },
]
const COUNT_DEFAULT = 10
const COUNT_REFUSED = -1

export function scan(call: Call): void {
  const { reply, side, shardCount } = call
  const cursor = parseScanCursor(call.bytes, call.starts[1], call.lengths[1], shardCount)
  if (cursor === NO_CURSOR) {
    reply.error(INVALID_CURSOR)
    return
  }
  filter.reset()
  const count = parseScanOptions(call)
  if (count === COUNT_REFUSED) return
  const start = openList(reply)
  let hashCursor = hashCursorOf(cursor)
  do hashCursor = walkPage(call, side, hashCursor, filter)
  while (hashCursor !== 0 && filter.seen < count && !reply.overflowed)
  if (reply.overflowed) return
  const end = beginHeads(reply, start)
  reply.arrayHeader(2)
  reply.bulkInteger(nextScanCursor(side.shard, hashCursor, shardCount))
  reply.arrayHeader(filter.written)
  closeList(reply, start, end)
}

/** Fills the filter; returns COUNT, or COUNT_REFUSED: an error was answered. */
function parseScanOptions(call: Call): number {
  let count = COUNT_DEFAULT
  for (let index = 2; index < call.argCount; index += 2) {
    const value = index + 1
    const known = argumentIs(call, index, COUNT)
      ? COUNT
      : argumentIs(call, index, MATCH)
        ? MATCH
        : argumentIs(call, index, TYPE)
          ? TYPE
          : undefined
    if (known === undefined || value === call.argCount) {
      replySyntaxError(call)
      return COUNT_REFUSED
    }
    if (known === MATCH) {
      filter.glob = compileGlob(call.bytes, call.starts[value], call.lengths[value], false)
    } else if (known === TYPE) {
      const named = TYPE_NAMES.find(({ letters }) => argumentIs(call, value, letters))
      filter.type = named === undefined ? NO_TYPE : named.type
    } else {
      count = roughInteger(call, value)
      if (Number.isNaN(count)) replyNotInteger(call)
      else if (count < 1) replySyntaxError(call)
      if (!(count >= 1)) return COUNT_REFUSED
    }
  }
  return count
}

// ── RANDOMKEY ────────────────────────────────────────────────────────────────────────────────

/** Draws that may meet expired keys which cannot be removed, before any other key is taken. */
const DRAWS_MAX = 100

export function randomkey(call: Call): void {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const side = drawSide(call)
    if (side === undefined) break
    const { arena } = side
    const entry = dictionaryRandom(arena, databaseRoot(arena, call.database), call.random)
    if (isLive(call, side, entry)) {
      replyKey(call, side, entry)
      return
    }
    removeExpired(side, call.database, entry, call.nowMs)
  }
  replyAnyLiveKey(call)
}

/** A side, each as likely as it has keys; undefined: none has any. */
function drawSide(call: Call): ShardSide | undefined {
  const sides = concernedSides(call)
  let total = 0
  for (const side of sides) total += databaseSize(side, call.database)
  if (total === 0) return undefined
  let left = call.random.below(total)
  for (const side of sides) {
    const size = databaseSize(side, call.database)
    if (left < size) return side
    left -= size
  }
  return undefined
}

function isLive(call: Call, side: ShardSide, entry: number): boolean {
  const expiryMs = entryExpiry(side.arena, entry)
  return expiryMs === NO_EXPIRY || expiryMs > call.nowMs
}

function replyKey(call: Call, side: ShardSide, entry: number): void {
  const { arena } = side
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  call.reply.bulk(bytes, entryKeyStart(arena, entry), entryKeyLength(arena, entry))
}

/** Where nearly all keys are expired and cannot be removed: the first one that is not. */
function replyAnyLiveKey(call: Call): void {
  for (const side of concernedSides(call)) {
    const { arena } = side
    let cursor = 0
    do {
      cursor = dictionaryScan(arena, databaseRoot(arena, call.database), cursor)
      for (let index = 0; index < arena.resultCount; index++) {
        if (!isLive(call, side, results[index])) continue
        replyKey(call, side, results[index])
        return
      }
    } while (cursor !== 0)
  }
  call.reply.nullBulk()
}
