// Entry of the sync thread: the only one that calls fdatasync. It makes written blocks durable as
// the policy says, tells whoever waits for that, and prepares log files ahead of need. At the end,
// when main closes the shards, it takes their tokens, syncs all that is left and marks their logs.

import { parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import type { ThreadPlan } from '../executor/plan.ts'
import { NodeLogFs } from '../log/files.ts'
import { Syncer } from '../log/syncer.ts'
import { markRepliesReady, ringBell, sleepOnBell } from '../ring/bell.ts'
import { EventRing, LEVEL_ERROR } from '../ring/events.ts'
import {
  BELL_WORD,
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  PROGRESS_WORD,
  STATE_CLOSING,
  STATE_WORD,
  threadRow,
} from '../rows/layout.ts'
import { Rows } from '../rows/rows.ts'
import { LastMarks } from './last-marks.ts'

/** Under everysec and no: how often the shards are looked at, in ms. */
const LOOK_MS = 100

const { shared, thread } = workerData as ThreadPlan
const rows = new Rows(shared.rows)
const clock = new SystemClock()
const events = new EventRing(shared.events[thread])
const targets = shared.shardDirectories.map((directory, shard) => ({ shard, side: 0, directory }))

/** Lets every acceptor look at the replies of a shard that it holds back under `always`. */
function wakeAcceptors(shard: number): void {
  for (const acceptor of shared.acceptorThreads) {
    markRepliesReady(rows, acceptor, shard)
    ringBell(rows, acceptor)
  }
}

const files = new NodeLogFs()
const syncer = new Syncer(rows, files, targets, shared.facts.options.segmentBytes, {
  synced(shard) {
    if (Atomics.load(rows.words, FSYNC_POLICY_WORD) === FSYNC_ALWAYS) wakeAcceptors(shard)
  },
  // The word is enough: idle workers look at it when they keep house.
  markWanted() {},
  failed(shard, _side, operation, error) {
    events.write(LEVEL_ERROR, `shard ${shard}: ${operation} failed: ${(error as Error).message}`)
  },
})

const progressWord = threadRow(thread) + PROGRESS_WORD
const bellWord = threadRow(thread) + BELL_WORD
/**
 * Under `always` every commit counts the bell up: what came after this sample was not looked at.
 */
let sample = 0
const hasWork = () =>
  Atomics.load(rows.words, bellWord) !== sample ||
  Atomics.load(rows.words, STATE_WORD) === STATE_CLOSING

let policy = Atomics.load(rows.words, FSYNC_POLICY_WORD)
while (Atomics.load(rows.words, STATE_WORD) !== STATE_CLOSING) {
  Atomics.add(rows.words, progressWord, 1)
  sample = Atomics.load(rows.words, bellWord)
  const policyNow = Atomics.load(rows.words, FSYNC_POLICY_WORD)
  if (policyNow !== policy) {
    // Replies that were held back under `always` may leave now, and no sync will say so.
    policy = policyNow
    for (const { shard } of targets) wakeAcceptors(shard)
  }
  syncer.turn(policy, clock.monotonicMs())
  sleepOnBell(rows, thread, hasWork, LOOK_MS)
}
// At once: when a thread has died, main waits only a moment for this.
syncer.syncAll(clock.monotonicMs())
const lastMarks = new LastMarks(shared, rows, files, clock, thread)
lastMarks.holdAll()
// What was written meanwhile.
syncer.syncAll(clock.monotonicMs())
try {
  await lastMarks.append()
} catch (error) {
  if (!(error instanceof CkvError)) throw error
  events.write(LEVEL_ERROR, `the last marks: ${error.message}`)
}
parentPort?.close()
