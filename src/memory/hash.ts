// Hashes: fields and values. Small ones are a packed list of field, value, field, value … in the
// entry; large ones a dictionary of elements, each a field and its value (layout.ts).
//
// Reads leave what they found in `span`. What changes a large hash is here too; how a packed one is
// changed and when it becomes large: keyspace/hash-effects.ts.

import { copyBytes } from '../base/copy.ts'
import type { Random } from '../base/random.ts'
import type { Arena } from './arena.ts'
import { isLargeCollection, largeRoot, rootCount } from './collection.ts'
import { dictionaryInsert, dictionaryRemove, dictionaryReplace } from './dictionary.ts'
import { dictionaryReserve } from './dictionary-growth.ts'
import { dictionaryRandom, dictionaryScan, results } from './dictionary-walk.ts'
import {
  createElement,
  elementFind,
  elementKeyLength,
  elementKeyStart,
  elementMemory,
  elementValueLength,
  elementValueStart,
  releaseElement,
} from './element.ts'
import { entryMemory, entryValueStart } from './entry.ts'
import { KIND_HASH, NO_EXPIRY, SEGMENT_SHIFT } from './layout.ts'
import {
  packedCount,
  packedFind,
  packedFirst,
  packedGet,
  packedNext,
  packedSeek,
} from './packed.ts'
import { rootMemory } from './root-memory.ts'
import { spanBytes } from './span.ts'

/** Number of fields. */
export function hashCount(arena: Arena, entry: number): number {
  if (isLargeCollection(arena, entry)) return rootCount(arena, largeRoot(arena, entry))
  return packedCount(packedBytes(arena, entry), entryValueStart(arena, entry)) >>> 1
}

function packedBytes(arena: Arena, entry: number): Uint8Array {
  return arena.bytes[entry >>> SEGMENT_SHIFT]
}

/** Place of a field in a packed hash, -1 = none. */
export function packedField(
  arena: Arena,
  entry: number,
  field: Uint8Array,
  start: number,
  length: number,
): number {
  const bytes = packedBytes(arena, entry)
  const first = packedFirst(bytes, entryValueStart(arena, entry))
  return packedFind(bytes, first, 1, field, start, length)
}

/** Shows the value of a field in `span`. `hash`: the field's keyed hash, only needed for a large
 * hash. false = no such field. */
export function hashGet(
  arena: Arena,
  entry: number,
  hash: number,
  field: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (isLargeCollection(arena, entry)) {
    const element = elementFind(arena, largeRoot(arena, entry), hash, field, start, length)
    if (element === 0) return false
    showElementValue(arena, element)
    return true
  }
  const at = packedField(arena, entry, field, start, length)
  if (at === -1) return false
  const bytes = packedBytes(arena, entry)
  packedGet(bytes, packedNext(bytes, at))
  return true
}

function showElementValue(arena: Arena, element: number): void {
  const start = elementValueStart(arena, KIND_HASH, element)
  const length = elementValueLength(arena, KIND_HASH, element)
  spanBytes(arena.bytes[element >>> SEGMENT_SHIFT], start, length)
}

function showElementField(arena: Arena, element: number): void {
  const start = elementKeyStart(arena, KIND_HASH, element)
  const length = elementKeyLength(arena, KIND_HASH, element)
  spanBytes(arena.bytes[element >>> SEGMENT_SHIFT], start, length)
}

/** All fields of a hash, one after the other. One a thread; nothing may change meanwhile. */
export class HashWalk {
  #arena!: Arena
  #bytes!: Uint8Array
  #root = 0
  /** Packed: place of the field, -1 = before the first, and of the one after it. */
  #at = -1
  #following = -1
  /** Large: next hash cursor (0 = no more pages), index in `results`. */
  #cursor = 0
  #index = 0
  #pagesLeft = false

  begin(arena: Arena, entry: number): void {
    this.#arena = arena
    this.#root = 0
    if (isLargeCollection(arena, entry)) {
      this.beginPage(arena, largeRoot(arena, entry), 0)
      this.#pagesLeft = true
      return
    }
    this.#bytes = packedBytes(arena, entry)
    this.#following = packedFirst(this.#bytes, entryValueStart(arena, entry))
  }

  /** Only the elements of one page of a large hash. Returns the cursor behind it, 0 = end. */
  beginPage(arena: Arena, root: number, cursor: number): number {
    this.#arena = arena
    this.#root = root
    this.#pagesLeft = false
    this.#cursor = dictionaryScan(arena, root, cursor)
    this.#index = -1
    return this.#cursor
  }

