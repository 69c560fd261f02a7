// Sockets as clients see them, over the short way for bytes and over Node's streams: the same
// replies, the same ends.

import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type CkvServer, startCkv } from '../support/server.ts'
import { within } from '../support/until.ts'

const REPLY_MS_MAX = 15_000
const WAYS = [
  ['the short way', {}],
  ['streams', { CKV_TEST_SOCKET_STREAMS: '1' }],
] as const

for (const [name, environment] of WAYS) {
  t.test(name, async (t) => {
    const server = await startCkv({ flags: ['--acceptors', '1'], environment })
    t.teardown(() => server.stop())
    await t.test('replies that the kernel does not take at once', (t) => slowReader(t, server))
    await t.test('half-closed: what was sent is answered, then FIN', (t) => halfClosed(t, server))
    await t.test('a large command in crumbs, then FIN', (t) => crumbs(t, server))
    await t.test('reset in the middle of a reply', (t) => reset(t, server))
    await t.test('a protocol error is answered and the socket closed', (t) => broken(t, server))
  })
}

/** Reads nothing for a while, then everything: the bytes come whole and in order. */
async function slowReader(t: Test, server: CkvServer): Promise<void> {
  const setter = await server.connect()
  const value = 'abcdefgh'.repeat(128 * 1024)
  await setter.send('SET', 'large', value)
  const socket = connect(server.port, server.host)
  const rounds = 24
  for (let round = 0; round < rounds; round++) socket.write(`GET large\r\nECHO ${round}\r\n`)
  // Others are served while this one does not read.
  for (let round = 0; round < 50; round++) await within('ping', REPLY_MS_MAX, setter.send('PING'))
  const wanted = Array.from({ length: rounds }, (_, round) => {
    const text = String(round)
    return `$${value.length}\r\n${value}\r\n$${text.length}\r\n${text}\r\n`
  }).join('')
  const got = await within('all replies', REPLY_MS_MAX, readBytes(socket, wanted.length))
  t.ok(got === wanted, `${rounds} large replies, each followed by a small one`)
  socket.destroy()
  await setter.close()
}

async function halfClosed(t: Test, server: CkvServer): Promise<void> {
  const socket = connect({ port: server.port, host: server.host, allowHalfOpen: true })
  socket.end('SET half 1\r\nGET half\r\nPING\r\n')
  const got = await within('the end', REPLY_MS_MAX, readBytes(socket, Infinity))
  t.equal(got, '+OK\r\n$1\r\n1\r\n+PONG\r\n')
}

/** Crumbs of a large command let its socket rest: an end meanwhile is an end all the same. */
async function crumbs(t: Test, server: CkvServer): Promise<void> {
  const value = 'abcdefgh'.repeat(50_000)
  const command = `*3\r\n$3\r\nSET\r\n$5\r\ncrumb\r\n$${value.length}\r\n${value}\r\n`
  for (const length of [command.length, command.length - 1000]) {
    const socket = connect({ port: server.port, host: server.host, allowHalfOpen: true })
    socket.setNoDelay(true)
    for (let at = 0; at < length; at += 700) {
      const piece = command.slice(at, Math.min(at + 700, length))
      await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
    }
    socket.end()
    const got = await within('the end', REPLY_MS_MAX, readBytes(socket, Infinity))
    t.equal(got, length === command.length ? '+OK\r\n' : '', `${length} bytes`)
  }
  const client = await server.connect()
  t.equal(await client.send('GET', 'crumb'), value)
  await client.close()
}

async function reset(t: Test, server: CkvServer): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const socket = connect(server.port, server.host)
    socket.on('error', () => {})
    socket.write('GET large\r\n'.repeat(8))
    await new Promise<void>((resolve) => socket.once('data', () => resolve()))
    socket.resetAndDestroy()
  }
  const client = await server.connect()
  t.same(await within('ping', REPLY_MS_MAX, client.send('PING')), { simple: 'PONG' })
  await client.close()
}

async function broken(t: Test, server: CkvServer): Promise<void> {
  const socket = connect(server.port, server.host)
  socket.write('PING\r\n*1\r\n$x\r\nGET half\r\n')
  const got = await within('the end', REPLY_MS_MAX, readBytes(socket, Infinity))
  t.equal(got, '+PONG\r\n-ERR Protocol error: invalid bulk length\r\n')
}

function readBytes(socket: ReturnType<typeof connect>, length: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let received = 0
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      received += chunk.length
      if (received >= length) resolve(Buffer.concat(chunks).toString('latin1'))
    })
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}
