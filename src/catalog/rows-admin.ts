// Commands that operate the server: MONITOR and its kin. Codes 355-399.

import {
  ADMIN,
  connectionRow,
  containerRow,
  FAST_WORD,
  KEYLESS_ALL_SHARDS,
  LATER_PROFILES,
  LOADING_OK,
  MERGE_SUM,
  NO_SCRIPT,
  NONDETERMINISTIC,
  READ,
  STALE,
  shardRow,
} from './spec.ts'

const server = { profiles: LATER_PROFILES, group: 'server' } as const
const admin = { ...server, flags: ADMIN | NO_SCRIPT | LOADING_OK | STALE } as const

const later = { ...server, flags: LOADING_OK | STALE } as const
const shown = { ...admin, flags: admin.flags | NONDETERMINISTIC } as const
const slow = { ...server, flags: ADMIN | LOADING_OK | STALE } as const

export const SLOWLOG_ROWS = [
  connectionRow('slowlog|get', 356, {
    ...slow,
    arity: -2,
    flags: slow.flags | NONDETERMINISTIC,
    since: '2.2.12',
    summary: 'Shows the last slow commands.',
    syntax: '[count:integer]',
  }),
  connectionRow('slowlog|len', 357, {
    ...slow,
    arity: 2,
    flags: slow.flags | NONDETERMINISTIC,
    since: '2.2.12',
    summary: 'Counts the slow commands that are kept.',
  }),
  connectionRow('slowlog|reset', 358, {
    ...slow,
    arity: 2,
    since: '2.2.12',
    summary: 'Forgets them.',
  }),
  connectionRow('slowlog|help', 359, {
    ...later,
    arity: 2,
    since: '6.2.0',
    summary: 'Lists the subcommands of SLOWLOG.',
  }),
]

export const LATENCY_ROWS = [
  connectionRow('latency|latest', 361, {
    ...shown,
    arity: 2,
    since: '2.8.13',
    summary: 'Shows the last slow event of each class.',
  }),
  connectionRow('latency|history', 362, {
    ...shown,
    arity: 3,
    since: '2.8.13',
    summary: 'Shows the slowest event of each second.',
    syntax: 'event',
  }),
  connectionRow('latency|reset', 363, {
    ...admin,
    arity: -2,
    since: '2.8.13',
    summary: 'Forgets the samples of some or all classes.',
    syntax: '[event ...]',
  }),
  connectionRow('latency|graph', 364, {
    ...shown,
    arity: 3,
    since: '2.8.13',
    summary: 'Draws the samples of a class.',
    syntax: 'event',
  }),
  connectionRow('latency|doctor', 365, {
    ...shown,
    arity: 2,
    since: '2.8.13',
    summary: 'Says in words what was slow.',
  }),
  connectionRow('latency|histogram', 366, {
    ...shown,
    arity: -2,
    since: '7.0.0',
    summary: 'Counts the times of commands, while latency-tracking is on.',
    syntax: '[command ...]',
  }),
  connectionRow('latency|help', 367, {
    ...later,
    arity: 2,
    since: '2.8.13',
    summary: 'Lists the subcommands of LATENCY.',
  }),
]

const debug = { ...admin, arity: 3, since: '1.0.0' } as const

export const DEBUG_ROWS = [
  shardRow('debug|sleep', 377, {
    ...debug,
    flags: READ | ADMIN | NO_SCRIPT,
    summary: 'Lets the thread that runs the first shard sleep, and the shard wait.',
    syntax: 'seconds:double',
  }),
  shardRow('debug|object', 378, {
    ...debug,
    flags: READ | ADMIN | NO_SCRIPT,
    keys: [{ first: 2, last: 2, step: 1, access: 'RO access' }],
    summary: 'Shows how a value is kept.',
    syntax: 'key',
  }),
  shardRow('debug|digest', 400, {
    ...debug,
    arity: 2,
    flags: READ | ADMIN | NO_SCRIPT | KEYLESS_ALL_SHARDS,
    merge: MERGE_SUM,
    summary: 'Tells a number that servers with the same data share.',
  }),
  connectionRow('debug|set-active-expire', 379, {
    ...debug,
    summary: 'Stops or starts the sweep for expired keys.',
    syntax: '0-or-1:integer',
  }),
  connectionRow('debug|stringmatch-len', 380, {
    ...debug,
    arity: 4,
    summary: 'Matches a long text with a pattern.',
    syntax: 'length:integer pattern',
  }),
  connectionRow('debug|help', 381, {
    ...later,
    arity: 2,
    since: '5.0.0',
    summary: 'Lists the subcommands of DEBUG.',
  }),
]

