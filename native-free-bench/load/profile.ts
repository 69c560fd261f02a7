// What one measurement of the load generator asks for and what it gives back. Plain data: it is
// copied between the main thread and the load threads.

export const LOAD_COMMANDS = ['ping', 'set', 'get', 'incr', 'mset', 'mget', 'mixed'] as const
export type LoadCommand = (typeof LOAD_COMMANDS)[number]

export const KEY_DISTRIBUTIONS = ['uniform', 'zipf', 'sequential'] as const
export type KeyDistribution = (typeof KEY_DISTRIBUTIONS)[number]

/** How replies are checked: every one by redis-parser, or by walking frames of known length. */
export const REPLY_CHECKS = ['parser', 'frames'] as const
export type ReplyCheck = (typeof REPLY_CHECKS)[number]

export interface LoadProfile {
  host: string
  port: number
  command: LoadCommand
  connections: number
  /** Requests on their way per connection. */
  pipeline: number
  valueBytes: number
  keys: number
  distribution: KeyDistribution
  /** Open loop: requests per second over all threads; 0 = closed loop, as fast as replies come. */
  ratePerSecond: number
  warmupMs: number
  measureMs: number
  threads: number
  replyCheck: ReplyCheck
  /** True for the echo server, which answers +OK to everything. */
  repliesAreOk: boolean
  /**
   * Its threads go before all others where the system allows it: for a probe beside a load, whose
   * own waiting for a core is not the server's latency.
   */
  urgent: boolean
  seed: number
}

export interface ReplyFaults {
  /** Replies that were errors. */
  errors: number
  /** Nil where a value was stored before. */
  misses: number
  /** Replies of the wrong type, or sampled values that are not what was stored. */
  mismatches: number
  /** The first thing that was wrong, for the reader. */
  first: string
}

export interface Latency {
  p50Us: number
  p99Us: number
  p999Us: number
  maxUs: number
  meanUs: number
}

export interface LoadResult {
  /** Commands whose reply came within the measured window. */
  commands: number
  seconds: number
  throughput: number
  /** Throughput of each tenth of a second, for telling a busy neighbour from a slow server. */
  slices: number[]
  latency: Latency
  faults: ReplyFaults
  /** Open loop: requests that were due but had no free connection when the window ended. */
  unsent: number
}

export const PROFILE_DEFAULTS: LoadProfile = {
  host: '127.0.0.1',
  port: 6379,
  command: 'set',
  connections: 50,
  pipeline: 1,
  valueBytes: 64,
  keys: 100_000,
  distribution: 'uniform',
  ratePerSecond: 0,
  warmupMs: 500,
  measureMs: 2_000,
  threads: 1,
  replyCheck: 'parser',
  repliesAreOk: false,
  urgent: false,
  seed: 1,
}

/** True when nothing was wrong with any reply. */
export function isClean(faults: ReplyFaults): boolean {
  return faults.errors === 0 && faults.misses === 0 && faults.mismatches === 0
}
