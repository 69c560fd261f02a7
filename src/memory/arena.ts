// The views on the memory of one side of a shard. Any thread that has the segments can make an
// Arena; only the holder of the memory's token may use it. The shared bytes are the whole state:
// the fields below the views are results and test switches of this thread, nothing to keep.

import { assert } from '../base/assert.ts'
import { DATABASE_COUNT, SEGMENT_BYTES_MAX, SEGMENTS_MAX } from '../base/limits.ts'
import {
  ARENA_MAGIC,
  CAPACITY_DOUBLE,
  FIRST_UNIT,
  FIRST_UNIT_OF_ROOT_SEGMENT,
  HIGH_WORD,
  LAYOUT_VERSION,
  MAGIC_WORD,
  ROOT_BYTES,
  ROOT_END_WORD,
  SEGMENT_COUNT_WORD,
  TOP_WORD,
  UNIT_BYTES,
  USED_DOUBLE,
  VERSION_WORD,
} from './layout.ts'

assert(DATABASE_COUNT <= 16, 'the arena root has room for 16 databases')
assert(ROOT_END_WORD * 4 <= ROOT_BYTES, 'the arena root fits its bytes')

export class Arena {
  readonly segments: readonly SharedArrayBuffer[]
  readonly bytes: Uint8Array[]
  readonly words: Int32Array[]
  readonly doubles: Float64Array[]

  /** Set by dictionaryFind and dictionaryInsert: page address (0 = not found) and slot. */
  foundPage: number
  foundSlot: number
  /** Set by dictionaryScan and sweepExpired: how many of `results` are filled. */
  resultCount: number
  /** Set by valueSpan: where a run of value bytes lies. */
  spanSegment: number
  spanByte: number
  spanLength: number
  /** Set by allocate: the block was never used before, so it is all zero. */
  allocationFresh: boolean
  /** While set, allocations may take the reserve of a full arena. */
  reserveOpen: boolean
  /** Test switch: k = the k-th allocation from now fails; 0 = off. */
  failAllocationIn: number
  /** Test switch: after the failing allocation every further one fails too. */
  failAllocationStays: boolean

  /** All segments but the last must be 1 GiB when there are several and the arena is a real one;
   * tests use small ones. Touches nothing. */
  constructor(segments: readonly SharedArrayBuffer[]) {
    assert(segments.length >= 1 && segments.length <= SEGMENTS_MAX, 'an arena has 1-16 segments')
    this.segments = segments
    this.bytes = []
    this.words = []
    this.doubles = []
    for (const segment of segments) {
      assert(segment.byteLength <= SEGMENT_BYTES_MAX, 'a segment has at most 1 GiB')
      assert(segment.byteLength % UNIT_BYTES === 0, 'a segment is whole units')
      this.bytes.push(new Uint8Array(segment))
      this.words.push(new Int32Array(segment))
      this.doubles.push(new Float64Array(segment))
    }
    this.foundPage = 0
    this.foundSlot = 0
    this.resultCount = 0
    this.spanSegment = 0
    this.spanByte = 0
    this.spanLength = 0
    this.allocationFresh = false
    this.reserveOpen = false
    this.failAllocationIn = 0
    this.failAllocationStays = false
  }
}

/** First use of zeroed segments: writes the arena root. Touches one page. */
export function formatArena(arena: Arena): void {
  const words = arena.words[0]
  assert(words.byteLength >= ROOT_BYTES * 2, 'segment 0 holds the arena root')
  assert(words[MAGIC_WORD] === 0, 'an arena is formatted once')
  let capacity = 0
  for (let segment = 0; segment < arena.words.length; segment++) {
    const first = segment === 0 ? FIRST_UNIT_OF_ROOT_SEGMENT : FIRST_UNIT
    words[TOP_WORD + segment] = first
    words[HIGH_WORD + segment] = first
    capacity += arena.bytes[segment].byteLength
  }
  arena.doubles[0][CAPACITY_DOUBLE] = capacity
  words[SEGMENT_COUNT_WORD] = arena.words.length
  words[VERSION_WORD] = LAYOUT_VERSION
  words[MAGIC_WORD] = ARENA_MAGIC
}

/** What keeps these segments from being used as they are, or '' when they are a formatted arena
 * of this version and size. */
export function arenaMismatch(arena: Arena): string {
  const words = arena.words[0]
  if (words[MAGIC_WORD] !== ARENA_MAGIC) return 'not a formatted arena'
  if (words[VERSION_WORD] !== LAYOUT_VERSION) {
    return `arena layout version ${words[VERSION_WORD]}, this program reads ${LAYOUT_VERSION}`
  }
  let capacity = 0
  for (const bytes of arena.bytes) capacity += bytes.byteLength
  if (words[SEGMENT_COUNT_WORD] !== arena.words.length) return 'another number of segments'
  if (arena.doubles[0][CAPACITY_DOUBLE] !== capacity) return 'another capacity'
  return ''
}

/** Bytes of all segments. */
export function arenaCapacity(arena: Arena): number {
  return arena.doubles[0][CAPACITY_DOUBLE]
}

/** Bytes of all allocated blocks, with headers and rounding. */
export function arenaUsed(arena: Arena): number {
  return arena.doubles[0][USED_DOUBLE]
}

/** Bytes ever touched: what stays resident, since nothing is given back to the system. */
export function arenaHighWater(arena: Arena): number {
  const words = arena.words[0]
  let units = 0
  for (let segment = 0; segment < arena.words.length; segment++) units += words[HIGH_WORD + segment]
  return units * UNIT_BYTES
}
