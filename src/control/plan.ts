// The memory and thread plan: every SharedArrayBuffer of the process is made here, once, before
// any thread starts. Pages come from the system only when they are touched, so a plan costs address
// space, not memory; what cannot be reserved is said in one line with the option to change.
//
//   budget (--shared-memory-budget) = pool ¼ + log slices ¼ + rings ¼ + rings between acceptors ⅛
//                                     (+ ⅛ in hand for rounding up)
//
// Outside of the budget: room in the pool for one command of any size (ring/pool.ts); pages come
// when the first command larger than the pool's part for requests needs them. And behind each log
// slice its spill (log/slice-writer.ts), which is touched only when a disk fails.

import { CkvError } from '../base/errors.ts'
import {
  GREAT_REQUEST_BYTES,
  LOG_SPILL_BYTES,
  SEGMENT_BYTES_MAX,
  THREADS_MAX,
} from '../base/limits.ts'
import { countersByteLength } from '../counters/counters.ts'
import { latencyByteLength } from '../counters/latency.ts'
import { slowLogByteLength } from '../counters/slow-log.ts'
import type { ServerFacts } from '../executor/facts.ts'
import type { SharedPlan } from '../executor/plan.ts'
import { blockedAreaBytes, claimsBytes } from '../keyspace/blocked-layout.ts'
import { watchAreaBytes, watchBuckets } from '../keyspace/watch-layout.ts'
import { exchangeBytes } from '../pubsub/layout.ts'
import { EVENT_RING_BYTES } from '../ring/events.ts'
import { ringBlockBytes } from '../ring/layout.ts'
import { rowsByteLength } from '../rows/layout.ts'

const RING_BYTES_MIN = 16_384
const RING_BYTES_MAX = 524_288
/** Of the rings between acceptors. */
const EXCHANGE_RING_BYTES_MAX = 262_144
const SLICE_BYTES_MIN = 65_536
const SLICE_BYTES_MAX = 2_097_152

/** What of the plan is not shared memory. */
export interface PlanFacts {
  readonly facts: ServerFacts
  readonly hashKey0: number
  readonly hashKey1: number
  readonly generation: number
  readonly shardDirectories: readonly string[]
}

export function makePlan(given: PlanFacts): SharedPlan {
  const { facts } = given
  const { shardCount, acceptorCount, workerCount, options } = facts
  const { shardMemoryBytes } = options
  const sideCount = options.mirror ? 2 : 1
  const quarter = options.sharedMemoryBudgetBytes / 4
  const sliceBytes = powerOfTwoBelow(
    quarter / (shardCount * sideCount),
    SLICE_BYTES_MIN,
    SLICE_BYTES_MAX,
  )
  const ringBytes = powerOfTwoBelow(
    quarter / (acceptorCount * shardCount * (1 + sideCount)),
    RING_BYTES_MIN,
    RING_BYTES_MAX,
  )
  const exchangeRingBytes = powerOfTwoBelow(
    quarter / 2 / (acceptorCount * acceptorCount),
    RING_BYTES_MIN,
    EXCHANGE_RING_BYTES_MAX,
  )
  const threadCount = 1 + acceptorCount + workerCount + 1
  if (threadCount > THREADS_MAX) {
    throw new CkvError('threads', `--acceptors and --workers together: at most ${THREADS_MAX - 2}`)
  }
  const arenas: SharedArrayBuffer[][] = []
  for (let index = 0; index < shardCount * sideCount; index++) {
    arenas.push(arenaSegments(shardMemoryBytes, shardCount))
  }
  return {
    ...given,
    rows: reserve(rowsByteLength(shardCount)),
    counters: reserve(countersByteLength()),
    slowLog: reserve(slowLogByteLength(threadCount)),
    latency: reserve(latencyByteLength(threadCount)),
    rings: times(acceptorCount, () => reserve(ringBlockBytes(shardCount, sideCount, ringBytes))),
    ringBytes,
    pool: reserve(quarter + GREAT_REQUEST_BYTES),
    exchange: reserve(exchangeBytes(acceptorCount, exchangeRingBytes)),
    exchangeRingBytes,
    arenas,
    slices: times(shardCount * sideCount, () => reserve(sliceBytes + LOG_SPILL_BYTES)),
    watches: times(shardCount, () => reserve(watchAreaBytes(watchBuckets(shardMemoryBytes)))),
    claims: reserve(claimsBytes(acceptorCount)),
    blocked: times(shardCount, () => reserve(blockedAreaBytes(shardMemoryBytes))),
    events: times(threadCount, () => reserve(EVENT_RING_BYTES)),
    sideCount,
    acceptorThreads: times(acceptorCount, (index) => 1 + index),
    workerThreads: times(workerCount, (index) => 1 + acceptorCount + index),
    syncThread: 1 + acceptorCount + workerCount,
  }
}

/** Control rows and log slices for writing logs of so many shards, without anything else. */
export function repartitionMemory(shardCount: number): {
  rows: SharedArrayBuffer
  slices: SharedArrayBuffer[]
} {
  return {
    rows: reserve(rowsByteLength(shardCount)),
    slices: times(shardCount, () => reserve(SLICE_BYTES_MAX)),
  }
}

/** Whole gigabytes and what is left over. */
function arenaSegments(shardMemoryBytes: number, shardCount: number): SharedArrayBuffer[] {
  const segments: SharedArrayBuffer[] = []
  try {
    for (let left = shardMemoryBytes; left > 0; left -= SEGMENT_BYTES_MAX) {
      segments.push(reserve(Math.min(left, SEGMENT_BYTES_MAX)))
    }
  } catch (error) {
    throw new CkvError(
      'memory',
      `cannot reserve ${shardCount} shards of ${shardMemoryBytes} bytes: ` +
        `${(error as Error).message}; give less with --shard-memory or --shards`,
    )
  }
  return segments
}

function reserve(byteLength: number): SharedArrayBuffer {
  return new SharedArrayBuffer(byteLength)
}

function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function powerOfTwoBelow(value: number, least: number, most: number): number {
  let power = least
  while (power * 2 <= value && power * 2 <= most) power *= 2
  return power
}
