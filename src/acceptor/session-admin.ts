// Commands that operate the server and need no data: MONITOR, SHUTDOWN, WAIT and their kin. On the
// acceptor. [redis-7.0 server.c, replication.c, debug.c]

import { compileGlob, matchGlob } from '../base/glob.ts'
import { parseSafeInteger } from '../base/numbers.ts'
import { DEBUG_COMMAND_WORD, EXPIRY_STANDS_WORD, WRITTEN_LONG } from '../rows/layout.ts'
import { loadLsn, sideLong } from '../rows/rows.ts'
import * as adminReplies from '../wire/admin-replies.ts'
import * as replies from '../wire/replies.ts'
import type { Session } from './session.ts'
import { argumentBytes, argumentIs } from './session-arguments.ts'
import { timeoutArgument } from './session-clients.ts'

/** What a timer can wait for. */
const TIMER_MS_MAX = 2_147_483_647

/**
 * From here on the connection gets a line for every command; RESET ends it. Its lines would stand
 * between the replies of a transaction. [redis-7.0 replication.c]
 */
export function monitor(session: Session): void {
  if (session.executing !== null) {
    session.reply.error(adminReplies.MONITOR_IN_MULTI)
    return
  }
  session.administration.monitors.add(session.connection)
  session.reply.ok()
}

/** Bytes of all logs stand for Redis's replication offset, as in INFO. */
export function role(session: Session): void {
  const { reply, rows, sides } = session
  let offset = 0
  for (const { shard, side } of sides) offset += loadLsn(rows, sideLong(shard, side, WRITTEN_LONG))
  reply.arrayHeader(3)
  reply.bulkText('master')
  reply.integer(offset)
  reply.arrayHeader(0)
}

/** There are no images: all was written when the server started. */
export function lastSave(session: Session): void {
  session.reply.integer(Math.floor(session.facts.startedMs / 1000))
}

/** SAVE, BGSAVE and BGREWRITEAOF. */
export function refuseImage(session: Session): void {
  const name = session.row.name.toUpperCase()
  session.reply.error(
    adminReplies.neverServed(
      name,
      'images of the memory come with a later version; every write is in the log already',
    ),
  )
}

/** Stops as SIGTERM does; the connection just closes. */
export function shutdown(session: Session): void {
  const { argCount, reply, administration } = session
  const seen = new Set<string>()
  for (let index = 1; index < argCount; index++) {
    const word = session.argument(index).toLowerCase()
    if (!/^(save|nosave|now|force|abort)$/.test(word)) {
      reply.error(replies.SYNTAX_ERROR)
      return
    }
    seen.add(word)
  }
  const contradicts =
    (seen.has('save') && seen.has('nosave')) || (seen.has('abort') && argCount > 2)
  if (contradicts) reply.error(replies.SYNTAX_ERROR)
  else if (seen.has('abort')) reply.error(adminReplies.NO_SHUTDOWN)
  else {
    session.replyLater()
    administration.order({ kind: 'shutdown' }, () => {})
  }
}

/** There are no replicas: 0, at once if none are wanted, else when the time is over. */
export function wait(session: Session): void {
  const { reply } = session
  const wanted = parseSafeInteger(session.bytes, session.starts[1], session.lengths[1])
  if (Number.isNaN(wanted)) {
    reply.error(replies.NOT_AN_INTEGER)
    return
  }
  const timeoutMs = timeoutArgument(session, 2)
  if (timeoutMs === undefined) return
  // Inside of EXEC it does not wait.
  if (wanted <= 0 || session.executing !== null) {
    reply.integer(0)
    return
  }
  const later = session.replyLater()
  if (timeoutMs === 0) return
  const timer = setTimeout(
    () => later.answer((laterReply) => laterReply.integer(0)),
    Math.min(timeoutMs, TIMER_MS_MAX),
  )
  timer.unref()
  later.onAbandoned = () => clearTimeout(timer)
}

// ── DEBUG: what needs no shard ───────────────────────────────────────────────────────────────

function debugAllowed({ rows, reply }: Session): boolean {
  if (rows.words[DEBUG_COMMAND_WORD] === 1) return true
  reply.error(adminReplies.DEBUG_NOT_ALLOWED)
  return false
}

export function debugSetActiveExpire(session: Session): void {
  if (!debugAllowed(session)) return
  const stands = argumentIs(session, 2, '0') ? 1 : 0
  Atomics.store(session.rows.words, EXPIRY_STANDS_WORD, stands)
  session.reply.ok()
}

/** Matches a text of so many `a`: how long a pattern can take. */
export function debugStringMatch(session: Session): void {
  if (!debugAllowed(session)) return
  const length = parseSafeInteger(session.bytes, session.starts[2], session.lengths[2])
  if (!(length >= 0 && length <= MATCHED_BYTES_MAX)) {
    session.reply.error(replies.NOT_AN_INTEGER)
    return
  }
  const pattern = argumentBytes(session, 3)
  const text = new Uint8Array(length).fill(0x61)
  matchGlob(compileGlob(pattern, 0, pattern.length, false), text, 0, length)
  session.reply.ok()
}

const MATCHED_BYTES_MAX = 1_048_576
