// The pub/sub family, with the connection at hand. Confirmations are pushes: one for each
// channel, not one reply for the command. A command that finds no room in the rings to the other
// acceptors, or has to wait for what they have sent already, is tried again (session.again).
// [redis-3.2 pubsub.c, redis-7.0 pubsub.c]

import { compileGlob } from '../base/glob.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import { slotOfKey } from '../dispatch/slots.ts'
import { NO_ROOM_NOW, ownBytes } from '../pubsub/registry.ts'
import { KIND_CHANNEL, KIND_PATTERN, KIND_SHARD_CHANNEL, Subscriber } from '../pubsub/subscriber.ts'
import * as replies from '../wire/replies.ts'
import { type Connection, STOPPED_BARRIER, STOPPED_RING_FULL } from './connection.ts'
import { beginReply, type Session } from './session.ts'
import type { Transaction } from './transaction.ts'

// ── Subscribing ──────────────────────────────────────────────────────────────────────────────

export function subscribe(session: Session): void {
  subscribeTo(session, KIND_CHANNEL, replies.PUSH_SUBSCRIBE)
}

export function psubscribe(session: Session): void {
  subscribeTo(session, KIND_PATTERN, replies.PUSH_PATTERN_SUBSCRIBE)
}

export function ssubscribe(session: Session): void {
  if (crossesSlots(session)) session.reply.error(replies.CROSS_SLOT)
  else subscribeTo(session, KIND_SHARD_CHANNEL, replies.PUSH_SHARD_SUBSCRIBE)
}

function subscribeTo(session: Session, kind: number, word: Uint8Array): void {
  const { connection, pubsub, bytes, starts, lengths, argCount } = session
  const subscriber = connection.subscriber ?? new Subscriber(connection)
  if (subscriber.progress === 0 && !haveRoom(session, kind)) {
    session.reply.error(replies.OUT_OF_MEMORY)
    return
  }
  connection.subscriber = subscriber
  for (let index = subscriber.progress || 1; index < argCount; index++) {
    const result = pubsub.subscribe(subscriber, kind, bytes, starts[index], lengths[index])
    if (result === NO_ROOM_NOW) {
      // What is confirmed leaves now: messages may come behind it.
      subscriber.progress = index
      tryAgain(session)
      return
    }
    confirm(session, kind, word, bytes, starts[index], lengths[index])
  }
  subscriber.progress = 0
}

/** Does every shard that a name belongs to take one more? Else none is subscribed. */
function haveRoom(session: Session, kind: number): boolean {
  const { pubsub, bytes, starts, lengths, argCount } = session
  pubsub.beginCheck()
  for (let index = 1; index < argCount; index++) {
    if (!pubsub.hasRoomFor(kind, bytes, starts[index], lengths[index])) return false
  }
  return true
}

/** Shard channels of one command lie in one slot, where clients see a cluster. */
function crossesSlots({ facts, bytes, starts, lengths, argCount }: Session): boolean {
  if (facts.profile === PROFILE_REDIS) return false
  for (let index = 2; index < argCount; index++) {
    const slot = slotOfKey(bytes, starts[index], lengths[index])
    if (slot !== slotOfKey(bytes, starts[1], lengths[1])) return true
  }
  return false
}

/** What stands behind replyStart leaves now, the rest is said when the command is tried again. */
function tryAgain(session: Session): void {
  session.connection.stopped |= STOPPED_RING_FULL
  session.again = true
}

function confirm(
  session: Session,
  kind: number,
  word: Uint8Array,
  name: Uint8Array,
  start: number,
  length: number,
): void {
  const { reply } = session
  reply.pushHeader(3)
  reply.raw(word)
  reply.bulk(name, start, length)
  reply.integer(countOf(session.connection, kind))
}

function countOf({ subscriber }: Connection, kind: number): number {
  if (subscriber === null) return 0
  return kind === KIND_SHARD_CHANNEL ? subscriber.shardCount() : subscriber.count()
}

