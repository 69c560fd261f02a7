// COMMAND and its subcommands. What they say is built by the catalog, here it is encoded.

import { commandDocs } from '../catalog/command-docs.ts'
import {
  commandCount,
  commandGetKeys,
  commandInfo,
  commandList,
  commandTable,
  type GetKeysFailure,
  type ListFilter,
} from '../catalog/command-reply.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import * as replies from '../wire/replies.ts'
import { encodeValue } from './encode-value.ts'
import type { Session } from './session.ts'
import { argumentBytes, argumentIs, argumentsFrom } from './session-arguments.ts'

export function command(session: Session): void {
  encodeValue(session.reply, commandTable(session.facts.profile))
}

export function commandCountReply(session: Session): void {
  session.reply.integer(commandCount(session.facts.profile))
}

export function commandInfoReply(session: Session): void {
  const { profile } = session.facts
  const names = argumentsFrom(session, 2)
  encodeValue(
    session.reply,
    names.length === 0 ? commandTable(profile) : commandInfo(names, profile),
  )
}

export function commandDocsReply(session: Session): void {
  encodeValue(session.reply, commandDocs(argumentsFrom(session, 2), session.facts.profile))
}

export function commandGetKeysReply(session: Session): void {
  const line: Uint8Array[] = []
  for (let index = 2; index < session.argCount; index++) line.push(argumentBytes(session, index))
  const keys = commandGetKeys(line, session.facts.profile)
  if (typeof keys === 'string') refuseGetKeys(session, keys as GetKeysFailure)
  else encodeValue(session.reply, keys)
}

/** 3.2 has no complaint about a command without keys: its list is empty. */
function refuseGetKeys(session: Session, failure: GetKeysFailure): void {
  const { reply, facts } = session
  if (failure === 'invalid-command') reply.error(replies.COMMAND_INVALID)
  else if (failure === 'invalid-arity') reply.error(replies.COMMAND_INVALID_ARITY)
  else if (failure === 'invalid-arguments') reply.error(replies.COMMAND_INVALID_ARGUMENTS)
  else if (facts.profile === PROFILE_REDIS) reply.error(replies.COMMAND_NO_KEYS)
  else reply.raw(replies.EMPTY_ARRAY)
}

export function commandListReply(session: Session): void {
  const filter = listFilter(session)
  if (filter === undefined) session.reply.error(replies.SYNTAX_ERROR)
  else encodeValue(session.reply, commandList(filter, session.facts.profile))
}

/** Nothing, or FILTERBY with a kind and a value. Undefined: a syntax error. */
function listFilter(session: Session): ListFilter | undefined {
  if (session.argCount === 2) return { by: 'all' }
  if (session.argCount !== 5 || !argumentIs(session, 2, 'filterby')) return undefined
  if (argumentIs(session, 3, 'module')) return { by: 'module' }
  if (argumentIs(session, 3, 'aclcat')) return { by: 'category', category: session.argument(4) }
  if (!argumentIs(session, 3, 'pattern')) return undefined
  return { by: 'pattern', pattern: argumentBytes(session, 4) }
}
