// CLIENT over all connections: LIST, KILL, PAUSE and their kin. What other acceptors hold is asked
// of them; the reply is complete and keeps its place. On the acceptor. [redis-7.0 networking.c]

import { parseSafeInteger } from '../base/numbers.ts'
import { PAUSE_ALL, PAUSE_WRITES } from '../rows/layout.ts'
import * as adminReplies from '../wire/admin-replies.ts'
import type { ReplyWriter } from '../wire/encoder.ts'
import * as replies from '../wire/replies.ts'
import {
  type ClientFacts,
  type ClientFilter,
  type ClientType,
  clientLine,
  factsOf,
} from './clients.ts'
import { MUTED_ALL, MUTED_NEXT, MUTED_NOT, STOPPED_BARRIER } from './connection.ts'
import { beginPause, endPause } from './pause.ts'
import type { Question } from './peers.ts'
import type { Session } from './session.ts'
import { argumentIs } from './session-arguments.ts'

const TYPES: ReadonlyMap<string, ClientType> = new Map([
  ['normal', 'normal'],
  ['master', 'master'],
  ['slave', 'replica'],
  ['replica', 'replica'],
  ['pubsub', 'pubsub'],
] as const)

/** Replies with what the clients of all acceptors give, oldest first. */
function gatherClients(
  session: Session,
  question: Question,
  write: (reply: ReplyWriter, clients: readonly ClientFacts[]) => void,
): void {
  const { peers } = session.administration
  const later = peers.isAlone ? null : session.replyLater()
  peers.gather(question, (answers) => {
    const clients = answers.flat().sort((one, other) => one.id - other.id)
    if (later === null) write(session.reply, clients)
    else later.answer((reply) => write(reply, clients))
  })
}

function linesOf(clients: readonly ClientFacts[], profile: number): string {
  return clients.map((client) => `${clientLine(client, profile)}\n`).join('')
}

// ── CLIENT LIST and INFO ─────────────────────────────────────────────────────────────────────

export function clientList(session: Session): void {
  const filter = listFilter(session)
  if (filter === undefined) return
  const { profile } = session.facts
  gatherClients(session, { kind: 'clients', filter }, (reply, clients) => {
    reply.verbatim(linesOf(clients, profile))
  })
}

/** Nothing, TYPE with one, or ID with several. Undefined: the error was replied. */
function listFilter(session: Session): ClientFilter | undefined {
  const { argCount, reply } = session
  if (argCount === 2) return {}
  if (argCount === 4 && argumentIs(session, 2, 'type')) {
    const type = typeArgument(session, 3)
    return type === undefined ? undefined : { type }
  }
  if (argCount < 4 || !argumentIs(session, 2, 'id')) {
    reply.error(replies.SYNTAX_ERROR)
    return undefined
  }
  const ids: number[] = []
  for (let index = 3; index < argCount; index++) {
    const id = integerArgument(session, index)
    if (Number.isNaN(id)) {
      reply.error(replies.CLIENT_INVALID_ID)
      return undefined
    }
    ids.push(id)
  }
  return { ids }
}

function typeArgument(session: Session, index: number): ClientType | undefined {
  const name = session.argument(index)
  const type = TYPES.get(name.toLowerCase())
  if (type === undefined) session.reply.error(adminReplies.clientUnknownType(name))
  return type
}

function integerArgument(session: Session, index: number): number {
  return parseSafeInteger(session.bytes, session.starts[index], session.lengths[index])
}

export function clientInfo(session: Session): void {
  const { connection, clock, facts } = session
  session.reply.verbatim(linesOf([factsOf(connection, clock.monotonicMs())], facts.profile))
}

// ── CLIENT KILL ──────────────────────────────────────────────────────────────────────────────

export function clientKill(session: Session): void {
  const { connection } = session
  const isOld = session.argCount === 3
  const filter = isOld ? { address: session.argument(2) } : killFilter(session)
  if (filter === undefined) return
  const question = { kind: 'kill', filter, asker: connection.id } as const
  gatherClients(session, question, (reply, clients) => {
    if (clients.some(({ id }) => id === connection.id)) connection.closing = true
    if (!isOld) reply.integer(clients.length)
    else if (clients.length > 0) reply.ok()
    else reply.error(replies.CLIENT_NO_SUCH)
  })
}

/** Undefined: the error was replied. */
function killFilter(session: Session): ClientFilter | undefined {
  const { argCount, reply } = session
  let filter: ClientFilter = {}
  let skipsMe = true
  for (let index = 2; index < argCount; index += 2) {
    const value = index + 1
    if (value === argCount) return refuseSyntax(session)
    if (argumentIs(session, index, 'id')) {
      const id = integerArgument(session, value)
      if (!(id > 0)) {
        reply.error(adminReplies.CLIENT_ID_TOO_SMALL)
        return undefined
      }
      filter = { ...filter, ids: [id] }
    } else if (argumentIs(session, index, 'type')) {
      const type = typeArgument(session, value)
      if (type === undefined) return undefined
      filter = { ...filter, type }
    } else if (argumentIs(session, index, 'addr')) {
      filter = { ...filter, address: session.argument(value) }
    } else if (argumentIs(session, index, 'laddr')) {
      filter = { ...filter, localAddress: session.argument(value) }
    } else if (argumentIs(session, index, 'user')) {
      if (!isKnownUser(session, value)) return undefined
    } else if (argumentIs(session, index, 'skipme')) {
      if (argumentIs(session, value, 'yes')) skipsMe = true
      else if (argumentIs(session, value, 'no')) skipsMe = false
      else return refuseSyntax(session)
    } else return refuseSyntax(session)
  }
  return skipsMe ? { ...filter, exceptId: session.connection.id } : filter
}

