// One client's socket, as thin as Node allows. Opening, closing and half-closing are net.Socket's;
// bytes take a shorter way in both directions:
//
//   in    every socket of the thread receives into one buffer (net's `onread`): no allocation and
//         no stream event per receive. What is to outlive the call has to be copied.
//   out   handle.writeBuffer tries write(2) at once. Nearly always the kernel takes everything and
//         nothing is left to remember; what it does not take libuv keeps, in order.
//
// Over net's streams a command without pipelining costs 1.5 to 2 us more, a tenth of what it takes
// in all. The handle and its binding are Node's inner side, which the lock file pins; where the
// binding is missing, bytes leave over the stream.

import { Socket, type SocketConstructorOpts } from 'node:net'

/** What is used of a TCP handle. */
interface StreamHandle {
  readonly fd: number
  /** Bytes that libuv keeps because the kernel did not take them yet. */
  readonly writeQueueSize: number
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  writev(request: WriteRequest, pieces: Uint8Array[], allBuffers: true): number
}

/** Kept alive by libuv while it has bytes of ours; otherwise used again for the next write. */
interface WriteRequest {
  handle: StreamHandle | null
  bytes: Uint8Array | Uint8Array[] | null
  oncomplete: ((status: number) => void) | null
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  readonly kLastWriteWasAsync: number
}

/** All clients of the thread receive into this; it is read before the next receive. */
const RECEIVE_BYTES = 65_536
const received = Buffer.allocUnsafeSlow(RECEIVE_BYTES)
/** A plain view: a Buffer's subarray costs several times that of a Uint8Array. */
export const receivedBytes = new Uint8Array(received.buffer, 0, RECEIVE_BYTES)

const binding = findBinding()
let spareRequest: WriteRequest | null = null

export interface ClientEvents {
  /** `byteLength` bytes stand at the start of `receivedBytes` until this returns. */
  received(byteLength: number): void
  /** The kernel has taken all that was unsent. */
  drained(): void
  /** The client has sent its last byte. */
  ended(): void
  closed(): void
}

export class ClientSocket {
  readonly #socket: Socket
  readonly #handle: StreamHandle | null
  /** Number of the file, only shown. */
  readonly fileNumber: number
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  #events: ClientEvents = NO_EVENTS
  /** Writes that libuv keeps because the kernel did not take them yet. */
  #keptWrites = 0

  /** Takes over a socket that the listener accepted paused. */
  constructor(accepted: Socket) {
    const holder = accepted as unknown as { _handle: StreamHandle | null }
    const handle = holder._handle
    // From here the accepted object is an empty shell: closing it would close nothing.
    holder._handle = null
    const options = {
      handle,
      allowHalfOpen: true,
      manualStart: true,
      onread: {
        buffer: received,
        callback: (byteLength: number): boolean => {
          this.#events.received(byteLength)
          return true
        },
      },
    }
    this.#socket = new Socket(options as unknown as SocketConstructorOpts)
    this.#handle = binding === null ? null : handle
    this.fileNumber = handle?.fd ?? -1
    this.remoteAddress = this.#socket.remoteAddress
    this.remotePort = this.#socket.remotePort
    this.localAddress = this.#socket.localAddress
    this.localPort = this.#socket.localPort
    // An 'error' without a listener would end the process; 'close' always follows it.
    this.#socket.on('error', () => {})
  }

  /** Begins to receive. */
  open(events: ClientEvents): void {
    this.#events = events
    this.#socket.on('drain', () => events.drained())
    this.#socket.on('end', () => events.ended())
    this.#socket.on('close', () => events.closed())
    this.#socket.resume()
  }

  setKeepAlive(seconds: number): void {
    this.#socket.setKeepAlive(true, seconds * 1000)
  }

  /** Bytes given to `send` that the kernel has not taken yet. */
  unsentBytes(): number {
    const kept = this.#keptWrites === 0 || this.#handle === null ? 0 : this.#handle.writeQueueSize
    return kept + this.#socket.writableLength
  }

  /** Are there bytes that the kernel has not taken, and will `drained` be called when it has? */
  tellsDrained(): boolean {
    return this.#keptWrites > 0 || this.#socket.writableNeedDrain
  }

  /** Sends bytes; true if the kernel took them at once, else they must stay as they are. */
  send(bytes: Uint8Array): boolean {
    if (this.#handle === null || binding === null) {
      this.#socket.write(bytes)
      return this.#socket.writableLength === 0
    }
    if (this.#socket.destroyed) return true
    const request = spareRequest ?? new binding.WriteWrap()
    spareRequest = request
    const failed = this.#handle.writeBuffer(request, bytes)
    return this.#settleWrite(failed, request, bytes)
  }

  /** The same for several pieces, in one system call. */
  sendPieces(pieces: Uint8Array[]): boolean {
    if (this.#handle === null || binding === null) {
      this.#socket.cork()
      for (const bytes of pieces) this.#socket.write(bytes)
      this.#socket.uncork()
      return this.#socket.writableLength === 0
    }
    if (this.#socket.destroyed) return true
    const request = spareRequest ?? new binding.WriteWrap()
    spareRequest = request
    const failed = this.#handle.writev(request, pieces, true)
    return this.#settleWrite(failed, request, pieces)
  }

  #settleWrite(failed: number, request: WriteRequest, bytes: Uint8Array | Uint8Array[]): boolean {
    if (failed !== 0) {
      // The client is gone: EPIPE, ECONNRESET. Its socket says the same with 'close'.
      this.#socket.destroy()
      return true
    }
    const { streamBaseState, kLastWriteWasAsync } = binding as StreamBinding
    if (streamBaseState[kLastWriteWasAsync] === 0) return true
    this.#keptWrites++
    spareRequest = null
    request.handle = this.#handle
    request.bytes = bytes
    request.oncomplete = (status) => {
      request.bytes = null
      this.#keptWrites--
      if (status < 0) this.#socket.destroy()
      else if (this.#keptWrites === 0) this.#events.drained()
    }
    return false
  }

  /** Receives nothing more until `resume`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Sends FIN behind all that was sent, then closes. */
  finish(): void {
    this.#socket.end(() => this.#socket.destroy())
  }

  /** Closes at once. */
  destroy(): void {
    this.#socket.destroy()
  }
}

const NO_EVENTS: ClientEvents = { received() {}, drained() {}, ended() {}, closed() {} }

/** Node's stream binding, or null where it is not to be had. */
function findBinding(): StreamBinding | null {
  if (process.env.CKV_TEST_SOCKET_STREAMS === '1') return null
  try {
    const inner = process as unknown as { binding(name: string): StreamBinding }
    const found = inner.binding('stream_wrap')
    const complete = typeof found.WriteWrap === 'function' && found.kLastWriteWasAsync > 0
    return complete ? found : null
  } catch {
    return null
  }
}
