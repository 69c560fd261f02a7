// Answers each call with a call back, asleep in between; never woken by a timeout.

import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../../../src/base/random.ts'
import {
  anyRequestsReady,
  claimRequests,
  markRepliesReady,
  ringBell,
  sleepOnBell,
} from '../../../src/ring/bell.ts'
import { Rows } from '../../../src/rows/rows.ts'

const { buffer, thread, caller, rounds } = workerData as {
  buffer: SharedArrayBuffer
  thread: number
  caller: number
  rounds: number
}
/** Longer than the test may take: a lost ring is a stall, not a delay. */
const SLEEP_MS = 60_000
const rows = new Rows(buffer)
const random = new SeededRandom(thread)
const hasWork = (): boolean => anyRequestsReady(rows)
let missed = 0
for (let round = 0; round < rounds; ) {
  if (claimRequests(rows, 0)) {
    round++
    // Answers at once, or when the caller has had time to fall asleep.
    for (let spin = random.below(4) * random.below(2000); spin > 0; spin--) hasWork()
    markRepliesReady(rows, caller, 0)
    ringBell(rows, caller)
  } else if (sleepOnBell(rows, thread, hasWork, SLEEP_MS)) missed++
}
parentPort?.postMessage({ missed })
