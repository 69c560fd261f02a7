// The acceptor's end of a request ring: gathers the commands of one receive that go to one shard
// into one record, and publishes it. One object per (acceptor, shard); drawing in layout.ts.

import { copyBytes } from '../base/copy.ts'
import { COMMAND_HEADER_WORDS, REQUEST_CHUNKED, REQUEST_HEADER_WORDS } from './layout.ts'
import { CHUNK_BYTES, type ChunkPool } from './pool.ts'
import { advanceTail, freeBytes, NO_ROOM, publish, type Ring, reserve } from './ring.ts'

const ARGUMENT_COUNT_INLINE_MAX = 0xfffe
const NOT_OPEN = -1

export class RequestWriter {
  readonly ring: Ring
  /** Byte position of the record being gathered, or NOT_OPEN. */
  #position = NOT_OPEN
  #length = 0
  #commandCount = 0
  #slot = 0
  #generation = 0
  #attributes = 0
  /** Records finished since the last publish. */
  #unpublished = false

  constructor(ring: Ring) {
    this.ring = ring
  }

  /**
   * Adds a command. Arguments 1..n-1 are copied; the code stands for argument 0.
   * False: no room, nothing changed; stop reading from that client.
   */
  add(
    slot: number,
    generation: number,
    sequence: number,
    attributes: number,
    code: number,
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    argCount: number,
  ): boolean {
    const byteLength = commandByteLength(starts, lengths, argCount)
    if (!this.#openFor(slot, generation, attributes, byteLength)) return false
    const at = this.#position + this.#length
    const { ring } = this
    writeCommand(
      ring.bytes,
      ring.words,
      at,
      byteLength,
      sequence,
      code,
      bytes,
      starts,
      lengths,
      argCount,
    )
    this.#length += byteLength
    this.#commandCount++
    return true
  }

  #openFor(slot: number, generation: number, attributes: number, byteLength: number): boolean {
    const ring = this.ring
    if (this.#position !== NOT_OPEN) {
      const end = this.#length + byteLength
      const same =
        this.#slot === slot && this.#generation === generation && this.#attributes === attributes
      // At most half a ring: the record with the replies to n commands holds 8 n bytes besides them
      // and has to fit a half too (the least command takes 16 bytes), or it would never leave.
      const whole = end <= ring.byteLength >> 1 && this.#position + end <= ring.byteLength
      if (same && whole && this.#fits(end)) return true
      this.close()
    }
    const position = reserve(ring, REQUEST_HEADER_WORDS * 4 + byteLength)
    if (position === NO_ROOM) return false
    this.#position = position
    this.#length = REQUEST_HEADER_WORDS * 4
    this.#commandCount = 0
    this.#slot = slot
    this.#generation = generation
    this.#attributes = attributes
    return true
  }

  #fits(recordBytes: number): boolean {
    const ring = this.ring
    const used = (ring.tail - ring.head) | 0
    return ring.byteLength - used >= recordBytes || freeBytes(ring) >= recordBytes
  }

