// The disk fails in the middle of one command whose records are many times the slice. The process
// lives, nothing acknowledged is lost, and when the disk heals all of it is written.

import fc from 'fast-check'
import t from 'tap'
import { LOG_RETRY_MS, LOG_SPILL_BYTES } from '../../src/base/limits.ts'
import { commitGroup, retryGroup } from '../../src/log/groups.ts'
import { logSliceBytes } from '../../src/log/log-buffer.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { Syncer } from '../../src/log/syncer.ts'
import { WRITE_NO_SPACE, WRITE_OK } from '../../src/log/writer.ts'
import * as row from '../../src/rows/layout.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { expectedLog, LogFixture, recover, replayTexts } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const SLICE_BYTES = 65_536

// Address space only: what is not touched costs nothing.
const memories = Array.from(
  { length: 3 },
  () => new Uint8Array(new SharedArrayBuffer(SLICE_BYTES + LOG_SPILL_BYTES)),
)

function openLog(files: SimFs, shard = 0, rows?: Rows): LogFixture {
  const directory = `/log-${shard}`
  files.mkdir(directory)
  files.fsyncDirectory('/')
  const given = rows === undefined ? {} : { rows }
  return new LogFixture({
    files,
    directory,
    shard,
    sliceBytes: SLICE_BYTES,
    slice: memories[shard],
    ...given,
  })
}

/** Appends what an MSET would; returns what must come back. */
function appendMany(fixture: LogFixture, count: number, bytes: number, log = fixture.log) {
  const texts: string[] = []
  for (let index = 0; index < count; index++) {
    const value = String(index).padEnd(bytes, 'v')
    fixture.set(`key:${index}`, value, log)
    texts.push(`1 0 key:${index}=${value} @-1`)
  }
  return texts
}

t.test('a length tells a slice with a spill from one without', async (t) => {
  t.equal(logSliceBytes(SLICE_BYTES), SLICE_BYTES)
  t.equal(logSliceBytes(SLICE_BYTES + LOG_SPILL_BYTES), SLICE_BYTES)
})

t.test('20,000 keys of 1 KB: the disk is full after a third of them', async (t) => {
  const files = new SimFs()
  const fixture = openLog(files)
  fixture.set('before', 'x')
  t.equal(fixture.commit(), WRITE_OK)
  files.freeBytes = 7_000_000
  const texts = appendMany(fixture, 20_000, 1000)
  t.equal(fixture.commit(), WRITE_NO_SPACE)
  t.notOk(fixture.log.healthy(), 'later writes are refused')
  const died = recover(files.afterCrash('kill', 1), '/log-0')
  t.same(died.texts, ['1 0 before=x @-1'], 'a process that dies now has what was acknowledged')

  const other = fixture.writer(2)
  fixture.attach(other)
  fixture.clock.advance(LOG_RETRY_MS)
  t.notOk(other.writable(fixture.clock.wallMs()), 'still full')
  files.freeBytes = 100_000_000
  fixture.clock.advance(LOG_RETRY_MS)
  t.ok(other.writable(fixture.clock.wallMs()), 'another thread writes what waited')
  t.equal(fixture.lsn(row.RECLAIMED_LONG), fixture.lsn(row.WRITTEN_LONG), 'nothing in the slice')
  fixture.set('after', 'y', other)
  t.equal(fixture.commit(other), WRITE_OK)
  fixture.attach()
  const more = appendMany(fixture, 300, 500)
  t.equal(fixture.commit(), WRITE_OK)
  const wanted = ['1 0 before=x @-1', ...texts, '1 0 after=y @-1', ...more]
  t.equal(recover(files, '/log-0').texts.join(), wanted.join())
})

t.test('it heals before the command ends: the reply is OK', async (t) => {
  const files = new SimFs()
  const fixture = openLog(files)
  let failures = 0
  files.fault = (operation) => (operation === 'write' && failures++ === 2 ? 'EIO' : '')
  const texts = appendMany(fixture, 2000, 200)
  t.equal(fixture.commit(), WRITE_OK)
  t.ok(fixture.log.healthy())
  t.equal(recover(files, '/log-0').texts.join(), texts.join())
})

