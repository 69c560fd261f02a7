// How a value lies, in Redis's words (OBJECT ENCODING), and what it takes (MEMORY USAGE).

import { parseInt64 } from '../base/numbers.ts'
import type { Arena } from '../memory/arena.ts'
import { isLargeCollection } from '../memory/collection.ts'
import { entryMemory, entryType, entryValueLength, entryValueStart } from '../memory/entry.ts'
import { hashMemory } from '../memory/hash.ts'
import {
  SEGMENT_SHIFT,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  TYPE_ZSET,
} from '../memory/layout.ts'
import { LIST_ENCODING, listMemory } from '../memory/list.ts'
import { setEncodingName, setMemory } from '../memory/set.ts'
import { zsetMemory } from '../memory/zset.ts'

const INTEGER_TEXT_BYTES_MAX = 20
/** Longer strings have a block of their own in Redis. [redis-7.0 object.c] */
const EMBEDDED_BYTES_MAX = 44

/** @param redis7 7.0's names; else those of 3.2, which had ziplists */
export function encodingName(arena: Arena, entry: number, redis7: boolean): string {
  switch (entryType(arena, entry)) {
    case TYPE_STRING:
      return stringEncoding(arena, entry)
    case TYPE_LIST:
      return LIST_ENCODING
    case TYPE_SET:
      return setEncodingName(arena, entry)
    default:
      if (!isLargeCollection(arena, entry)) return redis7 ? 'listpack' : 'ziplist'
      return entryType(arena, entry) === TYPE_ZSET ? 'skiplist' : 'hashtable'
  }
}

/** By the value alone: how it came to be is not kept. */
function stringEncoding(arena: Arena, entry: number): string {
  const length = entryValueLength(arena, entry)
  if (length > EMBEDDED_BYTES_MAX) return 'raw'
  if (length <= INTEGER_TEXT_BYTES_MAX) {
    const start = entryValueStart(arena, entry)
    const integer = parseInt64(arena.bytes[entry >>> SEGMENT_SHIFT], start, length)
    if (integer !== undefined) return 'int'
  }
  return 'embstr'
}

/** Bytes of all blocks of an entry. */
export function memoryOfEntry(arena: Arena, entry: number): number {
  switch (entryType(arena, entry)) {
    case TYPE_HASH:
      return hashMemory(arena, entry)
    case TYPE_LIST:
      return listMemory(arena, entry)
    case TYPE_SET:
      return setMemory(arena, entry)
    case TYPE_ZSET:
      return zsetMemory(arena, entry)
    default:
      return entryMemory(arena, entry)
  }
}
