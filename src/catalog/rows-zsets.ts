// The sorted sets family. Codes 240-289.

import {
  BLOCKS,
  countedKeys,
  DENY_OOM,
  EVERY_PROFILE,
  FAST,
  FAST_PER_KEY,
  FAST_WORD,
  LATER_PROFILES,
  NO_SCRIPT,
  NONDETERMINISTIC,
  oneKey,
  READ,
  shardRow,
  WRITE,
} from './spec.ts'

const zset = { profiles: EVERY_PROFILE, group: 'sorted-set' } as const
const later = { profiles: LATER_PROFILES, group: 'sorted-set' } as const

/** What looks a member or a bound up. */
const LOOKING_UP = {
  ...zset,
  flags: READ | FAST | FAST_WORD,
  keys: oneKey('RO access'),
} as const

/** What answers with a range. */
const LISTING = {
  ...zset,
  arity: -4,
  flags: READ,
  keys: oneKey('RO access'),
} as const

/** What removes a range: as much work as there is in it. */
const CUTTING = {
  ...zset,
  arity: 4,
  flags: WRITE,
  keys: oneKey('RW delete'),
} as const

const POPPING = {
  ...later,
  arity: -2,
  flags: WRITE | FAST_WORD,
  keys: oneKey('RW access delete'),
  since: '5.0.0',
  syntax: 'key [count:integer]',
} as const

/** Waits for any of several sets. */
const WAITING = {
  ...later,
  arity: -3,
  flags: WRITE | NO_SCRIPT | FAST_WORD | BLOCKS,
  keys: [{ first: 1, last: -2, step: 1, access: 'RW access delete' }],
  categories: 'blocking',
  since: '5.0.0',
  syntax: 'key ... timeout:double',
} as const

/** Several sets, and a key for what comes of them. */
const STORING = {
  arity: -4,
  flags: WRITE | DENY_OOM,
  keys: [...oneKey('OW update'), ...countedKeys(2, 'RO access')],
} as const

/** Several sets, and a reply. */
const COMBINING = {
  ...later,
  arity: -3,
  flags: READ,
  keys: countedKeys(1, 'RO access'),
} as const

const WEIGHING = '[WEIGHTS weight:double ...] [AGGREGATE (SUM|MIN|MAX)]'
const LIMIT = '[LIMIT (offset:integer count:integer)]'

