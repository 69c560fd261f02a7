// ckv as a child process, as a user starts it: a fresh data directory, any free port, the ready
// line read. Every child is ended with the test process, also when a test throws.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RespClient } from './resp-client.ts'

const READY_MS_MAX = 60_000
const STOP_MS_MAX = 15_000
const ROOT = join(import.meta.dirname, '..', '..')
const MAIN = join(ROOT, 'src', 'main.ts')

export interface CkvExit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface CkvStart {
  /** Kept after the server's end; without it a fresh one that goes away with the server. */
  directory?: string
  flags?: readonly string[]
  environment?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A data directory for several starts; remove it with `removeDirectory`. */
export function makeDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'ckv-test-'))
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** A started child, ready or not yet. */
export class CkvProcess {
  readonly pid: number
  readonly directory: string
  readonly exited: Promise<CkvExit>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #keepDirectory: boolean

  constructor({ directory, flags = [], environment = {} }: CkvStart) {
    this.#keepDirectory = directory !== undefined
    this.directory = directory ?? makeDirectory()
    const place = ['--port', '0', '--dir', this.directory]
    this.#child = spawn(process.execPath, [MAIN, ...place, ...flags], {
      cwd: ROOT,
      env: cleanEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.pid = this.#child.pid ?? 0
    running.add(this.#child)
    this.#child.stdout?.on('data', (bytes) => (this.stdout += bytes))
    this.#child.stderr?.on('data', (bytes) => (this.stderr += bytes))
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child)
        resolve({ code, signal })
      })
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for the ready line. Throws with the server's last words when it ends before. */
  async ready(): Promise<CkvServer> {
    const match = await this.#readyLine()
    return new CkvServer(this, match[1] ?? '', Number(match[2]))
  }

  async #readyLine(): Promise<RegExpExecArray> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.#words('is not ready'))), READY_MS_MAX)
    })
    const gone = this.exited.then(({ code, signal }) => {
      throw new Error(this.#words(`ended with ${signal ?? code} before it was ready`))
    })
    const line = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = /^ckv ready on (\S+):(\d+)\b.*\n/m.exec(this.stdout)
        if (match !== null) resolve(match)
      }
      this.#child.stdout?.on('data', look)
      look()
    })
    try {
      return await Promise.race([line, gone, late])
    } finally {
      clearTimeout(timer)
      gone.catch(() => {})
    }
  }

  #words(what: string): string {
    return `ckv ${what}\n${this.stdout.slice(-2000)}${this.stderr.slice(-4000)}`
  }

  /** Removes the directory if it was made here. */
  forget(): void {
    if (!this.#keepDirectory) removeDirectory(this.directory)
  }
}

export class CkvServer {
  readonly process: CkvProcess
  readonly host: string
  readonly port: number

  constructor(process: CkvProcess, host: string, port: number) {
    this.process = process
    this.host = host
    this.port = port
  }

  connect(): Promise<RespClient> {
    return RespClient.connect({ host: this.host, port: this.port })
  }

  /** SIGTERM, then the exit. A server that does not end in time is killed and the call throws. */
  async stop(): Promise<CkvExit> {
    this.process.kill('SIGTERM')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), STOP_MS_MAX)
    })
    const exit = await Promise.race([this.process.exited, late])
    clearTimeout(timer)
    if (exit === undefined) await this.killNine()
    this.process.forget()
    if (exit === undefined) throw new Error(`ckv did not stop: ${this.process.stderr.slice(-4000)}`)
    return exit
  }

  /** As a power cut of the process: nothing is flushed. The directory stays. */
  async killNine(): Promise<CkvExit> {
    this.process.kill('SIGKILL')
    return this.process.exited
  }
}

export function startCkv(start: CkvStart = {}): Promise<CkvServer> {
  return new CkvProcess(start).ready()
}

/** Without the options of whoever runs the tests. A compile cache: starts are four times faster. */
function cleanEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    // tap's loaders are for the test itself.
    if (!name.startsWith('CKV_') && !name.startsWith('_TAP') && name !== 'NODE_OPTIONS') {
      environment[name] = value
    }
  }
  return { NODE_COMPILE_CACHE: join(ROOT, '.node-compile-cache'), ...environment, ...extra }
}
