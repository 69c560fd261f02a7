// A sync thread over real files for tests of real threads: syncs and prepares spares until told.

import { parentPort, workerData } from 'node:worker_threads'
import { NodeLogFs } from '../../src/log/files.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { FSYNC_ALWAYS, STATE_CLOSING, STATE_WORD } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'

const { buffer, directory, segmentBytesMax } = workerData as {
  buffer: SharedArrayBuffer
  directory: string
  segmentBytesMax: number
}
const rows = new Rows(buffer)
const problems: string[] = []
const syncer = new Syncer(
  rows,
  new NodeLogFs(),
  [{ shard: 0, side: 0, directory }],
  segmentBytesMax,
  {
    synced() {},
    markWanted() {},
    failed: (_shard, _side, operation, error) => problems.push(`${operation}: ${String(error)}`),
  },
)
parentPort?.postMessage('ready')
let turns = 0
let nowMs = 0
while (Atomics.load(rows.words, STATE_WORD) !== STATE_CLOSING) {
  syncer.turn(FSYNC_ALWAYS, nowMs++)
  turns++
}
syncer.syncAll(nowMs)
parentPort?.postMessage({ turns, problems })
