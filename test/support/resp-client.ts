// A connection of a test: commands in, replies out in order, and the raw bytes when a test wants
// them. Speaks both RESP versions; a reply that nobody asked for (a push) goes to `pushes`.

import { once } from 'node:events'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { decodeReplies, encodeWords, type Reply } from './resp.ts'

export type Words = readonly (string | Uint8Array)[]

interface Waiter {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** Served waiters that may stand at the head of the list before it is cut. */
const WAITERS_KEPT_MAX = 1024

export class RespClient {
  /** Every reply that came while none was awaited. */
  readonly pushes: Reply[] = []
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>
  isClosed = false
  readonly #socket: Socket
  readonly #waiters: Waiter[] = []
  #nextWaiter = 0
  #pieces: Buffer[] = []
  #receivedBytes = 0
  /** Below this many received bytes the first reply cannot be whole. */
  #neededBytes = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (piece: Buffer) => this.#onBytes(piece))
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true
        for (const waiter of this.#waiters.splice(this.#nextWaiter)) {
          waiter.reject(new Error('the connection was closed'))
        }
        resolve()
      })
    })
  }

  static async connect(target: NetConnectOpts): Promise<RespClient> {
    const socket = connect(target)
    await once(socket, 'connect')
    return new RespClient(socket)
  }

  /** Rejects when the connection ends before the reply came. */
  send(...words: Words): Promise<Reply> {
    this.write(encodeWords(words))
    return this.next()
  }

  /** All commands in one write; replies in their order. */
  pipeline(commands: readonly Words[]): Promise<Reply[]> {
    this.write(Buffer.concat(commands.map(encodeWords)))
    return Promise.all(commands.map(() => this.next()))
  }

  /** Raw bytes; what comes back is taken with next(). */
  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes)
  }

  /** The next reply that nobody else awaits. */
  next(): Promise<Reply> {
    const early = this.pushes.shift()
    if (early !== undefined) return Promise.resolve(early)
    if (this.isClosed) return Promise.reject(new Error('the connection is closed'))
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /** Stops reading, so that the server sees a slow client. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Closes the sending side. */
  end(): void {
    this.#socket.end()
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    await this.closed
  }

  #onBytes(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#receivedBytes += piece.length
    if (this.#receivedBytes < this.#neededBytes) return
    const bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces)
    const { replies, end } = decodeReplies(bytes)
    const rest = bytes.subarray(end)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#receivedBytes = rest.length
    this.#neededBytes = bulkEnd(rest)
    for (const reply of replies) this.#deliver(reply)
  }

  #deliver(reply: Reply): void {
    const waiter = this.#waiters[this.#nextWaiter]
    if (waiter === undefined) {
      this.pushes.push(reply)
      return
    }
    this.#nextWaiter++
    // The list is cut now and then: shift() on a pipeline of 10^5 replies would be quadratic.
    if (this.#nextWaiter >= WAITERS_KEPT_MAX) {
      this.#waiters.splice(0, this.#nextWaiter)
      this.#nextWaiter = 0
    }
    waiter.resolve(reply)
  }
}

/** Where a bulk at the start of the bytes ends; a large one is not looked at before it is whole. */
function bulkEnd(bytes: Buffer): number {
  const head = /^\$(\d+)\r\n/.exec(bytes.subarray(0, 16).toString('latin1'))
  return head === null ? 0 : head[0].length + Number(head[1]) + 2
}
