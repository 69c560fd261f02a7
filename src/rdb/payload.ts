// A DUMP payload into its content. [redis-7.0 cluster.c verifyDumpPayload, rdb.c rdbLoadObject]

import { writeCrc64 } from '../base/crc64.ts'
import { BodyReader } from './body-reader.ts'
import {
  CONTENT_HASH,
  CONTENT_LIST,
  CONTENT_SET,
  CONTENT_STRING,
  CONTENT_ZSET,
  RdbContent,
} from './content.ts'
import { readIntset } from './intset.ts'
import {
  FOOTER_BYTES,
  FOOTER_CRC_BYTES,
  NODE_PACKED,
  NODE_PLAIN,
  RDB_VERSION,
  TYPE_HASH,
  TYPE_HASH_LISTPACK,
  TYPE_HASH_ZIPLIST,
  TYPE_LIST,
  TYPE_LIST_QUICKLIST,
  TYPE_LIST_QUICKLIST_2,
  TYPE_LIST_ZIPLIST,
  TYPE_SET,
  TYPE_SET_INTSET,
  TYPE_STRING,
  TYPE_ZSET,
  TYPE_ZSET_2,
  TYPE_ZSET_LISTPACK,
  TYPE_ZSET_ZIPLIST,
} from './layout.ts'
import { readListpack } from './listpack.ts'
import { readUint16 } from './little-endian.ts'
import { RDB_BAD_DATA, RDB_BAD_PAYLOAD, RDB_READ, RDB_TOO_LARGE } from './outcome.ts'
import { readZiplist } from './ziplist.ts'

type ReadPacked = typeof readListpack

/** What the elements are, by the type byte; undefined: no type that is read. */
const CONTENT_OF_TYPE: readonly (number | undefined)[] = contentOfTypes()

function contentOfTypes(): (number | undefined)[] {
  const contents: (number | undefined)[] = []
  contents[TYPE_STRING] = CONTENT_STRING
  for (const type of [TYPE_LIST, TYPE_LIST_ZIPLIST, TYPE_LIST_QUICKLIST, TYPE_LIST_QUICKLIST_2]) {
    contents[type] = CONTENT_LIST
  }
  for (const type of [TYPE_SET, TYPE_SET_INTSET]) contents[type] = CONTENT_SET
  for (const type of [TYPE_ZSET, TYPE_ZSET_2, TYPE_ZSET_ZIPLIST, TYPE_ZSET_LISTPACK]) {
    contents[type] = CONTENT_ZSET
  }
  for (const type of [TYPE_HASH, TYPE_HASH_ZIPLIST, TYPE_HASH_LISTPACK]) {
    contents[type] = CONTENT_HASH
  }
  return contents
}

export class RdbReader {
  readonly content: RdbContent
  readonly #body = new BodyReader()
  readonly #bytesMax: number

  /** @param bytesMax of a content, at most RDB_CONTENT_BYTES_MAX of base/limits.ts */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.content = new RdbContent(bytesMax)
  }

  /**
   * Reads a payload into `content`, which stays true until the next read, and while `bytes` do: one
   * plain string is not copied. RDB_READ, or what is wrong; then the content means nothing.
   */
  read(bytes: Uint8Array, start: number, length: number): number {
    if (!isPayload(bytes, start, length)) return RDB_BAD_PAYLOAD
    const body = this.#body
    body.reset(bytes, start, start + length - FOOTER_BYTES)
    const type = body.readByte()
    const content = CONTENT_OF_TYPE[type]
    if (content === undefined) return RDB_BAD_DATA
    this.content.reset(content)
    const outcome = this.#readType(type)
    // Nobody needs the payload longer than its content, nor what a node was unpacked to.
    body.reset(NO_BYTES, 0, 0)
    if (outcome !== RDB_READ) return outcome
    return this.content.count > 0 ? RDB_READ : RDB_BAD_DATA
  }

  #readType(type: number): number {
    switch (type) {
      case TYPE_STRING:
        return this.#body.readOnlyString(this.content)
      case TYPE_LIST:
      case TYPE_SET:
        return this.#readStrings(1)
      case TYPE_HASH:
        return this.#readStrings(2)
      case TYPE_ZSET:
      case TYPE_ZSET_2:
        return this.#readScored(type === TYPE_ZSET)
      case TYPE_LIST_QUICKLIST:
        return this.#readNodes(false)
      case TYPE_LIST_QUICKLIST_2:
        return this.#readNodes(true)
      case TYPE_SET_INTSET:
        return this.#readPacked(readIntset)
      case TYPE_HASH_LISTPACK:
      case TYPE_ZSET_LISTPACK:
        return this.#readPacked(readListpack)
      default:
        return this.#readPacked(readZiplist)
    }
  }

  #readStrings(stringsAnElement: number): number {
    const count = this.#body.readCount()
    if (count < 0) return RDB_BAD_DATA
    for (let left = count * stringsAnElement; left > 0; left--) {
      const outcome = this.#body.readString(this.content)
      if (outcome !== RDB_READ) return outcome
    }
    return RDB_READ
  }

  #readScored(isText: boolean): number {
    const count = this.#body.readCount()
    if (count < 0) return RDB_BAD_DATA
    for (let left = count; left > 0; left--) {
      const outcome = this.#body.readString(this.content)
      if (outcome !== RDB_READ) return outcome
      const score = isText ? this.#body.readDoubleText() : this.#body.readDouble()
      if (Number.isNaN(score)) return RDB_BAD_DATA
      if (!this.content.setScore(score)) return RDB_TOO_LARGE
    }
    return RDB_READ
  }

  #readPacked(readEntries: ReadPacked): number {
    const body = this.#body
    const outcome = body.readBlob(this.#bytesMax)
    if (outcome !== RDB_READ) return outcome
    return readEntries(body.blobBytes, body.blobStart, body.blobLength, this.content)
  }

  #readNodes(hasKinds: boolean): number {
    const count = this.#body.readCount()
    if (count < 0) return RDB_BAD_DATA
    for (let left = count; left > 0; left--) {
      const kind = hasKinds ? this.#body.readLength() : NODE_PACKED
      if (kind !== NODE_PLAIN && kind !== NODE_PACKED) return RDB_BAD_DATA
      const outcome =
        kind === NODE_PLAIN
          ? this.#body.readString(this.content)
          : this.#readPacked(hasKinds ? readListpack : readZiplist)
      if (outcome !== RDB_READ) return outcome
    }
    return RDB_READ
  }
}

const NO_BYTES = new Uint8Array(0)
const crcFound = new Uint8Array(FOOTER_CRC_BYTES)

/** Whether the footer's version is known and its checksum right. */
function isPayload(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < FOOTER_BYTES) return false
  const crcAt = start + length - FOOTER_CRC_BYTES
  if (readUint16(bytes, start + length - FOOTER_BYTES) > RDB_VERSION) return false
  writeCrc64(bytes, start, length - FOOTER_CRC_BYTES, crcFound, 0)
  for (let index = 0; index < FOOTER_CRC_BYTES; index++) {
    if (bytes[crcAt + index] !== crcFound[index]) return false
  }
  return true
}
