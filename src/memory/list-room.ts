// What a node of a large list may hold, and the room of its packed list: more of it, less of it.
//
// A node at an end of a list grows by an eighth at a time, up to what a node may hold. When it is
// no longer at the end, what it does not use is given back.

import { copyBytes } from '../base/copy.ts'
import { blockCapacity, growBlock, shrinkBlock } from './allocator.ts'
import type { Arena } from './arena.ts'
import type { EncodingLimits } from './encoding-limits.ts'
import {
  GRAIN_BYTES,
  NODE_HEADER_BYTES,
  PACKED_BYTES_MAX,
  SEGMENT_SHIFT,
  SLAB_BLOCK_BYTES_MAX,
  UNIT_BYTES,
} from './layout.ts'
import { replaceNode } from './list-links.ts'
import {
  createListNode,
  nodeBytes,
  nodeCount,
  nodeNext,
  nodePrevious,
  nodeStart,
  setNodeBytes,
} from './list-node.ts'
import { packedByteLength } from './packed.ts'
import { slabUnitsFor } from './slab.ts'

/** Of list-max-listpack-size -1; every step down doubles it. [redis-7.0 quicklist.c] */
const SMALLEST_BYTES = 4096
const SMALLEST_STEP = -5
/** What a node may hold where the option counts elements. [redis-7.0 SIZE_SAFETY_LIMIT] */
const COUNTED_BYTES_MAX = 8192
/** Packed lists know their count up to here. */
const COUNT_MAX = 65_534
const SPARE_SHIFT = 3
/** A packed list gives nothing back of less room than this. */
const IDLE_ROOM_MIN = 128

/** Most bytes of packed elements in an entry or a node, header and end included. */
export function listBytesMax({ listPackedSize }: EncodingLimits): number {
  if (listPackedSize >= 0) return COUNTED_BYTES_MAX
  const step = Math.max(listPackedSize, SMALLEST_STEP)
  return Math.min(SMALLEST_BYTES << (-step - 1), PACKED_BYTES_MAX)
}

/** Most elements in an entry or a node. */
export function listCountMax({ listPackedSize }: EncodingLimits): number {
  return listPackedSize < 0 ? COUNT_MAX : Math.min(Math.max(listPackedSize, 1), COUNT_MAX)
}

/** Bytes that the packed list of a node takes. */
export function nodePackedBytes(arena: Arena, node: number): number {
  return packedByteLength(arena.bytes[node >>> SEGMENT_SHIFT], nodeStart(node))
}

/** May the node take so many more elements and bytes? */
export function nodeTakes(
  arena: Arena,
  limits: EncodingLimits,
  node: number,
  elements: number,
  byteLength: number,
): boolean {
  const count = nodeCount(arena, node)
  if (count === 0 || count + elements > listCountMax(limits)) return false
  return nodePackedBytes(arena, node) + byteLength <= listBytesMax(limits)
}

/**
 * Room for `byteLength` packed bytes in a node of a list: the node, or one that has taken its
 * place. 0 = out of memory, nothing changed. @param most bytes up to which it may get more than it
 * needs
 */
export function reserveNode(
  arena: Arena,
  root: number,
  node: number,
  byteLength: number,
  most: number,
): number {
  const room = nodeBytes(arena, node)
  if (byteLength <= room) return node
  const wanted = Math.max(byteLength, Math.min(most, grained(byteLength)))
  const blockBytes = NODE_HEADER_BYTES + room
  if (blockBytes > SLAB_BLOCK_BYTES_MAX) {
    const capacity = blockCapacity(arena, node, blockBytes) - NODE_HEADER_BYTES
    if (byteLength <= capacity) {
      setNodeBytes(arena, node, capacity)
      return node
    }
    if (growBlock(arena, node, NODE_HEADER_BYTES + wanted)) {
      setNodeBytes(arena, node, wanted)
      return node
    }
  }
  const moved = createListNode(arena, nodeCount(arena, node), wanted)
  if (moved === 0) return 0
  moveTo(arena, root, node, moved)
  return moved
}

/** An eighth more than `byteLength`, up to the end of the block that it needs. */
function grained(byteLength: number): number {
  const wanted = NODE_HEADER_BYTES + byteLength + (byteLength >>> SPARE_SHIFT)
  if (wanted <= SLAB_BLOCK_BYTES_MAX) return slabUnitsFor(wanted) * UNIT_BYTES - NODE_HEADER_BYTES
  const grains = Math.ceil((wanted + UNIT_BYTES) / GRAIN_BYTES)
  return grains * GRAIN_BYTES - UNIT_BYTES - NODE_HEADER_BYTES
}

function moveTo(arena: Arena, root: number, node: number, other: number): void {
  copyBytes(
    arena.bytes[node >>> SEGMENT_SHIFT],
    nodeStart(node),
    arena.bytes[other >>> SEGMENT_SHIFT],
    nodeStart(other),
    nodePackedBytes(arena, node),
  )
  replaceNode(arena, root, node, other)
}

/** Gives back what a packed node does not use: the node, or one in its place. Cannot fail. */
export function trimNode(arena: Arena, root: number, node: number): number {
  if (nodeCount(arena, node) === 0) return node
  return cutNodeTo(arena, root, node, nodePackedBytes(arena, node))
}

/** trimNode where an eighth of the room lies idle; half of that is left to grow. */
export function trimIdleNode(arena: Arena, root: number, node: number): number {
  const room = nodeBytes(arena, node)
  const used = nodePackedBytes(arena, node)
  if (!liesIdle(room, used)) return node
  return cutNodeTo(arena, root, node, used + (used >>> (SPARE_SHIFT + 1)))
}

/** Is it worth a smaller block that packed elements take no more than this of their room? */
export function liesIdle(room: number, used: number): boolean {
  return room >= IDLE_ROOM_MIN && room - used > room >>> SPARE_SHIFT
}

/** After elements went: a node at an end keeps some room to grow, another one only crumbs. */
export function settleNode(arena: Arena, root: number, node: number): number {
  if (nodePrevious(arena, node) === 0 || nodeNext(arena, node) === 0) {
    return trimIdleNode(arena, root, node)
  }
  const used = nodePackedBytes(arena, node)
  if (nodeBytes(arena, node) - used <= used >>> SPARE_SHIFT) return node
  return cutNodeTo(arena, root, node, used)
}

function cutNodeTo(arena: Arena, root: number, node: number, byteLength: number): number {
  const before = NODE_HEADER_BYTES + nodeBytes(arena, node)
  const after = NODE_HEADER_BYTES + byteLength
  if (after >= before) return node
  if (after > SLAB_BLOCK_BYTES_MAX) {
    shrinkBlock(arena, node, after)
    setNodeBytes(arena, node, byteLength)
    return node
  }
  if (before <= SLAB_BLOCK_BYTES_MAX && slabUnitsFor(before) === slabUnitsFor(after)) return node
  const moved = createListNode(arena, nodeCount(arena, node), byteLength)
  if (moved === 0) return node
  moveTo(arena, root, node, moved)
  return moved
}
