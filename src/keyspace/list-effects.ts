// Effects on lists. See effects.ts for the contract of all effects, collections.ts for the order of
// their steps. How a list lies may change although the effect fails; its elements do not.

import {
  EFFECT_LIST_INSERT,
  EFFECT_LIST_POP,
  EFFECT_LIST_PUSH,
  EFFECT_LIST_REMOVE,
  EFFECT_LIST_SET,
  EFFECT_LIST_STORE,
} from '../log/codes.ts'
import { setLargeRoot } from '../memory/collection.ts'
import { COLLECTION_PACKED, NO_EXPIRY, TYPE_LIST } from '../memory/layout.ts'
import {
  commitListPush,
  commitListSplice,
  createLargeList,
  dropListChange,
  fillPacked,
  listLength,
  openForInsert,
  openForPush,
  openForSet,
  packedBytesOf,
  listPop as popElements,
  prepareListPush,
  prepareListSplice,
  listRemove as removeElements,
} from '../memory/list.ts'
import { OneItem } from '../memory/list-chain.ts'
import { placeAt, placeEquals, placeNext } from '../memory/list-place.ts'
import { detachRoot, releaseEntry } from '../memory/release.ts'
import { createLargeEntry, relink, removeEmptied } from './collections.ts'
import {
  allowReclaiming,
  appendRecord,
  isLarge,
  locate,
  locateOrMakeRoom,
  NO_ROOM,
  prepareEntry,
  putEntry,
  writeLarge,
} from './entries.ts'
import { EFFECT_NO_KEY, EFFECT_NOT_WRITTEN, EFFECT_OK, EFFECT_OUT_OF_MEMORY } from './outcomes.ts'
import type { ShardSide } from './side.ts'

/** `end` of listPush. */
export const LIST_HEAD = 0
export const LIST_TAIL = 1

/** Pushes the record's items, one after the other, at the head (0) or the tail (1); a list that is
 * missing is made. */
