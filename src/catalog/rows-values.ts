// Whole values: copied, moved, dumped, described, sorted. Codes 62-69 and 430-459.

import {
  connectionRow,
  containerRow,
  DENY_OOM,
  EVERY_PROFILE,
  FAST_WORD,
  KEYLESS_ALL_SHARDS,
  LATER_PROFILES,
  LOADING_OK,
  MERGE_OK,
  NONDETERMINISTIC,
  oneKey,
  PATTERN_KEYS,
  READ,
  STALE,
  shardRow,
  WRITE,
} from './spec.ts'

const later = { profiles: LATER_PROFILES, group: 'generic' } as const
const OBJECT = {
  ...later,
  arity: 3,
  flags: READ | NONDETERMINISTIC,
  keys: [{ first: 2, last: 2, step: 1, access: 'RO' }],
  syntax: 'key',
} as const
const ORDER =
  'key [BY by-pattern:pattern] [LIMIT offset:integer count:integer] ' +
  '[(GET get-pattern:pattern) ...] [ASC|DESC] [ALPHA]'

export const OBJECT_ROWS = [
  shardRow('object|encoding', 430, {
    ...OBJECT,
    since: '2.2.3',
    summary: 'Names the way in which the value of a key is stored.',
  }),
  shardRow('object|refcount', 431, {
    ...OBJECT,
    since: '2.2.3',
    summary: 'Counts the references to the value of a key.',
  }),
  shardRow('object|idletime', 432, {
    ...OBJECT,
    since: '2.2.3',
    summary: 'Tells about how many seconds ago a key was used last.',
  }),
  shardRow('object|freq', 433, {
    ...OBJECT,
    since: '4.0.0',
    summary: 'Tells how often a key is used; not counted here, so an error.',
  }),
  connectionRow('object|help', 434, {
    ...later,
    arity: 2,
    flags: LOADING_OK | STALE,
    since: '6.2.0',
    summary: 'Lists the subcommands of OBJECT.',
    categories: 'keyspace',
  }),
]

export const VALUE_ROWS = [
  shardRow('copy', 62, {
    ...later,
    arity: -3,
    flags: WRITE | DENY_OOM,
    keys: [
      { first: 1, last: 1, step: 1, access: 'RO access' },
      { first: 2, last: 2, step: 1, access: 'OW update' },
    ],
    since: '6.2.0',
    summary: 'Copies the value of a key to another key, also in another database.',
    syntax: 'source:key destination:key [DB destination-db:integer] [REPLACE]',
  }),
  shardRow('move', 63, {
    ...later,
    arity: 3,
    flags: WRITE | FAST_WORD,
    keys: oneKey('RW update'),
    since: '1.0.0',
    summary: 'Moves a key to another database unless it is there already.',
    syntax: 'key db:integer',
  }),
  shardRow('swapdb', 64, {
    ...later,
    arity: 3,
    flags: WRITE | KEYLESS_ALL_SHARDS | FAST_WORD,
    merge: MERGE_OK,
    since: '4.0.0',
    summary: 'Exchanges the keys of two databases.',
    syntax: 'index1:integer index2:integer',
    categories: 'dangerous',
  }),
  shardRow('dump', 65, {
    ...later,
    arity: 2,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '2.6.0',
    summary: 'Gives the value of a key in a form that RESTORE takes.',
    syntax: 'key',
  }),
  shardRow('restore', 66, {
    ...later,
    arity: -4,
    flags: WRITE | DENY_OOM,
    keys: oneKey('OW update'),
    since: '2.6.0',
    summary: 'Makes a key from what DUMP gave.',
    syntax:
      'key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:integer] ' +
      '[FREQ frequency:integer]',
    categories: 'dangerous',
  }),
  shardRow('sort', 67, {
    profiles: EVERY_PROFILE,
    group: 'generic',
    arity: -2,
    flags: WRITE | DENY_OOM | PATTERN_KEYS,
    keys: [
      ...oneKey('RO access'),
      {
        word: 'store',
        from: 2,
        skipped: [
          { word: 'limit', args: 2 },
          { word: 'get', args: 1 },
          { word: 'by', args: 1 },
        ],
        access: 'OW update',
      },
    ],
    since: '1.0.0',
    summary: 'Sorts the elements of a list, set or sorted set.',
    syntax: `${ORDER} [STORE destination:key]`,
    categories: 'set sortedset list dangerous',
  }),
  shardRow('sort_ro', 68, {
    ...later,
    arity: -2,
    flags: READ | PATTERN_KEYS,
    keys: oneKey('RO access'),
    since: '7.0.0',
    summary: 'Sorts the elements of a list, set or sorted set and stores nothing.',
    syntax: ORDER,
    categories: 'set sortedset list dangerous',
  }),
  containerRow(
    'object',
    69,
    {
      ...later,
      arity: -2,
      flags: 0,
      since: '2.2.3',
      summary: 'Tells how the value of a key is stored, by subcommands.',
    },
    OBJECT_ROWS,
  ),
]
