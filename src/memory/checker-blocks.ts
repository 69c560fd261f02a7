// The checker's first pass: the memory as the allocator sees it. Walks the blocks of every segment
// from the first to the top, every slab, every free list, and returns all allocated blocks.

import type { Arena } from './arena.ts'
import { binOf } from './extent.ts'
import {
  BIN_MAP_WORD,
  BIN_MAPS_WORD,
  BINS,
  BINS_WORD,
  FIRST_UNIT,
  FIRST_UNIT_OF_ROOT_SEGMENT,
  FREE_FLAG,
  GRAIN_BYTES,
  GRAIN_UNITS,
  GRAINS_MASK,
  HIGH_WORD,
  LAST_WORD,
  SEGMENT_SHIFT,
  SLAB_BLOCK_UNITS_MAX,
  SLAB_BLOCK_UNITS_MIN,
  SLAB_BUMP_WORD,
  SLAB_FLAG,
  SLAB_FREE_WORD,
  SLAB_GRAINS,
  SLAB_HEADER_UNITS,
  SLAB_NEXT_WORD,
  SLAB_PREVIOUS_WORD,
  SLAB_ROOM_UNITS,
  SLAB_ROOM_WORD,
  SLAB_UNITS,
  SLAB_USED_WORD,
  TOP_WORD,
  UNIT_BYTES,
  UNIT_MASK,
  USED_DOUBLE,
} from './layout.ts'

/** Address of every allocated block that is not a slab -> its payload bytes. */
export type Blocks = Map<number, number>

/** Reads all blocks; what is wrong goes to `findings`. */
export function readBlocks(arena: Arena, findings: string[]): Blocks {
  const blocks: Blocks = new Map()
  const free = new Map<number, number>()
  const slabs = new Set<number>()
  let used = 0
  for (let segment = 0; segment < arena.words.length; segment++) {
    used += readSegment(arena, segment, blocks, free, slabs, findings)
  }
  checkFreeLists(arena, free, findings)
  used += readSlabs(arena, slabs, blocks, findings)
  if (arena.doubles[0][USED_DOUBLE] !== used) {
    findings.push(`used bytes ${arena.doubles[0][USED_DOUBLE]}, found ${used}`)
  }
  return blocks
}

/** One segment from its first block to the top; returns the bytes of allocated extents. */
function readSegment(
  arena: Arena,
  segment: number,
  blocks: Blocks,
  free: Map<number, number>,
  slabs: Set<number>,
  findings: string[],
): number {
  const root = arena.words[0]
  const words = arena.words[segment]
  const top = root[TOP_WORD + segment]
  const high = root[HIGH_WORD + segment]
  let unit = segment === 0 ? FIRST_UNIT_OF_ROOT_SEGMENT : FIRST_UNIT
  let previous = 0
  let previousFree = false
  let used = 0
  if (top < unit || top > high || high - 1 > words.length >>> 1) {
    findings.push(`segment ${segment}: top ${top}, high ${high}, units ${words.length >>> 1}`)
    return 0
  }
  while (unit < top) {
    const header = (unit - 1) << 1
    const grains = words[header] & GRAINS_MASK
    const isFree = (words[header] & FREE_FLAG) !== 0
    const address = segment * 2 ** SEGMENT_SHIFT + unit
    if (grains === 0 || unit + grains * GRAIN_UNITS > top) {
      findings.push(`block at ${address}: ${grains} grains go beyond the top`)
      return used
    }
    if (words[header + 1] !== previous) {
      findings.push(`block at ${address}: previous ${words[header + 1]}, found ${previous}`)
    }
    if (isFree) {
      if (previousFree) findings.push(`block at ${address}: free beside a free one`)
      free.set(address, grains)
    } else if ((words[header] & SLAB_FLAG) !== 0) {
      if (grains !== SLAB_GRAINS || unit % SLAB_UNITS !== 0) {
        findings.push(`slab at ${address}: ${grains} grains or not aligned`)
      } else {
        slabs.add(address)
      }
    } else {
      blocks.set(address, grains * GRAIN_BYTES - UNIT_BYTES)
      used += grains * GRAIN_BYTES
    }
    previous = grains
    previousFree = isFree
    unit += grains * GRAIN_UNITS
  }
  if (root[LAST_WORD + segment] !== previous) {
    findings.push(`segment ${segment}: last block ${root[LAST_WORD + segment]}, found ${previous}`)
  }
  if (previousFree) findings.push(`segment ${segment}: a free block below the top`)
  return used
}

