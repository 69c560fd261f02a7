// The connection family: served by the acceptor with the session at hand. Codes 70-99.

import { CLIENT_ADMIN_ROWS } from './rows-client.ts'
import {
  connectionRow,
  containerRow,
  EVERY_PROFILE,
  FAST_WORD,
  LATER_PROFILES,
  LOADING_OK,
  NO_AUTH,
  NO_SCRIPT,
  NOT_QUEUED,
  PUBSUB_OK,
  STALE,
} from './spec.ts'

const connection = { profiles: EVERY_PROFILE, group: 'connection' } as const
const later = { profiles: LATER_PROFILES, group: 'connection' } as const
const client = { ...later, flags: NO_SCRIPT | LOADING_OK | STALE } as const

const CLIENT_ROWS = [
  ...CLIENT_ADMIN_ROWS,
  connectionRow('client|setname', 81, {
    ...client,
    arity: 3,
    since: '2.6.9',
    summary: 'Names this connection; an empty name takes it away.',
    syntax: 'connection-name',
  }),
  connectionRow('client|getname', 82, {
    ...client,
    arity: 2,
    since: '2.6.9',
    summary: "Tells this connection's name.",
  }),
  connectionRow('client|setinfo', 83, {
    ...client,
    arity: 4,
    since: '7.2.0',
    summary: "Notes the client library's name or version.",
    syntax: '(LIB-NAME libname|LIB-VER libver)',
  }),
  connectionRow('client|id', 84, {
    ...client,
    arity: 2,
    since: '5.0.0',
    summary: "Tells this connection's number.",
  }),
  connectionRow('client|help', 85, {
    ...later,
    arity: 2,
    flags: LOADING_OK | STALE,
    since: '5.0.0',
    summary: 'Lists the subcommands of CLIENT.',
  }),
]

export const CONNECTION_ROWS = [
  connectionRow('auth', 70, {
    ...connection,
    arity: 2,
    arityLater: -2,
    flags: NO_SCRIPT | LOADING_OK | STALE | FAST_WORD | NO_AUTH,
    since: '1.0.0',
    summary: 'Shows the password, as instance:password.',
    syntax: '[instance] password',
    words32: 'noscript loading stale fast',
  }),
  connectionRow('echo', 71, {
    ...connection,
    arity: 2,
    flags: LOADING_OK | STALE | FAST_WORD,
    since: '1.0.0',
    summary: 'Answers with its argument.',
    syntax: 'message',
    words32: 'fast',
  }),
  connectionRow('ping', 72, {
    ...connection,
    arity: -1,
    flags: FAST_WORD | PUBSUB_OK,
    since: '1.0.0',
    summary: 'Answers PONG, or its argument.',
    syntax: '[message]',
    words32: 'stale fast',
  }),
  connectionRow('quit', 73, {
    ...connection,
    arity: -1,
    flags: NO_SCRIPT | LOADING_OK | STALE | FAST_WORD | NO_AUTH | PUBSUB_OK | NOT_QUEUED,
    since: '1.0.0',
    summary: 'Answers OK and closes the connection.',
    words32: 'noscript loading stale fast',
  }),
  connectionRow('select', 74, {
    ...connection,
    arity: 2,
    flags: LOADING_OK | STALE | FAST_WORD,
    since: '1.0.0',
    summary: 'Chooses the database of this connection, 0 to 15.',
    syntax: 'index:integer',
    words32: 'loading fast',
  }),
  connectionRow('hello', 75, {
    ...later,
    arity: -1,
    flags: NO_SCRIPT | LOADING_OK | STALE | FAST_WORD | NO_AUTH,
    since: '6.0.0',
    summary: 'Chooses the protocol, and may authenticate and name the connection.',
    syntax: '[protover:integer [AUTH username password] [SETNAME clientname]]',
  }),
  connectionRow('reset', 76, {
    ...later,
    arity: 1,
    flags: NO_SCRIPT | LOADING_OK | STALE | FAST_WORD | NO_AUTH | PUBSUB_OK | NOT_QUEUED,
    since: '6.2.0',
    summary: 'Puts the connection back into the state it began in.',
  }),
  connectionRow('readonly', 77, {
    ...later,
    group: 'cluster',
    arity: 1,
    flags: LOADING_OK | STALE | FAST_WORD,
    since: '3.0.0',
    summary: 'Allows reads from a slave on this connection.',
    categories: 'connection',
  }),
  connectionRow('readwrite', 78, {
    ...later,
    group: 'cluster',
    arity: 1,
    flags: LOADING_OK | STALE | FAST_WORD,
    since: '3.0.0',
    summary: 'Takes READONLY back.',
    categories: 'connection',
  }),
  containerRow(
    'client',
    80,
    {
      ...later,
      arity: -2,
      flags: 0,
      since: '2.4.0',
      summary: 'Asks about and changes client connections.',
    },
    CLIENT_ROWS,
  ),
]

export { CLIENT_ROWS }
