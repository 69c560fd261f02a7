// First pass of a recovery: is this shard's log whole, where does it end, what must be cut?
//
// A block that is not whole is a TORN TAIL (the normal trace of a crash: cut it, say so) only if
//   - no block says that it was durable: neither one before nor one behind it (every header repeats
//     the durable LSN; an idle mark says it of everything before it),
//   - it is in the last segment,
//   - no whole block stands anywhere behind it, or a sector of it was never written.
// Anything else is DAMAGE: something was there and is not; the shard does not start and the message
// says where. Cutting there would silently drop acknowledged writes.
//
// Why a whole block may stand behind a torn one: a disk writes unsynced sectors in any order, so a
// power cut can leave the later and lose the earlier. What was lost was never written, and reads as
// zeros; what is damaged otherwise hardly ever is a whole sector of zeros:
//
//   sectors  | durable … A | A B | B   | B C | C D | D
//   on disk  | durable … A | A 0 | 000 | B C | C D | D     B is lost, C and D are whole:
//                                                          cut behind A if C and D claim no more
// A block is published as durable only after its own sectors are on the disk, so on a disk that
// keeps what it has synced no lost sector is durable. (One that does not keep it can lose here what
// was written after the last claim, about a second's worth, as it always can at the very end.)
//
// Two more torn tails exist. At a switch of segments the new file may reach the disk before the
// end of the old one. A power cut then leaves segment N without its end and N+1 with a header. If
// no block says that the lost part was durable and it looks lost (missing, or a sector that was
// never written), N is cut and N+1 set aside. Or N+1 has blocks but its first sector, with the
// header, was never written: it is set aside unless a block in it claims that anything in it was
// durable. (No checksum can be tried without the header; a false claim only makes that a refusal.)
//
// A commit that is a chain of blocks counts only with its last block: an unfinished chain at the
// end is cut too (its replies never left).

import { basename, join } from 'node:path'
import { CkvError } from '../base/errors.ts'
import { damageText, type LogDamage } from './damage.ts'
import type { LogFs } from './files.ts'
import { FIRST_SEGMENT_NAME, firstSegmentProblem, segmentNames } from './first-segment.ts'
import * as layout from './layout.ts'
import type { GroupPart } from './resolve-groups.ts'
import {
  decodeSegmentHeader,
  type LogIdentity,
  type SegmentHeader,
  segmentNumber,
} from './segment.ts'
import { SegmentReader } from './segment-reader.ts'
import {
  durableClaimBehind,
  endFits,
  findBlock,
  hasBlockMagic,
  hasLostSector,
  startsLost,
  unverifiedClaim,
} from './torn.ts'

export interface ExpectedLog extends LogIdentity {
  /** Where the log must begin: 0, or what an image covers. */
  readonly startLsn: number
  /** The manifest names this generation, so its logs were begun (first-segment.ts). */
  readonly begun?: boolean
}

export interface ScannedSegment {
  readonly name: string
  readonly path: string
  readonly header: SegmentHeader
  readonly byteLength: number
}

/** What has to be cut behind the last whole commit. */
export interface TornTail {
  readonly file: string
  /** File position of the first byte to cut. */
  readonly offset: number
  readonly lsn: number
  /** Bytes to cut, over all segments. */
  readonly byteLength: number
  readonly reason: string
}

export interface ShardScan {
  readonly shard: number
  readonly directory: string
  /** Segments with a whole header, in order. */
  readonly segments: readonly ScannedSegment[]
  /** File names of segments that never began (a spare, or a header that was never whole). */
  readonly unbegun: readonly string[]
  readonly endLsn: number
  /** Highest LSN that some block says is durable. */
  readonly durableLsn: number
  /**
   * Up to here nothing was ever written that is missing: LSN behind the last mark, or where the
   * last start went on (it made all before durable). `endLsn` after a clean stop.
   */
  readonly sealedLsn: number
  /** Highest epoch of a segment, 0 without segments. */
  readonly epoch: number
  /** In whole commits, as the records and the time. */
  readonly blockCount: number
  readonly recordCount: number
  readonly lastCommitMs: number
  readonly torn: TornTail | null
  /** Parts of groups that are not known to be complete. */
  readonly groups: readonly GroupPart[]
  /** Groups that are known to be complete, as pairs of their lowest shard and LSN there. */
  readonly durableGroups: readonly number[]
}

export interface Examination {
  readonly scan: ShardScan
  /** When set, `scan` describes only what stands before the damage. */
  readonly damage: LogDamage | null
}

