// The checker's part for sorted sets. The ordered tree: all elements of the dictionary are in it,
// each once, in order, with true sizes, in balance. A packed set: no member twice, and in order.

import { compareBytes } from '../base/compare-bytes.ts'
import type { Arena } from './arena.ts'
import type { Claims } from './checker-claims.ts'
import { elementKeyLength, elementKeyStart } from './element.ts'
import { entryValueStart } from './entry.ts'
import { KIND_ZSET, SEGMENT_SHIFT } from './layout.ts'
import {
  leftOf,
  ORDER_DEPTH_MAX,
  orderScore,
  orderTop,
  rightOf,
  sizeOf,
  WEIGHT_RATIO_MAX,
} from './order-tree.ts'
import { packedFirst, packedGet } from './packed.ts'
import { span } from './span.ts'
import { packedNextMember, packedScore } from './zset-packed.ts'

/** @param elements all that the dictionary of the set holds */
export function checkOrder(
  claims: Claims,
  root: number,
  elements: ReadonlySet<number>,
  name: string,
): void {
  const check = new OrderCheck(claims, elements, name)
  check.visit(orderTop(claims.arena, root), 0)
  if (check.seen.size !== elements.size) {
    claims.find(`${name}: its tree has ${check.seen.size} of ${elements.size} elements`)
  }
}

class OrderCheck {
  readonly claims: Claims
  readonly elements: ReadonlySet<number>
  readonly name: string
  readonly seen = new Set<number>()
  #previous = 0

  constructor(claims: Claims, elements: ReadonlySet<number>, name: string) {
    this.claims = claims
    this.elements = elements
    this.name = name
  }

  /** In order. Returns how many elements there are below and with the node. */
  visit(node: number, depth: number): number {
    const { claims, name } = this
    const { arena } = claims
    if (node === 0) return 0
    if (!this.elements.has(node) || this.seen.has(node) || depth >= ORDER_DEPTH_MAX) {
      claims.find(`${name}: tree node ${node} is no element, met twice or too deep`)
      return 0
    }
    this.seen.add(node)
    const left = this.visit(leftOf(arena, node), depth + 1)
    this.#compare(node)
    this.#previous = node
    const right = this.visit(rightOf(arena, node), depth + 1)
    const size = left + right + 1
    if (sizeOf(arena, node) !== size) {
      claims.find(`${name}: tree node ${node} says size ${sizeOf(arena, node)}, has ${size}`)
    }
    const [lighter, heavier] = left < right ? [left, right] : [right, left]
    if (heavier + 1 > WEIGHT_RATIO_MAX * (lighter + 1)) {
      claims.find(`${name}: tree node ${node} is out of balance: ${left}, ${right}`)
    }
    return size
  }

  #compare(node: number): void {
    const { claims, name } = this
    const { arena } = claims
    const score = orderScore(arena, node)
    if (Number.isNaN(score)) claims.find(`${name}: tree node ${node} has the score NaN`)
    const previous = this.#previous
    if (previous === 0) return
    const before = orderScore(arena, previous)
    if (before < score) return
    if (before > score || this.#compareMembers(previous, node) >= 0) {
      claims.find(`${name}: tree node ${node} is out of order`)
    }
  }

  #compareMembers(left: number, right: number): number {
    const { arena } = this.claims
    return compareBytes(
      arena.bytes[left >>> SEGMENT_SHIFT],
      elementKeyStart(arena, KIND_ZSET, left),
      elementKeyLength(arena, KIND_ZSET, left),
      arena.bytes[right >>> SEGMENT_SHIFT],
      elementKeyStart(arena, KIND_ZSET, right),
      elementKeyLength(arena, KIND_ZSET, right),
    )
  }
}

/** What is wrong with the order of a packed set whose list is sound, '' if nothing is. */
export function packedOrderProblem(arena: Arena, entry: number): string {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const members = new Set<string>()
  let count = 0
  let before = { score: -Infinity, member: Buffer.alloc(0) }
  let at = packedFirst(bytes, entryValueStart(arena, entry))
  for (; at !== -1; at = packedNextMember(bytes, at)) {
    const score = packedScore(bytes, at)
    packedGet(bytes, at)
    const member = Buffer.from(span.bytes.slice(span.start, span.start + span.length))
    if (Number.isNaN(score)) return 'a packed score that is no number'
    if (score < before.score) return 'packed scores out of order'
    if (count > 0 && score === before.score && Buffer.compare(before.member, member) >= 0) {
      return 'packed members out of order'
    }
    members.add(member.toString('latin1'))
    if (members.size === count++) return 'a packed member twice'
    before = { score, member }
  }
  return ''
}
