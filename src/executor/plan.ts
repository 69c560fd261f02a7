// Everything a thread is given when it starts: all shared memory, made at once by control/plan.ts,
// and the numbers that say how it is divided. Data only; it travels in workerData.

import type { ServerFacts } from './facts.ts'

export interface ThreadPlan {
  /** This thread's number; 0 is main. */
  readonly thread: number
  readonly role: 'acceptor' | 'worker' | 'sync'
  /** Index among the threads of its role. */
  readonly index: number
  readonly shared: SharedPlan
}

export interface SharedPlan {
  readonly rows: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
  readonly slowLog: SharedArrayBuffer
  readonly latency: SharedArrayBuffer
  /** One block of rings an acceptor. */
  readonly rings: readonly SharedArrayBuffer[]
  readonly ringBytes: number
  readonly pool: SharedArrayBuffer
  /** Of pub/sub: rings between acceptors (pubsub/layout.ts). */
  readonly exchange: SharedArrayBuffer
  readonly exchangeRingBytes: number
  /** [shard * sideCount + side]: the segments of its arena. */
  readonly arenas: readonly (readonly SharedArrayBuffer[])[]
  /** [shard * sideCount + side] */
  readonly slices: readonly SharedArrayBuffer[]
  /** The watched keys of each shard: keyspace/watch-layout.ts. */
  readonly watches: readonly SharedArrayBuffer[]
  /** Clients that wait for keys (keyspace/blocked-layout.ts): claims, and waits of each shard. */
  readonly claims: SharedArrayBuffer
  readonly blocked: readonly SharedArrayBuffer[]
  /** Event ring of each thread, by thread number. */
  readonly events: readonly SharedArrayBuffer[]
  readonly sideCount: number
  /** Thread numbers by role. */
  readonly acceptorThreads: readonly number[]
  readonly workerThreads: readonly number[]
  readonly syncThread: number
  readonly hashKey0: number
  readonly hashKey1: number
  readonly generation: number
  /** Folder of each shard's log. */
  readonly shardDirectories: readonly string[]
  readonly facts: ServerFacts
}
