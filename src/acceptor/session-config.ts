// CONFIG GET: Redis's names for our settings. The password is not among them.

import { configPairs } from '../options/config-reply.ts'
import type { Session } from './session.ts'
import { argumentBytes } from './session-arguments.ts'

export function configGet(session: Session): void {
  const { reply, facts } = session
  const settings = { options: facts.options, free: {}, passwordDigest: facts.passwordDigest }
  const patterns: Uint8Array[] = []
  for (let index = 2; index < session.argCount; index++) {
    patterns.push(argumentBytes(session, index))
  }
  const pairs = configPairs(patterns, settings, session.facts.port)
  reply.mapHeader(pairs.length)
  for (const [name, value] of pairs) {
    reply.bulkText(name)
    reply.bulkText(value)
  }
}
