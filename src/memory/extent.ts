// Blocks of whole grains (64 bytes): what is larger than 512 bytes, and the chunks for slabs.
// Two-level segregated fit: free blocks hang in lists by size, 32 lists an octave, with bit maps
// to find the next non-empty list in a few instructions. Neighbours that are free are joined at
// once, so no two free blocks touch and none touches the top. The top is raised only when no free
// block fits: what was never touched is not resident.
//
// Size lists (grains g): g < 64 has one list a size (exact); above, list = octave and next 5 bits:
//   g = 300 = 100101100b: octave 8, next five bits 00101 -> list (8 − 4) × 32 + 5 = 133,
//   which holds 296-303. A search looks in its own list first (a few blocks, the best one wins),
//   then takes from the next non-empty list, whose blocks all fit.

import type { Arena } from './arena.ts'
import {
  BIN_MAP_WORD,
  BIN_MAPS_WORD,
  BINS,
  BINS_WORD,
  CAPACITY_DOUBLE,
  FREE_FLAG,
  GRAIN_BYTES,
  GRAIN_UNITS,
  GRAINS_MASK,
  HIGH_WORD,
  LAST_WORD,
  SEGMENT_SHIFT,
  SLAB_BYTES,
  SLAB_FLAG,
  SLAB_GRAINS,
  SLAB_UNITS,
  TOP_WORD,
  UNIT_BYTES,
  UNIT_MASK,
} from './layout.ts'

/** Blocks looked at in a list whose blocks may be too small. */
const FIT_WALK_MAX = 8
/** Blocks looked at per list for a slab; from twice a slab's size on the first one fits. */
const ALIGNED_WALK_MAX = 8

const RESERVE_ARENA_BYTES_MIN = 4_194_304
const RESERVE_BYTES_MAX = 1_048_576
const RESERVE_SHARE = 64

/** Grains that a payload of `byteLength` bytes needs. */
function grainsFor(byteLength: number): number {
  return Math.ceil((byteLength + UNIT_BYTES) / GRAIN_BYTES)
}

/** List of the blocks of this size. */
export function binOf(grains: number): number {
  if (grains < 32) return grains
  const octave = 31 - Math.clz32(grains)
  return ((octave - 4) << 5) | ((grains >>> (octave - 5)) & 31)
}

function headerWord(address: number): number {
  return ((address & UNIT_MASK) - 1) << 1
}

/** Grains of an allocated or free block, with its header. */
export function extentGrains(arena: Arena, address: number): number {
  return arena.words[address >>> SEGMENT_SHIFT][headerWord(address)] & GRAINS_MASK
}

/** Payload bytes of an allocated block. */
export function extentCapacity(arena: Arena, address: number): number {
  return extentGrains(arena, address) * GRAIN_BYTES - UNIT_BYTES
}

/** Address of a block with at least `byteLength` payload bytes, or 0. */
export function allocateExtent(arena: Arena, byteLength: number): number {
  const grains = grainsFor(byteLength)
  const block = findFit(arena, grains)
  if (block !== 0) {
    arena.allocationFresh = false
    return carve(arena, block, 0, grains)
  }
  return raiseTop(arena, grains, GRAIN_UNITS)
}

/** Address of a 16 KiB-aligned block of SLAB_GRAINS, or 0. */
export function allocateSlabExtent(arena: Arena): number {
  let address = findAlignedFit(arena)
  if (address !== 0) {
    const front = slabGap(address & UNIT_MASK) / GRAIN_UNITS
    address = carve(arena, address, front, SLAB_GRAINS)
  } else {
    address = raiseTop(arena, SLAB_GRAINS, SLAB_UNITS)
  }
  if (address !== 0) arena.words[address >>> SEGMENT_SHIFT][headerWord(address)] |= SLAB_FLAG
  return address
}

/** Gives a block back and joins it with free neighbours. Cannot fail. */
export function releaseExtent(arena: Arena, address: number): void {
  const segment = address >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const root = arena.words[0]
  let header = headerWord(address)
  let block = address
  let grains = words[header] & GRAINS_MASK
  const previousGrains = words[header + 1]
  if (previousGrains !== 0) {
    const previousHeader = header - previousGrains * GRAIN_UNITS * 2
    if ((words[previousHeader] & FREE_FLAG) !== 0) {
      block -= previousGrains * GRAIN_UNITS
      unlinkFree(arena, block, previousGrains)
      grains += previousGrains
      header = previousHeader
    }
  }
  const top = root[TOP_WORD + segment]
  let end = (block & UNIT_MASK) + grains * GRAIN_UNITS
  if (end < top) {
    const nextWord = words[(end - 1) << 1]
    if ((nextWord & FREE_FLAG) !== 0) {
      const nextGrains = nextWord & GRAINS_MASK
      unlinkFree(arena, block + grains * GRAIN_UNITS, nextGrains)
      grains += nextGrains
      end += nextGrains * GRAIN_UNITS
    }
  }
  if (end === top) {
    root[TOP_WORD + segment] = block & UNIT_MASK
    root[LAST_WORD + segment] = words[header + 1]
    return
  }
  words[((end - 1) << 1) + 1] = grains
  linkFree(arena, block, grains)
}

