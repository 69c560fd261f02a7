// The one way to memory inside an arena. Callers remember how long a block is: up to 512 bytes
// it lies in a slab and has no header; longer ones are extents.

import type { Arena } from './arena.ts'
import {
  allocateExtent,
  extentCapacity,
  extentGrains,
  growExtent,
  releaseExtent,
  shrinkExtent,
} from './extent.ts'
import {
  ALLOCATIONS_DOUBLE,
  FAILURES_DOUBLE,
  GRAIN_BYTES,
  RELEASE_HEAD_WORD,
  RELEASES_DOUBLE,
  SLAB_BLOCK_BYTES_MAX,
  USED_DOUBLE,
} from './layout.ts'
import {
  allocateLargerSlabBlock,
  allocateSlabBlock,
  releaseEmptySlabs,
  releaseSlabBlock,
  slabBlockBytes,
  slabUnitsFor,
} from './slab.ts'

// ── A full arena ───────────────────────────────────────────────────────────────────────────────

/** Gives memory back that waits for it, as releaseSlice does. True: there is more. */
export type Reclaim = (arena: Arena, pagesMax: number) => boolean

/** Pages given back between two tries: about 170 entries, 0.1 ms. */
const RECLAIM_STEP_PAGES = 4

// This thread's allowance for allocations that find no memory. Not in shared memory: it is about
// the command that runs, and no other command runs meanwhile.
let reclaim: Reclaim | undefined
let reclaimPagesLeft = 0

/**
 * From now on an allocation that fails gives back up to `pagesMax` pages, all failures together,
 * and tries again. Without it nothing is given back here.
 */
export function allowReclaim(give: Reclaim, pagesMax: number): void {
  reclaim = give
  reclaimPagesLeft = pagesMax
}

function reclaimStep(arena: Arena): boolean {
  if (reclaimPagesLeft <= 0 || arena.words[0][RELEASE_HEAD_WORD] === 0) return false
  reclaimPagesLeft -= RECLAIM_STEP_PAGES
  reclaim?.(arena, RECLAIM_STEP_PAGES)
  return true
}

// ── Blocks ─────────────────────────────────────────────────────────────────────────────────────

/** Address of a block of at least `byteLength` bytes with any content, or 0: out of memory, then
 * nothing that is in use has changed. Sets arena.allocationFresh. */
export function allocate(arena: Arena, byteLength: number): number {
  const doubles = arena.doubles[0]
  if (arena.failAllocationIn !== 0 && failsByTestSwitch(arena)) {
    doubles[FAILURES_DOUBLE]++
    return 0
  }
  let address = takeBlock(arena, byteLength)
  while (address === 0 && reclaimStep(arena)) address = takeBlock(arena, byteLength)
  if (address === 0 && byteLength <= SLAB_BLOCK_BYTES_MAX) {
    address = allocateLargerSlabBlock(arena, slabUnitsFor(byteLength))
  }
  if (address === 0) doubles[FAILURES_DOUBLE]++
  else doubles[ALLOCATIONS_DOUBLE]++
  return address
}

function takeBlock(arena: Arena, byteLength: number): number {
  if (byteLength <= SLAB_BLOCK_BYTES_MAX) {
    const units = slabUnitsFor(byteLength)
    const address = allocateSlabBlock(arena, units)
    if (address !== 0 || !releaseEmptySlabs(arena)) return address
    return allocateSlabBlock(arena, units)
  }
  let address = allocateExtent(arena, byteLength)
  if (address === 0 && releaseEmptySlabs(arena)) address = allocateExtent(arena, byteLength)
  if (address !== 0) arena.doubles[0][USED_DOUBLE] += extentGrains(arena, address) * GRAIN_BYTES
  return address
}

/** Gives a block back; `byteLength` as it was asked for. Cannot fail. */
export function release(arena: Arena, address: number, byteLength: number): void {
  const doubles = arena.doubles[0]
  doubles[RELEASES_DOUBLE]++
  if (byteLength <= SLAB_BLOCK_BYTES_MAX) {
    releaseSlabBlock(arena, address)
  } else {
    doubles[USED_DOUBLE] -= extentGrains(arena, address) * GRAIN_BYTES
    releaseExtent(arena, address)
  }
}

/** Bytes that the block really has; `byteLength` as it was asked for. */
export function blockCapacity(arena: Arena, address: number, byteLength: number): number {
  return byteLength <= SLAB_BLOCK_BYTES_MAX
    ? slabBlockBytes(arena, address)
    : extentCapacity(arena, address)
}

/** Makes a block that was asked for with more than 512 bytes longer where it is. false = there is
 * no room behind it, nothing changed. */
export function growBlock(arena: Arena, address: number, byteLength: number): boolean {
  if (arena.failAllocationIn !== 0 && failsByTestSwitch(arena)) return false
  const doubles = arena.doubles[0]
  const before = extentGrains(arena, address)
  if (!growExtent(arena, address, byteLength)) return false
  doubles[USED_DOUBLE] += (extentGrains(arena, address) - before) * GRAIN_BYTES
  return true
}

/** Cuts a block that was asked for with more than 512 bytes down to `byteLength` (> 512) bytes.
 * Cannot fail. */
export function shrinkBlock(arena: Arena, address: number, byteLength: number): void {
  const before = extentGrains(arena, address)
  shrinkExtent(arena, address, byteLength)
  arena.doubles[0][USED_DOUBLE] -= (before - extentGrains(arena, address)) * GRAIN_BYTES
}

function failsByTestSwitch(arena: Arena): boolean {
  if (arena.failAllocationIn > 1) {
    arena.failAllocationIn--
    return false
  }
  if (!arena.failAllocationStays) arena.failAllocationIn = 0
  return true
}
