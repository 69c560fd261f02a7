// The holder's end of a reply ring: one record with the replies to one request record.
// Drawing in layout.ts. Replies larger than a quarter of the ring go to pool chunks.

import { copyBytes } from '../base/copy.ts'
import { REPLY_CHUNKED, REPLY_HEADER_WORDS, WRAP_MARK } from './layout.ts'
import { CHUNK_BYTES, type ChunkPool } from './pool.ts'
import { scatterBytes } from './requests.ts'
import { advanceTail, freeBytes, NO_ROOM, type Ring, reserve } from './ring.ts'

const LOW_WORD = 0x1_0000_0000
/** Room for short replies besides a record of a quarter of the ring. */
const REPLY_ROOM_BYTES = 2048

/** The replies to one request record while they are being encoded; reused for every record. */
export class ReplySheet {
  slot = 0
  generation = 0
  flags = 0
  count = 0
  sequences = new Int32Array(256)
  lengths = new Int32Array(256)

  start(slot: number, generation: number): void {
    this.slot = slot
    this.generation = generation
    this.flags = 0
    this.count = 0
  }

  add(sequence: number, byteLength: number): void {
    if (this.count === this.sequences.length) this.#grow()
    this.sequences[this.count] = sequence
    this.lengths[this.count++] = byteLength
  }

  #grow(): void {
    const sequences = new Int32Array(this.count * 2)
    const lengths = new Int32Array(this.count * 2)
    sequences.set(this.sequences)
    lengths.set(this.lengths)
    this.sequences = sequences
    this.lengths = lengths
  }
}

/**
 * A request is begun only while no more than this waits in the reply ring of `ringBytes`. Whoever
 * finds more leaves the request; the acceptor announces it when it has given room back (model:
 * test/models/room.pml).
 */
export function replyFillMax(ringBytes: number): number {
  return ringBytes - (ringBytes >> 2) - REPLY_ROOM_BYTES
}

/** Holder: may another request be begun? Looks at the consumer's head only when it matters. */
export function hasReplyRoom(ring: Ring): boolean {
  const fillMax = replyFillMax(ring.byteLength)
  return ((ring.tail - ring.head) | 0) <= fillMax || ring.byteLength - freeBytes(ring) <= fillMax
}

/** Largest run of reply bytes that one record may put into the pool: a quarter of it. */
export function partBytesMax(pool: ChunkPool): number {
  return Math.max(1, pool.chunkCount >> 2) * CHUNK_BYTES
}

/**
 * Writes the record behind the ring's own tail (visible with `publish`). `bytes[start..]` holds the
 * replies back to back. False: neither the ring nor the pool has room, nothing changed; always so
 * for more than partBytesMax, which go in parts (executor/backlog.ts).
 */
export function writeReplies(
  ring: Ring,
  pool: ChunkPool,
  sheet: ReplySheet,
  lsn: number,
  bytes: Uint8Array,
  start: number,
  byteLength: number,
): boolean {
  const headBytes = (REPLY_HEADER_WORDS + sheet.count * 2) * 4
  const recordBytes = (headBytes + byteLength + 3) & ~3
  if (recordBytes > ring.byteLength >> 2) {
    return writeChunkedReplies(ring, pool, sheet, lsn, bytes, start, byteLength)
  }
  const position = reserve(ring, recordBytes)
  if (position === NO_ROOM) return false
  writeHead(ring, position, recordBytes, sheet, lsn, byteLength)
  copyBytes(bytes, start, ring.bytes, position + headBytes, byteLength)
  advanceTail(ring, recordBytes)
  return true
}

function writeHead(
  ring: Ring,
  position: number,
  recordBytes: number,
  sheet: ReplySheet,
  lsn: number,
  byteLength: number,
): void {
  const words = ring.words
  let word = position >> 2
  words[word] = recordBytes
  words[word + 1] = sheet.slot
  words[word + 2] = sheet.generation
  words[word + 3] = sheet.count | (sheet.flags << 16)
  words[word + 4] = (lsn % LOW_WORD) | 0
  words[word + 5] = (lsn / LOW_WORD) | 0
  words[word + 6] = byteLength
  word += REPLY_HEADER_WORDS
  for (let index = 0; index < sheet.count; index++) {
    words[word++] = sheet.sequences[index]
    words[word++] = sheet.lengths[index]
  }
}

const chunksInHand: number[] = []

function writeChunkedReplies(
  ring: Ring,
  pool: ChunkPool,
  sheet: ReplySheet,
  lsn: number,
  bytes: Uint8Array,
  start: number,
  byteLength: number,
): boolean {
  if (byteLength > partBytesMax(pool) || !pool.take(byteLength, chunksInHand)) return false
  const headWords = REPLY_HEADER_WORDS + sheet.count * 2
  const recordBytes = (headWords + 1 + chunksInHand.length) * 4
  const position = reserve(ring, recordBytes)
  if (position === NO_ROOM) {
    for (const chunk of chunksInHand) pool.release(chunk)
    return false
  }
  scatterBytes(pool, chunksInHand, 0, bytes, start, byteLength)
  sheet.flags |= REPLY_CHUNKED
  writeHead(ring, position, recordBytes, sheet, lsn, byteLength)
  const word = (position >> 2) + headWords
  ring.words[word] = chunksInHand.length
  for (let index = 0; index < chunksInHand.length; index++) {
    ring.words[word + 1 + index] = chunksInHand[index]
  }
  advanceTail(ring, recordBytes)
  return true
}

/** LSN that the replies of the record at `position` depend on. */
export function replyLsn(ring: Ring, position: number): number {
  const word = position >> 2
  return (ring.words[word + 4] >>> 0) + ring.words[word + 5] * LOW_WORD
}

/** Gives back the chunks of records [from, to) that were written but will never be published. */
export function releaseReplyChunks(ring: Ring, pool: ChunkPool, from: number, to: number): void {
  const words = ring.words
  for (let cursor = from; cursor !== to; ) {
    const position = cursor & ring.mask
    const word = position >> 2
    if (words[word] === WRAP_MARK) {
      cursor = (cursor + ring.byteLength - position) | 0
      continue
    }
    if (((words[word + 3] >>> 16) & REPLY_CHUNKED) !== 0) {
      const list = word + REPLY_HEADER_WORDS + (words[word + 3] & 0xffff) * 2
      for (let index = 1; index <= words[list]; index++) pool.release(words[list + index])
    }
    cursor = (cursor + words[word]) | 0
  }
}
