// Redis's own words for a row: flags, ACL categories, tips, in Redis's order. Cold.

import {
  ADMIN,
  BLOCKS,
  BY_SLOT,
  type CommandRow,
  DENY_OOM,
  FAST_WORD,
  KEYLESS_ALL_SHARDS,
  LOADING_OK,
  MERGE_NONE,
  MERGE_OK,
  MERGE_SUM,
  NO_AUTH,
  NO_SCRIPT,
  NONDETERMINISTIC,
  PATTERN_KEYS,
  PROFILE_CKV,
  PUBSUB_WORD,
  READ,
  REGISTERS,
  STALE,
  UNORDERED,
  WRITE,
} from './spec.ts'

/** Bit → word, in the order in which Redis 7.0 lists them. */
const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [WRITE, 'write'],
  [READ, 'readonly'],
  [DENY_OOM, 'denyoom'],
  [ADMIN, 'admin'],
  [PUBSUB_WORD, 'pubsub'],
  [NO_SCRIPT, 'noscript'],
  [BLOCKS, 'blocking'],
  [LOADING_OK, 'loading'],
  [STALE, 'stale'],
  [FAST_WORD, 'fast'],
  [NO_AUTH, 'no_auth'],
  // Redis allows during a busy script exactly what it allows before AUTH, as far as we serve it.
  [NO_AUTH, 'allow_busy'],
]

/** Words that 3.2 does not know. */
const WORDS_AFTER_32 = new Set(['no_auth', 'allow_busy'])

/** In the order of Redis 7.0's ACL categories. */
const CATEGORY_ORDER = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
]

/** Category that a group brings with it. */
const GROUP_CATEGORIES: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['bitmap', 'bitmap'],
  ['hyperloglog', 'hyperloglog'],
  ['generic', 'keyspace'],
  ['connection', 'connection'],
  ['hash', 'hash'],
  ['list', 'list'],
  ['set', 'set'],
  ['pubsub', 'pubsub'],
  ['sorted-set', 'sortedset'],
  ['transactions', 'transaction'],
])

/** As `write denyoom fast`, in the words of the profile's Redis. */
export function flagWords(row: CommandRow, profile: number): string[] {
  const own = profile === PROFILE_CKV ? row.words32 : row.words70
  if (own !== '') return own.split(' ')
  const flags = shownFlags(row)
  const words = FLAG_WORDS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word)
  if (row.movableKeys || (row.flags & PATTERN_KEYS) !== 0) words.push('movablekeys')
  return profile === PROFILE_CKV ? words.filter((word) => !WORDS_AFTER_32.has(word)) : words
}

/** Without the '@'. */
export function categoriesOf(row: CommandRow): string[] {
  const all = new Set(row.categories.split(' '))
  // A container has no handler: Redis counts only its speed.
  const group = row.place === 'container' ? undefined : GROUP_CATEGORIES.get(row.group)
  if (group !== undefined) all.add(group)
  if ((shownFlags(row) & READ) !== 0) all.add('read')
  if ((row.flags & WRITE) !== 0) all.add('write')
  if ((row.flags & ADMIN) !== 0) all.add('admin').add('dangerous')
  all.add((row.flags & FAST_WORD) !== 0 ? 'fast' : 'slow')
  return CATEGORY_ORDER.filter((category) => all.has(category))
}

/**
 * Tips of COMMAND. `all_shards` is left out on purpose: every address here answers for all shards,
 * and a client that asked each announced node and added the answers would count everything twice.
 */
export function tipsOf(row: CommandRow): string[] {
  const tips: string[] = []
  if ((row.flags & NONDETERMINISTIC) !== 0) tips.push('nondeterministic_output')
  if ((row.flags & UNORDERED) !== 0) tips.push('nondeterministic_output_order')
  if (row.merge === MERGE_NONE || (row.flags & KEYLESS_ALL_SHARDS) !== 0) return tips
  tips.push('request_policy:multi_shard')
  if (row.merge === MERGE_SUM) tips.push('response_policy:agg_sum')
  if (row.merge === MERGE_OK) tips.push('response_policy:all_succeeded')
  return tips
}

/**
 * Redis does not count WATCH and the reads of a slot's keys (CLUSTER COUNTKEYSINSLOT) as readonly.
 */
function shownFlags(row: CommandRow): number {
  return (row.flags & (BY_SLOT | REGISTERS)) !== 0 ? row.flags & ~READ : row.flags
}
