// Lists as content and in payloads.

import type { Arena } from '../memory/arena.ts'
import { isLargeCollection, largeRoot } from '../memory/collection.ts'
import { entryValueStart } from '../memory/entry.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import {
  listHead,
  listNodes,
  nodeBytes,
  nodeCount,
  nodeNext,
  nodeStart,
} from '../memory/list-node.ts'
import { placeAt, placeGet, placeNext } from '../memory/list-place.ts'
import { packedByteLength } from '../memory/packed.ts'
import { span } from '../memory/span.ts'
import type { RdbContent } from '../rdb/content.ts'
import { NODE_PACKED, NODE_PLAIN, TYPE_LIST_QUICKLIST_2 } from '../rdb/layout.ts'
import type { RdbWriter } from '../rdb/writer.ts'

export function collectList(arena: Arena, entry: number, content: RdbContent): boolean {
  for (let there = placeAt(arena, entry, 0); there; there = placeNext(arena)) {
    placeGet(arena)
    if (!content.add(span.bytes, span.start, span.length)) return false
  }
  return true
}

/** Nodes go as they lie: they are those of Redis. */
export function dumpList(arena: Arena, entry: number, writer: RdbWriter): void {
  writer.writeType(TYPE_LIST_QUICKLIST_2)
  if (!isLargeCollection(arena, entry)) {
    writer.writeLength(1)
    dumpPacked(arena.bytes[entry >>> SEGMENT_SHIFT], entryValueStart(arena, entry), writer)
    return
  }
  const root = largeRoot(arena, entry)
  writer.writeLength(listNodes(arena, root))
  for (let node = listHead(arena, root); node !== 0; node = nodeNext(arena, node)) {
    const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
    if (nodeCount(arena, node) === 0) {
      writer.writeLength(NODE_PLAIN)
      writer.writeBlob(bytes, nodeStart(node), nodeBytes(arena, node))
    } else {
      dumpPacked(bytes, nodeStart(node), writer)
    }
  }
}

function dumpPacked(bytes: Uint8Array, start: number, writer: RdbWriter): void {
  writer.writeLength(NODE_PACKED)
  writer.writeBlob(bytes, start, packedByteLength(bytes, start))
}
