// The connection family: PING, ECHO, AUTH, HELLO, SELECT, RESET, QUIT and TIME. On the acceptor.

import { DATABASE_COUNT } from '../base/limits.ts'
import { parseInt64, parseSafeInteger } from '../base/numbers.ts'
import { PROFILE_CKV, PROFILE_REDIS } from '../catalog/spec.ts'
import { COUNTER } from '../counters/layout.ts'
import { redisMode, redisVersion } from '../monitor/version.ts'
import * as replies from '../wire/replies.ts'
import { MUTED_NOT } from './connection.ts'
import {
  type CredentialVerdict,
  checkSecret,
  checkUserAndSecret,
  type Guard,
  isKnownUser,
} from './password.ts'
import type { Session } from './session.ts'
import { argumentBytes, argumentIs, isPlainText } from './session-arguments.ts'
import { leaveAll } from './session-pubsub.ts'

const INT32_MAX = 2_147_483_647
const INT32_MIN = -2_147_483_648

export function ping(session: Session): void {
  const { reply, argCount, connection } = session
  if (argCount > 2) reply.error(replies.wrongArity('ping'))
  else if (connection.subscriber !== null && connection.protocol === 2) pongToSubscriber(session)
  else if (argCount === 1) reply.pong()
  else reply.bulk(session.bytes, session.starts[1], session.lengths[1])
}

/** Every reply to a RESP2 client that has subscriptions looks like a message. */
function pongToSubscriber({ reply, bytes, starts, lengths, argCount }: Session): void {
  reply.raw(replies.PONG_OF_SUBSCRIBER)
  if (argCount === 1) reply.raw(replies.EMPTY_BULK)
  else reply.bulk(bytes, starts[1], lengths[1])
}

export function echo(session: Session): void {
  session.reply.bulk(session.bytes, session.starts[1], session.lengths[1])
}

/** Replies in flight leave first: the acceptor closes behind the last of them. */
export function quit(session: Session): void {
  session.reply.ok()
  session.connection.closing = true
}

/** Seconds and microseconds. */
export function time(session: Session): void {
  const micros = session.clock.wallMicros()
  session.reply.arrayHeader(2)
  session.reply.bulkInteger(Math.floor(micros / 1_000_000))
  session.reply.bulkInteger(micros % 1_000_000)
}

export function select(session: Session): void {
  const index = parseSafeInteger(session.bytes, session.starts[1], session.lengths[1])
  if (index >= 0 && index < DATABASE_COUNT) {
    session.connection.database = index
    session.reply.ok()
  } else if (session.facts.profile !== PROFILE_REDIS) {
    session.reply.error(replies.INVALID_DB_INDEX)
  } else {
    session.reply.error(databaseIndexError(session, index))
  }
}

