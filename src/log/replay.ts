// Second pass of a recovery: hands every record up to the cut to a visitor, in batches or one by
// one. The first pass (scan.ts) has checked every byte of it.

import { assert } from '../base/assert.ts'
import type { LogFs } from './files.ts'
import * as layout from './layout.ts'
import { BATCH_RECORDS_MAX, RecordBatch } from './record-batch.ts'
import type { ShardScan } from './scan.ts'
import { SegmentReader } from './segment-reader.ts'

/** Some records in order. The batch and its bytes are valid during the call only. */
export type BatchVisitor = (batch: RecordBatch) => void

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
export function replayBatches(
  files: LogFs,
  scan: ShardScan,
  cutLsn: number,
  visit: BatchVisitor,
): number {
  const batch = new RecordBatch()
  let count = 0
  for (const segment of scan.segments) {
    const { header, path } = segment
    if (header.startLsn >= cutLsn) break
    const reader = new SegmentReader(files, path)
    try {
      count += replaySegment(reader, header.startLsn, cutLsn, batch, visit)
    } finally {
      reader.close()
    }
  }
  return count
}

/** The same, record by record. */
export function replayShard(
  files: LogFs,
  scan: ShardScan,
  cutLsn: number,
  visit: RecordVisitor,
): number {
  return replayBatches(files, scan, cutLsn, (batch) => {
    const { codes, databases, flags, bytes, keyStarts, keyLengths, valueLengths, numbers } = batch
    for (let index = 0; index < batch.count; index++) {
      const keyStart = keyStarts[index]
      const keyLength = keyLengths[index]
      visit(
        codes[index],
        databases[index],
        flags[index],
        bytes,
        keyStart,
        keyLength,
        keyStart + keyLength,
        valueLengths[index],
        numbers[index],
      )
    }
  })
}

function replaySegment(
  reader: SegmentReader,
  startLsn: number,
  cutLsn: number,
  batch: RecordBatch,
  visit: BatchVisitor,
): number {
  let count = 0
  const flush = (): void => {
    if (batch.count === 0) return
    visit(batch)
    count += batch.count
    batch.count = 0
  }
  let position = layout.SEGMENT_HEADER_BYTES
  while (position < reader.byteLength) {
    const lsn = startLsn + position - layout.SEGMENT_HEADER_BYTES
    if (lsn >= cutLsn) break
    // A batch goes on over small blocks, but not when the window moves away from under it.
    if (!reader.holds(position, layout.BLOCK_HEADER_BYTES)) flush()
    assert(
      reader.readBlock(position) === null && reader.blockLsn === lsn,
      'a scanned block is whole',
    )
    const end = position + reader.blockLength
    const large = (reader.blockFlags & layout.BLOCK_EXTERNAL) !== 0
    let at = position + layout.BLOCK_HEADER_BYTES
    while (at < end) {
      let stop = end
      if (large) {
        // One by one: the window grows for the largest of them, not for all together.
        flush()
        assert(reader.readRecord(at, end, false) === null, 'a scanned record is whole')
        stop = at + reader.recordLength
      }
      if (!reader.holds(at, stop - at)) flush()
      assert(reader.at(at, stop - at) >= 0, 'a scanned block is there')
      at = reader.fillBatch(at, stop, batch)
      if (batch.count === BATCH_RECORDS_MAX) flush()
    }
    position = end
  }
  flush()
  return count
}
