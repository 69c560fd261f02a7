// A load thread (piscina runs it): drives its share of the connections through one measurement.
//
// Closed loop: every connection sends `pipeline` requests, waits for all replies, sends the next.
// Open loop: request n of the thread is due at start + n / rate, whether or not the server keeps
// up. It goes out on the first connection with room, and its latency counts from when it was DUE,
// so a server that stalls pays for every request it kept waiting (no coordinated omission).

import { setPriority } from 'node:os'
import { LoadConnection, whenConnected } from './connection.ts'
import { type LatencyHistogram, makeHistogram, packHistogram, recordMs } from './latency.ts'
import {
  COUNT_WORD,
  PHASE_CONNECT,
  PHASE_MEASURE,
  PHASE_STOP,
  PHASE_WORD,
  READY_WORD,
} from './phase.ts'
import type { LoadProfile, ReplyFaults } from './profile.ts'
import { makeReader, noFaults } from './replies.ts'
import { makeTape, type Tape } from './tape.ts'

export interface LoadJob {
  profile: LoadProfile
  /** Connections of this thread. */
  connections: number
  /** Open loop: this thread's part of the rate. */
  ratePerSecond: number
  thread: number
  phase: SharedArrayBuffer
}

export interface LoadShare {
  faults: ReplyFaults
  unsent: number
  histogram: string
}

const TAPES_KEPT = 4
/** An unanswered request younger than this is just on its way. */
const STALL_MS = 1
/** Requests of a thread that are due less often than this are sent by timers. */
const SPIN_INTERVAL_MS_MAX = 2
const URGENT_NICENESS = -15
const tapes = new Map<string, Tape>()

/** Making a tape takes tenths of a second and rounds repeat the same cell, so a few are kept. */
function tapeFor(profile: LoadProfile, thread: number): Tape {
  const { command, valueBytes, keys, distribution, pipeline, repliesAreOk, seed } = profile
  const shape = [command, valueBytes, keys, distribution, pipeline, repliesAreOk, seed, thread]
  const name = shape.join(' ')
  let tape = tapes.get(name)
  if (tape === undefined) {
    tape = makeTape(profile, seed * 1000 + thread)
    tapes.set(name, tape)
    const oldest = tapes.keys().next().value
    if (tapes.size > TAPES_KEPT && oldest !== undefined) tapes.delete(oldest)
  }
  return tape
}

class LoadRun {
  readonly profile: LoadProfile
  readonly phase: Int32Array
  readonly histogram: LatencyHistogram = makeHistogram()
  readonly faults: ReplyFaults = noFaults()
  readonly connections: LoadConnection[] = []
  /** Open loop: connections with room, the one that waited longest first; a ring. */
  readonly #free: LoadConnection[] = []
  #freeHead = 0
  #freeCount = 0
  readonly intervalMs: number
  #openStartMs = 0
  #openSent = 0
  #stopped = false
  #finish: () => void = () => {}
  #fail: (error: Error) => void = () => {}
  readonly ended: Promise<void>

