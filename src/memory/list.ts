// Lists: packed bytes in the entry up to what a node may hold, a chain of nodes above (drawn in
// layout.ts). Functions on the entry of a list; list-place.ts walks it.
//
//   push, set, insert:  open… (the elements stay what they are, the entry may be another)
//                       prepare… (false: out of memory) -> commit… or dropList…
//   pop, remove:        cannot fail
//
// The entry that is returned takes the place of the one that was given (keyspace's relink). A list
// without elements is the caller's to remove.

import { copyBytes } from '../base/copy.ts'
import { blockCapacity } from './allocator.ts'
import type { Arena } from './arena.ts'
import {
  createLargeSuccessor,
  createSuccessor,
  isLargeCollection,
  largeRoot,
  reservePacked,
  rootCount,
} from './collection.ts'
import type { EncodingLimits } from './encoding-limits.ts'
import { entryMemory, entryValueLength, entryValueStart } from './entry.ts'
import { COLLECTION_PACKED, LIST_ROOT_BYTES, NODE_HEADER_BYTES, SEGMENT_SHIFT } from './layout.ts'
import {
  chainItems,
  dropChain,
  fittingBytes,
  insertItems,
  itemsFitting,
  joinChain,
  type ListItems,
} from './list-chain.ts'
import {
  commitPush,
  popLarge,
  preparePush,
  removeEqualLarge,
  removeEqualPacked,
} from './list-large.ts'
import { insertNodes } from './list-links.ts'
import {
  createListNode,
  createListRoot,
  listHead,
  nodeBytes,
  nodeNext,
  nodeStart,
  releaseListRoot,
  releaseNodeBlock,
} from './list-node.ts'
import { liesIdle, listBytesMax, listCountMax } from './list-room.ts'
import { commitSplice, prepareInsert, prepareSet } from './list-splice.ts'
import {
  PACKED_EMPTY_BYTES,
  packedByteLength,
  packedCount,
  packedEnd,
  packedEntryBytes,
  packedInit,
  packedInsert,
  packedRemove,
  packedReplace,
  packedSeek,
  packedTakenBytes,
} from './packed.ts'

/** Redis 7.0's only name for how a list lies. */
export const LIST_ENCODING = 'quicklist'

/** Elements of a list. */
export function listLength(arena: Arena, entry: number): number {
  if (isLargeCollection(arena, entry)) return rootCount(arena, largeRoot(arena, entry))
  return packedCount(arena.bytes[entry >>> SEGMENT_SHIFT], entryValueStart(arena, entry))
}

/** Bytes of all blocks of a list, with rounding. */
export function listMemory(arena: Arena, entry: number): number {
  let bytes = entryMemory(arena, entry)
  if (!isLargeCollection(arena, entry)) return bytes
  const root = largeRoot(arena, entry)
  bytes += blockCapacity(arena, root, LIST_ROOT_BYTES)
  for (let node = listHead(arena, root); node !== 0; node = nodeNext(arena, node)) {
    bytes += blockCapacity(arena, node, NODE_HEADER_BYTES + nodeBytes(arena, node))
  }
  return bytes
}

// ── New lists ──────────────────────────────────────────────────────────────────────────────

/** Packed bytes of a list of these items, 0 = it has to be large. */
export function packedBytesOf(limits: EncodingLimits, items: ListItems, count: number): number {
  const fitting = itemsFitting(limits, items, 0, count, PACKED_EMPTY_BYTES, 0)
  return fitting === count ? PACKED_EMPTY_BYTES + fittingBytes : 0
}

/** Writes the items into a new entry that has the room. */
export function fillPacked(
  arena: Arena,
  entry: number,
  items: ListItems,
  count: number,
  atHead: boolean,
): void {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  packedInit(bytes, start)
  insertItems(bytes, start, items, 0, count, atHead)
}

/** The root of a large list of these items; 0 = out of memory, nothing is left. */
export function createLargeList(
  arena: Arena,
  limits: EncodingLimits,
  items: ListItems,
  count: number,
  atHead: boolean,
): number {
  const root = createListRoot(arena)
  if (root === 0) return 0
  if (chainItems(arena, limits, items, 0, count, atHead)) {
    joinChain(arena, root, 0, 0)
    return root
  }
  releaseListRoot(arena, root)
  return 0
}

// ── Push ───────────────────────────────────────────────────────────────────────────────────

/** Makes a packed list ready for pushing the items: with the room, or large. 0 = out of memory. */
export function openForPush(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  items: ListItems,
  count: number,
): number {
  if (isLargeCollection(arena, entry)) return entry
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const used = packedByteLength(bytes, start)
  const fitting = itemsFitting(limits, items, 0, count, used, packedCount(bytes, start))
  if (fitting === count) return reservePacked(arena, entry, used + fittingBytes)
  return becomeLarge(arena, entry)
}

export function prepareListPush(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  items: ListItems,
  count: number,
  atHead: boolean,
): boolean {
  if (!isLargeCollection(arena, entry)) return true
  return preparePush(arena, largeRoot(arena, entry), limits, items, count, atHead)
}