const memory = { ...server, flags: 0, since: '4.0.0' } as const

export const MEMORY_ROWS = [
  shardRow('memory|usage', 383, {
    ...memory,
    arity: -3,
    flags: READ,
    keys: [{ first: 2, last: 2, step: 1, access: 'RO' }],
    summary: 'Counts the bytes that a key and its value take.',
    syntax: 'key [SAMPLES count:integer]',
  }),
  connectionRow('memory|stats', 384, {
    ...memory,
    arity: 2,
    flags: NONDETERMINISTIC,
    summary: 'Shows what memory is used for.',
  }),
  connectionRow('memory|doctor', 385, {
    ...memory,
    arity: 2,
    flags: NONDETERMINISTIC,
    summary: 'Says in words what is wrong with the memory.',
  }),
  connectionRow('memory|purge', 386, {
    ...memory,
    arity: 2,
    summary: 'Would give memory back; freed memory is used again instead.',
  }),
  connectionRow('memory|malloc-stats', 387, {
    ...memory,
    arity: 2,
    flags: NONDETERMINISTIC,
    summary: "Shows each shard's memory.",
  }),
  connectionRow('memory|help', 388, {
    ...later,
    arity: 2,
    since: '4.0.0',
    summary: 'Lists the subcommands of MEMORY.',
  }),
]

const ordinary = { ...server, arity: 1 } as const
const image = { ...ordinary, flags: ADMIN | NO_SCRIPT } as const

const OTHER_ROWS = [
  connectionRow('role', 369, {
    ...ordinary,
    flags: NO_SCRIPT | LOADING_OK | STALE | FAST_WORD,
    since: '2.8.12',
    summary: 'Tells that this is a master, and how much it has written.',
    categories: 'admin dangerous',
  }),
  connectionRow('lastsave', 370, {
    ...ordinary,
    flags: LOADING_OK | STALE | FAST_WORD | NONDETERMINISTIC,
    since: '1.0.0',
    summary: 'Tells since when every write is in the log.',
    categories: 'admin dangerous',
  }),
  connectionRow('save', 371, {
    ...image,
    since: '1.0.0',
    summary: 'Refused: images come with a later version.',
  }),
  connectionRow('bgsave', 372, {
    ...image,
    arity: -1,
    since: '1.0.0',
    summary: 'Refused: images come with a later version.',
    syntax: '[SCHEDULE]',
  }),
  connectionRow('bgrewriteaof', 373, {
    ...image,
    since: '1.0.0',
    summary: 'Refused: images come with a later version.',
  }),
  connectionRow('shutdown', 374, {
    ...admin,
    arity: -1,
    since: '1.0.0',
    summary: 'Stops the server cleanly.',
    syntax: '[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]',
  }),
  connectionRow('wait', 375, {
    ...server,
    group: 'generic',
    arity: 3,
    flags: NO_SCRIPT,
    since: '3.0.0',
    summary: 'Waits for replicas, of which there are none.',
    syntax: 'numreplicas:integer timeout:integer',
  }),
]

export const ADMIN_ROWS = [
  ...OTHER_ROWS,
  containerRow(
    'debug',
    376,
    { ...server, arity: -2, flags: 0, since: '1.0.0', summary: 'Tries out the server.' },
    DEBUG_ROWS,
  ),
  containerRow(
    'memory',
    382,
    { ...server, arity: -2, flags: 0, since: '4.0.0', summary: 'Asks about memory.' },
    MEMORY_ROWS,
  ),
  containerRow(
    'slowlog',
    355,
    { ...server, arity: -2, flags: 0, since: '2.2.12', summary: 'Shows slow commands.' },
    SLOWLOG_ROWS,
  ),
  containerRow(
    'latency',
    360,
    { ...server, arity: -2, flags: 0, since: '2.8.13', summary: 'Shows what was slow, and when.' },
    LATENCY_ROWS,
  ),
  connectionRow('monitor', 368, {
    ...admin,
    arity: 1,
    since: '1.0.0',
    summary: 'Shows every command that is served from here on.',
  }),
]
