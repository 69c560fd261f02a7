// The rings between acceptors, seen by one of them. What is posted to several is posted to all of
// them or to none: room is looked for first. Drawing in layout.ts.

import { copyBytes } from '../base/copy.ts'
import { ringBell } from '../ring/bell.ts'
import type { ChunkPool } from '../ring/pool.ts'
import {
  chunksOfExtents,
  extentCount,
  gatherBytes,
  scatterBytes,
  writeExtents,
} from '../ring/requests.ts'
import {
  advanceHead,
  advanceTail,
  giveBack,
  NO_ROOM,
  peek,
  publish,
  Ring,
  readable,
  reserve,
} from '../ring/ring.ts'
import type { Rows } from '../rows/rows.ts'
import {
  CHANGES_READ_WORD,
  CHUNKED_HEAD_BYTES,
  PAIR_HEAD_WORD,
  PAIR_TAIL_WORD,
  pairCursors,
  pairRingByte,
  RECORD_CHANGE,
  RECORD_CHUNKED,
  RECORD_HEADER_WORDS,
  RECORD_MESSAGE,
} from './layout.ts'

const NO_BYTES = new Uint8Array(0)

/** What reads the records of the others. Views are valid until it returns. */
export interface ExchangeReader {
  changed(
    from: number,
    kind: number,
    step: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void
  /** `changesRead`: how many changes of this acceptor the sender had read. */
  received(
    kind: number,
    changesRead: number,
    bytes: Uint8Array,
    start: number,
    channelLength: number,
    messageLength: number,
  ): void
  /** May another record be read in this turn? */
  hasRoom(): boolean
}

export class Exchange {
  readonly acceptorCount: number
  readonly #self: number
  readonly #rows: Rows
  readonly #threads: readonly number[]
  readonly #pool: ChunkPool
  readonly #words: Int32Array
  /** By acceptor; undefined for this one. */
  readonly #outgoing: readonly (Ring | undefined)[]
  readonly #incoming: readonly (Ring | undefined)[]
  /** How many changes of each acceptor were read here. */
  readonly #changesRead: Int32Array
  readonly #positions: Int32Array
  readonly #everybody: Uint8Array
  readonly #chunks: number[] = []

  constructor(
    buffer: SharedArrayBuffer,
    ringBytes: number,
    self: number,
    rows: Rows,
    threads: readonly number[],
    pool: ChunkPool,
  ) {
    const count = threads.length
    this.acceptorCount = count
    this.#self = self
    this.#rows = rows
    this.#threads = threads
    this.#pool = pool
    this.#words = new Int32Array(buffer)
    const ring = (from: number, to: number): Ring | undefined => {
      if (from === to) return undefined
      const cursors = pairCursors(count, from, to)
      const at = pairRingByte(count, ringBytes, from, to)
      const words = this.#words
      const tail = cursors + PAIR_TAIL_WORD
      return new Ring(buffer, at, ringBytes, words, tail, words, cursors + PAIR_HEAD_WORD)
    }
    this.#outgoing = threads.map((_, to) => ring(self, to))
    this.#incoming = threads.map((_, from) => ring(from, self))
    this.#changesRead = new Int32Array(count)
    this.#positions = new Int32Array(count)
    this.#everybody = new Uint8Array(count).fill(1)
  }

  // ── Posting ─────────────────────────────────────────────────────────────────────────────────

  /** To all others. False: no room, nothing was posted. */
  postChange(kind: number, step: number, name: Uint8Array): boolean {
    const type = RECORD_CHANGE | (kind << 8)
    return this.#post(type, this.#everybody, step, name, 0, name.length, NO_BYTES, 0, 0)
  }

  /** To the acceptors whose entry of `targets` is not 0. False: no room, nothing was posted. */
  postMessage(
    kind: number,
    targets: Uint8Array,
    channel: Uint8Array,
    channelStart: number,
    channelLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): boolean {
    return this.#post(
      RECORD_MESSAGE | (kind << 8),
      targets,
      0,
      channel,
      channelStart,
      channelLength,
      message,
      messageStart,
      messageLength,
    )
  }

