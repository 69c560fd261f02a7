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

/** Address of a block of at least `byteLength` bytes with any content, or 0: out of memory, then
 * nothing has changed. Sets arena.allocationFresh. */
export function allocate(arena: Arena, byteLength: number): number {
  const doubles = arena.doubles[0]
  if (arena.failAllocationIn !== 0 && failsByTestSwitch(arena)) {
    doubles[FAILURES_DOUBLE]++
    return 0
  }
  let address = 0
  if (byteLength <= SLAB_BLOCK_BYTES_MAX) {
    const units = slabUnitsFor(byteLength)
    address = allocateSlabBlock(arena, units)
    if (address === 0 && releaseEmptySlabs(arena)) address = allocateSlabBlock(arena, units)
    if (address === 0) address = allocateLargerSlabBlock(arena, units)
  } else {
    address = allocateExtent(arena, byteLength)
    if (address === 0 && releaseEmptySlabs(arena)) address = allocateExtent(arena, byteLength)
    if (address !== 0) doubles[USED_DOUBLE] += extentGrains(arena, address) * GRAIN_BYTES
  }
  if (address === 0) doubles[FAILURES_DOUBLE]++
  else doubles[ALLOCATIONS_DOUBLE]++
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
