// The control rows: one SharedArrayBuffer that holds every word by which the threads agree.
// Layout only, no behaviour. Offsets are words (Int32) unless the name ends in Long (BigInt64 index
// = word / 2). Words of different writers stand 32 words (128 bytes, two cache lines) apart.
//
//   word 0                 INSTANCE block   (main stores, everybody reads)
//   INSTANCE_WORDS         READY block      (bitmap of shards whose request rings hold work)
//   THREADS_BASE           THREAD rows      one a thread, index = thread id
//   sideRow(shard, side)   SIDE rows        one a shard and side
//
// SIDE row:
//   | 0 token | 32 holder: LSNs, commit record | 96 sync | 128 files | 160 per acceptor |
//
// Who stores: the token word anybody by compareExchange; the holder group only the token's holder;
// the sync group only the sync thread; the files group the sync thread fills `spare` and the holder
// empties it. If a holder dies mid-way, its token stays taken and nobody trusts the row until the
// shard was recovered or the other side promoted.

import { ACCEPTORS_MAX, SHARDS_MAX, SIDES_MAX, THREADS_MAX } from '../base/limits.ts'

/** Distance between words of different writers: two cache lines, against adjacent prefetch. */
export const APART_WORDS = 32

// ── INSTANCE block ────────────────────────────────────────────────────────────────────────────
/** One of STATE_…; main stores, every thread reads at batch start. */
export const STATE_WORD = 0
/** Counts changes of the options below; readers reload when it moved. */
export const OPTIONS_GENERATION_WORD = 1
/** One of DISPATCH_…. */
export const DISPATCH_WORD = 2
/** One of FSYNC_…. */
export const FSYNC_POLICY_WORD = 3
export const MAX_CLIENTS_WORD = 4
/** Idle timeout of clients in seconds, 0 = none. */
export const TIMEOUT_SECONDS_WORD = 5
export const TCP_KEEPALIVE_SECONDS_WORD = 6
/** Connected clients over all acceptors (Atomics.add by acceptors). */
export const CLIENT_COUNT_WORD = APART_WORDS
/** Next client id (Atomics.add by acceptors). */
export const CLIENT_ID_WORD = APART_WORDS * 2
/** Percent of recovery done, for the log and INFO. */
export const LOADING_SHARDS_LEFT_WORD = APART_WORDS * 3
/**
 * Settings that CONFIG SET changes and that shards or several threads read; main stores them. A
 * number too large for its word is kept as 2^31 - 1. Accessors: thresholds.ts.
 */
export const SETTINGS_BASE = APART_WORDS * 4
/** Commands that took so many microseconds are noted; 0: all, -1: none. */
export const SLOWLOG_MICROS_WORD = SETTINGS_BASE
/** How many of them SLOWLOG shows. */
export const SLOWLOG_LENGTH_WORD = SETTINGS_BASE + 1
/** Events that took so many milliseconds are noted for LATENCY; 0: none. */
export const LATENCY_THRESHOLD_MS_WORD = SETTINGS_BASE + 2
/** Or of NOTIFY_ bits (notify-flags.ts). */
export const NOTIFY_FLAGS_WORD = SETTINGS_BASE + 3
export const HASH_LISTPACK_ENTRIES_WORD = SETTINGS_BASE + 4
export const HASH_LISTPACK_VALUE_BYTES_WORD = SETTINGS_BASE + 5
export const SET_INTSET_ENTRIES_WORD = SETTINGS_BASE + 6
export const ZSET_LISTPACK_ENTRIES_WORD = SETTINGS_BASE + 7
export const ZSET_LISTPACK_VALUE_BYTES_WORD = SETTINGS_BASE + 8
/** Positive: entries of a node; -1 to -5: 4 to 64 KB. */
export const LIST_LISTPACK_SIZE_WORD = SETTINGS_BASE + 9
export const HLL_SPARSE_BYTES_WORD = SETTINGS_BASE + 10
/** 1: DEBUG is served. */
export const DEBUG_COMMAND_WORD = SETTINGS_BASE + 11
/** Longest reply that may be encoded for an ordinary client, in bytes. */
export const REPLY_BYTES_WORD = SETTINGS_BASE + 12
/** 1: times of commands are kept for LATENCY HISTOGRAM. */
export const LATENCY_TRACKING_WORD = SETTINGS_BASE + 13
/** 1: every command is timed; 0: only those of unbounded work. Follows from the others. */
export const TIMING_WORD = SETTINGS_BASE + 14
/** Place of the option maxmemory-policy among its choices; 0: no key is ever evicted. */
export const EVICTION_POLICY_WORD = SETTINGS_BASE + 15
export const EVICTION_SAMPLES_WORD = SETTINGS_BASE + 16

