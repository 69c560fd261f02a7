// The log writer without a disk: records into the slice, block header, checksum, control row.
// Writes go to a file system that takes everything and keeps nothing.

import { SystemClock } from '../../src/base/clock.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import { EFFECT_STRING_SET, NO_EXPIRY } from '../../src/log/codes.ts'
import { openShardLog } from '../../src/log/open.ts'
import { ShardLog, WRITE_OK } from '../../src/log/writer.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { KEY_BYTES, keyName, valueText } from '../load/keys.ts'
import type { MicroBench } from './micro-bench.ts'
import { NoFiles } from './no-files.ts'

const SLICE_BYTES = 4_194_304
const SEGMENT_BYTES_MAX = 1_073_741_824
const VALUE_BYTES = 64
const COMMITS = 16
const INSTANCE = 'crs-bench000'

function openLog(): ShardLog {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  const files = new NoFiles()
  const clock = new SystemClock()
  openShardLog({
    files,
    rows,
    side: 0,
    shard: 0,
    directory: 'nowhere',
    sliceBytes: SLICE_BYTES,
    epoch: 1,
    number: 1,
    startLsn: 0,
    nowMs: clock.wallMs(),
    instance: INSTANCE,
    generation: 1,
  })
  return new ShardLog({
    rows,
    shard: 0,
    side: 0,
    slice: new Uint8Array(new SharedArrayBuffer(SLICE_BYTES)),
    files,
    clock,
    thread: 1,
    instance: INSTANCE,
    generation: 1,
    segmentBytesMax: SEGMENT_BYTES_MAX,
  })
}

function bench(name: string, records: number): MicroBench {
  const log = openLog()
  const key = Buffer.from(keyName(1), 'latin1')
  const value = Buffer.from(valueText(1, VALUE_BYTES), 'latin1')
  const nowMs = Date.now()
  return {
    name,
    reference: 'compute',
    operations: COMMITS * records,
    run: () => {
      for (let commit = 0; commit < COMMITS; commit++) {
        // The token of a row that nobody took is 0.
        log.attach(0, nowMs)
        for (let i = 0; i < records; i++) {
          log.append(EFFECT_STRING_SET, 0, 0, key, 0, KEY_BYTES, value, 0, VALUE_BYTES, NO_EXPIRY)
        }
        if (log.commit(nowMs) !== WRITE_OK) throw new Error(`${name}: a commit failed`)
      }
      return log.appendedLsn() | 0
    },
  }
}

export async function logBench(name: string, records: number): Promise<MicroBench> {
  await loadHasher()
  return bench(name, records)
}