  /** Finishes the open record. It becomes visible with `publish`. */
  close(): void {
    if (this.#position === NOT_OPEN) return
    const words = this.ring.words
    const word = this.#position >> 2
    words[word] = this.#length
    words[word + 1] = this.#slot
    words[word + 2] = this.#generation
    words[word + 3] = this.#commandCount
    words[word + 4] = this.#attributes
    advanceTail(this.ring, this.#length)
    this.#position = NOT_OPEN
    this.#unpublished = true
  }

  /** Makes finished records visible; true if there were any (then mark the shard and ring). */
  publish(): boolean {
    this.close()
    if (!this.#unpublished) return false
    this.#unpublished = false
    publish(this.ring)
    return true
  }

  /**
   * Adds one command whose bytes do not fit the ring: they go to pool chunks, which the caller
   * gives back when the reply has come. False: the pool or the ring is full, nothing changed.
   */
  addChunked(
    slot: number,
    generation: number,
    sequence: number,
    attributes: number,
    code: number,
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    argCount: number,
    pool: ChunkPool,
    chunks: number[],
  ): boolean {
    this.close()
    const byteLength = commandByteLength(starts, lengths, argCount)
    if (!pool.takeForRequest(byteLength, chunks)) return false
    const extents = extentCount(chunks)
    const recordBytes = (REQUEST_HEADER_WORDS + 2 + extents * 2) * 4
    const position = reserve(this.ring, recordBytes)
    if (position === NO_ROOM) {
      for (const chunk of chunks) pool.release(chunk)
      chunks.length = 0
      return false
    }
    scatterCommand(pool, chunks, byteLength, sequence, code, bytes, starts, lengths, argCount)
    const words = this.ring.words
    const word = position >> 2
    words[word] = recordBytes
    words[word + 1] = slot
    words[word + 2] = generation
    words[word + 3] = 1
    words[word + 4] = attributes | (REQUEST_CHUNKED << 16)
    words[word + 5] = byteLength
    words[word + 6] = extents
    writeExtents(words, word + 7, chunks)
    advanceTail(this.ring, recordBytes)
    this.#unpublished = true
    return true
  }
}

/** How many runs of chunks that lie side by side the list is. */
export function extentCount(chunks: number[]): number {
  let count = 1
  for (let index = 1; index < chunks.length; index++) {
    if (chunks[index] !== chunks[index - 1] + 1) count++
  }
  return count
}

export function writeExtents(words: Int32Array, word: number, chunks: number[]): void {
  let at = word - 2
  for (let index = 0; index < chunks.length; index++) {
    if (index === 0 || chunks[index] !== chunks[index - 1] + 1) {
      at += 2
      words[at] = chunks[index]
      words[at + 1] = 0
    }
    words[at + 1]++
  }
}

/** The chunk numbers of `count` pairs {first chunk, chunk count} from `word` on. */
export function chunksOfExtents(words: Int32Array, word: number, count: number): number[] {
  const chunks: number[] = []
  for (let index = 0; index < count; index++) {
    const first = words[word + index * 2]
    const end = first + words[word + index * 2 + 1]
    for (let chunk = first; chunk < end; chunk++) chunks.push(chunk)
  }
  return chunks
}

/** Bytes of a command in a record: header, pairs, argument bytes, padded to whole words. */
export function commandByteLength(
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): number {
  if (argCount < 2) return COMMAND_HEADER_WORDS * 4
  const last = argCount - 1
  const span = starts[last] + lengths[last] - starts[1]
  return (COMMAND_HEADER_WORDS * 4 + last * 8 + span + 3) & ~3
}

/** Writes a command as drawn in layout.ts at byte `at`, a multiple of four, of both views. */
export function writeCommand(
  targetBytes: Uint8Array,
  words: Int32Array,
  at: number,
  byteLength: number,
  sequence: number,
  code: number,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): void {
  let word = at >> 2
  words[word] = byteLength
  words[word + 1] = sequence
  words[word + 2] = code | (Math.min(argCount, ARGUMENT_COUNT_INLINE_MAX + 1) << 16)
  words[word + 3] = argCount
  word += COMMAND_HEADER_WORDS
  if (argCount < 2) return
  const spanStart = starts[1]
  const relative = (COMMAND_HEADER_WORDS + (argCount - 1) * 2) * 4 - spanStart
  for (let index = 1; index < argCount; index++) {
    words[word++] = starts[index] + relative
    words[word++] = lengths[index]
  }
  const last = argCount - 1
  const span = starts[last] + lengths[last] - spanStart
  copyBytes(bytes, spanStart, targetBytes, at + relative + spanStart, span)
}

/** The same bytes as writeCommand, spread over chunks. Cold: only for very large commands. */
function scatterCommand(
  pool: ChunkPool,
  chunks: number[],
  byteLength: number,
  sequence: number,
  code: number,
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  argCount: number,
): void {
  const headerWords = COMMAND_HEADER_WORDS + (argCount - 1) * 2
  const header = new Int32Array(headerWords)
  header[0] = byteLength
  header[1] = sequence
  header[2] = code | (Math.min(argCount, ARGUMENT_COUNT_INLINE_MAX + 1) << 16)
  header[3] = argCount
  const relative = headerWords * 4 - starts[1]
  for (let index = 1; index < argCount; index++) {
    header[COMMAND_HEADER_WORDS + (index - 1) * 2] = starts[index] + relative
    header[COMMAND_HEADER_WORDS + (index - 1) * 2 + 1] = lengths[index]
  }
  scatterBytes(pool, chunks, 0, new Uint8Array(header.buffer), 0, headerWords * 4)
  const last = argCount - 1
  const span = starts[last] + lengths[last] - starts[1]
  scatterBytes(pool, chunks, headerWords * 4, bytes, starts[1], span)
}

/** Copies bytes to position `at` of the chunks seen as one run. */
export function scatterBytes(
  pool: ChunkPool,
  chunks: number[],
  at: number,
  source: Uint8Array,
  sourceStart: number,
  length: number,
): void {
  let done = 0
  while (done < length) {
    const inChunk = (at + done) % CHUNK_BYTES
    const chunk = chunks[Math.floor((at + done) / CHUNK_BYTES)]
    const count = Math.min(length - done, CHUNK_BYTES - inChunk)
    const target = pool.viewFrom(chunk, CHUNK_BYTES)
    copyBytes(source, sourceStart + done, target, inChunk, count)
    done += count
  }
}

/** Copies `length` bytes out of the chunks seen as one run. */
export function gatherBytes(
  pool: ChunkPool,
  chunks: ArrayLike<number>,
  length: number,
  target: Uint8Array,
  targetStart: number,
): void {
  for (let done = 0, index = 0; done < length; index++) {
    const count = Math.min(length - done, CHUNK_BYTES)
    copyBytes(pool.viewFrom(chunks[index], CHUNK_BYTES), 0, target, targetStart + done, count)
    done += count
  }
}
