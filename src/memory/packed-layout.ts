// Bytes of a packed list, small lists, hashes, sets and sorted sets in one run: byte for byte
// Redis 7's listpack, so that it goes into RDB payloads as it is. [redis-7.0 listpack.c]
// All numbers little-endian, no alignment. Numbers only, no behaviour.
//
//   | bytes uint32 | count uint16 | entry | entry | … | 0xff |
//     all, end      65535: or more,
//     included      walk to know
//
// Entry:  | encoding, data …          | back length          |
//           length L ──────────────▶    L itself, 1 to 5 bytes
//
//   first byte   then                          holds
//   0vvvvvvv                                   integer 0 to 127
//   10llllll     l bytes                       string to 63 bytes
//   110vvvvv     1 byte                        integer of 13 bits, the high ones first
//   1110llll     1 byte, l bytes               string to 4095 bytes, the high bits first
//   0xf0         uint32 length, bytes          string
//   0xf1-0xf4    2, 3, 4, 8 bytes              integer, two's complement
//   0xff                                       end
//
// Back length: L in groups of 7 bits, the highest group first; all but the first byte have bit 7
// set, so it is read from its last byte leftwards until a byte without it:
//
//   L = 300:  | 00000010 | 1|0101100 |  <── read from here
//
// A string that is the canonical text of an int64 is kept as the integer.

export const PACKED_HEADER_BYTES = 6
export const PACKED_COUNT_OFFSET = 4
export const PACKED_COUNT_UNKNOWN = 0xffff
export const PACKED_END = 0xff
/** Header and end. */
export const PACKED_EMPTY_BYTES = PACKED_HEADER_BYTES + 1

export const STRING_6 = 0x80
export const STRING_6_LENGTH_MAX = 0x3f
export const INTEGER_13 = 0xc0
export const INTEGER_13_MAX = 4095
export const STRING_12 = 0xe0
export const STRING_12_LENGTH_MAX = 0xfff
export const STRING_32 = 0xf0
export const STRING_32_HEAD_BYTES = 5
export const INTEGER_16 = 0xf1
export const INTEGER_24 = 0xf2
export const INTEGER_32 = 0xf3
export const INTEGER_64 = 0xf4

/** Largest L whose back length takes 1, 2, 3, 4 bytes. Redis compares the first with <=, the others
 * with <, so 16383 takes three bytes. */
export const BACK_1_MAX = 127
export const BACK_2_MAX = 16_382
export const BACK_3_MAX = 2_097_150
export const BACK_4_MAX = 268_435_454
