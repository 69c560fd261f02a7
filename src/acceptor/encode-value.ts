// A tree of plain values -> RESP2 or RESP3, for the cold replies that are built as trees (COMMAND,
// CKV SHARDS). On the acceptor.

import type { ReplyTree } from '../catalog/reply-tree.ts'
import type { ReplyWriter } from '../wire/encoder.ts'

/** Writes one whole reply. The depth is the tree's own, which is ours, not a client's. */
export function encodeValue(reply: ReplyWriter, value: ReplyTree): void {
  if (value === null) reply.nullBulk()
  else if (typeof value === 'number') reply.integer(value)
  else if (typeof value === 'string') reply.bulkText(value)
  else if (value instanceof Uint8Array) reply.bulk(value, 0, value.length)
  else if (value.kind === 'simple') reply.simple(value.text)
  else if (value.kind === 'map') encodeMap(reply, value.entries)
  else {
    if (value.kind === 'set') reply.setHeader(value.items.length)
    else reply.arrayHeader(value.items.length)
    for (const item of value.items) encodeValue(reply, item)
  }
}

function encodeMap(reply: ReplyWriter, entries: readonly (readonly [string, ReplyTree])[]): void {
  reply.mapHeader(entries.length)
  for (const [name, value] of entries) {
    reply.bulkText(name)
    encodeValue(reply, value)
  }
}
