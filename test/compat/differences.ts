// Where our replies differ from redis-server 7.0 on purpose, each with its reason. Profile `redis`
// is meant to have none; the others give Redis 3.2's replies or the document's.

import type { ProfileName } from '../../src/catalog/spec.ts'
import type { Reply } from '../support/resp.ts'
import type { Words } from './generator.ts'

export interface Difference {
  reason: string
  profiles: ProfileName[]
  /** Small letters. */
  commands: string[] | 'any'
  explains(words: Words, ours: Reply, theirs: Reply): boolean
}

function errorText(reply: Reply): string | undefined {
  return reply !== null && typeof reply === 'object' && 'error' in reply ? reply.error : undefined
}

/** Keys of a random run that may be past their time at once. */
const EXPIRED_KEYS_MAX = 8

const TEXTS_OF_32: readonly (readonly [RegExp, RegExp])[] = [
  [/^ERR hash value is not a valid float$/, /^ERR hash value is not a float$/],
  [
    /^(ERR increment would produce NaN or Infinity|WRONGTYPE .*)$/,
    /^ERR value is NaN or Infinity$/,
  ],
  [
    /^ERR unsupported unit provided\. please use m, km, ft, mi$/,
    /^ERR unsupported unit provided\. please use M, KM, FT, MI$/,
  ],
  [
    /^ERR STORE option in GEORADIUS .* and WITHCOORDS options$/,
    /^ERR STORE option in GEORADIUS .* and WITHCOORD options$/,
  ],
  [
    /^ERR at least 1 input key is needed for ZUNIONSTORE\/ZINTERSTORE$/,
    /^ERR at least 1 input key is needed for '/,
  ],
]

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'an expiry after the year 287396 is kept as that year: times are numbers below 2^53 ms',
    profiles: ['ckv', 'extended', 'redis'],
    commands: ['expiretime', 'pexpiretime', 'ttl', 'pttl'],
    explains: (_words, ours, theirs) => Number(ours) > 9e12 && Number(theirs) > Number(ours),
  },
  {
    reason:
      'keys whose time is over count until they are removed, which each server does when it likes',
    profiles: ['ckv', 'extended', 'redis'],
    commands: ['dbsize'],
    explains: (_words, ours, theirs) =>
      typeof ours === 'number' &&
      typeof theirs === 'number' &&
      Math.abs(ours - theirs) <= EXPIRED_KEYS_MAX,
  },
  {
    reason: 'PTTL is a multiple of 1000 ms, rounded up, as the document has it',
    profiles: ['ckv', 'extended'],
    commands: ['pttl'],
    explains: (_words, ours, theirs) =>
      typeof ours === 'number' &&
      typeof theirs === 'number' &&
      ours % 1000 === 0 &&
      ours >= theirs - 1000 &&
      ours - theirs < 4000,
  },
  {
    reason: 'Redis 3.2 names a command with a wrong expiry as it is written, without quotes',
    profiles: ['ckv', 'extended'],
    commands: 'any',
    explains: (_words, ours, theirs) =>
      /^ERR invalid expire/.test(errorText(ours) ?? '') &&
      /^ERR invalid expire time in /.test(errorText(theirs) ?? ''),
  },
  {
    reason: 'Redis 3.2 waits for whole seconds, and says so of what is no number',
    profiles: ['extended'],
    commands: ['blpop', 'brpop', 'brpoplpush'],
    explains: (_words, ours, theirs) =>
      errorText(ours) === 'ERR timeout is not an integer or out of range' &&
      errorText(theirs) === 'ERR timeout is not a float or out of range',
  },
  {
    reason: 'Redis 3.2 has no BYTE and BIT: a word more is a syntax error, whatever the others are',
    profiles: ['ckv'],
    commands: ['bitcount', 'bitpos'],
    explains: (words, ours, theirs) =>
      words.length > 4 && errorText(ours) === 'ERR syntax error' && errorText(theirs) !== undefined,
  },
  {
    reason: 'a value has 32 MB at most, and the error says so',
    profiles: ['ckv', 'extended'],
    commands: ['setrange', 'append', 'setbit'],
    explains: (_words, ours, theirs) =>
      errorText(ours) === 'ERR string exceeds maximum allowed size (32MB)' &&
      errorText(theirs) === 'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
  },
  {
    reason: 'Redis 3.2 answers SINTER at the first missing key, whatever the keys behind it hold',
    profiles: ['ckv', 'extended'],
    commands: ['sinter', 'sinterstore', 'sintercard'],
    explains: (_words, ours, theirs) =>
      (ours === 0 || (Array.isArray(ours) && ours.length === 0)) &&
      /^WRONGTYPE /.test(errorText(theirs) ?? ''),
  },
  {
    reason: 'Redis 3.2 has other texts for a wrong count of SPOP',
    profiles: ['ckv', 'extended'],
    commands: ['spop'],
    explains: (_words, ours, theirs) =>
      /^ERR (index out of range|value is not an integer or out of range)$/.test(
        errorText(ours) ?? '',
      ) && errorText(theirs) === 'ERR value is out of range, must be positive',
  },
  {
    reason: 'Redis 3.2 names the first word of a command with a wrong number of arguments',
    profiles: ['ckv', 'extended'],
    commands: ['object'],
    explains: (_words, ours, theirs) =>
      errorText(ours) === "ERR wrong number of arguments for 'object' command" &&
      /^ERR wrong number of arguments for 'object[|]/.test(errorText(theirs) ?? ''),
  },
  {
    reason: 'SORT of Redis makes a packed sorted set a large one; here it only reads',
    profiles: ['ckv', 'extended', 'redis'],
    commands: ['object'],
    explains: (_words, ours, theirs) =>
      (ours === 'listpack' || ours === 'ziplist') && theirs === 'skiplist',
  },
  {
    reason: 'SORT of Redis looks at errno, in which an earlier command may have left an error',
    profiles: ['ckv', 'extended', 'redis'],
    commands: ['sort', 'sort_ro'],
    explains: (_words, ours, theirs) =>
      Array.isArray(ours) &&
      ours.every((element) => Number.isFinite(Number(element))) &&
      /^ERR One or more scores can't/.test(errorText(theirs) ?? ''),
  },
  {
    reason: 'Redis 3.2 calls what is packed a ziplist',
    profiles: ['ckv', 'extended'],
    commands: ['object'],
    explains: (_words, ours, theirs) => ours === 'ziplist' && theirs === 'listpack',
  },
  {
    reason: 'a cursor names a shard: not every number is one',
    profiles: ['extended', 'redis'],
    commands: ['scan'],
    explains: (_words, ours) => errorText(ours) === 'ERR invalid cursor',
  },
  {
    reason: 'Redis 3.2 has one text for every option that a range does not have',
    profiles: ['ckv', 'extended'],
    commands: ['zrevrange', 'zrangebylex', 'zrevrangebylex'],
    explains: (_words, ours, theirs) =>
      errorText(ours) === 'ERR syntax error' && /^ERR syntax error, /.test(errorText(theirs) ?? ''),
  },
  {
    reason:
      'a score of -0 is stored as 0, as in a packed sorted set; a large one of Redis keeps it',
    profiles: ['ckv', 'extended', 'redis'],
    commands: 'any',
    explains: (words, ours, theirs) =>
      /^z/i.test(String(words[0])) &&
      JSON.stringify(ours) === JSON.stringify(theirs).replaceAll('"-0"', '"0"'),
  },
  {
    reason:
      'Redis 3.2 has other words for fields that are no numbers, for units, stores and counts',
    profiles: ['ckv', 'extended'],
    commands: 'any',
    explains: (_words, ours, theirs) =>
      TEXTS_OF_32.some(
        ([own, other]) => own.test(errorText(ours) ?? '') && other.test(errorText(theirs) ?? ''),
      ),
  },
  {
    reason: 'Redis 3.2 has one text for every wrong number of a database',
    profiles: ['ckv', 'extended'],
    commands: ['select', 'move'],
    explains: (_words, ours, theirs) =>
      /^ERR (invalid DB index|index out of range)$/.test(errorText(ours) ?? '') &&
      errorText(theirs) !== undefined,
  },
]

/** Which of the known differences explains this pair, or undefined. */
export function findDifference(
  profile: ProfileName,
  words: Words,
  ours: Reply,
  theirs: Reply,
): Difference | undefined {
  const name = String(words[0]).toLowerCase()
  return DIFFERENCES.find(
    ({ profiles, commands, explains }) =>
      profiles.includes(profile) &&
      (commands === 'any' || commands.includes(name)) &&
      explains(words, ours, theirs),
  )
}
