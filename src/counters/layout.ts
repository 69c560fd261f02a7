// Counters: one row a thread in one SharedArrayBuffer of doubles, each written by its thread only
// and summed by whoever reads. A double counts exactly to 2^53 and is stored in one piece.
// One row a counter here; INFO and the metrics derive from these rows.
//
//   double 0 .. COUNTERS_PER_THREAD-1   thread 0
//   …                                   thread 1
//   …                                   thread THREADS_MAX-1
//   …                                   what CONFIG RESETSTAT took away, below 0 (ROWS rows in all)
//   CALLS_AT ..                         thread 0: how often each command ran, by its code
//   CALLS_AT + COMMAND_CODES_MAX ..     thread 1
//   …
//   FAILED_AT, REJECTED_AT, MICROS_AT   the same for calls that failed or were refused, and times
//   …                                   what CONFIG RESETSTAT took away, below 0 (ROWS in all)
//
// What follows CALLS_AT is apart so that a sum over all threads of one counter stays within 64 KB.

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
  'keysEvicted',
] as const

export type CounterName = (typeof COUNTER_NAMES)[number]

/** Room for more without moving anything; a multiple of two cache lines. */
export const COUNTERS_PER_THREAD = 64

/** One a thread, and one more that only CONFIG RESETSTAT changes. */
export const ROWS = THREADS_MAX + 1
/** Index of thread 0's count of calls of command 0. */
export const CALLS_AT = ROWS * COUNTERS_PER_THREAD
export const FAILED_AT = CALLS_AT + ROWS * COMMAND_CODES_MAX
export const REJECTED_AT = FAILED_AT + ROWS * COMMAND_CODES_MAX
/** Microseconds of the calls that were timed. */
export const MICROS_AT = REJECTED_AT + ROWS * COMMAND_CODES_MAX
export const ERRORS_AT = MICROS_AT + ROWS * COMMAND_CODES_MAX

/** First words of error replies that are counted one by one; all others are `others`. */
export const ERROR_WORDS = [
  'others',
  'ERR',
  'WRONGTYPE',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'NOPROTO',
  'OOM',
  'MISCONF',
  'LOADING',
  'READONLY',
  'CROSSSLOT',
  'CLUSTERDOWN',
  'EXECABORT',
  'BUSYKEY',
  'NOSCRIPT',
  'UNBLOCKED',
  'INVALIDOBJ',
] as const
export const ERRORS_PER_THREAD = 32
export const COUNTER_DOUBLES = ERRORS_AT + ROWS * ERRORS_PER_THREAD

export const COUNTER: Record<CounterName, number> = Object.fromEntries(
  COUNTER_NAMES.map((name, index) => [name, index]),
) as Record<CounterName, number>
