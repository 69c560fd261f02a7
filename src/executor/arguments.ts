// A command as it lies in a request (ring/layout.ts) -> the thread's call. The offsets are kept
// here and used again for every command.

import type { CommandRow } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import type { Call } from '../command/call.ts'
import { argumentCount, commandCode, readArguments } from '../ring/queued.ts'

const ARGUMENTS_FIRST = 1024

export class RequestArguments {
  #starts = new Int32Array(ARGUMENTS_FIRST)
  #lengths = new Int32Array(ARGUMENTS_FIRST)

  /** Row, bytes and arguments of `call`, of the command at byte `at`. */
  fill(call: Call, bytes: Uint8Array, words: Int32Array, at: number): void {
    const argCount = argumentCount(words, at)
    if (argCount > this.#starts.length) {
      this.#starts = new Int32Array(argCount * 2)
      this.#lengths = new Int32Array(argCount * 2)
    }
    readArguments(words, at, this.#starts, this.#lengths)
    call.row = ROWS_BY_CODE[commandCode(words, at)] as CommandRow
    call.bytes = bytes
    call.starts = this.#starts
    call.lengths = this.#lengths
    call.argCount = argCount
  }
}
