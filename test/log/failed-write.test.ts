// Disk full and I/O errors: nothing acknowledged is lost, no half block stays, all heals.

import t from 'tap'
import { LOG_RETRY_MS } from '../../src/base/limits.ts'
import { commitGroup, retryGroup } from '../../src/log/groups.ts'
import {
  createGeneration,
  newManifest,
  shardDirectory,
  writeManifest,
} from '../../src/log/manifest.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { verifyLog } from '../../src/log/verify.ts'
import { WRITE_IO_ERROR, WRITE_NO_SPACE, WRITE_OK } from '../../src/log/writer.ts'
import * as row from '../../src/rows/layout.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { expectedLog, INSTANCE, LogFixture, recover, replayTexts } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

function simDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/log')
  files.fsyncDirectory('/')
  return files
}

const SEGMENT = '/log/segment-000001.ckv'

t.test('short writes are gone on with', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  files.writeBytesMax = 7
  const texts: string[] = []
  for (let index = 0; index < 100; index++) {
    fixture.set(`k${index}`, 'v'.repeat(index))
    texts.push(`1 0 k${index}=${'v'.repeat(index)} @-1`)
    t.equal(fixture.commit(), WRITE_OK)
  }
  t.ok(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.alloc(5000, 'x')]))
  t.equal(fixture.commit(), WRITE_OK)
  texts.push(`1 0 big=${'x'.repeat(5000)} @-1`)
  t.same(recover(files, '/log').texts, texts)
})

t.test('disk full: cut back, first in line, refused, healed by another thread', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log' })
  fixture.set('a', '1')
  t.equal(fixture.commit(), WRITE_OK)
  const whole = files.contents(SEGMENT).length
  files.freeBytes = 50
  fixture.set('b', '2')
  t.equal(fixture.commit(), WRITE_NO_SPACE)
  t.equal(files.contents(SEGMENT).length, whole, 'cut back to the last whole block')
  t.equal(fixture.word(row.WRITE_FAILED_WORD), WRITE_NO_SPACE)
  t.equal(fixture.word(row.BLOCK_PENDING_WORD), row.PENDING_OWN)
  t.notOk(fixture.log.healthy())
  t.notOk(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('k'), [Buffer.alloc(40_000)]))
  // A process that dies now restarts with what was acknowledged.
  t.same(recover(files.afterCrash('kill', 1), '/log').texts, ['1 0 a=1 @-1'])

  const other = fixture.writer(2)
  fixture.attach(other)
  t.notOk(other.healthy())
  const tried = files.operations
  t.notOk(other.writable(fixture.clock.wallMs()))
  t.ok(files.operations > tried, 'tried again')
  const triedAgain = files.operations
  t.notOk(other.writable(fixture.clock.wallMs()), 'not at once')
  t.equal(files.operations, triedAgain)
  files.freeBytes = 1_000_000
  fixture.clock.advance(LOG_RETRY_MS)
  t.ok(other.writable(fixture.clock.wallMs()))
  t.equal(fixture.word(row.WRITE_FAILED_WORD), WRITE_OK)
  t.equal(fixture.word(row.BLOCK_PENDING_WORD), row.PENDING_NONE)
  fixture.set('c', '3', other)
  t.equal(fixture.commit(other), WRITE_OK)
  fixture.attach()
  t.ok(fixture.log.healthy())
  t.same(recover(files, '/log').texts, ['1 0 a=1 @-1', '1 0 b=2 @-1', '1 0 c=3 @-1'])
})

t.test('a commit without effects while a block waits tries it and answers 0', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log' })
  files.fault = (operation) => (operation === 'write' ? 'EIO' : '')
  fixture.set('a', '1')
  t.equal(fixture.commit(), WRITE_IO_ERROR)
  files.fault = () => ''
  t.equal(fixture.commit(), WRITE_OK)
  t.ok(fixture.log.healthy())
  t.same(recover(files, '/log').texts, ['1 0 a=1 @-1'])
})

t.test('failure in the middle of a chain, and a slice that fills up', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  fixture.set('a', '1')
  fixture.commit()
  files.freeBytes = 0
  // More than half of the slice: a block is closed and fails; the rest still fits.
  for (let index = 0; index < 17; index++) fixture.set(`k${index}`, 'v'.repeat(100))
  t.equal(fixture.commit(), WRITE_NO_SPACE)
  files.freeBytes = 1_000_000
  fixture.clock.advance(LOG_RETRY_MS)
  t.equal(fixture.log.retryPending(fixture.clock.wallMs()), WRITE_OK)
  t.equal(recover(files, '/log').texts.length, 18)
  files.freeBytes = 0
  t.throws(
    () => {
      for (let index = 0; index < 100; index++) fixture.set(`k${index}`, 'v'.repeat(100))
    },
    { code: 'LOG_SLICE_FULL' },
    'memory and log cannot be brought together again: this side ends',
  )
})

