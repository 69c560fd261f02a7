// How the nodes of a large list hang together: putting them in, taking them out, cutting many off.

import type { Arena } from './arena.ts'
import {
  COUNT_WORD,
  LIST_HEAD_WORD,
  LIST_NODES_WORD,
  LIST_TAIL_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'
import {
  createListRoot,
  listHead,
  listTail,
  nodeElements,
  nodeNext,
  nodePrevious,
  releaseNodeBlock,
  setNodeNext,
  setNodePrevious,
} from './list-node.ts'
import { detachRoot } from './release.ts'

/** Makes two nodes, or a node and an end of the list (0), neighbours. */
function join(arena: Arena, root: number, left: number, right: number): void {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const word = (root & UNIT_MASK) << 1
  if (left === 0) words[word + LIST_HEAD_WORD] = right
  else setNodeNext(arena, left, right)
  if (right === 0) words[word + LIST_TAIL_WORD] = left
  else setNodePrevious(arena, right, left)
}

/** Counts nodes and elements into the list, or out of it. */
function count(arena: Arena, root: number, nodes: number, elements: number): void {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const word = (root & UNIT_MASK) << 1
  words[word + LIST_NODES_WORD] += nodes
  words[word + COUNT_WORD] += elements
}

/** Puts `next` behind `node`; neither is in a list. */
export function linkNodes(arena: Arena, node: number, next: number): void {
  setNodeNext(arena, node, next)
  setNodePrevious(arena, next, node)
}

/** Puts linked nodes between two neighbours of a list, 0 = its end. */
export function insertNodes(
  arena: Arena,
  root: number,
  left: number,
  right: number,
  first: number,
  last: number,
  nodes: number,
  elements: number,
): void {
  join(arena, root, left, first)
  join(arena, root, last, right)
  count(arena, root, nodes, elements)
}

/** Takes a node out of its list and gives it back. */
export function removeNode(arena: Arena, root: number, node: number): void {
  join(arena, root, nodePrevious(arena, node), nodeNext(arena, node))
  count(arena, root, -1, -nodeElements(arena, node))
  releaseNodeBlock(arena, node)
}

/** Puts a node with the same elements in the place of one, which is given back. */
export function replaceNode(arena: Arena, root: number, node: number, other: number): void {
  const next = nodeNext(arena, node)
  join(arena, root, nodePrevious(arena, node), other)
  join(arena, root, other, next)
  releaseNodeBlock(arena, node)
}

/** Nodes that are freed at once; more go to the release queue. */
const FREED_AT_ONCE = 16

/**
 * Cuts off all `nodes` nodes with `elements` elements beyond `node`, which stays; the tail's side
 * or the head's. Many of them become a list of their own in the release queue. Cannot fail.
 */
export function cutNodes(
  arena: Arena,
  root: number,
  node: number,
  atTail: boolean,
  nodes: number,
  elements: number,
): void {
  if (nodes === 0) return
  const first = atTail ? nodeNext(arena, node) : listHead(arena, root)
  const last = atTail ? listTail(arena, root) : nodePrevious(arena, node)
  if (atTail) join(arena, root, node, 0)
  else join(arena, root, 0, node)
  count(arena, root, -nodes, -elements)
  setNodePrevious(arena, first, 0)
  setNodeNext(arena, last, 0)
  if (nodes > FREED_AT_ONCE) {
    // A root is small, and much more than it comes back.
    const open = arena.reserveOpen
    arena.reserveOpen = true
    const detached = createListRoot(arena)
    arena.reserveOpen = open
    if (detached !== 0) {
      insertNodes(arena, detached, 0, 0, first, last, nodes, elements)
      detachRoot(arena, detached)
      return
    }
  }
  releaseNodes(arena, first)
}

/** Gives back nodes that are in no list, from the first on. */
export function releaseNodes(arena: Arena, first: number): void {
  for (let node = first; node !== 0; ) {
    const next = nodeNext(arena, node)
    releaseNodeBlock(arena, node)
    node = next
  }
}
