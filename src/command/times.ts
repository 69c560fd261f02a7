// Expiry times as clients send them: seconds or milliseconds, from now or since 1970.
//
// Times are numbers (ms since 1970). Redis keeps 64-bit integers; between 2^53 ms (the year
// 287396) and 2^63 ms a time is taken as 2^53 - 1, beyond 2^63 it is refused as Redis refuses it.

import { INT64_MAX } from '../base/numbers.ts'
import { replyInvalidExpire, replyNotInteger } from './answers.ts'
import { integerArgument, wideArgument } from './arguments.ts'
import type { Call } from './call.ts'

/** expiryTime answered an error. */
export const TIME_REFUSED = Number.NaN
const SECOND_MS = 1000
const SECOND_MS_WIDE = 1000n
const TIME_MS_MAX = Number.MAX_SAFE_INTEGER

/**
 * Argument `index` as an absolute time in ms, which may lie in the past; TIME_REFUSED: an error was
 * answered. `relative`: it counts from now. `positive`: SET and its kin take only times above 0.
 * [redis-7.0 t_string.c getExpireMillisecondsOrReply, expire.c expireGenericCommand]
 */
export function expiryTime(
  call: Call,
  index: number,
  seconds: boolean,
  relative: boolean,
  positive: boolean,
): number {
  const given = integerArgument(call, index)
  const timeMs = (seconds ? given * SECOND_MS : given) + (relative ? call.nowMs : 0)
  if (Number.isSafeInteger(timeMs)) {
    if (!positive || given > 0) return timeMs
    replyInvalidExpire(call)
    return TIME_REFUSED
  }
  return wideExpiryTime(call, index, seconds, relative, positive)
}

function wideExpiryTime(
  call: Call,
  index: number,
  seconds: boolean,
  relative: boolean,
  positive: boolean,
): number {
  const given = wideArgument(call, index)
  if (given === undefined) {
    replyNotInteger(call)
    return TIME_REFUSED
  }
  const timeMs = (seconds ? given * SECOND_MS_WIDE : given) + (relative ? BigInt(call.nowMs) : 0n)
  // Redis looks for an overflow after the factor and after the sum; what is below zero only ever
  // overflows in the factor, because now is positive.
  const lowest = seconds ? -(INT64_MAX / SECOND_MS_WIDE) * SECOND_MS_WIDE : -INT64_MAX - 1n
  const overflow = timeMs > INT64_MAX || (seconds ? given * SECOND_MS_WIDE : given) < lowest
  if (overflow || (positive && given <= 0n)) {
    replyInvalidExpire(call)
    return TIME_REFUSED
  }
  return timeMs > 0n ? TIME_MS_MAX : 0
}
