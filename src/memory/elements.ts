// A large set, hash or sorted set as a dictionary of elements: putting them in, taking them out,
// walking over them. What an element is: element.ts.

import type { Arena } from './arena.ts'
import { dictionaryInsert, dictionaryRemove } from './dictionary.ts'
import { dictionaryReserve } from './dictionary-growth.ts'
import { dictionaryScan, results } from './dictionary-walk.ts'
import {
  elementKeyLength,
  elementKeyStart,
  elementMemory,
  releaseElement,
  rootKind,
} from './element.ts'
import { NO_EXPIRY, SEGMENT_SHIFT } from './layout.ts'
import { rootMemory } from './root-memory.ts'
import { spanBytes } from './span.ts'

/** Links a new element in. false = out of memory, nothing changed. */
export function insertElement(arena: Arena, root: number, hash: number, element: number): boolean {
  if (!dictionaryReserve(arena, root, hash)) return false
  dictionaryInsert(arena, root, hash, element, NO_EXPIRY)
  return true
}

/** Takes the element that elementFind found last out and frees it. Cannot fail. */
export function removeElement(arena: Arena, root: number, element: number): void {
  const kind = rootKind(arena, root)
  dictionaryRemove(arena, root, arena.foundPage, arena.foundSlot)
  releaseElement(arena, kind, element)
}

/** Shows field or member of an element in `span`. */
export function showElementKey(arena: Arena, kind: number, element: number): void {
  const start = elementKeyStart(arena, kind, element)
  const length = elementKeyLength(arena, kind, element)
  spanBytes(arena.bytes[element >>> SEGMENT_SHIFT], start, length)
}

/** Bytes of a dictionary and all of its elements, for MEMORY USAGE. */
export function elementsMemory(arena: Arena, root: number): number {
  const kind = rootKind(arena, root)
  let bytes = rootMemory(arena, root)
  let cursor = 0
  do {
    cursor = dictionaryScan(arena, root, cursor)
    for (let index = 0; index < arena.resultCount; index++) {
      bytes += elementMemory(arena, kind, results[index])
    }
  } while (cursor !== 0)
  return bytes
}

/** All elements of a dictionary, page by page. Of several walks on a thread only the one that
 * began last goes on; nothing may change meanwhile. */
export class ElementWalk {
  /** What `next` went on to. */
  element = 0
  #arena!: Arena
  #root = 0
  /** Next hash cursor, 0 = no more pages; index in `results`. */
  #cursor = 0
  #index = 0
  #onePage = false

  begin(arena: Arena, root: number): void {
    this.beginPage(arena, root, 0)
    this.#onePage = false
  }

  /** Only the elements of one page. Returns the cursor behind it, 0 = end. */
  beginPage(arena: Arena, root: number, cursor: number): number {
    this.#arena = arena
    this.#root = root
    this.#onePage = true
    this.#cursor = dictionaryScan(arena, root, cursor)
    this.#index = 0
    return this.#cursor
  }

  /** Goes on to the next element; false = there is none. */
  next(): boolean {
    while (this.#index === this.#arena.resultCount) {
      if (this.#onePage || this.#cursor === 0) return false
      this.#cursor = dictionaryScan(this.#arena, this.#root, this.#cursor)
      this.#index = 0
    }
    this.element = results[this.#index++]
    return true
  }
}
