// Rings between one acceptor and one shard. Layout only, no behaviour.
//
// A ring is a run of bytes (a power of two) in the acceptor's block, one producer, one consumer.
// Cursors count bytes for ever and wrap at 2^32: the fill is (tail - head) | 0, a position is
// cursor & mask. Where the cursors live decides what survives a failover:
//
//   request ring:  tail in the ring block (acceptor stores)   head in the side row (holder stores)
//   reply ring:    tail in the side row (holder stores)       head in the ring block (acceptor)
//
// Block of one acceptor (one SharedArrayBuffer), all offsets in bytes:
//
//   | cursors: 64 words a shard | request rings, one a shard | reply rings, a shard and side |
//
// Records are whole words; a record never crosses the ring's end: a first word of WRAP_MARK sends
// the consumer to position 0.
//
// REQUEST record (one a receive and shard)          REPLY record (one a request record, or more)
//   0 byte length of the record                       0 byte length of the record
//   1 connection slot                                 1 connection slot
//   2 connection generation                           2 connection generation
//   3 command count                                   3 reply count | flags << 16
//   4 database | protocol << 8 | flags << 16          4 LSN that the replies depend on, low word
//   5 .. commands                                     5 LSN, high word
//                                                     6 byte length of the replies
//   command:                                          7 .. pairs {sequence, byte length} per reply
//     0 byte length of the command                    then the replies, or the chunk numbers when
//     1 sequence in its connection                      REPLY_CHUNKED is set
//     2 code | argument count << 16 (0xffff: in word 3)
//     3 argument count
//     4 .. pairs {start, length} of arguments 1..n-1, start relative to the command's byte 0
//     then the argument bytes
//   EXEC carries a transaction: argument 1 is its commands, drawn as above and back to back, word 1
//   of each being database | protocol << 8. Code LITERAL_CODE is no command: its argument 1 is the
//   reply to one that the acceptor has executed itself. Argument 2 is what the client watches
//   (keyspace/watch-list.ts). Both are whole words, so all of it is aligned.
//   with REQUEST_CHUNKED the one command's bytes lie in pool chunks; word 5.. = {byte length,
//   run count, pairs {first chunk, chunks} per run} and the runs hold the command as drawn above.

export const WRAP_MARK = -1

export const REQUEST_HEADER_WORDS = 5
export const COMMAND_HEADER_WORDS = 4
export const REPLY_HEADER_WORDS = 7

/** Flags of a request record, in word 4 above bit 16. */
export const REQUEST_CHUNKED = 1
/** The command concerns several shards: whoever takes the record becomes its coordinator. */
export const REQUEST_SEVERAL_SHARDS = 2
/**
 * The commands would have run in place if another acceptor had not held the token: that one may
 * serve them before it gives the token back (executor/serve.ts, help).
 */
export const REQUEST_PLACEABLE = 4

/** In a transaction: not a command but a reply. No row of the catalog has this code. */
export const LITERAL_CODE = 0

/** Flags of a reply record, in word 3 above bit 16. */
export const REPLY_CHUNKED = 1
/** The client broke a limit while its reply was encoded: close the connection. */
export const REPLY_CLOSE = 2
/** The replies are larger than the pool's share of one record: more of their bytes follow. */
export const REPLY_PART = 4
/** The reply to an EXEC: what the client watched is over. */
export const REPLY_OF_EXEC = 8
/** The transaction did not run: what the acceptor executed of it is to be undone. */
export const REPLY_NOT_RUN = 16
/** Instead of +OK of a WATCH its registrations (keyspace/watch-list.ts). */
export const REPLY_WATCHING = 32

/** Instead of a reply the ticket of the wait that the command has opened (command/blocking.ts). */
export const REPLY_BLOCKED = 64
/** A command that waited is to be sent again. */
export const REPLY_AGAIN = 128

/** Words per shard in the cursor part of an acceptor's block: tail and head far apart. */
export const CURSOR_WORDS = 64
export const REQUEST_TAIL_WORD = 0
export const REPLY_HEAD_WORD = 32

/** Byte offset of the first ring in an acceptor's block. */
export function ringsBase(shardCount: number): number {
  return shardCount * CURSOR_WORDS * 4
}

export function requestRingByte(shardCount: number, ringBytes: number, shard: number): number {
  return ringsBase(shardCount) + shard * ringBytes
}

export function replyRingByte(
  shardCount: number,
  ringBytes: number,
  sideCount: number,
  shard: number,
  side: number,
): number {
  return ringsBase(shardCount) + (shardCount + shard * sideCount + side) * ringBytes
}

/** Bytes of the ring block of one acceptor. */
export function ringBlockBytes(shardCount: number, sideCount: number, ringBytes: number): number {
  return ringsBase(shardCount) + shardCount * (1 + sideCount) * ringBytes
}
