// A HyperLogLog is a string in Redis's own format, byte for byte, so values can be copied between
// servers. [redis-3.2 hyperloglog.c]
//
//   byte  0..3      4          5..7     8..15                        16..
//        "HYLL" │ encoding │ unused │ cached cardinality, 64 bits, │ registers
//               │ 0 or 1   │        │ little endian; its top bit   │
//               │          │        │ set: not valid               │
//
// DENSE (0): 16,384 registers of 6 bits, the lowest bits first: register r is in the bits 6r.. of
// the bytes read as one little-endian number. Always 12,304 bytes in all.
//
// SPARSE (1): runs of equal registers, which cover all 16,384 in order:
//
//   00llllll            ZERO    1 to 64 registers are 0         (length - 1)
//   01llllll llllllll   XZERO   1 to 16,384 registers are 0     (length - 1, upper bits first)
//   1vvvvvll            VAL     1 to 4 registers are 1 to 32    (value - 1, length - 1)

import { assert } from '../base/assert.ts'
import { HYPERLOGLOG_SPARSE_BYTES_MAX } from '../base/limits.ts'

/** "HYLL" as a little-endian word. */
export const MAGIC_WORD = 0x4c4c5948
export const ENCODING_BYTE = 4
export const ENCODING_DENSE = 0
export const ENCODING_SPARSE = 1
export const CARDINALITY_BYTE = 8
/** Its top bit says that the cached cardinality is not valid. */
export const CACHE_BYTE = 15
export const CACHE_INVALID = 0x80
export const HEADER_BYTES = 16

/** So many bits of the hash choose the register, the other 50 are counted. */
export const INDEX_BITS = 14
export const REGISTER_COUNT = 16_384
export const RANK_BITS = 64 - INDEX_BITS
export const REGISTER_MAX = 63
export const DENSE_BYTES = HEADER_BYTES + (REGISTER_COUNT * 6) / 8
export const HASH_SEED = 0xadc83b19 | 0

export const XZERO_BIT = 0x40
export const VALUE_BIT = 0x80
export const LENGTH_MASK = 0x3f
export const ZERO_RUN_MAX = 64
export const VALUE_RUN_MAX = 4
/** A larger register needs the dense encoding. */
export const SPARSE_VALUE_MAX = 32
/** Bytes of the longest sequence that one run becomes: XZERO VAL XZERO. */
export const SEQUENCE_BYTES_MAX = 5

/**
 * A longer sparse string covers more than all registers, whatever it says: no run has more than 2
 * bytes and less than 1 register. It is damaged without a look.
 */
export const SPARSE_STORED_BYTES_MAX = 65_536

assert(
  SPARSE_STORED_BYTES_MAX >= HEADER_BYTES + 2 * REGISTER_COUNT,
  'every sound sparse string is read',
)
assert(HYPERLOGLOG_SPARSE_BYTES_MAX < SPARSE_STORED_BYTES_MAX, 'what grows stays readable')
