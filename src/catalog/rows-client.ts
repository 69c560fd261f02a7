// CLIENT over all connections. Codes 343-354.

import {
  ADMIN,
  connectionRow,
  LATER_PROFILES,
  LOADING_OK,
  NO_SCRIPT,
  NONDETERMINISTIC,
  STALE,
} from './spec.ts'

const client = {
  profiles: LATER_PROFILES,
  group: 'connection',
  flags: NO_SCRIPT | LOADING_OK | STALE,
} as const
const admin = { ...client, flags: ADMIN | NO_SCRIPT | LOADING_OK | STALE } as const

export const CLIENT_ADMIN_ROWS = [
  connectionRow('client|list', 343, {
    ...admin,
    arity: -2,
    flags: admin.flags | NONDETERMINISTIC,
    since: '2.4.0',
    summary: 'Lists the connections, over all acceptors.',
    syntax: '[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id:integer ...]',
  }),
  connectionRow('client|info', 344, {
    ...client,
    arity: 2,
    flags: client.flags | NONDETERMINISTIC,
    since: '6.2.0',
    summary: 'Shows this connection as CLIENT LIST does.',
  }),
  connectionRow('client|kill', 345, {
    ...admin,
    arity: -3,
    since: '2.4.0',
    summary: 'Closes connections.',
    syntax:
      '(old-format|[ID client-id:integer] [TYPE (NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)] ' +
      '[USER username] [ADDR addr] [LADDR laddr] [SKIPME yes-or-no] ...)',
  }),
  connectionRow('client|pause', 346, {
    ...admin,
    arity: -3,
    since: '3.0.0',
    summary: 'Lets commands of all clients wait, or those that write.',
    syntax: 'timeout:integer [WRITE|ALL]',
  }),
  connectionRow('client|unpause', 347, {
    ...admin,
    arity: 2,
    since: '6.2.0',
    summary: 'Ends a pause.',
  }),
  connectionRow('client|reply', 348, {
    ...client,
    arity: 3,
    since: '3.2.0',
    summary: 'Leaves replies to this connection out, or only the next one.',
    syntax: '(ON|OFF|SKIP)',
  }),
  connectionRow('client|no-evict', 349, {
    ...admin,
    arity: 3,
    since: '7.0.0',
    summary: 'Marks this connection as one not to be cut for memory.',
    syntax: '(ON|OFF)',
  }),
  connectionRow('client|unblock', 350, {
    ...admin,
    arity: -3,
    since: '5.0.0',
    summary: 'Ends the waiting of a blocked client.',
    syntax: 'client-id:integer [TIMEOUT|ERROR]',
  }),
  connectionRow('client|getredir', 351, {
    ...client,
    arity: 2,
    since: '6.0.0',
    summary: 'Tells where tracking sends its messages: nowhere.',
  }),
  connectionRow('client|trackinginfo', 352, {
    ...client,
    arity: 2,
    since: '6.2.0',
    summary: 'Tells how this connection is tracked: not at all.',
  }),
  connectionRow('client|caching', 353, {
    ...client,
    arity: 3,
    since: '6.0.0',
    summary: 'Chooses keys to track, where there is tracking.',
    syntax: '(YES|NO)',
  }),
  connectionRow('client|tracking', 354, {
    ...client,
    arity: -3,
    since: '6.0.0',
    summary: 'Turns tracking off; it is not served.',
    syntax: '(ON|OFF)',
  }),
]
