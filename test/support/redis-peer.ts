// A real redis-server on a unix socket of its own folder, for tests that compare replies. Not
// found on this machine: undefined, and the test skips what needs it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeReplies, encodeWords, type Reply } from './resp.ts'

const STARTING_MS_MAX = 10_000

export class RedisPeer {
  readonly version: string
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #sockets: Socket[] = []

  constructor(version: string, child: ChildProcess, folder: string) {
    this.version = version
    this.#child = child
    this.#folder = folder
  }

  /** A new connection. */
  async open(): Promise<(...words: (string | Uint8Array)[]) => Promise<Reply>> {
    const socket = connect(join(this.#folder, 'redis.sock'))
    this.#sockets.push(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return (...words) => askOnce(socket, words)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** @param flags as on redis-server's command line */
export async function startRedisPeer(...flags: string[]): Promise<RedisPeer | undefined> {
  const found = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  const version = /v=(\S+)/.exec(found.stdout ?? '')?.[1]
  if (version === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'ckv-peer-'))
  const path = join(folder, 'redis.sock')
  const quiet = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '']
  const child = spawn('redis-server', [...quiet, ...flags], { stdio: 'ignore' })
  for (let waitedMs = 0; !existsSync(path); waitedMs += 20) {
    if (waitedMs > STARTING_MS_MAX || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error('redis-server did not start')
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return new RedisPeer(version, child, folder)
}

function askOnce(socket: Socket, words: readonly (string | Uint8Array)[]): Promise<Reply> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      const { replies } = decodeReplies(received)
      if (replies.length === 0) return
      socket.off('data', onData)
      resolve(replies[0])
    }
    socket.on('data', onData)
    socket.write(encodeWords(words))
  })
}
