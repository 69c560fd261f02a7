// The hashes family. Codes 190-214.

import {
  DENY_OOM,
  EVERY_PROFILE,
  FAST,
  FAST_PER_KEY,
  FAST_WORD,
  LATER_PROFILES,
  NONDETERMINISTIC,
  oneKey,
  READ,
  shardRow,
  UNORDERED,
  WRITE,
} from './spec.ts'

const hash = { profiles: EVERY_PROFILE, group: 'hash', since: '2.0.0' } as const

/** What changes one or a few fields in bounded time. */
const CHANGING = {
  ...hash,
  flags: WRITE | DENY_OOM | FAST | FAST_WORD,
  keys: oneKey('RW update'),
} as const

/** What looks a field up. */
const LOOKING_UP = {
  ...hash,
  flags: READ | FAST | FAST_WORD,
  keys: oneKey('RO access'),
} as const

/** What answers with all of a hash. */
const LISTING = {
  ...hash,
  arity: 2,
  flags: READ | UNORDERED,
  keys: oneKey('RO access'),
  syntax: 'key',
  words32: 'readonly sort_for_script',
} as const

export const HASH_ROWS = [
  shardRow('hset', 190, {
    ...CHANGING,
    flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD,
    arity: 4,
    arityLater: -4,
    summary: 'Sets fields of a hash, making the key if needed.',
    syntax: 'key (field value) ...',
  }),
  shardRow('hsetnx', 191, {
    ...CHANGING,
    arity: 4,
    keys: oneKey('RW insert'),
    summary: 'Sets a field only where the hash has none of that name.',
    syntax: 'key field value',
  }),
  shardRow('hget', 192, {
    ...LOOKING_UP,
    arity: 3,
    summary: 'Reads a field.',
    syntax: 'key field',
  }),
  shardRow('hmset', 193, {
    ...CHANGING,
    flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD,
    arity: -4,
    summary: 'Sets fields of a hash and answers OK.',
    syntax: 'key (field value) ...',
    words32: 'write denyoom',
  }),
  shardRow('hmget', 194, {
    ...LOOKING_UP,
    flags: READ | FAST_PER_KEY | FAST_WORD,
    arity: -3,
    summary: 'Reads several fields.',
    syntax: 'key field [field ...]',
    words32: 'readonly',
  }),
  shardRow('hincrby', 195, {
    ...CHANGING,
    arity: 4,
    keys: oneKey('RW access update'),
    summary: 'Adds an integer to the number in a field.',
    syntax: 'key field increment:integer',
  }),
  shardRow('hincrbyfloat', 196, {
    ...CHANGING,
    arity: 4,
    keys: oneKey('RW access update'),
    since: '2.6.0',
    summary: 'Adds a floating-point number to the number in a field.',
    syntax: 'key field increment:double',
  }),
  shardRow('hdel', 197, {
    ...hash,
    arity: -3,
    flags: WRITE | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RW delete'),
    summary: 'Removes fields; the key goes with the last one.',
    syntax: 'key field [field ...]',
  }),
  shardRow('hlen', 198, {
    ...LOOKING_UP,
    arity: 2,
    keys: oneKey('RO'),
    summary: 'Tells how many fields a hash has.',
    syntax: 'key',
  }),
  shardRow('hstrlen', 199, {
    ...LOOKING_UP,
    arity: 3,
    keys: oneKey('RO'),
    since: '3.2.0',
    summary: 'Tells how many bytes the value of a field has.',
    syntax: 'key field',
  }),
  shardRow('hexists', 200, {
    ...LOOKING_UP,
    arity: 3,
    keys: oneKey('RO'),
    summary: 'Tells whether a hash has a field.',
    syntax: 'key field',
  }),
  shardRow('hkeys', 201, { ...LISTING, summary: 'Lists the fields of a hash.' }),
  shardRow('hvals', 202, { ...LISTING, summary: 'Lists the values of a hash.' }),
  shardRow('hgetall', 203, {
    ...LISTING,
    flags: READ | NONDETERMINISTIC,
    words32: 'readonly',
    summary: 'Lists fields and values of a hash.',
  }),
  shardRow('hscan', 204, {
    ...hash,
    arity: -3,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '2.8.0',
    summary: 'Goes through a hash step by step.',
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]',
    words32: 'readonly random',
  }),
  shardRow('hrandfield', 205, {
    ...hash,
    profiles: LATER_PROFILES,
    arity: -2,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '6.2.0',
    summary: 'Picks fields by chance.',
    syntax: 'key [count:integer [WITHVALUES]]',
  }),
] as const
