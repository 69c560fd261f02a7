// Large commands that arrive in crumbs: their sockets rest for a moment after each small receive,
// so that the kernel gathers what comes and one receive takes it all. 32 MB in pieces of 1 KB are
// 32,768 receives of about 10 µs each otherwise, a third of a second for nothing. Runs on the
// acceptor's thread, which alone knows its sockets.

import type { Connection } from './connection.ts'

/** A command that still misses less goes on at once: its last bytes are its latency. */
const MISSING_BYTES_MIN = 65_536
/** A receive of at least this size is no crumb. */
const RECEIVE_BYTES_MIN = 16_384
/** At 10 Gb/s as much comes in this time as the kernel keeps for a socket. */
const REST_MS = 1

export class Resting {
  readonly #connections: Connection[] = []
  readonly #wake = (): void => {
    for (const connection of this.#connections) {
      // One that stopped meanwhile goes on when the reason for that is gone.
      if (!connection.closed && connection.unread === null) connection.socket.resume()
    }
    this.#connections.length = 0
  }

  /** After a receive of `receiveBytes` that left the command in the query buffer incomplete. */
  consider(connection: Connection, receiveBytes: number): void {
    const { query } = connection
    if (query === null || receiveBytes >= RECEIVE_BYTES_MIN) return
    if (query.byteLength === 0 || query.decoder.missingBytes < MISSING_BYTES_MIN) return
    connection.socket.pause()
    if (this.#connections.push(connection) === 1) setTimeout(this.#wake, REST_MS)
  }
}
