// Large records of one command on several logs (`writeLargeRecords`): all or none, whatever fails,
// and whenever the process dies or power fails.

import t from 'tap'
import { LOG_READ_BYTES, LOG_RETRY_MS } from '../../src/base/limits.ts'
import { dumpSegment } from '../../src/log/dump.ts'
import { NodeLogFs } from '../../src/log/files.ts'
import { commitGroup, writeLargeRecords } from '../../src/log/groups.ts'
import * as layout from '../../src/log/layout.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { WRITE_OK } from '../../src/log/writer.ts'
import * as row from '../../src/rows/layout.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { expectedLog, LogFixture, recover, replayTexts } from '../support/log-fixture.ts'
import { type CrashMode, SimFs } from '../support/sim-fs.ts'

const SHARDS = 2
const SLICE_BYTES = 4096
const LARGE_BYTES = 5000

interface Logs {
  readonly fixtures: readonly LogFixture[]
  readonly syncer: Syncer
}

function openLogs(files: SimFs): Logs {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(SHARDS)))
  const fixtures = Array.from({ length: SHARDS }, (_, shard) => {
    files.mkdir(`/log-${shard}`)
    files.fsyncDirectory('/')
    return new LogFixture({
      files,
      directory: `/log-${shard}`,
      shard,
      rows,
      sliceBytes: SLICE_BYTES,
    })
  })
  const targets = fixtures.map(({ directory, shard }) => ({ directory, shard, side: 0 }))
  const hooks = { synced() {}, markWanted() {}, failed() {} }
  return { fixtures, syncer: new Syncer(rows, files, targets, 1_000_000, hooks) }
}

/** What a start over all shards serves, groups resolved. Throws CkvError for damage. */
function recoverAll(files: SimFs): string[][] {
  const scans = Array.from({ length: SHARDS }, (_, shard) =>
    scanShard(files, `/log-${shard}`, expectedLog(shard)),
  )
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    scans.map((scan) => scan.endLsn),
    scans.flatMap((scan) => scan.durableGroups),
  )
  return scans.map((scan, shard) => replayTexts(files, scan, cuts[shard]))
}

function addLarge({ log }: LogFixture, key: string, byteLength = LARGE_BYTES): string {
  const value = key.repeat(byteLength).slice(0, byteLength)
  // In two pieces, as some callers have it.
  const pieces = [Buffer.from(value.slice(0, 100)), Buffer.from(value.slice(100))]
  log.addLarge(1, 0, 0, -1, Buffer.from(key), pieces)
  return `1 0 ${key}=${value} @-1`
}

t.test('several large records are one block', async (t) => {
  const files = new SimFs()
  const { fixtures } = openLogs(files)
  const [fixture] = fixtures
  fixture.set('a', '1')
  const texts = ['1 0 a=1 @-1', addLarge(fixture, 'x'), addLarge(fixture, 'y', 300_000)]
  t.ok(writeLargeRecords([fixture.log]))
  fixture.set('b', '2')
  t.equal(fixture.commit(), WRITE_OK)
  t.same(recoverAll(files), [[...texts, '1 0 b=2 @-1'], []])
  const blocks = [...dumpSegment(files, '/log-0/segment-000001.ckv', { values: false })].filter(
    (line) => line.startsWith('block'),
  )
  t.equal(blocks.length, 3)
  t.match(blocks[1], /, 2 records, .* external continued/)
})

t.test('wherever in the slice the block ends', async (t) => {
  const files = new SimFs()
  const [fixture] = openLogs(files).fixtures
  const texts: string[] = []
  for (let size = 0; size < SLICE_BYTES; size += 8) {
    texts.push(addLarge(fixture, 'x', 1200), addLarge(fixture, 'y', 2 * SLICE_BYTES + size))
    if (!writeLargeRecords([fixture.log])) t.fail('not written')
    fixture.set('a', '1')
    texts.push('1 0 a=1 @-1')
    if (size % 3 === 0 && fixture.commit() !== WRITE_OK) t.fail('not committed')
  }
  t.equal(fixture.commit(), WRITE_OK)
  t.equal(recoverAll(files)[0].join(), texts.join())
})

t.test('a record whose head crosses the end of what is read at once', async (t) => {
  const files = new SimFs()
  const [fixture] = openLogs(files).fixtures
  const headers = layout.BLOCK_HEADER_BYTES + layout.RECORD_HEAD_BYTES
  const valueBytes = LOG_READ_BYTES - headers - 'x'.length
  // Replay begins to read at the block: of the second record only 8 bytes are there.
  const texts = [addLarge(fixture, 'x', valueBytes - 8), addLarge(fixture, 'y')]
  t.ok(writeLargeRecords([fixture.log]))
  t.equal(fixture.commit(), WRITE_OK)
  t.equal(recoverAll(files)[0].join(), texts.join())
})

