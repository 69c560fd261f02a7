// The lists family. Codes 160-189.

import {
  BLOCKS,
  countedKeys,
  DENY_OOM,
  DETERMINISTIC,
  EVERY_PROFILE,
  FAST,
  FAST_PER_KEY,
  FAST_SHORTEST,
  FAST_WORD,
  LATER_PROFILES,
  NO_SCRIPT,
  oneKey,
  READ,
  type RowFacts,
  shardRow,
  WRITE,
} from './spec.ts'

const list = { profiles: EVERY_PROFILE, group: 'list' } as const
const later = { profiles: LATER_PROFILES, group: 'list' } as const

const PUSHING = {
  ...list,
  arity: -3,
  flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD | DETERMINISTIC,
  keys: oneKey('RW insert'),
  syntax: 'key element ...',
} as const satisfies Partial<RowFacts>

/** 3.2 takes one element. */
const PUSHING_IF_THERE = { ...PUSHING, arity: 3, arityLater: -3, since: '2.2.0' } as const

const POPPING = {
  ...list,
  arity: 2,
  arityLater: -2,
  flags: WRITE | FAST_SHORTEST | FAST_WORD | DETERMINISTIC,
  keys: oneKey('RW access delete'),
  since: '1.0.0',
  syntax: 'key [count:integer]',
} as const satisfies Partial<RowFacts>

/** From one list to another. */
const MOVING = {
  flags: WRITE | DENY_OOM | FAST_PER_KEY | DETERMINISTIC,
  keys: [
    { first: 1, last: 1, step: 1, access: 'RW access delete' },
    { first: 2, last: 2, step: 1, access: 'RW insert' },
  ],
} as const satisfies Partial<RowFacts>

/** Waits for any of several lists. */
const WAITING = {
  ...later,
  arity: -3,
  flags: WRITE | NO_SCRIPT | BLOCKS,
  keys: [{ first: 1, last: -2, step: 1, access: 'RW access delete' }],
  categories: 'blocking',
  since: '2.0.0',
  syntax: 'key ... timeout:double',
  words32: 'write noscript',
} as const satisfies Partial<RowFacts>

/** Waits for a list to move something from. */
const WAITING_TO_MOVE = {
  ...later,
  ...MOVING,
  flags: WRITE | DENY_OOM | NO_SCRIPT | BLOCKS,
  categories: 'blocking',
} as const satisfies Partial<RowFacts>

