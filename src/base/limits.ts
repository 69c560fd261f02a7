// Every limit of the program, one constant each, with its relations asserted below.
// A limit that a client can meet names the error it gives; a limit of the format names the format.

import { assert } from './assert.ts'

/** Hash slots of a Redis cluster. [redis-3.2 cluster.h] */
export const SLOT_COUNT = 16_384
/** Shards of one instance. [ckv-cluster.md, Overview] */
export const SHARDS_MAX = 128
/** Acceptor threads; bounds the width of a shard's control row. */
export const ACCEPTORS_MAX = 32
/** Shard worker threads. */
export const WORKERS_MAX = 64
/** Databases that SELECT knows in every profile. */
export const DATABASE_COUNT = 16
/** Sides (A and B) of a shard: the master's memory and the mirror's. */
export const SIDES_MAX = 2
/** Largest string value in the profiles ckv and extended. [ckv-cluster.md, Other limits] */
export const CKV_VALUE_BYTES_MAX = 33_554_432
/** Largest string value in the profile redis, and the largest bulk any profile reads or skips. */
export const REDIS_VALUE_BYTES_MAX = 536_870_912
/** One segment of a shard's memory: a byte index above 2^31 was ten times slower. */
export const SEGMENT_BYTES_MAX = 1_073_741_824
/** Segments of one side of a shard: 16 GB. */
export const SEGMENTS_MAX = 16

assert(SLOT_COUNT % SHARDS_MAX === 0, 'every shard owns at least one slot')
assert(CKV_VALUE_BYTES_MAX <= REDIS_VALUE_BYTES_MAX, 'every profile can read what another stores')
/** Arguments of one command; more: `invalid multibulk length`. [redis-3.2 networking.c] */
export const COMMAND_ARGS_MAX = 1_048_576
/** Arguments of a command before AUTH: `unauthenticated multibulk length`. [redis-7.0] */
export const UNAUTHENTICATED_ARGS_MAX = 10
/** One bulk of a command before AUTH: `unauthenticated bulk length`. [redis-7.0] */
export const UNAUTHENTICATED_BULK_BYTES_MAX = 16_384
/** A line (inline command, count or length) without its end: `too big …`. [redis-3.2] */
export const PROTOCOL_LINE_BYTES_MAX = 65_536
/** Bytes of one incomplete command a connection may hold; more: it is closed. [redis-7.0] */
export const QUERY_BUFFER_BYTES_MAX = 1_073_741_824
/** The same before AUTH. [redis-7.0 networking.c] */
export const UNAUTHENTICATED_QUERY_BUFFER_BYTES_MAX = 1_048_576
/** Longest text that is read as a long double: `value is not a valid float`. [redis-7.0 util.h] */
export const LONG_DOUBLE_TEXT_BYTES_MAX = 5_119
/** A client's name or argument inside an error text is cut here. [redis-7.0 server.c] */
export const ERROR_NAME_BYTES_MAX = 128

assert(REDIS_VALUE_BYTES_MAX < QUERY_BUFFER_BYTES_MAX, 'the largest bulk fits the query buffer')
assert(QUERY_BUFFER_BYTES_MAX < 2 ** 31, 'offsets in a query buffer fit an Int32Array')

/** Bytes fed to the checksum at once: its wasm memory keeps the size of its largest input. */
export const CHECKSUM_PIECE_BYTES = 65_536
/** Smallest log slice (the ring of log bytes in shared memory) of a side; a power of two. */
export const LOG_SLICE_BYTES_MIN = 4096
/** Largest log slice of a side. */
export const LOG_SLICE_BYTES_MAX = 268_435_456
/** A log segment is left for the next one when it is larger than this and the next is ready. */
export const LOG_SEGMENT_BYTES_DEFAULT = 67_108_864
/** After a failed log write the next try comes this much later at the earliest. */
export const LOG_RETRY_MS = 100
/** How long a written block may stay unsynced under everysec. */
export const LOG_SYNC_INTERVAL_MS = 1000
/** Bytes a recovery reads from a segment at once. */
export const LOG_READ_BYTES = 262_144

assert(LOG_SLICE_BYTES_MAX <= SEGMENT_BYTES_MAX, 'a slice offset fits into 31 bits')
/** String values above this are kept in chunks of this size: no block needs a longer free run. */
export const VALUE_CHUNK_BYTES = 1_048_576
/** A sparse HyperLogLog that would be longer becomes dense. [redis-3.2 hll-sparse-max-bytes] */
export const HYPERLOGLOG_SPARSE_BYTES_MAX = 3000
/**
 * With a longer key one record of a few bytes may be a large one, which allocates and can fail:
 * commands then store all that they change with one effect.
 */
export const SMALL_RECORD_KEY_BYTES_MAX = LOG_SLICE_BYTES_MIN / 8
/** Replies that are encoded at once; less when a client may not have so much unsent (options). */
export const REPLY_BYTES_MAX = 1_073_741_824
/** Unsent replies above which nothing more is read from a client. */
export const CLIENT_UNSENT_BYTES_MAX = 1_048_576
/** Commands of one client that may be in rings at once; a deeper pipeline waits in its socket. */
export const COMMANDS_IN_FLIGHT_MAX = 4096
/** The same while nothing is known of its replies, and at least, however large they are. */
export const COMMANDS_IN_FLIGHT_FIRST = 256
export const COMMANDS_IN_FLIGHT_MIN = 16
/** Longest word of a command's or subcommand's name; a longer one is unknown without a look. */
export const COMMAND_NAME_BYTES_MAX = 31
/** Threads that have a control row: main, acceptors, workers, sync, mirrors. */
export const THREADS_MAX = 128

