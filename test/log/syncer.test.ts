// Durability: what is called durable survives every crash, at every operation, over rotations.

import t from 'tap'
import { CkvError } from '../../src/base/errors.ts'
import { LOG_SYNC_INTERVAL_MS } from '../../src/base/limits.ts'
import { commitGroup } from '../../src/log/groups.ts'
import { Syncer, type SyncerHooks } from '../../src/log/syncer.ts'
import * as row from '../../src/rows/layout.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { LogFixture, recover, replayTexts } from '../support/log-fixture.ts'
import { type CrashMode, SimFs } from '../support/sim-fs.ts'

const LONG = process.env.CKV_TEST_LONG === '1'

function simDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/log')
  files.fsyncDirectory('/')
  return files
}

interface Seen extends SyncerHooks {
  readonly events: string[]
}

function seen(): Seen {
  const events: string[] = []
  return {
    events,
    synced: (shard) => events.push(`synced ${shard}`),
    markWanted: (shard) => events.push(`mark ${shard}`),
    failed: (shard, _side, operation) => events.push(`failed ${shard} ${operation}`),
  }
}

function syncerOf(fixture: LogFixture, hooks: SyncerHooks): Syncer {
  const { shard, directory, files, rows, segmentBytesMax } = fixture
  return new Syncer(rows, files, [{ shard, side: 0, directory }], segmentBytesMax, hooks)
}

t.test(
  'everysec: the last write before silence is synced within a second, then marked',
  async (t) => {
    const files = simDisk()
    const fixture = new LogFixture({ files, directory: '/log' })
    const hooks = seen()
    const syncer = syncerOf(fixture, hooks)
    fixture.set('a', '1')
    fixture.commit()
    const written = fixture.lsn(row.WRITTEN_LONG)
    let nowMs = 50_000
    const startMs = nowMs
    while (fixture.lsn(row.DURABLE_LONG) < written) {
      syncer.turn(row.FSYNC_EVERYSEC, nowMs)
      const due = syncer.nextDueMs(nowMs)
      if (fixture.lsn(row.DURABLE_LONG) < written) nowMs = due > nowMs ? due : nowMs + 100
    }
    t.ok(nowMs - startMs <= LOG_SYNC_INTERVAL_MS, `${nowMs - startMs} ms`)
    t.same(hooks.events, ['synced 0', 'mark 0'])
    t.equal(fixture.word(row.MARK_WANTED_WORD), 1)
    t.equal(fixture.log.appendMark(fixture.clock.wallMs()), 0)
    t.equal(fixture.word(row.MARK_WANTED_WORD), 0)
    t.equal(fixture.lsn(row.MARKED_LONG), fixture.lsn(row.WRITTEN_LONG))
    for (const endMs = nowMs + 10_000; nowMs < endMs; nowMs += 100) {
      syncer.turn(row.FSYNC_EVERYSEC, nowMs)
    }
    t.same(hooks.events, ['synced 0', 'mark 0', 'synced 0'], 'one mark, then rest')
    t.equal(recover(files, '/log').scan.durableLsn, written)
  },
)

t.test('under load a sync comes once a second', async (t) => {
  const fixture = new LogFixture({ files: simDisk(), directory: '/log' })
  const hooks = seen()
  const syncer = syncerOf(fixture, hooks)
  for (let nowMs = 0; nowMs < 10_000; nowMs += 100) {
    fixture.set('a', '1')
    fixture.commit()
    syncer.turn(row.FSYNC_EVERYSEC, nowMs)
  }
  t.ok(hooks.events.length >= 9 && hooks.events.length <= 10, `${hooks.events.length} syncs`)
})

t.test('always syncs at once, no does not sync, stopping syncs all', async (t) => {
  const fixture = new LogFixture({ files: simDisk(), directory: '/log' })
  const hooks = seen()
  const syncer = syncerOf(fixture, hooks)
  fixture.set('a', '1')
  fixture.commit()
  t.equal(syncer.turn(row.FSYNC_NO, 9_000_000), 0)
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 0), 1)
  t.equal(fixture.lsn(row.DURABLE_LONG), fixture.lsn(row.WRITTEN_LONG))
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 1), 0)
  fixture.set('b', '2')
  fixture.commit()
  t.equal(syncer.syncAll(2), 1)
  t.equal(fixture.word(row.SYNCING_WORD), 0)
})

