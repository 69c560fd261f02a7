// Recovery alone, without threads, sockets or a server:
//
//   node native-free-bench/micro/replay.ts <data directory of a stopped server>
//
// scans and replays the log of its shard 0 into fresh memory, twice, and prints one line of JSON
// for each: the first run also pays for compiling.

import { SystemClock } from '../../src/base/clock.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import { NodeLogFs } from '../../src/log/files.ts'
import { readManifest, shardDirectory } from '../../src/log/manifest.ts'
import { replayBatches } from '../../src/log/replay.ts'
import { scanShard } from '../../src/log/scan.ts'
import type { ShardLog } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { applyBatch } from '../../src/recovery/apply-batch.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'

const ARENA_BYTES = 1_073_741_824
const RUNS = 2

/** Nanoseconds a record, in wall time and in CPU time. */
export interface ReplayFigures {
  records: number
  scanNs: number
  replayNs: number
  cpuNs: number
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function replayOnce(directory: string): ReplayFigures {
  const files = new NodeLogFs()
  const manifest = readManifest(files, directory)
  if (manifest === null) throw new Error(`no manifest in ${directory}`)
  const { instance, generation, hashKey0, hashKey1 } = manifest
  const clock = new SystemClock()
  const cpuBefore = cpuMs()
  const startMs = clock.monotonicMs()
  const scan = scanShard(files, shardDirectory(directory, generation, 0), {
    instance,
    generation,
    shard: 0,
    startLsn: 0,
  })
  const scannedMs = clock.monotonicMs()
  const arena = new Arena([new SharedArrayBuffer(ARENA_BYTES)])
  formatArena(arena)
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  // While a side follows a log nothing is recorded.
  const noLog = null as unknown as ShardLog
  const side = new ShardSide(0, 0, rows, arena, noLog, hashKey0, hashKey1)
  side.replaying = true
  const records = replayBatches(files, scan, scan.endLsn, (batch) => applyBatch(side, batch))
  const endMs = clock.monotonicMs()
  const nsEach = (ms: number): number => (ms * 1e6) / Math.max(1, records)
  return {
    records,
    scanNs: nsEach(scannedMs - startMs),
    replayNs: nsEach(endMs - scannedMs),
    cpuNs: nsEach(cpuMs() - cpuBefore),
  }
}

await loadHasher()
for (let run = 0; run < RUNS; run++) {
  process.stdout.write(`${JSON.stringify(replayOnce(process.argv[2] ?? ''))}\n`)
}