  constructor(job: LoadJob) {
    this.profile = job.profile
    this.phase = new Int32Array(job.phase)
    this.intervalMs = job.ratePerSecond > 0 ? 1000 / job.ratePerSecond : 0
    this.ended = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fail = reject
    })
    this.ended.catch(() => {})
  }

  async open(job: LoadJob): Promise<void> {
    const { host, port, pipeline } = this.profile
    const tape = tapeFor(this.profile, job.thread)
    const slices = tape.requests / pipeline
    for (let i = 0; i < job.connections; i++) {
      const start = Math.floor((i * slices) / job.connections) * pipeline
      const connection = new LoadConnection(host, port, tape, start, this)
      connection.reader = makeReader(this.profile, tape, this.faults)
      connection.reader.expectFrom(start)
      this.connections.push(connection)
    }
    await Promise.all(this.connections.map(whenConnected))
  }

  start(): void {
    if (this.intervalMs > 0) {
      this.#openStartMs = performance.now()
      for (let place = 0; place < this.profile.pipeline; place++) {
        this.#free.push(...this.connections)
      }
      this.#freeCount = this.#free.length
      this.#openTurn()
      return
    }
    for (const connection of this.connections) this.#sendBatch(connection, performance.now())
  }

  replied(connection: LoadConnection, count: number): void {
    const phase = Atomics.load(this.phase, PHASE_WORD)
    if (phase === PHASE_STOP) {
      this.stop()
      return
    }
    const nowMs = performance.now()
    if (phase === PHASE_MEASURE) Atomics.add(this.phase, COUNT_WORD, count)
    if (this.intervalMs > 0) this.#openReplied(connection, count, nowMs, phase)
    else this.#closedReplied(connection, count, nowMs, phase)
  }

  #closedReplied(connection: LoadConnection, count: number, nowMs: number, phase: number): void {
    if (phase === PHASE_MEASURE) recordMs(this.histogram, nowMs - connection.times[0], count)
    if (connection.waiting === 0) this.#sendBatch(connection, nowMs)
  }

  #sendBatch(connection: LoadConnection, nowMs: number): void {
    connection.times[0] = nowMs
    connection.send(this.profile.pipeline)
  }

  #openReplied(connection: LoadConnection, count: number, nowMs: number, phase: number): void {
    for (let i = 0; i < count; i++) {
      const dueMs = connection.times.shift()!
      if (phase === PHASE_MEASURE) recordMs(this.histogram, nowMs - dueMs, 1)
      this.#free[(this.#freeHead + this.#freeCount++) % this.#free.length] = connection
    }
    this.#sendDue(nowMs)
  }

  #sendDue(nowMs: number): void {
    for (;;) {
      const dueMs = this.#openStartMs + this.#openSent * this.intervalMs
      if (dueMs > nowMs) return
      if (this.#freeCount === 0) return
      const connection = this.#free[this.#freeHead]
      this.#freeHead = (this.#freeHead + 1) % this.#free.length
      this.#freeCount--
      connection.times.push(dueMs)
      connection.send(1)
      this.#openSent++
    }
  }

  /**
   * Timers are a millisecond coarse, which would be the latency measured: so this spins, unless
   * requests are so rare that spinning would be the greater disturbance.
   */
  #openTurn = (): void => {
    if (this.#stopped) return
    if (Atomics.load(this.phase, PHASE_WORD) === PHASE_STOP) {
      this.stop()
      return
    }
    const nowMs = performance.now()
    this.#sendDue(nowMs)
    if (this.intervalMs < SPIN_INTERVAL_MS_MAX) {
      setImmediate(this.#openTurn)
      return
    }
    const dueMs = this.#openStartMs + this.#openSent * this.intervalMs
    setTimeout(this.#openTurn, Math.max(0, dueMs - nowMs))
  }

  /**
   * Open loop, at the end: what is still unanswered enters the histogram with the time it waited
   * so far, or a server that stalls until the end would look fast. Returns the number of requests
   * that were due but never sent.
   */
  settleUnsent(): number {
    if (this.intervalMs === 0) return 0
    const nowMs = performance.now()
    for (const connection of this.connections) {
      for (const dueMs of connection.times) {
        if (nowMs - dueMs > STALL_MS) recordMs(this.histogram, nowMs - dueMs, 1)
      }
    }
    let unsent = 0
    for (;;) {
      const dueMs = this.#openStartMs + (this.#openSent + unsent) * this.intervalMs
      if (dueMs > nowMs) return unsent
      recordMs(this.histogram, nowMs - dueMs, 1)
      unsent++
    }
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#finish()
  }

  failed(error: Error): void {
    this.#stopped = true
    this.#fail(error)
  }

  close(): void {
    for (const connection of this.connections) connection.close()
  }
}

/** Waits for the main thread to leave `PHASE_CONNECT` without blocking this thread's sockets. */
async function untilStarted(phase: Int32Array): Promise<void> {
  const wait = Atomics.waitAsync(phase, PHASE_WORD, PHASE_CONNECT)
  if (wait.async) await wait.value
}

/** A server that stops answering must not hang the bench: the phase word ends the wait. */
function watchForStop(run: LoadRun): NodeJS.Timeout {
  return setInterval(() => {
    if (Atomics.load(run.phase, PHASE_WORD) === PHASE_STOP) run.stop()
  }, 20)
}

/** Of the calling thread, not of the process: what Linux does with 0. Needs root to go below 0. */
function setNiceness(niceness: number): void {
  try {
    setPriority(0, niceness)
  } catch {
    // The probes then wait for a core like everybody else: their figures are larger, not wrong.
  }
}

/** piscina's entry: one thread's share of one measurement. */
export default async function runShare(job: LoadJob): Promise<LoadShare> {
  const run = new LoadRun(job)
  let watch: NodeJS.Timeout | undefined
  setNiceness(job.profile.urgent ? URGENT_NICENESS : 0)
  try {
    await run.open(job)
    Atomics.add(run.phase, READY_WORD, 1)
    Atomics.notify(run.phase, READY_WORD)
    await untilStarted(run.phase)
    watch = watchForStop(run)
    run.start()
    await run.ended
    const unsent = run.settleUnsent()
    const histogram = packHistogram(run.histogram)
    return { faults: run.faults, unsent, histogram }
  } finally {
    clearInterval(watch)
    run.close()
  }
}
