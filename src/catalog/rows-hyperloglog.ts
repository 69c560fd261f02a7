// The hyperloglog family. Codes 290-294.

import {
  DENY_OOM,
  DETERMINISTIC,
  EVERY_PROFILE,
  everyKey,
  FAST_PER_KEY,
  FAST_WORD,
  oneKey,
  READ,
  shardRow,
  WRITE,
} from './spec.ts'

const hyperloglog = { profiles: EVERY_PROFILE, group: 'hyperloglog', since: '2.8.9' } as const

export const HYPERLOGLOG_ROWS = [
  shardRow('pfadd', 290, {
    ...hyperloglog,
    arity: -2,
    flags: WRITE | DENY_OOM | FAST_PER_KEY | FAST_WORD | DETERMINISTIC,
    keys: oneKey('RW insert'),
    summary: 'Counts elements in, and tells if the estimate may have changed.',
    syntax: 'key [element ...]',
  }),
  // Unlike Redis's it stores nothing: a read must not write.
  shardRow('pfcount', 291, {
    ...hyperloglog,
    arity: -2,
    flags: READ | FAST_PER_KEY,
    keys: everyKey('RW access'),
    summary: 'Estimates how many distinct elements one or several HyperLogLogs have.',
    syntax: 'key ...',
  }),
  // Not bounded enough to run in place: a sparse target is searched anew for each register.
  shardRow('pfmerge', 292, {
    ...hyperloglog,
    arity: -2,
    flags: WRITE | DENY_OOM | DETERMINISTIC,
    keys: [
      { first: 1, last: 1, step: 1, access: 'RW access insert' },
      { first: 2, last: -1, step: 1, access: 'RO access' },
    ],
    summary: 'Makes a HyperLogLog the union of itself and others.',
    syntax: 'destkey:key [sourcekey:key ...]',
  }),
]
