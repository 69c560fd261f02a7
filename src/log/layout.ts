// What the bytes of a shard's log mean, in the segment files and (blocks only) in the slice, the
// ring in shared memory that the mirror reads. Layout only, no behaviour. Numbers little-endian.
//
// LSN = byte position in the shard's log, from 0 over all segments of a generation. Segment headers
// do not count, block headers do:
//
//   segment-000001.ckv                         segment-000002.ckv
//   | header 128 | block | block | block |     | header 128 | block | block |
//                ^ LSN = start LSN (0)                      ^ LSN = its start LSN = end of 000001
//   file position = SEGMENT_HEADER_BYTES + LSN - start LSN;   slice offset = LSN mod slice bytes
//
// SEGMENT HEADER, 128 bytes
//   0        8       12      14       16           28         32      34   36      40     44
//   | xxh64  | magic | vers. | length | instance12 | generat. | shard | 0  | epoch | numb.| 0 |
//   48          56           64                                                          128
//   | start LSN | segment id | zeros                                                      |
//   xxh64 is over bytes 8-127, seed 0. The segment id (64 random bits) seeds the checksums of all
//   blocks of this file, so a block of any other file never validates here.
//
// BLOCK = header + records; its length is a multiple of 8
//   0        8       12       16      18      20      22       24      28
//   | xxh64  | magic | length | vers. | flags | shard | header | epoch | records |
//   32          40          48            56            64    66      68      70  72      96
//   | first LSN | commit ms | durable LSN | group's LSN | low | parts | index | 0 | zeros |
//   xxh64 is over bytes 8..length-1, seeded with the segment id.
//   One commit = one or more blocks: all but the last carry BLOCK_CONTINUED, and recovery takes the
//   whole chain or nothing of it. The group fields stand in a commit's last block.
//
// RECORD, starts at a multiple of 8
//   0        4      5          6       8            12             16       24
//   | length | code | database | flags | key length | value length | number | key | value | zeros |
//   length counts the whole record with its 0-7 zeros. A padding record (code 255) has only the
//   first 8 bytes and zeros. number is a float64: an expiry in ms, an offset, or unused.
//
// A block in the slice never wraps: before the slice end a padding record fills the rest. After
// every block the slice has 0 or at least SLICE_TAIL_BYTES_MIN bytes before its end, so that the
// next block's header always fits. BLOCK_EXTERNAL: the slice holds only this block's header, the
// rest is in the file, the next block starts at LSN + length.
//
// What forces a new LOG_VERSION (and a new golden segment in test/frozen/log, the old one stays):
//   - any field moved, widened, or given another meaning; another checksum, seed or range of it;
//   - a new block flag that an older reader must not ignore; a record code whose replay differs;
//   - another rule for chains, groups or padding.
// What does not: a new record code (append-only, codes.ts; older readers refuse unknown codes).

export const LOG_VERSION = 1

// ── segment header ────────────────────────────────────────────────────────────────────────────
export const SEGMENT_HEADER_BYTES = 128
/** 'CKVS' read as a little-endian word. */
export const SEGMENT_MAGIC = 0x53564b43
export const SEGMENT_CHECKSUM_BYTE = 0
export const SEGMENT_MAGIC_BYTE = 8
export const SEGMENT_VERSION_BYTE = 12
export const SEGMENT_LENGTH_BYTE = 14
export const SEGMENT_INSTANCE_BYTE = 16
export const SEGMENT_INSTANCE_BYTES = 12
export const SEGMENT_GENERATION_BYTE = 28
export const SEGMENT_SHARD_BYTE = 32
export const SEGMENT_EPOCH_BYTE = 36
export const SEGMENT_NUMBER_BYTE = 40
export const SEGMENT_START_BYTE = 48
export const SEGMENT_ID_BYTE = 56

// ── block header ──────────────────────────────────────────────────────────────────────────────
export const BLOCK_HEADER_BYTES = 96
/** 'CKVB' read as a little-endian word. */
export const BLOCK_MAGIC = 0x42564b43
export const BLOCK_CHECKSUM_BYTE = 0
/** First byte under the checksum. */
export const BLOCK_CHECKED_BYTE = 8
export const BLOCK_MAGIC_BYTE = 8
export const BLOCK_LENGTH_BYTE = 12
export const BLOCK_VERSION_BYTE = 16
export const BLOCK_FLAGS_BYTE = 18
export const BLOCK_SHARD_BYTE = 20
export const BLOCK_HEADER_LENGTH_BYTE = 22
export const BLOCK_EPOCH_BYTE = 24
export const BLOCK_RECORDS_BYTE = 28
export const BLOCK_LSN_BYTE = 32
export const BLOCK_COMMIT_MS_BYTE = 40
export const BLOCK_DURABLE_BYTE = 48
export const BLOCK_GROUP_LSN_BYTE = 56
export const BLOCK_GROUP_SHARD_BYTE = 64
export const BLOCK_GROUP_PARTICIPANTS_BYTE = 66
export const BLOCK_GROUP_INDEX_BYTE = 68
/** 24 zeros, for later. */
export const BLOCK_RESERVED_BYTE = 72

/** Part of a commit over several shards: applied when every part is there, or not at all. */
export const BLOCK_GROUP = 1
/** The commit goes on in the next block. */
export const BLOCK_CONTINUED = 2
/** Empty: written when the shard fell idle after a sync; all below it is durable. */
export const BLOCK_MARK = 4
/** Large records of one command, mostly one; the slice holds only the header. */
export const BLOCK_EXTERNAL = 8
export const BLOCK_FLAGS_KNOWN = 15

// ── record ────────────────────────────────────────────────────────────────────────────────────
export const RECORD_LENGTH_BYTE = 0
export const RECORD_CODE_BYTE = 4
export const RECORD_DATABASE_BYTE = 5
export const RECORD_FLAGS_BYTE = 6
export const RECORD_KEY_LENGTH_BYTE = 8
export const RECORD_VALUE_LENGTH_BYTE = 12
export const RECORD_NUMBER_BYTE = 16
export const RECORD_HEAD_BYTES = 24
/** A padding record may be as short as this. */
export const RECORD_BYTES_MIN = 8

/** Blocks and records start at multiples of this. */
export const LOG_ALIGNMENT_BYTES = 8
/** After a block the slice ends or has at least this much left: a header and a small record. */
export const SLICE_TAIL_BYTES_MIN = 128
