// A connection of bytes: for tests that cut streams, break them, or look at how they end.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { within } from './until.ts'

const WAIT_MS_MAX = 20_000

export class RawClient {
  readonly socket: Socket
  /** Resolves when the connection is gone; true when the peer ended it in order (FIN). */
  readonly closed: Promise<boolean>
  readonly #pieces: Buffer[] = []
  #byteLength = 0
  #onBytes: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    let ended = false
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece)
      this.#byteLength += piece.length
      this.#onBytes()
    })
    socket.once('end', () => {
      ended = true
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#onBytes()
        resolve(ended)
      })
    })
  }

  static async connect({ host, port }: { host: string; port: number }): Promise<RawClient> {
    const socket = connect({ host, port })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Everything received so far. */
  received(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** Resolves when the bytes have left for the kernel. */
  write(bytes: Uint8Array | string): Promise<void> {
    const latin = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    return new Promise((resolve) => this.socket.write(latin, () => resolve()))
  }

  /** Waits until so many bytes were received in all, or the connection is gone. */
  async waitForBytes(byteLength: number): Promise<Buffer> {
    const arrived = new Promise<void>((resolve) => {
      this.#onBytes = () => {
        if (this.#byteLength >= byteLength || this.socket.destroyed) resolve()
      }
      this.#onBytes()
    })
    await within(`${byteLength} bytes, got ${this.#byteLength}`, WAIT_MS_MAX, arrived)
    return this.received()
  }

  /** Everything up to the end of the connection, and whether it ended in order. */
  async waitForEnd(msMax = WAIT_MS_MAX): Promise<{ bytes: Buffer; inOrder: boolean }> {
    const inOrder = await within('the end of the connection', msMax, this.closed)
    return { bytes: this.received(), inOrder }
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }
}