export function listPush(side: ShardSide, end: number): number {
  const { arena, record, limits } = side
  record.setEffect(EFFECT_LIST_PUSH, end)
  // Built upon, a list whose time is over would come back.
  if (record.hidden) return EFFECT_NOT_WRITTEN
  const old = locateOrMakeRoom(side)
  if (old === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  const atHead = end === LIST_HEAD
  if (old === 0) return storeItems(side, NO_EXPIRY, atHead)
  const { itemCount } = record
  const entry = openForPush(arena, old, limits, record, itemCount)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  relink(side, entry)
  if (!prepareListPush(arena, entry, limits, record, itemCount, atHead)) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    dropListChange(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  commitListPush(arena, entry, record, itemCount, atHead)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** Makes the key a list of the record's items, whatever it held, with an expiry or NO_EXPIRY. */
export function listStore(side: ShardSide, expiryMs: number): number {
  side.record.setEffect(EFFECT_LIST_STORE, expiryMs)
  if (locateOrMakeRoom(side) === NO_ROOM) return EFFECT_OUT_OF_MEMORY
  return storeItems(side, expiryMs, false)
}

function storeItems(side: ShardSide, expiryMs: number, atHead: boolean): number {
  const { arena } = side
  const entry = createList(side, expiryMs, atHead)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    releaseEntry(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  putEntry(side, entry, expiryMs)
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** An entry with the record's items, in no dictionary yet. 0 = out of memory, nothing is left. */
function createList(side: ShardSide, expiryMs: number, atHead: boolean): number {
  const { arena, record, limits } = side
  const { itemCount } = record
  const byteLength = packedBytesOf(limits, record, itemCount)
  if (byteLength > 0) {
    // No room to grow yet: most lists of a queue are pushed once and popped.
    const entry = prepareEntry(side, TYPE_LIST, COLLECTION_PACKED, byteLength, expiryMs, 0)
    if (entry !== 0) fillPacked(arena, entry, record, itemCount, atHead)
    return entry
  }
  const root = createLargeList(arena, limits, record, itemCount, atHead)
  if (root === 0) return 0
  const entry = createLargeEntry(side, TYPE_LIST, expiryMs)
  if (entry === 0) detachRoot(arena, root)
  else setLargeRoot(arena, entry, root)
  return entry
}

/** Takes away so many elements at the head, or at the tail if `count` is negative; all that there
 * are: the key goes. EFFECT_NO_KEY: there is no such key. */
export function listPop(side: ShardSide, count: number): number {
  const { arena, record } = side
  record.setEffect(EFFECT_LIST_POP, count)
  record.clearValue()
  const entry = locate(side)
  if (entry === 0) return EFFECT_NO_KEY
  // The record comes first: the key may be read from the entry that goes.
  if (!isLarge(side)) appendRecord(side)
  else if (!writeLarge(side)) return EFFECT_NOT_WRITTEN
  const most = Math.abs(count)
  if (most >= listLength(arena, entry)) removeEmptied(side)
  else relink(side, popElements(arena, entry, most, count < 0))
  return EFFECT_OK
}

/** Makes the record's value the element at an index, which is there. */
export function listSet(side: ShardSide, index: number): number {
  side.record.setEffect(EFFECT_LIST_SET, index)
  return splice(side, index, false)
}

/** Makes the record's value a new element that gets this index, at most the list's length. */
export function listInsert(side: ShardSide, index: number): number {
  side.record.setEffect(EFFECT_LIST_INSERT, index)
  return splice(side, index, true)
}

const one = new OneItem()

function splice(side: ShardSide, index: number, inserts: boolean): number {
  const { arena, record, limits } = side
  const { value, valueStart, valueLength } = record
  const old = locate(side)
  if (old === 0) return EFFECT_NO_KEY
  allowReclaiming(side)
  const pushes = inserts && (index === 0 || index === listLength(arena, old))
  one.set(value, valueStart, valueLength)
  const entry = pushes
    ? openForPush(arena, old, limits, one, 1)
    : inserts
      ? openForInsert(arena, old, limits, value, valueStart, valueLength)
      : openForSet(arena, old, limits, index, value, valueStart, valueLength)
  if (entry === 0) return EFFECT_OUT_OF_MEMORY
  relink(side, entry)
  const ready = pushes
    ? prepareListPush(arena, entry, limits, one, 1, index === 0)
    : prepareListSplice(arena, entry, limits, index, inserts, value, valueStart, valueLength)
  if (!ready) return EFFECT_OUT_OF_MEMORY
  const large = isLarge(side)
  if (large && !writeLarge(side)) {
    dropListChange(arena, entry)
    return EFFECT_NOT_WRITTEN
  }
  if (pushes) {
    commitListPush(arena, entry, one, 1, index === 0)
  } else {
    relink(
      side,
      commitListSplice(arena, entry, limits, index, inserts, value, valueStart, valueLength),
    )
  }
  if (!large) appendRecord(side)
  return EFFECT_OK
}

/** Takes away what equals the record's value: `count` of them from the head, from the tail if it is
 * negative, all if it is 0. The record's `changed` says how many. Nothing is recorded if there is
 * none. */
export function listRemove(side: ShardSide, count: number): number {
  const { arena, record, limits } = side
  const { value, valueStart, valueLength } = record
  record.setEffect(EFFECT_LIST_REMOVE, count)
  const entry = locate(side)
  if (entry === 0) return EFFECT_NO_KEY
  record.changed = 0
  if (!holds(side, entry)) return EFFECT_OK
  if (!isLarge(side)) appendRecord(side)
  else if (!writeLarge(side)) return EFFECT_NOT_WRITTEN
  const before = listLength(arena, entry)
  relink(side, removeElements(arena, entry, limits, value, valueStart, valueLength, count))
  const after = listLength(arena, record.entry)
  record.changed = before - after
  if (after === 0) removeEmptied(side)
  return EFFECT_OK
}

/** Is there an element that equals the record's value? */
function holds(side: ShardSide, entry: number): boolean {
  const { arena, record } = side
  const { value, valueStart, valueLength } = record
  for (let there = placeAt(arena, entry, 0); there; there = placeNext(arena)) {
    if (placeEquals(arena, value, valueStart, valueLength)) return true
  }
  return false
}
