// Counters: one row a thread in one SharedArrayBuffer of doubles, each written by its thread only
// and summed by whoever reads. A double counts exactly to 2^53 and is stored in one piece.
// One row a counter here; INFO and the metrics derive from these rows.
//
//   double 0 .. COUNTERS_PER_THREAD-1   thread 0
//   …                                   thread 1
//   …                                   thread THREADS_MAX-1
//   CALLS_AT ..                         thread 0: how often each command ran, by its code
//   CALLS_AT + COMMAND_CODES_MAX ..     thread 1
//   …
//
// The second half is apart so that a sum over all threads of one counter stays within 64 KB.

import { COMMAND_CODES_MAX, THREADS_MAX } from '../base/limits.ts'

export const COUNTER_NAMES = [
  'commandsProcessed',
  'commandsPlaced',
  'commandsRinged',
  'commandsLocal',
  'connectionsReceived',
  'connectionsRejected',
  'bytesReceived',
  'bytesSent',
  'keyspaceHits',
  'keyspaceMisses',
  'keysExpired',
  'repliesDropped',
  'wakeupsMissed',
  'protocolErrors',
  'authFailures',
  'commitsFailed',
  'errorsReplied',
] as const

export type CounterName = (typeof COUNTER_NAMES)[number]

/** Room for more without moving anything; a multiple of two cache lines. */
export const COUNTERS_PER_THREAD = 64

/** Index of thread 0's count of calls of command 0. */
export const CALLS_AT = THREADS_MAX * COUNTERS_PER_THREAD
export const COUNTER_DOUBLES = CALLS_AT + THREADS_MAX * COMMAND_CODES_MAX

export const COUNTER: Record<CounterName, number> = Object.fromEntries(
  COUNTER_NAMES.map((name, index) => [name, index]),
) as Record<CounterName, number>