t.test('a failed sync is for ever: never durable, writes refused', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log' })
  const hooks = seen()
  const syncer = syncerOf(fixture, hooks)
  const before = fixture.lsn(row.DURABLE_LONG)
  fixture.set('a', '1')
  fixture.commit()
  files.fault = (operation) => (operation === 'fdatasync' ? 'EIO' : '')
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 0), 0)
  files.fault = () => ''
  const syncs = files.operations
  for (let turn = 0; turn < 5; turn++) t.equal(syncer.turn(row.FSYNC_ALWAYS, turn), 0)
  t.equal(files.operations, syncs, 'not tried again')
  t.equal(fixture.lsn(row.DURABLE_LONG), before)
  t.equal(fixture.word(row.SYNC_FAILED_WORD), 1)
  t.notOk(fixture.log.healthy())
  t.notOk(fixture.log.writable(fixture.clock.wallMs()))
  t.same(hooks.events, ['failed 0 fdatasync', 'synced 0'], 'who waits is told')
})

// ── rotation ──────────────────────────────────────────────────────────────────────────────────

interface Run {
  readonly texts: string[]
  /** LSN after each committed record. */
  readonly lsns: number[]
  durableLsn: number
}

const SEGMENT_BYTES = 1500

/** 40 commits with rotations, syncs and marks; throws SimCrash at the disk's chosen operation. */
function runRotating(files: SimFs, run: Run): void {
  const fixture = new LogFixture({
    files,
    directory: '/log',
    sliceBytes: 4096,
    segmentBytesMax: SEGMENT_BYTES,
  })
  const syncer = syncerOf(fixture, seen())
  for (let index = 0; index < 40; index++) {
    const value = 'v'.repeat((index * 37) % 150)
    if (index % 13 === 12) {
      const big = 'b'.repeat(1100)
      fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), [Buffer.from(big)])
      run.texts.push(`1 0 big=${big} @-1`)
      run.lsns.push(Number.POSITIVE_INFINITY)
    }
    fixture.set(`k${index}`, value)
    run.texts.push(`1 0 k${index}=${value} @-1`)
    run.lsns.push(Number.POSITIVE_INFINITY)
    fixture.commit()
    run.lsns.fill(fixture.lsn(row.WRITTEN_LONG), run.lsns.indexOf(Number.POSITIVE_INFINITY))
    if (index % 2 === 0) syncer.turn(row.FSYNC_EVERYSEC, index * 300)
    run.durableLsn = fixture.lsn(row.DURABLE_LONG)
    if (fixture.word(row.MARK_WANTED_WORD) !== 0) fixture.log.appendMark(fixture.clock.wallMs())
  }
}

t.test('segments rotate, descriptors are closed, all comes back', async (t) => {
  const files = simDisk()
  const run: Run = { texts: [], lsns: [], durableLsn: 0 }
  runRotating(files, run)
  const { scan, texts } = recover(files, '/log')
  t.ok(scan.segments.length >= 4, `${scan.segments.length} segments`)
  t.same(texts, run.texts)
  t.ok(files.openCount <= 3, 'active, spare, at most one retired')
  t.ok(scan.durableLsn > 0)
})

t.test('a crash at every operation of rotating and syncing', async (t) => {
  const counting = simDisk()
  const first = counting.operations
  runRotating(counting, { texts: [], lsns: [], durableLsn: 0 })
  const last = counting.operations
  const modes: CrashMode[] = ['kill', 'lost', 'prefix', 'reordered', 'reordered', 'any']
  let cases = 0
  let refused = 0
  for (let crashAt = first + 1; crashAt <= last + 1; crashAt++) {
    const files = simDisk()
    files.crashAt = crashAt
    const run: Run = { texts: [], lsns: [], durableLsn: 0 }
    try {
      runRotating(files, run)
    } catch (error) {
      if ((error as Error).name !== 'SimCrash') throw error
    }
    for (let seed = 0; seed < (LONG ? 20 : 2); seed++) {
      for (const mode of modes) {
        cases++
        const disk = files.afterCrash(mode, crashAt * 100 + seed * 10 + cases)
        const problem = checkRecovery(disk, mode, run)
        if (problem === 'refused' && mode === 'any') refused++
        else if (problem !== '') t.fail(`${mode} at ${crashAt}: ${problem}`)
      }
    }
  }
  t.pass(`${cases} crashes, ${refused} with sectors of garbage refused`)
})

