// A real redis-server as the judge of what Redis answers. Started on a private unix socket in a
// temporary directory, ended with the test. Where none is installed the comparison is skipped
// loudly; a run with CI=true fails instead, so that it cannot silently stop comparing.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeReplies, encodeWords, type Reply } from './resp.ts'

const START_MS_MAX = 10_000
const ANSWER_MS_MAX = 10_000
const END_MARK = 'end of the pipeline'

/** Why there is no oracle here, or undefined if there is one. */
export function oracleMissing(): string | undefined {
  const found = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  if (found.error !== undefined || found.status !== 0) return 'no redis-server on the PATH'
  if (!/v=7\.0\./.test(found.stdout)) return `not a redis-server 7.0: ${found.stdout.trim()}`
  return undefined
}

/** What to give to tap's `skip`: a reason, or false. In CI a missing oracle is an error. */
export function oracleSkip(): string | false {
  const missing = oracleMissing()
  if (missing === undefined) return false
  if (process.env.CI === 'true') throw new Error(`the oracle is required in CI: ${missing}`)
  process.stderr.write(`SKIPPED comparison with Redis: ${missing}\n`)
  return missing
}

export class RedisOracle {
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #path: string

  private constructor(child: ChildProcess, directory: string, path: string) {
    this.#child = child
    // A test that throws must not leave a server behind.
    process.once('exit', () => this.stop())
    this.#directory = directory
    this.#path = path
  }

  static async start(...extraArguments: string[]): Promise<RedisOracle> {
    const directory = mkdtempSync(join(tmpdir(), 'ckv-oracle-'))
    const path = join(directory, 'redis.sock')
    const child = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', path, '--save', '', '--dir', directory, ...extraArguments],
      { stdio: 'ignore' },
    )
    const oracle = new RedisOracle(child, directory, path)
    const deadline = Date.now() + START_MS_MAX
    while (!existsSync(path)) {
      if (Date.now() > deadline) throw new Error('redis-server did not start')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return oracle
  }

  /**
   * Sends the bytes, closes the sending side, returns all that comes back until the end. For small
   * answers: Redis drops what does not fit the socket when it reads the end.
   */
  exchange(bytes: Uint8Array): Promise<Buffer> {
    return this.#talk(bytes, undefined)
  }

  /** All replies to a pipeline of whole commands, in order, of any size. */
  async pipeline(commands: readonly (readonly (string | Uint8Array)[])[]): Promise<Reply[]> {
    const bytes = Buffer.concat([...commands, ['ECHO', END_MARK]].map(encodeWords))
    const { replies } = decodeReplies(
      await this.#talk(bytes, `$${END_MARK.length}\r\n${END_MARK}\r\n`),
    )
    if (replies.length !== commands.length + 1) throw new Error('Redis left replies out')
    return replies.slice(0, -1)
  }

  /** Until the connection ends, or until the answer ends with `endMark`. */
  #talk(bytes: Uint8Array, endMark: string | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      const socket = connect({ path: this.#path, allowHalfOpen: true })
      const timer = setTimeout(() => {
        socket.destroy()
        reject(new Error(`no end after ${Buffer.from(bytes).toString('latin1').slice(0, 200)}`))
      }, ANSWER_MS_MAX)
      socket.on('data', (piece) => {
        pieces.push(Buffer.from(piece))
        if (endMark !== undefined && endsWith(pieces, endMark)) socket.destroy()
      })
      // After a protocol error Redis closes while we may still be sending: what came, came.
      socket.on('error', () => {})
      socket.on('close', () => {
        clearTimeout(timer)
        resolve(Buffer.concat(pieces))
      })
      socket.on('end', () => socket.destroy())
      if (endMark === undefined) socket.end(bytes)
      else socket.write(bytes)
    })
  }

  stop(): void {
    this.#child.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function endsWith(pieces: readonly Buffer[], mark: string): boolean {
  const tail = Buffer.concat(pieces.slice(-2)).subarray(-mark.length)
  return tail.toString('latin1') === mark
}
