// `ckv log verify <data directory>`: says what a recovery would find and do, and changes nothing.
// It runs the recovery's own examination, so the two cannot disagree. Do not run it on the
// directory of a running server: what is being written looks like a torn tail.

import { CkvError } from '../base/errors.ts'
import { damageText } from './damage.ts'
import type { LogFs } from './files.ts'
import { type Manifest, readManifest, shardDirectory } from './manifest.ts'
import { type GroupPart, resolveGroups } from './resolve-groups.ts'
import { type Examination, examineShard, type ShardScan } from './scan.ts'

export interface ShardVerdict extends Examination {
  readonly shard: number
  /** Where recovery would end this log; less than `scan.endLsn` where a group is not whole. */
  readonly endLsn: number
}

export interface LogVerdict {
  readonly manifest: Manifest
  readonly shards: readonly ShardVerdict[]
  /** False: a server would not start on this directory. */
  readonly usable: boolean
  /** True: nothing is damaged and nothing would be cut. */
  readonly clean: boolean
}

/** Examines a data directory. Throws CkvError when there is no readable manifest. */
export function verifyLog(files: LogFs, directory: string): LogVerdict {
  const manifest = readManifest(files, directory)
  if (manifest === null) throw new CkvError('MANIFEST', `${directory} holds no manifest.ckv`)
  const { instance, generation, shardCount } = manifest
  const examined: Examination[] = []
  const parts: GroupPart[] = []
  const durableGroups: number[] = []
  for (let shard = 0; shard < shardCount; shard++) {
    const path = shardDirectory(directory, generation, shard)
    const expected = { instance, generation, shard, startLsn: 0, begun: true }
    const found = examineShard(files, path, expected)
    examined.push(found)
    for (const part of found.scan.groups) parts.push(part)
    for (const word of found.scan.durableGroups) durableGroups.push(word)
  }
  const ends = examined.map((found) => found.scan.endLsn)
  const usable = examined.every((found) => found.damage === null)
  // With a damaged shard nobody knows which groups are whole.
  const cuts = usable ? resolveGroups(parts, ends, durableGroups) : ends
  const shards = examined.map((found, shard) => ({ ...found, shard, endLsn: cuts[shard] }))
  const whole = shards.every((one) => one.scan.torn === null && one.endLsn === one.scan.endLsn)
  return { manifest, shards, usable, clean: usable && whole }
}

/**
 * The log ends as a clean stop leaves it: all that was ever written is there, and durable. A log
 * that was written to and then killed ends otherwise.
 */
export function isSealed(scan: ShardScan): boolean {
  return scan.torn === null && scan.sealedLsn === scan.endLsn
}

/** One line a finding, for people. */
export function* verdictLines(verdict: LogVerdict): Generator<string> {
  const { instance, generation, shardCount } = verdict.manifest
  yield `instance ${instance}, generation ${generation}, ${shardCount} shards`
  for (const { shard, scan, damage, endLsn } of verdict.shards) {
    const { segments, blockCount, recordCount, torn } = scan
    const counts = `${segments.length} segments, ${blockCount} blocks, ${recordCount} records`
    if (damage !== null) {
      yield `shard ${shard}: DAMAGED after ${counts}: ${damageText(damage)}`
      continue
    }
    yield `shard ${shard}: ok, ${counts}, end LSN ${scan.endLsn}, ` +
      `durable to at least ${scan.durableLsn}, ` +
      (isSealed(scan) ? 'ends with a mark' : 'no mark at the end: not stopped cleanly')
    if (torn !== null) {
      yield `shard ${shard}: torn tail (${torn.reason}): ${torn.byteLength} bytes behind ` +
        `${torn.file} offset ${torn.offset}, LSN ${torn.lsn}, would be cut`
    }
    if (endLsn < scan.endLsn) {
      yield `shard ${shard}: half a commit over several shards, would be cut at LSN ${endLsn}`
    }
  }
  yield verdict.clean ? 'clean' : verdict.usable ? 'usable after cutting' : 'not usable'
}
