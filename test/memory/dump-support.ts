// Taking the blobs of packed values out of a payload of DUMP. [redis-7.0 rdb.c]

import type { RedisServer } from '../support/redis.ts'

const TYPE_QUICKLIST_2 = 18
const NODE_PACKED = 2
/** Version and checksum. */
const FOOTER_BYTES = 10

/** The payload's bytes: the client reads replies as latin1. */
export async function dumpOf(server: RedisServer, key: string): Promise<Buffer> {
  const [reply] = await server.pipeline([['DUMP', key]])
  if (typeof reply !== 'string') throw new Error(`no dump of ${key}: ${JSON.stringify(reply)}`)
  return Buffer.from(reply, 'latin1')
}

/** Uncompressed blobs of a value of the type: one, or one for each node of a list. */
export function dumpBlobs(dump: Buffer, type: number): Buffer[] {
  if (dump[0] !== type) throw new Error(`type ${dump[0]}`)
  const reader = { dump, at: 1 }
  if (type !== TYPE_QUICKLIST_2) return [readBlob(reader)]
  const blobs: Buffer[] = []
  for (let left = readLength(reader); left > 0; left--) {
    if (readLength(reader) !== NODE_PACKED) throw new Error('a node that is not packed')
    blobs.push(readBlob(reader))
  }
  if (reader.at !== dump.length - FOOTER_BYTES) throw new Error('more than the nodes')
  return blobs
}

function readBlob(reader: { dump: Buffer; at: number }): Buffer {
  const length = readLength(reader)
  reader.at += length
  return reader.dump.subarray(reader.at - length, reader.at)
}

function readLength(reader: { dump: Buffer; at: number }): number {
  const first = reader.dump[reader.at++]
  if (first < 0x40) return first
  if (first < 0x80) return ((first & 0x3f) << 8) | reader.dump[reader.at++]
  if (first !== 0x80) throw new Error(`a length of the kind ${first}`)
  reader.at += 4
  return reader.dump.readUInt32BE(reader.at - 4)
}
