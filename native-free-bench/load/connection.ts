// One client connection of the load generator. Runs in a load thread; net.Socket with `onread`, so
// that receiving allocates nothing.

import { connect, type Socket } from 'node:net'
import type { ReplyReader } from './replies.ts'
import type { Tape } from './tape.ts'

const RECEIVE_BYTES = 65_536

export interface ConnectionOwner {
  /** `count` replies came in on `connection`. */
  replied(connection: LoadConnection, count: number): void
  failed(error: Error): void
}

export class LoadConnection {
  readonly socket: Socket
  readonly tape: Tape
  /** Next request of the tape to send. */
  cursor: number
  /** Requests sent whose reply has not come. */
  waiting = 0
  /** When the requests on their way were sent (closed) or were due (open), oldest first. */
  readonly times: number[] = []
  #closing = false

  constructor(host: string, port: number, tape: Tape, start: number, owner: ConnectionOwner) {
    this.tape = tape
    this.cursor = start
    const buffer = Buffer.allocUnsafe(RECEIVE_BYTES)
    this.socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          this.#receive(buffer.subarray(0, length), owner)
          return true
        },
      },
    })
    this.socket.on('error', (error) => {
      if (!this.#closing) owner.failed(error)
    })
    this.socket.on('close', () => {
      if (!this.#closing) owner.failed(new Error('the server closed a connection'))
    })
  }

  reader: ReplyReader | undefined

  #receive(bytes: Buffer, owner: ConnectionOwner): void {
    if (this.#closing) return
    try {
      const count = this.reader!.take(bytes)
      if (count > this.waiting) throw new Error('more replies than requests')
      this.waiting -= count
      if (count > 0) owner.replied(this, count)
    } catch (error) {
      owner.failed(error as Error)
    }
  }

  /** Sends the next `count` requests; the tape's length is a multiple of every count used. */
  send(count: number): void {
    const { tape, cursor } = this
    const end = cursor + count
    this.socket.write(tape.bytes.subarray(tape.starts[cursor], tape.starts[end]))
    this.cursor = end === tape.requests ? 0 : end
    this.waiting += count
  }

  close(): void {
    this.#closing = true
    this.socket.destroy()
  }
}

/** Resolves when the socket stands. */
export function whenConnected(connection: LoadConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.socket.once('connect', resolve)
    connection.socket.once('error', reject)
  })
}
