// Is the beginning of a shard's log there? The manifest names a generation only after the logs of
// all its shards were begun, durably (control/data-directory.ts), and segment 1 stays from then on:
//
//   first start        directories │ segment 1 of every shard, synced │ manifest
//   re-partition       gen-2       │ segment 1 of every new shard, copied, synced │ manifest: 2
//   crash before it    no manifest, or the old one: what was built is removed, never scanned
//   later starts       a log that ends in segment 1 without a block writes that file anew: it is
//                      emptied in place, so its name is always there (repair.ts)
//   rotation, spares   only ever add files behind
//
// So no segment at all, or others without the first, is damage in a begun generation. While main
// builds the first one, workers scan empty directories; so they only judge the names they find, and
// main looks before (`requireFirstSegments`).
//
// What cannot be told apart stays legal: a lone segment 1 without a whole header and without a
// block is what a crash leaves while it is written anew, and also what is left of a log whose only
// file was emptied by something else.

import { CkvError } from '../base/errors.ts'
import { damageText } from './damage.ts'
import type { LogFs } from './files.ts'
import { type Manifest, shardDirectory } from './manifest.ts'
import { segmentName, segmentNumber } from './segment.ts'

export const FIRST_SEGMENT_NAME = segmentName(1)

/** The names of a shard's segments, in order. The directory exists. */
export function segmentNames(files: LogFs, directory: string): string[] {
  return files
    .readdir(directory)
    .filter((name) => segmentNumber(name) > 0)
    .sort((left, right) => segmentNumber(left) - segmentNumber(right))
}

/** What is wrong with `names`, null: nothing. `begun`: the manifest names the generation. */
export function firstSegmentProblem(names: readonly string[], begun: boolean): string | null {
  if (names.length === 0) return begun ? 'the log was begun, but no segment of it is there' : null
  return segmentNumber(names[0]) === 1 ? null : 'the first segment of the log is missing'
}

/** Before a start on data that are there. Throws CkvError LOG_DAMAGED. */
export function requireFirstSegments(files: LogFs, directory: string, manifest: Manifest): void {
  for (let shard = 0; shard < manifest.shardCount; shard++) {
    const path = shardDirectory(directory, manifest.generation, shard)
    // A scan says more about a directory that is missing.
    if (!files.stat(path)?.isDirectory) continue
    const reason = firstSegmentProblem(segmentNames(files, path), true)
    if (reason === null) continue
    const file = `${path}/${FIRST_SEGMENT_NAME}`
    throw new CkvError('LOG_DAMAGED', damageText({ file, offset: 0, lsn: 0, reason }))
  }
}
