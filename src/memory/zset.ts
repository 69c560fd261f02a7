// Sorted sets: members by score, then by their bytes. Small ones are packed in the entry
// (zset-packed.ts); large ones a dictionary of elements that are the nodes of an ordered tree too
// (order-tree.ts), so a member is found by hash and a rank or score from the top.
//
// Reads leave the member they found in `span`. What changes a large set is here too; how a packed
// one is changed and when it becomes large: keyspace/zset-effects.ts.

import type { Random } from '../base/random.ts'
import type { Arena } from './arena.ts'
import { isLargeCollection, largeRoot, rootCount } from './collection.ts'
import { dictionaryInsert, dictionaryRemove } from './dictionary.ts'
import { dictionaryReserve } from './dictionary-growth.ts'
import {
  createElement,
  elementFind,
  elementKeyLength,
  elementKeyStart,
  elementMemory,
  releaseElement,
} from './element.ts'
import { entryMemory, entryValueStart } from './entry.ts'
import { KIND_ZSET, NO_EXPIRY, SEGMENT_SHIFT } from './layout.ts'
import {
  orderCountBelow,
  orderInsert,
  orderMove,
  orderRank,
  orderRemove,
  orderScore,
} from './order-tree.ts'
import { OrderWalk } from './order-walk.ts'
import {
  packedCount,
  packedFirst,
  packedGet,
  packedNext,
  packedPrevious,
  packedSeek,
} from './packed.ts'
import { rootMemory } from './root-memory.ts'
import { spanBytes } from './span.ts'
import { packedMember, packedNextMember, packedScore } from './zset-packed.ts'

/** Number of members. */
export function zsetCount(arena: Arena, entry: number): number {
  if (isLargeCollection(arena, entry)) return rootCount(arena, largeRoot(arena, entry))
  return packedCount(arena.bytes[entry >>> SEGMENT_SHIFT], entryValueStart(arena, entry)) >>> 1
}

/** The score of a member, NaN = it is not there. `hash`: the member's keyed hash, only needed for a
 * large set. */