/** What acceptors store by a command of a client; every thread reads. */
export const ORDERS_BASE = APART_WORDS * 5
/** Clients that watch with MONITOR, over all acceptors (Atomics.add by acceptors). */
export const MONITORS_WORD = ORDERS_BASE
/** One of PAUSE_…: what clients have to wait with until PAUSE_UNTIL_LONG. */
export const PAUSE_MODE_WORD = ORDERS_BASE + 1
/** Wall time in ms at which the pause ends; stored before the mode. */
export const PAUSE_UNTIL_LONG = (ORDERS_BASE >> 1) + 1
/** 1: the sweep for expired keys stands still (DEBUG SET-ACTIVE-EXPIRE 0). */
export const EXPIRY_STANDS_WORD = ORDERS_BASE + 4
/** Number of the next entry of SLOWLOG (Atomics.add by whoever notes one). */
export const SLOWLOG_NUMBER_WORD = ORDERS_BASE + 5
/** Entries with smaller numbers are forgotten (SLOWLOG RESET). */
export const SLOWLOG_FIRST_WORD = ORDERS_BASE + 6
/** How often LATENCY RESET was told of each event class. */
export const LATENCY_RESETS_WORD = ORDERS_BASE + 8
export const INSTANCE_WORDS = APART_WORDS * 6

export const PAUSE_NONE = 0
export const PAUSE_WRITES = 1
export const PAUSE_ALL = 2

export const STATE_LOADING = 0
export const STATE_SERVING = 1
export const STATE_CLOSING = 2

export const DISPATCH_AUTO = 0
export const DISPATCH_RING = 1
export const DISPATCH_PLACE = 2

export const FSYNC_EVERYSEC = 0
export const FSYNC_ALWAYS = 1
export const FSYNC_NO = 2

// ── READY block ───────────────────────────────────────────────────────────────────────────────
/**
 * Bit s: some acceptor published requests for shard s. Producers or, workers take with exchange.
 */
export const READY_BASE = INSTANCE_WORDS
export const READY_WORDS = SHARDS_MAX / 32
export const READY_BLOCK_WORDS = APART_WORDS

// ── THREAD rows ───────────────────────────────────────────────────────────────────────────────

export const THREADS_BASE = READY_BASE + READY_BLOCK_WORDS
/** Doorbell: only ever incremented; its owner waits on it. */
export const BELL_WORD = 0
/** 1 while the owner is about to wait or waits; owner stores 1, who rings it exchanges it to 0. */
export const SLEEPING_WORD = 1
/** Bitmap (READY_WORDS words) of shards that published replies for this acceptor. */
export const REPLIES_READY_WORD = APART_WORDS
/** Ticked by loops that can exceed a millisecond; watched by main. */
export const PROGRESS_WORD = APART_WORDS * 2
/** Shard a worker is blocked for in write(2), plus one; 0 = none. */
export const WRITING_WORD = APART_WORDS * 2 + 1
export const THREAD_ROW_WORDS = APART_WORDS * 3

// ── SIDE rows ─────────────────────────────────────────────────────────────────────────────────
export const SIDES_BASE = THREADS_BASE + THREADS_MAX * THREAD_ROW_WORDS

/** {epoch << TOKEN_THREAD_BITS | thread}; thread 0 = free. Changed by compareExchange only. */
export const TOKEN_WORD = 0
/** How many threads wait for this token; the holder hands over at its next batch boundary. */
export const WANTED_WORD = 1
export const TOKEN_THREAD_BITS = 8
export const TOKEN_THREAD_MASK = (1 << TOKEN_THREAD_BITS) - 1

