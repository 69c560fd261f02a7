// The order of a large sorted set: a weight-balanced tree whose nodes are the elements of its
// dictionary (layout.ts), by score, then by the bytes of the member. Each node knows the size of
// its subtree, so ranks are counted on the way down. Inserting and removing only change links: they
// need no memory and cannot fail.
//
//   balanced: with w = size + 1, neither subtree of a node has more than 3 times the w of the other
//   too much to the right:
//
//       a                    b                   a                     c
//      / \     single       / \                 / \      double      /   \
//     x   b    ----->      a   z               x   b     ----->     a     b
//        / \              / \                     / \              / \   / \
//       y   z            x   y                   c   z            x  y1 y2  z
//     w(y) < 2 w(z)                             / \       else
//                                              y1 y2
//
// 3 and 2 keep the balance after one insert or removal below. [Hirai, Yamamoto: Balancing
// weight-balanced trees, 2011] The height is at most log(w) / log(4/3): 72 for 10^9 elements.

import { assert } from '../base/assert.ts'
import { compareBytes } from '../base/compare-bytes.ts'
import type { Arena } from './arena.ts'
import { elementKeyLength, elementKeyStart } from './element.ts'
import {
  KIND_ZSET,
  ORDER_LEFT_WORD,
  ORDER_RIGHT_WORD,
  ORDER_SCORE_DOUBLE,
  ORDER_SIZE_WORD,
  ORDER_TOP_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'

/** A subtree may weigh so many times the other. */
export const WEIGHT_RATIO_MAX = 3
/** A single rotation while the inner subtree weighs less than so many times the outer. */
const SINGLE_RATIO = 2
export const ORDER_DEPTH_MAX = 80

/** Nodes from the top down to the place of the change. One a thread. */
const path = new Int32Array(ORDER_DEPTH_MAX)

export function orderScore(arena: Arena, element: number): number {
  return arena.doubles[element >>> SEGMENT_SHIFT][(element & UNIT_MASK) + ORDER_SCORE_DOUBLE]
}

/** The element at the top, 0 = the set is empty. */
export function orderTop(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + ORDER_TOP_WORD]
}

export function leftOf(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_LEFT_WORD]
}

export function rightOf(arena: Arena, node: number): number {
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_RIGHT_WORD]
}

/** Elements of the subtree; of none (0) it is 0. */
export function sizeOf(arena: Arena, node: number): number {
  if (node === 0) return 0
  return arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_SIZE_WORD]
}

/** Below 0: the element comes before a member with that score; 0: it is that member. */
function compareTo(
  arena: Arena,
  element: number,
  score: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  const own = orderScore(arena, element)
  if (own !== score) return own < score ? -1 : 1
  return compareMember(arena, element, bytes, start, length)
}

function compareMember(
  arena: Arena,
  element: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  return compareBytes(
    arena.bytes[element >>> SEGMENT_SHIFT],
    elementKeyStart(arena, KIND_ZSET, element),
    elementKeyLength(arena, KIND_ZSET, element),
    bytes,
    start,
    length,
  )
}

// ── Changing ───────────────────────────────────────────────────────────────────────────────────

/**
 * Links an element that is not in the tree in, with this score (not NaN). -0 becomes 0, as it does
 * in a packed set: what is stored does not depend on how.
 */
export function orderInsert(arena: Arena, root: number, element: number, score: number): void {
  const segment = element >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const word = (element & UNIT_MASK) << 1
  words[word + ORDER_SIZE_WORD] = 1
  words[word + ORDER_LEFT_WORD] = 0
  words[word + ORDER_RIGHT_WORD] = 0
  arena.doubles[segment][(element & UNIT_MASK) + ORDER_SCORE_DOUBLE] = score + 0
  const bytes = arena.bytes[segment]
  const start = elementKeyStart(arena, KIND_ZSET, element)
  const length = elementKeyLength(arena, KIND_ZSET, element)
  let depth = 0
  let before = false
  for (let node = orderTop(arena, root); node !== 0; ) {
    assert(depth < ORDER_DEPTH_MAX, 'an ordered tree is balanced')
    path[depth++] = node
    changeSize(arena, node, 1)
    before = compareTo(arena, node, score, bytes, start, length) > 0
    node = before ? leftOf(arena, node) : rightOf(arena, node)
  }
  if (depth === 0) setTop(arena, root, element)
  else if (before) setLeft(arena, path[depth - 1], element)
  else setRight(arena, path[depth - 1], element)
  rebalance(arena, root, depth)
}

