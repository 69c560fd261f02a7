// A start syncs the files of all shards together. A crash at any operation of it, with everything
// that a power cut may do to what was not synced, leaves logs that the next start takes; and once
// the start is through, all it found survives a power cut.

import t from 'tap'
import { ManualClock } from '../../src/base/clock.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { commitGroup } from '../../src/log/groups.ts'
import { createGeneration, shardDirectory } from '../../src/log/manifest.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { type ShardScan, scanShard } from '../../src/log/scan.ts'
import { SyncQueue } from '../../src/log/sync-queue.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { beginLogs } from '../../src/recovery/recover.ts'
import {
  DURABLE_LONG,
  FSYNC_EVERYSEC,
  rowsByteLength,
  WRITTEN_LONG,
} from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import {
  expectedLog,
  GENERATION,
  INSTANCE,
  LogFixture,
  replayTexts,
  START_MS,
} from '../support/log-fixture.ts'
import { type CrashMode, SimFs } from '../support/sim-fs.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const SHARDS = 3
const SLICE_BYTES = 4096
const SEGMENT_BYTES = 1200
const DIRECTORIES = Array.from({ length: SHARDS }, (_, shard) =>
  shardDirectory('/data', GENERATION, shard),
)

interface Died {
  readonly files: SimFs
  /** Per shard: all that was committed, in order, and how much of it was published as durable. */
  readonly texts: string[][]
  readonly durable: number[]
}

function emptyDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/data')
  files.fsyncDirectory('/')
  createGeneration(files, '/data', GENERATION, SHARDS)
  return files
}

/** A process that died: its last writes are in the kernel, some of them on the disk. */
function diedProcess(seed: number): Died {
  const random = new SeededRandom(seed)
  const files = emptyDisk()
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(SHARDS)))
  const fixtures = DIRECTORIES.map((directory, shard) => {
    const setup = { files, directory, shard, rows, segmentBytesMax: SEGMENT_BYTES }
    return new LogFixture({ ...setup, sliceBytes: SLICE_BYTES })
  })
  const targets = DIRECTORIES.map((directory, shard) => ({ directory, shard, side: 0 }))
  const hooks = { synced() {}, markWanted() {}, failed() {} }
  const syncer = new Syncer(rows, files, targets, SEGMENT_BYTES, hooks)
  const texts: string[][] = DIRECTORIES.map(() => [])
  const ends: number[][] = DIRECTORIES.map(() => [])
  for (let round = 0; round < 25; round++) {
    const parts = fixtures.filter(() => random.below(3) > 0)
    for (const { shard } of parts) {
      const value = 'v'.repeat(random.below(200))
      fixtures[shard].set(`k${round}`, value)
      texts[shard].push(`1 0 k${round}=${value} @-1`)
    }
    commitGroup(
      parts.map(({ log }) => log),
      START_MS,
    )
    for (const part of parts) ends[part.shard].push(part.lsn(WRITTEN_LONG))
    if (random.below(3) === 0) syncer.turn(FSYNC_EVERYSEC, round * 500)
  }
  const durable = fixtures.map(
    (fixture, shard) => ends[shard].filter((end) => end <= fixture.lsn(DURABLE_LONG)).length,
  )
  return { files, texts, durable }
}

function scanAll(files: SimFs, begun: boolean): { scans: ShardScan[]; cuts: number[] } {
  const scans = DIRECTORIES.map((directory, shard) =>
    scanShard(files, directory, { ...expectedLog(shard), begun }),
  )
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    scans.map((scan) => scan.endLsn),
    scans.flatMap((scan) => scan.durableGroups),
  )
  return { scans, cuts }
}

/** What a start does with the logs; returns what it serves. Rejects with SimCrash. */
async function start(files: SimFs, begun = true): Promise<string[][]> {
  const { scans, cuts } = scanAll(files, begun)
  const served = scans.map((scan, shard) => replayTexts(files, scan, cuts[shard]))
  const plan = {
    instance: INSTANCE,
    generation: GENERATION,
    shardDirectories: DIRECTORIES,
    sliceBytes: SLICE_BYTES,
    workerCount: 1,
  }
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(SHARDS)))
  await beginLogs(plan, rows, new ManualClock(START_MS), files, scans, cuts)
  return served
}

function isPrefix(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((text, index) => text === whole[index])
}

function groupsAreWhole(served: readonly string[][], died: Died): boolean {
  // Every round is one commit: a shard that took part has its record, or none of them has.
  for (let round = 0; round < 25; round++) {
    const name = `1 0 k${round}=`
    const took = died.texts.map((texts) => texts.some((text) => text.startsWith(name)))
    const has = served.map((texts) => texts.some((text) => text.startsWith(name)))
    const count = has.filter((one) => one).length
    if (count > 0 && took.some((one, shard) => one !== has[shard])) return false
  }
  return true
}

