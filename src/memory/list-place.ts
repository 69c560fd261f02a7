// Walking a list, packed or large: one place a thread, valid until the list changes.
//
//   for (let there = placeAt(arena, entry, from); there; there = placeNext(arena)) placeGet(arena)

import { sameBytes } from '../base/same-bytes.ts'
import type { Arena } from './arena.ts'
import { isLargeCollection, largeRoot } from './collection.ts'
import { entryValueStart } from './entry.ts'
import { SEGMENT_SHIFT } from './layout.ts'
import { listLength } from './list.ts'
import { found, seekNode } from './list-large.ts'
import { nodeBytes, nodeCount, nodeNext, nodePrevious, nodeStart } from './list-node.ts'
import {
  packedEquals,
  packedFirst,
  packedGet,
  packedLast,
  packedNext,
  packedPrevious,
  packedSeek,
} from './packed.ts'
import { span, spanBytes } from './span.ts'

const NO_BYTES = new Uint8Array(0)

/** `node` 0: in the entry. `plain`: the node is one element as it is. */
const place = { bytes: NO_BYTES as Uint8Array, start: 0, at: 0, node: 0, plain: false }

/** Goes to an index, negative ones from the tail. false = there is no such element. */
export function placeAt(arena: Arena, entry: number, index: number): boolean {
  const length = listLength(arena, entry)
  const from = index < 0 ? index + length : index
  if (from < 0 || from >= length) return false
  if (isLargeCollection(arena, entry)) {
    seekNode(arena, largeRoot(arena, entry), from)
    enterNode(arena, found.node)
    if (!place.plain) place.at = packedSeek(place.bytes, place.start, found.offset)
    return true
  }
  place.node = 0
  place.plain = false
  place.bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  place.start = entryValueStart(arena, entry)
  place.at = packedSeek(place.bytes, place.start, from)
  return true
}

function enterNode(arena: Arena, node: number): void {
  place.node = node
  place.plain = nodeCount(arena, node) === 0
  place.bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  place.start = nodeStart(node)
  place.at = place.start
}

/** Goes on towards the tail. false = that was the last. */
export function placeNext(arena: Arena): boolean {
  if (!place.plain) {
    const at = packedNext(place.bytes, place.at)
    if (at !== -1) {
      place.at = at
      return true
    }
  }
  if (place.node === 0) return false
  const node = nodeNext(arena, place.node)
  if (node === 0) return false
  enterNode(arena, node)
  if (!place.plain) place.at = packedFirst(place.bytes, place.start)
  return true
}

/** Goes on towards the head. false = that was the first. */
export function placePrevious(arena: Arena): boolean {
  if (!place.plain) {
    const at = packedPrevious(place.bytes, place.start, place.at)
    if (at !== -1) {
      place.at = at
      return true
    }
  }
  if (place.node === 0) return false
  const node = nodePrevious(arena, place.node)
  if (node === 0) return false
  enterNode(arena, node)
  if (!place.plain) place.at = packedLast(place.bytes, place.start)
  return true
}

/** Fills `span` with the element. */
export function placeGet(arena: Arena): void {
  if (place.plain) spanBytes(place.bytes, place.start, nodeBytes(arena, place.node))
  else packedGet(place.bytes, place.at)
}

/** Is the element the same bytes as source[start …]? */
export function placeEquals(
  arena: Arena,
  source: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (!place.plain) return packedEquals(place.bytes, place.at, source, start, length)
  if (nodeBytes(arena, place.node) !== length) return false
  return sameBytes(place.bytes, place.start, source, start, length)
}

/** All elements in order. `visit` must not change the list. */
export function visitList(
  arena: Arena,
  entry: number,
  visit: (bytes: Uint8Array, start: number, length: number) => void,
): void {
  for (let there = placeAt(arena, entry, 0); there; there = placeNext(arena)) {
    placeGet(arena)
    visit(span.bytes, span.start, span.length)
  }
}