/** Takes an element out of the tree. */
export function orderRemove(arena: Arena, root: number, element: number): void {
  let depth = descendTo(arena, root, element)
  const at = depth - 1
  const left = leftOf(arena, element)
  const right = rightOf(arena, element)
  if (left === 0 || right === 0) {
    replaceChild(arena, root, at, element, left === 0 ? right : left)
    rebalance(arena, root, at)
    return
  }
  // The next one in order takes its place: it has no left subtree.
  let next = right
  while (leftOf(arena, next) !== 0) {
    changeSize(arena, next, -1)
    path[depth++] = next
    next = leftOf(arena, next)
  }
  if (depth > at + 1) setLeft(arena, path[depth - 1], rightOf(arena, next))
  else setRight(arena, element, rightOf(arena, next))
  setLeft(arena, next, left)
  setRight(arena, next, rightOf(arena, element))
  setSize(arena, next, sizeOf(arena, element))
  replaceChild(arena, root, at, element, next)
  path[at] = next
  rebalance(arena, root, depth)
}

/** Gives an element of the tree another score (not NaN), and the place that belongs to it. */
export function orderMove(arena: Arena, root: number, element: number, score: number): void {
  orderRemove(arena, root, element)
  orderInsert(arena, root, element, score)
}

/**
 * Fills `path` down to the element and counts it off all subtrees on the way. Returns the length of
 * the path.
 */
function descendTo(arena: Arena, root: number, element: number): number {
  const score = orderScore(arena, element)
  const bytes = arena.bytes[element >>> SEGMENT_SHIFT]
  const start = elementKeyStart(arena, KIND_ZSET, element)
  const length = elementKeyLength(arena, KIND_ZSET, element)
  let depth = 0
  for (let node = orderTop(arena, root); ; ) {
    assert(node !== 0 && depth < ORDER_DEPTH_MAX, 'an element of the tree is found in it')
    path[depth++] = node
    changeSize(arena, node, -1)
    if (node === element) return depth
    node =
      compareTo(arena, node, score, bytes, start, length) > 0
        ? leftOf(arena, node)
        : rightOf(arena, node)
  }
}

/** Restores the balance of the first `depth` nodes of the path, from below. */
function rebalance(arena: Arena, root: number, depth: number): void {
  for (let at = depth - 1; at >= 0; at--) {
    const node = path[at]
    const leftWeight = sizeOf(arena, leftOf(arena, node)) + 1
    const rightWeight = sizeOf(arena, node) + 1 - leftWeight
    let risen = node
    if (rightWeight > WEIGHT_RATIO_MAX * leftWeight) risen = raiseRight(arena, node)
    else if (leftWeight > WEIGHT_RATIO_MAX * rightWeight) risen = raiseLeft(arena, node)
    if (risen !== node) replaceChild(arena, root, at, node, risen)
  }
}

/** The drawing on top: returns what stands in the node's place now. */
function raiseRight(arena: Arena, node: number): number {
  const child = rightOf(arena, node)
  const inner = sizeOf(arena, leftOf(arena, child)) + 1
  const outer = sizeOf(arena, rightOf(arena, child)) + 1
  if (inner >= SINGLE_RATIO * outer) setRight(arena, node, rotateRight(arena, child))
  return rotateLeft(arena, node)
}

/** Its mirror image. */
function raiseLeft(arena: Arena, node: number): number {
  const child = leftOf(arena, node)
  const inner = sizeOf(arena, rightOf(arena, child)) + 1
  const outer = sizeOf(arena, leftOf(arena, child)) + 1
  if (inner >= SINGLE_RATIO * outer) setLeft(arena, node, rotateLeft(arena, child))
  return rotateRight(arena, node)
}

