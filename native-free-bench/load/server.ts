// Starts, watches and ends the servers that a bench drives. Every peer gets a fresh temporary
// directory that goes away with it, and a port of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { PeerSpec } from './peers.ts'
import { readCpuSeconds, readResidentBytes, readThreads, type ThreadUse } from './process-meter.ts'

const READY_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
/** Characters of a server's output that are kept, and shown when it does not start. */
const OUTPUT_MAX = 4_000_000
const LAST_WORDS = 2_000
const TREE = fileURLToPath(new URL('../..', import.meta.url))
const COMPILE_CACHE_FOLDER = fileURLToPath(new URL('../../.node-compile-cache', import.meta.url))
const ECHO_FILE = fileURLToPath(new URL('./echo-server.ts', import.meta.url))
const SLOW_FILE = new URL('../slow.ts', import.meta.url).href

export interface ServerOptions {
  /** Where temporary directories are made; the disk that is measured. */
  directory?: string | undefined
  /** Where this server's data are and stay; without it a directory is made and removed. */
  dataDirectory?: string | undefined
  /** Path of the prototype that peers of kind `ceiling` run. */
  ceilingFile?: string | undefined
}

/** A running peer. */
export interface Server {
  spec: PeerSpec
  host: string
  port: number
  /** 0 for a peer that was not started here. */
  pid: number
  /** From its start to its first answer that is no error. */
  readyMs: number
  /** What it wrote so far, the last megabytes of it. */
  output(): string
  cpuSeconds(): number
  residentBytes(): number
  threads(): ThreadUse[]
  stop(): Promise<void>
}

/** Where a program of this name is on the PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here.
    }
  }
  return undefined
}

/** Why this peer cannot run here, or undefined when it can. */
export function missingFor(spec: PeerSpec, options: ServerOptions): string | undefined {
  if (spec.kind === 'redis' && findProgram('redis-server') === undefined) {
    return 'redis-server is not on the PATH'
  }
  if (spec.kind === 'ceiling' && options.ceilingFile === undefined) {
    return 'no prototype given (--ceiling or CKV_BENCH_CEILING)'
  }
  if (spec.kind === 'ceiling' && !existsSync(options.ceilingFile ?? '')) {
    return `no file ${options.ceilingFile}`
  }
  if (spec.kind === 'ckv' && !existsSync(mainFile(spec))) return `${mainFile(spec)} is missing`
  return undefined
}

function mainFile(spec: PeerSpec): string {
  return join(resolve(spec.settings.tree ?? TREE), 'src', 'main.ts')
}

interface Launch {
  program: string
  args: string[]
  env: Record<string, string>
}

/** The command line that starts a peer. */
export function launchFor(
  spec: PeerSpec,
  port: number,
  directory: string,
  options: ServerOptions,
): Launch {
  const { settings } = spec
  const slow = settings.slow
  const slowArgs = slow === undefined ? [] : ['--import', SLOW_FILE]
  const slowEnv: Record<string, string> = slow === undefined ? {} : { CKV_BENCH_SLOW_PERCENT: slow }
  if (spec.kind === 'redis') {
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
    const log = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']
    // A rewrite in the middle of a round would cost Redis time that its everyday figures hide.
    const steady = ['--auto-aof-rewrite-percentage', '0', '--daemonize', 'no']
    return { program: 'redis-server', args: [...place, ...log, ...steady], env: {} }
  }
  if (spec.kind === 'ceiling') {
    const env = { PORT: String(port), DIR: directory, MIRROR: '0', AOF: '1' }
    const modes = { MODE: settings.mode ?? 'auto', SHARDS: settings.shards ?? '2' }
    return {
      program: process.execPath,
      args: [...slowArgs, options.ceilingFile ?? ''],
      env: { ...env, ...modes, ...slowEnv },
    }
  }
  if (spec.kind === 'echo') {
    return { program: process.execPath, args: [ECHO_FILE, '--port', String(port)], env: {} }
  }
  const traceArgs = settings.trace === 'gc' ? ['--trace-gc'] : []
  const args = [...slowArgs, ...traceArgs, mainFile(spec), '--port', String(port)]
  args.push('--dir', directory)
  for (const name of ['dispatch', 'shards', 'workers', 'acceptors']) {
    args.push(`--${name}`, settings[name] ?? '')
  }
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith('flag.')) args.push(`--${name.slice(5)}`, value)
  }
  // As the launcher (scripts/ckv.js) does it, so that starts cost what users see.
  const cache = process.env.NODE_COMPILE_CACHE ?? COMPILE_CACHE_FOLDER
  return { program: process.execPath, args, env: { ...slowEnv, NODE_COMPILE_CACHE: cache } }
}

