// The load that is running when the server is killed, and reading back what a server holds.

import type { Reply } from '../support/resp.ts'
import { encodeWords } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import type { Ledger, States } from './ledger.ts'

const PIPELINE = 16

/**
 * Keeps 16 commands of the ledger in flight until the connection ends.
 * @param onAcknowledged called for each reply
 * @returns the replies, in order
 */
export async function runLoad(
  client: RespClient,
  ledger: Ledger,
  inBursts: boolean,
  onAcknowledged: () => void,
): Promise<Reply[]> {
  const replies: Reply[] = []
  const issue = (count: number): void => {
    const commands = Array.from({ length: count }, () => ledger.issue())
    client.write(Buffer.concat(commands.map(({ words }) => encodeWords(words))))
  }
  issue(PIPELINE)
  let inFlight = PIPELINE
  for (;;) {
    let reply: Reply
    try {
      reply = await client.next()
    } catch {
      return replies
    }
    replies.push(reply)
    ledger.acknowledgedCount = replies.length
    inFlight--
    onAcknowledged()
    // In bursts: one write of 16 when all are answered. Else: one more for each answer.
    if (inBursts && inFlight > 0) continue
    issue(inBursts ? PIPELINE : 1)
    inFlight += inBursts ? PIPELINE : 1
  }
}

export async function readStates(client: RespClient, keys: readonly string[]): Promise<States> {
  const values = await client.pipeline(keys.map((key) => ['GET', key]))
  const times = await client.pipeline(keys.map((key) => ['PEXPIRETIME', key]))
  return new Map(
    keys.map((key, index) => [
      key,
      { value: values[index] as string | null, expiresAtMs: Math.max(Number(times[index]), -1) },
    ]),
  )
}

/** Which shard owns a slot, from CLUSTER SLOTS: ranges in the order of the shards. */
export async function readShardOfSlot(client: RespClient): Promise<(slot: number) => number> {
  const rows = (await client.send('CLUSTER', 'SLOTS')) as [number, number, ...unknown[]][]
  return (slot) => rows.findIndex(([first, last]) => first <= slot && slot <= last)
}
