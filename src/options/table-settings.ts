// The options that decide how values are kept and what is noted: Redis's names and defaults, all
// but one of them changed by CONFIG SET too. [redis-7.0 config.c]

import {
  DEBUG_COMMAND_WORD,
  EVICTION_POLICY_WORD,
  EVICTION_SAMPLES_WORD,
  HASH_LISTPACK_ENTRIES_WORD,
  HASH_LISTPACK_VALUE_BYTES_WORD,
  HLL_SPARSE_BYTES_WORD,
  LATENCY_THRESHOLD_MS_WORD,
  LATENCY_TRACKING_WORD,
  LIST_LISTPACK_SIZE_WORD,
  NOTIFY_FLAGS_WORD,
  SET_INTSET_ENTRIES_WORD,
  SLOWLOG_LENGTH_WORD,
  SLOWLOG_MICROS_WORD,
  ZSET_LISTPACK_ENTRIES_WORD,
  ZSET_LISTPACK_VALUE_BYTES_WORD,
} from '../rows/layout.ts'
import { bytes, choice, integer, onOff, text } from './rows.ts'

/** Redis takes 64 bits; what is above 2^53 is no sensible number for any of these. */
const LARGEST = Number.MAX_SAFE_INTEGER
const INT32_MAX = 2_147_483_647

export const SETTING_ROWS = [
  integer('hashListpackEntriesMax', 'hash-max-listpack-entries', 0, LARGEST, {
    fallback: 512,
    mutable: true,
    redisName: 'hash-max-listpack-entries',
    redisAliases: ['hash-max-ziplist-entries'],
    word: HASH_LISTPACK_ENTRIES_WORD,
    help: 'fields of a hash that is kept packed',
  }),
  bytes('hashListpackValueBytesMax', 'hash-max-listpack-value', 0, LARGEST, {
    fallback: 64,
    mutable: true,
    redisName: 'hash-max-listpack-value',
    redisAliases: ['hash-max-ziplist-value'],
    word: HASH_LISTPACK_VALUE_BYTES_WORD,
    help: 'longest field or value of a packed hash',
  }),
  integer('setIntsetEntriesMax', 'set-max-intset-entries', 0, LARGEST, {
    fallback: 512,
    mutable: true,
    redisName: 'set-max-intset-entries',
    word: SET_INTSET_ENTRIES_WORD,
    help: 'members of a set that is kept as integers',
  }),
  integer('zsetListpackEntriesMax', 'zset-max-listpack-entries', 0, LARGEST, {
    fallback: 128,
    mutable: true,
    redisName: 'zset-max-listpack-entries',
    redisAliases: ['zset-max-ziplist-entries'],
    word: ZSET_LISTPACK_ENTRIES_WORD,
    help: 'members of a sorted set that is kept packed',
  }),
  bytes('zsetListpackValueBytesMax', 'zset-max-listpack-value', 0, LARGEST, {
    fallback: 64,
    mutable: true,
    redisName: 'zset-max-listpack-value',
    redisAliases: ['zset-max-ziplist-value'],
    word: ZSET_LISTPACK_VALUE_BYTES_WORD,
    help: 'longest member of a packed sorted set',
  }),
  integer('listListpackSize', 'list-max-listpack-size', -INT32_MAX - 1, INT32_MAX, {
    fallback: -2,
    mutable: true,
    redisName: 'list-max-listpack-size',
    redisAliases: ['list-max-ziplist-size'],
    word: LIST_LISTPACK_SIZE_WORD,
    help: 'entries of one node of a list; -1 to -5 = 4, 8, 16, 32, 64 KB',
  }),
  bytes('hllSparseBytesMax', 'hll-sparse-max-bytes', 0, LARGEST, {
    fallback: 3000,
    mutable: true,
    redisName: 'hll-sparse-max-bytes',
    word: HLL_SPARSE_BYTES_WORD,
    help: 'longest HyperLogLog that is kept sparse',
  }),
  integer('slowlogMicros', 'slowlog-log-slower-than', -1, LARGEST, {
    fallback: 10_000,
    mutable: true,
    redisName: 'slowlog-log-slower-than',
    word: SLOWLOG_MICROS_WORD,
    help: 'microseconds from which SLOWLOG notes a command; 0 = all, -1 = none',
  }),
  integer('slowlogLength', 'slowlog-max-len', 0, LARGEST, {
    fallback: 128,
    mutable: true,
    redisName: 'slowlog-max-len',
    word: SLOWLOG_LENGTH_WORD,
    help: 'how many commands SLOWLOG shows',
  }),
  integer('latencyThresholdMs', 'latency-monitor-threshold', 0, LARGEST, {
    fallback: 0,
    mutable: true,
    redisName: 'latency-monitor-threshold',
    word: LATENCY_THRESHOLD_MS_WORD,
    help: 'milliseconds from which LATENCY notes an event; 0 = none',
  }),
  onOff('latencyTracking', 'latency-tracking', {
    fallback: false,
    mutable: true,
    redisName: 'latency-tracking',
    word: LATENCY_TRACKING_WORD,
    help: 'time every command, for LATENCY HISTOGRAM and INFO',
  }),
  text(
    'notifyKeyspaceEvents',
    'notify-keyspace-events',
    /^[KEg$lshzxetdmnA]*$/,
    'of KEg$lshzxetdmnA',
    {
      fallback: '',
      mutable: true,
      redisName: 'notify-keyspace-events',
      word: NOTIFY_FLAGS_WORD,
      help: 'which events of keys are published',
    },
  ),
  choice(
    'maxmemoryPolicy',
    'maxmemory-policy',
    [
      'noeviction',
      'allkeys-lru',
      'volatile-lru',
      'allkeys-lfu',
      'volatile-lfu',
      'allkeys-random',
      'volatile-random',
      'volatile-ttl',
    ],
    {
      fallback: 'noeviction',
      mutable: true,
      redisName: 'maxmemory-policy',
      word: EVICTION_POLICY_WORD,
      help: 'which keys a full shard removes to make room',
    },
  ),
  integer('maxmemorySamples', 'maxmemory-samples', 1, 64, {
    fallback: 5,
    mutable: true,
    redisName: 'maxmemory-samples',
    word: EVICTION_SAMPLES_WORD,
    help: 'keys that are looked at for each one removed',
  }),
  onOff('debugCommand', 'debug-command', {
    fallback: false,
    redisName: 'enable-debug-command',
    word: DEBUG_COMMAND_WORD,
    help: 'serve DEBUG',
  }),
]
