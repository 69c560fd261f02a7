// An element of a large set, hash or sorted set: one block with field or member, and what belongs
// to it (drawn in layout.ts). Elements lie in a dictionary of their own, whose root says of which
// kind they are. An address stays valid until the element is released; nothing here moves elements.

import { copyBytes } from '../base/copy.ts'
import { allocate, blockCapacity, release } from './allocator.ts'
import type { Arena } from './arena.ts'
import { pageOf } from './dictionary-page.ts'
import {
  ADDRESS_MASK,
  ELEMENT_HEADER_BYTES,
  ELEMENT_KEY_MAX,
  ELEMENT_KEY_SHIFT,
  ELEMENT_VALUE_MAX,
  ELEMENT_VALUE_SHIFT,
  ELEMENT_WIDE,
  ELEMENT_WIDE_BYTES,
  KIND_ZSET,
  ORDER_LEFT_WORD,
  ORDER_RIGHT_WORD,
  ORDER_SIZE_WORD,
  ORDERED_HEADER_BYTES,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  ROOT_KIND_WORD,
  SEGMENT_SHIFT,
  SLAB_BLOCK_BYTES_MAX,
  UNIT_MASK,
} from './layout.ts'
import { slabUnitsFor } from './slab.ts'

/** A value that shrinks in place leaves at most an eighth of what it needs idle. */
const IDLE_SHIFT = 3

/** Bytes before the lengths of a WIDE element or before the key. */
function headBytes(kind: number): number {
  return kind === KIND_ZSET ? ORDERED_HEADER_BYTES : ELEMENT_HEADER_BYTES
}

/** One of KIND_…: what the dictionary with this root holds. */
export function rootKind(arena: Arena, root: number): number {
  return arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + ROOT_KIND_WORD]
}

/** Bytes of an element's block. */
export function elementBytesFor(kind: number, keyLength: number, valueLength: number): number {
  const wide = keyLength > ELEMENT_KEY_MAX || valueLength > ELEMENT_VALUE_MAX
  return headBytes(kind) + (wide ? ELEMENT_WIDE_BYTES : 0) + keyLength + valueLength
}

/**
 * A new element that is in no dictionary. Value bytes are whatever was there; a sorted set's
 * element is a leaf without a score. 0 = out of memory, nothing changed.
 */
export function createElement(
  arena: Arena,
  kind: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueLength: number,
): number {
  const element = allocate(arena, elementBytesFor(kind, keyLength, valueLength))
  if (element === 0) return 0
  const segment = element >>> SEGMENT_SHIFT
  const words = arena.words[segment]
  const word = (element & UNIT_MASK) << 1
  let head = headBytes(kind)
  if (keyLength > ELEMENT_KEY_MAX || valueLength > ELEMENT_VALUE_MAX) {
    words[word] = ELEMENT_WIDE
    words[word + (head >> 2)] = keyLength
    words[word + (head >> 2) + 1] = valueLength
    head += ELEMENT_WIDE_BYTES
  } else {
    words[word] = (keyLength << ELEMENT_KEY_SHIFT) | (valueLength << ELEMENT_VALUE_SHIFT)
  }
  if (kind === KIND_ZSET) {
    words[word + ORDER_SIZE_WORD] = 1
    words[word + ORDER_LEFT_WORD] = 0
    words[word + ORDER_RIGHT_WORD] = 0
  }
  copyBytes(keyBytes, keyStart, arena.bytes[segment], (word << 2) + head, keyLength)
  return element
}

/** Gives the element's block back. It must not be in a dictionary any more. */
export function releaseElement(arena: Arena, kind: number, element: number): void {
  release(arena, element, elementByteLength(arena, kind, element))
}

/** Bytes asked for for the element's block. */
export function elementByteLength(arena: Arena, kind: number, element: number): number {
  const keyLength = elementKeyLength(arena, kind, element)
  return elementBytesFor(kind, keyLength, elementValueLength(arena, kind, element))
}

/** Bytes of the element's block with rounding, for MEMORY USAGE. */
export function elementMemory(arena: Arena, kind: number, element: number): number {
  return blockCapacity(arena, element, elementByteLength(arena, kind, element))
}

export function elementKeyLength(arena: Arena, kind: number, element: number): number {
  const words = arena.words[element >>> SEGMENT_SHIFT]
  const word = (element & UNIT_MASK) << 1
  const head = words[word]
  if ((head & ELEMENT_WIDE) !== 0) return words[word + (headBytes(kind) >> 2)]
  return (head >>> ELEMENT_KEY_SHIFT) & ELEMENT_KEY_MAX
}

