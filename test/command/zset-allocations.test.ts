// Sorted set commands with their k-th allocation failing.

import t from 'tap'
import { type FailureCase, tryFailures } from './allocation-attempts.ts'

const LONG = 'x'.repeat(700)
/** Members of a large sorted set. */
const MANY_PAIRS = Array.from({ length: 150 }, (_, index) => [`${index % 7}`, `m${index}`]).flat()

const CASES: readonly FailureCase[] = [
  [[], ['ZADD', 'k', '1', 'a', '2.5', 'b']],
  [[['ZADD', 'k', '1', 'a']], ['ZADD', 'k', '3', 'a', '2', LONG, '1', 'c', '4', LONG]],
  [[['ZADD', 'k', '1', LONG, '2', 'b']], ['ZADD', 'k', '0', 'b', '3', 'c', '3', LONG, '9', 'd']],
  [[['ZADD', 'k', '1', LONG, '2', 'b']], ['ZINCRBY', 'k', '5', LONG]],
  [[['ZADD', 'k', '1', LONG]], ['ZADD', 'k', ...MANY_PAIRS]],
  [[['ZADD', 'k', ...MANY_PAIRS]], ['ZREM', 'k', 'm1', 'm2', 'm77']],
  [[['ZADD', 'k', ...MANY_PAIRS]], ['ZREMRANGEBYRANK', 'k', '3', '-4']],
  [[['ZADD', 'k', '1', 'a', '2', 'b']], ['ZPOPMIN', 'k', '2']],
  [[['ZADD', 'k', '1', LONG]], ['EXPIRE', 'k', '100']],
  [
    [
      ['ZADD', 'k', '1', LONG],
      ['ZADD', 'a', '2', 'x', '3', 'y'],
    ],
    ['ZUNIONSTORE', 'k', '2', 'k', 'a'],
  ],
  [[['ZADD', 'k', ...MANY_PAIRS]], ['ZUNIONSTORE', 'a', '1', 'k']],
  [[['MSET', 'k', LONG]], ['ZRANGESTORE', 'k', 'none', '0', '-1']],
]

tryFailures(t, CASES)
