// A holder and a sync thread on real files: rotations race with syncs, nothing is lost.

import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { NodeLogFs } from '../../src/log/files.ts'
import * as row from '../../src/rows/layout.ts'
import { LogFixture, recover } from '../support/log-fixture.ts'

const SEGMENTS = process.env.CKV_TEST_LONG === '1' ? 150 : 10
const ROUNDS_MAX = 3_000_000

t.test('segments switch while another thread syncs them', async (t) => {
  const directory = t.testdir()
  const files = new NodeLogFs()
  const segmentBytesMax = 20_000
  const fixture = new LogFixture({ files, directory, sliceBytes: 8192, segmentBytesMax })
  const openBefore = fs.readdirSync('/proc/self/fd').length
  const worker = new Worker(path.resolve(import.meta.dirname, '../support/sync-thread.ts'), {
    workerData: { buffer: fixture.rows.words.buffer, directory, segmentBytesMax },
    trackUnmanagedFds: false,
  })
  await once(worker, 'message')
  let ahead = 0
  let rounds = 0
  while (fixture.word(row.ACTIVE_NUMBER_WORD) < SEGMENTS && rounds < ROUNDS_MAX) {
    const index = rounds++
    fixture.set(`k${index}`, 'v'.repeat(index % 100))
    if (fixture.commit() !== 0) t.fail('not written')
    const durable = fixture.lsn(row.DURABLE_LONG)
    if (durable > fixture.log.writtenLsn()) t.fail('durable before it was written')
    if (durable === fixture.log.writtenLsn()) ahead++
  }
  const answer = once(worker, 'message')
  Atomics.store(fixture.rows.words, row.STATE_WORD, row.STATE_CLOSING)
  const [{ turns, problems }] = (await answer) as [{ turns: number; problems: string[] }]
  await once(worker, 'exit')
  t.same(problems, [])
  t.equal(fixture.lsn(row.DURABLE_LONG), fixture.lsn(row.WRITTEN_LONG))
  const { scan, texts } = recover(files, directory)
  t.equal(texts.length, rounds)
  t.equal(scan.segments.length, SEGMENTS)
  t.pass(`${rounds} commits, ${turns} turns, ${ahead} times the sync had caught up`)
  // The active one and perhaps a spare; every retired one was closed.
  t.ok(fs.readdirSync('/proc/self/fd').length <= openBefore + 3, 'no descriptor is left open')
})
