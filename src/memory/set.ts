// Sets. Small ones of integers only are an integer set in the entry, other small ones a packed list
// of their members, large ones a dictionary of elements without values (layout.ts).
//
// Reads leave what they found in `span`. How sets are changed and take another form:
// keyspace/set-effects.ts. What reads a set as an input of another command needs setCount, setHas
// and SetWalk.

import { int64, parseInt64Halves } from '../base/int64.ts'
import type { Random } from '../base/random.ts'
import type { Arena } from './arena.ts'
import { isLargeCollection, largeRoot, rootCount } from './collection.ts'
import { dictionaryRandom } from './dictionary-walk.ts'
import { elementFind } from './element.ts'
import { ElementWalk, elementsMemory, showElementKey } from './elements.ts'
import { entryEncoding, entryMemory, entryValueStart } from './entry.ts'
import { integerSetCount, integerSetFind, integerSetGet } from './integer-set.ts'
import {
  COLLECTION_INTEGERS,
  COLLECTION_LARGE,
  COLLECTION_PACKED,
  KIND_SET,
  SEGMENT_SHIFT,
} from './layout.ts'
import {
  packedCount,
  packedFind,
  packedFirst,
  packedGet,
  packedNext,
  packedSeek,
} from './packed.ts'

/** Number of members. */
export function setCount(arena: Arena, entry: number): number {
  if (isLargeCollection(arena, entry)) return rootCount(arena, largeRoot(arena, entry))
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const integers = entryEncoding(arena, entry) === COLLECTION_INTEGERS
  return integers ? integerSetCount(bytes, start) : packedCount(bytes, start)
}

/** Whether something is a member. `hash`: its keyed hash, only needed for a large set. Leaves
 * `span` alone, so it may be what that shows. */
export function setHas(
  arena: Arena,
  entry: number,
  hash: number,
  member: Uint8Array,
  start: number,
  length: number,
): boolean {
  const encoding = entryEncoding(arena, entry)
  if (encoding === COLLECTION_LARGE) {
    return elementFind(arena, largeRoot(arena, entry), hash, member, start, length) !== 0
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const first = entryValueStart(arena, entry)
  if (encoding === COLLECTION_PACKED) {
    return packedFind(bytes, packedFirst(bytes, first), 0, member, start, length) !== -1
  }
  if (!parseInt64Halves(member, start, length)) return false
  return integerSetFind(bytes, first, int64.high, int64.low) >= 0
}

/** All members of a set, one after the other; integers ascending. Of several walks on a thread only
 * the one that began last goes on; nothing may change meanwhile. */
export class SetWalk {
  readonly #elements = new ElementWalk()
  #arena!: Arena
  #bytes!: Uint8Array
  #encoding = COLLECTION_PACKED
  /** Integers: where the set starts, place of the member, number of members. */
  #start = 0
  #place = -1
  #count = 0
  /** Packed: place of the member, and of the one after it; -1 = there is none. */
  #at = -1
  #following = -1

  begin(arena: Arena, entry: number): void {
    this.#arena = arena
    this.#encoding = entryEncoding(arena, entry)
    if (this.#encoding === COLLECTION_LARGE) {
      this.#elements.begin(arena, largeRoot(arena, entry))
      return
    }
    this.#bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
    this.#start = entryValueStart(arena, entry)
    if (this.#encoding === COLLECTION_PACKED) {
      this.#following = packedFirst(this.#bytes, this.#start)
      return
    }
    this.#place = -1
    this.#count = integerSetCount(this.#bytes, this.#start)
  }

  /** Only the members of one page of a large set. Returns the cursor behind it, 0 = end. */
  beginPage(arena: Arena, root: number, cursor: number): number {
    this.#arena = arena
    this.#encoding = COLLECTION_LARGE
    return this.#elements.beginPage(arena, root, cursor)
  }

  /** Goes on to the next member; false = there is none. */
  next(): boolean {
    if (this.#encoding === COLLECTION_LARGE) return this.#elements.next()
    if (this.#encoding === COLLECTION_INTEGERS) return ++this.#place < this.#count
    this.#at = this.#following
    if (this.#at === -1) return false
    this.#following = packedNext(this.#bytes, this.#at)
    return true
  }

  /** Shows the member in `span`. */
  showMember(): void {
    if (this.#encoding === COLLECTION_LARGE) {
      showElementKey(this.#arena, KIND_SET, this.#elements.element)
    } else if (this.#encoding === COLLECTION_INTEGERS) {
      integerSetGet(this.#bytes, this.#start, this.#place)
    } else {
      packedGet(this.#bytes, this.#at)
    }
  }
}

/** Shows a member by chance in `span`. The set is not empty. */
export function showRandomMember(arena: Arena, entry: number, random: Random): void {
  const encoding = entryEncoding(arena, entry)
  if (encoding === COLLECTION_LARGE) {
    showElementKey(arena, KIND_SET, dictionaryRandom(arena, largeRoot(arena, entry), random))
    return
  }
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  if (encoding === COLLECTION_INTEGERS) {
    integerSetGet(bytes, start, random.below(integerSetCount(bytes, start)))
  } else {
    packedGet(bytes, packedSeek(bytes, start, random.below(packedCount(bytes, start))))
  }
}

/** Bytes of all blocks of the set, for MEMORY USAGE. */
export function setMemory(arena: Arena, entry: number): number {
  const bytes = entryMemory(arena, entry)
  if (!isLargeCollection(arena, entry)) return bytes
  return bytes + elementsMemory(arena, largeRoot(arena, entry))
}

/** OBJECT ENCODING in the words of Redis 7.0, which has no packed sets. */
export function setEncodingName(arena: Arena, entry: number): string {
  return entryEncoding(arena, entry) === COLLECTION_INTEGERS ? 'intset' : 'hashtable'
}