/** '' or what is wrong with what the next start serves. */
function problemOf(served: readonly string[][], died: Died): string {
  for (let shard = 0; shard < SHARDS; shard++) {
    if (!isPrefix(served[shard], died.texts[shard])) return 'wrong data'
    if (served[shard].length < died.durable[shard]) return 'durable data lost'
  }
  return groupsAreWhole(served, died) ? '' : 'half a group'
}

t.test('a power cut at every operation of a start', async (t) => {
  let cases = 0
  let refused = 0
  for (let seed = 1; seed <= (LONG ? 40 : 6); seed++) {
    const counting = diedProcess(seed).files
    const first = counting.operations
    await start(counting)
    const last = counting.operations
    for (let crashAt = first + 1; crashAt <= last; crashAt++) {
      const died = diedProcess(seed)
      died.files.crashAt = crashAt
      try {
        await start(died.files)
        t.fail('the disk did not crash')
      } catch (error) {
        const { name, code } = error as { name: string; code?: string }
        if (name !== 'SimCrash' && code !== 'LOG_REPAIR') throw error
      }
      for (const mode of ['kill', 'lost', 'prefix', 'reordered', 'any'] as const) {
        cases++
        const disk = died.files.afterCrash(mode, crashAt * 10 + cases)
        try {
          const problem = problemOf(await start(disk), died)
          if (problem !== '') t.fail(`${mode} at ${crashAt} of ${seed}: ${problem}`)
        } catch (error) {
          if ((error as { code?: string }).code !== 'LOG_DAMAGED') throw error
          if (mode === 'any') refused++
          else t.fail(`${mode} at ${crashAt} of ${seed}: refused: ${(error as Error).message}`)
        }
      }
    }
  }
  t.pass(`${cases} crashes, ${refused} with sectors of garbage refused`)
})

t.test('what a start has found is durable when it is through', async (t) => {
  for (let seed = 1; seed <= (LONG ? 400 : 60); seed++) {
    const { files } = diedProcess(seed)
    const served = await start(files)
    for (const mode of ['lost', 'prefix', 'reordered', 'any'] as const) {
      const again = await start(files.afterCrash(mode, seed))
      if (JSON.stringify(again) !== JSON.stringify(served)) t.fail(`${mode} of ${seed}`)
    }
  }
  t.pass('the same after a power cut')
})

t.test('an empty generation is begun durably', async (t) => {
  const files = emptyDisk()
  await start(files, false)
  for (const mode of ['lost', 'any'] as const) {
    const disk = files.afterCrash(mode, 3)
    for (const directory of DIRECTORIES) t.same(disk.readdir(directory), ['segment-000001.ckv'])
    t.same(await start(disk), [[], [], []])
  }
  t.equal(files.openCount, SHARDS, 'one descriptor a shard stays open')
})

/** Runs a start that dies at an operation (if it gets there), then cuts the power. */
async function startAndDie(files: SimFs, crashAt: number, mode: CrashMode): Promise<SimFs> {
  const dying = files.afterCrash('kill', 0)
  dying.crashAt = crashAt
  try {
    await start(dying)
  } catch (error) {
    const { name, code } = error as { name: string; code?: string }
    if (name !== 'SimCrash' && code !== 'LOG_REPAIR') throw error
  }
  return dying.afterCrash(mode, crashAt)
}

t.test('starts without data that die one after the other: the first segment stays', async (t) => {
  const files = emptyDisk()
  await start(files, false)
  const counting = files.afterCrash('kill', 0)
  await start(counting)
  let cases = 0
  for (const mode of ['kill', 'lost', 'prefix', 'reordered'] as const) {
    for (let first = 1; first <= counting.operations; first++) {
      const disk = await startAndDie(files, first, mode)
      // The second finds what the first left, and may have more to do.
      for (let second = 1; second <= counting.operations + 2 * SHARDS; second++) {
        const again = await startAndDie(disk, second, mode)
        const served = JSON.stringify(await start(again))
        if (served !== '[[],[],[]]') t.fail(`${mode} at ${first} and ${second}: ${served}`)
        cases++
      }
    }
  }
  t.pass(`${cases} pairs of crashes`)
})

t.test('a sync that fails is said with its path, and every descriptor is closed', async (t) => {
  for (const run of ['run', 'runTogether'] as const) {
    const files = new SimFs()
    files.mkdir('/log')
    const queue = new SyncQueue(files)
    queue.addFile('/log/a', files.open('/log/a', 'w'), true)
    queue.addFile('/log/b', files.open('/log/b', 'w'), true)
    queue.addDirectory('/log')
    files.fault = (operation, path) => (operation === 'fsync' && path === '/log/b' ? 'EIO' : '')
    await t.rejects(async () => await queue[run](), { code: 'LOG_SYNC', message: /^\/log\/b / })
    t.equal(files.openCount, 0)
    files.fault = () => ''
    await t.resolves(async () => await queue[run](), 'the queue is empty then')
  }
})
