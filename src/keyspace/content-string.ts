// Strings as content and in payloads.

import type { Arena } from '../memory/arena.ts'
import { entryIsChunked, entryValueLength, entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import { copyValueOut, valueSpan } from '../memory/value.ts'
import type { RdbContent } from '../rdb/content.ts'
import { TYPE_STRING } from '../rdb/layout.ts'
import type { RdbWriter } from '../rdb/writer.ts'

export function collectString(arena: Arena, entry: number, content: RdbContent): boolean {
  const length = entryValueLength(arena, entry)
  const at = content.place(length)
  if (at < 0) return false
  copyValueOut(arena, entry, 0, length, content.bytes, at)
  return true
}

export function dumpString(arena: Arena, entry: number, writer: RdbWriter): void {
  writer.writeType(TYPE_STRING)
  const length = entryValueLength(arena, entry)
  if (!entryIsChunked(arena, entry)) {
    writer.writeString(arena.bytes[entry >>> SEGMENT_SHIFT], entryValueStart(arena, entry), length)
    return
  }
  writer.writeLength(length)
  for (let done = 0; done < length; done += arena.spanLength) {
    valueSpan(arena, entry, done)
    writer.writeRaw(arena.bytes[arena.spanSegment], arena.spanByte, arena.spanLength)
  }
}
