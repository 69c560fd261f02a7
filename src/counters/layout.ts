// Counters: one row a thread in one SharedArrayBuffer of doubles, each written by its thread only
// and summed by whoever reads. A double counts exactly to 2^53 and is stored in one piece.
// One row a counter here; INFO and the metrics derive from these rows.
//
//   double 0 .. COUNTERS_PER_THREAD-1   thread 0
//   …                                   thread 1

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

export const COUNTER: Record<CounterName, number> = Object.fromEntries(
  COUNTER_NAMES.map((name, index) => [name, index]),
) as Record<CounterName, number>
