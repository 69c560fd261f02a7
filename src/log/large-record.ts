// A record too large for the slice, as views that go to the file in one writev(2). The value's
// pieces are the caller's own memory; nothing of it is copied.

import { EFFECT_PADDING } from './codes.ts'
import * as layout from './layout.ts'

/** The record and what follows it in its block, as views in file order. */
export function largeRecord(
  code: number,
  database: number,
  flags: number,
  number: number,
  key: Uint8Array,
  values: readonly Uint8Array[],
  blockOffset: number,
  sliceBytes: number,
): Uint8Array[] {
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
  // The block after this one starts where LSN and slice meet again: keep room for its header.
  const end = (blockOffset + layout.BLOCK_HEADER_BYTES + recordLength) % sliceBytes
  const rest = end === 0 ? 0 : sliceBytes - end
  const padding = rest < layout.SLICE_TAIL_BYTES_MIN ? rest : 0
  const tail = new Uint8Array(recordLength - bare + padding)
  if (padding > 0) {
    const tailView = new DataView(tail.buffer)
    tailView.setUint32(recordLength - bare, padding, true)
    tailView.setUint8(recordLength - bare + layout.RECORD_CODE_BYTE, EFFECT_PADDING)
  }
  return [head, key, ...values, tail]
}
