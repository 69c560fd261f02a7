// Set commands while memory fails: over every encoding, and from each to the next.

import t from 'tap'
import { type FailureCase, tryFailures } from './allocation-attempts.ts'

const LONG = 'x'.repeat(700)
const INTEGERS = Array.from({ length: 24 }, (_, index) => String(index * 1000))

const CASES: readonly FailureCase[] = [
  [[], ['SADD', 'k', '1', '2']],
  [[], ['SADD', 'k', 'a', LONG, 'b', LONG]],
  [[['SADD', 'k', '1', '2']], ['SADD', 'k', '3', ...INTEGERS, '9223372036854775807']],
  [[['SADD', 'k', '1', '2']], ['SADD', 'k', 'a', 'b']],
  [[['SADD', 'k', '1', '2']], ['SADD', 'k', '3', LONG, '4', 'x', '4']],
  [[['SADD', 'k', '1', 'a']], ['SADD', 'k', ...INTEGERS, LONG, 'b', 'a']],
  [[['SADD', 'k', LONG]], ['SADD', 'k', '5', LONG, 'b', 'b', '5']],
  [[['SADD', 'k', LONG, 'b']], ['SREM', 'k', 'b']],
  [[['SADD', 'k', ...INTEGERS]], ['SREM', 'k', ...INTEGERS.slice(1)]],
  [[['SADD', 'k', ...INTEGERS, 'a']], ['SPOP', 'k', '20']],
  [
    [
      ['SADD', 'a', '1'],
      ['SADD', 'k', '2'],
    ],
    ['SMOVE', 'a', 'k', '1'],
  ],
  [[['SADD', 'a', LONG, 'b']], ['SMOVE', 'a', 'k', LONG]],
  [
    [
      ['SADD', 'a', LONG, 'b'],
      ['SADD', 'k', 'x'],
    ],
    ['SMOVE', 'a', 'k', LONG],
  ],
  [
    [
      ['SADD', 'a', '1', '2'],
      ['SET', 'k', LONG],
    ],
    ['SUNIONSTORE', 'k', 'a'],
  ],
  [
    [
      ['SADD', 'a', '1', 'x'],
      ['SADD', 'k', LONG],
    ],
    ['SUNIONSTORE', 'k', 'a', 'k'],
  ],
  [[['SADD', 'a', ...INTEGERS, LONG]], ['SINTERSTORE', 'k', 'a', 'a']],
  [
    [
      ['SADD', 'a', '1', 'x'],
      ['SADD', 'k', LONG],
    ],
    ['SDIFFSTORE', 'k', 'a', 'k'],
  ],
  [[['SADD', 'k', LONG]], ['EXPIRE', 'k', '100']],
]

tryFailures(t, CASES)
