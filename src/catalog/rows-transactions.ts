// The transactions family. Codes 330-339. MULTI, EXEC, DISCARD and UNWATCH are the acceptor's,
// which queues; WATCH registers keys on their shards.

import {
  connectionRow,
  EVERY_PROFILE,
  everyKey,
  FAST_PER_KEY,
  FAST_WORD,
  LOADING_OK,
  NO_SCRIPT,
  NOT_QUEUED,
  READ,
  REGISTERS,
  STALE,
  shardRow,
} from './spec.ts'

const QUICK = NO_SCRIPT | LOADING_OK | STALE | FAST_WORD
const transactions = { profiles: EVERY_PROFILE, group: 'transactions' } as const
const words = {
  words32: 'noscript fast',
  words70: 'noscript loading stale fast allow_busy',
} as const

export const TRANSACTION_ROWS = [
  connectionRow('multi', 330, {
    ...transactions,
    arity: 1,
    flags: QUICK | NOT_QUEUED,
    since: '1.2.0',
    summary: 'Begins a transaction: what follows is queued until EXEC.',
    ...words,
  }),
  connectionRow('exec', 331, {
    ...transactions,
    arity: 1,
    flags: NO_SCRIPT | LOADING_OK | STALE | NOT_QUEUED,
    since: '1.2.0',
    summary: 'Executes the queued commands as one, unless a watched key has changed.',
    words32: 'noscript skip_monitor',
    words70: 'noscript loading stale skip_slowlog',
  }),
  connectionRow('discard', 332, {
    ...transactions,
    arity: 1,
    flags: QUICK | NOT_QUEUED,
    since: '2.0.0',
    summary: 'Forgets the queued commands and the watched keys.',
    ...words,
  }),
  shardRow('watch', 333, {
    ...transactions,
    arity: -2,
    flags: READ | REGISTERS | NO_SCRIPT | STALE | FAST_WORD | FAST_PER_KEY | NOT_QUEUED,
    keys: everyKey('RO'),
    since: '2.2.0',
    summary: 'Lets the next EXEC do nothing if one of the keys changes before.',
    syntax: 'key ...',
    ...words,
  }),
  connectionRow('unwatch', 334, {
    ...transactions,
    arity: 1,
    flags: QUICK,
    since: '2.2.0',
    summary: 'Forgets the watched keys.',
    ...words,
  }),
]
