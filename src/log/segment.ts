// Segment files: their names, their headers, and making one. See layout.ts for the drawing.

import { assert } from '../base/assert.ts'
import { CkvError } from '../base/errors.ts'
import { secretBytes } from '../base/random.ts'
import { checksum } from './checksum.ts'
import { type LogFs, writeViewsFully } from './files.ts'
import * as layout from './layout.ts'
import type { SyncQueue } from './sync-queue.ts'

/** Whose log a segment belongs to. */
export interface LogIdentity {
  /** `crs-` and 8 letters or digits. */
  readonly instance: string
  readonly generation: number
  readonly shard: number
}

export interface SegmentHeader extends LogIdentity {
  readonly epoch: number
  readonly number: number
  /** LSN of the first block. */
  readonly startLsn: number
  /** Seeds the checksums of all blocks of the file. */
  readonly segmentId: bigint
}

const NAME_PATTERN = /^segment-(\d{6,9})\.ckv$/

/** `segment-000001.ckv`. */
export function segmentName(number: number): string {
  return `segment-${String(number).padStart(6, '0')}.ckv`
}

/** The number in a segment's name; 0 when the name is not a segment's. */
export function segmentNumber(name: string): number {
  const match = NAME_PATTERN.exec(name)
  return match === null ? 0 : Number(match[1])
}

/** 64 random bits, never 0. */
export function newSegmentId(): bigint {
  const bytes = secretBytes(8)
  const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  return id === 0n ? 1n : id
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  assert(header.instance.length === layout.SEGMENT_INSTANCE_BYTES, 'an instance id has 12 bytes')
  const bytes = new Uint8Array(layout.SEGMENT_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(layout.SEGMENT_MAGIC_BYTE, layout.SEGMENT_MAGIC, true)
  view.setUint16(layout.SEGMENT_VERSION_BYTE, layout.LOG_VERSION, true)
  view.setUint16(layout.SEGMENT_LENGTH_BYTE, layout.SEGMENT_HEADER_BYTES, true)
  for (let at = 0; at < layout.SEGMENT_INSTANCE_BYTES; at++) {
    bytes[layout.SEGMENT_INSTANCE_BYTE + at] = header.instance.charCodeAt(at)
  }
  view.setUint32(layout.SEGMENT_GENERATION_BYTE, header.generation, true)
  view.setUint16(layout.SEGMENT_SHARD_BYTE, header.shard, true)
  view.setUint32(layout.SEGMENT_EPOCH_BYTE, header.epoch, true)
  view.setUint32(layout.SEGMENT_NUMBER_BYTE, header.number, true)
  view.setFloat64(layout.SEGMENT_START_BYTE, header.startLsn, true)
  view.setBigUint64(layout.SEGMENT_ID_BYTE, header.segmentId, true)
  const sum = checksum(bytes, 8, layout.SEGMENT_HEADER_BYTES - 8, 0n)
  view.setBigUint64(layout.SEGMENT_CHECKSUM_BYTE, sum, true)
  return bytes
}

/**
 * Reads a segment header; a text says what is wrong with it. Whether it is the expected segment is
 * the caller's question. Throws CkvError LOG_VERSION for a whole header of another version.
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.byteLength < layout.SEGMENT_HEADER_BYTES) return 'segment header is cut short'
  const view = new DataView(bytes.buffer, bytes.byteOffset, layout.SEGMENT_HEADER_BYTES)
  if (view.getUint32(layout.SEGMENT_MAGIC_BYTE, true) !== layout.SEGMENT_MAGIC) {
    return 'not a log segment (bad magic)'
  }
  const sum = checksum(bytes, 8, layout.SEGMENT_HEADER_BYTES - 8, 0n)
  if (view.getBigUint64(layout.SEGMENT_CHECKSUM_BYTE, true) !== sum) {
    return 'segment header has a wrong checksum'
  }
  const version = view.getUint16(layout.SEGMENT_VERSION_BYTE, true)
  if (version !== layout.LOG_VERSION) {
    const text = `log segment has version ${version}; this program reads ${layout.LOG_VERSION}`
    throw new CkvError('LOG_VERSION', text)
  }
  let instance = ''
  for (let at = 0; at < layout.SEGMENT_INSTANCE_BYTES; at++) {
    instance += String.fromCharCode(bytes[layout.SEGMENT_INSTANCE_BYTE + at])
  }
  return {
    instance,
    generation: view.getUint32(layout.SEGMENT_GENERATION_BYTE, true),
    shard: view.getUint16(layout.SEGMENT_SHARD_BYTE, true),
    epoch: view.getUint32(layout.SEGMENT_EPOCH_BYTE, true),
    number: view.getUint32(layout.SEGMENT_NUMBER_BYTE, true),
    startLsn: view.getFloat64(layout.SEGMENT_START_BYTE, true),
    segmentId: view.getBigUint64(layout.SEGMENT_ID_BYTE, true),
  }
}

/**
 * Makes a segment file with its header (and the block given) and returns its open descriptor. File
 * and name are durable when `syncs` has run. For a start or a promotion; a running shard takes the
 * spare that the sync thread prepared.
 */
export function createSegment(
  files: LogFs,
  directory: string,
  header: SegmentHeader,
  firstBlock: Uint8Array,
  syncs: SyncQueue,
): number {
  const path = `${directory}/${segmentName(header.number)}`
  const fd = files.open(path, 'w')
  try {
    writeViewsFully(files, fd, [encodeSegmentHeader(header), firstBlock], 0)
    syncs.addFile(path, fd, false)
    syncs.addDirectory(directory)
    return fd
  } catch (error) {
    files.close(fd)
    throw error
  }
}
