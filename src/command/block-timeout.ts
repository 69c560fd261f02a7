// How long a command may wait for a key. Read by its handler, which answers what is wrong with it,
// and by the client's acceptor, which keeps the time. [redis-7.0 timeout.c]

import { parseDouble } from '../base/numbers.ts'

export const TIMEOUT_NO_FLOAT = -1
export const TIMEOUT_BELOW_ZERO = -2

/** Above this Redis's milliseconds turn negative. */
const MS_MAX = 2 ** 63

/** In ms, rounded up; 0: for ever. Else one of TIMEOUT_…. */
export function parseBlockTimeout(bytes: Uint8Array, start: number, length: number): number {
  const seconds = parseDouble(bytes, start, length)
  if (seconds === undefined) return TIMEOUT_NO_FLOAT
  const timeoutMs = Math.ceil(seconds * 1000)
  return timeoutMs >= 0 && timeoutMs < MS_MAX ? timeoutMs : TIMEOUT_BELOW_ZERO
}
