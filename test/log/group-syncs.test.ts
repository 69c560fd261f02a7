// Groups against the sync thread: at each of its looks at shared memory, and in each of its syncs,
// holders commit over several shards, switch segments, and the disk fails. What is called durable
// in one shard has all other parts on the disk.

import t from 'tap'
import { commitGroup } from '../../src/log/groups.ts'
import { resolveGroups } from '../../src/log/resolve-groups.ts'
import { scanShard } from '../../src/log/scan.ts'
import { Syncer } from '../../src/log/syncer.ts'
import * as row from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { expectedLog, LogFixture } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const SHARDS = 4

interface Scene {
  readonly files: SimFs
  readonly fixtures: readonly LogFixture[]
  readonly syncer: Syncer
  /** Called at every access of the sync thread to shared memory, and inside of each fdatasync. */
  step: () => void
}

function makeScene(segmentBytesMax = 1e9): Scene {
  const files = new SimFs()
  for (let shard = 0; shard < SHARDS; shard++) files.mkdir(`/log-${shard}`)
  files.fsyncDirectory('/')
  const buffer = new SharedArrayBuffer(row.rowsByteLength(SHARDS))
  const rows = new Rows(buffer)
  const fixtures = Array.from(
    { length: SHARDS },
    (_, shard) =>
      new LogFixture({ files, directory: `/log-${shard}`, shard, rows, segmentBytesMax }),
  )
  const targets = fixtures.map(({ shard, directory }) => ({ shard, side: 0, directory }))
  const watched = new Rows(buffer)
  const hooks = { synced() {}, markWanted() {}, failed() {} }
  const syncer = new Syncer(watched, files, targets, segmentBytesMax, hooks)
  const scene: Scene = { files, fixtures, syncer, step: () => {} }
  for (const name of ['words', 'longs'] as const) {
    const value = watched[name]
    Object.defineProperty(watched, name, {
      get: () => {
        scene.step()
        return value
      },
    })
  }
  return scene
}

function commitOver(scene: Scene, shards: readonly number[], value = 'x'): number {
  const parts = shards.map((shard) => scene.fixtures[shard])
  for (const part of parts) part.set('k', value)
  return commitGroup(
    parts.map(({ log }) => log),
    1,
  )
}

const isFailed = (scene: Scene, shard: number): boolean =>
  scene.fixtures[shard].word(row.SYNC_FAILED_WORD) !== 0

const isDurable = (scene: Scene, shard: number): boolean => {
  const fixture = scene.fixtures[shard]
  return fixture.lsn(row.DURABLE_LONG) === fixture.lsn(row.WRITTEN_LONG)
}

/** '' or which shard calls something durable that a power cut takes. */
function problemOf(scene: Scene): string {
  const disk = scene.files.afterCrash('lost', 1)
  const scans = scene.fixtures.map(({ directory, shard }) =>
    scanShard(disk, directory, expectedLog(shard)),
  )
  const cuts = resolveGroups(
    scans.flatMap((scan) => scan.groups),
    scans.map((scan) => scan.endLsn),
    scans.flatMap((scan) => scan.durableGroups),
  )
  for (const { shard, lsn } of scene.fixtures.map((one) => ({
    shard: one.shard,
    lsn: one.lsn(row.DURABLE_LONG),
  }))) {
    if (cuts[shard] < lsn) return `shard ${shard} is durable to ${lsn}, cut at ${cuts[shard]}`
  }
  return ''
}

t.test('a group that is written while the sync of one of its logs fails', async (t) => {
  const scene = makeScene()
  const { files, fixtures, syncer } = scene
  fixtures[1].set('alone', '1')
  fixtures[1].commit()
  let begun = false
  files.fault = (operation, path) => {
    if (operation !== 'fdatasync' || !path.includes('log-1')) return ''
    // The holder looked at both logs before the sync failed, and writes before it is said.
    if (!begun) t.ok(fixtures[0].log.healthy() && fixtures[1].log.healthy())
    if (!begun) t.equal(commitOver(scene, [0, 1]), 0)
    begun = true
    return 'EIO'
  }
  syncer.turn(row.FSYNC_ALWAYS, 1)
  syncer.turn(row.FSYNC_ALWAYS, 2)
  t.ok(begun)
  t.ok(isFailed(scene, 1))
  t.equal(fixtures[0].lsn(row.DURABLE_LONG), 0, 'half a group is not durable')
  t.ok(isFailed(scene, 0), 'and whoever waits for it is told')
  t.notOk(fixtures[0].log.healthy(), 'nothing is written behind it')
  const before = files.operations
  for (let turn = 3; turn < 8; turn++) t.equal(syncer.turn(row.FSYNC_ALWAYS, turn), 0)
  t.equal(files.operations, before, 'nothing is tried again')
  t.equal(commitOver(scene, [2, 3]), 0)
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 9), 2, 'others go on, also with groups')
  t.ok(isDurable(scene, 2) && isDurable(scene, 3))
  t.equal(problemOf(scene), '')
})