function rotateLeft(arena: Arena, node: number): number {
  const child = rightOf(arena, node)
  const size = sizeOf(arena, node)
  const inner = leftOf(arena, child)
  setSize(arena, node, size - sizeOf(arena, child) + sizeOf(arena, inner))
  setSize(arena, child, size)
  setRight(arena, node, inner)
  setLeft(arena, child, node)
  return child
}

function rotateRight(arena: Arena, node: number): number {
  const child = leftOf(arena, node)
  const size = sizeOf(arena, node)
  const inner = rightOf(arena, child)
  setSize(arena, node, size - sizeOf(arena, child) + sizeOf(arena, inner))
  setSize(arena, child, size)
  setLeft(arena, node, inner)
  setRight(arena, child, node)
  return child
}

/** The node at `at` of the path was `from`: its parent, or the root, leads to `to` now. */
function replaceChild(arena: Arena, root: number, at: number, from: number, to: number): void {
  if (at === 0) setTop(arena, root, to)
  else if (leftOf(arena, path[at - 1]) === from) setLeft(arena, path[at - 1], to)
  else setRight(arena, path[at - 1], to)
}

function setTop(arena: Arena, root: number, node: number): void {
  arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + ORDER_TOP_WORD] = node
}

function setLeft(arena: Arena, node: number, child: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_LEFT_WORD] = child
}

function setRight(arena: Arena, node: number, child: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_RIGHT_WORD] = child
}

function setSize(arena: Arena, node: number, size: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_SIZE_WORD] = size
}

function changeSize(arena: Arena, node: number, by: number): void {
  arena.words[node >>> SEGMENT_SHIFT][((node & UNIT_MASK) << 1) + ORDER_SIZE_WORD] += by
}

// ── Ranks ──────────────────────────────────────────────────────────────────────────────────────

/** Elements in front of an element of the tree. */
export function orderRank(arena: Arena, root: number, element: number): number {
  const score = orderScore(arena, element)
  const bytes = arena.bytes[element >>> SEGMENT_SHIFT]
  const start = elementKeyStart(arena, KIND_ZSET, element)
  const length = elementKeyLength(arena, KIND_ZSET, element)
  let rank = 0
  let node = orderTop(arena, root)
  while (node !== element) {
    assert(node !== 0, 'an element of the tree is found in it')
    if (compareTo(arena, node, score, bytes, start, length) > 0) {
      node = leftOf(arena, node)
    } else {
      rank += sizeOf(arena, leftOf(arena, node)) + 1
      node = rightOf(arena, node)
    }
  }
  return rank + sizeOf(arena, leftOf(arena, node))
}

/** The element with so many in front of it, 0 = there is none. */
export function orderAt(arena: Arena, root: number, rank: number): number {
  let left = rank
  for (let node = orderTop(arena, root); node !== 0; ) {
    const before = sizeOf(arena, leftOf(arena, node))
    if (left === before) return node
    if (left < before) {
      node = leftOf(arena, node)
    } else {
      left -= before + 1
      node = rightOf(arena, node)
    }
  }
  return 0
}

/** How many elements have a score below this one, or with `orEqual` not above it. */
export function orderCountBelow(
  arena: Arena,
  root: number,
  score: number,
  orEqual: boolean,
): number {
  let count = 0
  for (let node = orderTop(arena, root); node !== 0; ) {
    const own = orderScore(arena, node)
    if (own < score || (orEqual && own === score)) {
      count += sizeOf(arena, leftOf(arena, node)) + 1
      node = rightOf(arena, node)
    } else {
      node = leftOf(arena, node)
    }
  }
  return count
}

/** The same of members, by their bytes; only with a meaning if all scores are the same. */
export function orderCountBelowMember(
  arena: Arena,
  root: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  orEqual: boolean,
): number {
  let count = 0
  for (let node = orderTop(arena, root); node !== 0; ) {
    const order = compareMember(arena, node, bytes, start, length)
    if (order < 0 || (orEqual && order === 0)) {
      count += sizeOf(arena, leftOf(arena, node)) + 1
      node = rightOf(arena, node)
    } else {
      node = leftOf(arena, node)
    }
  }
  return count
}
