// Shared memory of pub/sub: one block for the instance. Layout only, no behaviour.
//
//   | registered bytes: a word a shard, one for all | cursors | rings, one a pair |
//
// A pair is (from, to), two acceptors; its number is from * acceptorCount + to. The producer of its
// ring is the acceptor `from`, the consumer `to`; there are no other writers. If either ends, the
// process does.
//
//   cursors of a pair, CURSOR_WORDS:
//             0 tail (from stores) | 32 head (to stores)   33 changes of `from` that `to` has read
//
// CHANGE record: one subscription came or went       MESSAGE record
//   0 byte length of the record                        0 the same
//   1 type | kind << 8 | flags << 16                   1 the same
//   2 +1 or -1                                         2 how many of the receiver's changes its
//   3 byte length of the name                            sender had read, modulo 2^32
//   4 0                                                3 byte length of the channel
//   5 .. the name                                      4 byte length of the message
//                                                      5 .. the channel, the message
//
// With RECORD_CHUNKED the bytes lie in pool chunks, once for all receivers; words 5 .. are {run
// count, pairs {first chunk, chunks} per run}. The first word of the chunks counts the receivers
// that have not read them yet: who takes it to 0 gives the chunks back.

import { SHARDS_MAX } from '../base/limits.ts'
import { CURSOR_WORDS } from '../ring/layout.ts'

export const RECORD_CHANGE = 1
export const RECORD_MESSAGE = 2
export const RECORD_CHUNKED = 1
export const RECORD_HEADER_WORDS = 5
/** What stands in front of the bytes in chunks. */
export const CHUNKED_HEAD_BYTES = 8

/** Bytes of subscriptions of a shard, by shard number (any acceptor adds). */
export const REGISTERED_WORD = 0
/** Those of all shards. */
export const REGISTERED_TOTAL_WORD = SHARDS_MAX
const CURSORS_WORD = SHARDS_MAX + 32

export const PAIR_TAIL_WORD = 0
export const PAIR_HEAD_WORD = 32
export const CHANGES_READ_WORD = 33

/** First word of a pair's cursors. */
export function pairCursors(acceptorCount: number, from: number, to: number): number {
  return CURSORS_WORD + (from * acceptorCount + to) * CURSOR_WORDS
}

export function pairRingByte(
  acceptorCount: number,
  ringBytes: number,
  from: number,
  to: number,
): number {
  const base = (CURSORS_WORD + acceptorCount * acceptorCount * CURSOR_WORDS) * 4
  return base + (from * acceptorCount + to) * ringBytes
}

/** Bytes of the whole block. A single acceptor has no rings. */
export function exchangeBytes(acceptorCount: number, ringBytes: number): number {
  if (acceptorCount === 1) return CURSORS_WORD * 4
  return pairRingByte(acceptorCount, ringBytes, acceptorCount, 0)
}
