// A block that holds nothing but padding, made outside the hot path: see open.ts.

import { checksum } from './checksum.ts'
import { EFFECT_PADDING } from './codes.ts'
import * as layout from './layout.ts'

/**
 * A block without effects, `byteLength` long: a log that goes on with a slice of another size is
 * brought to a place where a block header fits. It claims nothing to be durable: while a recovery
 * runs, other shards' parts of groups may not be synced yet.
 */
export function encodePaddingBlock(
  shard: number,
  epoch: number,
  firstLsn: number,
  commitMs: number,
  segmentId: bigint,
  byteLength: number,
): Uint8Array {
  const bytes = new Uint8Array(byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(layout.BLOCK_MAGIC_BYTE, layout.BLOCK_MAGIC, true)
  view.setUint32(layout.BLOCK_LENGTH_BYTE, byteLength, true)
  view.setUint16(layout.BLOCK_VERSION_BYTE, layout.LOG_VERSION, true)
  view.setUint16(layout.BLOCK_FLAGS_BYTE, layout.BLOCK_EXTERNAL, true)
  view.setUint16(layout.BLOCK_SHARD_BYTE, shard, true)
  view.setUint16(layout.BLOCK_HEADER_LENGTH_BYTE, layout.BLOCK_HEADER_BYTES, true)
  view.setUint32(layout.BLOCK_EPOCH_BYTE, epoch, true)
  view.setFloat64(layout.BLOCK_LSN_BYTE, firstLsn, true)
  view.setFloat64(layout.BLOCK_COMMIT_MS_BYTE, commitMs, true)
  view.setUint32(layout.BLOCK_HEADER_BYTES, byteLength - layout.BLOCK_HEADER_BYTES, true)
  view.setUint8(layout.BLOCK_HEADER_BYTES + layout.RECORD_CODE_BYTE, EFFECT_PADDING)
  const checked = layout.BLOCK_CHECKED_BYTE
  const sum = checksum(bytes, checked, byteLength - checked, segmentId)
  view.setBigUint64(layout.BLOCK_CHECKSUM_BYTE, sum, true)
  return bytes
}