/** Makes an allocated block larger where it is, from the free block or the untouched memory
 * behind it. false = no room there, nothing changed. */
export function growExtent(arena: Arena, address: number, byteLength: number): boolean {
  const segment = address >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const root = arena.words[0]
  const header = headerWord(address)
  const grains = words[header] & GRAINS_MASK
  const wanted = grainsFor(byteLength)
  const end = (address & UNIT_MASK) + grains * GRAIN_UNITS
  if (end === root[TOP_WORD + segment]) {
    const newEnd = (address & UNIT_MASK) + wanted * GRAIN_UNITS
    if (newEnd - 1 > usableUnits(arena, segment)) return false
    words[header] = wanted
    setTop(root, segment, newEnd, wanted)
    return true
  }
  const nextWord = words[(end - 1) << 1]
  const nextGrains = nextWord & GRAINS_MASK
  if ((nextWord & FREE_FLAG) === 0 || grains + nextGrains < wanted) return false
  carve(arena, address + grains * GRAIN_UNITS, 0, wanted - grains)
  // carve made the needed part a block of its own (perhaps a little larger): swallow it.
  const taken = words[(end - 1) << 1] & GRAINS_MASK
  words[header] = grains + taken
  setPreviousOfNext(arena, address, grains + taken)
  return true
}

/** Cuts an allocated block down to what `byteLength` needs; the rest is free at once. */
export function shrinkExtent(arena: Arena, address: number, byteLength: number): void {
  const words = arena.words[address >>> SEGMENT_SHIFT]
  const header = headerWord(address)
  const grains = words[header] & GRAINS_MASK
  const kept = grainsFor(byteLength)
  if (kept >= grains) return
  const rest = address + kept * GRAIN_UNITS
  words[header] = kept
  words[headerWord(rest)] = grains - kept
  words[headerWord(rest) + 1] = kept
  setPreviousOfNext(arena, rest, grains - kept)
  releaseExtent(arena, rest)
}

/** Units from `unit` to the next payload that is 16 KiB-aligned. */
function slabGap(unit: number): number {
  return (SLAB_UNITS - (unit & (SLAB_UNITS - 1))) & (SLAB_UNITS - 1)
}

function findFit(arena: Arena, grains: number): number {
  const root = arena.words[0]
  const bin = binOf(grains)
  let best = 0
  if (grains < 64) {
    best = root[BINS_WORD + bin]
    if (best !== 0) return best
  } else {
    let bestGrains = GRAINS_MASK
    let block = root[BINS_WORD + bin]
    for (let walked = 0; block !== 0 && walked < FIT_WALK_MAX; walked++) {
      const words = arena.words[block >>> SEGMENT_SHIFT]
      const size = words[headerWord(block)] & GRAINS_MASK
      if (size >= grains && size < bestGrains) {
        best = block
        bestGrains = size
        if (size === grains) return block
      }
      block = words[(block & UNIT_MASK) << 1]
    }
    if (best !== 0) return best
  }
  const next = nextBin(root, bin + 1)
  return next < 0 ? 0 : root[BINS_WORD + next]
}

/** A free block that holds an aligned slab somewhere inside, or 0. */
function findAlignedFit(arena: Arena): number {
  const root = arena.words[0]
  for (let bin = nextBin(root, binOf(SLAB_GRAINS)); bin >= 0; bin = nextBin(root, bin + 1)) {
    let block = root[BINS_WORD + bin]
    for (let walked = 0; block !== 0 && walked < ALIGNED_WALK_MAX; walked++) {
      const words = arena.words[block >>> SEGMENT_SHIFT]
      const unit = block & UNIT_MASK
      const size = (words[(unit - 1) << 1] & GRAINS_MASK) * GRAIN_UNITS
      if (slabGap(unit) + SLAB_UNITS <= size) return block
      block = words[unit << 1]
    }
  }
  return 0
}

/** First non-empty list from `bin` on, or -1. */
function nextBin(root: Int32Array, bin: number): number {
  if (bin >= BINS) return -1
  const map = bin >>> 5
  const bits = root[BIN_MAPS_WORD + map] & (-1 << (bin & 31))
  if (bits !== 0) return (map << 5) | (31 - Math.clz32(bits & -bits))
  if (map === 31) return -1
  const maps = root[BIN_MAP_WORD] & (-1 << (map + 1))
  if (maps === 0) return -1
  const higher = 31 - Math.clz32(maps & -maps)
  const low = root[BIN_MAPS_WORD + higher]
  return (higher << 5) | (31 - Math.clz32(low & -low))
}