/** Examines a shard's directory. Throws CkvError LOG_DAMAGED, or LOG_VERSION for a newer format. */
export function scanShard(files: LogFs, directory: string, expected: ExpectedLog): ShardScan {
  const { scan, damage } = examineShard(files, directory, expected)
  if (damage === null) return scan
  throw new CkvError('LOG_DAMAGED', damageText(damage))
}

/** The same without throwing for damage: `ckv log verify` and recovery see the same. */
export function examineShard(files: LogFs, directory: string, expected: ExpectedLog): Examination {
  const scanner = new ShardScanner(files, directory, expected)
  const damage = scanner.run()
  return { scan: scanner.result(), damage }
}

/** Groups are pruned when this many wait, so that a long log needs bounded memory. */
const GROUPS_PRUNE_COUNT = 4096

class ShardScanner {
  readonly #files: LogFs
  readonly #directory: string
  readonly #expected: ExpectedLog
  #segments: ScannedSegment[] = []
  readonly #unbegun: string[] = []
  #lsn: number
  /** First LSN of the commit whose last block did not come yet; -1: none. */
  #chainStart = -1
  #durableLsn: number
  #sealedLsn: number
  #blockCount = 0
  #recordCount = 0
  // Of the commit whose last block did not come yet.
  #chainBlocks = 0
  #chainRecords = 0
  #lastCommitMs = 0
  #groups: GroupPart[] = []
  readonly #durableGroups: number[] = []
  #tornReason = ''
  /** The last segment, if its header was never written although blocks of it were. */
  #headless: TornTail | null = null

  constructor(files: LogFs, directory: string, expected: ExpectedLog) {
    this.#files = files
    this.#directory = directory
    this.#expected = expected
    this.#lsn = expected.startLsn
    this.#durableLsn = expected.startLsn
    this.#sealedLsn = expected.startLsn
  }

