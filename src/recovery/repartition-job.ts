// Entry of the background job (a piscina worker) that re-partitions the data of a directory.

import { SystemClock } from '../base/clock.ts'
import { loadHasher } from '../log/checksum.ts'
import { NodeLogFs } from '../log/files.ts'
import { type RepartitionJob, type RepartitionResult, repartitionLogs } from './repartition.ts'

export default async function run(job: RepartitionJob): Promise<RepartitionResult> {
  await loadHasher()
  return repartitionLogs(job, new NodeLogFs(), new SystemClock())
}
