// INFO: gathers the numbers; the text is made by monitor/info.ts. On the acceptor that was asked.

import type { Clock } from '../base/clock.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER, COUNTER_NAMES, type CounterName, ERROR_WORDS } from '../counters/layout.ts'
import { type InfoSource, infoText } from '../monitor/info.ts'
import { readProcessNumbers } from '../monitor/process-numbers.ts'
import { RateSampler } from '../monitor/rates.ts'
import { readShardNumbers } from '../monitor/shard-numbers.ts'
import {
  CLIENT_COUNT_WORD,
  DISPATCH_AUTO,
  DISPATCH_PLACE,
  DISPATCH_RING,
  DISPATCH_WORD,
  FSYNC_ALWAYS,
  FSYNC_EVERYSEC,
  FSYNC_NO,
  FSYNC_POLICY_WORD,
  LOADING_SHARDS_LEFT_WORD,
  MAX_CLIENTS_WORD,
  STATE_LOADING,
  STATE_WORD,
} from '../rows/layout.ts'
import type { Session } from './session.ts'
import { argumentsFrom } from './session-arguments.ts'
import { channelCount, patternCount } from './session-pubsub.ts'

const DISPATCH_NAMES: Readonly<Record<number, string>> = {
  [DISPATCH_AUTO]: 'auto',
  [DISPATCH_RING]: 'ring',
  [DISPATCH_PLACE]: 'place',
}
const FSYNC_NAMES: Readonly<Record<number, string>> = {
  [FSYNC_EVERYSEC]: 'everysec',
  [FSYNC_ALWAYS]: 'always',
  [FSYNC_NO]: 'no',
}

/** One a thread, made when the first is asked for: a thread has one Counters. */
const samplers = new WeakMap<Counters, RateSampler>()

export function info(session: Session): void {
  session.reply.verbatim(infoText(gatherInfo(session), argumentsFrom(session, 1)))
}

/**
 * For the acceptor's timer: keeps instantaneous_ops_per_sec a rate of the last two seconds. Not
 * called, it is the rate since INFO was asked for last. At most one reading a second is taken.
 */
export function sampleRates(counters: Counters, clock: Clock): RateSampler {
  const nowMs = clock.monotonicMs()
  let sampler = samplers.get(counters)
  if (sampler === undefined) {
    sampler = new RateSampler(counters, nowMs)
    samplers.set(counters, sampler)
  }
  sampler.sample(nowMs)
  return sampler
}

function gatherInfo(session: Session): InfoSource {
  const { facts, rows, clock, counters } = session
  const words = rows.words
  const { latency } = session.administration.stopwatch
  const load = (word: number): number => Atomics.load(words, word)
  return {
    profile: facts.profile,
    profileName: facts.options.profile,
    instance: facts.instance,
    runId: facts.runId,
    acceptorCount: facts.acceptorCount,
    workerCount: facts.workerCount,
    mirror: facts.options.mirror,
    dispatch: DISPATCH_NAMES[load(DISPATCH_WORD)],
    appendFsync: FSYNC_NAMES[load(FSYNC_POLICY_WORD)],
    port: facts.port,
    configFile: facts.options.config,
    loading: load(STATE_WORD) === STATE_LOADING,
    loadingShardsLeft: load(LOADING_SHARDS_LEFT_WORD),
    startedMs: facts.startedMs,
    nowMicros: clock.wallMicros(),
    connectedClients: load(CLIENT_COUNT_WORD),
    clientsMax: load(MAX_CLIENTS_WORD),
    blockedClients: session.sides[0].blocked.claims.count(),
    channelCount: channelCount(session),
    patternCount: patternCount(session),
    process: readProcessNumbers(),
    rates: sampleRates(counters, clock).rates(),
    counters: counterSums(counters),
    commands: {
      calls: (code) => counters.calls(code),
      failed: (code) => counters.failed(code),
      rejected: (code) => counters.rejected(code),
      micros: (code) => counters.micros(code),
      times: (code) => latency.times(code),
    },
    errors: ERROR_WORDS.map((_, word) => counters.errors(word)),
    shards: session.sides.map((side) => readShardNumbers(side, facts.shardCount)),
  }
}

function counterSums(counters: Counters): Record<CounterName, number> {
  const sums = COUNTER_NAMES.map((name) => [name, counters.sum(COUNTER[name])])
  return Object.fromEntries(sums) as Record<CounterName, number>
}