  #post(
    type: number,
    targets: Uint8Array,
    step: number,
    name: Uint8Array,
    nameStart: number,
    nameLength: number,
    message: Uint8Array,
    messageStart: number,
    messageLength: number,
  ): boolean {
    const byteLength = nameLength + messageLength
    const chunked = this.#isChunked(byteLength)
    if (chunked && !this.#pool.takeForRequest(CHUNKED_HEAD_BYTES + byteLength, this.#chunks)) {
      return false
    }
    const headerBytes = RECORD_HEADER_WORDS * 4
    const recordBytes = chunked
      ? headerBytes + 4 + extentCount(this.#chunks) * 8
      : (headerBytes + byteLength + 3) & ~3
    const readers = this.#reserveAll(targets, recordBytes)
    if (readers < 0) {
      if (chunked) for (const chunk of this.#chunks) this.#pool.release(chunk)
      return false
    }
    if (chunked) {
      const head = CHUNKED_HEAD_BYTES
      this.#pool.wordsFrom(this.#chunks[0], 1)[0] = readers
      scatterBytes(this.#pool, this.#chunks, head, name, nameStart, nameLength)
      scatterBytes(
        this.#pool,
        this.#chunks,
        head + nameLength,
        message,
        messageStart,
        messageLength,
      )
    }
    for (let to = 0; to < this.acceptorCount; to++) {
      const ring = this.#outgoing[to]
      if (ring === undefined || targets[to] === 0) continue
      const word = this.#positions[to] >> 2
      const { words } = ring
      words[word] = recordBytes
      words[word + 1] = type | (chunked ? RECORD_CHUNKED << 16 : 0)
      words[word + 2] = (type & 0xff) === RECORD_CHANGE ? step : this.#changesRead[to]
      words[word + 3] = nameLength
      words[word + 4] = messageLength
      if (chunked) {
        words[word + RECORD_HEADER_WORDS] = extentCount(this.#chunks)
        writeExtents(words, word + RECORD_HEADER_WORDS + 1, this.#chunks)
      } else {
        const at = this.#positions[to] + headerBytes
        copyBytes(name, nameStart, ring.bytes, at, nameLength)
        copyBytes(message, messageStart, ring.bytes, at + nameLength, messageLength)
      }
      advanceTail(ring, recordBytes)
      publish(ring)
      ringBell(this.#rows, this.#threads[to])
    }
    return true
  }

  #isChunked(byteLength: number): boolean {
    const ring = this.#outgoing[this.#self === 0 ? 1 : 0]
    return ring !== undefined && RECORD_HEADER_WORDS * 4 + byteLength > ring.byteLength >> 2
  }

  /** Finds room in the rings of all targets; how many they are, or -1. */
  #reserveAll(targets: Uint8Array, recordBytes: number): number {
    let count = 0
    for (let to = 0; to < this.acceptorCount; to++) {
      const ring = this.#outgoing[to]
      if (ring === undefined || targets[to] === 0) continue
      // A wrap mark that this leaves is harmless: it stands in front of whatever comes next.
      const position = reserve(ring, recordBytes)
      if (position === NO_ROOM) {
        ringBell(this.#rows, this.#threads[to])
        return -1
      }
      this.#positions[to] = position
      count++
    }
    return count
  }

  /** Have all others read the first `changes` changes of this acceptor? */
  areRead(changes: number): boolean {
    for (let to = 0; to < this.acceptorCount; to++) {
      if (to === this.#self) continue
      const word = pairCursors(this.acceptorCount, this.#self, to) + CHANGES_READ_WORD
      if (((Atomics.load(this.#words, word) - changes) | 0) < 0) return false
    }
    return true
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────

  hasRecords(): boolean {
    for (const ring of this.#incoming) if (ring !== undefined && readable(ring)) return true
    return false
  }

  /** Reads what is there. False: the reader had no room for all of it. */
  drain(reader: ExchangeReader): boolean {
    for (let from = 0; from < this.acceptorCount; from++) {
      const ring = this.#incoming[from]
      if (ring === undefined || !readable(ring)) continue
      if (!this.#drainRing(ring, from, reader)) return false
    }
    return true
  }

  #drainRing(ring: Ring, from: number, reader: ExchangeReader): boolean {
    let whole = true
    let leavers = 0
    const readBefore = this.#changesRead[from]
    while (whole && readable(ring)) {
      whole = reader.hasRoom()
      if (!whole) break
      const position = peek(ring)
      const word = position >> 2
      if ((ring.words[word + 1] & 0xff) === RECORD_CHANGE && ring.words[word + 2] < 0) leavers++
      this.#readRecord(ring, position, from, reader)
      advanceHead(ring, ring.words[word])
    }
    giveBack(ring)
    if (this.#changesRead[from] !== readBefore) {
      // Behind every message that was posted while the changes were not read (registry.ts).
      const word = pairCursors(this.acceptorCount, from, this.#self) + CHANGES_READ_WORD
      Atomics.store(this.#words, word, this.#changesRead[from])
      if (leavers > 0) ringBell(this.#rows, this.#threads[from])
    }
    return whole
  }

  #readRecord(ring: Ring, position: number, from: number, reader: ExchangeReader): void {
    const { words } = ring
    const word = position >> 2
    const attributes = words[word + 1]
    const kind = (attributes >> 8) & 0xff
    const nameLength = words[word + 3]
    const messageLength = words[word + 4]
    let { bytes } = ring
    let start = position + RECORD_HEADER_WORDS * 4
    if (attributes >> 16 === RECORD_CHUNKED) {
      bytes = this.#gather(words, word, nameLength + messageLength)
      start = CHUNKED_HEAD_BYTES
    }
    if ((attributes & 0xff) === RECORD_CHANGE) {
      this.#changesRead[from]++
      reader.changed(from, kind, words[word + 2], bytes, start, nameLength)
    } else {
      reader.received(kind, words[word + 2], bytes, start, nameLength, messageLength)
    }
  }

  #gather(words: Int32Array, word: number, byteLength: number): Uint8Array {
    const at = word + RECORD_HEADER_WORDS
    const chunks = chunksOfExtents(words, at + 1, words[at])
    const whole = Buffer.allocUnsafeSlow(CHUNKED_HEAD_BYTES + byteLength)
    gatherBytes(this.#pool, chunks, whole.length, whole, 0)
    if (Atomics.sub(this.#pool.wordsFrom(chunks[0], 1), 0, 1) === 1) {
      for (const chunk of chunks) this.#pool.release(chunk)
    }
    return whole
  }
}
