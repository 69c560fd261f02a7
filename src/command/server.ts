// Commands over whole databases and slots: DBSIZE, FLUSHDB, FLUSHALL, CLUSTER COUNTKEYSINSLOT and
// GETKEYSINSLOT. [redis-3.2 db.c, cluster.c]

import { SLOT_COUNT } from '../base/limits.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { flushAll, flushDatabase } from '../keyspace/effects.ts'
import { databaseSize } from '../keyspace/keyspace.ts'
import { databaseSlotKeys } from '../memory/database.ts'
import { EMPTY_ARRAY, INVALID_SLOT, INVALID_SLOT_OR_NUMBER } from '../wire/replies.ts'
import { replyNotInteger, replySyntaxError, succeeded } from './answers.ts'
import { argumentIs, concernedSides, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'
import { beginHeads, closeList, openList, WalkFilter, walkPage } from './walk.ts'

/** Keys whose time is over but which nobody has met yet are counted, as Redis does. */
export function dbsize(call: Call): void {
  let total = 0
  for (const side of concernedSides(call)) total += databaseSize(side, call.database)
  call.reply.integer(total)
}

const ASYNC = word('async')
const SYNC = word('sync')

/** Emptying is at once either way; the memory is given back in slices. False: answered. */
function flushOptionsValid(call: Call): boolean {
  if (call.argCount === 1) return true
  if (call.argCount === 2 && (argumentIs(call, 1, ASYNC) || argumentIs(call, 1, SYNC))) return true
  replySyntaxError(call)
  return false
}

export function flushdb(call: Call): void {
  if (!flushOptionsValid(call)) return
  for (const side of concernedSides(call)) {
    if (!succeeded(call, flushDatabase(side, call.database))) return
  }
  call.reply.ok()
}

export function flushall(call: Call): void {
  if (!flushOptionsValid(call)) return
  for (const side of concernedSides(call)) {
    if (!succeeded(call, flushAll(side))) return
  }
  call.reply.ok()
}

// ── CLUSTER: argument 1 is the subcommand, argument 2 the slot ───────────────────────────────

export function clusterCountkeysinslot(call: Call): void {
  const slot = roughInteger(call, 2)
  if (Number.isNaN(slot)) replyNotInteger(call)
  else if (slot < 0 || slot >= SLOT_COUNT) call.reply.error(INVALID_SLOT)
  else call.reply.integer(databaseSlotKeys(call.side.arena, call.database, slot))
}

const filter = new WalkFilter()

export function clusterGetkeysinslot(call: Call): void {
  const slot = roughInteger(call, 2)
  const countMax = roughInteger(call, 3)
  if (Number.isNaN(slot) || Number.isNaN(countMax)) {
    replyNotInteger(call)
    return
  }
  const { reply, side } = call
  if (slot < 0 || slot >= SLOT_COUNT || countMax < 0) {
    reply.error(INVALID_SLOT_OR_NUMBER)
    return
  }
  filter.reset()
  filter.keyTest = (bytes, start, length) => slotOfKey(bytes, start, length) === slot
  filter.writtenMax = Math.min(countMax, databaseSlotKeys(side.arena, call.database, slot))
  if (filter.writtenMax === 0) {
    reply.raw(EMPTY_ARRAY)
    return
  }
  const start = openList(reply)
  let cursor = 0
  do cursor = walkPage(call, side, cursor, filter)
  while (cursor !== 0 && filter.written < filter.writtenMax && !reply.overflowed)
  if (reply.overflowed) return
  const end = beginHeads(reply, start)
  reply.arrayHeader(filter.written)
  closeList(reply, start, end)
}
