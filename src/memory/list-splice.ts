// Large lists: another element at an index, a new one between two. In halves, as list-large.ts.
//
// A node that cannot take the element gives way to a chain:
//
//   | a b c d e |  ──▶  | a b X | c d e |     X fits beside a b
//                  ──▶  | a b | c d X e … |   no: it fits beside what follows
//                  ──▶  | a b | X | c d e |   no: a node of its own

import type { Arena } from './arena.ts'
import type { EncodingLimits } from './encoding-limits.ts'
import { SEGMENT_SHIFT } from './layout.ts'
import {
  addToChain,
  chain,
  chainItems,
  clearChain,
  createPackedNode,
  createPlainNode,
  insertItems,
  joinChain,
  OneItem,
  prepared,
} from './list-chain.ts'
import { found, joinNeighbour, seekNode } from './list-large.ts'
import { removeNode } from './list-links.ts'
import { addToNode, nodeCount, nodeNext, nodePrevious, nodeStart } from './list-node.ts'
import {
  listBytesMax,
  listCountMax,
  nodePackedBytes,
  nodeTakes,
  reserveNode,
  settleNode,
} from './list-room.ts'
import {
  PACKED_EMPTY_BYTES,
  packedEnd,
  packedEntryBytes,
  packedInsert,
  packedInsertEntries,
  packedReplace,
  packedSeek,
  packedTakenBytes,
} from './packed.ts'
import { PACKED_HEADER_BYTES } from './packed-layout.ts'

const one = new OneItem()

/** Gets the memory for another element at an index. false = there is none. */
export function prepareSet(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  index: number,
  source: Uint8Array,
  start: number,
  length: number,
): boolean {
  clearChain()
  one.set(source, start, length)
  seekNode(arena, root, index)
  const { node, offset } = found
  const entryBytes = packedEntryBytes(source, start, length)
  prepared.replaces = true
  prepared.splits = false
  prepared.offset = offset
  if (nodeCount(arena, node) > 0) {
    const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
    const taken = packedTakenBytes(bytes, packedSeek(bytes, nodeStart(node), offset))
    const growth = entryBytes - taken
    // What does not grow stays, also in a node that is fuller than new ones may be.
    if (growth <= 0 || nodeTakes(arena, limits, node, 0, growth)) {
      return prepareWithin(arena, root, limits, node, growth)
    }
  }
  return prepareSplit(arena, limits, node, offset, entryBytes)
}

/** Gets the memory for a new element in front of the one at an index, which is not the first. */
export function prepareInsert(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  index: number,
  source: Uint8Array,
  start: number,
  length: number,
): boolean {
  clearChain()
  one.set(source, start, length)
  seekNode(arena, root, index)
  const { node, offset } = found
  const entryBytes = packedEntryBytes(source, start, length)
  prepared.replaces = false
  prepared.splits = false
  if (nodeTakes(arena, limits, node, 1, entryBytes)) {
    prepared.offset = offset
    return prepareWithin(arena, root, limits, node, entryBytes)
  }
  if (offset > 0) return prepareSplit(arena, limits, node, offset, entryBytes)
  const previous = nodePrevious(arena, node)
  if (nodeTakes(arena, limits, previous, 1, entryBytes)) {
    prepared.offset = nodeCount(arena, previous)
    return prepareWithin(arena, root, limits, previous, entryBytes)
  }
  prepared.node = previous
  return chainItems(arena, limits, one, 0, 1, false)
}

/** The node itself takes the element; one between others gets no more than it needs. */
function prepareWithin(
  arena: Arena,
  root: number,
  limits: EncodingLimits,
  node: number,
  growth: number,
): boolean {
  const needed = nodePackedBytes(arena, node) + growth
  const atEnd = nodePrevious(arena, node) === 0 || nodeNext(arena, node) === 0
  prepared.node = reserveNode(arena, root, node, needed, atEnd ? listBytesMax(limits) : needed)
  return prepared.node !== 0
}

