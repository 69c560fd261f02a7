// One row an option. Flags, environment names, the file's keys, --help, the README's table and
// CONFIG GET are all derived from here.

import {
  ACCEPTORS_MAX,
  CLIENTS_MAX,
  LOG_SEGMENT_BYTES_DEFAULT,
  LOG_SEGMENT_BYTES_MAX,
  LOG_SEGMENT_BYTES_MIN,
  SHARD_MEMORY_BYTES_MAX,
  SHARD_MEMORY_BYTES_MIN,
  SHARDS_MAX,
  SHARED_MEMORY_BUDGET_BYTES_MAX,
  SHARED_MEMORY_BUDGET_BYTES_MIN,
  WORKERS_MAX,
} from '../base/limits.ts'
import {
  DISPATCH_WORD,
  FSYNC_POLICY_WORD,
  MAX_CLIENTS_WORD,
  TCP_KEEPALIVE_SECONDS_WORD,
  TIMEOUT_SECONDS_WORD,
} from '../rows/layout.ts'
import {
  bytes,
  choice,
  integer,
  type OptionRow,
  onOff,
  outputLimit,
  path,
  port,
  text,
} from './rows.ts'
import { SETTING_ROWS } from './table-settings.ts'

const MEGABYTE = 1_048_576
const SECONDS_MAX = 2_147_483_647

