// MULTI, DISCARD, UNWATCH, and EXEC where nothing was begun. What is queued is in transaction.ts,
// EXEC of it in transactions.ts. [redis-7.0 multi.c]

import * as replies from '../wire/replies.ts'
import type { Session } from './session.ts'
import { Transaction } from './transaction.ts'

export function multi(session: Session): void {
  const { connection, reply } = session
  if (connection.transaction !== null) {
    reply.error(replies.MULTI_NESTED)
    return
  }
  connection.transaction = new Transaction()
  reply.ok()
}

/** The router executes what was queued; this is for a client that has not said MULTI. */
export function execWithoutMulti(session: Session): void {
  session.reply.error(replies.EXEC_WITHOUT_MULTI)
}

export function discard(session: Session): void {
  const { connection, reply, sides } = session
  if (connection.transaction === null) {
    reply.error(replies.DISCARD_WITHOUT_MULTI)
    return
  }
  connection.endTransaction(sides)
  reply.ok()
}

/** Queued by MULTI it changes nothing: EXEC has looked at the watched keys before it runs. */
export function unwatch(session: Session): void {
  session.connection.unwatch(session.sides)
  session.reply.ok()
}
