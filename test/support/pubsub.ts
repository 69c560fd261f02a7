// What tests of pub/sub share: every dispatch with one acceptor and with two, one server for all
// parts of a test, and messages with a limit on waiting.

import type { Test } from 'tap'
import { configurationsOfRun, flagsOf, nameOf } from './matrix.ts'
import type { Reply } from './resp.ts'
import type { RespClient } from './resp-client.ts'
import { type CkvServer, startCkv } from './server.ts'
import { within } from './until.ts'

export const MESSAGE_MS_MAX = 20_000

export type Part = (t: Test, server: CkvServer) => Promise<void>

/** Runs the parts, by their names, one after another on one server in each configuration. */
export async function inAllConfigurations(
  t: Test,
  flags: readonly string[],
  parts: Readonly<Record<string, Part>>,
): Promise<void> {
  const configurations = configurationsOfRun().flatMap((configuration) =>
    [1, 2].map((acceptors) => ({ ...configuration, acceptors })),
  )
  for (const [name, each] of new Map(configurations.map((each) => [nameOf(each), each]))) {
    await t.test(name, async (t) => {
      const server = await startCkv({ flags: [...flagsOf(each), ...flags] })
      try {
        for (const [title, part] of Object.entries(parts)) {
          await t.test(title, (t) => part(t as Test, server))
        }
      } finally {
        await server.stop()
      }
    })
  }
}

/** The last element of a message, whatever its kind. */
export function textOf(message: Reply): string {
  return Array.isArray(message) ? String(message.at(-1)) : JSON.stringify(message)
}

export function next(client: RespClient): Promise<Reply> {
  return within('a message', MESSAGE_MS_MAX, client.next())
}