function refuseSyntax(session: Session): undefined {
  session.reply.error(replies.SYNTAX_ERROR)
  return undefined
}

/** Everybody is `default`: there are no other users. */
function isKnownUser(session: Session, index: number): boolean {
  const user = session.argument(index)
  if (user === 'default') return true
  session.reply.error(adminReplies.clientUnknownUser(user))
  return false
}

// ── CLIENT PAUSE ─────────────────────────────────────────────────────────────────────────────

export function clientPause(session: Session): void {
  const { argCount, reply, rows, clock } = session
  let mode = PAUSE_ALL
  if (argCount > 4) {
    reply.error(replies.SYNTAX_ERROR)
    return
  }
  if (argCount === 4) {
    if (argumentIs(session, 3, 'write')) mode = PAUSE_WRITES
    else if (!argumentIs(session, 3, 'all')) {
      reply.error(adminReplies.CLIENT_PAUSE_MODE)
      return
    }
  }
  const timeoutMs = timeoutArgument(session, 2)
  if (timeoutMs === undefined) return
  beginPause(rows, mode, clock.wallMs() + timeoutMs, clock.wallMs())
  reply.ok()
}

/** Undefined: the error was replied. */
export function timeoutArgument(session: Session, index: number): number | undefined {
  const timeoutMs = integerArgument(session, index)
  if (timeoutMs >= 0) return timeoutMs
  const isInteger = !Number.isNaN(timeoutMs)
  session.reply.error(isInteger ? adminReplies.TIMEOUT_NEGATIVE : adminReplies.TIMEOUT_NOT_INTEGER)
  return undefined
}

export function clientUnpause(session: Session): void {
  const { administration, rows, reply } = session
  endPause(rows)
  administration.later.schedule()
  administration.peers.tell({ kind: 'go-on' })
  reply.ok()
}

// ── CLIENT REPLY ─────────────────────────────────────────────────────────────────────────────

/** Replies that are in flight are not the ones it is about: it waits until they have left. */
export function clientReply(session: Session): void {
  const { connection, reply } = session
  const isOn = argumentIs(session, 2, 'on')
  const isOff = argumentIs(session, 2, 'off')
  const isSkip = argumentIs(session, 2, 'skip')
  if (!isOn && !isOff && !isSkip) {
    reply.error(replies.SYNTAX_ERROR)
    return
  }
  if (connection.inFlight() > 0) {
    connection.stopped |= STOPPED_BARRIER
    session.again = true
    return
  }
  session.isSilent = !isOn
  if (isOn) {
    connection.muted = MUTED_NOT
    reply.ok()
  } else if (isOff) connection.muted = MUTED_ALL
  else if (connection.muted !== MUTED_ALL) connection.muted = MUTED_NEXT
}

// ── What is only noted, or answered in one word ──────────────────────────────────────────────

export function clientNoEvict(session: Session): void {
  const { connection, reply } = session
  const isOn = argumentIs(session, 2, 'on')
  if (isOn || argumentIs(session, 2, 'off')) {
    connection.noEvict = isOn
    reply.ok()
  } else reply.error(replies.SYNTAX_ERROR)
}

export function clientUnblock(session: Session): void {
  const { argCount, reply } = session
  if (argCount > 4) {
    reply.error(replies.SYNTAX_ERROR)
    return
  }
  const isReason = argCount === 3 || isUnblockReason(session)
  if (!isReason) reply.error(adminReplies.CLIENT_UNBLOCK_REASON)
  else if (Number.isNaN(integerArgument(session, 2))) reply.error(replies.NOT_AN_INTEGER)
  else {
    const isError = argCount === 4 && argumentIs(session, 3, 'error')
    const question = { kind: 'unblock', id: integerArgument(session, 2), isError } as const
    gatherClients(session, question, (reply, clients) => reply.integer(clients.length))
  }
}

function isUnblockReason(session: Session): boolean {
  return argumentIs(session, 3, 'timeout') || argumentIs(session, 3, 'error')
}

export function clientGetRedir(session: Session): void {
  session.reply.integer(-1)
}

export function clientTrackingInfo({ reply }: Session): void {
  reply.mapHeader(3)
  reply.bulkText('flags')
  reply.setHeader(1)
  reply.bulkText('off')
  reply.bulkText('redirect')
  reply.integer(-1)
  reply.bulkText('prefixes')
  reply.arrayHeader(0)
}

export function clientCaching(session: Session): void {
  session.reply.error(adminReplies.CLIENT_CACHING_WITHOUT_TRACKING)
}

export function clientTracking(session: Session): void {
  const { reply } = session
  if (argumentIs(session, 2, 'off')) reply.ok()
  else if (argumentIs(session, 2, 'on')) {
    reply.error(adminReplies.neverServed('CLIENT TRACKING', 'keys are not tracked for clients'))
  } else reply.error(replies.SYNTAX_ERROR)
}
