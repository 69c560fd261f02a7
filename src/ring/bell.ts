// Doorbells: how a thread that has nothing to do sleeps and is woken without a lost wake-up.
// The protocol is model-checked (test/models/bell.pml):
//
//   consumer                                   producer
//   1 sample the bell                          1 publish work
//   2 sleeping = 1                             2 sleeping 1 -> 0 by compareExchange
//   3 look for work once more                  3 if it was 1: bell += 1, notify
//   4 wait(bell, sample) unless work
//   5 sleeping = 0
//
// All words go through Atomics, which are sequentially consistent: either the producer sees
// sleeping = 1, or the consumer's step 3 sees the work. Who turns `sleeping` off owes the sleeper
// its ring, so the next producer with work for anybody wakes another thread instead of the same one
// twice. That makes the order of 1 and 2 matter: sampled after the flag, a ring could fall between
// the two, and the consumer would sleep on with nobody allowed to ring (model: BUG7).
// The bell only ever counts up (and wraps).
// A timeout that finds work nobody rang for is counted: it must stay 0.

import {
  BELL_WORD,
  READY_BASE,
  READY_WORDS,
  REPLIES_READY_WORD,
  SLEEPING_WORD,
  STATE_WORD,
  threadRow,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

/**
 * Wakes `thread` if it sleeps and nobody else is waking it. Call after the work was published. Any
 * thread. False: it is awake, or about to be, and will look for work before it sleeps again.
 */
export function ringBell(rows: Rows, thread: number): boolean {
  const row = threadRow(thread)
  if (Atomics.load(rows.words, row + SLEEPING_WORD) === 0) return false
  // If this thread dies before the notify the sleeper stays asleep until its timeout.
  if (Atomics.compareExchange(rows.words, row + SLEEPING_WORD, 1, 0) !== 1) return false
  Atomics.add(rows.words, row + BELL_WORD, 1)
  Atomics.notify(rows.words, row + BELL_WORD)
  return true
}

/** Rings whether it sleeps or not: for orders that must be seen soon (closing, options). */
export function ringBellAlways(rows: Rows, thread: number): void {
  const row = threadRow(thread)
  Atomics.add(rows.words, row + BELL_WORD, 1)
  Atomics.notify(rows.words, row + BELL_WORD)
}

/**
 * Sleeps until rung or `timeoutMs` is over, unless `hasWork` says otherwise. Only on threads
 * without an event loop. Returns true if it slept through its time and found work nobody rang for.
 */
export function sleepOnBell(
  rows: Rows,
  thread: number,
  hasWork: () => boolean,
  timeoutMs: number,
): boolean {
  const words = rows.words
  const row = threadRow(thread)
  const sample = Atomics.load(words, row + BELL_WORD)
  Atomics.store(words, row + SLEEPING_WORD, 1)
  let missed = false
  if (!hasWork()) {
    const woken = Atomics.wait(words, row + BELL_WORD, sample, timeoutMs)
    missed = woken === 'timed-out' && hasWork()
  }
  Atomics.store(words, row + SLEEPING_WORD, 0)
  return missed
}

/**
 * The same for a thread with an event loop: at most one Atomics.waitAsync is ever outstanding (an
 * abandoned waiter would be first in line and swallow the next notify).
 */
export class AsyncBell {
  readonly #rows: Rows
  readonly #row: number
  readonly #hasWork: () => boolean
  readonly #onRung: () => void
  readonly #settled: () => void
  #waiting = false

  constructor(rows: Rows, thread: number, hasWork: () => boolean, onRung: () => void) {
    this.#rows = rows
    this.#row = threadRow(thread)
    this.#hasWork = hasWork
    this.#onRung = onRung
    this.#settled = () => {
      this.#waiting = false
      Atomics.store(rows.words, this.#row + SLEEPING_WORD, 0)
      onRung()
    }
  }

  /** Goes to sleep, or calls onRung in a later turn if there is work already. */
  arm(): void {
    const words = this.#rows.words
    const sample = Atomics.load(words, this.#row + BELL_WORD)
    Atomics.store(words, this.#row + SLEEPING_WORD, 1)
    if (this.#waiting) {
      // The outstanding waiter still stands on this bell: it is enough to look once more.
      if (this.#hasWork()) this.#wakeSelf()
      return
    }
    if (this.#hasWork()) {
      Atomics.store(words, this.#row + SLEEPING_WORD, 0)
      setImmediate(this.#onRung)
      return
    }
    const waiter = Atomics.waitAsync(words, this.#row + BELL_WORD, sample)
    if (!waiter.async) {
      Atomics.store(words, this.#row + SLEEPING_WORD, 0)
      setImmediate(this.#onRung)
      return
    }
    this.#waiting = true
    waiter.value.then(this.#settled)
  }

  /**
   * The owner runs for another reason (a socket had data): nobody needs to ring until `arm`. From
   * here nobody rings, so the owner must look for work and `arm` again (model: BUG8).
   */
  awake(): void {
    Atomics.store(this.#rows.words, this.#row + SLEEPING_WORD, 0)
  }

  #wakeSelf(): void {
    Atomics.add(this.#rows.words, this.#row + BELL_WORD, 1)
    Atomics.notify(this.#rows.words, this.#row + BELL_WORD)
  }
}

// ── Ready bitmaps: which of many rings hold work, so that nobody scans them all ────────────────

/** Producer, after publishing requests for `shard`. */
export function markRequestsReady(rows: Rows, shard: number): void {
  Atomics.or(rows.words, READY_BASE + (shard >> 5), 1 << (shard & 31))
}

/** A worker claims `shard` of the ready bitmap; false if somebody else did. */
export function claimRequests(rows: Rows, shard: number): boolean {
  const bit = 1 << (shard & 31)
  return (Atomics.and(rows.words, READY_BASE + (shard >> 5), ~bit) & bit) !== 0
}

/** First ready shard at or after `from` (cyclic over all words), or -1. */
export function nextReadyShard(rows: Rows, from: number): number {
  const words = rows.words
  const first = from >> 5
  for (let step = 0; step <= READY_WORDS; step++) {
    const index = (first + step) % READY_WORDS
    let bits = Atomics.load(words, READY_BASE + index)
    if (step === 0) bits &= -1 << (from & 31)
    if (bits !== 0) return (index << 5) + (31 - Math.clz32(bits & -bits))
  }
  return -1
}

/** Holder, after publishing replies of `shard` for the acceptor with this thread id. */
export function markRepliesReady(rows: Rows, acceptorThread: number, shard: number): void {
  const word = threadRow(acceptorThread) + REPLIES_READY_WORD + (shard >> 5)
  Atomics.or(rows.words, word, 1 << (shard & 31))
}

/** Acceptor takes 32 shards' bits at once; `index` in 0..READY_WORDS-1. */
export function takeRepliesReady(rows: Rows, acceptorThread: number, index: number): number {
  const word = threadRow(acceptorThread) + REPLIES_READY_WORD + index
  if (Atomics.load(rows.words, word) === 0) return 0
  return Atomics.exchange(rows.words, word, 0)
}

export function anyRepliesReady(rows: Rows, acceptorThread: number): boolean {
  const word = threadRow(acceptorThread) + REPLIES_READY_WORD
  for (let index = 0; index < READY_WORDS; index++) {
    if (Atomics.load(rows.words, word + index) !== 0) return true
  }
  return false
}

export function anyRequestsReady(rows: Rows): boolean {
  for (let index = 0; index < READY_WORDS; index++) {
    if (Atomics.load(rows.words, READY_BASE + index) !== 0) return true
  }
  return false
}

// ── Waiting for a token (workers only) ─────────────────────────────────────────────────────────

/** Sleeps; nobody wakes it. For DEBUG SLEEP alone. */
export function sleepFor(rows: Rows, ms: number): void {
  const state = Atomics.load(rows.words, STATE_WORD)
  Atomics.wait(rows.words, STATE_WORD, state, ms)
}

/** Sleeps while `word` of the rows still is `value`; used by the token's waiters. */
export function waitWhileEqual(rows: Rows, word: number, value: number, timeoutMs: number): void {
  Atomics.wait(rows.words, word, value, timeoutMs)
}

export function notifyWord(rows: Rows, word: number): void {
  Atomics.notify(rows.words, word)
}
