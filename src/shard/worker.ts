// Entry of a shard worker thread. First, with an event loop: recover this worker's shards (main
// tells when to go on, see control/start.ts). Then the serving loop, which never returns to the
// event loop: a thread in Atomics.wait has none.

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { Counters } from '../counters/counters.ts'
import { attachExecutor, attachServer } from '../executor/attach.ts'
import type { ThreadPlan } from '../executor/plan.ts'
import { loadHasher } from '../log/checksum.ts'
import { replyBytesMax } from '../options/rows.ts'
import { recoverShards } from '../recovery/recover.ts'
import { EventRing } from '../ring/events.ts'
import { ReplyWriter } from '../wire/encoder.ts'
import { WorkerLoop } from './loop.ts'

const REPLY_BYTES_FIRST = 65_536

const plan = workerData as ThreadPlan
const port = parentPort
assert(port !== null, 'a shard worker is a child of main')

await loadHasher()
const { shared, thread, index } = plan
const { facts } = shared
const replyBytes = replyBytesMax(facts.options.outputLimitNormal)
const reply = new ReplyWriter(REPLY_BYTES_FIRST, replyBytes)
const { rows, clock, sides, executor } = attachExecutor(shared, thread, reply)
const events = new EventRing(shared.events[thread])
const recovery = {
  instance: facts.instance,
  generation: shared.generation,
  shardDirectories: shared.shardDirectories,
  sliceBytes: shared.slices[0].byteLength,
  workerCount: facts.workerCount,
}
await recoverShards(recovery, rows, clock, sides, index, port, events)

const { server, backlog } = attachServer(shared, executor, reply)
const counters = new Counters(shared.counters, thread)
new WorkerLoop(rows, executor, server, backlog, clock, counters, index, shared).run()
port.close()
