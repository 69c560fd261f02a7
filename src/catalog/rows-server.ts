// The server and cluster families, and CKV. Codes 100-149.

import {
  ADMIN,
  BY_SLOT,
  connectionRow,
  containerRow,
  EVERY_PROFILE,
  FAST_WORD,
  LATER_PROFILES,
  LOADING_OK,
  NO_SCRIPT,
  NONDETERMINISTIC,
  READ,
  STALE,
  shardRow,
  UNORDERED,
} from './spec.ts'

const ALWAYS = LOADING_OK | STALE
const server = { profiles: EVERY_PROFILE, group: 'server' } as const
const laterServer = { profiles: LATER_PROFILES, group: 'server' } as const
const cluster = { profiles: EVERY_PROFILE, group: 'cluster' } as const
const help = { ...laterServer, arity: 2, flags: ALWAYS } as const
const command = { ...laterServer, flags: ALWAYS, categories: 'connection' } as const

export const COMMAND_SUBCOMMAND_ROWS = [
  connectionRow('command|count', 102, {
    ...command,
    arity: 2,
    since: '2.8.13',
    summary: 'Counts the commands that are served.',
  }),
  connectionRow('command|info', 103, {
    ...command,
    arity: -2,
    flags: ALWAYS | UNORDERED,
    since: '2.8.13',
    summary: 'Describes the named commands, or all.',
    syntax: '[command-name ...]',
  }),
  connectionRow('command|getkeys', 104, {
    ...command,
    arity: -4,
    since: '2.8.13',
    summary: 'Picks the keys out of a whole command line.',
    syntax: 'command [arg ...]',
  }),
  connectionRow('command|docs', 105, {
    ...command,
    arity: -2,
    flags: ALWAYS | UNORDERED,
    since: '7.0.0',
    summary: 'Explains the named commands, or all, and their arguments.',
    syntax: '[command-name ...]',
  }),
  connectionRow('command|list', 106, {
    ...command,
    arity: -2,
    flags: ALWAYS | UNORDERED,
    since: '7.0.0',
    summary: 'Lists the names of the commands that are served.',
    syntax: '[FILTERBY (MODULE module-name|ACLCAT category|PATTERN pattern)]',
  }),
  connectionRow('command|help', 107, {
    ...help,
    since: '5.0.0',
    summary: 'Lists the subcommands of COMMAND.',
    categories: 'connection',
  }),
]

export const CONFIG_ROWS = [
  connectionRow('config|get', 111, {
    ...laterServer,
    arity: 3,
    arityLater: -3,
    flags: ADMIN | NO_SCRIPT | ALWAYS,
    since: '2.0.0',
    summary: 'Shows the settings whose names match a pattern.',
    syntax: 'parameter ...',
  }),
  connectionRow('config|set', 340, {
    ...laterServer,
    arity: -4,
    flags: ADMIN | NO_SCRIPT | ALWAYS,
    since: '2.0.0',
    summary: 'Changes settings while the server runs, all of them or none.',
    syntax: 'parameter value ...',
  }),
  connectionRow('config|rewrite', 341, {
    ...laterServer,
    arity: 2,
    flags: ADMIN | NO_SCRIPT | ALWAYS,
    since: '2.8.0',
    summary: 'Writes the settings in force to the options file.',
  }),
  connectionRow('config|resetstat', 342, {
    ...laterServer,
    arity: 2,
    flags: ADMIN | NO_SCRIPT | ALWAYS,
    since: '2.0.0',
    summary: 'Begins the counts of INFO anew.',
  }),
  connectionRow('config|help', 112, {
    ...help,
    since: '5.0.0',
    summary: 'Lists the subcommands of CONFIG.',
  }),
]

