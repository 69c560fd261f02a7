// What a client gets does not depend on how its bytes were cut, on how deep it pipelines, nor on
// which shards its commands go to: one reply a command, in order.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { inEveryConfiguration } from '../support/matrix.ts'
import { MixedCommands, type ModelCommand } from '../support/mixed-commands.ts'
import { RawClient } from '../support/raw-client.ts'
import { decodeReplies, encodeWords, type Reply } from '../support/resp.ts'
import type { CkvServer } from '../support/server.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const CUT_COMMANDS = LONG ? 150 : 80
const RANDOM_CUTS = LONG ? 20 : 5
const CLIENTS = LONG ? 8 : 5
const DEEP_COMMANDS = LONG ? 5000 : 2000

async function emptied(server: CkvServer): Promise<void> {
  const client = await server.connect()
  await client.send('FLUSHALL')
  await client.close()
}

/** Sends the stream in pieces, each handed to the kernel before the next; the replies' bytes. */
async function repliesTo(
  server: CkvServer,
  stream: Buffer,
  cuts: Iterable<number>,
  replyBytes: number,
): Promise<Buffer> {
  await emptied(server)
  const client = await RawClient.connect(server)
  let from = 0
  for (const cut of [...cuts, stream.length]) {
    await client.write(stream.subarray(from, cut))
    from = cut
  }
  const bytes = await client.waitForBytes(replyBytes)
  await client.close()
  return bytes
}

function randomCuts(random: SeededRandom, length: number): number[] {
  const cuts = new Set<number>()
  const count = 1 + random.below(60)
  while (cuts.size < count) cuts.add(1 + random.below(length - 1))
  return [...cuts].sort((a, b) => a - b)
}

/** The first difference in words, or undefined. */
function difference(commands: ModelCommand[], replies: Reply[]): string | undefined {
  for (const [index, { words, reply }] of commands.entries()) {
    const want = JSON.stringify(reply)
    const got = JSON.stringify(replies[index])
    if (want === got) continue
    const text = `${index}: ${words.join(' ').slice(0, 60)}`
    return `${text}: wanted ${want?.slice(0, 80)}, got ${got?.slice(0, 80)}`
  }
  return replies.length === commands.length ? undefined : `${replies.length} replies`
}

t.test('any cut of the stream, any depth of pipeline', async (t) => {
  await inEveryConfiguration(t, [], async (t, server, index) => {
    const random = new SeededRandom(7 + index)
    const commands = new MixedCommands(random, 'cut', true, 300).take(CUT_COMMANDS)
    const stream = Buffer.concat(commands.map(({ words }) => encodeWords(words)))
    await emptied(server)
    const client = await server.connect()
    const replies = await client.pipeline(commands.map(({ words }) => words))
    await client.close()
    t.equal(difference(commands, replies), undefined, 'in one piece')

    const full = await bytesOf(server, stream, commands.length)
    t.equal(difference(commands, decodeReplies(full).replies), undefined, 'as bytes')
    for (let round = 0; round < RANDOM_CUTS; round++) {
      const cuts = randomCuts(random, stream.length)
      const got = await repliesTo(server, stream, cuts, full.length)
      t.ok(got.equals(full), `cut at ${cuts.length} places: ${cuts.slice(0, 5)}...`)
    }
    const everywhere = Array.from({ length: stream.length - 1 }, (_, at) => at + 1)
    const got = await repliesTo(server, stream, everywhere, full.length)
    t.ok(got.equals(full), `${stream.length} writes of one byte`)

    await t.test('deep pipelines of several clients', async (t) => {
      await emptied(server)
      const work = Array.from({ length: CLIENTS }, async (_, number) => {
        const maker = new MixedCommands(new SeededRandom(100 + number), `c${number}:`, false, 5000)
        const client = await server.connect()
        // The first batch is deep, later ones show that the connection is still sound.
        for (const count of [DEEP_COMMANDS, 1, 100, 1]) {
          const commands = maker.take(count)
          const replies = await client.pipeline(commands.map(({ words }) => words))
          const found = difference(commands, replies)
          if (found !== undefined) return `client ${number}: ${found}`
        }
        await client.close()
        return undefined
      })
      for (const found of await Promise.all(work)) t.equal(found, undefined)
    })
  })
})

/** The replies' bytes when nobody knows yet how many there are. */
async function bytesOf(server: CkvServer, stream: Buffer, count: number): Promise<Buffer> {
  await emptied(server)
  const client = await RawClient.connect(server)
  await client.write(stream)
  for (let wanted = 1; ; ) {
    const bytes = await client.waitForBytes(wanted)
    if (decodeReplies(bytes).replies.length === count) {
      await client.close()
      return bytes
    }
    wanted = bytes.length + 1
  }
}
