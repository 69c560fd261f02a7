// Sorted sets as content and in payloads.

import type { Arena } from '../memory/arena.ts'
import { isLargeCollection } from '../memory/collection.ts'
import { entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import { packedByteLength } from '../memory/packed.ts'
import { span } from '../memory/span.ts'
import { ZsetWalk, zsetCount } from '../memory/zset.ts'
import type { RdbContent } from '../rdb/content.ts'
import { TYPE_ZSET_2, TYPE_ZSET_LISTPACK } from '../rdb/layout.ts'
import type { RdbWriter } from '../rdb/writer.ts'

const walk = new ZsetWalk()

/** In order. */
export function collectZset(arena: Arena, entry: number, content: RdbContent): boolean {
  walk.begin(arena, entry)
  while (walk.next()) {
    const score = walk.score()
    walk.showMember()
    if (!content.add(span.bytes, span.start, span.length)) return false
    if (!content.setScore(score)) return false
  }
  return true
}

/** A packed set goes as it lies: it is Redis's listpack. Of a large one the highest member comes
 * first. [redis-7.0 rdb.c rdbSaveObject] */
export function dumpZset(arena: Arena, entry: number, writer: RdbWriter): void {
  if (!isLargeCollection(arena, entry)) {
    const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    const start = entryValueStart(arena, entry)
    writer.writeType(TYPE_ZSET_LISTPACK)
    writer.writeBlob(bytes, start, packedByteLength(bytes, start))
    return
  }
  const count = zsetCount(arena, entry)
  writer.writeType(TYPE_ZSET_2)
  writer.writeLength(count)
  walk.begin(arena, entry, count - 1, true)
  while (walk.next()) {
    const score = walk.score()
    walk.showMember()
    writer.writeString(span.bytes, span.start, span.length)
    writer.writeDouble(score)
  }
}
