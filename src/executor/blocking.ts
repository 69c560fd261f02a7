// A command that may wait, on its way through a ring: who it is for, and what its acceptor is told.

import { BLOCKS } from '../catalog/spec.ts'
import type { Call } from '../command/call.ts'

/** Before the command in the call runs: it may wait if its row says so. */
export function allowWaiting(
  { row, side, blocking }: Call,
  acceptor: number,
  slot: number,
  generation: number,
  sequence: number,
): void {
  blocking.ticket = 0
  blocking.allowed = (row.flags & BLOCKS) !== 0
  if (!blocking.allowed) return
  blocking.place = side.blocked.claims.place(acceptor, slot)
  blocking.generation = generation
  blocking.sequence = sequence
}

/**
 * Behind it. True: it waits, and the reply is its ticket, for REPLY_BLOCKED. False: it has
 * answered, or its outcome is one that it does not wait with.
 */
export function waits({ side, blocking, reply }: Call, outcome: number): boolean {
  blocking.allowed = false
  const { ticket, place } = blocking
  if (ticket === 0) return false
  blocking.ticket = 0
  const { claims } = side.blocked
  // Served meanwhile, it gets that answer: then nothing waits for this one.
  if (outcome !== 0 && claims.take(place, ticket)) return false
  reply.position = 0
  reply.rawRange(new Uint8Array(Int32Array.of(ticket).buffer), 0, 4)
  return true
}
