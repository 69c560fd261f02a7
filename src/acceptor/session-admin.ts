// Commands that operate the server and need no data: MONITOR and its kin. On the acceptor.

import type { Session } from './session.ts'

/** From here on the connection gets a line for every command; RESET ends it. */
export function monitor(session: Session): void {
  session.administration.monitors.add(session.connection)
  session.reply.ok()
}