// ── Unsubscribing ────────────────────────────────────────────────────────────────────────────

export function unsubscribe(session: Session): void {
  unsubscribeFrom(session, KIND_CHANNEL, replies.PUSH_UNSUBSCRIBE)
}

export function punsubscribe(session: Session): void {
  unsubscribeFrom(session, KIND_PATTERN, replies.PUSH_PATTERN_UNSUBSCRIBE)
}

export function sunsubscribe(session: Session): void {
  if (crossesSlots(session)) session.reply.error(replies.CROSS_SLOT)
  else unsubscribeFrom(session, KIND_SHARD_CHANNEL, replies.PUSH_SHARD_UNSUBSCRIBE)
}

function unsubscribeFrom(session: Session, kind: number, word: Uint8Array): void {
  const { connection, pubsub, argCount } = session
  const { subscriber } = connection
  if (subscriber !== null && !subscriber.isLeaving) {
    if (argCount === 1) {
      for (const topic of subscriber.topics[kind]) pubsub.beginLeave(subscriber, topic)
    }
    for (let index = 1; index < argCount; index++) {
      const topic = topicOfArgument(session, kind, index)
      if (topic !== undefined) pubsub.beginLeave(subscriber, topic)
    }
  }
  if (!isSettled(session)) return
  if (argCount === 1) confirmAll(session, kind, word)
  for (let index = 1; index < argCount; index++) {
    const topic = topicOfArgument(session, kind, index)
    if (subscriber !== null && topic !== undefined) pubsub.leave(subscriber, topic)
    confirm(session, kind, word, session.bytes, session.starts[index], session.lengths[index])
  }
  dropIfEmpty(connection)
}

function topicOfArgument(session: Session, kind: number, index: number) {
  const { pubsub, bytes, starts, lengths } = session
  return pubsub.find(kind, bytes, starts[index], lengths[index])
}

/** Everything of the kind goes, a confirmation each; one without a name when there is nothing. */
function confirmAll(session: Session, kind: number, word: Uint8Array): void {
  const { pubsub, reply, connection } = session
  const { subscriber } = connection
  if (subscriber === null || subscriber.topics[kind].size === 0) {
    reply.pushHeader(3)
    reply.raw(word)
    reply.nullBulk()
    reply.integer(countOf(connection, kind))
    return
  }
  for (const topic of subscriber.topics[kind]) {
    pubsub.leave(subscriber, topic)
    confirm(session, kind, word, topic.name, 0, topic.name.length)
  }
}

/**
 * Has everything arrived that was sent to what the connection is leaving? If not the command is
 * tried again.
 */
function isSettled(session: Session): boolean {
  const { subscriber } = session.connection
  if (subscriber === null) return true
  const settled = session.pubsub.isSettled(subscriber)
  beginReply(session)
  if (settled) subscriber.isLeaving = false
  else tryAgain(session)
  return settled
}

function dropIfEmpty(connection: Connection): void {
  if (connection.subscriber?.isEmpty() === true) connection.subscriber = null
}

/** RESET takes all subscriptions back without a word. False: it is tried again. */
export function leaveAll(session: Session): boolean {
  const { connection, pubsub } = session
  const { subscriber } = connection
  if (subscriber === null) return true
  if (!subscriber.isLeaving) {
    for (const topics of subscriber.topics) {
      for (const topic of topics) pubsub.beginLeave(subscriber, topic)
    }
  }
  if (!isSettled(session)) return false
  pubsub.forget(subscriber)
  connection.subscriber = null
  return true
}

// ── Publishing ───────────────────────────────────────────────────────────────────────────────

export function publish(session: Session): void {
  publishTo(session, KIND_CHANNEL)
}

export function spublish(session: Session): void {
  publishTo(session, KIND_SHARD_CHANNEL)
}

