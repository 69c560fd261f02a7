// Large lists: finding a place, pushing, taking away. What needs memory has two halves, so that its
// record can be written between them: prepare… gets all memory (false = there is none, the elements
// are what they were), then commit… or dropChain. Both cannot fail.

import { sameBytes } from '../base/same-bytes.ts'
import type { Arena } from './arena.ts'
import { rootCount } from './collection.ts'
import type { EncodingLimits } from './encoding-limits.ts'
import { SEGMENT_SHIFT } from './layout.ts'
import {
  chain,
  chainItems,
  clearChain,
  fittingBytes,
  insertItems,
  itemsFitting,
  joinChain,
  type ListItems,
  prepared,
} from './list-chain.ts'
import { cutNodes, removeNode } from './list-links.ts'
import {
  addToNode,
  listHead,
  listNodes,
  listTail,
  nodeBytes,
  nodeCount,
  nodeElements,
  nodeNext,
  nodePrevious,
  nodeStart,
} from './list-node.ts'
import {
  listBytesMax,
  listCountMax,
  nodePackedBytes,
  reserveNode,
  settleNode,
  trimIdleNode,
  trimNode,
} from './list-room.ts'
import {
  PACKED_EMPTY_BYTES,
  packedEnd,
  packedEquals,
  packedFirst,
  packedInsertEntries,
  packedLast,
  packedNext,
  packedPrevious,
  packedRemove,
  packedSeek,
} from './packed.ts'
import { PACKED_HEADER_BYTES } from './packed-layout.ts'

// ── Finding ────────────────────────────────────────────────────────────────────────────────

/** The place that seekNode found. */
export const found = { node: 0, offset: 0 }

/** Finds the node of an index (0 to count - 1), from the nearer end, and its place in the node. */
export function seekNode(arena: Arena, root: number, index: number): void {
  const elements = rootCount(arena, root)
  if (index < elements >>> 1) {
    let node = listHead(arena, root)
    let left = index
    for (let own = nodeElements(arena, node); left >= own; own = nodeElements(arena, node)) {
      left -= own
      node = nodeNext(arena, node)
    }
    found.node = node
    found.offset = left
    return
  }
  let node = listTail(arena, root)
  let first = elements - nodeElements(arena, node)
  while (first > index) {
    node = nodePrevious(arena, node)
    first -= nodeElements(arena, node)
  }
  found.node = node
  found.offset = index - first
}

// ── Pushing ────────────────────────────────────────────────────────────────────────────────

/** Gets the memory for pushing `count` items; those that fit go into the node at the end. */
export function preparePush(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  items: ListItems,
  count: number,
  atHead: boolean,
): boolean {
  clearChain()
  let end = atHead ? listHead(arena, root) : listTail(arena, root)
  let kept = 0
  if (end !== 0 && nodeCount(arena, end) > 0) {
    const used = nodePackedBytes(arena, end)
    kept = itemsFitting(limits, items, 0, count, used, nodeCount(arena, end))
    if (kept > 0) end = reserveNode(arena, root, end, used + fittingBytes, listBytesMax(limits))
    if (end === 0) return false
  }
  prepared.node = end
  prepared.kept = kept
  return kept === count || chainItems(arena, limits, items, kept, count, atHead)
}

export function commitPush(arena: Arena, root: number, items: ListItems, atHead: boolean): void {
  const { node, kept } = prepared
  if (kept > 0) {
    const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
    insertItems(bytes, nodeStart(node), items, 0, kept, atHead)
    addToNode(arena, root, node, kept)
  }
  if (chain.nodes === 0) return
  if (node !== 0) trimNode(arena, root, node)
  if (atHead) joinChain(arena, root, 0, listHead(arena, root))
  else joinChain(arena, root, listTail(arena, root), 0)
}

// ── Taking away at an end ──────────────────────────────────────────────────────────────────

/** Takes away `count` elements, fewer than there are. Walks the part that is smaller: the one that
 * goes or the one that stays. Cannot fail. */
export function popLarge(arena: Arena, root: number, count: number, fromTail: boolean): void {
  const elements = rootCount(arena, root)
  let node = 0
  let nodesGone = 0
  let within = 0
  if (count <= elements >>> 1) {
    node = fromTail ? listTail(arena, root) : listHead(arena, root)
    within = count
    for (let own = nodeElements(arena, node); within >= own; own = nodeElements(arena, node)) {
      within -= own
      nodesGone++
      node = fromTail ? nodePrevious(arena, node) : nodeNext(arena, node)
    }
  } else {
    node = fromTail ? listHead(arena, root) : listTail(arena, root)
    let kept = elements - count
    let nodesKept = 1
    for (let own = nodeElements(arena, node); kept > own; own = nodeElements(arena, node)) {
      kept -= own
      nodesKept++
      node = fromTail ? nodeNext(arena, node) : nodePrevious(arena, node)
    }
    within = nodeElements(arena, node) - kept
    nodesGone = listNodes(arena, root) - nodesKept
  }
  cutNodes(arena, root, node, fromTail, nodesGone, count - within)
  if (within === 0) return
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  const start = nodeStart(node)
  packedRemove(bytes, start, packedSeek(bytes, start, fromTail ? -within : 0), within)
  addToNode(arena, root, node, -within)
  trimIdleNode(arena, root, node)
}

