// A real redis-server 7.0 as the judge of what Redis answers, on a unix socket in a folder of its
// own, ended with the test. Where none is installed the comparison is skipped loudly; a run with
// CI=true fails instead, so that it cannot silently stop comparing.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reply } from './resp.ts'
import { RespClient, type Words } from './resp-client.ts'
import { within } from './until.ts'

const READY_MS_MAX = 20_000
const ANSWER_MS_MAX = 10_000

const running = new Set<RedisServer>()
// A test that throws must not leave a server or a folder behind.
process.once('exit', () => {
  for (const server of running) server.abandon()
})

/** What to give to tap's `skip`: a reason, or false. In CI a missing redis-server is an error. */
export function redisSkip(): string | false {
  const missing = redisMissing()
  if (missing === '') return false
  if (process.env.CI === 'true') throw new Error(`redis-server is required in CI: ${missing}`)
  process.stderr.write(`SKIPPED comparison with Redis: ${missing}\n`)
  return missing
}

function redisMissing(): string {
  const found = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  if (found.error !== undefined || found.status !== 0) return 'no redis-server on the PATH'
  return /v=7\.0\./.test(found.stdout) ? '' : `not a redis-server 7.0: ${found.stdout.trim()}`
}

export class RedisServer {
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #path: string
  /** Made when it is needed first. */
  #client: RespClient | undefined

  constructor(child: ChildProcess, directory: string, path: string) {
    this.#child = child
    this.#directory = directory
    this.#path = path
    running.add(this)
  }

  connect(): Promise<RespClient> {
    return RespClient.connect({ path: this.#path })
  }

  /** All replies to a pipeline of whole commands, in order. Always on the same connection. */
  async pipeline(commands: readonly Words[]): Promise<Reply[]> {
    this.#client ??= await this.connect()
    return within('replies of Redis', ANSWER_MS_MAX, this.#client.pipeline(commands))
  }

  /**
   * Sends the bytes, closes the sending side, returns all that comes back until the end. For small
   * answers: Redis drops what does not fit the socket when it reads the end.
   */
  exchange(bytes: Uint8Array): Promise<Buffer> {
    const answer = new Promise<Buffer>((resolve) => {
      const pieces: Buffer[] = []
      const socket = connect({ path: this.#path, allowHalfOpen: true })
      socket.on('data', (piece) => pieces.push(Buffer.from(piece)))
      // After a protocol error Redis closes while we may still be sending: what came, came.
      socket.on('error', () => {})
      socket.on('close', () => resolve(Buffer.concat(pieces)))
      socket.on('end', () => socket.destroy())
      socket.end(bytes)
    })
    const text = Buffer.from(bytes).toString('latin1').slice(0, 200)
    return within(`the end after ${text}`, ANSWER_MS_MAX, answer)
  }

  async stop(): Promise<void> {
    const isRunning = this.#child.exitCode === null && this.#child.signalCode === null
    const ended = isRunning ? once(this.#child, 'exit') : undefined
    this.abandon()
    await ended
    // Only now: it may have written a last file.
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** As much of a stop as can be done at once. */
  abandon(): void {
    running.delete(this)
    this.#child.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** @param flags as on redis-server's command line */
export async function startRedis(...flags: string[]): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'ckv-redis-'))
  const path = join(directory, 'redis.sock')
  const place = ['--port', '0', '--unixsocket', path, '--dir', directory, '--save', '']
  const child = spawn('redis-server', [...place, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const server = new RedisServer(child, directory, path)
  try {
    await untilReady(child)
  } catch (error) {
    server.abandon()
    throw error
  }
  return server
}

function untilReady(child: ChildProcess): Promise<void> {
  let words = ''
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server ended: ${words}`)))
    child.stdout?.on('data', (bytes) => {
      words = (words + bytes).slice(-4000)
      // The last word of a server without a port: "ready to accept connections at <path>".
      if (/ready to accept connections/i.test(words)) resolve()
    })
  })
  return within('redis-server is ready', READY_MS_MAX, ready)
}