/** Holder group. LSN = byte position in the shard's log; as BigInt64 index. */
export const APPENDED_LONG = 16
/** End of the last block that write(2) has taken: replies up to here may leave. */
export const WRITTEN_LONG = 17
/** Slice bytes below this LSN may have been overwritten (a follower must read the file instead). */
export const RECLAIMED_LONG = 18
/**
 * Commit record: LSN after the block being written, with heads and tails in the per-acceptor
 * part.
 */
export const COMMIT_LONG = 19
/** First LSN of the active segment file and LSN just behind its last byte's position base. */
export const SEGMENT_START_LONG = 20
/** Wall time (ms) of the last commit, for `idle after a sync` marks. */
export const COMMIT_TIME_LONG = 22
/** Number of the request being executed, stored before it starts. */
export const CURRENT_WORD = 48
/** errno class of the last failed write, 0 = healthy. While ≠ 0 writes are refused with MISCONF. */
export const WRITE_FAILED_WORD = 49
/** PENDING_…: whether failed blocks wait in the slice as first in line. */
export const BLOCK_PENDING_WORD = 50
export const PENDING_NONE = 0
/** Any holder of this token may write them. */
export const PENDING_OWN = 1
/** The last is a part of a group: only a holder of all tokens with PENDING_GROUP may write. */
export const PENDING_GROUP = 2
/** Duration of the last write(2) in microseconds: the dispatch policy avoids slow shards. */
export const LAST_WRITE_MICROS_WORD = 51
/** 64 random bits of the active segment's header, the seed of its checksums. */
export const SEGMENT_ID_LONG = 23
/** LSN after the last idle mark; equal to the written LSN while nothing came after the mark. */
export const MARKED_LONG = 26
/** LSN after the last block of a commit over several shards, stored before it is written. */
export const GROUP_LONG = 27
/** Epoch in the active segment's header and in its blocks. */
export const SEGMENT_EPOCH_WORD = 56
/**
 * LSN from which failed blocks wait in the spill behind the slice, not in the slice; 0: none do.
 * Only meaningful while BLOCK_PENDING_WORD is not PENDING_NONE.
 */
export const SPILL_LONG = 29
/** Counts the stores of the log words of this group; a thread whose copies are as old reloads. */
export const LOG_CHANGES_WORD = 57

/** Sync group, stored by the sync thread. Blocks up to this LSN survive a power cut. */
export const DURABLE_LONG = 48
/** 1 while an fdatasync of this shard's file is under way. */
export const SYNCING_WORD = 98
/** 1 for ever after a failed fsync of the active segment. */
export const SYNC_FAILED_WORD = 99
/** 1 when a mark block for the idle shard was asked for by the sync thread. */
export const MARK_WANTED_WORD = 100

/** Files group. Descriptor of the active segment + 1 (0 = none); holder stores on a switch. */
export const ACTIVE_FD_WORD = 128
/** Descriptor of the prepared next segment + 1; sync thread stores, holder takes (→ 0). */
export const SPARE_FD_WORD = 129
/** Number of the active and of the spare segment file. */
export const ACTIVE_NUMBER_WORD = 130
export const SPARE_NUMBER_WORD = 131
/**
 * Old segment descriptor + 1 for the sync thread to sync and close; holder stores, sync empties.
 */
export const RETIRED_FD_WORD = 132

/** Per acceptor: consumed request bytes, published reply bytes, and their committed copies. */
export const REQUEST_HEAD_WORD = 160
export const REPLY_TAIL_WORD = REQUEST_HEAD_WORD + ACCEPTORS_MAX
export const COMMITTED_HEAD_WORD = REPLY_TAIL_WORD + ACCEPTORS_MAX
export const COMMITTED_TAIL_WORD = COMMITTED_HEAD_WORD + ACCEPTORS_MAX
export const SIDE_ROW_WORDS = COMMITTED_TAIL_WORD + ACCEPTORS_MAX

/** First word of a side's row. */
export function sideRow(shard: number, side: number): number {
  return SIDES_BASE + (shard * SIDES_MAX + side) * SIDE_ROW_WORDS
}

/** First word of a thread's row. */
export function threadRow(thread: number): number {
  return THREADS_BASE + thread * THREAD_ROW_WORDS
}

/** Bytes of the whole block for a number of shards. */
export function rowsByteLength(shardCount: number): number {
  return sideRow(shardCount, 0) * 4
}