t.test('a large record that does not fit changes nothing', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  fixture.set('a', '1')
  files.freeBytes = 3000
  t.notOk(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.alloc(50_000)]))
  t.ok(fixture.log.healthy(), 'small writes go on')
  fixture.set('b', '2')
  t.equal(fixture.commit(), WRITE_OK)
  t.same(recover(files, '/log').texts, ['1 0 a=1 @-1', '1 0 b=2 @-1'])
})

t.test('a large record that failed and cannot be cut: refused until it is', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({
    files,
    directory: '/log',
    sliceBytes: 4096,
    segmentBytesMax: 1000,
  })
  const hooks = { synced() {}, markWanted() {}, failed() {} }
  const target = { shard: 0, side: 0, directory: '/log' }
  const syncer = new Syncer(fixture.rows, files, [target], 1000, hooks)
  fixture.set('a', 'x'.repeat(500))
  t.equal(fixture.commit(), WRITE_OK)
  syncer.turn(row.FSYNC_ALWAYS, 1)
  t.not(fixture.word(row.SPARE_FD_WORD), 0)
  const whole = files.contents(SEGMENT).length
  files.freeBytes = 3000
  files.fault = (operation) => (operation === 'ftruncate' ? 'EIO' : '')
  t.notOk(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.alloc(50_000)]))
  t.ok(files.contents(SEGMENT).length > whole + 2000, 'garbage stands behind the log')
  files.freeBytes = Number.POSITIVE_INFINITY
  t.notOk(fixture.log.healthy(), 'writes are refused')
  t.not(fixture.word(row.WRITE_FAILED_WORD), WRITE_OK, 'by all threads')
  t.equal(fixture.commit(), WRITE_OK, 'what has no effects answers as ever')
  fixture.attach()
  // Any thread may come next.
  const other = fixture.writer(2)
  fixture.attach(other)
  t.notOk(other.writable(fixture.clock.wallMs()))
  t.notOk(other.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.alloc(50)]))
  files.fault = () => ''
  t.ok(other.writable(fixture.clock.wallMs() + LOG_RETRY_MS), 'it heals when the cut succeeds')
  t.equal(files.contents(SEGMENT).length, whole)
  fixture.set('b', 'y'.repeat(500), other)
  t.equal(fixture.commit(other), WRITE_OK)
  t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 2, 'and the segment can be left')
  fixture.set('c', '3', other)
  t.equal(fixture.commit(other), WRITE_OK)
  t.equal(recover(files, '/log').texts.length, 3)
})

t.test('effects of the same command wait while the cut fails', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  fixture.set('a', '1')
  files.freeBytes = 3000
  files.fault = (operation) => (operation === 'ftruncate' ? 'EIO' : '')
  t.notOk(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.alloc(50_000)]))
  files.freeBytes = Number.POSITIVE_INFINITY
  fixture.set('b', '2')
  t.not(fixture.commit(), WRITE_OK)
  t.notOk(fixture.log.healthy())
  files.fault = () => ''
  t.ok(fixture.log.writable(fixture.clock.wallMs() + LOG_RETRY_MS))
  const { scan, texts } = recover(files, '/log')
  t.same(texts, ['1 0 a=1 @-1', '1 0 b=2 @-1'])
  t.equal(scan.torn, null, 'nothing stands behind them')
})

// ── groups ────────────────────────────────────────────────────────────────────────────────────

const SHARDS = 3

function groupDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/data')
  files.fsyncDirectory('/')
  createGeneration(files, '/data', 1, SHARDS)
  writeManifest(files, '/data', newManifest(INSTANCE, SHARDS))
  return files
}

function groupLogs(files: SimFs): LogFixture[] {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(SHARDS)))
  return Array.from({ length: SHARDS }, (_, shard) => {
    const directory = shardDirectory('/data', 1, shard)
    return new LogFixture({ files, directory, shard, rows, sliceBytes: 4096 })
  })
}

/** What a start over all shards serves, groups resolved. */
function recoverAll(files: SimFs): string[][] {
  const scans = Array.from({ length: SHARDS }, (_, shard) =>
    scanShard(files, shardDirectory('/data', 1, shard), expectedLog(shard)),
  )
  const ends = scans.map((scan) => scan.endLsn)
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    ends,
    scans.flatMap((scan) => scan.durableGroups),
  )
  return scans.map((scan, shard) => replayTexts(files, scan, cuts[shard]))
}