assert(ACCEPTORS_MAX + WORKERS_MAX < THREADS_MAX, 'every thread has a control row')
/** Option --maxclients: file descriptors are the real bound, this one keeps tables sane. */
export const CLIENTS_MAX = 1_000_000
/** Option --shard-memory. */
export const SHARD_MEMORY_BYTES_MIN = 1_048_576
export const SHARD_MEMORY_BYTES_MAX = SEGMENT_BYTES_MAX * SEGMENTS_MAX
/** Memory of one shard unless the machine has less or the option says more. [ckv-cluster.md] */
export const SHARD_MEMORY_BYTES_DEFAULT = 4_294_967_296
/** Option --shared-memory-budget. */
export const SHARED_MEMORY_BUDGET_BYTES_MIN = 4_194_304
export const SHARED_MEMORY_BUDGET_BYTES_MAX = 17_179_869_184
/** Option --segment-size: the size at which a log file is closed. */
export const LOG_SEGMENT_BYTES_MIN = 65_536
export const LOG_SEGMENT_BYTES_MAX = 1_073_741_824
/** File descriptors kept free of clients: for the process, and for each shard's log files. */
export const FILES_RESERVED = 64
export const FILES_PER_SHARD = 4
/** An event loop and what wakes it, for each acceptor and worker. */
export const FILES_PER_THREAD = 2
/** A start that leaves room for fewer clients by the limit of open files is refused. */
export const CLIENTS_LEAST = 8
/** Longest password, and longest file that --password-file may name. */
export const PASSWORD_BYTES_MAX = 512

assert(SHARD_MEMORY_BYTES_DEFAULT <= SHARD_MEMORY_BYTES_MAX, 'the default shard memory is allowed')
/** Address space of the pool for commands larger than what requests may take of the budget. */
export const GREAT_REQUEST_BYTES = QUERY_BUFFER_BYTES_MAX + 16_777_216

// In a request an argument costs 8 bytes besides its own, and a command a few more.
assert(
  GREAT_REQUEST_BYTES > QUERY_BUFFER_BYTES_MAX + 8 * (COMMAND_ARGS_MAX + 8),
  'every command that is read can be carried to a worker',
)

/** Keys that one client may watch: -OOM. They travel with its EXEC. */
export const WATCHES_OF_CLIENT_MAX = 131_072

assert(
  GREAT_REQUEST_BYTES > QUERY_BUFFER_BYTES_MAX + 32 * WATCHES_OF_CLIENT_MAX,
  'every transaction can be carried to a worker',
)

/** Codes of commands that can be counted one by one for INFO commandstats. */
export const COMMAND_CODES_MAX = 512

/**
 * Address space behind a log slice for the records of one command that do not fit the slice when
 * the disk fails in the middle of it: its bytes, and for each argument a record's head, twice.
 */
export const LOG_SPILL_BYTES = QUERY_BUFFER_BYTES_MAX + 67_108_864

assert(
  LOG_SPILL_BYTES >= QUERY_BUFFER_BYTES_MAX + 64 * COMMAND_ARGS_MAX,
  'the records of any command fit the spill',
)
assert(LOG_SPILL_BYTES > LOG_SLICE_BYTES_MAX, 'a length tells if there is a spill')
assert(LOG_SPILL_BYTES + LOG_SLICE_BYTES_MAX < 2 ** 31, 'offsets behind a slice fit 31 bits')

/**
 * Unsent replies at which a client is cut although its output limit is 0 (none, the default of the
 * profile redis): the largest reply, and the largest value behind it.
 */
export const CLIENT_UNSENT_BYTES_LAST = REPLY_BYTES_MAX + REDIS_VALUE_BYTES_MAX

/** Largest content of a payload that RESTORE reads: its bytes, and 16 for each element. */
export const RDB_CONTENT_BYTES_MAX = 1_073_741_824

/** Lines of MONITOR that a client may leave unread; more: it is cut. */
export const MONITOR_UNSENT_BYTES_MAX = 16_777_216

/** What a subscription counts besides the bytes of its name: about what it takes of the heap. */
export const SUBSCRIPTION_BYTES = 256
/** The same of a pattern, and for each of its bytes: it is compiled. */
export const PATTERN_SUBSCRIPTION_BYTES = 1024
export const PATTERN_BYTES_PER_BYTE = 48
/** Subscriptions counted against one shard: `-OOM` beyond. 100,000 channels with short names. */
export const SHARD_SUBSCRIPTIONS_BYTES_MAX = 33_554_432
/** Those of all shards together, since they lie in the heaps of the acceptors. */
export const SUBSCRIPTIONS_BYTES_MAX = 268_435_456

assert(
  SHARD_SUBSCRIPTIONS_BYTES_MAX <= SUBSCRIPTIONS_BYTES_MAX && SUBSCRIPTIONS_BYTES_MAX < 2 ** 31,
  'registered bytes fit a word',
)
