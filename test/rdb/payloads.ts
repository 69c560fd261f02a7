// Payloads for tests: what one holds as plain values, values that try every form, and the packed
// form that Redis 7.0 reads but no longer writes.

import { writeCrc64 } from '../../src/base/crc64.ts'
import type { Random } from '../../src/base/random.ts'
import type { RdbContent } from '../../src/rdb/content.ts'
import { FOOTER_BYTES, RDB_VERSION } from '../../src/rdb/layout.ts'

export interface Plain {
  /** Each byte a character. */
  elements: string[]
  scores: number[]
}

export function plainOf(content: RdbContent): Plain {
  const bytes = Buffer.from(content.bytes.buffer, content.bytes.byteOffset, content.bytes.length)
  const elements = Array.from({ length: content.count }, (_, index) => {
    const start = content.starts[index]
    return bytes.toString('latin1', start, start + content.lengths[index])
  })
  return { elements, scores: Array.from(content.scores.subarray(0, content.count)) }
}

export function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Version and checksum behind type and body. */
export function withFooter(type: number, ...body: Uint8Array[]): Buffer {
  const payload = Buffer.concat([Buffer.from([type]), ...body, Buffer.alloc(FOOTER_BYTES)])
  payload.writeUInt16LE(RDB_VERSION, payload.length - FOOTER_BYTES)
  return withChecksum(payload)
}

/** The same with its checksum made right. */
export function withChecksum(payload: Buffer): Buffer {
  writeCrc64(payload, 0, payload.length - 8, payload, payload.length - 8)
  return payload
}

/** A string as it is, its length in 32 bits. */
export function blob(bytes: Uint8Array): Buffer {
  const head = Buffer.from([0x80, 0, 0, 0, 0])
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const EDGES = [0, 1, 12, 13, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 8388607, 8388608]
const LENGTHS = [0, 1, 5, 11, 12, 20, 21, 62, 63, 64, 65, 127, 128, 4095, 4096]
const LONG_LENGTHS = [16_382, 16_383, 16_384, 20_000, 70_000]

function edgeInteger(random: Random): string {
  const sign = random.below(2) === 0 ? -1n : 1n
  if (random.below(2) === 0) {
    return String(sign * BigInt(EDGES[random.below(EDGES.length)]) + BigInt(random.below(3)) - 1n)
  }
  const size = sign * 2n ** BigInt(random.below(64)) + BigInt(random.below(3)) - 1n
  return String(BigInt.asIntN(64, size))
}

/** An integer, a text that compresses well, or bytes that do not. */
export function someElement(random: Random, isLong: boolean): string {
  const kind = random.below(5)
  if (kind < 2) return edgeInteger(random)
  const lengths = isLong ? LONG_LENGTHS : LENGTHS
  const length = lengths[random.below(lengths.length)]
  if (kind === 2) return `${edgeInteger(random)}|`.repeat(length).slice(0, length)
  return Buffer.from(Array.from({ length }, () => random.below(256))).toString('latin1')
}

/** Different ones. */
export function someElements(random: Random, count: number): string[] {
  const elements = new Set<string>()
  while (elements.size < count) elements.add(someElement(random, random.below(40) === 0))
  return [...elements]
}

/** As Redis before 7.0 kept short lists, hashes and sorted sets. */
export function ziplist(entries: readonly string[]): Buffer {
  const pieces = [Buffer.alloc(10)]
  let before = 0
  let last = 10
  let total = 10
  for (const entry of entries) {
    const head = Buffer.from(before < 254 ? [before] : [0xfe, 0, 0, 0, 0])
    if (before >= 254) head.writeUInt32LE(before, 1)
    const piece = Buffer.concat([head, ziplistEntry(entry)])
    pieces.push(piece)
    last = total
    before = piece.length
    total += before
  }
  pieces.push(Buffer.from([0xff]))
  const bytes = Buffer.concat(pieces)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt32LE(last, 4)
  bytes.writeUInt16LE(Math.min(entries.length, 0xffff), 8)
  return bytes
}

function ziplistEntry(entry: string): Buffer {
  if (/^(0|-?[1-9]\d{0,18})$/.test(entry) && BigInt.asIntN(64, BigInt(entry)) === BigInt(entry)) {
    return ziplistInteger(BigInt(entry))
  }
  const bytes = latin(entry)
  const { length } = bytes
  if (length < 0x40) return Buffer.concat([Buffer.from([length]), bytes])
  if (length < 0x4000) return Buffer.concat([Buffer.from([0x40 | (length >> 8), length]), bytes])
  return blob(bytes)
}

function ziplistInteger(value: bigint): Buffer {
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)])
  const forms: [number, number][] = [
    [0xfe, 1],
    [0xc0, 2],
    [0xf0, 3],
    [0xd0, 4],
    [0xe0, 8],
  ]
  for (const [form, size] of forms) {
    if (BigInt.asIntN(size * 8, value) !== value) continue
    const bytes = Buffer.alloc(9)
    bytes.writeBigInt64LE(value, 1)
    bytes[0] = form
    return bytes.subarray(0, size + 1)
  }
  throw new Error(`${value} has more than 64 bits`)
}