t.test('more pieces than a system call takes, on real files', async (t) => {
  const files = new NodeLogFs()
  const directory = t.testdir()
  const fixture = new LogFixture({ files, directory, sliceBytes: SLICE_BYTES })
  const texts = Array.from({ length: 3000 }, (_, index) => addLarge(fixture, `k${index}`, 1100))
  t.ok(writeLargeRecords([fixture.log]))
  t.equal(fixture.commit(), WRITE_OK)
  t.equal(recover(files, directory).texts.join(), texts.join())
  files.close(fixture.word(row.ACTIVE_FD_WORD) - 1)
})

t.test('a log that wrote its block is cut back when another cannot', async (t) => {
  const files = new SimFs()
  const { fixtures } = openLogs(files)
  const logs = fixtures.map(({ log }) => log)
  const [first, second] = fixtures
  first.set('a', '1')
  t.equal(first.commit(), WRITE_OK)
  const before = fixtures.map((fixture) => [
    files.contents(`${fixture.directory}/segment-000001.ckv`),
    fixture.lsn(row.WRITTEN_LONG),
    fixture.lsn(row.APPENDED_LONG),
    fixture.word(row.LOG_CHANGES_WORD),
    fixture.log.appendedLsn(),
  ])
  for (const fixture of fixtures) addLarge(fixture, 'x')
  let written = -1
  files.fault = (operation, path) => {
    if (operation !== 'write' || !path.startsWith('/log-1')) return ''
    written = first.lsn(row.WRITTEN_LONG)
    return 'ENOSPC'
  }
  t.notOk(writeLargeRecords(logs))
  t.equal(written, before[0][1], 'nobody was told of the block that is written')
  const after = fixtures.map((fixture) => [
    files.contents(`${fixture.directory}/segment-000001.ckv`),
    fixture.lsn(row.WRITTEN_LONG),
    fixture.lsn(row.APPENDED_LONG),
    fixture.word(row.LOG_CHANGES_WORD),
    fixture.log.appendedLsn(),
  ])
  t.same(after, before)
  for (const { log } of fixtures) t.ok(log.healthy() && !log.uncommitted())
  files.fault = () => ''
  second.set('b', '2')
  t.equal(commitGroup(logs, 1), WRITE_OK)
  t.same(recoverAll(files), [['1 0 a=1 @-1'], ['1 0 b=2 @-1']])
})

t.test('a log that cannot be cut back takes nothing until it is', async (t) => {
  const files = new SimFs()
  const { fixtures } = openLogs(files)
  const logs = fixtures.map(({ log }) => log)
  const [first, second] = fixtures
  first.set('a', '1')
  second.set('b', '1')
  for (const fixture of fixtures) addLarge(fixture, 'x')
  const calls: string[] = []
  files.fault = (operation, path) => {
    if (path.startsWith('/log-0')) calls.push(operation)
    if (operation === 'ftruncate') return 'EIO'
    return operation === 'write' && path.startsWith('/log-1') ? 'ENOSPC' : ''
  }
  t.notOk(writeLargeRecords(logs))
  t.notOk(first.log.healthy())
  // What the turn has done before on this shard waits: a whole block stands in its way.
  t.not(first.commit(), WRITE_OK)
  t.not(second.commit(), WRITE_OK)
  t.equal(calls.lastIndexOf('write') < calls.indexOf('ftruncate'), true, 'nothing is written')
  t.same(recoverAll(files), [[], []], 'a process that dies now')
  files.fault = () => ''
  for (const fixture of fixtures) {
    const other = fixture.writer(2)
    fixture.attach(other)
    t.ok(other.writable(fixture.clock.wallMs() + LOG_RETRY_MS), 'healed by another thread')
  }
  t.same(recoverAll(files), [['1 0 a=1 @-1'], ['1 0 b=1 @-1']])
  for (const fixture of fixtures) fixture.attach()
  const texts = fixtures.map((fixture) => addLarge(fixture, 'x'))
  t.ok(writeLargeRecords(logs))
  t.equal(commitGroup(logs, 1), WRITE_OK)
  t.same(recoverAll(files), [
    ['1 0 a=1 @-1', texts[0]],
    ['1 0 b=1 @-1', texts[1]],
  ])
})

// ── at every crash ────────────────────────────────────────────────────────────────────────────

/** What must come back of each shard, by the number of commits that are whole. */
interface Progress {
  readonly stages: string[][][]
  /** Commits that were acknowledged, and that were durable too. */
  written: number
  durable: number
}

/**
 * A command over two logs fails when one of them is full, in the middle of a commit with others;
 * the same command succeeds later. `syncs`: also between its writes. Throws SimCrash.
 */