function runGroups(fixtures: readonly LogFixture[]): number {
  let acknowledged = 0
  for (let round = 0; round < 6; round++) {
    const parts = fixtures.filter((_, shard) => round % 3 === 0 || shard !== round % 3)
    for (const fixture of parts) {
      // Now and then a part is a chain of blocks.
      const count = round === 4 ? 60 : 2
      for (let index = 0; index < count; index++) fixture.set(`r${round}`, 'v'.repeat(60))
    }
    const logs = parts.map((fixture) => fixture.log)
    if (commitGroup(logs, fixtures[0].clock.wallMs()) === WRITE_OK) acknowledged = round + 1
  }
  return acknowledged
}

t.test('a crash at every operation of group commits: whole or not at all', async (t) => {
  const counting = groupDisk()
  const counted = groupLogs(counting)
  const first = counting.operations
  runGroups(counted)
  const last = counting.operations
  t.ok(last - first > 15, `${last - first} operations`)
  let cases = 0
  for (let crashAt = first + 1; crashAt <= last + 1; crashAt++) {
    for (const mode of ['kill', 'lost', 'prefix', 'prefix', 'prefix'] as const) {
      const files = groupDisk()
      const fixtures = groupLogs(files)
      files.crashAt = crashAt
      let acknowledged = 0
      try {
        acknowledged = runGroups(fixtures)
      } catch (error) {
        if ((error as Error).name !== 'SimCrash') throw error
      }
      const shards = recoverAll(files.afterCrash(mode, crashAt * 7 + cases))
      cases++
      for (let round = 0; round < 6; round++) {
        const parts = [0, 1, 2].filter((shard) => round % 3 === 0 || shard !== round % 3)
        const counts = parts.map(
          (shard) => shards[shard].filter((one) => one.includes(`r${round}=`)).length,
        )
        const wanted = round === 4 ? 60 : 2
        const all = counts.every((count) => count === wanted)
        if (!all && !counts.every((count) => count === 0)) {
          t.fail(`${mode} at ${crashAt}: round ${round} came back as ${counts}`)
        }
        if (mode === 'kill' && round < acknowledged && !all) t.fail('acknowledged group lost')
      }
    }
  }
  t.pass(`${cases} crashes`)
})

t.test('a failed write holds all participants back until all can be written', async (t) => {
  const files = groupDisk()
  const fixtures = groupLogs(files)
  const logs = fixtures.map((fixture) => fixture.log)
  for (const fixture of fixtures) fixture.set('a', '1')
  t.equal(commitGroup(logs, fixtures[0].clock.wallMs()), WRITE_OK)
  files.fault = (operation, path) => (operation === 'write' && path.includes('/001/') ? 'EIO' : '')
  for (const fixture of fixtures) fixture.set('b', '2')
  t.equal(commitGroup(logs, fixtures[0].clock.wallMs()), WRITE_IO_ERROR)
  for (const fixture of fixtures) {
    t.notOk(fixture.log.healthy())
    t.ok(fixture.log.groupPending())
    fixture.clock.advance(1000)
    t.equal(fixture.log.retryPending(fixture.clock.wallMs()), WRITE_IO_ERROR, 'not alone')
  }
  const died = recoverAll(files.afterCrash('kill', 3))
  t.same(died, [['1 0 a=1 @-1'], ['1 0 a=1 @-1'], ['1 0 a=1 @-1']])
  t.equal(retryGroup(logs), WRITE_IO_ERROR)
  files.fault = () => ''
  t.equal(retryGroup(logs), WRITE_OK)
  for (const fixture of fixtures) t.ok(fixture.log.healthy())
  for (const texts of recoverAll(files)) t.same(texts, ['1 0 a=1 @-1', '1 0 b=2 @-1'])
})

t.test('verify reports half a group as recovery would cut it', async (t) => {
  const files = groupDisk()
  const fixtures = groupLogs(files)
  for (const fixture of fixtures) fixture.set('a', '1')
  files.crashAt = files.operations + 3
  const logs = fixtures.map((fixture) => fixture.log)
  t.throws(() => commitGroup(logs, 1), { name: 'SimCrash' })
  const verdict = verifyLog(files.afterCrash('kill', 1), '/data')
  t.ok(verdict.usable)
  t.notOk(verdict.clean)
  t.same(
    verdict.shards.map((shard) => shard.endLsn),
    [0, 0, 0],
  )
})
