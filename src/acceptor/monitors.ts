// MONITOR: every command that is served, as lines to the clients that watch.
// [redis-7.0 replication.c]
//
// An acceptor looks at the count of watching clients once a receive (Router); only while there are
// any does it make lines: for its own watchers at once, for those of other acceptors once a turn. A
// watcher that does not take its lines is cut; nothing of the shared slab is kept for it meanwhile.

import { MONITOR_UNSENT_BYTES_MAX } from '../base/limits.ts'
import { type CommandRow, NO_AUTH } from '../catalog/spec.ts'
import { MONITORS_WORD } from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'
import type { CommandDecoder } from '../wire/decoder.ts'
import type { Connection } from './connection.ts'
import type { Output } from './output.ts'
import type { Notice } from './peers.ts'

/** A watcher that is behind is looked at again this often. */
const RETRY_MS = 20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
])
const HIDDEN = '"(redacted)"'

interface Watcher {
  readonly connection: Connection
  readonly waiting: Buffer[]
  waitingBytes: number
}

export class Monitors {
  readonly #rows: Rows
  readonly #output: Output
  readonly #watchers: Watcher[] = []
  #forOthers = ''
  #retryArmed = false
  /** Set when they are there. */
  tell: (notice: Notice) => void = () => {}
  schedule: () => void = () => {}

  constructor(rows: Rows, output: Output) {
    this.#rows = rows
    this.#output = output
  }

  add(connection: Connection): void {
    if (connection.monitors) return
    connection.monitors = true
    this.#watchers.push({ connection, waiting: [], waitingBytes: 0 })
    Atomics.add(this.#rows.words, MONITORS_WORD, 1)
  }

  remove(connection: Connection): void {
    if (!connection.monitors) return
    connection.monitors = false
    const at = this.#watchers.findIndex((watcher) => watcher.connection === connection)
    this.#watchers.splice(at, 1)
    Atomics.sub(this.#rows.words, MONITORS_WORD, 1)
  }

  /** The command was begun. What is served before AUTH may hold a password: only its name shows. */
  note(connection: Connection, decoder: CommandDecoder, row: CommandRow, wallMicros: number): void {
    const line = monitorLine(connection, decoder, row, wallMicros)
    if (this.#watchers.length > 0) this.show(line)
    const others = Atomics.load(this.#rows.words, MONITORS_WORD) - this.#watchers.length
    if (others <= 0) return
    if (this.#forOthers === '') setImmediate(() => this.#tellOthers())
    this.#forOthers += line
  }

  #tellOthers(): void {
    this.tell({ kind: 'commands', lines: this.#forOthers })
    this.#forOthers = ''
  }

  /** Lines for the watchers of this acceptor. */
  show(lines: string): void {
    const bytes = Buffer.from(lines, 'latin1')
    for (const watcher of this.#watchers) {
      watcher.waiting.push(bytes)
      watcher.waitingBytes += bytes.length
    }
    this.#send()
  }

  #send(): void {
    let behind = false
    for (const watcher of [...this.#watchers]) {
      const { connection, waiting } = watcher
      if (waiting.length === 0 || connection.closed) continue
      if (connection.partSent || connection.socket.unsentBytes() > 0) {
        behind = true
        if (watcher.waitingBytes > MONITOR_UNSENT_BYTES_MAX) this.#output.cut(connection)
        continue
      }
      for (const bytes of waiting) this.#output.append(connection, bytes, 0, bytes.length)
      waiting.length = 0
      watcher.waitingBytes = 0
    }
    this.schedule()
    if (behind) this.#retryLater()
  }

  #retryLater(): void {
    if (this.#retryArmed) return
    this.#retryArmed = true
    setTimeout(() => {
      this.#retryArmed = false
      this.#send()
    }, RETRY_MS).unref()
  }
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` with its line end. */
function monitorLine(
  connection: Connection,
  decoder: CommandDecoder,
  row: CommandRow,
  wallMicros: number,
): string {
  const seconds = Math.floor(wallMicros / 1_000_000)
  const micros = String(wallMicros % 1_000_000).padStart(6, '0')
  let line = `+${seconds}.${micros} [${connection.database} ${connection.address}]`
  const hides = (row.flags & NO_AUTH) !== 0
  for (let index = 0; index < decoder.argCount; index++) {
    const start = decoder.argStarts[index]
    const shown = !hides || index === 0
    line += ` ${shown ? quoted(decoder.bytes, start, decoder.argLengths[index]) : HIDDEN}`
  }
  return `${line}\r\n`
}

/** As Redis quotes: printable bytes as they are, others as \xff. */
function quoted(bytes: Uint8Array, start: number, length: number): string {
  if (isPlain(bytes, start, length)) {
    const plain = bytes.subarray(start, start + length)
    return `"${Buffer.from(plain.buffer, plain.byteOffset, length).toString('latin1')}"`
  }
  let text = '"'
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]
    const escaped = ESCAPES.get(byte)
    if (escaped !== undefined) text += escaped
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte)
    else text += `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return `${text}"`
}

function isPlain(bytes: Uint8Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]
    if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false
  }
  return true
}
