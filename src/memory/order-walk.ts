// Going through an ordered tree from some rank on, either way. Nodes know no parents: those that
// are still to be visited wait on a stack.
//
//   forwards: where the way down turns left, the node waits for its left subtree to be through

import { assert } from '../base/assert.ts'
import type { Arena } from './arena.ts'
import { leftOf, ORDER_DEPTH_MAX, orderTop, rightOf, sizeOf } from './order-tree.ts'

/** One a thread and purpose; nothing may change in the tree meanwhile. */
export class OrderWalk {
  readonly #waiting = new Int32Array(ORDER_DEPTH_MAX)
  #depth = 0
  #arena!: Arena
  #backwards = false
  #current = 0

  /** The element with so many in front of it, 0 = there is none. `next` goes on from there. */
  begin(arena: Arena, root: number, rank: number, backwards: boolean): number {
    this.#arena = arena
    this.#backwards = backwards
    this.#depth = 0
    let left = rank
    let node = orderTop(arena, root)
    while (node !== 0) {
      const before = sizeOf(arena, leftOf(arena, node))
      if (left === before) break
      const goesLeft = left < before
      if (goesLeft !== backwards) this.#push(node)
      if (!goesLeft) left -= before + 1
      node = goesLeft ? leftOf(arena, node) : rightOf(arena, node)
    }
    this.#current = node
    return node
  }

  /** The next element, 0 = there is none. */
  next(): number {
    const arena = this.#arena
    const backwards = this.#backwards
    const from = this.#current
    let node = backwards ? leftOf(arena, from) : rightOf(arena, from)
    while (node !== 0) {
      this.#push(node)
      node = backwards ? rightOf(arena, node) : leftOf(arena, node)
    }
    this.#current = this.#depth === 0 ? 0 : this.#waiting[--this.#depth]
    return this.#current
  }

  #push(node: number): void {
    assert(this.#depth < ORDER_DEPTH_MAX, 'an ordered tree is balanced')
    this.#waiting[this.#depth++] = node
  }
}
