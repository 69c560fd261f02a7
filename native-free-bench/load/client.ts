// The load generator's face: `runLoad` measures one profile, `fillKeys` stores every key once.
// The load itself runs in piscina's threads; this side only says when to warm up, measure, stop.

import { setTimeout as delay } from 'node:timers/promises'
import { Piscina } from 'piscina'
import type { FillJob } from './fill.ts'
import { mergePacked, summarise } from './latency.ts'
import {
  COUNT_WORD,
  PHASE_CONNECT,
  PHASE_MEASURE,
  PHASE_STOP,
  PHASE_WARMUP,
  PHASE_WORD,
  PHASE_WORDS,
  READY_WORD,
} from './phase.ts'
import type { LoadProfile, LoadResult, ReplyFaults } from './profile.ts'
import { noFaults } from './replies.ts'
import type { LoadJob, LoadShare } from './worker.ts'

/** Covers the start of the load threads too, which takes seconds on a busy machine. */
const CONNECT_MS_MAX = 60_000
/** The measured window is looked at in slices of this length. */
const SLICE_MS = 100

/** What to do at the edges of the measured window, for instance read the server's CPU time. */
export interface WindowHooks {
  opened(): void
  closed(): void
}

const NO_HOOKS: WindowHooks = { opened() {}, closed() {} }

/** Owns the load threads; one for a whole bench, since threads keep their tapes and warm code. */
export class LoadClient {
  #pool: Piscina
  #fillFile: string

  constructor(threadsMax: number) {
    this.#fillFile = new URL('./fill.ts', import.meta.url).href
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: threadsMax,
      maxThreads: threadsMax,
      concurrentTasksPerWorker: 1,
    })
  }

  /** One measurement. Throws when a connection fails or a reply cannot be understood. */
  async runLoad(profile: LoadProfile, hooks: WindowHooks = NO_HOOKS): Promise<LoadResult> {
    const threads = Math.max(1, Math.min(profile.threads, profile.connections))
    const buffer = new SharedArrayBuffer(PHASE_WORDS * 4)
    const phase = new Int32Array(buffer)
    const jobs: Promise<LoadShare>[] = []
    for (let thread = 0; thread < threads; thread++) {
      const job: LoadJob = {
        profile,
        connections: share(profile.connections, thread, threads),
        ratePerSecond: profile.ratePerSecond / threads,
        thread,
        phase: buffer,
      }
      jobs.push(this.#pool.run(job))
    }
    const broken = Promise.all(jobs).then(() => {})
    broken.catch(() => {})
    try {
      await Promise.race([broken, untilReady(phase, threads)])
      enter(phase, PHASE_WARMUP)
      await Promise.race([broken, delay(profile.warmupMs)])
      const startMs = performance.now()
      enter(phase, PHASE_MEASURE)
      hooks.opened()
      const slices = await Promise.race([broken.then(() => []), watchCount(phase, profile)])
      hooks.closed()
      const commands = Atomics.load(phase, COUNT_WORD)
      enter(phase, PHASE_STOP)
      const seconds = (performance.now() - startMs) / 1000
      return {
        ...combine(await Promise.all(jobs)),
        commands,
        seconds,
        slices,
        throughput: commands / seconds,
      }
    } finally {
      enter(phase, PHASE_STOP)
      await Promise.allSettled(jobs)
    }
  }

  /** Stores keys [from, to) once each, pipelined; throws on the first reply that is not +OK. */
  async fillKeys(job: FillJob): Promise<void> {
    await this.#pool.run(job, { filename: this.#fillFile })
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

function share(total: number, index: number, parts: number): number {
  return Math.floor(((index + 1) * total) / parts) - Math.floor((index * total) / parts)
}

function enter(phase: Int32Array, next: number): void {
  Atomics.store(phase, PHASE_WORD, next)
  Atomics.notify(phase, PHASE_WORD)
}

async function untilReady(phase: Int32Array, threads: number): Promise<void> {
  const startMs = performance.now()
  while (Atomics.load(phase, READY_WORD) < threads) {
    if (performance.now() - startMs > CONNECT_MS_MAX) throw new Error('clients cannot connect')
    if (Atomics.load(phase, PHASE_WORD) !== PHASE_CONNECT) return
    await delay(1)
  }
}

/** Waits for the measured window to pass; returns the throughput of each slice of it. */
async function watchCount(phase: Int32Array, profile: LoadProfile): Promise<number[]> {
  const slices: number[] = []
  const startMs = performance.now()
  let lastMs = startMs
  let lastCount = 0
  for (;;) {
    const leftMs = profile.measureMs - (lastMs - startMs)
    if (leftMs <= 0) return slices
    // A last slice shorter than half of one is added to the one before.
    await delay(leftMs < SLICE_MS * 1.5 ? leftMs : SLICE_MS)
    const nowMs = performance.now()
    const count = Atomics.load(phase, COUNT_WORD)
    slices.push(((count - lastCount) * 1000) / (nowMs - lastMs))
    lastMs = nowMs
    lastCount = count
  }
}

function combine(shares: LoadShare[]): Pick<LoadResult, 'latency' | 'faults' | 'unsent'> {
  const faults: ReplyFaults = noFaults()
  let unsent = 0
  for (const one of shares) {
    unsent += one.unsent
    faults.errors += one.faults.errors
    faults.misses += one.faults.misses
    faults.mismatches += one.faults.mismatches
    if (faults.first === '') faults.first = one.faults.first
  }
  const latency = summarise(mergePacked(shares.map((one) => one.histogram)))
  return { latency, faults, unsent }
}