  run(): LogDamage | null {
    const damage = this.#readHeaders()
    if (damage !== null) return damage
    for (let index = 0; index < this.#segments.length; index++) {
      const found = this.#scanSegment(index)
      if (found !== null) return found
      if (this.#tornReason !== '') break
    }
    return this.#judgeHeadless()
  }

  #judgeHeadless(): LogDamage | null {
    if (this.#headless === null) return null
    const { file, reason } = this.#headless
    const reader = new SegmentReader(this.#files, file)
    try {
      if (unverifiedClaim(reader) <= this.#lsn) return null
      return this.#damage(basename(file), 0, `${reason}, but blocks behind it were durable`)
    } finally {
      reader.close()
    }
  }

  result(): ShardScan {
    const endLsn = this.#chainStart >= 0 ? this.#chainStart : this.#lsn
    this.#pruneGroups()
    return {
      shard: this.#expected.shard,
      directory: this.#directory,
      segments: this.#segments,
      unbegun: this.#unbegun,
      endLsn,
      durableLsn: this.#durableLsn,
      sealedLsn: this.#sealedLsn,
      epoch: this.#segments.at(-1)?.header.epoch ?? 0,
      blockCount: this.#blockCount,
      recordCount: this.#recordCount,
      lastCommitMs: this.#lastCommitMs,
      torn: this.#tornTail(endLsn),
      groups: this.#groups,
      durableGroups: this.#durableGroups,
    }
  }

  #tornTail(endLsn: number): TornTail | null {
    const reason = this.#tornReason !== '' ? this.#tornReason : 'unfinished commit'
    const place = cutPlace(this.#segments, endLsn, reason)
    if (place !== null || this.#headless === null) return place
    return { ...this.#headless, lsn: endLsn }
  }

  // ── headers ─────────────────────────────────────────────────────────────────────────────────

  #readHeaders(): LogDamage | null {
    if (!this.#files.stat(this.#directory)?.isDirectory) {
      return this.#damage('', 0, 'the directory of the shard is missing')
    }
    const names = segmentNames(this.#files, this.#directory)
    // An image may cover the first segments.
    const first =
      this.#expected.startLsn === 0
        ? firstSegmentProblem(names, this.#expected.begun === true)
        : null
    if (first !== null) return this.#damage(FIRST_SEGMENT_NAME, 0, first)
    for (let index = 0; index < names.length; index++) {
      const name = names[index]
      const path = `${this.#directory}/${name}`
      const reader = new SegmentReader(this.#files, path)
      try {
        const header = decodeSegmentHeader(reader.headerBytes())
        if (typeof header !== 'string') {
          this.#segments.push({ name, path, header, byteLength: reader.byteLength })
          continue
        }
        if (index < names.length - 1) return this.#damage(name, 0, header)
        if (hasBlockMagic(reader)) {
          // A start makes the header of its segment durable at once, so this one was switched to.
          if (index === 0 || !startsLost(reader)) return this.#damage(name, 0, header)
          const { byteLength } = reader
          this.#headless = { file: path, offset: 0, lsn: 0, byteLength, reason: header }
        }
        this.#unbegun.push(name)
      } finally {
        reader.close()
      }
    }
    return this.#checkChain(names)
  }

  /** Are these the segments of this log, all of them, in this order? */
  #checkChain(names: readonly string[]): LogDamage | null {
    const expected = this.#expected
    for (let index = 0; index < names.length; index++) {
      const number = segmentNumber(names[index])
      if (index > 0 && number !== segmentNumber(names[index - 1]) + 1) {
        return this.#damage(names[index], 0, 'the segment before it is missing')
      }
    }
    for (let index = 0; index < this.#segments.length; index++) {
      const { name, header } = this.#segments[index]
      const problem =
        header.instance !== expected.instance
          ? `belongs to instance ${header.instance}, not ${expected.instance}`
          : header.generation !== expected.generation
            ? `belongs to generation ${header.generation}, not ${expected.generation}`
            : header.shard !== expected.shard
              ? `belongs to shard ${header.shard}, not ${expected.shard}`
              : header.number !== segmentNumber(name)
                ? `is segment ${header.number} under another name`
                : index > 0 && header.epoch < this.#segments[index - 1].header.epoch
                  ? 'is of an older epoch than the segment before it'
                  : null
      if (problem !== null) return this.#damage(name, 0, problem)
    }
    const first = this.#segments.at(0)
    if (first !== undefined && first.header.startLsn !== expected.startLsn) {
      return this.#damage(
        first.name,
        0,
        `begins at LSN ${first.header.startLsn}, not ${expected.startLsn}`,
      )
    }
    return null
  }

  // ── blocks ──────────────────────────────────────────────────────────────────────────────────

  #scanSegment(index: number): LogDamage | null {
    const segment = this.#segments[index]
    const next = this.#segments.at(index + 1)
    if (index > 0 && segment.header.epoch > this.#segments[index - 1].header.epoch) {
      this.#sealedLsn = this.#lsn
    }
    const reader = new SegmentReader(this.#files, segment.path)
    try {
      let position = layout.SEGMENT_HEADER_BYTES
      while (position < reader.byteLength && this.#lsn !== next?.header.startLsn) {
        const problem = this.#blockProblem(reader, position, segment)
        if (problem !== null) return this.#judge(reader, index, position, problem)
        this.#takeBlock(reader)
        position += reader.blockLength
      }
      if (next === undefined) return null
      if (this.#lsn !== next.header.startLsn) {
        return this.#judge(reader, index, position, 'segment ends early')
      }
      // A holder that was fenced in mid-write may have left bytes that nobody counts.
      if (position < reader.byteLength && next.header.epoch === segment.header.epoch) {
        return this.#damage(segment.name, position, 'bytes stand behind the end of the segment')
      }
      return null
    } finally {
      reader.close()
    }
  }

  #blockProblem(reader: SegmentReader, position: number, segment: ScannedSegment): string | null {
    const problem = reader.readBlock(position)
    if (problem !== null) return problem
    if (!reader.checksumHolds(position, segment.header.segmentId)) {
      return 'block has a wrong checksum'
    }
    // The bytes are as they were written. What does not fit now was never the next block here.
    const misplaced = this.#misplaced(reader, segment)
    if (misplaced !== null) return `${WHOLE_BLOCK}${misplaced}`
    const broken = reader.recordsProblem(position)
    return broken === null ? null : `${WHOLE_BLOCK}${broken}`
  }

  #misplaced(reader: SegmentReader, segment: ScannedSegment): string | null {
    if (reader.blockShard !== this.#expected.shard) {
      return `block belongs to shard ${reader.blockShard}`
    }
    if (reader.blockEpoch !== segment.header.epoch) return 'block is of another epoch'
    if (reader.blockLsn !== this.#lsn) {
      return `block begins at LSN ${reader.blockLsn}, not ${this.#lsn}`
    }
    if ((reader.blockFlags & ~layout.BLOCK_FLAGS_KNOWN) !== 0) return 'block has unknown flags'
    if (reader.blockDurableLsn > reader.blockLsn) return 'block claims an impossible durable LSN'
    return null
  }

  #takeBlock(reader: SegmentReader): void {
    const lsn = this.#lsn
    this.#chainBlocks++
    this.#chainRecords += reader.blockRecords
    if (reader.blockDurableLsn > this.#durableLsn) this.#durableLsn = reader.blockDurableLsn
    if (this.#chainStart < 0) this.#chainStart = lsn
    this.#lsn = lsn + reader.blockLength
    if ((reader.blockFlags & layout.BLOCK_MARK) !== 0) this.#sealedLsn = this.#lsn
    if ((reader.blockFlags & layout.BLOCK_CONTINUED) !== 0) return
    if ((reader.blockFlags & layout.BLOCK_GROUP) !== 0) {
      this.#groups.push({
        shard: this.#expected.shard,
        startLsn: this.#chainStart,
        endLsn: this.#lsn,
        groupShard: reader.groupShard,
        groupLsn: reader.groupLsn,
        participants: reader.groupParticipants,
        index: reader.groupIndex,
      })
      if (this.#groups.length % GROUPS_PRUNE_COUNT === 0) this.#pruneGroups()
    }
    this.#chainStart = -1
    this.#blockCount += this.#chainBlocks
    this.#recordCount += this.#chainRecords
    this.#chainBlocks = 0
    this.#chainRecords = 0
    this.#lastCommitMs = reader.blockCommitMs
  }

  /**
   * A part that is durable was published after all other parts were durable too (syncer.ts). Other
   * shards' logs may not know it yet, so the name is kept for them.
   */
  #pruneGroups(): void {
    const waiting: GroupPart[] = []
    for (const part of this.#groups) {
      if (part.endLsn > this.#durableLsn) waiting.push(part)
      else this.#durableGroups.push(part.groupShard, part.groupLsn)
    }
    this.#groups = waiting
  }

  // ── torn or damaged ─────────────────────────────────────────────────────────────────────────

  #judge(
    reader: SegmentReader,
    index: number,
    position: number,
    problem: string,
  ): LogDamage | null {
    const { name, header } = this.#segments[index]
    if (problem.startsWith(WHOLE_BLOCK)) {
      return this.#damage(name, position, problem.slice(WHOLE_BLOCK.length))
    }
    if (this.#lsn < this.#durableLsn) {
      return this.#damage(name, position, `${problem}, but the log was durable up to here`)
    }
    const whole = reader.readBlock(position) === null ? reader.blockLength : Infinity
    const later = findBlock(reader, position + layout.LOG_ALIGNMENT_BYTES, header)
    if (later >= 0) {
      const end = Math.min(later, position + whole)
      const lost = hasLostSector(reader, position, end, later) && endFits(reader, position, later)
      if (!lost || durableClaimBehind(reader, later, header) > this.#lsn) {
        return this.#damage(name, position, `${problem}, but a block stands behind it at ${later}`)
      }
    }
    const last = this.#segments.length - 1
    if (index === last || (index === last - 1 && this.#lostAtSwitch(reader, index, position))) {
      this.#tornReason = problem
      return null
    }
    return this.#damage(name, position, `${problem}, but later segments follow`)
  }

  #lostAtSwitch(reader: SegmentReader, index: number, position: number): boolean {
    const next = this.#segments[index + 1]
    const extent =
      layout.SEGMENT_HEADER_BYTES + next.header.startLsn - this.#segments[index].header.startLsn
    const { byteLength } = reader
    if (byteLength >= extent && !hasLostSector(reader, position, byteLength, byteLength)) {
      return false
    }
    const nextReader = new SegmentReader(this.#files, next.path)
    try {
      const from = layout.SEGMENT_HEADER_BYTES
      return durableClaimBehind(nextReader, from, next.header) <= this.#lsn
    } finally {
      nextReader.close()
    }
  }

  #damage(file: string, offset: number, reason: string): LogDamage {
    return { file: join(this.#directory, file), offset, lsn: this.#lsn, reason }
  }
}

/** Marks a problem of a block whose checksum holds: that is never a torn write. */
const WHOLE_BLOCK = 'whole block: '

/** Index of the segment in which a log that ends at `lsn` ends; -1 without segments. */
export function lastSegmentAt(segments: readonly ScannedSegment[], lsn: number): number {
  let index = segments.length - 1
  while (index > 0 && segments[index].header.startLsn > lsn) index--
  return index
}

/** Where a log is cut so that it ends at `lsn`; null when it ends there already. */
export function cutPlace(
  segments: readonly ScannedSegment[],
  lsn: number,
  reason: string,
): TornTail | null {
  const index = lastSegmentAt(segments, lsn)
  if (index < 0) return null
  const { path, header, byteLength } = segments[index]
  const offset = layout.SEGMENT_HEADER_BYTES + lsn - header.startLsn
  let excess = byteLength - offset
  for (const later of segments.slice(index + 1)) excess += later.byteLength
  return excess === 0 ? null : { file: path, offset, lsn, byteLength: excess, reason }
}
