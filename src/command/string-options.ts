// The options behind SET's value and GETEX's key. [redis-3.2 t_string.c setCommand, redis-7.0
// parseExtendedStringArgumentsOrReply]

import { PROFILE_CKV } from '../catalog/spec.ts'
import { NO_EXPIRY } from '../memory/layout.ts'
import { replySyntaxError } from './answers.ts'
import { argumentIs, word } from './arguments.ts'
import type { Call } from './call.ts'
import { expiryTime } from './times.ts'

export const OPTION_NX = 1 << 0
export const OPTION_XX = 1 << 1
export const OPTION_GET = 1 << 2
export const OPTION_KEEP_TTL = 1 << 3
export const OPTION_PERSIST = 1 << 4
export const OPTION_EX = 1 << 5
export const OPTION_PX = 1 << 6
export const OPTION_EXAT = 1 << 7
export const OPTION_PXAT = 1 << 8
const TIMES = OPTION_EX | OPTION_PX | OPTION_EXAT | OPTION_PXAT
/** At most one of these; the same one again is taken, the last time counts. */
const LIFETIMES = TIMES | OPTION_KEEP_TTL | OPTION_PERSIST

/** parseOptions answered a syntax error. */
export const OPTIONS_REFUSED = -1

interface OptionWord {
  readonly letters: Uint8Array
  readonly flag: number
  /** Options that must not stand before it. */
  readonly excludes: number
}

function lifetime(text: string, flag: number): OptionWord {
  return { letters: word(text), flag, excludes: LIFETIMES & ~flag }
}

const EARLY_SET_OPTIONS: readonly OptionWord[] = [
  { letters: word('nx'), flag: OPTION_NX, excludes: OPTION_XX },
  { letters: word('xx'), flag: OPTION_XX, excludes: OPTION_NX },
  lifetime('ex', OPTION_EX),
  lifetime('px', OPTION_PX),
]
const LATE_TIMES: readonly OptionWord[] = [
  lifetime('exat', OPTION_EXAT),
  lifetime('pxat', OPTION_PXAT),
]
const SET_OPTIONS: readonly OptionWord[] = [
  ...EARLY_SET_OPTIONS,
  { letters: word('get'), flag: OPTION_GET, excludes: 0 },
  lifetime('keepttl', OPTION_KEEP_TTL),
  ...LATE_TIMES,
]
const GETEX_OPTIONS: readonly OptionWord[] = [
  lifetime('ex', OPTION_EX),
  lifetime('px', OPTION_PX),
  ...LATE_TIMES,
  lifetime('persist', OPTION_PERSIST),
]

/** Argument index of the time that the last parseOptions found, 0 = none. */
let timeIndex = 0

/** Or of OPTION_… found from argument 3 on, or OPTIONS_REFUSED. */
export function parseSetOptions(call: Call): number {
  return parseOptions(call, 3, call.profile === PROFILE_CKV ? EARLY_SET_OPTIONS : SET_OPTIONS)
}

/** Or of OPTION_… found from argument 2 on, or OPTIONS_REFUSED. */
export function parseGetexOptions(call: Call): number {
  return parseOptions(call, 2, GETEX_OPTIONS)
}

function parseOptions(call: Call, from: number, options: readonly OptionWord[]): number {
  let found = 0
  timeIndex = 0
  for (let index = from; index < call.argCount; index++) {
    const option = findOption(call, index, options)
    const isTime = option !== undefined && (option.flag & TIMES) !== 0
    if (
      option === undefined ||
      (found & option.excludes) !== 0 ||
      (isTime && index + 1 === call.argCount)
    ) {
      replySyntaxError(call)
      return OPTIONS_REFUSED
    }
    found |= option.flag
    if (isTime) timeIndex = ++index
  }
  return found
}

function findOption(
  call: Call,
  index: number,
  options: readonly OptionWord[],
): OptionWord | undefined {
  for (let at = 0; at < options.length; at++) {
    if (argumentIs(call, index, options[at].letters)) return options[at]
  }
  return undefined
}

/**
 * The expiry (ms since 1970) that the options just parsed ask for; NO_EXPIRY without one;
 * TIME_REFUSED: an error was answered.
 */
export function optionsExpiry(call: Call, options: number): number {
  if (timeIndex === 0) return NO_EXPIRY
  const seconds = (options & (OPTION_EX | OPTION_EXAT)) !== 0
  const relative = (options & (OPTION_EX | OPTION_PX)) !== 0
  return expiryTime(call, timeIndex, seconds, relative, true)
}