t.test('a crash at every operation of a repair: the next start finds the same', async (t) => {
  const counting = simDisk()
  runRotating(counting, { texts: [], lsns: [], durableLsn: 0 })
  let cases = 0
  let torn = 0
  for (let seed = 1; seed <= 30; seed++) {
    const files = simDisk()
    files.crashAt = 20 + ((seed * 7919) % (counting.operations - 20))
    try {
      runRotating(files, { texts: [], lsns: [], durableLsn: 0 })
    } catch (error) {
      if ((error as Error).name !== 'SimCrash') throw error
    }
    const disk = files.afterCrash('prefix', seed)
    const whole = disk.afterCrash('kill', 0)
    const wanted = recover(whole, '/log')
    if (wanted.scan.torn === null) continue
    torn++
    for (let crashAt = 1; crashAt <= whole.operations; crashAt++) {
      const repairing = disk.afterCrash('kill', 0)
      repairing.crashAt = crashAt
      try {
        recover(repairing, '/log')
      } catch (error) {
        // Repair says every trouble as one clear error.
        if (!/SimCrash|LOG_REPAIR/.test(`${(error as Error).name} ${(error as CkvError).code}`)) {
          throw error
        }
      }
      for (const mode of ['kill', 'lost', 'prefix', 'any'] as const) {
        const next = recover(repairing.afterCrash(mode, crashAt + seed), '/log')
        if (next.texts.join() !== wanted.texts.join()) t.fail(`${mode} at ${crashAt} of ${seed}`)
        if (next.endLsn !== wanted.endLsn) t.fail('another end')
        cases++
      }
    }
  }
  t.pass(`${torn} torn logs, ${cases} crashes of their repair`)
  t.ok(torn > 5)
})

t.test('a segment whose header was lost: set aside, unless it was durable', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({
    files,
    directory: '/log',
    sliceBytes: 4096,
    segmentBytesMax: SEGMENT_BYTES,
  })
  const syncer = syncerOf(fixture, seen())
  const texts: string[] = []
  const write = (): void => {
    const key = `k${texts.length}`
    fixture.set(key, 'v'.repeat(100))
    texts.push(`1 0 ${key}=${'v'.repeat(100)} @-1`)
    fixture.commit()
  }
  while (fixture.word(row.ACTIVE_NUMBER_WORD) === 1) {
    write()
    syncer.turn(row.FSYNC_NO, 0)
  }
  const inFirst = texts.length
  for (let count = 0; count < 6; count++) write()
  const second = '/log/segment-000002.ckv'
  const headless = (): SimFs => {
    const disk = files.afterCrash('kill', 1)
    disk.put(second, files.contents(second).fill(0, 0, 512))
    return disk
  }
  const disk = headless()
  const { texts: found, scan } = recover(disk, '/log')
  t.same(found, texts.slice(0, inFirst), 'what stands before it')
  t.match(scan.torn, { file: second, offset: 0 }, 'and it is reported')
  t.ok(disk.stat(`${second}.broken`), 'and kept')
  syncer.syncAll(1)
  write()
  t.throws(() => recover(headless(), '/log'), { code: 'LOG_DAMAGED' }, 'the last block says more')
})