/** Every free block hangs in the list of its size exactly once; the bit maps tell the truth. */
function checkFreeLists(arena: Arena, free: Map<number, number>, findings: string[]): void {
  const root = arena.words[0]
  const listed = new Set<number>()
  for (let bin = 0; bin < BINS; bin++) {
    let before = 0
    for (let block = root[BINS_WORD + bin]; block !== 0; ) {
      const grains = free.get(block)
      if (grains === undefined || binOf(grains) !== bin || listed.has(block)) {
        findings.push(`free list ${bin}: block ${block} is not free, listed twice or misplaced`)
        break
      }
      listed.add(block)
      const words = arena.words[block >>> SEGMENT_SHIFT]
      const payload = (block & UNIT_MASK) << 1
      if (words[payload + 1] !== before) findings.push(`free list ${bin}: wrong link at ${block}`)
      before = block
      block = words[payload]
    }
    const bit = (root[BIN_MAPS_WORD + (bin >>> 5)] >>> (bin & 31)) & 1
    if (bit !== (root[BINS_WORD + bin] === 0 ? 0 : 1)) findings.push(`free list ${bin}: wrong bit`)
    const mapBit = (root[BIN_MAP_WORD] >>> (bin >>> 5)) & 1
    if (mapBit !== (root[BIN_MAPS_WORD + (bin >>> 5)] === 0 ? 0 : 1)) {
      findings.push(`free list ${bin}: wrong bit in the first map`)
    }
  }
  for (const block of free.keys()) {
    if (!listed.has(block)) findings.push(`free block ${block} is in no list`)
  }
}

/** All blocks of all slabs; returns the bytes of the allocated ones. */
function readSlabs(arena: Arena, slabs: Set<number>, blocks: Blocks, findings: string[]): number {
  const withRoom = listedSlabs(arena, slabs, findings)
  let usedBytes = 0
  for (const slab of slabs) {
    const words = arena.words[slab >>> SEGMENT_SHIFT]
    const base = (slab & UNIT_MASK) << 1
    const units = words[base] & 0xffff
    const capacity = words[base] >>> 16
    const bump = words[base + SLAB_BUMP_WORD]
    if (
      units < SLAB_BLOCK_UNITS_MIN ||
      units > SLAB_BLOCK_UNITS_MAX ||
      capacity !== Math.floor(SLAB_ROOM_UNITS / units) ||
      bump > SLAB_HEADER_UNITS + capacity * units ||
      (bump - SLAB_HEADER_UNITS) % units !== 0
    ) {
      findings.push(`slab at ${slab}: damaged header`)
      continue
    }
    const freeUnits = new Set<number>()
    for (let unit = words[base + SLAB_FREE_WORD]; unit !== 0; ) {
      const misplaced = unit < SLAB_HEADER_UNITS || unit >= bump
      if (misplaced || (unit - SLAB_HEADER_UNITS) % units !== 0 || freeUnits.has(unit)) {
        findings.push(`slab at ${slab}: damaged free list at unit ${unit}`)
        break
      }
      freeUnits.add(unit)
      unit = words[base + (unit << 1)]
    }
    let used = 0
    for (let unit = SLAB_HEADER_UNITS; unit < bump; unit += units) {
      if (freeUnits.has(unit)) continue
      used++
      blocks.set(slab + unit, units * UNIT_BYTES)
    }
    usedBytes += used * units * UNIT_BYTES
    if (words[base + SLAB_USED_WORD] !== used) {
      findings.push(`slab at ${slab}: counts ${words[base + SLAB_USED_WORD]}, has ${used}`)
    }
    if (used < capacity !== (withRoom.get(slab) === units)) {
      findings.push(`slab at ${slab}: wrongly in or out of the list of slabs with room`)
    }
  }
  return usedBytes
}

/** Slabs in the lists of those with room -> the size of the list. */
function listedSlabs(arena: Arena, slabs: Set<number>, findings: string[]): Map<number, number> {
  const listed = new Map<number, number>()
  for (let units = SLAB_BLOCK_UNITS_MIN; units <= SLAB_BLOCK_UNITS_MAX; units++) {
    let before = 0
    for (let slab = arena.words[0][SLAB_ROOM_WORD + units]; slab !== 0; ) {
      if (!slabs.has(slab) || listed.has(slab)) {
        findings.push(`slab list ${units}: ${slab} is no slab or listed twice`)
        break
      }
      listed.set(slab, units)
      const words = arena.words[slab >>> SEGMENT_SHIFT]
      const base = (slab & UNIT_MASK) << 1
      if (words[base + SLAB_PREVIOUS_WORD] !== before) {
        findings.push(`slab list ${units}: wrong link at ${slab}`)
      }
      before = slab
      slab = words[base + SLAB_NEXT_WORD]
    }
  }
  return listed
}
