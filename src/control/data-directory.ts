// The data directory at a start: whose it is, which manifest counts, and, with another number of
// shards, a new generation beside the old one. Runs on main.
//
//   readData      what is there and what it shall become        changes nothing
//     (main makes sure of files, port and memory)
//   buildData     directories; a re-partition's logs             gen-2 beside gen-1, manifest: 1
//     (threads recover gen-2, acceptors listen)
//   switchData    one rename makes the new generation count      manifest: 2, gen-1 goes
//
// A crash or a refusal in front of the rename leaves the old generation as it was (in a new
// directory: no manifest, so the next start begins anew); behind it the new one counts. Nothing is
// acknowledged before the switch, and what is left over goes away with the next start.

import { CkvError } from '../base/errors.ts'
import type { LogFs, NodeLogFs } from '../log/files.ts'
import { requireFirstSegments } from '../log/first-segment.ts'
import { type DirectoryLock, lockDirectory, SystemProcesses } from '../log/lock.ts'
import {
  createGeneration,
  type Manifest,
  newInstanceId,
  newManifest,
  readManifest,
  recordsWithoutManifest,
  removeStaleGenerations,
  switchGeneration,
} from '../log/manifest.ts'
import type { Machine } from '../options/derived.ts'
import { withStored } from '../options/parse.ts'
import type { OptionSources, Options } from '../options/table.ts'
import type { Logger } from './logger.ts'

export interface DataInput {
  readonly options: Options
  readonly sources: OptionSources
  readonly machine: Machine
  readonly logger: Logger
}

/** What the data are and what they shall be. */
export interface DataPlan {
  /** What counts on disk now; null: nothing yet. */
  readonly stored: Manifest | null
  /** What counts after the switch; the same object when nothing is to be switched. */
  readonly manifest: Manifest
  /** The options with what is kept with the data. */
  readonly options: Options
}

/** Throws CkvError DIRECTORY. */
export function prepareDirectory(files: NodeLogFs, directory: string): void {
  try {
    if (files.stat(directory) === null) files.mkdir(directory)
  } catch (error) {
    throw unusable(directory, error)
  }
}

/** A folder that exists but cannot be written into shows here first. Throws CkvError. */
export async function lockForUs(directory: string): Promise<DirectoryLock> {
  try {
    return await lockDirectory(directory, new SystemProcesses())
  } catch (error) {
    if (error instanceof CkvError) throw error
    throw unusable(directory, error)
  }
}

function unusable(directory: string, error: unknown): CkvError {
  const { message } = error as Error
  return new CkvError('DIRECTORY', `--dir '${directory}' cannot be used: ${message}`)
}

/** Reads the manifest and changes nothing. Throws CkvError MANIFEST or INSTANCE. */
export function readData(files: LogFs, input: DataInput): DataPlan {
  const directory = input.options.dir
  const stored = readManifest(files, directory)
  if (stored === null) {
    const found = recordsWithoutManifest(files, directory)
    if (found !== null) {
      throw new CkvError(
        'MANIFEST',
        `${directory} has no manifest.ckv, but ${found} holds records: put the manifest back, ` +
          'or move the folder away to begin anew',
      )
    }
    const instance = input.options.instance === '' ? newInstanceId() : input.options.instance
    const manifest = newManifest(instance, input.options.shards)
    return { stored, manifest, options: { ...input.options, instance } }
  }
  const options = withStored(input.options, input.sources, input.machine, {
    shards: stored.shardCount,
    instance: stored.instance,
  })
  if (options.instance !== stored.instance) {
    throw new CkvError(
      'INSTANCE',
      `--instance is ${options.instance}, the data in ${directory} belong to ${stored.instance}`,
    )
  }
  if (options.shards === stored.shardCount) return { stored, manifest: stored, options }
  const generation = stored.generation + 1
  return { stored, manifest: { ...stored, generation, shardCount: options.shards }, options }
}

/**
 * Builds what `manifest` names and `stored` does not; the manifest on disk stays. Throws CkvError,
 * also LOG_DAMAGED when a log that is stored lacks its beginning; what is stored is untouched then.
 */
export async function buildData(files: LogFs, plan: DataPlan, logger: Logger): Promise<void> {
  const { stored, manifest, options } = plan
  const directory = options.dir
  if (stored !== null) requireFirstSegments(files, directory, stored)
  try {
    if (stored !== null) removeStaleGenerations(files, directory, stored)
    if (stored === manifest) return
    createGeneration(files, directory, manifest.generation, manifest.shardCount)
  } catch (error) {
    throw unusable(directory, error)
  }
  if (stored === null) return
  logger.info(`re-partitioning from ${stored.shardCount} to ${manifest.shardCount} shards`)
  // Loaded only when needed: a start is measured in milliseconds.
  const { repartition } = await import('./repartition.ts')
  const { segmentBytes } = options
  const { recordCount, notices } = await repartition(directory, stored, manifest, segmentBytes)
  for (const notice of notices) logger.warn(notice)
  logger.info(`re-partitioned ${recordCount} records`)
}

/**
 * The last step before serving: what was built counts from here on. Throws CkvError DIRECTORY;
 * whole is then the old or the new.
 */
export function switchData(files: LogFs, plan: DataPlan): void {
  if (plan.stored === plan.manifest) return
  try {
    switchGeneration(files, plan.options.dir, plan.manifest)
  } catch (error) {
    throw unusable(plan.options.dir, error)
  }
}
