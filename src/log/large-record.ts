// Records too large for the slice, as views that go to the file in one writev(2), in one block. The
// values' pieces are the caller's own memory; nothing of them is copied.

import { EFFECT_PADDING } from './codes.ts'
import * as layout from './layout.ts'

export class LargeRecords {
  count = 0
  /** Of the records and the padding behind them. */
  byteLength = 0
  #views: Uint8Array[] = []

  /** Adds a record; key and values must hold still until it is written or forgotten. */
  add(
    code: number,
    database: number,
    flags: number,
    number: number,
    key: Uint8Array,
    values: readonly Uint8Array[],
  ): void {
    let valueLength = 0
    for (const value of values) valueLength += value.byteLength
    const bare = layout.RECORD_HEAD_BYTES + key.byteLength + valueLength
    const recordLength = Math.ceil(bare / layout.LOG_ALIGNMENT_BYTES) * layout.LOG_ALIGNMENT_BYTES
    const head = new Uint8Array(layout.RECORD_HEAD_BYTES)
    const view = new DataView(head.buffer)
    view.setUint32(layout.RECORD_LENGTH_BYTE, recordLength, true)
    view.setUint8(layout.RECORD_CODE_BYTE, code)
    view.setUint8(layout.RECORD_DATABASE_BYTE, database)
    view.setUint16(layout.RECORD_FLAGS_BYTE, flags, true)
    view.setUint32(layout.RECORD_KEY_LENGTH_BYTE, key.byteLength, true)
    view.setUint32(layout.RECORD_VALUE_LENGTH_BYTE, valueLength, true)
    view.setFloat64(layout.RECORD_NUMBER_BYTE, number, true)
    this.#views.push(head, key, ...values, new Uint8Array(recordLength - bare))
    this.byteLength += recordLength
    this.count++
  }

  /**
   * The records and what follows them in a block whose header stands at `blockOffset` of the slice,
   * as views in file order. Nothing may be added any more until `clear`.
   */
  views(blockOffset: number, sliceBytes: number): Uint8Array[] {
    // The block after this one starts where LSN and slice meet again: keep room for its header.
    const end = (blockOffset + layout.BLOCK_HEADER_BYTES + this.byteLength) % sliceBytes
    const rest = end === 0 ? 0 : sliceBytes - end
    if (rest > 0 && rest < layout.SLICE_TAIL_BYTES_MIN) {
      const padding = new Uint8Array(rest)
      const view = new DataView(padding.buffer)
      view.setUint32(layout.RECORD_LENGTH_BYTE, rest, true)
      view.setUint8(layout.RECORD_CODE_BYTE, EFFECT_PADDING)
      this.#views.push(padding)
      this.byteLength += rest
    }
    return this.#views
  }

  /** Forgets them, and lets go of the caller's bytes. */
  clear(): void {
    this.count = 0
    this.byteLength = 0
    this.#views = []
  }
}