/** Behind all earlier commands of the connection: who hears of a write can read it. */
function publishTo(session: Session, kind: number): void {
  const { connection, pubsub, bytes, starts, lengths } = session
  if (connection.inFlight() > 0) {
    connection.stopped |= STOPPED_BARRIER
    session.again = true
    return
  }
  const [, channel, message] = starts
  const count =
    session.executing === null
      ? pubsub.publish(kind, bytes, channel, lengths[1], bytes, message, lengths[2])
      : publishWhenRun(session, session.executing, kind)
  beginReply(session)
  if (count === NO_ROOM_NOW) tryAgain(session)
  else session.reply.integer(count)
}

/** Inside of MULTI: the number is of now, the message leaves when EXEC has run. */
function publishWhenRun(session: Session, transaction: Transaction, kind: number): number {
  const { pubsub, bytes, starts, lengths } = session
  const count = pubsub.countReceivers(kind, bytes, starts[1], lengths[1])
  if (count === NO_ROOM_NOW) return count
  const channel = ownBytes(bytes, starts[1], lengths[1])
  transaction.messages.push({ kind, channel, text: ownBytes(bytes, starts[2], lengths[2]) })
  return count
}

// ── PUBSUB ───────────────────────────────────────────────────────────────────────────────────

export function pubsubChannels(session: Session): void {
  listChannels(session, KIND_CHANNEL)
}

export function pubsubShardChannels(session: Session): void {
  listChannels(session, KIND_SHARD_CHANNEL)
}

function listChannels(session: Session, kind: number): void {
  const { argCount, bytes, starts, lengths } = session
  if (argCount > 3) {
    replySyntaxError(session)
    return
  }
  if (!isUpToDate(session)) return
  const glob = argCount === 3 ? compileGlob(bytes, starts[2], lengths[2], false) : null
  const names: Uint8Array[] = []
  for (const topic of session.pubsub.topics(kind)) {
    const { name } = topic
    if (topic.count() === 0) continue
    if (glob === null || session.pubsub.matches(glob, name, 0, name.length)) names.push(name)
  }
  session.reply.arrayHeader(names.length)
  for (const name of names) session.reply.bulk(name, 0, name.length)
}

function replySyntaxError({ facts, reply, bytes, starts, lengths }: Session): void {
  const later = facts.profile === PROFILE_REDIS
  if (later) reply.error(replies.subcommandSyntax70('PUBSUB', bytes, starts[1], lengths[1]))
  else reply.error(replies.pubsubSyntax32(bytes, starts[1], lengths[1]))
}

export function pubsubNumsub(session: Session): void {
  countSubscribers(session, KIND_CHANNEL)
}

export function pubsubShardNumsub(session: Session): void {
  countSubscribers(session, KIND_SHARD_CHANNEL)
}

function countSubscribers(session: Session, kind: number): void {
  if (!isUpToDate(session)) return
  const { reply, bytes, starts, lengths, argCount } = session
  reply.arrayHeader((argCount - 2) * 2)
  for (let index = 2; index < argCount; index++) {
    reply.bulk(bytes, starts[index], lengths[index])
    reply.integer(topicOfArgument(session, kind, index)?.count() ?? 0)
  }
}

export function pubsubNumpat(session: Session): void {
  if (session.argCount > 2) replySyntaxError(session)
  else if (isUpToDate(session)) session.reply.integer(patternCount(session))
}

/** 3.2 counts the subscriptions of patterns, 7.0 the patterns. */
export function patternCount({ pubsub, facts }: Session): number {
  let count = 0
  for (const topic of pubsub.topics(KIND_PATTERN)) {
    count += facts.profile === PROFILE_REDIS ? Math.min(topic.count(), 1) : topic.count()
  }
  return count
}

export function channelCount({ pubsub }: Session): number {
  let count = 0
  for (const topic of pubsub.topics(KIND_CHANNEL)) if (topic.count() > 0) count++
  return count
}

/** Reads what the others have told. False: the command is tried again. */
function isUpToDate(session: Session): boolean {
  const whole = session.pubsub.drain()
  beginReply(session)
  if (!whole) tryAgain(session)
  return whole
}
