// The table of commands: all rows joined, and the name unions against which handler tables are
// typed, so that a missing or superfluous handler does not compile.
//
// A row is added here (in its family's file) together with its handler, never before it.

import { ADMIN_ROWS, DEBUG_ROWS, LATENCY_ROWS, MEMORY_ROWS, SLOWLOG_ROWS } from './rows-admin.ts'
import { CLIENT_ROWS, CONNECTION_ROWS } from './rows-connection.ts'
import { GEO_ROWS } from './rows-geo.ts'
import { HASH_ROWS } from './rows-hashes.ts'
import { HYPERLOGLOG_ROWS } from './rows-hyperloglog.ts'
import { KEY_ROWS } from './rows-keys.ts'
import { LIST_ROWS } from './rows-lists.ts'
import { PUBSUB_ROWS, PUBSUB_SUBCOMMAND_ROWS } from './rows-pubsub.ts'
import {
  CKV_ROWS,
  CLUSTER_ROWS,
  COMMAND_SUBCOMMAND_ROWS,
  CONFIG_ROWS,
  SERVER_ROWS,
} from './rows-server.ts'
import { SET_ROWS } from './rows-sets.ts'
import { STRING_ROWS } from './rows-strings.ts'
import { TRANSACTION_ROWS } from './rows-transactions.ts'
import { OBJECT_ROWS, VALUE_ROWS } from './rows-values.ts'
import { ZSET_ROWS } from './rows-zsets.ts'
import type { CommandRow } from './spec.ts'

const TOP_ROWS = [
  ...STRING_ROWS,
  ...HYPERLOGLOG_ROWS,
  ...HASH_ROWS,
  ...LIST_ROWS,
  ...SET_ROWS,
  ...GEO_ROWS,
  ...ZSET_ROWS,
  ...KEY_ROWS,
  ...VALUE_ROWS,
  ...CONNECTION_ROWS,
  ...SERVER_ROWS,
  ...ADMIN_ROWS,
  ...TRANSACTION_ROWS,
  ...PUBSUB_ROWS,
]
const SUBCOMMAND_ROWS = [
  ...CLIENT_ROWS,
  ...COMMAND_SUBCOMMAND_ROWS,
  ...CONFIG_ROWS,
  ...CLUSTER_ROWS,
  ...CKV_ROWS,
  ...OBJECT_ROWS,
  ...SLOWLOG_ROWS,
  ...LATENCY_ROWS,
  ...DEBUG_ROWS,
  ...MEMORY_ROWS,
  ...PUBSUB_SUBCOMMAND_ROWS,
]

type AnyRow = (typeof TOP_ROWS)[number] | (typeof SUBCOMMAND_ROWS)[number]

/** Names of the rows whose handlers run on shards, under tokens. */
export type ShardCommandName = Extract<AnyRow, { place: 'shard' }>['name']
/** Names of the rows that the acceptor serves itself. */
export type ConnectionCommandName = Extract<AnyRow, { place: 'connection' }>['name']
export type CommandName = AnyRow['name']

/** The rows of first words: what COMMAND lists. */
export const COMMANDS: readonly CommandRow[] = TOP_ROWS
/** Those and every subcommand. */
export const ALL_ROWS: readonly CommandRow[] = [...TOP_ROWS, ...SUBCOMMAND_ROWS]

/** Row by code; undefined where no command has that code. */
export const ROWS_BY_CODE: readonly (CommandRow | undefined)[] = rowsByCode()

/** One past the largest code: the length of tables indexed by code. */
export const CODE_COUNT = ROWS_BY_CODE.length

function rowsByCode(): (CommandRow | undefined)[] {
  const largestCode = ALL_ROWS.reduce((largest, row) => Math.max(largest, row.code), 0)
  const rows = new Array<CommandRow | undefined>(largestCode + 1).fill(undefined)
  for (const row of ALL_ROWS) rows[row.code] = row
  return rows
}
