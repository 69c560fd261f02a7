// Views over the two parts of a side's log memory, which is one SharedArrayBuffer:
//
//   | slice: a power of two bytes, a ring by LSN | spill: LOG_SPILL_BYTES, or nothing |
//
// The slice is the log's last bytes. The spill holds what a command appended after the disk failed
// in the middle of it, as far as it does not fit the slice (slice-writer.ts); its pages are never
// touched otherwise. Memory of tests and tools has no spill.

import { assert } from '../base/assert.ts'
import { LOG_SLICE_BYTES_MAX, LOG_SLICE_BYTES_MIN, LOG_SPILL_BYTES } from '../base/limits.ts'

/** Bytes of the slice in a log memory of this length. */
export function logSliceBytes(byteLength: number): number {
  return byteLength > LOG_SPILL_BYTES ? byteLength - LOG_SPILL_BYTES : byteLength
}

export class LogBuffer {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly doubles: Float64Array
  readonly longs: BigUint64Array

  constructor(memory: Uint8Array, start: number, byteLength: number) {
    const { buffer } = memory
    const at = memory.byteOffset + start
    this.bytes = new Uint8Array(buffer, at, byteLength)
    this.words = new Int32Array(buffer, at, byteLength / 4)
    this.doubles = new Float64Array(buffer, at, byteLength / 8)
    this.longs = new BigUint64Array(buffer, at, byteLength / 8)
  }
}

export function sliceOf(memory: Uint8Array): LogBuffer {
  const bytes = logSliceBytes(memory.byteLength)
  assert((bytes & (bytes - 1)) === 0, 'a log slice is a power of two')
  assert(bytes >= LOG_SLICE_BYTES_MIN && bytes <= LOG_SLICE_BYTES_MAX, 'log slice size')
  return new LogBuffer(memory, 0, bytes)
}

/** null: there is none. */
export function spillOf(memory: Uint8Array): LogBuffer | null {
  const start = logSliceBytes(memory.byteLength)
  return start === memory.byteLength ? null : new LogBuffer(memory, start, LOG_SPILL_BYTES)
}
