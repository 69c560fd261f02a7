// Clients that wait for keys: sending such commands and seeing that they wait.

import type { Reply } from './resp.ts'
import type { RespClient } from './resp-client.ts'
import type { CkvServer } from './server.ts'
import { until, within } from './until.ts'

export const REPLY_MS_MAX = 15_000

export function ask(client: RespClient, line: string): Promise<Reply> {
  return within(line, REPLY_MS_MAX, client.send(...line.split(' ')))
}

export async function blockedCount(client: RespClient): Promise<number> {
  const text = JSON.stringify(await client.send('INFO', 'clients'))
  return Number(/blocked_clients:(\d+)/.exec(text)?.[1])
}

export interface Waiting {
  readonly reply: Promise<Reply>
}

/** Sends a command that waits, and comes back when it does. */
export async function block(admin: RespClient, client: RespClient, line: string): Promise<Waiting> {
  const before = await blockedCount(admin)
  const reply = within(line, REPLY_MS_MAX, client.send(...line.split(' ')))
  reply.catch(() => {})
  await until(`waits: ${line}`, REPLY_MS_MAX, async () => (await blockedCount(admin)) > before)
  return { reply }
}

export function pipeline(client: RespClient, lines: readonly string[]): Promise<Reply[]> {
  const commands = lines.map((line) => line.split(' '))
  return within(lines.join('; '), REPLY_MS_MAX, client.pipeline(commands))
}

/** Something for both ways to dispatch. */
export async function load(server: CkvServer): Promise<void> {
  const client = await server.connect()
  await client.pipeline(Array.from({ length: 400 }, (_, key) => ['SET', `load:${key}`, 'v']))
  for (let index = 0; index < 20; index++) await client.send('SET', 'load', 'v')
  await client.close()
}
