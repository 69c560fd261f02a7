// Sets as content and in payloads.

import type { Arena } from '../memory/arena.ts'
import { entryEncoding, entryValueStart } from '../memory/entry.ts'
import { integerSetByteLength } from '../memory/integer-set.ts'
import { COLLECTION_INTEGERS, SEGMENT_SHIFT } from '../memory/layout.ts'
import { SetWalk, setCount } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import type { RdbContent } from '../rdb/content.ts'
import { TYPE_SET, TYPE_SET_INTSET } from '../rdb/layout.ts'
import type { RdbWriter } from '../rdb/writer.ts'

const walk = new SetWalk()

export function collectSet(arena: Arena, entry: number, content: RdbContent): boolean {
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showMember()
    if (!content.add(span.bytes, span.start, span.length)) return false
  }
  return true
}

/** Integers go as they lie; of other packed sets Redis 7.0 knows nothing. */
export function dumpSet(arena: Arena, entry: number, writer: RdbWriter): void {
  if (entryEncoding(arena, entry) === COLLECTION_INTEGERS) {
    const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    const start = entryValueStart(arena, entry)
    writer.writeType(TYPE_SET_INTSET)
    writer.writeBlob(bytes, start, integerSetByteLength(bytes, start))
    return
  }
  writer.writeType(TYPE_SET)
  writer.writeLength(setCount(arena, entry))
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showMember()
    writer.writeString(span.bytes, span.start, span.length)
  }
}