export const OPTION_ROWS = [
  port('port', 'port', {
    fallback: 6379,
    redisName: 'port',
    help: 'port of the server; 0 = any free one',
  }),
  text('host', 'host', /^[^\s\0]+$/, 'an address or a host name', {
    fallback: '127.0.0.1',
    redisName: 'bind',
    help: 'address to listen on; one that others can reach needs a password',
  }),
  path('dir', 'dir', 'a folder', {
    fallback: './data',
    redisName: 'dir',
    help: 'folder of the data; made if missing',
  }),
  integer('shards', 'shards', 1, SHARDS_MAX, {
    help: 'number of shards; kept with the data, another number re-partitions them',
  }),
  bytes('shardMemoryBytes', 'shard-memory', SHARD_MEMORY_BYTES_MIN, SHARD_MEMORY_BYTES_MAX, {
    help: 'memory of one shard',
  }),
  integer('acceptors', 'acceptors', 1, ACCEPTORS_MAX, {
    help: 'threads that hold the connections',
  }),
  integer('workers', 'workers', 1, WORKERS_MAX, {
    help: 'threads that serve the shards',
  }),
  integer('mirrors', 'mirrors', 1, WORKERS_MAX, {
    help: 'threads that keep the hot slaves',
  }),
  onOff('mirror', 'mirror', {
    fallback: false,
    onlyOff: true,
    help: 'keep a hot slave of every shard',
  }),
  onOff('readonlySlave', 'readonly-slave', {
    fallback: false,
    onlyOff: true,
    help: 'serve reads from the hot slaves',
  }),
  port('slavePort', 'slave-port', {
    fallback: 0,
    onlyOff: true,
    help: 'port for reads from the hot slaves; 0 = none',
  }),
  onOff('acceptorPorts', 'acceptor-ports', {
    fallback: false,
    onlyOff: true,
    help: 'give each acceptor a port of its own, announced in CLUSTER SLOTS',
  }),
  text('announceHost', 'announce-host', /^[^\s\0]*$/, 'an address, a host name or nothing', {
    fallback: '',
    redisName: 'cluster-announce-ip',
    help: "address told to cluster clients; empty = the connection's own",
  }),
  port('announcePort', 'announce-port', {
    fallback: 0,
    redisName: 'cluster-announce-port',
    help: "port told to cluster clients; 0 = the connection's own",
  }),
  choice('profile', 'profile', ['ckv', 'extended', 'redis'], {
    fallback: 'extended',
    help: 'command set: the document alone, with later additions, or as Redis 7.0',
  }),
  choice('dispatch', 'dispatch', ['auto', 'ring', 'place'], {
    fallback: 'auto',
    word: DISPATCH_WORD,
    help: 'run commands in place or through the rings; auto chooses by load',
  }),
  choice('appendfsync', 'appendfsync', ['everysec', 'always', 'no'], {
    fallback: 'everysec',
    mutable: true,
    redisName: 'appendfsync',
    word: FSYNC_POLICY_WORD,
    help: 'when the log is forced to disk',
  }),
  text('instance', 'instance', /^(crs-[a-z0-9]{8})?$/, 'crs- and 8 small letters or digits', {
    fallback: '',
    help: 'instance id; empty = the one kept with the data, made at the first start',
  }),
  port('httpPort', 'http-port', {
    fallback: 0,
    onlyOff: true,
    help: 'port of metrics and dashboard; 0 = none',
  }),
  integer('maxclients', 'maxclients', 1, CLIENTS_MAX, {
    mutable: true,
    redisName: 'maxclients',
    word: MAX_CLIENTS_WORD,
    help: 'connections at a time; by default 10000 or what the file limit allows',
  }),
  integer('timeoutSeconds', 'timeout', 0, SECONDS_MAX, {
    fallback: 0,
    mutable: true,
    redisName: 'timeout',
    word: TIMEOUT_SECONDS_WORD,
    help: 'close connections that are idle for so many seconds; 0 = never',
  }),
  integer('tcpKeepaliveSeconds', 'tcp-keepalive', 0, SECONDS_MAX, {
    fallback: 300,
    mutable: true,
    redisName: 'tcp-keepalive',
    word: TCP_KEEPALIVE_SECONDS_WORD,
    help: 'seconds between probes of a silent peer; 0 = none',
  }),
  integer('databases', 'databases', 16, 16, {
    fallback: 16,
    redisName: 'databases',
    help: 'number of databases that SELECT knows',
  }),
  bytes(
    'sharedMemoryBudgetBytes',
    'shared-memory-budget',
    SHARED_MEMORY_BUDGET_BYTES_MIN,
    SHARED_MEMORY_BUDGET_BYTES_MAX,
    {
      fallback: 256 * MEGABYTE,
      help: 'memory of rings, log slices and pools together',
    },
  ),
  bytes('segmentBytes', 'segment-size', LOG_SEGMENT_BYTES_MIN, LOG_SEGMENT_BYTES_MAX, {
    fallback: LOG_SEGMENT_BYTES_DEFAULT,
    help: 'size at which a log file is closed and the next begun',
  }),
  outputLimit('outputLimitNormal', 'client-output-buffer-limit-normal', {
    mutable: true,
    fallback: { hardBytes: 256 * MEGABYTE, softBytes: 64 * MEGABYTE, softSeconds: 60 },
    help: 'unsent bytes that cut a client: at once, or after some seconds; 0 0 0 in profile redis',
  }),
  outputLimit('outputLimitPubsub', 'client-output-buffer-limit-pubsub', {
    mutable: true,
    fallback: { hardBytes: 32 * MEGABYTE, softBytes: 8 * MEGABYTE, softSeconds: 60 },
    help: 'the same for subscribers',
  }),
  ...SETTING_ROWS,
  choice('logLevel', 'log-level', ['debug', 'info', 'warn', 'error', 'silent'], {
    fallback: 'info',
    help: 'what is written to the log of the program',
  }),
  path('passwordFile', 'password-file', 'a file', {
    fallback: '',
    help: 'file that holds the password; or give it in CKV_PASSWORD',
  }),
  path('config', 'config', 'a file', {
    fallback: '',
    help: 'JSON file with any of these, without the dashes: {"shards": 8}',
  }),
]

type Rows = (typeof OPTION_ROWS)[number]
type ValueOf<Row> = Row extends OptionRow<string, infer Value> ? Value : never

/** All options, checked and complete. Frozen; the password is not among them. */
export type Options = {
  readonly [Row in Rows as Row['property']]: ValueOf<Row>
}

/** Where an option's value came from. `derived` = from the machine. */
export type OptionSource = 'flag' | 'environment' | 'file' | 'default' | 'derived'
export type OptionSources = Readonly<Record<keyof Options, OptionSource>>

/** `shard-memory` → `CKV_SHARD_MEMORY`. */
export function environmentName(row: OptionRow): string {
  return `CKV_${row.name.toUpperCase().replaceAll('-', '_')}`
}

/** True when the user said it, wherever. */
export function isGiven(source: OptionSource): boolean {
  return source !== 'default' && source !== 'derived'
}
