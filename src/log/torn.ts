// What stands behind a block that is not whole: whole blocks, claims of durability, sectors that
// were never written. scan.ts decides by these whether it is torn or damaged.

import { LOG_SLICE_BYTES_MIN } from '../base/limits.ts'
import * as layout from './layout.ts'
import type { SegmentHeader } from './segment.ts'
import type { SegmentReader } from './segment-reader.ts'

/** The smallest unit that a disk writes whole. */
const SECTOR_BYTES = 512

/**
 * Position of a whole block of this segment at or behind `from`, -1 if there is none.
 *
 * A value can be full of bytes that look like headers, and each would cost a checksum, so the work
 * is bounded. A block that was written here has the LSN of its position, the segment's shard and
 * its epoch; so what looks like one in every respect is searched for with the larger right: when
 * that bound is met a later block cannot be excluded, which means damage. What stands at a wrong
 * place (bytes of the file were removed or put in) is looked for as well, but only until the bound
 * is met: no crash moves blocks, so a value full of such headers must not stop a start.
 */
export function findBlock(reader: SegmentReader, from: number, header: SegmentHeader): number {
  const budget = 4 * (reader.byteLength - from) + 67_108_864
  let placed = budget
  let moved = budget
  for (let position = from; ; position += layout.LOG_ALIGNMENT_BYTES) {
    const found = nextMagic(reader, position)
    if (found < 0) return -1
    position = found
    if (reader.readBlock(position) !== null) continue
    if (isInPlace(reader, position, header)) {
      placed -= reader.blockLength
      if (placed < 0) return position
    } else {
      moved -= reader.blockLength
      if (moved < 0) continue
    }
    if (reader.checksumHolds(position, header.segmentId)) return position
  }
}

/** After `readBlock`: can it have been written at this position? */
function isInPlace(reader: SegmentReader, position: number, header: SegmentHeader): boolean {
  return (
    reader.blockLsn === header.startLsn + position - layout.SEGMENT_HEADER_BYTES &&
    reader.blockShard === header.shard &&
    reader.blockEpoch === header.epoch
  )
}

export function hasBlockMagic(reader: SegmentReader): boolean {
  return nextMagic(reader, layout.SEGMENT_HEADER_BYTES) >= 0
}

/** First multiple of 8 at or behind `from` where a block header could begin, -1 if none. */
function nextMagic(reader: SegmentReader, from: number): number {
  const last = reader.byteLength - layout.BLOCK_HEADER_BYTES
  for (let position = from; position <= last; position += layout.LOG_ALIGNMENT_BYTES) {
    const at = reader.at(position, layout.BLOCK_HEADER_BYTES) + layout.BLOCK_MAGIC_BYTE
    const bytes = reader.bytes
    if (
      bytes[at] === (layout.BLOCK_MAGIC & 0xff) &&
      bytes[at + 1] === ((layout.BLOCK_MAGIC >> 8) & 0xff) &&
      bytes[at + 2] === ((layout.BLOCK_MAGIC >> 16) & 0xff) &&
      bytes[at + 3] === layout.BLOCK_MAGIC >> 24
    ) {
      return position
    }
  }
  return -1
}

/** The highest LSN that any whole block at or behind `from` calls durable; 0 without blocks. */
export function durableClaimBehind(
  reader: SegmentReader,
  from: number,
  header: SegmentHeader,
): number {
  let claim = 0
  let position = findBlock(reader, from, header)
  while (position >= 0) {
    if (reader.readBlock(position) !== null || !reader.checksumHolds(position, header.segmentId)) {
      // The search met its bound: what cannot be excluded counts as a claim.
      return Infinity
    }
    claim = Math.max(claim, reader.blockDurableLsn)
    position = findBlock(reader, position + reader.blockLength, header)
  }
  return claim
}

/**
 * Is a sector that holds bytes of [from, end) one that was never written? It reads as zeros; the
 * first one, which may have been written before with an earlier end of the log, as zeros from
 * `from` on. (A block begins with its checksum and magic: one that is there is never taken for such
 * a rest.) The sector in which the byte at `later` stands was written.
 */
export function hasLostSector(
  reader: SegmentReader,
  from: number,
  end: number,
  later: number,
): boolean {
  let start = from
  while (start < end) {
    const sectorEnd = (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES
    if (sectorEnd > later && later < reader.byteLength) return false
    // The last sector of a file may be cut short.
    if (isZero(reader, start, Math.min(sectorEnd, reader.byteLength))) return true
    start = sectorEnd
  }
  return false
}

/**
 * Can the bytes in front of a whole block at `later` be what a power cut left? The sector in which
 * that block begins was written, and with it the end of the block before. That is not all zeros
 * unless it is padding, which ends where a slice does; otherwise nobody can tell: that means no.
 */
export function endFits(reader: SegmentReader, from: number, later: number): boolean {
  const sectorStart = Math.floor(later / SECTOR_BYTES) * SECTOR_BYTES
  if (sectorStart === later || !isZero(reader, Math.max(from, sectorStart), later)) return true
  return reader.readBlock(later) === null && reader.blockLsn % LOG_SLICE_BYTES_MIN === 0
}

/** Was the file's first sector never written? */
export function startsLost(reader: SegmentReader): boolean {
  return reader.byteLength >= SECTOR_BYTES && isZero(reader, 0, SECTOR_BYTES)
}

/** durableClaimBehind for a file whose segment id is lost: checksums cannot be tried. */
export function unverifiedClaim(reader: SegmentReader): number {
  let claim = 0
  let position = nextMagic(reader, layout.SEGMENT_HEADER_BYTES)
  while (position >= 0) {
    if (reader.readBlock(position) === null) {
      // What is no number counts as a claim.
      if (!(reader.blockDurableLsn <= claim)) claim = reader.blockDurableLsn
      if (Number.isNaN(claim)) return Infinity
    }
    position = nextMagic(reader, position + layout.LOG_ALIGNMENT_BYTES)
  }
  return claim
}

function isZero(reader: SegmentReader, start: number, stop: number): boolean {
  // The window reads at multiples of 8; segments and blocks are.
  const at = reader.at(start, stop - start)
  const bytes = reader.bytes
  for (let index = at; index < at + stop - start; index++) if (bytes[index] !== 0) return false
  return at >= 0
}