/** Makes the chain that takes the node's place. */
function prepareSplit(
  arena: Arena,
  limits: EncodingLimits,
  node: number,
  offset: number,
  entryBytes: number,
): boolean {
  prepared.node = node
  prepared.splits = true
  const count = nodeCount(arena, node)
  if (count === 0) return chainItems(arena, limits, one, 0, 1, false)
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  const start = nodeStart(node)
  const from = start + PACKED_HEADER_BYTES
  const at = packedSeek(bytes, start, offset)
  const rightAt = prepared.replaces ? at + packedTakenBytes(bytes, at) : at
  const rightBytes = packedEnd(bytes, start) - rightAt
  const rightCount = count - offset - (prepared.replaces ? 1 : 0)
  const toLeft = offset > 0 && fits(limits, at - from, offset, entryBytes)
  const toRight = !toLeft && rightCount > 0 && fits(limits, rightBytes, rightCount, entryBytes)
  const own = !toLeft && !toRight
  return (
    addPart(arena, bytes, from, at - from, offset, toLeft ? AT_END : NOT_HERE, entryBytes) &&
    (!own || addOwn(arena, limits, entryBytes)) &&
    addPart(
      arena,
      bytes,
      rightAt,
      rightBytes,
      rightCount,
      toRight ? AT_FRONT : NOT_HERE,
      entryBytes,
    )
  )
}

function fits(
  limits: EncodingLimits,
  partBytes: number,
  count: number,
  entryBytes: number,
): boolean {
  const byteLength = PACKED_EMPTY_BYTES + partBytes + entryBytes
  return byteLength <= listBytesMax(limits) && count < listCountMax(limits)
}

const NOT_HERE = 0
const AT_FRONT = 1
const AT_END = 2

/** Adds a node with `count` whole entries of a packed list, and the element with them, to the
 * chain. Nothing if it would be empty. false = out of memory, no chain is left. */
function addPart(
  arena: Arena,
  source: Uint8Array,
  at: number,
  byteLength: number,
  count: number,
  element: number,
  entryBytes: number,
): boolean {
  const elements = element === NOT_HERE ? count : count + 1
  if (elements === 0) return true
  const more = element === NOT_HERE ? 0 : entryBytes
  const node = createPackedNode(arena, elements, PACKED_EMPTY_BYTES + byteLength + more)
  if (node !== 0) {
    const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
    const start = nodeStart(node)
    if (count > 0) {
      const first = start + PACKED_HEADER_BYTES
      packedInsertEntries(bytes, start, first, source, at, byteLength, count)
    }
    if (element !== NOT_HERE) insertItems(bytes, start, one, 0, 1, element === AT_FRONT)
  }
  return addToChain(arena, node, elements, false)
}

function addOwn(arena: Arena, limits: EncodingLimits, entryBytes: number): boolean {
  const plain = PACKED_EMPTY_BYTES + entryBytes > listBytesMax(limits)
  if (plain) return addToChain(arena, createPlainNode(arena, one, 0), 1, false)
  return addPart(arena, one.itemBytes, 0, 0, 0, AT_FRONT, entryBytes)
}

/** Does what prepareSet or prepareInsert prepared. */
export function commitSplice(arena: Arena, root: number, limits: EncodingLimits): void {
  const { node, splits } = prepared
  if (chain.nodes === 0) {
    commitWithin(arena, root)
    return
  }
  if (!splits) {
    joinChain(arena, root, node, nodeNext(arena, node))
    return
  }
  const { first, last } = chain
  const left = nodePrevious(arena, node)
  const right = nodeNext(arena, node)
  removeNode(arena, root, node)
  joinChain(arena, root, left, right)
  const joined = joinNeighbour(arena, root, limits, first, true)
  joinNeighbour(arena, root, limits, first === last ? joined : last, false)
}

function commitWithin(arena: Arena, root: number): void {
  const { node, offset, replaces } = prepared
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  const start = nodeStart(node)
  const { itemBytes, start: from, length } = one
  if (replaces) {
    packedReplace(bytes, start, packedSeek(bytes, start, offset), itemBytes, from, length)
    settleNode(arena, root, node)
    return
  }
  const atEnd = offset === nodeCount(arena, node)
  const at = atEnd ? packedEnd(bytes, start) : packedSeek(bytes, start, offset)
  packedInsert(bytes, start, at, itemBytes, from, length)
  addToNode(arena, root, node, 1)
}
