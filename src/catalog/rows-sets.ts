// The sets family. Codes 215-239.

import {
  countedKeys,
  DENY_OOM,
  EVERY_PROFILE,
  everyKey,
  FAST,
  FAST_PER_KEY,
  FAST_SHORTEST,
  FAST_WORD,
  LATER_PROFILES,
  NONDETERMINISTIC,
  oneKey,
  READ,
  shardRow,
  UNORDERED,
  WRITE,
} from './spec.ts'

const set = { profiles: EVERY_PROFILE, group: 'set', since: '1.0.0' } as const

/** What looks members up. */
const LOOKING_UP = {
  ...set,
  flags: READ | FAST | FAST_WORD,
  keys: oneKey('RO'),
} as const

/** What picks members by chance: one, or as many as an argument says. */
const PICKING = {
  ...set,
  arity: -2,
  syntax: 'key [count:integer]',
} as const

/** What combines sets and answers with the result. */
const COMBINING = {
  ...set,
  arity: -2,
  flags: READ | UNORDERED,
  keys: everyKey('RO access'),
  syntax: 'key ...',
  words32: 'readonly sort_for_script',
} as const

/** The same, stored at the first key. */
const STORING = {
  ...set,
  arity: -3,
  flags: WRITE | DENY_OOM,
  syntax: 'destination:key key ...',
} as const

function targetAndSources(targetAccess: string) {
  return [
    { first: 1, last: 1, step: 1, access: targetAccess },
    { first: 2, last: -1, step: 1, access: 'RO access' },
  ] as const
}

export const SET_ROWS = [
  shardRow('sadd', 215, {
    ...set,
    arity: -3,
    flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RW insert'),
    summary: 'Adds members to a set, making the key if needed.',
    syntax: 'key member ...',
  }),
  shardRow('srem', 216, {
    ...set,
    arity: -3,
    flags: WRITE | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RW delete'),
    summary: 'Removes members; the key goes with the last one.',
    syntax: 'key member ...',
  }),
  shardRow('scard', 217, {
    ...LOOKING_UP,
    arity: 2,
    summary: 'Tells how many members a set has.',
    syntax: 'key',
  }),
  shardRow('sismember', 218, {
    ...LOOKING_UP,
    arity: 3,
    summary: 'Tells whether something is a member of a set.',
    syntax: 'key member',
  }),
  shardRow('smismember', 219, {
    ...LOOKING_UP,
    profiles: LATER_PROFILES,
    arity: -3,
    flags: READ | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RO access'),
    since: '6.2.0',
    summary: 'Tells of several things whether they are members of a set.',
    syntax: 'key member ...',
  }),
  shardRow('smembers', 220, {
    ...set,
    arity: 2,
    flags: READ | UNORDERED,
    keys: oneKey('RO access'),
    summary: 'Lists the members of a set.',
    syntax: 'key',
    words32: 'readonly sort_for_script',
  }),
  shardRow('smove', 221, {
    ...set,
    arity: 4,
    flags: WRITE | FAST_PER_KEY | FAST_WORD,
    keys: [
      { first: 1, last: 1, step: 1, access: 'RW access delete' },
      { first: 2, last: 2, step: 1, access: 'RW insert' },
    ],
    summary: 'Moves a member from one set to another.',
    syntax: 'source:key destination:key member',
  }),
  shardRow('spop', 222, {
    ...PICKING,
    flags: WRITE | NONDETERMINISTIC | FAST_SHORTEST | FAST_WORD,
    keys: oneKey('RW access delete'),
    summary: 'Removes members by chance and answers with them.',
    words32: 'write random fast',
  }),
  shardRow('srandmember', 223, {
    ...PICKING,
    flags: READ | NONDETERMINISTIC | FAST_SHORTEST,
    keys: oneKey('RO access'),
    summary: 'Picks members by chance.',
    words32: 'readonly random',
  }),
  shardRow('sscan', 224, {
    ...set,
    arity: -3,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '2.8.0',
    summary: 'Goes through a set step by step.',
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]',
    words32: 'readonly random',
  }),
  shardRow('sinter', 225, { ...COMBINING, summary: 'Lists what is a member of all sets.' }),
  shardRow('sinterstore', 226, {
    ...STORING,
    keys: targetAndSources('RW update'),
    summary: 'Stores what is a member of all sets.',
  }),
  shardRow('sunion', 227, { ...COMBINING, summary: 'Lists what is a member of any set.' }),
  shardRow('sunionstore', 228, {
    ...STORING,
    keys: targetAndSources('OW update'),
    summary: 'Stores what is a member of any set.',
  }),
  shardRow('sdiff', 229, {
    ...COMBINING,
    summary: 'Lists what is a member of the first set and of no other.',
  }),
  shardRow('sdiffstore', 230, {
    ...STORING,
    keys: targetAndSources('OW update'),
    summary: 'Stores what is a member of the first set and of no other.',
  }),
  shardRow('sintercard', 231, {
    ...set,
    profiles: LATER_PROFILES,
    arity: -3,
    flags: READ,
    keys: countedKeys(1, 'RO access'),
    since: '7.0.0',
    summary: 'Counts what is a member of all sets.',
    syntax: 'numkeys:integer key ... [LIMIT limit:integer]',
  }),
] as const
