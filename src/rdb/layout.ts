// The format of DUMP payloads. [redis-7.0 rdb.h, rdb.c, cluster.c]
//
//   ┌──────┬─────────────────────┬────────────────────┬────────────────────────────┐
//   │ type │ body, by the type   │ version, 2 bytes LE│ CRC-64 of all before, 8 LE │
//   └──────┴─────────────────────┴────────────────────┴────────────────────────────┘
//
// A length, or a special form of string:
//
//   00LLLLLL                          6 bits
//   01LLLLLL LLLLLLLL                 14 bits, big-endian
//   10000000 and 4 bytes              32 bits, big-endian
//   10000001 and 8 bytes              64 bits, big-endian
//   11000000 and 1 byte               the text of an integer of 8 bits
//   11000001 and 2 bytes LE           of 16 bits
//   11000010 and 4 bytes LE           of 32 bits
//   11000011 packed plain bytes       LZF: length of the packed bytes, length of the plain ones
//
// Bodies: a string; a count and strings (members, fields and values in turn, members each with a
// score behind it); or one string that holds a packed form; a quicklist is a count of such ones.

export const RDB_VERSION = 10
export const FOOTER_BYTES = 10
export const FOOTER_CRC_BYTES = 8

export const TYPE_STRING = 0
export const TYPE_LIST = 1
export const TYPE_SET = 2
/** Scores as text. */
export const TYPE_ZSET = 3
export const TYPE_HASH = 4
/** Scores as 8 bytes. */
export const TYPE_ZSET_2 = 5
export const TYPE_LIST_ZIPLIST = 10
export const TYPE_SET_INTSET = 11
export const TYPE_ZSET_ZIPLIST = 12
export const TYPE_HASH_ZIPLIST = 13
/** Nodes are ziplists. */
export const TYPE_LIST_QUICKLIST = 14
export const TYPE_HASH_LISTPACK = 16
export const TYPE_ZSET_LISTPACK = 17
/** Nodes are listpacks, or plain: one large element. */
export const TYPE_LIST_QUICKLIST_2 = 18

export const NODE_PLAIN = 1
export const NODE_PACKED = 2

/** The two upper bits of a length's first byte. */
export const LENGTH_6_BITS = 0x00
export const LENGTH_14_BITS = 0x40
export const LENGTH_SPECIAL = 0xc0
export const LENGTH_32_BITS = 0x80
export const LENGTH_64_BITS = 0x81

export const SPECIAL_INT8 = 0xc0
export const SPECIAL_INT16 = 0xc1
export const SPECIAL_INT32 = 0xc2
export const SPECIAL_LZF = 0xc3

/** Lengths of a score's text that are no lengths. */
export const SCORE_NAN = 253
export const SCORE_INFINITE = 254
export const SCORE_MINUS_INFINITE = 255
