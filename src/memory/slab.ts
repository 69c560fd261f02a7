// Blocks of up to 512 bytes, in sizes of 8-byte steps, without a header each: a slab (16 KiB,
// aligned, so that an address finds its slab by masking) holds blocks of one size. Slabs with
// room hang in a list per size; an empty slab goes back to the extents unless it is the only one
// of its size with room.

import type { Arena } from './arena.ts'
import { allocateSlabExtent, releaseExtent } from './extent.ts'
import {
  SEGMENT_SHIFT,
  SLAB_BLOCK_UNITS_MAX,
  SLAB_BLOCK_UNITS_MIN,
  SLAB_BUMP_WORD,
  SLAB_FREE_WORD,
  SLAB_HEADER_UNITS,
  SLAB_NEXT_WORD,
  SLAB_PREVIOUS_WORD,
  SLAB_ROOM_UNITS,
  SLAB_ROOM_WORD,
  SLAB_SHAPE_WORD,
  SLAB_UNITS,
  SLAB_USED_WORD,
  UNIT_BYTES,
  UNIT_MASK,
  USED_DOUBLE,
} from './layout.ts'

const SHAPE_UNITS_MASK = 0xffff
const SHAPE_CAPACITY_SHIFT = 16
const SLAB_MASK = -SLAB_UNITS

/** Size class (units of 8 bytes) of a request. */
export function slabUnitsFor(byteLength: number): number {
  const units = (byteLength + UNIT_BYTES - 1) >>> 3
  return Math.max(units, SLAB_BLOCK_UNITS_MIN)
}

/** Real bytes of the slab block at this address. */
export function slabBlockBytes(arena: Arena, address: number): number {
  const shape = (address & SLAB_MASK & UNIT_MASK) << 1
  return (arena.words[address >>> SEGMENT_SHIFT][shape] & SHAPE_UNITS_MASK) * UNIT_BYTES
}

/** Address of a block of this class, or 0 when no slab can be had. */
export function allocateSlabBlock(arena: Arena, units: number): number {
  const root = arena.words[0]
  let slab = root[SLAB_ROOM_WORD + units]
  if (slab === 0) {
    slab = createSlab(arena, units)
    if (slab === 0) return 0
  }
  return takeBlock(arena, slab)
}

/** Last resort of a full arena: a block of the next larger size that has room. The slab knows
 * its own block size, so releasing needs no memory of this. */
export function allocateLargerSlabBlock(arena: Arena, units: number): number {
  const root = arena.words[0]
  for (let larger = units + 1; larger <= SLAB_BLOCK_UNITS_MAX; larger++) {
    const slab = root[SLAB_ROOM_WORD + larger]
    if (slab !== 0) return takeBlock(arena, slab)
  }
  return 0
}

export function releaseSlabBlock(arena: Arena, address: number): void {
  const slab = address & SLAB_MASK
  const words = arena.words[slab >>> SEGMENT_SHIFT]
  const base = (slab & UNIT_MASK) << 1
  const units = words[base + SLAB_SHAPE_WORD] & SHAPE_UNITS_MASK
  const capacity = words[base + SLAB_SHAPE_WORD] >>> SHAPE_CAPACITY_SHIFT
  const used = words[base + SLAB_USED_WORD] - 1
  words[(address & UNIT_MASK) << 1] = words[base + SLAB_FREE_WORD]
  words[base + SLAB_FREE_WORD] = address - slab
  words[base + SLAB_USED_WORD] = used
  arena.doubles[0][USED_DOUBLE] -= units * UNIT_BYTES
  if (used === capacity - 1) linkSlab(arena, slab, units)
  if (used === 0) {
    const alone =
      arena.words[0][SLAB_ROOM_WORD + units] === slab && words[base + SLAB_NEXT_WORD] === 0
    if (!alone) {
      unlinkSlab(arena, slab, units)
      releaseExtent(arena, slab)
    }
  }
}

