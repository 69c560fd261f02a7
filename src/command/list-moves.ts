// RPOPLPUSH and LMOVE take an element from one list to another, perhaps of another shard; LMPOP
// takes several from the first list that has any. [redis-7.0 t_list.c]

import { copyBytes } from '../base/copy.ts'
import {
  EFFECT_NOT_WRITTEN,
  EFFECT_OK,
  EFFECT_PARTLY,
  LIST_HEAD,
  LIST_TAIL,
  listPop,
  listPush,
} from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import type { ShardSide } from '../keyspace/side.ts'
import { TYPE_LIST } from '../memory/layout.ts'
import { placeAt, placeGet } from '../memory/list-place.ts'
import { span } from '../memory/span.ts'
import { COUNT_NOT_POSITIVE, NUMKEYS_NOT_POSITIVE } from '../wire/replies.ts'
import { hasType, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, keyArgument, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'
import { popInto } from './lists.ts'
import { scratch, trimScratch } from './scratch.ts'

const SOURCE = 1
const TARGET = 2

const LEFT = word('left')
const RIGHT = word('right')
const COUNT = word('count')
/** Neither LEFT nor RIGHT. */
export const NO_END = -1

export function rpoplpush(call: Call): void {
  moveBetween(call, LIST_TAIL, LIST_HEAD)
}

export function lmove(call: Call): void {
  const from = endArgument(call, 3)
  const to = endArgument(call, 4)
  if (from === NO_END || to === NO_END) replySyntaxError(call)
  else moveBetween(call, from, to)
}

/** LEFT or RIGHT as LIST_HEAD or LIST_TAIL; NO_END: neither. */
export function endArgument(call: Call, index: number): number {
  if (argumentIs(call, index, LEFT)) return LIST_HEAD
  return argumentIs(call, index, RIGHT) ? LIST_TAIL : NO_END
}

/** From the list in argument 1 to the one in argument 2; null if there is nothing. */
export function moveBetween(call: Call, from: number, to: number): void {
  const source = keyArgument(call, SOURCE)
  const entry = lookup(source, call.nowMs)
  if (entry === 0) {
    call.reply.nullBulk()
    return
  }
  if (!hasType(call, source, entry, TYPE_LIST)) return
  const target = keyArgument(call, TARGET)
  const targetEntry = lookup(target, call.nowMs)
  if (targetEntry !== 0 && !hasType(call, target, targetEntry, TYPE_LIST)) return
  // Copied: pushing may move what the element lies in, also in a list that is both.
  placeAt(source.arena, entry, from === LIST_TAIL ? -1 : 0)
  placeGet(source.arena)
  const { length } = span
  const element = scratch(length)
  copyBytes(span.bytes, span.start, element, 0, length)
  if (succeeded(call, moveElement(call, target, from, to, element, length))) {
    call.reply.bulk(element, 0, length)
  }
  trimScratch()
}

const elementStarts = new Int32Array(1)
const elementLengths = new Int32Array(1)

/**
 * Pushes first, which may fail, then pops. Only a key so long that its record is large can make
 * that fail: then the element is taken back.
 */
function moveElement(
  call: Call,
  target: ShardSide,
  from: number,
  to: number,
  element: Uint8Array,
  length: number,
): number {
  elementLengths[0] = length
  target.record.setItems(element, elementStarts, elementLengths, 0, 1, 1)
  const pushed = listPush(target, to)
  if (pushed !== EFFECT_OK) return pushed
  const popped = listPop(keyArgument(call, SOURCE), from === LIST_TAIL ? -1 : 1)
  if (popped === EFFECT_OK) return EFFECT_OK
  const undone = listPop(keyArgument(call, TARGET), to === LIST_TAIL ? -1 : 1)
  return undone === EFFECT_OK ? EFFECT_NOT_WRITTEN : EFFECT_PARTLY
}

/** LMPOP numkeys key … LEFT|RIGHT [COUNT count] */
export function lmpop(call: Call): void {
  const keys = roughInteger(call, 1)
  if (!(keys >= 1)) {
    call.reply.error(NUMKEYS_NOT_POSITIVE)
    return
  }
  const where = 2 + keys
  const end = where < call.argCount ? endArgument(call, where) : NO_END
  const options = call.argCount - where - 1
  const counted = options >= 2 && argumentIs(call, where + 1, COUNT)
  if (end === NO_END || (options > 0 && !counted)) {
    replySyntaxError(call)
    return
  }
  const count = counted ? roughInteger(call, where + 2) : 1
  if (!(count >= 1)) {
    call.reply.error(COUNT_NOT_POSITIVE)
    return
  }
  // As Redis does: words too many behind a wrong count are not looked at.
  if (options > 2) {
    replySyntaxError(call)
    return
  }
  popFirst(call, where, end, count)
}

/** Pops from the first of the lists in the arguments 2 to `beyond` that is there. */
function popFirst(call: Call, beyond: number, end: number, count: number): void {
  for (let index = 2; index < beyond; index++) {
    const side = keyArgument(call, index)
    const entry = lookup(side, call.nowMs)
    if (entry === 0) continue
    if (!hasType(call, side, entry, TYPE_LIST)) return
    const { reply } = call
    const before = reply.position
    reply.arrayHeader(2)
    reply.bulk(call.bytes, call.starts[index], call.lengths[index])
    const inner = reply.position
    popInto(call, side, entry, count, end === LIST_TAIL, true)
    if (reply.isError(inner)) {
      // The error alone is the answer.
      const length = reply.position - inner
      reply.bytes.copyWithin(before, inner, inner + length)
      reply.position = before + length
    }
    return
  }
  call.reply.nullArray()
}