export function zsetScore(
  arena: Arena,
  entry: number,
  hash: number,
  member: Uint8Array,
  start: number,
  length: number,
): number {
  if (isLargeCollection(arena, entry)) {
    const element = elementFind(arena, largeRoot(arena, entry), hash, member, start, length)
    return element === 0 ? Number.NaN : orderScore(arena, element)
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const at = packedMember(bytes, entryValueStart(arena, entry), member, start, length)
  return at === -1 ? Number.NaN : packedScore(bytes, at)
}

/** Members in front of a member, -1 = it is not there. `hash` as above. */
export function zsetRank(
  arena: Arena,
  entry: number,
  hash: number,
  member: Uint8Array,
  start: number,
  length: number,
): number {
  if (isLargeCollection(arena, entry)) {
    const root = largeRoot(arena, entry)
    const element = elementFind(arena, root, hash, member, start, length)
    return element === 0 ? -1 : orderRank(arena, root, element)
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const first = packedFirst(bytes, entryValueStart(arena, entry))
  const found = packedMember(bytes, entryValueStart(arena, entry), member, start, length)
  if (found === -1) return -1
  let rank = 0
  for (let at = first; at !== found; at = packedNextMember(bytes, at)) rank++
  return rank
}

/** How many members have a score below this one, or with `orEqual` not above it. */
export function zsetCountBelow(
  arena: Arena,
  entry: number,
  score: number,
  orEqual: boolean,
): number {
  if (isLargeCollection(arena, entry)) {
    return orderCountBelow(arena, largeRoot(arena, entry), score, orEqual)
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  let count = 0
  let at = packedFirst(bytes, entryValueStart(arena, entry))
  for (; at !== -1; at = packedNextMember(bytes, at)) {
    const own = packedScore(bytes, at)
    if (own > score || (own === score && !orEqual)) break
    count++
  }
  return count
}

/** Shows the member of an element in `span`. */
export function showMember(arena: Arena, element: number): void {
  const start = elementKeyStart(arena, KIND_ZSET, element)
  const length = elementKeyLength(arena, KIND_ZSET, element)
  spanBytes(arena.bytes[element >>> SEGMENT_SHIFT], start, length)
}

/** Members in order from some rank on, either way. One a thread and purpose; nothing may change
 * meanwhile. */
export class ZsetWalk {
  readonly #order = new OrderWalk()
  #arena!: Arena
  #bytes!: Uint8Array
  #start = 0
  #large = false
  #backwards = false
  #begun = false
  /** Packed: place of the member; large: its element. */
  #at = 0

  begin(arena: Arena, entry: number, rank = 0, backwards = false): void {
    this.#arena = arena
    this.#large = isLargeCollection(arena, entry)
    this.#backwards = backwards
    this.#begun = false
    if (this.#large) {
      this.#at = this.#order.begin(arena, largeRoot(arena, entry), rank, backwards)
      return
    }
    this.#bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    this.#start = entryValueStart(arena, entry)
    this.#at = packedSeek(this.#bytes, this.#start, rank * 2)
  }

  /** Goes on to the next member, at first to the one with the rank; false = there is none. */
  next(): boolean {
    if (!this.#begun) this.#begun = true
    else if (this.#large) this.#at = this.#order.next()
    else this.#at = this.#neighbour()
    return this.#large ? this.#at !== 0 : this.#at !== -1
  }

  #neighbour(): number {
    if (!this.#backwards) return packedNextMember(this.#bytes, this.#at)
    const score = packedPrevious(this.#bytes, this.#start, this.#at)
    return score === -1 ? -1 : packedPrevious(this.#bytes, this.#start, score)
  }

  /** Shows the member in `span`. */
  showMember(): void {
    if (this.#large) showMember(this.#arena, this.#at)
    else packedGet(this.#bytes, this.#at)
  }

  /** Packed only: shows the score as it is kept in `span`. */
  showScore(): void {
    packedGet(this.#bytes, packedNext(this.#bytes, this.#at))
  }

  /** Leaves `span` anywhere. */
  score(): number {
    return this.#large ? orderScore(this.#arena, this.#at) : packedScore(this.#bytes, this.#at)
  }
}

const chosen = new ZsetWalk()

/** A member by chance, all of them equally likely: the walk stands at it. The set is not empty. */
export function chooseMember(arena: Arena, entry: number, random: Random): ZsetWalk {
  chosen.begin(arena, entry, random.below(zsetCount(arena, entry)))
  chosen.next()
  return chosen
}

const measured = new OrderWalk()

/** Bytes of all blocks of the set, for MEMORY USAGE. */
export function zsetMemory(arena: Arena, entry: number): number {
  const bytes = entryMemory(arena, entry)
  if (!isLargeCollection(arena, entry)) return bytes
  const root = largeRoot(arena, entry)
  let elements = 0
  let element = measured.begin(arena, root, 0, false)
  for (; element !== 0; element = measured.next()) {
    elements += elementMemory(arena, KIND_ZSET, element)
  }
  return bytes + rootMemory(arena, root) + elements
}

// ── Large sets ─────────────────────────────────────────────────────────────────────────────────

/** Adds a member that is not there. Returns its element, 0 = out of memory, nothing changed. */
export function addMember(
  arena: Arena,
  root: number,
  hash: number,
  member: Uint8Array,
  start: number,
  length: number,
  score: number,
): number {
  const element = createElement(arena, KIND_ZSET, member, start, length, 0)
  if (element === 0) return 0
  if (!dictionaryReserve(arena, root, hash)) {
    releaseElement(arena, KIND_ZSET, element)
    return 0
  }
  dictionaryInsert(arena, root, hash, element, NO_EXPIRY)
  orderInsert(arena, root, element, score)
  return element
}

/** Gives a member another score. Cannot fail. */
export function changeScore(arena: Arena, root: number, element: number, score: number): void {
  if (orderScore(arena, element) !== score) orderMove(arena, root, element, score)
}

/** Takes a member out that was found by its hash last, and frees it. Cannot fail. */
export function removeMember(arena: Arena, root: number, element: number): void {
  const { foundPage, foundSlot } = arena
  orderRemove(arena, root, element)
  dictionaryRemove(arena, root, foundPage, foundSlot)
  releaseElement(arena, KIND_ZSET, element)
}
