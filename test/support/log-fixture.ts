// A shard's log without threads: rows, slices, writers, and a model of what must come back.

import { ManualClock } from '../../src/base/clock.ts'
import { loadHasher } from '../../src/log/checksum.ts'
import type { LogFs } from '../../src/log/files.ts'
import { openShardLog } from '../../src/log/open.ts'
import { repairShard } from '../../src/log/repair.ts'
import { replayShard } from '../../src/log/replay.ts'
import { type ExpectedLog, type ShardScan, scanShard } from '../../src/log/scan.ts'
import { ShardLog } from '../../src/log/writer.ts'
import { rowsByteLength, sideRow } from '../../src/rows/layout.ts'
import { loadLsn, Rows, sideLong } from '../../src/rows/rows.ts'

await loadHasher()

export const INSTANCE = 'crs-test0001'
export const GENERATION = 1
export const START_MS = 1_700_000_000_000

export interface LogSetup {
  readonly files: LogFs
  readonly directory: string
  readonly shard?: number
  readonly sliceBytes?: number
  readonly startLsn?: number
  readonly segmentBytesMax?: number
  readonly epoch?: number
  readonly number?: number
  readonly rows?: Rows
  readonly slice?: Uint8Array
}

/** One opened shard log and everything around it. */
export class LogFixture {
  readonly rows: Rows
  readonly slice: Uint8Array
  readonly clock = new ManualClock(START_MS)
  readonly log: ShardLog
  readonly files: LogFs
  readonly directory: string
  readonly shard: number
  readonly segmentBytesMax: number

  constructor(setup: LogSetup) {
    this.files = setup.files
    this.directory = setup.directory
    this.shard = setup.shard ?? 0
    const sliceBytes = setup.sliceBytes ?? 65_536
    this.segmentBytesMax = setup.segmentBytesMax ?? 67_108_864
    this.rows = setup.rows ?? new Rows(new SharedArrayBuffer(rowsByteLength(this.shard + 1)))
    this.slice = setup.slice ?? new Uint8Array(new SharedArrayBuffer(sliceBytes))
    openShardLog({
      instance: INSTANCE,
      generation: GENERATION,
      shard: this.shard,
      files: this.files,
      rows: this.rows,
      side: 0,
      directory: this.directory,
      sliceBytes,
      epoch: setup.epoch ?? 1,
      number: setup.number ?? 1,
      startLsn: setup.startLsn ?? 0,
      nowMs: this.clock.wallMs(),
    })
    this.log = this.writer(1)
    this.attach()
  }

  /** Another thread's writer over the same shard. */
  writer(thread: number): ShardLog {
    return new ShardLog({
      rows: this.rows,
      shard: this.shard,
      side: 0,
      slice: this.slice,
      files: this.files,
      clock: this.clock,
      thread,
      instance: INSTANCE,
      generation: GENERATION,
      segmentBytesMax: this.segmentBytesMax,
    })
  }

  attach(log = this.log): void {
    log.attach(this.word(0), this.clock.wallMs())
  }

  word(word: number): number {
    return Atomics.load(this.rows.words, sideRow(this.shard, 0) + word)
  }

  setWord(word: number, value: number): void {
    Atomics.store(this.rows.words, sideRow(this.shard, 0) + word, value)
  }

  lsn(long: number): number {
    return loadLsn(this.rows, sideLong(this.shard, 0, long))
  }

  /** Appends a string-set of texts in database 0. */
  set(key: string, value: string, log = this.log): void {
    const keyBytes = Buffer.from(key)
    const valueBytes = Buffer.from(value)
    log.append(1, 0, 0, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length, -1)
  }

  commit(log = this.log): number {
    return log.commit(this.clock.wallMs())
  }
}

export function expectedLog(shard = 0, startLsn = 0): ExpectedLog {
  return { instance: INSTANCE, generation: GENERATION, shard, startLsn }
}

/** `code db key=value @number` of every record up to a cut. */
export function replayTexts(files: LogFs, scan: ShardScan, cutLsn = scan.endLsn): string[] {
  const texts: string[] = []
  replayShard(
    files,
    scan,
    cutLsn,
    (code, database, _flags, bytes, keyAt, keyLength, at, length, number) => {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset)
      const key = view.toString('latin1', keyAt, keyAt + keyLength)
      texts.push(
        `${code} ${database} ${key}=${view.toString('latin1', at, at + length)} @${number}`,
      )
    },
  )
  return texts
}

export interface Recovered {
  readonly scan: ShardScan
  readonly texts: string[]
  readonly endLsn: number
  readonly nextNumber: number
}

/** What a start does with one shard: scan, replay, repair. Throws CkvError for damage. */
export function recover(files: LogFs, directory: string, shard = 0, startLsn = 0): Recovered {
  const scan = scanShard(files, directory, expectedLog(shard, startLsn))
  const texts = replayTexts(files, scan)
  const { endLsn, nextNumber } = repairShard(files, scan, scan.endLsn)
  return { scan, texts, endLsn, nextNumber }
}