  /** Goes on to the next field; false = there is none. */
  next(): boolean {
    if (this.#root === 0) {
      this.#at = this.#following
      if (this.#at === -1) return false
      this.#following = packedNext(this.#bytes, packedNext(this.#bytes, this.#at))
      return true
    }
    while (++this.#index === this.#arena.resultCount) {
      if (!this.#pagesLeft || this.#cursor === 0) return false
      this.#cursor = dictionaryScan(this.#arena, this.#root, this.#cursor)
      this.#index = -1
    }
    return true
  }

  /** Shows the field in `span`. */
  showField(): void {
    if (this.#root === 0) packedGet(this.#bytes, this.#at)
    else showElementField(this.#arena, results[this.#index])
  }

  /** Shows its value in `span`. */
  showValue(): void {
    if (this.#root === 0) packedGet(this.#bytes, packedNext(this.#bytes, this.#at))
    else showElementValue(this.#arena, results[this.#index])
  }
}

/** A field by chance: what `showChosenField` and `showChosenValue` show. The hash is not empty. */
export function chooseField(arena: Arena, entry: number, random: Random): number {
  if (isLargeCollection(arena, entry)) {
    return dictionaryRandom(arena, largeRoot(arena, entry), random)
  }
  const bytes = packedBytes(arena, entry)
  const start = entryValueStart(arena, entry)
  return packedSeek(bytes, start, random.below(packedCount(bytes, start) >>> 1) * 2)
}

export function showChosenField(arena: Arena, entry: number, chosen: number): void {
  if (isLargeCollection(arena, entry)) showElementField(arena, chosen)
  else packedGet(packedBytes(arena, entry), chosen)
}

export function showChosenValue(arena: Arena, entry: number, chosen: number): void {
  if (isLargeCollection(arena, entry)) {
    showElementValue(arena, chosen)
    return
  }
  const bytes = packedBytes(arena, entry)
  packedGet(bytes, packedNext(bytes, chosen))
}

/** Bytes of all blocks of the hash, for MEMORY USAGE. */
export function hashMemory(arena: Arena, entry: number): number {
  const bytes = entryMemory(arena, entry)
  if (!isLargeCollection(arena, entry)) return bytes
  const root = largeRoot(arena, entry)
  let elements = 0
  let cursor = 0
  do {
    cursor = dictionaryScan(arena, root, cursor)
    for (let index = 0; index < arena.resultCount; index++) {
      elements += elementMemory(arena, KIND_HASH, results[index])
    }
  } while (cursor !== 0)
  return bytes + rootMemory(arena, root) + elements
}

// ── Large hashes ───────────────────────────────────────────────────────────────────────────────

/** A new element with field and value, in no hash yet. 0 = out of memory. */
export function createField(
  arena: Arena,
  field: Uint8Array,
  fieldStart: number,
  fieldLength: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): number {
  const element = createElement(arena, KIND_HASH, field, fieldStart, fieldLength, valueLength)
  if (element !== 0) writeFieldValue(arena, element, value, valueStart, valueLength)
  return element
}

/** Stores the value's bytes; the element has room for exactly so many. */
export function writeFieldValue(
  arena: Arena,
  element: number,
  value: Uint8Array,
  valueStart: number,
  valueLength: number,
): void {
  const at = elementValueStart(arena, KIND_HASH, element)
  copyBytes(value, valueStart, arena.bytes[element >>> SEGMENT_SHIFT], at, valueLength)
}

/** The element of a field in a large hash, 0 = none; foundPage and foundSlot are set. */
export function findField(
  arena: Arena,
  root: number,
  hash: number,
  field: Uint8Array,
  start: number,
  length: number,
): number {
  return elementFind(arena, root, hash, field, start, length)
}

/** Links a new element in. false = out of memory, nothing changed. */
export function insertField(arena: Arena, root: number, hash: number, element: number): boolean {
  if (!dictionaryReserve(arena, root, hash)) return false
  dictionaryInsert(arena, root, hash, element, NO_EXPIRY)
  return true
}

/** Puts another element with the same field at the place found last. Cannot fail. */
export function replaceField(arena: Arena, root: number, element: number): void {
  dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, element, NO_EXPIRY)
}

/** Takes the element found last out and frees it. Cannot fail. */
export function removeField(arena: Arena, root: number, element: number): void {
  dictionaryRemove(arena, root, arena.foundPage, arena.foundSlot)
  releaseElement(arena, KIND_HASH, element)
}
