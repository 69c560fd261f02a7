// The listening socket of one acceptor and what happens when a client comes: limits, keep-alive,
// idle timeout. Several acceptors listen on the same port (reusePort); main has made sure that
// nobody else does.

import net from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Counters } from '../counters/counters.ts'
import { COUNTER } from '../counters/layout.ts'
import type { ServerFacts } from '../executor/facts.ts'
import {
  CLIENT_COUNT_WORD,
  CLIENT_ID_WORD,
  MAX_CLIENTS_WORD,
  TCP_KEEPALIVE_SECONDS_WORD,
  TIMEOUT_SECONDS_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import { dropIdleStorage } from '../wire/query-buffer.ts'
import { MAX_CLIENTS } from '../wire/replies.ts'
import type { Acceptor } from './acceptor.ts'
import type { Administration } from './administration.ts'
import { ClientSocket } from './client-socket.ts'
import { unsentBytes } from './connection.ts'
import { sampleRates } from './session-info.ts'

const IDLE_CHECK_MS = 1000
const BACKLOG = 511

export class Listener {
  readonly #acceptor: Acceptor
  readonly #facts: ServerFacts
  readonly #rows: Rows
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #administration: Administration
  readonly #server: net.Server
  readonly #idleTimer: NodeJS.Timeout

  constructor(
    acceptor: Acceptor,
    facts: ServerFacts,
    rows: Rows,
    clock: Clock,
    counters: Counters,
    administration: Administration,
    onError: (error: Error) => void,
  ) {
    this.#acceptor = acceptor
    this.#facts = facts
    this.#rows = rows
    this.#clock = clock
    this.#counters = counters
    this.#administration = administration
    this.#server = net.createServer(
      { noDelay: true, allowHalfOpen: true, pauseOnConnect: true },
      (socket) => this.#onConnection(socket),
    )
    this.#server.on('error', onError)
    const { onClosed } = acceptor
    acceptor.onClosed = (connection) => {
      onClosed(connection)
      Atomics.sub(rows.words, CLIENT_COUNT_WORD, 1)
    }
    const rates = sampleRates(counters, clock)
    this.#idleTimer = setInterval(() => {
      rates.sample(clock.monotonicMs())
      this.#closeIdle()
      this.#closeOverSoftLimit()
      dropIdleStorage()
    }, IDLE_CHECK_MS)
    this.#idleTimer.unref()
  }

  listen(onListening: () => void): void {
    const { options, port, acceptorCount } = this.#facts
    this.#server.listen(
      { host: options.host, port, backlog: BACKLOG, reusePort: acceptorCount > 1 },
      onListening,
    )
  }

  /** Takes no more clients; those that are there stay. */
  close(): void {
    clearInterval(this.#idleTimer)
    this.#server.close()
  }

  #onConnection(accepted: net.Socket): void {
    const words = this.#rows.words
    this.#counters.add(COUNTER.connectionsReceived, 1)
    const before = Atomics.add(words, CLIENT_COUNT_WORD, 1)
    if (before >= words[MAX_CLIENTS_WORD]) {
      Atomics.sub(words, CLIENT_COUNT_WORD, 1)
      this.#counters.add(COUNTER.connectionsRejected, 1)
      accepted.on('error', () => {})
      accepted.end(MAX_CLIENTS, () => accepted.destroy())
      return
    }
    const socket = new ClientSocket(accepted)
    const keepaliveSeconds = words[TCP_KEEPALIVE_SECONDS_WORD]
    if (keepaliveSeconds > 0) socket.setKeepAlive(keepaliveSeconds)
    const id = Atomics.add(words, CLIENT_ID_WORD, 1) + 1
    this.#acceptor.open(socket, id, this.#administration.settings.passwordDigest === null)
  }

  /** Cuts clients that left too much unsent for too long. [redis-7.0 networking.c] */
  #closeOverSoftLimit(): void {
    const { outputLimitNormal, outputLimitPubsub } = this.#administration.settings.options
    const nowMs = this.#clock.monotonicMs()
    for (const connection of this.#acceptor.connections) {
      if (connection === null || connection.closed) continue
      const isSubscriber = connection.subscriber !== null
      const { softBytes, softSeconds } = isSubscriber ? outputLimitPubsub : outputLimitNormal
      const isOver = softBytes > 0 && unsentBytes(connection) > softBytes
      if (!isOver) connection.overSoftLimitSinceMs = -1
      else if (connection.overSoftLimitSinceMs < 0) connection.overSoftLimitSinceMs = nowMs
      else if (nowMs - connection.overSoftLimitSinceMs >= softSeconds * 1000) {
        connection.socket.destroy()
      }
    }
  }

  #closeIdle(): void {
    const seconds = this.#rows.words[TIMEOUT_SECONDS_WORD]
    if (seconds === 0) return
    const limitMs = this.#clock.monotonicMs() - seconds * 1000
    for (const connection of this.#acceptor.connections) {
      if (connection === null || connection.closed) continue
      if (connection.lastActivityMs < limitMs && connection.inFlight() === 0) {
        connection.socket.destroy()
      }
    }
  }
}
