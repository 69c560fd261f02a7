// Commands that operate the server and need no data: MONITOR and its kin. On the acceptor.

import { MONITOR_IN_MULTI } from '../wire/admin-replies.ts'
import type { Session } from './session.ts'

/**
 * From here on the connection gets a line for every command; RESET ends it. Its lines would stand
 * between the replies of a transaction. [redis-7.0 replication.c]
 */
export function monitor(session: Session): void {
  if (session.executing !== null) {
    session.reply.error(MONITOR_IN_MULTI)
    return
  }
  session.administration.monitors.add(session.connection)
  session.reply.ok()
}
