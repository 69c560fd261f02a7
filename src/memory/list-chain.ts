// Nodes made aside, before a list is changed: everything that can fail happens here.
//
//   chain:  first ─▶ node ⇄ … ⇄ last        in no list yet
//
// What cannot be had in full is given back in full.

import { copyBytes } from '../base/copy.ts'
import type { Arena } from './arena.ts'
import type { EncodingLimits } from './encoding-limits.ts'
import { SEGMENT_SHIFT } from './layout.ts'
import { insertNodes, linkNodes, releaseNodes } from './list-links.ts'
import { createListNode, nodeStart } from './list-node.ts'
import { listBytesMax, listCountMax } from './list-room.ts'
import {
  PACKED_EMPTY_BYTES,
  packedEnd,
  packedEntryBytes,
  packedInit,
  packedInsert,
} from './packed.ts'
import { PACKED_HEADER_BYTES } from './packed-layout.ts'

/** Elements that are to be stored, one after the other. An effect's record is one. */
export interface ListItems {
  readonly itemBytes: Uint8Array
  itemStart(index: number): number
  itemLength(index: number): number
}

/** A single element as ListItems. */
export class OneItem implements ListItems {
  itemBytes: Uint8Array = new Uint8Array(0)
  start = 0
  length = 0

  set(bytes: Uint8Array, start: number, length: number): OneItem {
    this.itemBytes = bytes
    this.start = start
    this.length = length
    return this
  }

  itemStart(): number {
    return this.start
  }

  itemLength(): number {
    return this.length
  }
}

/** The chain of this thread, from its first function until joinChain or dropChain. */
export const chain = { first: 0, last: 0, nodes: 0, elements: 0 }

export function clearChain(): void {
  chain.first = 0
  chain.last = 0
  chain.nodes = 0
  chain.elements = 0
}

/** Gives the nodes back. */
export function dropChain(arena: Arena): void {
  releaseNodes(arena, chain.first)
  clearChain()
}

/** Puts the nodes between two neighbours of a list, 0 = its end. */
export function joinChain(arena: Arena, root: number, left: number, right: number): void {
  const { first, last, nodes, elements } = chain
  if (nodes > 0) insertNodes(arena, root, left, right, first, last, nodes, elements)
  clearChain()
}

/** false: `node` is 0, and the chain was given back. */
export function addToChain(
  arena: Arena,
  node: number,
  elements: number,
  atFront: boolean,
): boolean {
  if (node === 0) {
    dropChain(arena)
    return false
  }
  if (chain.nodes === 0) {
    chain.first = node
    chain.last = node
  } else if (atFront) {
    linkNodes(arena, node, chain.first)
    chain.first = node
  } else {
    linkNodes(arena, chain.last, node)
    chain.last = node
  }
  chain.nodes++
  chain.elements += elements
  return true
}

/** What has been prepared besides the chain: see list-large.ts and list-splice.ts. */
export const prepared = { node: 0, kept: 0, offset: 0, replaces: false, splits: false }

// ── Items into nodes ───────────────────────────────────────────────────────────────────────

/** Bytes of the items that itemsFitting found to fit. */
export let fittingBytes = 0

/**
 * How many of the items [from, to) a packed list takes that has so many bytes and elements. An
 * element that does not even fit into an empty one is 0 there too.
 */
export function itemsFitting(
  limits: EncodingLimits,
  items: ListItems,
  from: number,
  to: number,
  usedBytes: number,
  usedCount: number,
): number {
  const bytesMax = listBytesMax(limits) - usedBytes
  const end = Math.min(to, from + listCountMax(limits) - usedCount)
  fittingBytes = 0
  let index = from
  for (; index < end; index++) {
    const bytes = packedEntryBytes(items.itemBytes, items.itemStart(index), items.itemLength(index))
    if (fittingBytes + bytes > bytesMax) break
    fittingBytes += bytes
  }
  return Math.max(index - from, 0)
}

/**
 * Adds nodes with the items [from, to) to the chain: behind it, or one after the other in front of
 * it. Clears the chain first. false = out of memory.
 */
export function chainItems(
  arena: Arena,
  limits: EncodingLimits,
  items: ListItems,
  from: number,
  to: number,
  atFront: boolean,
): boolean {
  clearChain()
  for (let index = from; index < to; ) {
    const fitting = itemsFitting(limits, items, index, to, PACKED_EMPTY_BYTES, 0)
    const node =
      fitting === 0
        ? createPlainNode(arena, items, index)
        : createItemsNode(arena, items, index, fitting, PACKED_EMPTY_BYTES + fittingBytes, atFront)
    const elements = Math.max(fitting, 1)
    if (!addToChain(arena, node, elements, atFront)) return false
    index += elements
  }
  return true
}

/** A node that is one element as it is. */
export function createPlainNode(arena: Arena, items: ListItems, index: number): number {
  const length = items.itemLength(index)
  const node = createListNode(arena, 0, length)
  if (node === 0) return 0
  const target = arena.bytes[node >>> SEGMENT_SHIFT]
  copyBytes(items.itemBytes, items.itemStart(index), target, nodeStart(node), length)
  return node
}

function createItemsNode(
  arena: Arena,
  items: ListItems,
  from: number,
  elements: number,
  byteLength: number,
  atFront: boolean,
): number {
  const node = createPackedNode(arena, elements, byteLength)
  if (node === 0) return 0
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  insertItems(bytes, nodeStart(node), items, from, from + elements, atFront)
  return node
}

/** A node for so many elements, its packed list still empty. */
export function createPackedNode(arena: Arena, elements: number, byteLength: number): number {
  const node = createListNode(arena, elements, byteLength)
  if (node !== 0) packedInit(arena.bytes[node >>> SEGMENT_SHIFT], nodeStart(node))
  return node
}

/** Pushes the items [from, to) on a packed list that has the room. */
export function insertItems(
  bytes: Uint8Array,
  start: number,
  items: ListItems,
  from: number,
  to: number,
  atFront: boolean,
): void {
  for (let index = from; index < to; index++) {
    const at = atFront ? start + PACKED_HEADER_BYTES : packedEnd(bytes, start)
    packedInsert(bytes, start, at, items.itemBytes, items.itemStart(index), items.itemLength(index))
  }
}
