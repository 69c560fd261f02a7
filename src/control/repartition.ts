// Another number of shards for the data of a directory: a background job writes a new generation of
// logs beside the old one; the caller makes it the one that counts with one rename.

import { Piscina } from 'piscina'
import { CkvError } from '../base/errors.ts'
import type { Manifest } from '../log/manifest.ts'
import type { RepartitionJob, RepartitionResult } from '../recovery/repartition.ts'
import { repartitionMemory } from './plan.ts'

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** Throws CkvError; the old data are untouched then. */
export async function repartition(
  directory: string,
  from: Manifest,
  to: Manifest,
  segmentBytes: number,
): Promise<RepartitionResult> {
  const pool = new Piscina({
    filename: new URL(`../recovery/repartition-job.${EXTENSION}`, import.meta.url).href,
    maxThreads: 1,
    trackUnmanagedFds: false,
  })
  const memory = repartitionMemory(to.shardCount)
  const job: RepartitionJob = { directory, from, to, segmentBytes, ...memory }
  try {
    return await pool.run(job)
  } catch (error) {
    // An error from another thread has lost its class.
    throw new CkvError('REPARTITION', (error as Error).message)
  } finally {
    await pool.destroy()
  }
}