function failAndHeal(files: SimFs, opened: Logs, syncs: boolean, progress: Progress): void {
  const { fixtures, syncer } = opened
  const logs = fixtures.map(({ log }) => log)
  const [first, second] = fixtures
  const texts: string[][] = [[], []]
  const set = (shard: number, key: string): void => {
    fixtures[shard].set(key, 'v')
    texts[shard].push(`1 0 ${key}=v @-1`)
  }
  const committed = (failed: number): void => {
    if (failed !== WRITE_OK) throw new Error('not committed')
    progress.written++
    if (!syncs) return
    syncer.syncAll(1)
    const durable = fixtures.every(
      (fixture) => fixture.lsn(row.DURABLE_LONG) === fixture.lsn(row.WRITTEN_LONG),
    )
    if (durable) progress.durable = progress.written
  }
  // Each is what the files may say as soon as its commit has begun.
  const stage = (): void => void progress.stages.push(texts.map((each) => each.slice()))
  const commandFails = (): void => {
    const full = files.freeBytes
    files.freeBytes = 3 * LARGE_BYTES
    files.fault = (operation, path) => {
      if (!syncs || operation !== 'write' || !path.startsWith('/log-1')) return ''
      files.fault = () => ''
      syncer.syncAll(1)
      return ''
    }
    for (const fixture of [first, second]) for (const key of ['x', 'y']) addLarge(fixture, key)
    if (writeLargeRecords(logs)) throw new Error('the disk was not full')
    files.freeBytes = full
    files.fault = () => ''
  }

  stage()
  set(0, 'a')
  set(1, 'b')
  stage()
  committed(commitGroup(logs, 1))
  // Others of the same commit: a small record, a large one, and a small one behind.
  set(0, 'c')
  texts[0].push(addLarge(first, 'd'))
  if (!writeLargeRecords([first.log])) throw new Error('not written')
  set(0, 'e')
  commandFails()
  set(0, 'f')
  stage()
  committed(first.log.commit(1))
  commandFails()
  // Shorter than what was cut off.
  set(0, 'g')
  stage()
  committed(first.log.commit(1))
  set(0, 'h')
  set(1, 'i')
  stage()
  committed(commitGroup(logs, 1))
  for (const [shard, fixture] of fixtures.entries()) {
    for (const key of ['x', 'y']) texts[shard].push(addLarge(fixture, key))
  }
  if (!writeLargeRecords(logs)) throw new Error('the disk did not heal')
  stage()
  committed(commitGroup(logs, 1))
}

/** Keys of the two shards that are set together: in both or in none. */
const TOGETHER = [
  ['a', 'b'],
  ['h', 'i'],
  ['x', 'x'],
  ['y', 'y'],
]

function isWhole(texts: readonly string[][]): boolean {
  const has = (shard: number, key: string): boolean =>
    texts[shard].some((text) => text.startsWith(`1 0 ${key}=`))
  return TOGETHER.every(([left, right]) => has(0, left) === has(1, right))
}

/** Dies at an operation; 0: never. */
function runUntil(files: SimFs, syncs: boolean, crashAt: number): Progress {
  const opened = openLogs(files)
  const progress = { stages: [], written: 0, durable: 0 }
  if (crashAt > 0) files.crashAt = files.operations + crashAt
  try {
    failAndHeal(files, opened, syncs, progress)
  } catch (error) {
    // The sync thread takes a dying disk for one that fails.
    if (files.crashAt === 0 || files.operations < files.crashAt) throw error
  }
  return progress
}

for (const syncs of [false, true]) {
  t.test(`a crash at every operation, ${syncs ? 'with' : 'without'} syncs`, async (t) => {
    const counting = new SimFs()
    const all = runUntil(counting, syncs, 0)
    t.same(recoverAll(counting), all.stages.at(-1))
    const modes: CrashMode[] = ['kill', 'lost', 'prefix', 'reordered']
    const found = new Set<number>()
    for (let crashAt = 1; crashAt <= counting.operations; crashAt++) {
      for (const mode of modes) {
        const files = new SimFs()
        const progress = runUntil(files, syncs, crashAt)
        const texts = recoverAll(files.afterCrash(mode, crashAt))
        const least = mode === 'kill' ? progress.written : progress.durable
        // Each shard by itself loses what was not synced.
        const at = texts.map((text, shard) =>
          progress.stages.findIndex(
            (stage, index) => index >= least && stage[shard].join() === text.join(),
          ),
        )
        if (at.includes(-1)) t.fail(`${mode} at ${crashAt}: ${texts.join().slice(0, 1000)}`)
        if (!isWhole(texts)) t.fail(`${mode} at ${crashAt}: half a command`)
        found.add(at[0])
      }
    }
    t.equal(found.size, all.stages.length, 'every stage came back')
  })
}
