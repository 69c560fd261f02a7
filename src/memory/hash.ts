// Hashes: fields and values. Small ones are a packed list of field, value, field, value … in the
// entry; large ones a dictionary of elements, each a field and its value (layout.ts).
//
// Reads leave what they found in `span`. What changes a large hash is here too; how a packed one is
// changed and when it becomes large: keyspace/hash-effects.ts.

import { copyBytes } from '../base/copy.ts'
import type { Random } from '../base/random.ts'
import type { Arena } from './arena.ts'
import { isLargeCollection, largeRoot, rootCount } from './collection.ts'
import { dictionaryReplace } from './dictionary.ts'
import { dictionaryRandom } from './dictionary-walk.ts'
import { createElement, elementFind, elementValueLength, elementValueStart } from './element.ts'
import { ElementWalk, elementsMemory, showElementKey } from './elements.ts'
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

/** All fields of a hash, one after the other. Of several walks on a thread only the one that began
 * last goes on; nothing may change meanwhile. */
export class HashWalk {
  readonly #elements = new ElementWalk()
  #arena!: Arena
  #bytes!: Uint8Array
  #isLarge = false
  /** Packed: place of the field, -1 = before the first, and of the one after it. */
  #at = -1
  #following = -1

  begin(arena: Arena, entry: number): void {
    this.#arena = arena
    this.#isLarge = isLargeCollection(arena, entry)
    if (this.#isLarge) {
      this.#elements.begin(arena, largeRoot(arena, entry))
      return
    }
    this.#bytes = packedBytes(arena, entry)
    this.#following = packedFirst(this.#bytes, entryValueStart(arena, entry))
  }

  /** Only the elements of one page of a large hash. Returns the cursor behind it, 0 = end. */
  beginPage(arena: Arena, root: number, cursor: number): number {
    this.#arena = arena
    this.#isLarge = true
    return this.#elements.beginPage(arena, root, cursor)
  }

  /** Goes on to the next field; false = there is none. */
  next(): boolean {
    if (this.#isLarge) return this.#elements.next()
    this.#at = this.#following
    if (this.#at === -1) return false
    this.#following = packedNext(this.#bytes, packedNext(this.#bytes, this.#at))
    return true
  }

  /** Shows the field in `span`. */
  showField(): void {
    if (this.#isLarge) showElementKey(this.#arena, KIND_HASH, this.#elements.element)
    else packedGet(this.#bytes, this.#at)
  }

  /** Shows its value in `span`. */
  showValue(): void {
    if (this.#isLarge) showElementValue(this.#arena, this.#elements.element)
    else packedGet(this.#bytes, packedNext(this.#bytes, this.#at))
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
  if (isLargeCollection(arena, entry)) showElementKey(arena, KIND_HASH, chosen)
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
  return bytes + elementsMemory(arena, largeRoot(arena, entry))
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

/** Puts another element with the same field at the place found last. Cannot fail. */
export function replaceField(arena: Arena, root: number, element: number): void {
  dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, element, NO_EXPIRY)
}
