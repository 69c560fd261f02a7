// A real redis-server 7.0 on a free port, as the peer of system tests.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RespClient } from './resp-client.ts'

const READY_MS_MAX = 20_000

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class RedisServer {
  readonly port: number
  readonly #child: ChildProcess
  readonly #directory: string

  constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port
    this.#child = child
    this.#directory = directory
  }

  connect(): Promise<RespClient> {
    return RespClient.connect({ host: '127.0.0.1', port: this.port })
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    running.delete(this.#child)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Whether oracleSkip() found it is the caller's affair: this one throws when it cannot start. */
export async function startRedis(...flags: string[]): Promise<RedisServer> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'ckv-redis-'))
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  const child = spawn('redis-server', [...place, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  await untilReady(child)
  return new RedisServer(port, child, directory)
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let words = ''
    const fail = (what: string): void => reject(new Error(`redis-server ${what}: ${words}`))
    const timer = setTimeout(() => fail('is not ready'), READY_MS_MAX)
    child.once('error', (error) => fail(error.message))
    child.once('exit', () => fail('ended'))
    child.stdout?.on('data', (bytes) => {
      words = (words + bytes).slice(-4000)
      if (!words.includes('Ready to accept connections')) return
      clearTimeout(timer)
      resolve()
    })
  })
}

/** A port nobody listens on now. Another program may take it before we do: then the start fails. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