/** Gives back the empty slabs that are kept at hand. true = there was one. */
export function releaseEmptySlabs(arena: Arena): boolean {
  const root = arena.words[0]
  let released = false
  for (let units = SLAB_BLOCK_UNITS_MIN; units <= SLAB_BLOCK_UNITS_MAX; units++) {
    const slab = root[SLAB_ROOM_WORD + units]
    if (slab === 0) continue
    const base = (slab & UNIT_MASK) << 1
    if (arena.words[slab >>> SEGMENT_SHIFT][base + SLAB_USED_WORD] !== 0) continue
    unlinkSlab(arena, slab, units)
    releaseExtent(arena, slab)
    released = true
  }
  return released
}

function createSlab(arena: Arena, units: number): number {
  const slab = allocateSlabExtent(arena)
  if (slab === 0) return 0
  const words = arena.words[slab >>> SEGMENT_SHIFT]
  const base = (slab & UNIT_MASK) << 1
  const capacity = (SLAB_ROOM_UNITS / units) | 0
  words[base + SLAB_SHAPE_WORD] = units | (capacity << SHAPE_CAPACITY_SHIFT)
  words[base + SLAB_USED_WORD] = 0
  words[base + SLAB_FREE_WORD] = 0
  words[base + SLAB_BUMP_WORD] = SLAB_HEADER_UNITS
  linkSlab(arena, slab, units)
  return slab
}

function takeBlock(arena: Arena, slab: number): number {
  const words = arena.words[slab >>> SEGMENT_SHIFT]
  const base = (slab & UNIT_MASK) << 1
  const shape = words[base + SLAB_SHAPE_WORD]
  const units = shape & SHAPE_UNITS_MASK
  let block = words[base + SLAB_FREE_WORD]
  if (block !== 0) {
    words[base + SLAB_FREE_WORD] = words[base + (block << 1)]
  } else {
    block = words[base + SLAB_BUMP_WORD]
    words[base + SLAB_BUMP_WORD] = block + units
  }
  const used = words[base + SLAB_USED_WORD] + 1
  words[base + SLAB_USED_WORD] = used
  if (used === shape >>> SHAPE_CAPACITY_SHIFT) unlinkSlab(arena, slab, units)
  arena.doubles[0][USED_DOUBLE] += units * UNIT_BYTES
  arena.allocationFresh = false
  return slab + block
}

/** Puts a slab first in the list of those with room. */
function linkSlab(arena: Arena, slab: number, units: number): void {
  const root = arena.words[0]
  const words = arena.words[slab >>> SEGMENT_SHIFT]
  const base = (slab & UNIT_MASK) << 1
  const head = root[SLAB_ROOM_WORD + units]
  words[base + SLAB_NEXT_WORD] = head
  words[base + SLAB_PREVIOUS_WORD] = 0
  if (head !== 0) {
    arena.words[head >>> SEGMENT_SHIFT][((head & UNIT_MASK) << 1) + SLAB_PREVIOUS_WORD] = slab
  }
  root[SLAB_ROOM_WORD + units] = slab
}

function unlinkSlab(arena: Arena, slab: number, units: number): void {
  const words = arena.words[slab >>> SEGMENT_SHIFT]
  const base = (slab & UNIT_MASK) << 1
  const next = words[base + SLAB_NEXT_WORD]
  const previous = words[base + SLAB_PREVIOUS_WORD]
  if (next !== 0) {
    arena.words[next >>> SEGMENT_SHIFT][((next & UNIT_MASK) << 1) + SLAB_PREVIOUS_WORD] = previous
  }
  if (previous === 0) {
    arena.words[0][SLAB_ROOM_WORD + units] = next
  } else {
    arena.words[previous >>> SEGMENT_SHIFT][((previous & UNIT_MASK) << 1) + SLAB_NEXT_WORD] = next
  }
}