/** Byte of field or member in arena.bytes[element >>> SEGMENT_SHIFT]. */
export function elementKeyStart(arena: Arena, kind: number, element: number): number {
  const word = (element & UNIT_MASK) << 1
  const wide = (arena.words[element >>> SEGMENT_SHIFT][word] & ELEMENT_WIDE) !== 0
  return (word << 2) + headBytes(kind) + (wide ? ELEMENT_WIDE_BYTES : 0)
}

export function elementValueLength(arena: Arena, kind: number, element: number): number {
  const words = arena.words[element >>> SEGMENT_SHIFT]
  const word = (element & UNIT_MASK) << 1
  const head = words[word]
  if ((head & ELEMENT_WIDE) !== 0) return words[word + (headBytes(kind) >> 2) + 1]
  return head >>> ELEMENT_VALUE_SHIFT
}

/** Byte of a hash value in arena.bytes[element >>> SEGMENT_SHIFT]. */
export function elementValueStart(arena: Arena, kind: number, element: number): number {
  return elementKeyStart(arena, kind, element) + elementKeyLength(arena, kind, element)
}

/**
 * Gives the value another length where it is, if the block and the header can take it. The bytes
 * are the caller's to write. false = make a new element instead, nothing changed.
 */
export function resizeElementInPlace(
  arena: Arena,
  kind: number,
  element: number,
  valueLength: number,
): boolean {
  const keyLength = elementKeyLength(arena, kind, element)
  const oldBytes = elementByteLength(arena, kind, element)
  const newBytes = elementBytesFor(kind, keyLength, valueLength)
  const words = arena.words[element >>> SEGMENT_SHIFT]
  const word = (element & UNIT_MASK) << 1
  const wide = (words[word] & ELEMENT_WIDE) !== 0
  if (wide !== (keyLength > ELEMENT_KEY_MAX || valueLength > ELEMENT_VALUE_MAX)) return false
  if (newBytes !== oldBytes) {
    if (newBytes <= SLAB_BLOCK_BYTES_MAX) {
      if (slabUnitsFor(newBytes) !== slabUnitsFor(oldBytes)) return false
    } else {
      // The release names the size it was asked for: an extent stays one.
      const capacity = blockCapacity(arena, element, oldBytes)
      if (oldBytes <= SLAB_BLOCK_BYTES_MAX || newBytes > capacity) return false
      if (capacity - newBytes > newBytes >>> IDLE_SHIFT) return false
    }
  }
  if (wide) words[word + (headBytes(kind) >> 2) + 1] = valueLength
  else words[word] = (words[word] & ELEMENT_VALUE_MAX) | (valueLength << ELEMENT_VALUE_SHIFT)
  return true
}

/** Looks a field or member up, as dictionaryFind looks up a key: foundPage and foundSlot are
 * set. */
export function elementFind(
  arena: Arena,
  root: number,
  hash: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
): number {
  arena.foundPage = 0
  if (root === 0) return 0
  const kind = rootKind(arena, root)
  const wanted = hash | 0
  const home = ((hash & 0xff) * PAGE_SLOTS) >>> 8
  let page = pageOf(arena, root, hash)
  while (page !== 0) {
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    let slot = home
    for (let probed = 0; probed < PAGE_SLOTS; probed++) {
      const word = pageWord + PAGE_SLOTS_WORD + (slot << 1)
      const element = words[word + 1] & ADDRESS_MASK
      if (element === 0) break
      if (
        words[word] === wanted &&
        elementKeyEquals(arena, kind, element, keyBytes, keyStart, keyLength)
      ) {
        arena.foundPage = page
        arena.foundSlot = slot
        return element
      }
      slot = slot === PAGE_SLOTS - 1 ? 0 : slot + 1
    }
    page = words[pageWord + PAGE_OVERFLOW_WORD]
  }
  return 0
}

export function elementKeyEquals(
  arena: Arena,
  kind: number,
  element: number,
  keyBytes: Uint8Array,
  keyStart: number,
  keyLength: number,
): boolean {
  if (elementKeyLength(arena, kind, element) !== keyLength) return false
  const bytes = arena.bytes[element >>> SEGMENT_SHIFT]
  const start = elementKeyStart(arena, kind, element)
  for (let at = 0; at < keyLength; at++) {
    if (bytes[start + at] !== keyBytes[keyStart + at]) return false
  }
  return true
}