/** 7.0 tells apart what is no integer, what is none of 32 bits, and what is no database. */
function databaseIndexError(session: Session, index: number): Uint8Array {
  if (index >= INT32_MIN && index <= INT32_MAX) return replies.DB_INDEX_OUT_OF_RANGE
  if (!Number.isNaN(index) || isLong(argumentBytes(session, 1))) {
    return replies.errorLine(
      `value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
    )
  }
  return replies.NOT_AN_INTEGER
}

function isLong(bytes: Uint8Array): boolean {
  return parseInt64(bytes, 0, bytes.length) !== undefined
}

// ── AUTH ─────────────────────────────────────────────────────────────────────────────────────

export function auth(session: Session): void {
  const { argCount, reply } = session
  if (argCount > 3) {
    reply.error(replies.SYNTAX_ERROR)
    return
  }
  const guard = guardOf(session)
  if (guard === undefined) {
    authWithoutPassword(session)
    return
  }
  const verdict =
    argCount === 2
      ? checkSecret(guard, argumentBytes(session, 1))
      : checkUserAndSecret(guard, argumentBytes(session, 1), argumentBytes(session, 2))
  if (admit(session, verdict)) reply.ok()
}

/** Undefined: no password is set. */
function guardOf({ facts, administration }: Session): Guard | undefined {
  const { instance, profile, passwordKey } = facts
  const { passwordDigest } = administration.settings
  if (passwordDigest === null) return undefined
  return { instance, profile, passwordKey, passwordDigest }
}

/** Without a password 7.0 lets its default user in with any; one argument is an error. */
function authWithoutPassword(session: Session): void {
  const { facts, argCount, reply } = session
  if (facts.profile !== PROFILE_REDIS) reply.error(replies.AUTH_WITHOUT_PASSWORD_32)
  else if (argCount === 2) reply.error(replies.AUTH_WITHOUT_PASSWORD_70)
  else if (isKnownUser(facts.instance, argumentBytes(session, 1))) reply.ok()
  else reply.error(replies.WRONG_PASS)
}

/** Notes the outcome; if it is not `right` the error is the reply and false is returned. */
function admit(session: Session, verdict: CredentialVerdict): boolean {
  if (verdict === 'right') {
    // The router widens the decoder's limits by this.
    session.connection.authenticated = true
    return true
  }
  session.counters.add(COUNTER.authFailures, 1)
  session.reply.error(refusalText(session.facts.profile, verdict))
  return false
}

function refusalText(profile: number, verdict: 'wrong' | 'wrong-form'): Uint8Array {
  if (profile === PROFILE_CKV) {
    return verdict === 'wrong' ? replies.INVALID_PASSWORD_32 : replies.AUTH_FORM_CKV
  }
  return verdict === 'wrong' ? replies.WRONG_PASS : replies.AUTH_FORM_EXTENDED
}

// ── HELLO ────────────────────────────────────────────────────────────────────────────────────

/** Argument indexes of what HELLO was given, 0 = not given. */
interface HelloOptions {
  user: number
  secret: number
  name: number
}

/** HELLO [2|3 [AUTH user password] [SETNAME name]]: nothing changes unless all of it is right. */
export function hello(session: Session): void {
  const { connection, reply, argCount } = session
  let protocol: 2 | 3 = connection.protocol
  if (argCount > 1) {
    const version = parseSafeInteger(session.bytes, session.starts[1], session.lengths[1])
    if (Number.isNaN(version)) {
      reply.error(replies.PROTOCOL_VERSION_NOT_INTEGER)
      return
    }
    if (version !== 2 && version !== 3) {
      reply.error(replies.NO_PROTO)
      return
    }
    protocol = version
  }
  const options = helloOptions(session)
  if (options === undefined) return
  if (options.secret !== 0 && !helloAuth(session, options)) return
  if (!connection.authenticated) {
    reply.error(replies.HELLO_NO_AUTH)
    return
  }
  if (options.name !== 0) connection.name = session.argument(options.name)
  connection.protocol = protocol
  reply.protocol = protocol
  replyGreeting(session)
}

/** Undefined: one is wrong and the error is the reply. */
function helloOptions(session: Session): HelloOptions | undefined {
  const options: HelloOptions = { user: 0, secret: 0, name: 0 }
  const last = session.argCount - 1
  for (let index = 2; index <= last; ) {
    if (argumentIs(session, index, 'auth') && index + 2 <= last) {
      options.user = index + 1
      options.secret = index + 2
      index += 3
    } else if (argumentIs(session, index, 'setname') && index + 1 <= last) {
      options.name = index + 1
      index += 2
      if (isPlainText(session.argument(options.name))) continue
      session.reply.error(replies.CLIENT_NAME_INVALID)
      return undefined
    } else {
      const option = argumentBytes(session, index)
      session.reply.error(replies.helloSyntax(option, 0, option.length))
      return undefined
    }
  }
  return options
}

function helloAuth(session: Session, options: HelloOptions): boolean {
  const user = argumentBytes(session, options.user)
  const guard = guardOf(session)
  if (guard === undefined) {
    // As 7.0's default user without a password, in every profile that has HELLO.
    return admit(session, isKnownUser(session.facts.instance, user) ? 'right' : 'wrong')
  }
  return admit(session, checkUserAndSecret(guard, user, argumentBytes(session, options.secret)))
}

function replyGreeting(session: Session): void {
  const { reply, connection, facts } = session
  reply.mapHeader(7)
  reply.bulkText('server')
  reply.bulkText('redis')
  reply.bulkText('version')
  reply.bulkText(redisVersion(facts.profile))
  reply.bulkText('proto')
  reply.integer(connection.protocol)
  reply.bulkText('id')
  reply.integer(connection.id)
  reply.bulkText('mode')
  reply.bulkText(redisMode(facts.profile))
  reply.bulkText('role')
  reply.bulkText('master')
  reply.bulkText('modules')
  reply.arrayHeader(0)
}

// ── State of the connection ──────────────────────────────────────────────────────────────────

/** The state of a new connection; the library's name stays. [redis-7.2 networking.c] */
export function reset(session: Session): void {
  if (!leaveAll(session)) return
  const { connection, reply } = session
  connection.endTransaction(session.sides)
  connection.database = 0
  connection.protocol = 2
  connection.readOnly = false
  connection.name = ''
  connection.muted = MUTED_NOT
  session.administration.monitors.remove(connection)
  connection.authenticated = session.administration.settings.passwordDigest === null
  reply.protocol = 2
  reply.raw(replies.RESET)
}

export function readOnly(session: Session): void {
  session.connection.readOnly = true
  session.reply.ok()
}

export function readWrite(session: Session): void {
  session.connection.readOnly = false
  session.reply.ok()
}
