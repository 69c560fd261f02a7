// A log that was begun has its first segment: without it a shard would start empty without a word.
// Recovery, the start on main and `ckv log verify` say the same, and no crash is refused.

import t from 'tap'
import { buildData } from '../../src/control/data-directory.ts'
import type { Logger } from '../../src/control/logger.ts'
import { requireFirstSegments } from '../../src/log/first-segment.ts'
import { createGeneration, newManifest, writeManifest } from '../../src/log/manifest.ts'
import { scanShard } from '../../src/log/scan.ts'
import { verifyLog } from '../../src/log/verify.ts'
import type { Options } from '../../src/options/table.ts'
import { expectedLog, INSTANCE, LogFixture, recover } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const SHARD = '/data/gen-1/shards/000'
const FIRST = `${SHARD}/segment-000001.ckv`
const SECOND = `${SHARD}/segment-000002.ckv`
const manifest = newManifest(INSTANCE, 1)

/** A data directory whose shard was started twice, with a record each time. */
function startedTwice(): SimFs {
  const files = new SimFs()
  files.mkdir('/data')
  files.fsyncDirectory('/')
  createGeneration(files, '/data', 1, 1)
  writeManifest(files, '/data', manifest)
  for (let start = 0; start < 2; start++) {
    const { endLsn, nextNumber, scan } = recover(files, SHARD)
    const fixture = new LogFixture({
      files,
      directory: SHARD,
      startLsn: endLsn,
      number: nextNumber,
      epoch: scan.epoch + 1,
    })
    fixture.set('k', String(start))
    fixture.commit()
  }
  return files
}

function stateWith(change: (files: SimFs) => void): SimFs {
  const files = startedTwice()
  change(files)
  return files
}

const begun = { ...expectedLog(), begun: true }
const logger = {} as Logger
const plan = { stored: manifest, manifest, options: { dir: '/data' } as Options }

t.test('a log without its beginning is refused', async (t) => {
  const states: readonly (readonly [string, SimFs])[] = [
    [
      'no segment at all',
      stateWith((files) => {
        files.unlink(FIRST)
        files.unlink(SECOND)
      }),
    ],
    ['the first is missing', stateWith((files) => files.unlink(FIRST))],
    [
      'a spare alone',
      stateWith((files) => {
        files.unlink(FIRST)
        files.put(SECOND, new Uint8Array(0))
      }),
    ],
  ]
  for (const [name, files] of states) {
    const damaged = {
      code: 'LOG_DAMAGED',
      message: /\/000\/segment-000001\.ckv at offset 0: .*(first segment|no segment)/,
    }
    t.throws(() => scanShard(files, SHARD, begun), damaged, name)
    t.throws(() => requireFirstSegments(files, '/data', manifest), damaged, `${name}: main`)
    await t.rejects(buildData(files, plan, logger), damaged, `${name}: a start`)
    const verdict = verifyLog(files, '/data')
    t.notOk(verdict.usable, `${name}: verify`)
    t.match(verdict.shards[0].damage, { file: FIRST, offset: 0 })
  }
})

t.test('what crashes leave is not refused', async (t) => {
  const states: readonly (readonly [string, SimFs, number])[] = [
    ['whole', startedTwice(), 2],
    ['a spare behind', stateWith((files) => files.put(SECOND, new Uint8Array(0))), 1],
    [
      'the only segment, without blocks, was being written anew',
      stateWith((files) => {
        files.unlink(SECOND)
        files.put(FIRST, new Uint8Array(0))
      }),
      0,
    ],
    [
      'the same with a part of its header',
      stateWith((files) => {
        files.put(FIRST, files.contents(FIRST).subarray(0, 50))
        files.unlink(SECOND)
      }),
      0,
    ],
  ]
  for (const [name, files, records] of states) {
    t.equal(scanShard(files, SHARD, begun).recordCount, records, name)
    await t.resolves(buildData(files, plan, logger), `${name}: a start`)
    t.ok(verifyLog(files, '/data').usable, `${name}: verify`)
    recover(files, SHARD)
    t.ok(files.stat(FIRST), `${name}: the name is there at any time`)
  }
  const fresh = new SimFs()
  fresh.mkdir('/data')
  createGeneration(fresh, '/data', 1, 1)
  t.equal(scanShard(fresh, SHARD, expectedLog()).endLsn, 0, 'a generation that is being built')
})
