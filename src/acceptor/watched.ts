// Commands while somebody watches with MONITOR or clients are paused, and commands of clients that
// want no replies. Rare, so the router comes here only when it was told to.

import { ADMIN, type CommandRow } from '../catalog/spec.ts'
import { isExec } from '../executor/transaction.ts'
import type { CommandDecoder } from '../wire/decoder.ts'
import {
  type Connection,
  MUTED_NEXT,
  MUTED_NOT,
  MUTED_ONE,
  STOPPED_BARRIER,
  STOPPED_PAUSED,
} from './connection.ts'
import { pauseLeftMs } from './pause.ts'
import type { Session } from './session.ts'

/** True: the command waits for the end of a pause, it is routed again then. */
export function waitsForPause(
  connection: Connection,
  row: CommandRow,
  { rows, clock, administration }: Session,
): boolean {
  const writes = isExec(row) && connection.transaction?.writes === true
  const leftMs = pauseLeftMs(rows, row, writes, clock.wallMs())
  if (leftMs === 0) return false
  connection.stopped |= STOPPED_PAUSED
  setTimeout(administration.later.schedule, Math.min(leftMs, TIMER_MS_MAX)).unref()
  return true
}

/** What a timer can wait for; whoever is woken too early waits again. */
const TIMER_MS_MAX = 2_147_483_647

/** The command was begun: clients that watch see it, unless it administers. */
export function showToMonitors(
  connection: Connection,
  decoder: CommandDecoder,
  row: CommandRow,
  { clock, administration }: Session,
): void {
  if ((row.flags & ADMIN) !== 0) return
  administration.monitors.note(connection, decoder, row, clock.wallMicros())
}

/**
 * CLIENT REPLY: bytes are dropped where they would be attached (Output), so only replies to this
 * command may come meanwhile: it begins when none are in flight, and so does the next.
 */
export function routeMuted(connection: Connection, route: () => boolean): boolean {
  if (connection.inFlight() > 0) {
    connection.stopped |= STOPPED_BARRIER
    return false
  }
  if (connection.muted === MUTED_ONE) connection.muted = MUTED_NOT
  if (connection.muted === MUTED_NEXT) connection.muted = MUTED_ONE
  const begun = route()
  if (connection.muted !== MUTED_ONE) return begun
  if (!begun) connection.muted = MUTED_NEXT
  else if (connection.inFlight() === 0) connection.muted = MUTED_NOT
  return begun
}
