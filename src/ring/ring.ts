// One ring seen from either end: the views over its bytes and the two words of its cursors.
// Producer: reserve -> write -> publish. Consumer: readable -> read -> consume. Full and empty are
// return values, nobody waits here. See layout.ts for the drawing and for who owns which cursor.
//
// If the producer dies between reserve and publish nothing was said; if the consumer dies between
// reading and consuming, its successor reads the records again (the commit record decides what of
// them was done already).

import { assert } from '../base/assert.ts'
import { WRAP_MARK } from './layout.ts'

export const NO_ROOM = -1

export class Ring {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly byteLength: number
  readonly mask: number
  /** Where the cursors live: the producer's tail and the consumer's head. */
  readonly tailWords: Int32Array
  readonly tailWord: number
  readonly headWords: Int32Array
  readonly headWord: number
  /** Producer: written but not yet published; consumer: last tail seen. */
  tail: number
  /** Consumer: read but not yet given back; producer: last head seen. */
  head: number

  constructor(
    buffer: SharedArrayBuffer,
    byteOffset: number,
    byteLength: number,
    tailWords: Int32Array,
    tailWord: number,
    headWords: Int32Array,
    headWord: number,
  ) {
    assert((byteLength & (byteLength - 1)) === 0, 'a ring is a power of two bytes')
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength)
    this.words = new Int32Array(buffer, byteOffset, byteLength >> 2)
    this.byteLength = byteLength
    this.mask = byteLength - 1
    this.tailWords = tailWords
    this.tailWord = tailWord
    this.headWords = headWords
    this.headWord = headWord
    this.tail = 0
    this.head = 0
    attachRing(this)
  }
}

/** Reads both cursors from shared memory: at start, and whenever the token changed hands. */
export function attachRing(ring: Ring): void {
  ring.tail = Atomics.load(ring.tailWords, ring.tailWord)
  ring.head = Atomics.load(ring.headWords, ring.headWord)
}

/** Room a producer can still fill, after looking at the consumer's head again. */
export function freeBytes(ring: Ring): number {
  ring.head = Atomics.load(ring.headWords, ring.headWord)
  return ring.byteLength - ((ring.tail - ring.head) | 0)
}

/**
 * Finds `byteLength` contiguous bytes for a record. Returns its byte position in the ring or
 * NO_ROOM. Moves the tail over a wrap mark when the record would cross the ring's end, so a record
 * of at most half the ring always fits once the consumer has caught up.
 */
export function reserve(ring: Ring, byteLength: number): number {
  let position = ring.tail & ring.mask
  const toEnd = ring.byteLength - position
  const needed = byteLength <= toEnd ? byteLength : toEnd + byteLength
  if (ring.byteLength - ((ring.tail - ring.head) | 0) < needed && freeBytes(ring) < needed) {
    return NO_ROOM
  }
  if (byteLength > toEnd) {
    ring.words[position >> 2] = WRAP_MARK
    ring.tail = (ring.tail + toEnd) | 0
    position = 0
  }
  return position
}

/** Moves the producer's own tail behind a finished record; nobody sees it before `publish`. */
export function advanceTail(ring: Ring, byteLength: number): void {
  ring.tail = (ring.tail + byteLength) | 0
}

/** Partner: the consumer's Atomics.load of the tail in `readable`. */
export function publish(ring: Ring): void {
  Atomics.store(ring.tailWords, ring.tailWord, ring.tail)
}

/** Consumer: is there a record? Looks at the producer's tail only when the known ones are read. */
export function readable(ring: Ring): boolean {
  if (ring.head !== ring.tail) return true
  ring.tail = Atomics.load(ring.tailWords, ring.tailWord)
  return ring.head !== ring.tail
}

/** Byte position of the next record (a wrap mark is stepped over). Only if `readable`. */
export function peek(ring: Ring): number {
  const position = ring.head & ring.mask
  if (ring.words[position >> 2] !== WRAP_MARK) return position
  ring.head = (ring.head + ring.byteLength - position) | 0
  return 0
}

/** Consumer steps over a record; the producer gets the room back with `giveBack`. */
export function advanceHead(ring: Ring, byteLength: number): void {
  ring.head = (ring.head + byteLength) | 0
}

/** Partner: the producer's Atomics.load of the head in `freeBytes`. */
export function giveBack(ring: Ring): void {
  Atomics.store(ring.headWords, ring.headWord, ring.head)
}

/** Consumer: bytes from cursor `from` to what is published by now. */
export function publishedSince(ring: Ring, from: number): number {
  return (Atomics.load(ring.tailWords, ring.tailWord) - from) | 0
}