/** '' when the disk recovers to a prefix with all that must be there, twice. */
function checkRecovery(disk: SimFs, mode: CrashMode, run: Run): string {
  try {
    const { texts, endLsn, scan, nextNumber } = recover(disk, '/log')
    if (!texts.every((text, index) => text === run.texts[index])) return 'wrong data'
    const needed = run.lsns.filter((lsn) => lsn <= run.durableLsn).length
    if (texts.length < needed) return `${texts.length} records, ${needed} were durable`
    const committed = run.lsns.filter(Number.isFinite).length
    if (mode === 'kill' && texts.length < committed) return 'a committed record is lost'
    // Served from here on; the next crash finds all of it, and what was repaired stays repaired.
    const fixture = new LogFixture({
      files: disk,
      directory: '/log',
      sliceBytes: 4096,
      startLsn: endLsn,
      number: nextNumber,
      epoch: scan.epoch + 1,
    })
    fixture.set('again', 'x')
    fixture.commit()
    syncerOf(fixture, seen()).syncAll(0)
    const second = recover(disk.afterCrash('lost', 1), '/log')
    const wanted = [...texts, '1 0 again=x @-1']
    return second.texts.join() === wanted.join() ? '' : 'the second recovery differs'
  } catch (error) {
    if (error instanceof CkvError && error.code === 'LOG_DAMAGED') return 'refused'
    throw error
  }
}

t.test(
  'no spare, an unsynced segment before, or a full disk: the old segment goes on',
  async (t) => {
    const files = simDisk()
    const fixture = new LogFixture({
      files,
      directory: '/log',
      sliceBytes: 4096,
      segmentBytesMax: 300,
    })
    const hooks = seen()
    const syncer = syncerOf(fixture, hooks)
    const write = () => {
      fixture.set('k', 'v'.repeat(200))
      t.equal(fixture.commit(), 0)
    }
    files.fault = (operation, path) =>
      operation === 'fsyncDirectory' || path.endsWith('000002.ckv') ? 'ENOSPC' : ''
    write()
    write()
    syncer.turn(row.FSYNC_NO, 0)
    syncer.turn(row.FSYNC_NO, 1)
    t.same(hooks.events, ['failed 0 spare'], 'said once')
    t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 1)
    files.fault = (operation) => (operation === 'fsyncDirectory' ? 'EIO' : '')
    syncer.turn(row.FSYNC_NO, 2)
    t.equal(fixture.word(row.SPARE_FD_WORD), 0)
    files.fault = () => ''
    syncer.turn(row.FSYNC_NO, 3)
    t.not(fixture.word(row.SPARE_FD_WORD), 0)
    files.fault = (operation, path) =>
      operation === 'write' && path.endsWith('000002.ckv') ? 'ENOSPC' : ''
    write()
    t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 1)
    files.fault = () => ''
    write()
    t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 2)
    t.not(fixture.word(row.RETIRED_FD_WORD), 0)
    write()
    write()
    t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 2, 'the retired one waits for its sync')
    t.equal(syncer.turn(row.FSYNC_NO, 4), 1, 'a retired segment is synced under every policy')
    t.equal(fixture.word(row.RETIRED_FD_WORD), 0)
    write()
    t.equal(fixture.word(row.ACTIVE_NUMBER_WORD), 3)
    t.equal(recover(files, '/log').texts.length, 7)
  },
)

t.test('a group is called durable in no shard before it is in all', async (t) => {
  const files = simDisk()
  files.mkdir('/log1')
  files.fsyncDirectory('/')
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(2)))
  const zero = new LogFixture({ files, directory: '/log', rows, shard: 0 })
  const one = new LogFixture({ files, directory: '/log1', rows, shard: 1 })
  const hooks = seen()
  const targets = [
    { shard: 0, side: 0, directory: '/log' },
    { shard: 1, side: 0, directory: '/log1' },
  ]
  const syncer = new Syncer(rows, files, targets, 1e9, hooks)
  zero.set('a', '1')
  one.set('b', '2')
  commitGroup([zero.log, one.log], 1)
  const durable: number[] = []
  files.fault = (operation) => {
    if (operation === 'fdatasync')
      durable.push(zero.lsn(row.DURABLE_LONG), one.lsn(row.DURABLE_LONG))
    return ''
  }
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 0), 2)
  t.same(durable, [0, 0, 0, 0], 'published after both syncs')
  zero.set('a', '1')
  one.set('b', '2')
  commitGroup([zero.log, one.log], 1)
  files.fault = (operation, path) =>
    operation === 'fdatasync' && path.includes('log1') ? 'EIO' : ''
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 1), 0)
  t.notOk(zero.log.healthy(), 'its group can never be whole on this disk')
  t.notOk(one.log.healthy())
  t.equal(replayTexts(files, recover(files, '/log').scan).length, 2)
})
