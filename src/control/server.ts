// The life of a server: lock the directory, read the manifest, make sure of files, port and memory,
// build what is missing, start the threads, let the workers recover, switch to what was built,
// serve, stop. Runs on main, which only coordinates.

import type { OrderMessage, SeenMessage } from '../acceptor/administration.ts'
import { PASSWORD_KEY_BYTES, passwordDigest } from '../acceptor/password.ts'
import { probePort } from '../acceptor/probe-port.ts'
import { SystemClock } from '../base/clock.ts'
import { CkvError } from '../base/errors.ts'
import { secretBytes } from '../base/random.ts'
import { PROFILE_BITS } from '../catalog/spec.ts'
import type { ServerFacts } from '../executor/facts.ts'
import type { SharedPlan } from '../executor/plan.ts'
import { loadHasher } from '../log/checksum.ts'
import { NodeLogFs } from '../log/files.ts'
import type { DirectoryLock } from '../log/lock.ts'
import { type Manifest, shardDirectory } from '../log/manifest.ts'
import { resolveGroups } from '../log/resolve-groups.ts'
import { nodeId } from '../monitor/node-id.ts'
import type { Machine } from '../options/derived.ts'
import { checkFileLimit, fitWarnings } from '../options/fit.ts'
import type { Password } from '../options/password.ts'
import type { Options } from '../options/table.ts'
import type { RecoveredMessage, ScannedMessage } from '../recovery/recover.ts'
import { ringBellAlways } from '../ring/bell.ts'
import {
  LOADING_SHARDS_LEFT_WORD,
  STATE_CLOSING,
  STATE_LOADING,
  STATE_SERVING,
  STATE_WORD,
} from '../rows/layout.ts'
import { Rows } from '../rows/rows.ts'
import {
  buildData,
  type DataInput,
  type DataPlan,
  lockForUs,
  prepareDirectory,
  readData,
  switchData,
} from './data-directory.ts'
import { EventDrain, LoggedError, type Logger } from './logger.ts'
import { makePlan } from './plan.ts'
import { SettingsKeeper } from './settings-keeper.ts'
import { type ThreadHandle, type ThreadMessage, Threads } from './threads.ts'

/** A clean stop takes at most this long, in ms; what is not done by then is cut short. */
const STOP_MS_MAX = 4500
/** What is left when a thread has died is synced for so long. */
const FAIL_MS_MAX = 500
const RUN_ID_BYTES = 20
/** Redis's words for the levels of a log, and ours. */
const LOG_LEVELS: Readonly<Record<string, string>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
}

export interface ServerInput extends DataInput {
  readonly password: Password | null
}

export interface ReadyFacts {
  readonly facts: ServerFacts
  readonly keyCount: number
  readonly recordCount: number
  readonly recoveryMs: number
}

export class Server {
  readonly #shared: SharedPlan
  readonly #rows: Rows
  readonly #threads: Threads
  readonly #keeper: SettingsKeeper
  readonly #events: EventDrain
  readonly #lock: DirectoryLock
  readonly #data: DataPlan
  readonly #logger: Logger
  readonly #clock = new SystemClock()
  readonly #scanned: ScannedMessage[] = []
  readonly #recovered: RecoveredMessage[] = []
  readonly #startedMs: number
  /** When all threads had reached a step of the start, in ms since the process began. */
  readonly #steps: string[] = []
  #listening = 0
  #stopped = 0
  #ended = 0
  #stopping = false
  #exitCode = 0
  readonly #ready: PromiseWithResolvers<ReadyFacts> = Promise.withResolvers()
  readonly #finished: PromiseWithResolvers<number> = Promise.withResolvers()

