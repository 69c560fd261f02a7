// The fixed reference: the least a server on this runtime can do. One thread, one `net` server,
// +OK to every command. It shares no code with src/, so that a change there cannot move it.
//
//   node native-free-bench/load/echo-server.ts --port 7000

import { createServer, type Socket } from 'node:net'
import { pathToFileURL } from 'node:url'

const STAR = 42
const CR = 13
const OK_REPLIES_MAX = 1024
const OK = Buffer.from('+OK\r\n'.repeat(OK_REPLIES_MAX), 'latin1')
const OK_BYTES = 5

/** Where a command ends, or -1 while bytes are missing; throws on what is not a RESP command. */
export function commandEnd(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== STAR) throw new Error('only RESP commands')
  let at = start + 1
  let parts = 0
  while (at < bytes.length && bytes[at] !== CR) parts = parts * 10 + bytes[at++] - 48
  at += 2
  for (let part = 0; part < parts; part++) {
    let length = 0
    at++
    while (at < bytes.length && bytes[at] !== CR) length = length * 10 + bytes[at++] - 48
    if (at >= bytes.length) return -1
    at += length + 4
  }
  return at <= bytes.length ? at : -1
}

function serve(socket: Socket): void {
  let rest: Buffer | undefined
  socket.on('error', () => {})
  socket.on('data', (received: Buffer) => {
    const bytes = rest === undefined ? received : Buffer.concat([rest, received])
    let at = 0
    let commands = 0
    try {
      for (let end = commandEnd(bytes, 0); end > 0; end = commandEnd(bytes, at)) {
        at = end
        commands++
        if (at === bytes.length) break
      }
    } catch {
      socket.destroy()
      return
    }
    rest = at === bytes.length ? undefined : bytes.subarray(at)
    for (; commands > 0; commands -= OK_REPLIES_MAX) {
      socket.write(OK.subarray(0, Math.min(commands, OK_REPLIES_MAX) * OK_BYTES))
    }
  })
}

/** Starts the server on loopback; port 0 = any. Resolves with the port once it listens. */
export function startEchoServer(port: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const bound = address !== null && typeof address === 'object' ? address.port : port
      const close = (): void => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
      resolve({ port: bound, close })
    })
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const flag = process.argv.indexOf('--port')
  const started = await startEchoServer(flag < 0 ? 0 : Number(process.argv[flag + 1]))
  process.stdout.write(`echo server on 127.0.0.1:${started.port}\n`)
}
