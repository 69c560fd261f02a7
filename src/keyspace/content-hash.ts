// Hashes as content and in payloads.

import type { Arena } from '../memory/arena.ts'
import { isLargeCollection } from '../memory/collection.ts'
import { entryValueStart } from '../memory/entry.ts'
import { HashWalk, hashCount } from '../memory/hash.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import { packedByteLength } from '../memory/packed.ts'
import { span } from '../memory/span.ts'
import type { RdbContent } from '../rdb/content.ts'
import { TYPE_HASH, TYPE_HASH_LISTPACK } from '../rdb/layout.ts'
import type { RdbWriter } from '../rdb/writer.ts'

const walk = new HashWalk()

export function collectHash(arena: Arena, entry: number, content: RdbContent): boolean {
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showField()
    if (!content.add(span.bytes, span.start, span.length)) return false
    walk.showValue()
    if (!content.add(span.bytes, span.start, span.length)) return false
  }
  return true
}

/** A packed hash goes as it lies: it is Redis's listpack. */
export function dumpHash(arena: Arena, entry: number, writer: RdbWriter): void {
  if (!isLargeCollection(arena, entry)) {
    const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    const start = entryValueStart(arena, entry)
    writer.writeType(TYPE_HASH_LISTPACK)
    writer.writeBlob(bytes, start, packedByteLength(bytes, start))
    return
  }
  writer.writeType(TYPE_HASH)
  writer.writeLength(hashCount(arena, entry))
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showField()
    writer.writeString(span.bytes, span.start, span.length)
    walk.showValue()
    writer.writeString(span.bytes, span.start, span.length)
  }
}