t.test('any sizes, any moment of failure: all comes back, in order', async (t) => {
  let spilled = 0
  fc.assert(
    fc.property(
      fc.array(fc.nat(16_000), { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(3000), { minLength: 1, maxLength: 30 }),
      fc.nat(400_000),
      fc.boolean(),
      (sizes, before, freeBytes, anotherThread) => {
        const files = new SimFs()
        const fixture = openLog(files)
        const texts: string[] = []
        const add = (size: number, log = fixture.log): void => {
          const value = 'v'.repeat(size)
          fixture.set(`k${texts.length}`, value, log)
          texts.push(`1 0 k${texts.length}=${value} @-1`)
        }
        for (const size of before) {
          add(size)
          fixture.commit()
        }
        files.freeBytes = freeBytes
        for (const size of sizes) add(size)
        const failed = fixture.commit()
        if (fixture.lsn(row.SPILL_LONG) > 0) spilled++
        files.freeBytes = Number.POSITIVE_INFINITY
        const log = anotherThread ? fixture.writer(2) : fixture.log
        fixture.clock.advance(LOG_RETRY_MS)
        fixture.attach(log)
        if (failed !== WRITE_OK && !log.writable(fixture.clock.wallMs())) return false
        // The slice goes on where the spill ended.
        for (const size of before) {
          add(size, log)
          if (fixture.commit(log) !== WRITE_OK) return false
        }
        return recover(files, '/log-0').texts.join() === texts.join()
      },
    ),
    { numRuns: LONG ? 3000 : 300, seed: 5 },
  )
  t.ok(spilled > 20, `${spilled} runs used the spill`)
})

/** What a start over all shards serves, groups resolved. */
function recoverAll(files: SimFs): string[][] {
  const scans = memories.map((_, shard) => scanShard(files, `/log-${shard}`, expectedLog(shard)))
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    scans.map((scan) => scan.endLsn),
    scans.flatMap((scan) => scan.durableGroups),
  )
  return scans.map((scan, shard) => replayTexts(files, scan, cuts[shard]))
}

/** One group over three shards fails in the middle, then heals. Throws SimCrash. */
function failAndHeal(files: SimFs): string[][] {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(3)))
  const fixtures = memories.map((_, shard) => openLog(files, shard, rows))
  const logs = fixtures.map(({ log }) => log)
  files.freeBytes = 150_000
  const texts = fixtures.map((fixture) => appendMany(fixture, 100, 1000))
  if (commitGroup(logs, 1) !== WRITE_NO_SPACE) throw new Error('the disk was not full')
  files.freeBytes = 1_000_000
  if (retryGroup(logs) !== WRITE_OK) throw new Error('the disk did not heal')
  const targets = fixtures.map(({ directory, shard }) => ({ directory, shard, side: 0 }))
  const hooks = { synced() {}, markWanted() {}, failed() {} }
  new Syncer(rows, files, targets, 1_000_000, hooks).syncAll(1)
  return texts
}

t.test('a group over three shards: all of it or nothing, at every crash', async (t) => {
  const counting = new SimFs()
  const texts = failAndHeal(counting)
  t.same(recoverAll(counting), texts)
  let cases = 0
  let whole = 0
  for (let crashAt = 20; crashAt <= counting.operations; crashAt++) {
    const files = new SimFs()
    files.crashAt = crashAt
    try {
      failAndHeal(files)
    } catch (error) {
      if ((error as Error).name !== 'SimCrash') throw error
    }
    for (const mode of ['kill', 'lost', 'prefix'] as const) {
      cases++
      const found = recoverAll(files.afterCrash(mode, crashAt))
      const isWhole = found.every((shard, index) => shard.length === texts[index].length)
      if (isWhole) whole++
      else if (found.some((shard) => shard.length > 0)) t.fail(`${mode} at ${crashAt}: a half`)
    }
  }
  t.pass(`${cases} crashes, ${whole} with the whole group`)
})