/** What is left to clean up when this process ends before its servers. */
const running = new Map<ChildProcess, string>()
process.once('exit', () => {
  for (const [child, directory] of running) {
    child.kill('SIGKILL')
    if (directory !== '') rmSync(directory, { recursive: true, force: true })
  }
})

/** Starts a peer and waits until it answers PING; throws its own last words when it doesn't. */
export async function startServer(spec: PeerSpec, options: ServerOptions): Promise<Server> {
  if (spec.kind === 'address') return remoteServer(spec)
  const made = options.dataDirectory === undefined ? makeDirectory(options) : ''
  const directory = options.dataDirectory ?? made
  const port = await freePort()
  const launch = launchFor(spec, port, directory, options)
  const startMs = performance.now()
  const child = spawn(launch.program, launch.args, {
    env: { ...process.env, ...launch.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.set(child, made)
  const output = collectOutput(child)
  let ended = false
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true
      running.delete(child)
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const stop = async (): Promise<void> => {
    if (!ended) await endProcess(child, gone)
    if (made !== '') rmSync(made, { recursive: true, force: true })
  }
  try {
    await untilPong('127.0.0.1', port, () => ended)
  } catch (error) {
    await stop()
    const words = output().slice(-LAST_WORDS)
    throw new Error(`${spec.name}: ${(error as Error).message}\n${words}`)
  }
  const pid = child.pid ?? 0
  return {
    spec,
    host: '127.0.0.1',
    port,
    pid,
    readyMs: performance.now() - startMs,
    output,
    cpuSeconds: () => readCpuSeconds(pid),
    residentBytes: () => readResidentBytes(pid),
    threads: () => readThreads(pid),
    stop,
  }
}

function makeDirectory(options: ServerOptions): string {
  return mkdtempSync(join(options.directory ?? tmpdir(), 'ckv-bench-'))
}

async function remoteServer(spec: PeerSpec): Promise<Server> {
  const host = spec.settings.host ?? '127.0.0.1'
  const port = Number(spec.settings.port)
  await untilPong(host, port, () => false)
  const nothing = { cpuSeconds: () => 0, residentBytes: () => 0, threads: () => [] }
  const silent = { output: () => '', readyMs: 0, stop: async () => {} }
  return { spec, host, port, pid: 0, ...nothing, ...silent }
}

function collectOutput(child: ChildProcess): () => string {
  let text = ''
  const add = (bytes: Buffer): void => {
    text += bytes.toString()
    if (text.length > OUTPUT_MAX * 2) text = text.slice(-OUTPUT_MAX)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => text
}

async function endProcess(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const ended = await Promise.race([gone.then(() => true), delay(STOP_MS_MAX, false)])
  if (!ended) {
    child.kill('SIGKILL')
    await gone
  }
}

/** A port nobody listens on now. Another program may take it before we do: then the start fails. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function untilPong(host: string, port: number, isDead: () => boolean): Promise<void> {
  const startMs = performance.now()
  let last = 'no answer'
  while (performance.now() - startMs < READY_MS_MAX) {
    if (isDead()) throw new Error('ended while starting')
    last = await askPing(host, port)
    if (last.startsWith('+')) return
    await delay(20)
  }
  throw new Error(`not ready after ${READY_MS_MAX} ms: ${last}`)
}

/** The first line that PING (sent as a RESP command) is answered, or what went wrong. */
function askPing(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (text: string): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(1000, () => end('no answer'))
    socket.once('error', (error) => end(error.message))
    socket.once('close', () => resolve('closed'))
    socket.once('data', (bytes) => end(bytes.toString('latin1').split('\r\n')[0] ?? ''))
    socket.write('*1\r\n$4\r\nPING\r\n')
  })
}
