// MSET and MSETNX: the command's half. All pairs or none is the effect's part
// (keyspace/several-strings.ts). [redis-3.2 t_string.c msetGenericCommand]

import { stringsSet } from '../keyspace/effects.ts'
import { lookup } from '../keyspace/keyspace.ts'
import { StringPairs } from '../keyspace/string-pairs.ts'
import { MSET_ARITY, ONE, wrongArity, ZERO } from '../wire/replies.ts'
import { lengthAllowed, succeeded } from './answers.ts'
import { keyArgument, speaksRedis7, valueArgument } from './arguments.ts'
import type { Call } from './call.ts'

const pairs = new StringPairs()

export function mset(call: Call): void {
  if (pairsAllowed(call) && store(call)) call.reply.ok()
}

export function msetnx(call: Call): void {
  if (!pairsAllowed(call)) return
  for (let index = 1; index < call.argCount; index += 2) {
    if (lookup(keyArgument(call, index), call.nowMs) !== 0) {
      call.reply.raw(ZERO)
      return
    }
  }
  if (store(call)) call.reply.raw(ONE)
}

/** Keys and values in pairs, none too long. False: an error was answered. */
function pairsAllowed(call: Call): boolean {
  if ((call.argCount & 1) === 0) {
    call.reply.error(speaksRedis7(call) ? wrongArity(call.row.name) : MSET_ARITY)
    return false
  }
  for (let index = 2; index < call.argCount; index += 2) {
    if (!lengthAllowed(call, call.lengths[index])) return false
  }
  return true
}

/** False: an error was answered. */
function store(call: Call): boolean {
  pairs.begin((call.argCount - 1) >> 1)
  for (let index = 1; index < call.argCount; index += 2) {
    const side = keyArgument(call, index)
    valueArgument(call, side, index + 1)
    pairs.add(side)
  }
  return succeeded(call, stringsSet(pairs))
}
