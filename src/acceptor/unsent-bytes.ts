// What a slow subscriber has not taken, copied out of the turns' slabs: a socket that kept views
// would keep a whole slab for each short message. Blocks are filled one behind the other; what is
// given to the socket is not touched again.

import { copyBytes } from '../base/copy.ts'

const BLOCK_BYTES_FIRST = 16_384
const BLOCK_BYTES_MAX = 1_048_576

export class UnsentBytes {
  #blocks: Uint8Array[] = []
  #block: Uint8Array = new Uint8Array(0)
  #used = 0
  byteLength = 0

  append(bytes: Uint8Array, start: number, length: number): void {
    this.byteLength += length
    let from = start
    let left = length
    while (left > 0) {
      if (this.#used === this.#block.length) this.#nextBlock()
      const count = Math.min(left, this.#block.length - this.#used)
      copyBytes(bytes, from, this.#block, this.#used, count)
      this.#used += count
      from += count
      left -= count
    }
  }

  #nextBlock(): void {
    if (this.#used > 0) this.#blocks.push(this.#block)
    const size = Math.min(Math.max(this.#block.length * 2, BLOCK_BYTES_FIRST), BLOCK_BYTES_MAX)
    this.#block = Buffer.allocUnsafeSlow(size)
    this.#used = 0
  }

  /** Everything, in order; it is the caller's. */
  take(): Uint8Array[] {
    const pieces = this.#blocks
    if (this.#used > 0) pieces.push(this.#block.subarray(0, this.#used))
    this.#blocks = []
    this.#block = new Uint8Array(0)
    this.#used = 0
    this.byteLength = 0
    return pieces
  }
}
