// CLIENT's subcommands that concern the own connection. On the acceptor.

import * as replies from '../wire/replies.ts'
import type { Session } from './session.ts'
import { argumentBytes, argumentIs, isPlainText } from './session-arguments.ts'

/** An empty name takes the name away. */
export function clientSetName(session: Session): void {
  const name = session.argument(2)
  if (!isPlainText(name)) {
    session.reply.error(replies.CLIENT_NAME_INVALID)
    return
  }
  session.connection.name = name
  session.reply.ok()
}

export function clientGetName(session: Session): void {
  const { name } = session.connection
  if (name === '') session.reply.nullBulk()
  else session.reply.bulkText(name)
}

/** LIB-NAME and LIB-VER, which the libraries send after they connected. [redis-7.2 networking.c] */
export function clientSetInfo(session: Session): void {
  const { connection, reply } = session
  const value = session.argument(3)
  const isName = argumentIs(session, 2, 'lib-name')
  if (!isName && !argumentIs(session, 2, 'lib-ver')) {
    const option = argumentBytes(session, 2)
    reply.error(replies.clientInfoUnrecognized(option, 0, option.length))
    return
  }
  if (!isPlainText(value)) {
    reply.error(replies.clientInfoInvalid(session.argument(2)))
    return
  }
  if (isName) connection.libraryName = value
  else connection.libraryVersion = value
  reply.ok()
}

export function clientId(session: Session): void {
  session.reply.integer(session.connection.id)
}