export const LIST_ROWS = [
  shardRow('lpush', 160, {
    ...PUSHING,
    since: '1.0.0',
    summary: 'Puts elements in front of a list, one after the other.',
  }),
  shardRow('rpush', 161, {
    ...PUSHING,
    since: '1.0.0',
    summary: 'Puts elements behind a list, one after the other.',
  }),
  shardRow('lpushx', 162, {
    ...PUSHING_IF_THERE,
    summary: 'Puts elements in front of a list that exists.',
  }),
  shardRow('rpushx', 163, {
    ...PUSHING_IF_THERE,
    summary: 'Puts elements behind a list that exists.',
  }),
  shardRow('lpop', 164, {
    ...POPPING,
    summary: 'Takes the first elements of a list away and answers with them.',
  }),
  shardRow('rpop', 165, {
    ...POPPING,
    summary: 'Takes the last elements of a list away and answers with them.',
  }),
  shardRow('llen', 166, {
    ...list,
    arity: 2,
    flags: READ | FAST | FAST_WORD,
    keys: oneKey('RO'),
    since: '1.0.0',
    summary: 'Tells how many elements a list has.',
    syntax: 'key',
  }),
  shardRow('lindex', 167, {
    ...list,
    arity: 3,
    flags: READ,
    keys: oneKey('RO access'),
    since: '1.0.0',
    summary: 'Reads the element of a list at an index.',
    syntax: 'key index:integer',
  }),
  shardRow('lset', 168, {
    ...list,
    arity: 4,
    flags: WRITE | DENY_OOM | DETERMINISTIC,
    keys: oneKey('RW update'),
    since: '1.0.0',
    summary: 'Puts another element at an index of a list.',
    syntax: 'key index:integer element',
  }),
  shardRow('lrange', 169, {
    ...list,
    arity: 4,
    flags: READ,
    keys: oneKey('RO access'),
    since: '1.0.0',
    summary: 'Reads the elements of a list between two indexes.',
    syntax: 'key start:integer stop:integer',
  }),
  shardRow('ltrim', 170, {
    ...list,
    arity: 4,
    flags: WRITE | DETERMINISTIC,
    keys: oneKey('RW delete'),
    since: '1.0.0',
    summary: 'Keeps the elements of a list between two indexes.',
    syntax: 'key start:integer stop:integer',
  }),
  shardRow('lrem', 171, {
    ...list,
    arity: 4,
    flags: WRITE | DETERMINISTIC,
    keys: oneKey('RW delete'),
    since: '1.0.0',
    summary: 'Takes elements out of a list that equal a text.',
    syntax: 'key count:integer element',
  }),
  shardRow('linsert', 172, {
    ...list,
    arity: 5,
    flags: WRITE | DENY_OOM | DETERMINISTIC,
    keys: oneKey('RW insert'),
    since: '2.2.0',
    summary: 'Puts an element before or after another one of a list.',
    syntax: 'key (BEFORE|AFTER) pivot element',
  }),
  shardRow('rpoplpush', 173, {
    ...list,
    ...MOVING,
    arity: 3,
    since: '1.2.0',
    summary: 'Moves the last element of a list to the front of another.',
    syntax: 'key destination:key',
  }),
  shardRow('lmove', 174, {
    ...later,
    ...MOVING,
    arity: 5,
    since: '6.2.0',
    summary: 'Moves an element from an end of a list to an end of another.',
    syntax: 'key destination:key (LEFT|RIGHT) (LEFT|RIGHT)',
  }),
  shardRow('lpos', 175, {
    ...later,
    arity: -3,
    flags: READ,
    keys: oneKey('RO access'),
    since: '6.0.6',
    summary: 'Tells at which indexes of a list an element is.',
    syntax: 'key element [RANK rank:integer] [COUNT count:integer] [MAXLEN maxlen:integer]',
  }),
  shardRow('lmpop', 176, {
    ...later,
    arity: -4,
    flags: WRITE | DETERMINISTIC,
    keys: [{ counter: 1, access: 'RW access delete' }],
    since: '7.0.0',
    summary: 'Takes elements from the first of several lists that has any.',
    syntax: 'numkeys:integer key ... (LEFT|RIGHT) [COUNT count:integer]',
  }),
  shardRow('blpop', 177, {
    ...WAITING,
    summary: 'Takes the first element of the first list that has any, or waits for one.',
  }),
  shardRow('brpop', 178, {
    ...WAITING,
    summary: 'Takes the last element of the first list that has any, or waits for one.',
  }),
  shardRow('brpoplpush', 179, {
    ...WAITING_TO_MOVE,
    arity: 4,
    since: '2.2.0',
    summary: 'Moves the last element of a list to the front of another, or waits for one.',
    syntax: 'key destination:key timeout:double',
    words32: 'write denyoom noscript',
  }),
  shardRow('blmove', 180, {
    ...WAITING_TO_MOVE,
    arity: 6,
    since: '6.2.0',
    summary: 'Moves an element from an end of a list to an end of another, or waits for one.',
    syntax: 'key destination:key (LEFT|RIGHT) (LEFT|RIGHT) timeout:double',
  }),
  shardRow('blmpop', 181, {
    ...later,
    arity: -5,
    flags: WRITE | BLOCKS,
    keys: countedKeys(2, 'RW access delete'),
    categories: 'blocking',
    since: '7.0.0',
    summary: 'Takes elements from the first of several lists that has any, or waits for some.',
    syntax: 'timeout:double numkeys:integer key ... (LEFT|RIGHT) [COUNT count:integer]',
  }),
]