// ── Taking away what is equal ──────────────────────────────────────────────────────────────

/**
 * Takes away up to |count| elements (0 = all) that equal source[start …], from the tail if count is
 * negative. Nodes that have become small join their neighbours, if there is memory. Cannot fail.
 */
export function removeEqualLarge(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  source: Uint8Array,
  start: number,
  length: number,
  count: number,
): void {
  const fromTail = count < 0
  let left = count === 0 ? Infinity : Math.abs(count)
  let touched = 0
  let node = fromTail ? listTail(arena, root) : listHead(arena, root)
  while (node !== 0 && left > 0) {
    const further = fromTail ? nodePrevious(arena, node) : nodeNext(arena, node)
    const gone = removeFromNode(arena, node, source, start, length, left, fromTail)
    left -= gone
    if (gone === nodeElements(arena, node)) {
      removeNode(arena, root, node)
    } else if (gone > 0) {
      addToNode(arena, root, node, -gone)
      touched = settleNode(arena, root, node)
      // Only with what lies behind: what lies ahead is still to be walked.
      touched = joinNeighbour(arena, root, limits, touched, !fromTail)
    }
    node = further
  }
  if (touched !== 0) joinNeighbour(arena, root, limits, touched, fromTail)
}

/** How many of the node's elements went; all of them: its count is not told. */
function removeFromNode(
  arena: Arena,
  node: number,
  source: Uint8Array,
  start: number,
  length: number,
  most: number,
  fromTail: boolean,
): number {
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  if (nodeCount(arena, node) > 0) {
    return removeEqualPacked(bytes, nodeStart(node), source, start, length, most, fromTail)
  }
  if (nodeBytes(arena, node) !== length) return 0
  return sameBytes(bytes, nodeStart(node), source, start, length) ? 1 : 0
}

/** Takes up to `most` elements that equal source[sourceStart …] out of a packed list. */
export function removeEqualPacked(
  bytes: Uint8Array,
  start: number,
  source: Uint8Array,
  sourceStart: number,
  length: number,
  most: number,
  fromTail: boolean,
): number {
  let gone = 0
  if (fromTail) {
    for (let at = packedLast(bytes, start); at !== -1 && gone < most; ) {
      if (packedEquals(bytes, at, source, sourceStart, length)) {
        packedRemove(bytes, start, at, 1)
        gone++
      }
      at = packedPrevious(bytes, start, at)
    }
    return gone
  }
  for (let at = packedFirst(bytes, start); at !== -1 && gone < most; ) {
    let run = 0
    for (let next = at; next !== -1 && gone + run < most; next = packedNext(bytes, next)) {
      if (!packedEquals(bytes, next, source, sourceStart, length)) break
      run++
    }
    gone += run
    at = run > 0 ? packedRemove(bytes, start, at, run) : packedNext(bytes, at)
  }
  return gone
}

/**
 * Puts the elements of a node and its neighbour, the one before or the one behind, into one node,
 * if a node may hold them and there is memory. Returns the node that has the elements of `node`
 * then.
 */
export function joinNeighbour(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  node: number,
  before: boolean,
): number {
  const left = before ? nodePrevious(arena, node) : node
  const right = before ? node : nodeNext(arena, node)
  if (left === 0 || right === 0) return node
  const leftCount = nodeCount(arena, left)
  const rightCount = nodeCount(arena, right)
  if (leftCount === 0 || rightCount === 0) return node
  if (leftCount + rightCount > listCountMax(limits)) return node
  const entryBytes = nodePackedBytes(arena, right) - PACKED_EMPTY_BYTES
  const byteLength = nodePackedBytes(arena, left) + entryBytes
  if (byteLength > listBytesMax(limits)) return node
  const target = reserveNode(arena, root, left, byteLength, byteLength)
  if (target === 0) return node
  const bytes = arena.bytes[target >>> SEGMENT_SHIFT]
  const source = arena.bytes[right >>> SEGMENT_SHIFT]
  const start = nodeStart(target)
  const from = nodeStart(right) + PACKED_HEADER_BYTES
  packedInsertEntries(bytes, start, packedEnd(bytes, start), source, from, entryBytes, rightCount)
  addToNode(arena, root, target, rightCount)
  removeNode(arena, root, right)
  return target
}
