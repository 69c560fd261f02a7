// Clients that do not take their replies: bounded, cut at the output limit, read from no longer;
// everybody else is served meanwhile.

import t, { type Test } from 'tap'
import { inEveryConfiguration } from '../support/matrix.ts'
import { residentBytes } from '../support/process-figures.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { CkvServer } from '../support/server.ts'
import { until, within } from '../support/until.ts'

const MEGABYTE = 1_048_576
const VALUE_BYTES = 65_536
const SLOW_CLIENTS = 2
/** Commands a slow client tries to send: replies of 640 MB. */
const COMMANDS = 10_000
/** The output limit of a client, and as much again under way. */
const KEPT_BYTES_MAX = 512 * MEGABYTE
const STILL_LOOKS = 20

t.test('clients that do not read', async (t) => {
  await inEveryConfiguration(t, [], async (t, server) => {
    const witness = await server.connect()
    await witness.send('SET', 'value', 'v'.repeat(VALUE_BYTES))
    for (let index = 0; index < 400; index++) await witness.send('SET', `key${index}`, 'v')
    await witness.pipeline(Array.from({ length: 3000 }, (_, at) => ['SET', `deep${at}`, 'v']))
    const before = residentBytes(server.process.pid)
    const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, () => startSlow(server)))
    const peak = await checkOthers(t, server, slow)
    const grown = Math.round((peak - before) / MEGABYTE)
    t.comment(`figure memory for ${SLOW_CLIENTS} slow readers: ${grown} MB`)
    t.ok(peak - before < SLOW_CLIENTS * KEPT_BYTES_MAX, `bounded memory: ${grown} MB`)
    for (const { client, sentBytes } of slow) {
      const cut = client.socket.destroyed
      t.comment(`a slow client was ${cut ? 'cut' : 'kept'}`)
      t.ok(sentBytes > 0, 'it could send something')
    }
    await checkTakesUp(t, slow[0])
    for (const { client } of slow) await client.close()
    t.same(await witness.send('PING'), { simple: 'PONG' })
    await witness.close()
  })
})

interface SlowClient {
  readonly client: RawClient
  readonly sentBytes: number
}

/** Sends its commands as the server takes them, reads nothing. */
async function startSlow(server: CkvServer): Promise<SlowClient> {
  const client = await RawClient.connect(server)
  client.socket.pause()
  const command = Buffer.from(encodeWords(['GET', 'value']))
  const batch = Buffer.concat(Array.from({ length: 100 }, () => command))
  for (let sent = 0; sent < COMMANDS; sent += 100) client.socket.write(batch)
  return { client, sentBytes: batch.length }
}

/** Others are answered until the slow ones stand still; the most memory seen. */
async function checkOthers(t: Test, server: CkvServer, slow: SlowClient[]): Promise<number> {
  const others = await Promise.all([server.connect(), server.connect(), server.connect()])
  const { pid } = server.process
  let peak = 0
  let slowest = 0
  let still = 0
  let seen = -1
  await until('the slow clients stand still', 60_000, async () => {
    for (const other of others) {
      const start = performance.now()
      const reply = await within('a reply', 15_000, other.send('GET', `key${still}`))
      slowest = Math.max(slowest, performance.now() - start)
      if (reply !== 'v') t.equal(reply, 'v')
    }
    peak = Math.max(peak, residentBytes(pid))
    const unsent = slow.reduce((sum, { client }) => sum + client.socket.writableLength, 0)
    still = unsent === seen ? still + 1 : 0
    seen = unsent
    return still >= STILL_LOOKS
  })
  t.comment(`figure slowest reply of others: ${Math.round(slowest)} ms`)
  for (const other of others) await other.close()
  return peak
}

/** When it reads again (and was not cut) all its replies come. */
async function checkTakesUp(t: Test, { client }: SlowClient): Promise<void> {
  if (client.socket.destroyed) return
  const wanted = COMMANDS * (VALUE_BYTES + `$${VALUE_BYTES}\r\n\r\n`.length)
  let received = 0
  client.socket.removeAllListeners('data')
  const all = new Promise<void>((resolve) => {
    client.socket.on('data', (piece: Buffer) => {
      received += piece.length
      if (received >= wanted) resolve()
    })
    client.socket.once('close', () => resolve())
  })
  client.socket.resume()
  await within('all replies', 20_000, all)
  if (client.socket.destroyed) t.comment('the slow client was cut while it read')
  else t.equal(received, wanted, 'a client that reads again gets all its replies')
}
