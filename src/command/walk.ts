// Walking through a database and writing the keys that are wanted as bulks, for KEYS, SCAN and
// CLUSTER GETKEYSINSLOT. A logically expired key is hidden here, not removed: removing would move
// entries of the page that is being read.
//
// How many keys there will be is known only at the end, but stands in front:
//
//   | room for the heads | bulk | bulk | … |      the heads are written into their room, then the
//   | heads | bulk | bulk | … |                   bulks move down to them

import type { Glob } from '../base/glob.ts'
import { matchGlob } from '../base/glob.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryScan, results } from '../memory/dictionary-walk.ts'
import { entryExpiry, entryKeyLength, entryKeyStart, entryType } from '../memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from '../memory/layout.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import type { Call } from './call.ts'

/** Any type of value. */
export const EVERY_TYPE = -1
/** No value at all has this type. */
export const NO_TYPE = -2

/** Room for the heads; the writer itself asks for up to 64 bytes in front of each. */
const HEADS_BYTES = 128

/** Leaves room for heads in front of the bulks that follow. Returns where. */
export function openList(reply: ReplyWriter): number {
  const start = reply.position
  reply.reserve(HEADS_BYTES)
  return start
}

/** Goes back to the room for the heads; the caller writes them, then calls closeList. */
export function beginHeads(reply: ReplyWriter, start: number): number {
  const end = reply.position
  reply.position = start
  return end
}

/** Moves the bulks, which end at `end`, down to the heads. */
export function closeList(reply: ReplyWriter, start: number, end: number): void {
  const heads = reply.position
  const bulks = start + HEADS_BYTES
  reply.bytes.copyWithin(heads, bulks, end)
  reply.position = heads + (end - bulks)
}

/** What a walk looks for; one a thread, filled by each command. */
export class WalkFilter {
  glob: Glob | undefined = undefined
  type = EVERY_TYPE
  /** Only keys for which it is true; undefined: all. */
  keyTest: ((bytes: Uint8Array, start: number, length: number) => boolean) | undefined = undefined
  /** Keys written, seen, and at most to be written; set by the command before the walk. */
  written = 0
  seen = 0
  writtenMax = Infinity

  reset(): void {
    this.glob = undefined
    this.type = EVERY_TYPE
    this.keyTest = undefined
    this.written = 0
    this.seen = 0
    this.writtenMax = Infinity
  }
}

/** One page from `cursor` on: writes the wanted keys. Returns the next cursor, 0 = end. */
export function walkPage(call: Call, side: ShardSide, cursor: number, filter: WalkFilter): number {
  const { arena } = side
  const next = dictionaryScan(arena, databaseRoot(arena, call.database), cursor)
  const found = arena.resultCount
  filter.seen += found
  for (let index = 0; index < found && filter.written < filter.writtenMax; index++) {
    const entry = results[index]
    const expiryMs = entryExpiry(arena, entry)
    if (expiryMs !== NO_EXPIRY && expiryMs <= call.nowMs) continue
    if (filter.type !== EVERY_TYPE && entryType(arena, entry) !== filter.type) continue
    const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    const start = entryKeyStart(arena, entry)
    const length = entryKeyLength(arena, entry)
    if (filter.glob !== undefined && !matchGlob(filter.glob, bytes, start, length)) continue
    if (filter.keyTest !== undefined && !filter.keyTest(bytes, start, length)) continue
    call.reply.bulk(bytes, start, length)
    filter.written++
  }
  return next
}
