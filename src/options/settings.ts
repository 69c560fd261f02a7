// What may change while the server runs: the options as they are now, and what Redis's settings
// without a counterpart here were set to. Plain data, so that it can be handed to every thread.

import type { Options } from './table.ts'

export interface Settings {
  readonly options: Options
  /** Text by name of FREE_SETTINGS: only what CONFIG SET changed. */
  readonly free: Readonly<Record<string, string>>
  /** Null: no password. Kept as a digest; see acceptor/password.ts. */
  readonly passwordDigest: Uint8Array | null
}

/**
 *   yes-no, integer, bytes, choice, text   taken when the value is one of those, and shown again
 *   save                                   pairs of seconds and changes, or nothing
 *   fixed                                  shown; CONFIG SET refuses it
 */
export interface FreeSetting {
  readonly name: string
  readonly kind: 'yes-no' | 'integer' | 'bytes' | 'choice' | 'text' | 'save' | 'fixed'
  readonly value: string
  readonly min: number
  readonly max: number
  readonly choices: readonly string[]
  /** The only value that is true here: others are refused with these words. */
  readonly only: string
  readonly why: string
}

const LARGEST = Number.MAX_SAFE_INTEGER
const INT32_MAX = 2_147_483_647

function setting(
  name: string,
  kind: FreeSetting['kind'],
  value: string,
  more: Partial<FreeSetting> = {},
): FreeSetting {
  const bounds = { min: 0, max: INT32_MAX, choices: [], only: '', why: '' }
  return { name, kind, value, ...bounds, ...more }
}

function yesNo(value: string, ...names: string[]): FreeSetting[] {
  return names.map((name) => setting(name, 'yes-no', value))
}

/** Settings of Redis that tools and test suites set although nothing here depends on them. */
export const FREE_SETTINGS: readonly FreeSetting[] = [
  setting('appendonly', 'yes-no', 'yes', { only: 'yes', why: 'the log is always on' }),
  setting('save', 'save', ''),
  setting('loglevel', 'choice', 'notice', { choices: ['debug', 'verbose', 'notice', 'warning'] }),
  setting('lua-time-limit', 'integer', '5000', { max: LARGEST }),
  setting('busy-reply-threshold', 'integer', '5000', { max: LARGEST }),
  setting('hz', 'integer', '10'),
  setting('active-expire-effort', 'integer', '1', { min: 1, max: 10 }),
  setting('lfu-log-factor', 'integer', '10'),
  setting('lfu-decay-time', 'integer', '1'),
  setting('list-compress-depth', 'integer', '0'),
  setting('stream-node-max-entries', 'integer', '100', { max: LARGEST }),
  setting('stream-node-max-bytes', 'bytes', '4096', { max: LARGEST }),
  setting('auto-aof-rewrite-percentage', 'integer', '100'),
  setting('auto-aof-rewrite-min-size', 'bytes', '67108864', { max: LARGEST }),
  setting('repl-timeout', 'integer', '60', { min: 1 }),
  setting('repl-backlog-size', 'bytes', '1048576', { min: 1, max: LARGEST }),
  setting('repl-diskless-sync-delay', 'integer', '5'),
  setting('min-replicas-to-write', 'integer', '0', { only: '0', why: 'there are no replicas' }),
  setting('min-slaves-to-write', 'integer', '0', { only: '0', why: 'there are no replicas' }),
  setting('tracking-table-max-keys', 'integer', '1000000', { max: LARGEST }),
  setting('acllog-max-len', 'integer', '128', { max: LARGEST }),
  ...yesNo(
    'no',
    'no-appendfsync-on-rewrite',
    'lazyfree-lazy-eviction',
    'lazyfree-lazy-expire',
    'lazyfree-lazy-server-del',
    'lazyfree-lazy-user-del',
    'lazyfree-lazy-user-flush',
    'replica-lazy-flush',
    'slave-lazy-flush',
    'repl-disable-tcp-nodelay',
    'aof-timestamp-enabled',
    'activedefrag',
  ),
  ...yesNo(
    'yes',
    'activerehashing',
    'dynamic-hz',
    'rdbcompression',
    'rdb-save-incremental-fsync',
    'aof-use-rdb-preamble',
    'aof-load-truncated',
    'aof-rewrite-incremental-fsync',
    'stop-writes-on-bgsave-error',
    'repl-diskless-sync',
    'replica-serve-stale-data',
    'slave-serve-stale-data',
    'protected-mode',
    'jemalloc-bg-thread',
    'cluster-require-full-coverage',
    'crash-log-enabled',
  ),
  setting('proto-max-bulk-len', 'fixed', '536870912'),
  setting('client-query-buffer-limit', 'fixed', '1073741824'),
  setting('io-threads', 'fixed', '1'),
  setting('daemonize', 'fixed', 'no'),
  setting('tcp-backlog', 'fixed', '511'),
]