/** Takes a free block out of its list and cuts it: [front free] [grains, returned] [rest free]. */
function carve(arena: Arena, block: number, front: number, grains: number): number {
  const words = arena.words[block >>> SEGMENT_SHIFT]
  const size = words[headerWord(block)] & GRAINS_MASK
  unlinkFree(arena, block, size)
  let address = block
  let left = size
  if (front > 0) {
    linkFree(arena, block, front)
    address += front * GRAIN_UNITS
    left -= front
    words[headerWord(address) + 1] = front
  }
  // A rest that is tiny beside the block is not worth a list of its own: it stays inside, as
  // room to grow. Slabs are exact, they must not be larger than 16 KiB.
  const rest = left - grains
  if (rest > 0 && (grains === SLAB_GRAINS || rest > grains >>> 6)) {
    const restAddress = address + grains * GRAIN_UNITS
    words[headerWord(address)] = grains
    words[headerWord(restAddress) + 1] = grains
    linkFree(arena, restAddress, rest)
    setPreviousOfNext(arena, restAddress, rest)
  } else {
    words[headerWord(address)] = left
    setPreviousOfNext(arena, address, left)
  }
  return address
}

/** A block from memory that no block covers, in the lowest segment that has room; 0 = none. */
function raiseTop(arena: Arena, grains: number, alignUnits: number): number {
  const root = arena.words[0]
  for (let segment = 0; segment < arena.words.length; segment++) {
    const words = arena.words[segment]
    const top = root[TOP_WORD + segment]
    const unit = (top + alignUnits - 1) & -alignUnits
    const end = unit + grains * GRAIN_UNITS
    if (end - 1 > usableUnits(arena, segment)) continue
    const base = segment << SEGMENT_SHIFT
    const gap = (unit - top) / GRAIN_UNITS
    arena.allocationFresh = unit >= root[HIGH_WORD + segment]
    words[((top - 1) << 1) + 1] = root[LAST_WORD + segment]
    if (gap > 0) {
      linkFree(arena, base + top, gap)
      words[((unit - 1) << 1) + 1] = gap
    }
    words[(unit - 1) << 1] = grains
    setTop(root, segment, end, grains)
    return base + unit
  }
  return 0
}

/** Units of a segment that a block may take: the last one keeps a reserve back. */
function usableUnits(arena: Arena, segment: number): number {
  const units = arena.words[segment].length >>> 1
  if (segment !== arena.words.length - 1 || arena.reserveOpen) return units
  return units - reserveBytes(arena.doubles[0][CAPACITY_DOUBLE]) / UNIT_BYTES
}

/**
 * Memory that only what must work on a full shard may take (EXPIRE moves an entry that grows by its
 * expiry): a 64th, at most 1 MB; an arena below 4 MB has none.
 */
function reserveBytes(capacityBytes: number): number {
  if (capacityBytes < RESERVE_ARENA_BYTES_MIN) return 0
  const slabs = Math.floor(capacityBytes / RESERVE_SHARE / SLAB_BYTES)
  return Math.min(RESERVE_BYTES_MAX, slabs * SLAB_BYTES)
}

function setTop(root: Int32Array, segment: number, unit: number, lastGrains: number): void {
  root[TOP_WORD + segment] = unit
  root[LAST_WORD + segment] = lastGrains
  if (unit > root[HIGH_WORD + segment]) root[HIGH_WORD + segment] = unit
}

/** Tells the block behind this one, or the top, how large this one is. */
function setPreviousOfNext(arena: Arena, address: number, grains: number): void {
  const segment = address >>> SEGMENT_SHIFT
  const root = arena.words[0]
  const end = (address & UNIT_MASK) + grains * GRAIN_UNITS
  if (end === root[TOP_WORD + segment]) root[LAST_WORD + segment] = grains
  else arena.words[segment][((end - 1) << 1) + 1] = grains
}

/** Marks a block free and puts it first in its list. Leaves "previous" of both neighbours. */
function linkFree(arena: Arena, address: number, grains: number): void {
  const root = arena.words[0]
  const words = arena.words[address >>> SEGMENT_SHIFT]
  const payload = (address & UNIT_MASK) << 1
  const bin = binOf(grains)
  const head = root[BINS_WORD + bin]
  words[payload - 2] = grains | FREE_FLAG
  words[payload] = head
  words[payload + 1] = 0
  if (head !== 0) {
    arena.words[head >>> SEGMENT_SHIFT][((head & UNIT_MASK) << 1) + 1] = address
  } else {
    root[BIN_MAPS_WORD + (bin >>> 5)] |= 1 << (bin & 31)
    root[BIN_MAP_WORD] |= 1 << (bin >>> 5)
  }
  root[BINS_WORD + bin] = address
}

function unlinkFree(arena: Arena, address: number, grains: number): void {
  const root = arena.words[0]
  const words = arena.words[address >>> SEGMENT_SHIFT]
  const payload = (address & UNIT_MASK) << 1
  const next = words[payload]
  const previous = words[payload + 1]
  if (next !== 0) {
    arena.words[next >>> SEGMENT_SHIFT][((next & UNIT_MASK) << 1) + 1] = previous
  }
  if (previous !== 0) {
    arena.words[previous >>> SEGMENT_SHIFT][(previous & UNIT_MASK) << 1] = next
    return
  }
  const bin = binOf(grains)
  root[BINS_WORD + bin] = next
  if (next !== 0) return
  const map = bin >>> 5
  root[BIN_MAPS_WORD + map] &= ~(1 << (bin & 31))
  if (root[BIN_MAPS_WORD + map] === 0) root[BIN_MAP_WORD] &= ~(1 << map)
}
