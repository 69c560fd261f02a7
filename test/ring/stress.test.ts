// Acceptors and workers exchange millions of messages over real rings, bells and tokens, with
// cursors that start just below 2^31 and 2^32, in the smallest and the normal rings, with random
// pauses between all steps: nothing lost, nothing in another order, no stall, both rings full too.

import t, { type Test } from 'tap'
import { ringBellAlways } from '../../src/ring/bell.ts'
import { ChunkPool } from '../../src/ring/pool.ts'
import { Rows } from '../../src/rows/rows.ts'
import {
  ACCEPTORS,
  describeStress,
  makeStressPlan,
  RECEIVED_WORD,
  STOP_WORD,
  type StressPlan,
  WORKERS,
} from './stress-plan.ts'
import { type StartedThread, startThread } from './support.ts'

const MESSAGES = process.env.CI === 'true' ? 10_000_000 : 1_000_000
/** No message for so long is a stall. */
const STALL_MS = 5000
/** Until the first: four threads start, on a machine with much else to do. */
const START_MS = 60_000
const LOOK_MS = 100
/** Where cursors and bells start: 32 bytes below the sign bit, and below zero. */
const BELOW_2_31 = 0x7fff_ffe0
const BELOW_2_32 = -0x20
/** The smallest ring of a plan, and the one of a small machine. */
const SMALLEST_BYTES = 16_384
const NORMAL_BYTES = 1_048_576

interface Counts {
  got: number
  requestsFull: number
  bothFull: number
  turns: number
  sleeps: number
  lent: number
}

interface Run {
  readonly name: string
  readonly start: number
  readonly ringBytes: number
  /** Share of all messages. */
  readonly share: number
  readonly greedy: boolean
}

const RUNS: Run[] = [
  { name: '2^31, smallest', start: BELOW_2_31, ringBytes: SMALLEST_BYTES },
  { name: '2^32, smallest', start: BELOW_2_32, ringBytes: SMALLEST_BYTES },
  { name: '2^31, normal', start: BELOW_2_31, ringBytes: NORMAL_BYTES },
  { name: '2^32, normal', start: BELOW_2_32, ringBytes: NORMAL_BYTES },
].map((run) => ({ ...run, share: 0.2, greedy: false }))
RUNS.push(
  { name: '2^31, full', start: BELOW_2_31, ringBytes: SMALLEST_BYTES, share: 0.1, greedy: true },
  { name: '2^32, full', start: BELOW_2_32, ringBytes: SMALLEST_BYTES, share: 0.1, greedy: true },
)

/** Ends when all threads of `ended` have, or when nothing moved for STALL_MS. */
async function watch(plan: StressPlan, ended: Promise<unknown>): Promise<string> {
  const control = new Int32Array(plan.control)
  let done = false
  let failure = ''
  ended.then(
    () => (done = true),
    (error: Error) => (failure = error.message),
  )
  let last = -1
  let movedAtMs = performance.now()
  while (!done && failure === '') {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    let received = 0
    for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
      received += Atomics.load(control, RECEIVED_WORD + acceptor)
    }
    const nowMs = performance.now()
    if (received !== last) movedAtMs = nowMs
    last = received
    const patienceMs = received > 0 ? STALL_MS : START_MS
    if (nowMs - movedAtMs > patienceMs) return `nothing moves\n${describeStress(plan)}`
  }
  return failure === '' ? '' : `${failure}\n${describeStress(plan)}`
}

async function exchange(t: Test, run: Run, seed: number): Promise<void> {
  const { start, ringBytes, greedy } = run
  const messages = Math.round((MESSAGES * run.share) / ACCEPTORS)
  const plan = makeStressPlan({ ringBytes, messages, largeEvery: 5000, greedy, seed }, start)
  const began = performance.now()
  const make = (entry: string, index: number, thread: number): StartedThread =>
    startThread(entry, { plan, thread, index })
  const workers = Array.from({ length: WORKERS }, (_, index) =>
    make('stress-worker.ts', index, ACCEPTORS + 1 + index),
  )
  const acceptors = Array.from({ length: ACCEPTORS }, (_, index) =>
    make('stress-acceptor.ts', index, 1 + index),
  )
  const all = [...acceptors, ...workers]
  for (const { ended } of all) ended.catch(() => {})
  const dead = Promise.race(workers.map(({ ended }) => ended)).then(() => {
    throw new Error('a worker ended before its time')
  })
  const counting = Promise.all(acceptors.map(({ ended }) => ended))
  const failure = await watch(plan, Promise.race([counting, dead]))
  dead.catch(() => {})
  Atomics.store(new Int32Array(plan.control), STOP_WORD, 1)
  if (failure !== '') {
    await Promise.all(all.map(({ worker }) => worker.terminate()))
    t.fail(failure)
    return
  }
  const rows = new Rows(plan.rows)
  for (let thread = ACCEPTORS + 1; thread <= ACCEPTORS + WORKERS; thread++) {
    ringBellAlways(rows, thread)
  }
  const served = (await Promise.all(workers.map(({ ended }) => ended))) as { missed: number }[]
  const counts = (await counting) as Counts[]
  const sum = (field: keyof Counts): number => counts.reduce((all, one) => all + one[field], 0)
  t.equal(sum('got'), messages * ACCEPTORS, 'every message was answered, in order')
  t.equal(sum('lent'), 0)
  t.equal(new ChunkPool(plan.pool).takenCount(), 0, 'every chunk came back')
  for (const { missed } of served) t.equal(missed, 0, 'no wake-up was missed')
  if (greedy) t.ok(sum('bothFull') > 0, 'both rings were full')
  const seconds = (performance.now() - began) / 1000
  t.comment(
    `figure ${run.name}: ${sum('got')} messages in ${seconds.toFixed(1)} s, slept ` +
      `${sum('sleeps')}, requests full ${sum('requestsFull')}, both full ${sum('bothFull')}`,
  )
}

// What may not happen is a stall, and `watch` sees to that.
t.setTimeout(600_000)
RUNS.forEach((run, index) => {
  t.test(run.name, { timeout: 300_000 }, (t) => exchange(t, run, 100 + index))
})
