// RENAME, COPY, MOVE, RESTORE and SORT of every type with their k-th allocation failing.

import t from 'tap'
import type { Words } from '../support/shard-fixture.ts'
import { type FailureCase, tryFailures } from './allocation-attempts.ts'

const LONG = 'x'.repeat(700)
const FIELDS = ['f1', LONG, 'f2', 'v', 'f3', LONG]
const HASH = ['HSET', 'a', ...FIELDS]
const LIST = ['RPUSH', 'a', LONG, ...Array.from({ length: 12 }, (_, index) => `${index}${LONG}`)]
const SET = ['SADD', 'a', LONG, 'b', 'c']
const ZSET = ['ZADD', 'a', '1', LONG, '2', 'b', '3', 'c']
/** What DUMP of redis-server gave for a list, a set, a sorted set and a hash. */
const PAYLOADS = [
  '1201021111000000040081610281620201010201ff0a006d72713e9b43482b',
  '0203c001016201610a004467f0c6e2d12e5b',
  '1114140000000400816102010181620283322e3504ff0a00d44c6ea4f644d9d7',
  '1016160000000400846e616d6505817602826631030201ff0a002c10067ff126e98f',
].map((hex) => Buffer.from(hex, 'hex'))

const VALUES: readonly Words[] = [HASH, LIST, SET, ZSET, ['SET', 'a', LONG, 'EX', '9']]
const COMMANDS: readonly Words[] = [
  ['RENAME', 'a', 'k'],
  ['RENAMENX', 'a', '{a}b'],
  ['COPY', 'a', 'k', 'REPLACE'],
  ['COPY', 'a', 'a', 'DB', '1'],
  ['MOVE', 'a', '1'],
]
const CASES: readonly FailureCase[] = [
  ...VALUES.flatMap((value) => COMMANDS.map((command): FailureCase => [[value], command])),
  [
    [HASH, ['SET', 'k', LONG]],
    ['RENAME', 'a', 'k'],
  ],
  [
    [HASH, ['SET', '{a}k', LONG]],
    ['RENAME', 'a', '{a}k'],
  ],
  [
    [LIST, ['HSET', 'k', ...FIELDS]],
    ['COPY', 'a', 'k', 'REPLACE'],
  ],
  [[HASH], ['SWAPDB', '0', '1']],
  ...PAYLOADS.map((payload): FailureCase => [[], ['RESTORE', 'k', '0', payload]]),
  [[HASH], ['RESTORE', 'a', '100', PAYLOADS[0], 'REPLACE']],
  [[LIST], ['SORT', 'a', 'ALPHA', 'STORE', 'k']],
  [[LIST], ['SORT', 'a', 'ALPHA', 'STORE', 'a']],
]

tryFailures(t, CASES)