export const CLUSTER_ROWS = [
  connectionRow('cluster|slots', 121, {
    ...cluster,
    arity: 2,
    flags: STALE | NONDETERMINISTIC,
    since: '3.0.0',
    summary: 'Lists which address serves which slots.',
  }),
  connectionRow('cluster|nodes', 122, {
    ...cluster,
    arity: 2,
    flags: STALE | NONDETERMINISTIC,
    since: '3.0.0',
    summary: 'Lists the shards as the nodes of a cluster.',
  }),
  connectionRow('cluster|info', 123, {
    ...cluster,
    arity: 2,
    flags: STALE | NONDETERMINISTIC,
    since: '3.0.0',
    summary: "Tells the cluster's state in a few lines.",
  }),
  connectionRow('cluster|keyslot', 124, {
    ...cluster,
    arity: 3,
    flags: STALE,
    since: '3.0.0',
    summary: 'Tells the slot of a key.',
    syntax: 'key:string',
  }),
  shardRow('cluster|countkeysinslot', 125, {
    ...cluster,
    arity: 3,
    flags: READ | STALE | BY_SLOT,
    since: '3.0.0',
    summary: 'Counts the keys in a slot.',
    syntax: 'slot:integer',
  }),
  shardRow('cluster|getkeysinslot', 126, {
    ...cluster,
    arity: 4,
    flags: READ | STALE | BY_SLOT | NONDETERMINISTIC,
    since: '3.0.0',
    summary: 'Lists some keys of a slot.',
    syntax: 'slot:integer count:integer',
  }),
  connectionRow('cluster|myid', 127, {
    ...cluster,
    profiles: LATER_PROFILES,
    arity: 2,
    flags: STALE,
    since: '3.0.0',
    summary: 'Tells the id of the node that answers.',
  }),
  connectionRow('cluster|shards', 389, {
    ...cluster,
    profiles: LATER_PROFILES,
    arity: 2,
    flags: STALE | NONDETERMINISTIC,
    since: '7.0.0',
    summary: 'Lists the shards, their slots and nodes.',
  }),
  connectionRow('cluster|help', 128, {
    ...cluster,
    profiles: LATER_PROFILES,
    arity: 2,
    flags: ALWAYS,
    since: '5.0.0',
    summary: 'Lists the subcommands of CLUSTER.',
  }),
]

export const CKV_ROWS = [
  connectionRow('ckv|help', 141, {
    ...server,
    arity: 2,
    flags: ALWAYS,
    since: '0.1.0',
    summary: 'Lists the subcommands of CKV.',
  }),
  connectionRow('ckv|shards', 142, {
    ...server,
    arity: 2,
    flags: ADMIN | ALWAYS | NONDETERMINISTIC,
    since: '0.1.0',
    summary: 'Shows each shard: its slots, keys, memory and log.',
  }),
]

export const SERVER_ROWS = [
  connectionRow('time', 100, {
    ...server,
    arity: 1,
    flags: ALWAYS | FAST_WORD | NONDETERMINISTIC,
    since: '2.6.0',
    summary: "Tells the server's time in seconds and microseconds.",
    words32: 'random fast',
  }),
  connectionRow(
    'command',
    101,
    {
      ...server,
      // 3.2 says 0, which its check takes as `any number`: the same as -1.
      arity: -1,
      flags: ALWAYS | UNORDERED,
      since: '2.8.13',
      summary: 'Describes every command that is served.',
      categories: 'connection',
    },
    COMMAND_SUBCOMMAND_ROWS,
  ),
  connectionRow('info', 108, {
    ...laterServer,
    arity: -1,
    flags: ALWAYS | NONDETERMINISTIC,
    since: '1.0.0',
    summary: 'Tells how the server does, section by section.',
    syntax: '[section ...]',
    categories: 'dangerous',
  }),
  containerRow(
    'config',
    110,
    {
      ...laterServer,
      arity: -2,
      flags: 0,
      since: '2.0.0',
      summary: 'Asks about the settings of the server.',
    },
    CONFIG_ROWS,
  ),
  containerRow(
    'cluster',
    120,
    {
      ...cluster,
      arity: -2,
      flags: 0,
      since: '3.0.0',
      summary: 'Asks about shards and slots as a Redis cluster shows them.',
      words32: 'admin',
    },
    CLUSTER_ROWS,
  ),
  containerRow(
    'ckv',
    140,
    {
      ...server,
      arity: -2,
      flags: 0,
      since: '0.1.0',
      summary: 'Operates this server: shards, and what else CKV HELP lists.',
    },
    CKV_ROWS,
  ),
]