export function commitListPush(
  arena: Arena,
  entry: number,
  items: ListItems,
  count: number,
  atHead: boolean,
): void {
  if (isLargeCollection(arena, entry)) {
    commitPush(arena, largeRoot(arena, entry), items, atHead)
    return
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  insertItems(bytes, entryValueStart(arena, entry), items, 0, count, atHead)
}

/** Gives back what was prepared for a list. */
export function dropListChange(arena: Arena, entry: number): void {
  if (isLargeCollection(arena, entry)) dropChain(arena)
}

/** A large successor whose only node has the packed bytes of the entry. 0 = out of memory. */
function becomeLarge(arena: Arena, entry: number): number {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const byteLength = packedByteLength(bytes, start)
  const count = packedCount(bytes, start)
  const root = createListRoot(arena)
  if (root === 0) return 0
  const node = createListNode(arena, count, byteLength)
  if (node !== 0) {
    copyBytes(bytes, start, arena.bytes[node >>> SEGMENT_SHIFT], nodeStart(node), byteLength)
    insertNodes(arena, root, 0, 0, node, node, 1, count)
    const successor = createLargeSuccessor(arena, entry, root)
    if (successor !== 0) return successor
    releaseNodeBlock(arena, node)
  }
  releaseListRoot(arena, root)
  return 0
}

// ── Set and insert ─────────────────────────────────────────────────────────────────────────

/** Makes a packed list ready for another element at an index. 0 = out of memory. */
export function openForSet(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  index: number,
  source: Uint8Array,
  sourceStart: number,
  length: number,
): number {
  if (isLargeCollection(arena, entry)) return entry
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const taken = packedTakenBytes(bytes, packedSeek(bytes, start, index))
  return openPacked(arena, entry, limits, packedEntryBytes(source, sourceStart, length) - taken, 0)
}

/** The same for a new element. */
export function openForInsert(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  source: Uint8Array,
  sourceStart: number,
  length: number,
): number {
  if (isLargeCollection(arena, entry)) return entry
  return openPacked(arena, entry, limits, packedEntryBytes(source, sourceStart, length), 1)
}

function openPacked(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  growth: number,
  elements: number,
): number {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const needed = packedByteLength(bytes, start) + growth
  if (growth <= 0) return entry
  const fits =
    needed <= listBytesMax(limits) && packedCount(bytes, start) + elements <= listCountMax(limits)
  return fits ? reservePacked(arena, entry, needed) : becomeLarge(arena, entry)
}

/** `inserts`: a new element in front of the one at `index`, which is not 0; else another one. */
export function prepareListSplice(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  index: number,
  inserts: boolean,
  source: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (!isLargeCollection(arena, entry)) return true
  const root = largeRoot(arena, entry)
  if (inserts) return prepareInsert(arena, root, limits, index, source, start, length)
  return prepareSet(arena, root, limits, index, source, start, length)
}

/** Returns the entry, or a smaller successor. */
export function commitListSplice(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  index: number,
  inserts: boolean,
  source: Uint8Array,
  sourceStart: number,
  length: number,
): number {
  if (isLargeCollection(arena, entry)) {
    commitSplice(arena, largeRoot(arena, entry), limits)
    return entry
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const at = packedSeek(bytes, start, index)
  if (inserts) {
    const place = at === -1 ? packedEnd(bytes, start) : at
    packedInsert(bytes, start, place, source, sourceStart, length)
    return entry
  }
  packedReplace(bytes, start, at, source, sourceStart, length)
  return shrunk(arena, entry, packedByteLength(bytes, start))
}

// ── Taking away ────────────────────────────────────────────────────────────────────────────

/** Takes away `count` elements, fewer than there are, at the head or the tail. */
export function listPop(arena: Arena, entry: number, count: number, fromTail: boolean): number {
  if (isLargeCollection(arena, entry)) {
    popLarge(arena, largeRoot(arena, entry), count, fromTail)
    return entry
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  packedRemove(bytes, start, packedSeek(bytes, start, fromTail ? -count : 0), count)
  return shrunk(arena, entry, packedByteLength(bytes, start))
}

/** Takes away up to |count| elements (0 = all) that are equal, from the tail if it is negative. */
export function listRemove(
  arena: Arena,
  entry: number,
  limits: EncodingLimits,
  source: Uint8Array,
  sourceStart: number,
  length: number,
  count: number,
): number {
  if (isLargeCollection(arena, entry)) {
    const root = largeRoot(arena, entry)
    removeEqualLarge(arena, root, limits, source, sourceStart, length, count)
    return entry
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const most = count === 0 ? Infinity : Math.abs(count)
  removeEqualPacked(bytes, start, source, sourceStart, length, most, count < 0)
  return shrunk(arena, entry, packedByteLength(bytes, start))
}

/** After packed bytes became fewer: the entry, or a successor of their size if much lies idle and
 * there is memory for one. */
function shrunk(arena: Arena, entry: number, byteLength: number): number {
  if (!liesIdle(entryValueLength(arena, entry), byteLength)) return entry
  const successor = createSuccessor(arena, entry, COLLECTION_PACKED, byteLength)
  if (successor === 0) return entry
  copyBytes(
    arena.bytes[entry >>> SEGMENT_SHIFT],
    entryValueStart(arena, entry),
    arena.bytes[successor >>> SEGMENT_SHIFT],
    entryValueStart(arena, successor),
    byteLength,
  )
  return successor
}