export const ZSET_ROWS = [
  shardRow('zadd', 240, {
    ...zset,
    arity: -4,
    flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RW update'),
    since: '1.2.0',
    summary: 'Adds members with scores, or gives members other scores.',
    syntax: 'key [NX|XX] [GT|LT] [CH] [INCR] (score:double member) ...',
  }),
  shardRow('zcard', 241, {
    ...LOOKING_UP,
    arity: 2,
    keys: oneKey('RO'),
    since: '1.2.0',
    summary: 'Tells how many members a sorted set has.',
    syntax: 'key',
  }),
  shardRow('zcount', 242, {
    ...LOOKING_UP,
    arity: 4,
    since: '2.0.0',
    summary: 'Counts the members with scores in a range.',
    syntax: 'key min:double max:double',
  }),
  shardRow('zincrby', 243, {
    ...zset,
    arity: 4,
    flags: WRITE | DENY_OOM | FAST | FAST_WORD,
    keys: oneKey('RW access update'),
    since: '1.2.0',
    summary: 'Adds to the score of a member.',
    syntax: 'key increment:double member',
  }),
  shardRow('zscore', 244, {
    ...LOOKING_UP,
    arity: 3,
    since: '1.2.0',
    summary: 'Reads the score of a member.',
    syntax: 'key member',
  }),
  shardRow('zrank', 245, {
    ...LOOKING_UP,
    arity: 3,
    since: '2.0.0',
    summary: 'Tells how many members have a lower place than a member.',
    syntax: 'key member',
  }),
  shardRow('zrevrank', 246, {
    ...LOOKING_UP,
    arity: 3,
    since: '2.0.0',
    summary: 'Tells how many members have a higher place than a member.',
    syntax: 'key member',
  }),
  shardRow('zrem', 247, {
    ...zset,
    arity: -3,
    flags: WRITE | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RW delete'),
    since: '1.2.0',
    summary: 'Removes members; the key goes with the last one.',
    syntax: 'key member [member ...]',
  }),
  shardRow('zremrangebyrank', 248, {
    ...CUTTING,
    since: '2.0.0',
    summary: 'Removes the members at a range of places.',
    syntax: 'key start:integer stop:integer',
  }),
  shardRow('zremrangebyscore', 249, {
    ...CUTTING,
    since: '1.2.0',
    summary: 'Removes the members with scores in a range.',
    syntax: 'key min:double max:double',
  }),
  shardRow('zremrangebylex', 250, {
    ...CUTTING,
    since: '2.8.9',
    summary: 'Removes the members in a range of texts.',
    syntax: 'key min:lex max:lex',
  }),
  shardRow('zrange', 251, {
    ...LISTING,
    since: '1.2.0',
    summary: 'Lists members in a range of places, scores or texts.',
    syntax: `key start:zset-bound stop:zset-bound [BYSCORE|BYLEX] [REV] ${LIMIT} [WITHSCORES]`,
  }),
  shardRow('zrevrange', 252, {
    ...LISTING,
    since: '1.2.0',
    summary: 'Lists members at a range of places, the highest first.',
    syntax: 'key start:integer stop:integer [WITHSCORES]',
  }),
  shardRow('zrangebyscore', 253, {
    ...LISTING,
    since: '1.0.5',
    summary: 'Lists members with scores in a range.',
    syntax: `key min:double max:double [WITHSCORES] ${LIMIT}`,
  }),
  shardRow('zrevrangebyscore', 254, {
    ...LISTING,
    since: '2.2.0',
    summary: 'Lists members with scores in a range, the highest first.',
    syntax: `key max:double min:double [WITHSCORES] ${LIMIT}`,
  }),
  shardRow('zrangebylex', 255, {
    ...LISTING,
    since: '2.8.9',
    summary: 'Lists members in a range of texts.',
    syntax: `key min:lex max:lex ${LIMIT}`,
  }),
  shardRow('zrevrangebylex', 256, {
    ...LISTING,
    since: '2.8.9',
    summary: 'Lists members in a range of texts, the highest first.',
    syntax: `key max:lex min:lex ${LIMIT}`,
  }),
  shardRow('zlexcount', 257, {
    ...LOOKING_UP,
    arity: 4,
    since: '2.8.9',
    summary: 'Counts the members in a range of texts.',
    syntax: 'key min:lex max:lex',
  }),
  shardRow('zscan', 258, {
    ...zset,
    arity: -3,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '2.8.0',
    summary: 'Goes through a sorted set step by step.',
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]',
    words32: 'readonly random',
  }),
  shardRow('zunionstore', 259, {
    ...zset,
    ...STORING,
    since: '2.0.0',
    summary: 'Stores the union of sorted sets, with their scores put together.',
    syntax: `destination:key numkeys:integer key ... ${WEIGHING}`,
  }),
  shardRow('zinterstore', 260, {
    ...zset,
    ...STORING,
    since: '2.0.0',
    summary: 'Stores what all sorted sets share, with their scores put together.',
    syntax: `destination:key numkeys:integer key ... ${WEIGHING}`,
  }),
  shardRow('zpopmin', 261, { ...POPPING, summary: 'Takes the members with the lowest scores.' }),
  shardRow('zpopmax', 262, { ...POPPING, summary: 'Takes the members with the highest scores.' }),
  shardRow('zmpop', 263, {
    ...later,
    arity: -4,
    flags: WRITE,
    keys: countedKeys(1, 'RW access delete'),
    since: '7.0.0',
    summary: 'Takes members of the first sorted set that has some.',
    syntax: 'numkeys:integer key ... (MIN|MAX) [COUNT count:integer]',
  }),
  shardRow('zmscore', 264, {
    ...later,
    arity: -3,
    flags: READ | FAST_PER_KEY | FAST_WORD,
    keys: oneKey('RO access'),
    since: '6.2.0',
    summary: 'Reads the scores of several members.',
    syntax: 'key member [member ...]',
  }),
  shardRow('zrandmember', 265, {
    ...later,
    arity: -2,
    flags: READ | NONDETERMINISTIC,
    keys: oneKey('RO access'),
    since: '6.2.0',
    summary: 'Picks members by chance.',
    syntax: 'key [count:integer [WITHSCORES]]',
  }),
  shardRow('zrangestore', 266, {
    ...later,
    arity: -5,
    flags: WRITE | DENY_OOM,
    keys: [
      { first: 1, last: 1, step: 1, access: 'OW update' },
      { first: 2, last: 2, step: 1, access: 'RO access' },
    ],
    since: '6.2.0',
    summary: 'Stores members in a range of places, scores or texts.',
    syntax: `dst:key src:key min:zset-bound max:zset-bound [BYSCORE|BYLEX] [REV] ${LIMIT}`,
  }),
  shardRow('zunion', 267, {
    ...COMBINING,
    since: '6.2.0',
    summary: 'Lists the union of sorted sets, with their scores put together.',
    syntax: `numkeys:integer key ... ${WEIGHING} [WITHSCORES]`,
  }),
  shardRow('zinter', 268, {
    ...COMBINING,
    since: '6.2.0',
    summary: 'Lists what all sorted sets share, with their scores put together.',
    syntax: `numkeys:integer key ... ${WEIGHING} [WITHSCORES]`,
  }),
  shardRow('zintercard', 269, {
    ...COMBINING,
    since: '7.0.0',
    summary: 'Counts what all sorted sets share.',
    syntax: 'numkeys:integer key ... [LIMIT limit:integer]',
  }),
  shardRow('zdiff', 270, {
    ...COMBINING,
    since: '6.2.0',
    summary: 'Lists what the first sorted set alone has.',
    syntax: 'numkeys:integer key ... [WITHSCORES]',
  }),
  shardRow('zdiffstore', 271, {
    ...later,
    ...STORING,
    since: '6.2.0',
    summary: 'Stores what the first sorted set alone has.',
    syntax: 'destination:key numkeys:integer key ...',
  }),
  shardRow('bzpopmin', 285, {
    ...WAITING,
    summary: 'Takes the member with the lowest score of the first set that has any, or waits.',
  }),
  shardRow('bzpopmax', 286, {
    ...WAITING,
    summary: 'Takes the member with the highest score of the first set that has any, or waits.',
  }),
  shardRow('bzmpop', 287, {
    ...later,
    arity: -5,
    flags: WRITE | BLOCKS,
    keys: countedKeys(2, 'RW access delete'),
    categories: 'blocking',
    since: '7.0.0',
    summary: 'Takes members of the first sorted set that has some, or waits for some.',
    syntax: 'timeout:double numkeys:integer key ... (MIN|MAX) [COUNT count:integer]',
  }),
] as const
