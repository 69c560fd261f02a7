// Who waits, over all acceptors. Drawing in blocked-layout.ts. Any thread.

import { BLOCKED_SLOTS_MAX, CLAIMS_HEADER_WORDS, TICKET_WORD, TOLD_WORD } from './blocked-layout.ts'

/** Not a place: the client's slot is too high. */
export const NO_CLAIM = -1

export class BlockedClaims {
  readonly #words: Int32Array

  /** Without memory nobody can wait. */
  constructor(buffer: SharedArrayBuffer | null) {
    this.#words = buffer === null ? new Int32Array(CLAIMS_HEADER_WORDS) : new Int32Array(buffer)
  }

  /** The place of a client, or NO_CLAIM. */
  place(acceptor: number, slot: number): number {
    const place = acceptor * BLOCKED_SLOTS_MAX + slot
    const exists = slot < BLOCKED_SLOTS_MAX && CLAIMS_HEADER_WORDS + place < this.#words.length
    return exists ? place : NO_CLAIM
  }

  /** A number that no wait has had for a long time, never 0. */
  nextTicket(): number {
    const ticket = (Atomics.add(this.#words, TICKET_WORD, 1) + 1) | 0
    return ticket === 0 ? this.nextTicket() : ticket
  }

  open(place: number, ticket: number): void {
    Atomics.store(this.#words, CLAIMS_HEADER_WORDS + place, ticket)
  }

  isOpen(place: number, ticket: number): boolean {
    return Atomics.load(this.#words, CLAIMS_HEADER_WORDS + place) === ticket
  }

  /** Ends the wait. False: somebody else did. */
  take(place: number, ticket: number): boolean {
    return Atomics.compareExchange(this.#words, CLAIMS_HEADER_WORDS + place, ticket, 0) === ticket
  }

  /** How many clients wait; their acceptors count. */
  count(): number {
    return Atomics.load(this.#words, TOLD_WORD)
  }

  changeCount(by: number): void {
    Atomics.add(this.#words, TOLD_WORD, by)
  }
}

/** One wait that a command opens, and how the client's acceptor is told of its end. */
export class BlockingCall {
  /** NO_CLAIM: it cannot. */
  place = NO_CLAIM
  generation = 0
  sequence = 0
  /** Of the wait that the command has opened, 0: it has answered. */
  ticket = 0
  /** The command may wait; else it answers as if its time were over. */
  allowed = false
  kind = 0
  from = 0
  to = 0
  count = 1
}
