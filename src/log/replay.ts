// Second pass of a recovery: hands every record up to the cut to a visitor. The first pass
// (scan.ts) has checked every byte of it.

import { assert } from '../base/assert.ts'
import { EFFECT_PADDING } from './codes.ts'
import type { LogFs } from './files.ts'
import * as layout from './layout.ts'
import type { ShardScan } from './scan.ts'
import { SegmentReader } from './segment-reader.ts'

/** One record. `bytes` is valid during the call only; key and value lie in it. */
export type RecordVisitor = (
  code: number,
  database: number,
  flags: number,
  bytes: Uint8Array,
  keyStart: number,
  keyLength: number,
  valueStart: number,
  valueLength: number,
  number: number,
) => void

/**
 * Replays a scanned shard up to `cutLsn` (the end of a commit: `scan.endLsn`, or less where a group
 * was cut). Returns the number of records. Memory: one window, more only for one large record.
 */
export function replayShard(
  files: LogFs,
  scan: ShardScan,
  cutLsn: number,
  visit: RecordVisitor,
): number {
  let count = 0
  for (const segment of scan.segments) {
    const { header, path } = segment
    if (header.startLsn >= cutLsn) break
    const reader = new SegmentReader(files, path)
    try {
      count += replaySegment(reader, header.startLsn, cutLsn, visit)
    } finally {
      reader.close()
    }
  }
  return count
}

function replaySegment(
  reader: SegmentReader,
  startLsn: number,
  cutLsn: number,
  visit: RecordVisitor,
): number {
  let count = 0
  let position = layout.SEGMENT_HEADER_BYTES
  while (position < reader.byteLength) {
    const lsn = startLsn + position - layout.SEGMENT_HEADER_BYTES
    if (lsn >= cutLsn) break
    assert(
      reader.readBlock(position) === null && reader.blockLsn === lsn,
      'a scanned block is whole',
    )
    const end = position + reader.blockLength
    let at = position + layout.BLOCK_HEADER_BYTES
    while (at < end) {
      assert(reader.readRecord(at, end, true) === null, 'a scanned record is whole')
      at += reader.recordLength
      if (reader.code === EFFECT_PADDING) continue
      const valueStart = reader.keyStart + reader.keyLength
      visit(
        reader.code,
        reader.database,
        reader.flags,
        reader.bytes,
        reader.keyStart,
        reader.keyLength,
        valueStart,
        reader.valueLength,
        reader.number,
      )
      count++
    }
    position = end
  }
  return count
}
