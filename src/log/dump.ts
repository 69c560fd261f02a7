// `ckv log dump <segment>`: the records of one segment file as lines for people. Values are not
// shown unless asked for; keys are escaped, so no byte of a client reaches the terminal raw.

import { EFFECT_NAMES, EFFECT_PADDING } from './codes.ts'
import type { LogFs } from './files.ts'
import * as layout from './layout.ts'
import { decodeSegmentHeader } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'

export interface DumpOptions {
  /** Also show values. */
  readonly values: boolean
}

const SHOWN_BYTES_MAX = 256

/** Lines of a segment; the last line says so if the file goes on but not with a whole block. */
export function* dumpSegment(files: LogFs, path: string, options: DumpOptions): Generator<string> {
  const reader = new SegmentReader(files, path)
  try {
    const header = decodeSegmentHeader(reader.headerBytes())
    if (typeof header === 'string') {
      yield `${path}: ${header}`
      return
    }
    const { number, instance, generation, shard, epoch, startLsn } = header
    yield `segment ${number} of ${instance} generation ${generation} shard ${shard}, ` +
      `epoch ${epoch}, from LSN ${startLsn}`
    let position = layout.SEGMENT_HEADER_BYTES
    while (position < reader.byteLength) {
      const problem = reader.readBlock(position)
      if (problem !== null || !reader.checksumHolds(position, header.segmentId)) {
        yield `offset ${position}: ${problem ?? 'block has a wrong checksum'}`
        return
      }
      const next = position + reader.blockLength
      yield blockLine(reader, position)
      yield* recordLines(reader, position, options)
      position = next
    }
  } finally {
    reader.close()
  }
}

function blockLine(reader: SegmentReader, position: number): string {
  const flags = reader.blockFlags
  let kind = ''
  if ((flags & layout.BLOCK_MARK) !== 0) kind += ' mark'
  if ((flags & layout.BLOCK_EXTERNAL) !== 0) kind += ' external'
  if ((flags & layout.BLOCK_CONTINUED) !== 0) kind += ' continued'
  if ((flags & layout.BLOCK_GROUP) !== 0) {
    kind += ` group ${reader.groupShard}:${reader.groupLsn}`
    kind += ` part ${reader.groupIndex + 1} of ${reader.groupParticipants}`
  }
  const time = new Date(reader.blockCommitMs).toISOString()
  return (
    `block at ${position}: LSN ${reader.blockLsn}, ${reader.blockLength} bytes, ` +
    `${reader.blockRecords} records, ${time}, durable ${reader.blockDurableLsn}${kind}`
  )
}

function* recordLines(
  reader: SegmentReader,
  position: number,
  options: DumpOptions,
): Generator<string> {
  const end = position + reader.blockLength
  for (let at = position + layout.BLOCK_HEADER_BYTES; at < end; at += reader.recordLength) {
    const problem = reader.readRecord(at, end, true)
    if (problem !== null) {
      yield `  ${problem}`
      return
    }
    if (reader.code === EFFECT_PADDING) continue
    const key = escaped(reader.bytes, reader.keyStart, reader.keyLength)
    let line = `  ${EFFECT_NAMES.get(reader.code)} db ${reader.database} "${key}"`
    line += ` number ${reader.number} value of ${reader.valueLength} bytes`
    if (options.values) {
      const start = reader.keyStart + reader.keyLength
      line += ` "${escaped(reader.bytes, start, reader.valueLength)}"`
    }
    yield line
  }
}

/** Printable ASCII as it is, all else as \xNN; long texts end in …. */
function escaped(bytes: Uint8Array, start: number, length: number): string {
  let text = ''
  for (let at = start; at < start + Math.min(length, SHOWN_BYTES_MAX); at++) {
    const byte = bytes[at]
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return length > SHOWN_BYTES_MAX ? `${text}…` : text
}
