// The sync thread itself, on rows that no shard uses.

import { Worker } from 'node:worker_threads'
import t from 'tap'
import type { ThreadPlan } from '../../src/executor/plan.ts'
import { EVENT_RING_BYTES } from '../../src/ring/events.ts'
import {
  BELL_WORD,
  FSYNC_ALWAYS,
  FSYNC_EVERYSEC,
  FSYNC_POLICY_WORD,
  PROGRESS_WORD,
  REPLIES_READY_WORD,
  rowsByteLength,
  SLEEPING_WORD,
  STATE_CLOSING,
  STATE_SERVING,
  STATE_WORD,
  threadRow,
} from '../../src/rows/layout.ts'
import { until } from '../support/until.ts'

const ACCEPTORS = [1, 2]
const SYNC_THREAD = 3
const SHARDS = 40

t.test('a change of appendfsync wakes every acceptor for every shard, once', async (t) => {
  const rows = new SharedArrayBuffer(rowsByteLength(SHARDS))
  const words = new Int32Array(rows)
  Atomics.store(words, STATE_WORD, STATE_SERVING)
  Atomics.store(words, FSYNC_POLICY_WORD, FSYNC_ALWAYS)
  const shared = {
    rows,
    events: Array.from({ length: SYNC_THREAD + 1 }, () => new SharedArrayBuffer(EVENT_RING_BYTES)),
    shardDirectories: Array.from({ length: SHARDS }, (_, shard) => `/nowhere/${shard}`),
    acceptorThreads: ACCEPTORS,
    facts: { options: { segmentBytes: 1_000_000 } },
  }
  const plan = { thread: SYNC_THREAD, role: 'sync', index: 0, shared } as unknown as ThreadPlan
  const worker = new Worker(new URL('../../src/sync/worker.ts', import.meta.url), {
    workerData: plan,
  })
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  const bells = (): number[] => ACCEPTORS.map((each) => words[threadRow(each) + BELL_WORD])
  const ready = (): number[] =>
    ACCEPTORS.flatMap((each) =>
      [0, 1].map((word) => words[threadRow(each) + REPLIES_READY_WORD + word]),
    )
  await until('it turns', 10_000, async () => words[threadRow(SYNC_THREAD) + PROGRESS_WORD] > 1)
  t.same(ready(), [0, 0, 0, 0], 'nobody is woken for nothing')
  for (const each of ACCEPTORS) Atomics.store(words, threadRow(each) + SLEEPING_WORD, 1)
  Atomics.store(words, FSYNC_POLICY_WORD, FSYNC_EVERYSEC)
  await until('all are marked', 10_000, async () => ready().every((word) => word !== 0))
  t.same(ready(), [-1, 255, -1, 255], '40 shards')
  t.same(bells(), [1, 1], 'and rung')
  for (const acceptor of ACCEPTORS) {
    for (const word of [0, 1])
      Atomics.store(words, threadRow(acceptor) + REPLIES_READY_WORD + word, 0)
  }
  const turns = words[threadRow(SYNC_THREAD) + PROGRESS_WORD]
  await until(
    'it turns on',
    10_000,
    async () => words[threadRow(SYNC_THREAD) + PROGRESS_WORD] > turns + 1,
  )
  t.same(ready(), [0, 0, 0, 0], 'once')
  Atomics.store(words, STATE_WORD, STATE_CLOSING)
  t.equal(await ended, 0)
})
