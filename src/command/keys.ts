// Commands over whole keys, whatever they hold: DEL UNLINK EXISTS TOUCH TYPE. [redis-3.2 db.c]

import { keyDelete } from '../keyspace/effects.ts'
import { lookup, lookupRead } from '../keyspace/keyspace.ts'
import { entryType } from '../memory/entry.ts'
import { TYPE_NAMES, TYPE_NONE } from '../wire/replies.ts'
import { succeeded } from './answers.ts'
import { keyArgument } from './arguments.ts'
import type { Call } from './call.ts'

const KEY = 1

/**
 * DEL and UNLINK: small values are freed at once, large ones chunk by chunk, both quickly. Where
 * the disk does not take the removal of a long key the answer is the error, also if keys before it
 * are gone: with their count the client would take that key for gone too. After an error it tries
 * again, which removes what is left and harms nothing.
 */
export function del(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    const side = keyArgument(call, index)
    // The lookup makes an expired key a missing one.
    if (lookup(side, call.nowMs) === 0) continue
    if (!succeeded(call, keyDelete(side))) return
    count++
  }
  call.reply.integer(count)
}

/** EXISTS and TOUCH: the lookup itself marks a key as used. A key named twice counts twice. */
export function exists(call: Call): void {
  let count = 0
  for (let index = KEY; index < call.argCount; index++) {
    if (lookupRead(keyArgument(call, index), call.nowMs) !== 0) count++
  }
  call.reply.integer(count)
}

export function type(call: Call): void {
  const side = keyArgument(call, KEY)
  const entry = lookupRead(side, call.nowMs)
  call.reply.raw(entry === 0 ? TYPE_NONE : TYPE_NAMES[entryType(side.arena, entry)])
}
