// What a SORT asks for. [redis-7.0 sort.c]

import { WRITE } from '../catalog/spec.ts'
import { replyNotInteger, replySyntaxError } from './answers.ts'
import { argumentIs, roughInteger, word } from './arguments.ts'
import type { Call } from './call.ts'

const ASCENDING = word('asc')
const DESCENDING = word('desc')
const ALPHA = word('alpha')
const LIMIT = word('limit')
const STORE = word('store')
const BY = word('by')
const GET = word('get')
const FIRST_OPTION = 2
const ASTERISK = 0x2a

/** No argument. */
export const NOTHING = -1

/** Of the command that runs. Numbers of arguments, NOTHING if it was not given. */
export const options = {
  descending: false,
  alpha: false,
  /** BY a pattern without '*': the order stays as it is. */
  unsorted: false,
  offset: 0,
  /** Negative: all. */
  count: -1,
  by: NOTHING,
  store: NOTHING,
  gets: [] as number[],
}

/** False: an error was answered. */
export function parseSort(call: Call): boolean {
  options.descending = false
  options.alpha = false
  options.unsorted = false
  options.offset = 0
  options.count = -1
  options.by = NOTHING
  options.store = NOTHING
  options.gets.length = 0
  let index = FIRST_OPTION
  while (index < call.argCount) {
    const next = parseOption(call, index)
    if (next === NOTHING) return false
    index = next
  }
  return true
}

/** Where the option behind that at `index` stands; NOTHING: an error was answered. */
function parseOption(call: Call, index: number): number {
  const values = call.argCount - index - 1
  if (argumentIs(call, index, ASCENDING)) {
    options.descending = false
  } else if (argumentIs(call, index, DESCENDING)) {
    options.descending = true
  } else if (argumentIs(call, index, ALPHA)) {
    options.alpha = true
  } else if (values >= 2 && argumentIs(call, index, LIMIT)) {
    return parseLimit(call, index)
  } else if (values >= 1 && storesIn(call) && argumentIs(call, index, STORE)) {
    options.store = index + 1
    return index + 2
  } else if (values >= 1 && argumentIs(call, index, BY)) {
    const isPattern = hasAsterisk(call, index + 1)
    options.by = isPattern ? index + 1 : options.by
    options.unsorted ||= !isPattern
    return index + 2
  } else if (values >= 1 && argumentIs(call, index, GET)) {
    options.gets.push(index + 1)
    return index + 2
  } else {
    replySyntaxError(call)
    return NOTHING
  }
  return index + 1
}

/** SORT_RO stores nothing. */
function storesIn({ row }: Call): boolean {
  return (row.flags & WRITE) !== 0
}

function parseLimit(call: Call, index: number): number {
  options.offset = roughInteger(call, index + 1)
  options.count = Number.isNaN(options.offset) ? Number.NaN : roughInteger(call, index + 2)
  if (!Number.isNaN(options.count)) return index + 3
  replyNotInteger(call)
  return NOTHING
}

function hasAsterisk({ bytes, starts, lengths }: Call, index: number): boolean {
  const end = starts[index] + lengths[index]
  for (let at = starts[index]; at < end; at++) if (bytes[at] === ASTERISK) return true
  return false
}