t.test('a group that is written long after a sync of one of its logs has failed', async (t) => {
  const scene = makeScene()
  const { files, fixtures, syncer } = scene
  files.fault = (operation, path) =>
    operation === 'fdatasync' && path.includes('log-1') ? 'EIO' : ''
  commitOver(scene, [0, 1])
  syncer.turn(row.FSYNC_ALWAYS, 1)
  t.ok(isFailed(scene, 0) && isFailed(scene, 1))
  commitOver(scene, [2, 3])
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 2), 2)
  // A holder that had looked at the logs before.
  commitOver(scene, [0, 2])
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 3), 0)
  t.ok(isFailed(scene, 2), 'its other part is lost')
  fixtures[3].set('alone', '1')
  fixtures[3].commit()
  t.equal(syncer.turn(row.FSYNC_ALWAYS, 4), 1, 'a shard without it goes on')
  t.notOk(isFailed(scene, 3))
  t.equal(problemOf(scene), '')
})

const PAIRS = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
]

/** One turn that meets `action` at its step `at`; false: it has fewer steps. */
function meets(scene: Scene, at: number, failing: number, action: () => void): boolean {
  let steps = 0
  const step = (): void => {
    if (++steps !== at) return
    scene.step = () => {}
    action()
    scene.step = step
  }
  scene.step = step
  scene.files.fault = (operation, path) => {
    if (operation !== 'fdatasync') return ''
    step()
    return path.includes(`log-${failing}`) ? 'EIO' : ''
  }
  scene.syncer.turn(row.FSYNC_ALWAYS, 10)
  scene.step = () => {}
  return steps >= at
}

t.test('a commit over two shards at every step of the sync thread', async (t) => {
  let cases = 0
  const wrong: string[] = []
  for (const pair of PAIRS) {
    for (let failing = -1; failing < SHARDS; failing++) {
      for (const switches of [false, true]) {
        for (let at = 1, more = true; more; at += LONG ? 1 : 3) {
          const scene = makeScene(switches ? 200 : 1e9)
          // Durable, with a spare at hand; then 2 and 3 wait with a group, 1 without.
          for (const fixture of scene.fixtures) fixture.set('old', '1')
          for (const fixture of scene.fixtures) fixture.commit()
          scene.syncer.turn(row.FSYNC_ALWAYS, 1)
          commitOver(scene, [2, 3], '')
          scene.fixtures[1].set('', '')
          scene.fixtures[1].commit()
          more = meets(scene, at, failing, () => {
            // With small segments the first commit is the last of its segment.
            if (switches) commitOver(scene, [pair[0]], 'v'.repeat(100))
            commitOver(scene, pair)
          })
          for (let turn = 0; turn < 3; turn++) {
            const problem = problemOf(scene)
            const name = `${pair} at ${at}, ${failing} fails, ${switches}: ${problem}`
            if (problem !== '') wrong.push(name)
            if (turn === 0) scene.syncer.turn(row.FSYNC_ALWAYS, 20)
            if (turn === 1) scene.syncer.turn(row.FSYNC_ALWAYS, 30)
          }
          for (let shard = 0; shard < SHARDS; shard++) {
            if (isDurable(scene, shard) || isFailed(scene, shard)) continue
            wrong.push(`${pair} at ${at}, ${failing} fails: ${shard} waits for ever`)
          }
          cases++
        }
      }
    }
  }
  t.same(wrong.slice(0, 10), [], `${cases} interleavings`)
})
