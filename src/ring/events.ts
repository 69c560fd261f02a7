// Log lines of threads that have no event loop: each thread writes short texts into a ring of its
// own, main reads all rings now and then and feeds them to the logger. A full ring drops the line
// and counts it: a log line is never worth waiting for.
//
//   words 0 tail (thread stores) | 32 head (main stores) | 33 dropped | bytes 256.. the ring
//   record: byte length | level | text as UTF-8

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
} from './ring.ts'

const HEADER_BYTES = 256
const HEAD_WORD = 32
const DROPPED_WORD = 33
const RECORD_HEADER_BYTES = 12
const TEXT_BYTES_MAX = 1024

export const EVENT_RING_BYTES = 16_384 + HEADER_BYTES

export const LEVEL_DEBUG = 0
export const LEVEL_INFO = 1
export const LEVEL_WARN = 2
export const LEVEL_ERROR = 3

export class EventRing {
  readonly #header: Int32Array
  readonly #ring: Ring

  constructor(buffer: SharedArrayBuffer) {
    this.#header = new Int32Array(buffer, 0, HEADER_BYTES >> 2)
    this.#ring = new Ring(
      buffer,
      HEADER_BYTES,
      buffer.byteLength - HEADER_BYTES,
      this.#header,
      0,
      this.#header,
      HEAD_WORD,
    )
  }

  /** The thread's end. `text` holds no password and no value. */
  write(level: number, text: string): void {
    const bytes = Buffer.from(text.slice(0, TEXT_BYTES_MAX))
    const recordBytes = (RECORD_HEADER_BYTES + bytes.length + 3) & ~3
    const position = reserve(this.#ring, recordBytes)
    if (position === NO_ROOM) {
      Atomics.add(this.#header, DROPPED_WORD, 1)
      return
    }
    const word = position >> 2
    this.#ring.words[word] = recordBytes
    this.#ring.words[word + 1] = level
    this.#ring.words[word + 2] = bytes.length
    this.#ring.bytes.set(bytes, position + RECORD_HEADER_BYTES)
    advanceTail(this.#ring, recordBytes)
    publish(this.#ring)
  }

  /** Main's end: hands every waiting line to `visit`. */
  drain(visit: (level: number, text: string) => void): void {
    const ring = this.#ring
    while (readable(ring)) {
      const position = peek(ring)
      const word = position >> 2
      const start = position + RECORD_HEADER_BYTES
      const text = Buffer.from(ring.bytes.slice(start, start + ring.words[word + 2])).toString()
      visit(ring.words[word + 1], text)
      advanceHead(ring, ring.words[word])
    }
    giveBack(ring)
  }

  dropped(): number {
    return Atomics.load(this.#header, DROPPED_WORD)
  }
}
