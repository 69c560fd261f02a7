// Connections come and go: limits, idle ones, storms; an ended one gets FIN at once.

import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { flagsOf, inEveryConfiguration } from '../support/matrix.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const STORM_CLIENTS = LONG ? 10_000 : 600
const STORM_AT_ONCE = 200
const FIN_MS_MAX = 1000
const ONE = { dispatch: 'auto', acceptors: 1, workers: 1 } as const

async function infoNumber(client: RespClient, name: string): Promise<number> {
  const text = String(await client.send('INFO', 'all'))
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1])
}

function openFiles(server: CkvServer): number {
  return readdirSync(`/proc/${server.process.pid}/fd`).length
}

t.test('maxclients', async (t) => {
  const server = await startCkv({ flags: [...flagsOf(ONE), '--maxclients', '5'] })
  t.teardown(() => server.stop())
  const clients: RespClient[] = []
  while (clients.length < 5) clients.push(await server.connect())
  await clients[4].send('PING')
  for (let round = 0; round < 3; round++) {
    const refused = await RawClient.connect(server)
    const { bytes } = await refused.waitForEnd(FIN_MS_MAX * 5)
    t.equal(bytes.toString(), '-ERR max number of clients reached\r\n')
  }
  t.same(await clients[0].send('PING'), { simple: 'PONG' }, 'those that are in stay in')
  t.equal(await infoNumber(clients[0], 'rejected_connections'), 3)
  await clients[4].close()
  // The server sees the end a moment later.
  await until('a place is free again', 5000, async () => {
    const client = await server.connect()
    const served = await client.send('PING').then(
      (reply) => JSON.stringify(reply) === '{"simple":"PONG"}',
      () => false,
    )
    await client.close()
    return served
  })
  for (const client of clients) await client.close()
})

t.test('idle timeout', async (t) => {
  const server = await startCkv({ flags: [...flagsOf(ONE), '--timeout', '1'] })
  t.teardown(() => server.stop())
  const idle = await RawClient.connect(server)
  const busy = await server.connect()
  const start = performance.now()
  let idleEndedMs = 0
  void idle.closed.then(() => {
    idleEndedMs = performance.now() - start
  })
  await until('the idle client is sent away', 10_000, async () => {
    t.same(await busy.send('PING'), { simple: 'PONG' })
    return idleEndedMs > 0
  })
  t.ok(idleEndedMs >= 900, `not before its time: ${Math.round(idleEndedMs)} ms`)
  await busy.close()
})

t.test('the end of connections', async (t) => {
  await inEveryConfiguration(t, [], async (t, server) => {
    await checkQuit(t, server)
    await checkHalfClosed(t, server)
    await checkStorm(t, server)
  })
})

/** QUIT behind commands of every shard: all replies, +OK, then FIN at once. */
async function checkQuit(t: Test, server: CkvServer): Promise<void> {
  const sets = Array.from({ length: 500 }, (_, index) => encodeWords(['SET', `quit${index}`, 'v']))
  const client = await RawClient.connect(server)
  await client.write(Buffer.concat([...sets, encodeWords(['QUIT']), encodeWords(['PING'])]))
  const { bytes, inOrder } = await client.waitForEnd()
  t.equal(
    bytes.toString(),
    '+OK\r\n'.repeat(sets.length + 1),
    'all replies, and nothing behind QUIT',
  )
  t.ok(inOrder, 'FIN, not RST')
  const idle = await RawClient.connect(server)
  const start = performance.now()
  await idle.write('QUIT\r\n')
  await idle.waitForEnd()
  const ms = performance.now() - start
  t.ok(ms < FIN_MS_MAX, `FIN ${Math.round(ms)} ms after QUIT`)
}

/** A client that sends FIN behind its last command (`printf … | nc`) still gets its replies. */
async function checkHalfClosed(t: Test, server: CkvServer): Promise<void> {
  for (const count of [1, 300]) {
    const lines = Array.from({ length: count }, (_, index) =>
      encodeWords(['SET', `half${index}`, 'v']),
    )
    const client = await RawClient.connect(server)
    client.socket.end(Buffer.concat(lines))
    const { bytes } = await client.waitForEnd()
    t.equal(bytes.toString(), '+OK\r\n'.repeat(count), `${count} commands and FIN`)
  }
}

/** Many clients that are reset in every state; nothing of them may stay. */
async function checkStorm(t: Test, server: CkvServer): Promise<void> {
  const witness = await server.connect()
  await witness.send('SET', 'witness', 'w'.repeat(100_000))
  const filesBefore = openFiles(server)
  const work = Buffer.concat([
    ...Array.from({ length: 50 }, (_, index) => encodeWords(['SET', `storm${index}`, 'v'])),
    encodeWords(['MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4']),
    ...Array.from({ length: 20 }, () => encodeWords(['GET', 'witness'])),
  ])
  for (let done = 0; done < STORM_CLIENTS; done += STORM_AT_ONCE) {
    await Promise.all(
      Array.from({ length: STORM_AT_ONCE }, (_, index) => reset(server, work, index)),
    )
  }
  await until('only the witness is left', 10_000, async () => {
    return (await infoNumber(witness, 'connected_clients')) === 1
  })
  await until('files are closed', 10_000, () => openFiles(server) <= filesBefore)
  t.equal(((await witness.send('GET', 'witness')) as string).length, 100_000, 'and it is served')
  const received = await infoNumber(witness, 'total_connections_received')
  t.ok(received >= STORM_CLIENTS, `figure connections reset: ${STORM_CLIENTS}`)
  await witness.close()
}

/** Connects, does a little or nothing, and resets the connection. */
function reset(server: CkvServer, work: Uint8Array, index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: server.host, port: server.port })
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    socket.once('connect', () => {
      if (index % 4 === 0) return void socket.resetAndDestroy()
      const bytes = index % 4 === 1 ? work : work.subarray(0, work.length - 7)
      socket.write(bytes, () => {
        if (index % 4 === 3) socket.once('data', () => socket.resetAndDestroy())
        else socket.resetAndDestroy()
      })
    })
  })
}
