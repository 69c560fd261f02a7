// Clients that wait for a key (BLPOP and its kin): one table of claims for the instance, and one
// area of waits a shard, beside its sides. Shared memory, in no log. Layout only. Offsets are words
// (Int32).
//
// CLAIMS, a word a client: place = acceptor * BLOCKED_SLOTS_MAX + its slot
//
//   | 0 last ticket | 1 clients told that they wait | … apart … | 32 claims |
//
//   A claim is the ticket of the wait that is open, 0 if none is. Whoever exchanges it to 0 ends
//   the wait: the holder of a token that has something for the client, or its acceptor (time over,
//   client gone). So nobody is served twice, and nothing is taken for a client that has gone. If a
//   holder dies behind the exchange, its token stays taken: what it took was never committed.
//
// AREA of a shard, only touched by the holder of its token:
//
//   | 0 waits | 1 free blocks | 2 blocks used | 32 first wait of each bucket | last ones | blocks |
//
//   A block has 16 words; its number counts from 1. A wait is a block, then its key and target in
//   blocks of {next, 60 bytes}. Waits of a bucket are linked in the order in which they came. One
//   whose claim is not its ticket any more is over; whoever passes takes it out.
//
//   0 next wait | 1 first block of bytes | 2 hash | 3 ticket | 4 place | 5 generation | 6 sequence
//   7 database | protocol << 8 | 8 kind | from << 8 | to << 9 | 9 count | 10 key, 11 target: bytes

export const TICKET_WORD = 0
export const TOLD_WORD = 1
export const CLAIMS_HEADER_WORDS = 32
/** Clients of one acceptor that can wait: those with the lowest slots. */
export const BLOCKED_SLOTS_MAX = 65_536

export const WAITS_WORD = 0
export const FREE_BLOCK_WORD = 1
export const USED_BLOCKS_WORD = 2
/** A power of two. */
export const BLOCKED_BUCKETS = 256
export const FIRST_WAITS_WORD = 32
export const LAST_WAITS_WORD = FIRST_WAITS_WORD + BLOCKED_BUCKETS
export const BLOCKS_WORD = LAST_WAITS_WORD + BLOCKED_BUCKETS
export const BLOCK_WORDS = 16
/** Of a block that holds bytes: all but the number of the next. */
export const BLOCK_PAYLOAD_BYTES = 60

/** What a client waits for. */
export const WAIT_LIST_POP = 0
export const WAIT_LIST_SEVERAL = 1
export const WAIT_LIST_MOVE = 2
export const WAIT_ZSET_POP = 3
export const WAIT_ZSET_SEVERAL = 4

const SHARD_BYTES_PER_AREA_BYTE = 64
const AREA_BYTES_MIN = 131_072
const AREA_BYTES_MAX = 16_777_216

export function claimsBytes(acceptorCount: number): number {
  return (CLAIMS_HEADER_WORDS + acceptorCount * BLOCKED_SLOTS_MAX) * 4
}

/** For a shard of so much memory. */
export function blockedAreaBytes(shardMemoryBytes: number): number {
  const fitting = Math.floor(shardMemoryBytes / SHARD_BYTES_PER_AREA_BYTE)
  return Math.min(Math.max(fitting, AREA_BYTES_MIN), AREA_BYTES_MAX) & ~63
}
