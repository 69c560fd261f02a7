// The token of a memory: one word {epoch, thread}. Only who holds it touches that side's memory,
// its log slice and its cursors. Model-checked in test/models/token.pml.
//
// Take and release are compareExchange on the whole word: a holder whose epoch was bumped (fenced)
// cannot release, and learns by it that nothing it did since counts. Who releases looks at the
// rings once more: a worker that failed to take the token went away, so nobody else would.
//
// `wanted` counts threads that wait for this token (commands over several shards): a holder hands
// over at its next batch boundary, and nobody but a waiter takes while it is above zero.

import {
  sideRow,
  TOKEN_THREAD_BITS,
  TOKEN_THREAD_MASK,
  TOKEN_WORD,
  WANTED_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { notifyWord, waitWhileEqual } from './bell.ts'

/** Not a token value: the side was not free. */
export const NOT_TAKEN = 0

/** Tries once. Returns the held value {epoch, thread} to release with, or NOT_TAKEN. */
export function tryTakeToken(rows: Rows, row: number, thread: number): number {
  const words = rows.words
  if (Atomics.load(words, row + WANTED_WORD) !== 0) return NOT_TAKEN
  const free = Atomics.load(words, row + TOKEN_WORD)
  if ((free & TOKEN_THREAD_MASK) !== 0) return NOT_TAKEN
  const held = free | thread
  return Atomics.compareExchange(words, row + TOKEN_WORD, free, held) === free ? held : NOT_TAKEN
}

/**
 * Waits for the token. Only for workers, and only for shards in ascending order (two waiters can
 * then never wait for each other). `onWait` is called at least every `tickMs`.
 */
export function waitForToken(
  rows: Rows,
  row: number,
  thread: number,
  tickMs: number,
  onWait: () => void,
): number {
  askForToken(rows, row)
  return awaitToken(rows, row, thread, tickMs, onWait)
}

/**
 * Says that this thread is going to wait for the token: the holder hands over at its next batch
 * boundary and nobody else takes it meanwhile. `awaitToken` has to follow.
 */
export function askForToken(rows: Rows, row: number): void {
  Atomics.add(rows.words, row + WANTED_WORD, 1)
}

/** waitForToken after askForToken. */
export function awaitToken(
  rows: Rows,
  row: number,
  thread: number,
  tickMs: number,
  onWait: () => void,
): number {
  const words = rows.words
  for (;;) {
    const seen = Atomics.load(words, row + TOKEN_WORD)
    if ((seen & TOKEN_THREAD_MASK) === 0) {
      const held = seen | thread
      if (Atomics.compareExchange(words, row + TOKEN_WORD, seen, held) === seen) {
        Atomics.sub(words, row + WANTED_WORD, 1)
        return held
      }
      continue
    }
    // A release changes the word, so one that comes before the wait makes it return at once.
    waitWhileEqual(rows, row + TOKEN_WORD, seen, tickMs)
    onWait()
  }
}

/** Gives the token back. False: fenced meanwhile, whatever was done under it does not count. */
export function releaseToken(rows: Rows, row: number, held: number): boolean {
  const words = rows.words
  const free = held & ~TOKEN_THREAD_MASK
  const released = Atomics.compareExchange(words, row + TOKEN_WORD, held, free) === held
  if (Atomics.load(words, row + WANTED_WORD) !== 0) notifyWord(rows, row + TOKEN_WORD)
  return released
}

export function tokenIsFree(rows: Rows, row: number): boolean {
  return (
    (Atomics.load(rows.words, row + TOKEN_WORD) & TOKEN_THREAD_MASK) === 0 &&
    Atomics.load(rows.words, row + WANTED_WORD) === 0
  )
}

/** The thread that is in this memory now, 0: none. */
export function tokenHolder(rows: Rows, row: number): number {
  return Atomics.load(rows.words, row + TOKEN_WORD) & TOKEN_THREAD_MASK
}

export function tokenIsWanted(rows: Rows, row: number): boolean {
  return Atomics.load(rows.words, row + WANTED_WORD) !== 0
}

export function tokenEpoch(rows: Rows, shard: number, side: number): number {
  return Atomics.load(rows.words, sideRow(shard, side) + TOKEN_WORD) >>> TOKEN_THREAD_BITS
}
