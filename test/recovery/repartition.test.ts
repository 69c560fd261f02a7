// A re-partition reports what it leaves out of the old logs, since they go away; and it closes
// every file that it has opened, also when it fails at any of its operations.

import t from 'tap'
import { ManualClock } from '../../src/base/clock.ts'
import { commitGroup } from '../../src/log/groups.ts'
import { createGeneration, newManifest, shardDirectory } from '../../src/log/manifest.ts'
import { scanShard } from '../../src/log/scan.ts'
import { repartitionLogs } from '../../src/recovery/repartition.ts'
import { rowsByteLength, WRITTEN_LONG } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { INSTANCE, LogFixture, START_MS } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const OLD_SHARDS = 2
const NEW_SHARDS = 3
const SEGMENT_BYTES = 2000
const from = newManifest(INSTANCE, OLD_SHARDS)
const to = { ...from, generation: 2, shardCount: NEW_SHARDS }

interface Old {
  readonly files: SimFs
  readonly fixtures: readonly LogFixture[]
  /** Descriptors that the old logs keep. */
  readonly openCount: number
}

/** 40 keys over the two old shards. */
function oldData(): Old {
  const files = new SimFs()
  files.mkdir('/data')
  createGeneration(files, '/data', 1, OLD_SHARDS)
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(OLD_SHARDS)))
  const fixtures = Array.from({ length: OLD_SHARDS }, (_, shard) => {
    return new LogFixture({ files, directory: shardDirectory('/data', 1, shard), shard, rows })
  })
  for (let index = 0; index < 40; index++) {
    const fixture = fixtures[index % OLD_SHARDS]
    fixture.set(`key${index}`, 'v'.repeat(200))
    fixture.commit()
  }
  createGeneration(files, '/data', 2, NEW_SHARDS)
  return { files, fixtures, openCount: files.openCount }
}

function repartition(files: SimFs) {
  const job = {
    directory: '/data',
    from,
    to,
    segmentBytes: SEGMENT_BYTES,
    rows: new SharedArrayBuffer(rowsByteLength(NEW_SHARDS)),
    slices: Array.from({ length: NEW_SHARDS }, () => new SharedArrayBuffer(4096)),
  }
  return repartitionLogs(job, files, new ManualClock(START_MS))
}

function newRecordCount(files: SimFs): number {
  let count = 0
  for (let shard = 0; shard < NEW_SHARDS; shard++) {
    const expected = { instance: INSTANCE, generation: 2, shard, startLsn: 0, begun: true }
    count += scanShard(files, shardDirectory('/data', 2, shard), expected).recordCount
  }
  return count
}

t.test('whole logs: no notice', async (t) => {
  const { files, openCount } = oldData()
  t.same(repartition(files), { recordCount: 40, notices: [] })
  t.equal(files.openCount, openCount, 'all is closed')
  t.equal(newRecordCount(files), 40)
})

t.test('a torn tail and half a group are reported', async (t) => {
  const { files, fixtures } = oldData()
  const ends = fixtures.map((fixture) => fixture.lsn(WRITTEN_LONG))
  for (const fixture of fixtures) fixture.set('both', 'x')
  commitGroup(
    fixtures.map(({ log }) => log),
    START_MS,
  )
  const path = `${fixtures[1].directory}/segment-000001.ckv`
  files.put(path, files.contents(path).subarray(0, -8))
  const { recordCount, notices } = repartition(files)
  t.equal(recordCount, 40)
  t.equal(notices.length, 2)
  t.match(
    notices[0],
    `segment-000001.ckv at offset ${128 + ends[0]} (lsn ${ends[0]}): half a group`,
  )
  t.match(notices[0], /^shard 0: cut \d+ bytes of \/data\/gen-1\//)
  t.match(notices[1], /^shard 1: cut \d+ bytes of .*: block is cut short$/)
})

t.test('every file is closed when an operation fails', async (t) => {
  const counting = oldData().files
  const before = counting.operations
  repartition(counting)
  const count = counting.operations - before
  let refused = 0
  for (let at = 1; at <= count; at++) {
    const { files, openCount } = oldData()
    let left = at
    files.fault = () => (--left === 0 ? 'EIO' : '')
    try {
      repartition(files)
    } catch (error) {
      t.match((error as Error).message, /EIO|write failed/)
      refused++
    }
    t.equal(files.openCount, openCount, `operation ${at}`)
  }
  t.ok(refused > 10, `${refused} of ${count} operations stop it`)
})
