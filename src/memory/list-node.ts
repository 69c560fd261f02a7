// Nodes of a large list, and its root: making and freeing them, and their fields (drawn in
// layout.ts). How they hang together is list-links.ts, what is in them list-large.ts.

import { allocate, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import {
  COUNT_WORD,
  KIND_LIST,
  LIST_HEAD_WORD,
  LIST_NODES_WORD,
  LIST_ROOT_BYTES,
  LIST_ROOT_WORDS,
  LIST_TAIL_WORD,
  NODE_BYTES_WORD,
  NODE_COUNT_WORD,
  NODE_HEADER_BYTES,
  NODE_NEXT_WORD,
  NODE_PREVIOUS_WORD,
  ROOT_KIND_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'

/** The root of an empty large list, 0 = out of memory. */
export function createListRoot(arena: Arena): number {
  const root = allocate(arena, LIST_ROOT_BYTES)
  if (root === 0) return 0
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const word = (root & UNIT_MASK) << 1
  words.fill(0, word, word + LIST_ROOT_WORDS)
  words[word + ROOT_KIND_WORD] = KIND_LIST
  return root
}

/** A node that is in no list, with payload room for so many bytes; 0 = out of memory. */
export function createListNode(arena: Arena, count: number, byteLength: number): number {
  const node = allocate(arena, NODE_HEADER_BYTES + byteLength)
  if (node === 0) return 0
  const words = arena.words[node >>> SEGMENT_SHIFT]
  const word = (node & UNIT_MASK) << 1
  words[word] = 0
  words[word + NODE_NEXT_WORD] = 0
  words[word + NODE_COUNT_WORD] = count
  words[word + NODE_BYTES_WORD] = byteLength
  return node
}

/** Gives a node's block back; the list must not refer to it any more. */
export function releaseNodeBlock(arena: Arena, node: number): void {
  const words = arena.words[node >>> SEGMENT_SHIFT]
  const bytes = words[((node & UNIT_MASK) << 1) + NODE_BYTES_WORD]
  release(arena, node, NODE_HEADER_BYTES + bytes)
}

/** Elements of a node. */
export function nodeElements(arena: Arena, node: number): number {
  const words = arena.words[node >>> SEGMENT_SHIFT]
  return Math.max(words[((node & UNIT_MASK) << 1) + NODE_COUNT_WORD], 1)
}

/** Frees the first node of a list that nothing refers to any more, and counts its elements off the
 * root. false = there is none. Links of other nodes are left as they are. */
export function releaseListNode(arena: Arena, root: number): boolean {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const word = (root & UNIT_MASK) << 1
  const node = words[word + LIST_HEAD_WORD]
  if (node === 0) return false
  const nodeWord = (node & UNIT_MASK) << 1
  words[word + LIST_HEAD_WORD] = arena.words[node >>> SEGMENT_SHIFT][nodeWord + NODE_NEXT_WORD]
  words[word + LIST_NODES_WORD]--
  words[word + COUNT_WORD] -= nodeElements(arena, node)
  releaseNodeBlock(arena, node)
  return true
}

/** Gives back the root of a list whose nodes are gone. */
export function releaseListRoot(arena: Arena, root: number): void {
  release(arena, root, LIST_ROOT_BYTES)
}

// ── Fields ─────────────────────────────────────────────────────────────────────────────────

export function nodeNext(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_NEXT_WORD]
}

export function nodePrevious(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_PREVIOUS_WORD]
}

/** Elements of its packed list; 0 = the payload is one element as it is. */
export function nodeCount(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_COUNT_WORD]
}

/** Room of the payload: of a plain element exactly its length. */
export function nodeBytes(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_BYTES_WORD]
}

/** Byte of the payload in arena.bytes[node >>> SEGMENT_SHIFT]. */
export function nodeStart(node: number): number {
  return ((node & UNIT_MASK) << 3) + NODE_HEADER_BYTES
}

export function setNodeBytes(arena: Arena, node: number, byteLength: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_BYTES_WORD] = byteLength
}

export function setNodeCount(arena: Arena, node: number, elements: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_COUNT_WORD] = elements
}

/** Changes how many elements a node has, and the list with it. */
export function addToNode(arena: Arena, root: number, node: number, change: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_COUNT_WORD] += change
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + COUNT_WORD] += change
}

export function setNodeNext(arena: Arena, node: number, next: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_NEXT_WORD] = next
}

export function setNodePrevious(arena: Arena, node: number, previous: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + NODE_PREVIOUS_WORD] = previous
}

export function listHead(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + LIST_HEAD_WORD]
}

export function listTail(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + LIST_TAIL_WORD]
}

export function listNodes(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + LIST_NODES_WORD]
}
