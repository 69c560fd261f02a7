// CONFIG. GET answers here; what changes anything is main's to do (administration.ts), and the
// reply comes when it is done everywhere. The password is not among what GET shows.

import { configPairs } from '../options/config-reply.ts'
import * as replies from '../wire/replies.ts'
import type { Order } from './administration.ts'
import type { Session } from './session.ts'
import { argumentBytes, argumentsFrom } from './session-arguments.ts'

export function configGet(session: Session): void {
  const { reply, administration } = session
  const patterns: Uint8Array[] = []
  for (let index = 2; index < session.argCount; index++) {
    patterns.push(argumentBytes(session, index))
  }
  const pairs = configPairs(patterns, administration.settings, session.facts.port)
  reply.mapHeader(pairs.length)
  for (const [name, value] of pairs) {
    reply.bulkText(name)
    reply.bulkText(value)
  }
}

/** CONFIG SET name value [name value …]: all of them, or none. */
export function configSet(session: Session): void {
  const words = argumentsFrom(session, 2)
  if (words.length % 2 !== 0) session.reply.error(replies.SYNTAX_ERROR)
  else replyWhenDone(session, { kind: 'config-set', words })
}

export function configRewrite(session: Session): void {
  replyWhenDone(session, { kind: 'config-rewrite' })
}

export function configResetStat(session: Session): void {
  session.counters.reset()
  session.reply.ok()
}

function replyWhenDone(session: Session, order: Order): void {
  const { administration, counters } = session
  const later = session.replyLater()
  administration.order(order, (outcome) => {
    if (outcome !== null) counters.addError(outcome, 0)
    later.answer((reply) => {
      if (outcome === null) reply.ok()
      else reply.error(outcome)
    })
  })
}