  private constructor(
    shared: SharedPlan,
    lock: DirectoryLock,
    data: DataPlan,
    logger: Logger,
    machine: Machine,
  ) {
    this.#shared = shared
    this.#rows = new Rows(shared.rows)
    this.#lock = lock
    this.#data = data
    this.#logger = logger
    this.#events = new EventDrain(shared.events, logger)
    this.#startedMs = this.#clock.monotonicMs()
    this.#noteStep('planned')
    this.#threads = new Threads(
      shared,
      (handle, message) => this.#onMessage(handle, message),
      (handle, error) => this.#onEnd(handle, error),
    )
    this.#keeper = new SettingsKeeper(shared.facts, this.#rows.words, machine, () =>
      this.#threads.ofRole('acceptor'),
    )
    this.#keeper.onChange = ({ free }) => {
      if (free.loglevel !== undefined) logger.level = LOG_LEVELS[free.loglevel]
    }
  }

  /**
   * Resolves when every shard is served. Throws CkvError when the start is refused, LoggedError
   * when it failed and the log says why.
   */
  static async start(input: ServerInput): Promise<{ server: Server; ready: ReadyFacts }> {
    await loadHasher()
    const files = new NodeLogFs()
    const directory = input.options.dir
    prepareDirectory(files, directory)
    const lock = await lockForUs(directory)
    let begun = false
    try {
      const data = readData(files, input)
      const { manifest, options } = data
      checkFileLimit(options, input.sources, input.machine)
      const port = await probePort(options.host, options.port)
      const shared = makePlan(planFacts(options, manifest, port, input.password))
      for (const line of fitWarnings(options, input.sources, input.machine)) input.logger.warn(line)
      await buildData(files, data, input.logger)
      const server = new Server(shared, lock, data, input.logger, input.machine)
      server.#fillRows()
      begun = true
      server.#threads.startAll()
      server.#noteStep('threads')
      const ready = await server.#ready.promise
      return { server, ready }
    } catch (error) {
      // Threads may still be at the files. A lock is free anyway when its process is gone.
      if (!begun) lock.release()
      throw error
    }
  }

  #fillRows(): void {
    const { words } = this.#rows
    Atomics.store(words, LOADING_SHARDS_LEFT_WORD, this.#shared.facts.shardCount)
    Atomics.store(words, STATE_WORD, STATE_LOADING)
  }

  // ── Messages of threads ─────────────────────────────────────────────────────────────────────

  #onMessage(handle: ThreadHandle, message: ThreadMessage): void {
    const { facts } = this.#shared
    switch (message.kind) {
      case 'scanned':
        this.#scanned.push(message as unknown as ScannedMessage)
        if (this.#scanned.length < facts.workerCount) return
        this.#noteStep('scanned')
        this.#sendCuts()
        return
      case 'recovered':
        this.#recovered.push(message as unknown as RecoveredMessage)
        if (this.#recovered.length === facts.workerCount) this.#noteStep('recovered')
        this.#readyWhenAll()
        return
      case 'listening':
        this.#listening++
        if (this.#listening === facts.acceptorCount) this.#noteStep('listening')
        this.#readyWhenAll()
        return
      case 'stopped':
        this.#stopped++
        if (this.#stopped === facts.acceptorCount) this.#closeShards()
        return
      case 'failed':
        this.#fail(new CkvError('START', String(message.message)))
        return
      case 'order':
        if (!this.#keeper.take(handle, message as unknown as OrderMessage)) this.stop()
        return
      case 'settings-seen':
        this.#keeper.seen(message as unknown as SeenMessage)
        return
      default:
        this.#fail(new Error(`thread ${handle.thread} said '${message.kind}'`))
    }
  }

  #noteStep(name: string): void {
    this.#steps.push(`${name} ${Math.round(process.uptime() * 1000)}`)
  }

  #sendCuts(): void {
    const shards = this.#scanned.flatMap((message) => message.shards)
    const ends = new Array<number>(this.#shared.facts.shardCount).fill(0)
    for (const scan of shards) ends[scan.shard] = scan.endLsn
    const cuts = resolveGroups(
      shards.flatMap((scan) => scan.groups),
      ends,
      shards.flatMap((scan) => scan.durableGroups),
    )
    for (const handle of this.#threads.ofRole('worker')) {
      handle.worker.postMessage({ kind: 'replay', cuts })
    }
  }

  #readyWhenAll(): void {
    const { facts } = this.#shared
    if (this.#recovered.length < facts.workerCount || this.#listening < facts.acceptorCount) return
    for (const { notices } of this.#recovered) {
      for (const notice of notices) this.#logger.warn(notice)
    }
    try {
      switchData(new NodeLogFs(), this.#data)
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    this.#noteStep('switched')
    this.#logger.debug(`start, ms of this process: ${this.#steps.join(', ')}`)
    Atomics.store(this.#rows.words, STATE_WORD, STATE_SERVING)
    this.#ready.resolve({
      facts,
      keyCount: sum(this.#recovered.map((message) => message.keyCount)),
      recordCount: sum(this.#recovered.map((message) => message.recordCount)),
      recoveryMs: this.#clock.monotonicMs() - this.#startedMs,
    })
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────

  /** Resolves with the exit code when everything has ended. */
  get finished(): Promise<number> {
    return this.#finished.promise
  }

  /** A clean stop: clients are answered, logs written and synced. Any number of calls. */
  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    for (const handle of this.#threads.ofRole('acceptor')) {
      handle.worker.postMessage({ kind: 'stop' })
    }
    setTimeout(() => this.#closeShards(), STOP_MS_MAX - 1000).unref()
    setTimeout(() => this.#finish(), STOP_MS_MAX).unref()
  }

  /** No request can come any more: workers end, then the sync thread syncs what is left. */
  #closeShards(): void {
    Atomics.store(this.#rows.words, STATE_WORD, STATE_CLOSING)
    for (const handle of this.#threads.handles) ringBellAlways(this.#rows, handle.thread)
  }

  #onEnd(handle: ThreadHandle, error: Error | null): void {
    this.#ended++
    if (error !== null || !this.#stopping) {
      // What was acknowledged is in the files already; the kernel keeps it although we end.
      const reason = error ?? new Error('it ended by itself')
      this.#fail(reason, `${handle.role} ${handle.index} died: ${reason.message}`)
    }
    if (this.#ended === this.#threads.handles.length) this.#finish()
  }

  /**
   * Something that cannot go on. A refused start is the caller's to say; anything else is one line
   * here, committed logs are synced by the sync thread, then exit 1.
   */
  #fail(error: Error, text = error.message): void {
    if (error instanceof CkvError) {
      this.#ready.reject(error)
      return
    }
    this.#events.drain()
    this.#logger.fatal({ err: error }, text)
    this.#ready.reject(new LoggedError(text))
    this.#stopping = true
    this.#exitCode = 1
    this.#closeShards()
    setTimeout(() => this.#finish(), FAIL_MS_MAX).unref()
  }

  #finish(): void {
    this.#events.stop()
    // One that is still in a system call writes on until the process is gone.
    if (this.#ended === this.#threads.handles.length) this.#lock.release()
    this.#finished.resolve(this.#exitCode)
  }
}

// ── The parts of a start ──────────────────────────────────────────────────────────────────────

function planFacts(options: Options, manifest: Manifest, port: number, password: Password | null) {
  const passwordKey = secretBytes(PASSWORD_KEY_BYTES)
  const facts: ServerFacts = {
    instance: manifest.instance,
    runId: Buffer.from(secretBytes(RUN_ID_BYTES)).toString('hex'),
    profile: PROFILE_BITS[options.profile],
    shardCount: manifest.shardCount,
    acceptorCount: options.acceptors,
    workerCount: Math.min(options.workers, manifest.shardCount),
    options,
    startedMs: new SystemClock().wallMs(),
    port,
    passwordDigest: password === null ? null : passwordDigest(passwordKey, password.reveal()),
    passwordKey,
    nodeIds: Array.from({ length: manifest.shardCount }, (_, shard) =>
      nodeId(manifest.instance, shard, 0),
    ),
  }
  return {
    facts,
    hashKey0: manifest.hashKey0,
    hashKey1: manifest.hashKey1,
    generation: manifest.generation,
    shardDirectories: Array.from({ length: manifest.shardCount }, (_, shard) =>
      shardDirectory(options.dir, manifest.generation, shard),
    ),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
