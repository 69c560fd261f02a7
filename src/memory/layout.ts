// Bytes of an arena: the memory of one side of one shard. Numbers only, no behaviour.
// Only the holder of the memory's token reads or writes these bytes, so nothing here is atomic;
// the token's hand-over orders everything. A change here means LAYOUT_VERSION + 1 (images).
//
// An arena is 1 to 16 segments (SharedArrayBuffers of at most 1 GiB, zero when new).
// An address counts units of 8 bytes; 0 is null; bit 31 is never set:
//
//   bit 31 | 30 ........ 27 | 26 ........................ 0
//     0    |  segment 0-15  |  unit within the segment
//
// Segment 0:   | arena root 4096 B | 56 B | blocks … top ->            | never touched |
// Segment 1-15:| 56 B              |        blocks … top ->            | never touched |
//
// BLOCKS (extents) are whole grains of 64 bytes; each payload starts at a multiple of 64, its
// header is the 8 bytes before it. Two consecutive 16 KiB slabs therefore touch each other:
//
//   byte ≡ 56 (mod 64)      ≡ 0                                     ≡ 56
//   | size,flags | previous | payload: 64 × grains − 8 bytes        | next header …
//
// FREE block: payload words 0, 1 = next, previous block in its size list (addresses).
//
// SLAB: an extent of 256 grains whose payload is 16 KiB-aligned; blocks of one size inside:
//   word 0 block units | capacity << 16   1 used blocks   2 first free block (unit in slab, 0 none)
//   word 3 bump: first unit never handed out   4 next, 5 previous slab with room of this size
//   unit 3 … blocks. A free block's word 0 is the next free block (unit in slab).

import { DATABASE_COUNT, SEGMENTS_MAX } from '../base/limits.ts'

export const ARENA_MAGIC = 0x4d564b43 // 'CKVM'
export const LAYOUT_VERSION = 2

// ── Addresses ──────────────────────────────────────────────────────────────────────────────
export const UNIT_BYTES = 8
export const SEGMENT_SHIFT = 27
export const UNIT_MASK = 0x07ff_ffff
export const ADDRESS_MASK = 0x7fff_ffff

// ── Arena root: words of segment 0 ─────────────────────────────────────────────────────────
export const ROOT_BYTES = 4096
export const MAGIC_WORD = 0
export const VERSION_WORD = 1
export const SEGMENT_COUNT_WORD = 2
/** First and last detached dictionary whose memory is given back in slices. */
export const RELEASE_HEAD_WORD = 3
export const RELEASE_TAIL_WORD = 4
// Float64 slots: word 2n = double n.
/** Bytes of all segments. */
export const CAPACITY_DOUBLE = 4
/** Bytes of all allocated blocks with their headers. */
export const USED_DOUBLE = 5
export const ALLOCATIONS_DOUBLE = 6
export const RELEASES_DOUBLE = 7
export const FAILURES_DOUBLE = 8
/** Entries in detached dictionaries that are still to be freed. */
export const RELEASE_PENDING_DOUBLE = 9
/** Address of the dictionary root of each database, 0 = no key was ever there. */
export const DATABASES_WORD = 32
/** Per segment: unit of the payload that a block at the top would get. */
export const TOP_WORD = 48
/** Per segment: the highest top ever; nothing above was ever touched. */
export const HIGH_WORD = 64
/** Per segment: grains of the block just below the top, 0 = none. */
export const LAST_WORD = 80
/** Per block size in units (2-64): first slab with room. */
export const SLAB_ROOM_WORD = 96
/** Bit b set = some bit set in the second-level map b. */
export const BIN_MAP_WORD = 168
export const BIN_MAPS_WORD = 169
export const BIN_MAPS = 21
/** First free block of each size list. */
export const BINS_WORD = 192
export const BINS = BIN_MAPS * 32
export const ROOT_END_WORD = BINS_WORD + BINS

// ── Blocks ─────────────────────────────────────────────────────────────────────────────────
export const GRAIN_BYTES = 64
export const GRAIN_UNITS = 8
/** Payload unit of the first block of segment 0 and of the others. */
export const FIRST_UNIT_OF_ROOT_SEGMENT = (ROOT_BYTES + GRAIN_BYTES) / UNIT_BYTES
export const FIRST_UNIT = GRAIN_BYTES / UNIT_BYTES
/** Header word 0: grains | flags. Header word 1: grains of the block before it, 0 = first. */
export const GRAINS_MASK = 0x01ff_ffff
export const FREE_FLAG = 0x4000_0000
export const SLAB_FLAG = 0x2000_0000

// ── Slabs ──────────────────────────────────────────────────────────────────────────────────
export const SLAB_BYTES = 16_384
export const SLAB_UNITS = SLAB_BYTES / UNIT_BYTES
export const SLAB_GRAINS = SLAB_BYTES / GRAIN_BYTES
export const SLAB_SHAPE_WORD = 0
export const SLAB_USED_WORD = 1
export const SLAB_FREE_WORD = 2
export const SLAB_BUMP_WORD = 3
export const SLAB_NEXT_WORD = 4
export const SLAB_PREVIOUS_WORD = 5
export const SLAB_HEADER_UNITS = 3
/** Units for blocks: the last unit of the 16 KiB is the next extent's header. */
export const SLAB_ROOM_UNITS = SLAB_UNITS - 1 - SLAB_HEADER_UNITS
export const SLAB_BLOCK_BYTES_MAX = 512
export const SLAB_BLOCK_UNITS_MIN = 2
export const SLAB_BLOCK_UNITS_MAX = SLAB_BLOCK_BYTES_MAX / UNIT_BYTES

// ── Entry: one block ───────────────────────────────────────────────────────────────────────
//   word 0   clock (bits 0-23) | type (24-27) | encoding (28-31)
//   word 1   flags (bits 0-3) | key length (4-15) | value length (16-31)
//   [WIDE]   key length uint32, value length uint32 (the fields in word 1 are then 0)
//   [EXPIRY] Float64: ms since 1970; NO_EXPIRY in the field = the entry has none now
//   key bytes, value bytes
//   STRING_CHUNKED: after the key, at the next multiple of 4: a table of chunk addresses, its
//   room a multiple of CHUNK_TABLE_STEP; chunk i holds bytes [i, i + 1) × VALUE_CHUNK_BYTES.
export const ENTRY_HEADER_BYTES = 8
export const CLOCK_MASK = 0x00ff_ffff
export const TYPE_SHIFT = 24
export const ENCODING_SHIFT = 28
export const ENTRY_EXPIRY = 1
export const ENTRY_WIDE = 2
export const KEY_LENGTH_SHIFT = 4
export const NARROW_KEY_MAX = 0xfff
export const VALUE_LENGTH_SHIFT = 16
export const NARROW_VALUE_MAX = 0xffff
export const CHUNK_TABLE_STEP = 32
export const NO_EXPIRY = -1

export const TYPE_STRING = 0
export const TYPE_LIST = 1
export const TYPE_SET = 2
export const TYPE_ZSET = 3
export const TYPE_HASH = 4
/** Value bytes follow the key. */
export const STRING_RAW = 0
/** Value above VALUE_CHUNK_BYTES: the entry holds the table of its chunks. */
export const STRING_CHUNKED = 1

// Collections: lists, sets, sorted sets, hashes. What the value of their entry is:
/** A packed list (packed.ts) and free room behind it. */
export const COLLECTION_PACKED = 0
/** Sets only: an integer set (integer-set.ts) and free room behind it. */
export const COLLECTION_INTEGERS = 1
/** The address of a root block, 4 bytes little-endian, at any byte: dictionary or list root. */
export const COLLECTION_LARGE = 2
export const COLLECTION_ROOT_BYTES = 4
/** A collection whose packed bytes would be more than this becomes large, whatever its options. */
export const PACKED_BYTES_MAX = 60_000

// ── Element of a large set, hash or sorted set: one block, in a dictionary of its own ──────────
//   word 0   flags (bits 0-1) | key length (2-13) | value length (16-31)
//   sorted sets only, nodes of their ordered tree (order-tree.ts):
//     word 1 elements of the subtree; byte 8 Float64 score; word 4 left, 5 right element
//   [WIDE]   key length uint32, value length uint32 (the fields in word 0 are then 0)
//   key bytes (field or member), from a multiple of 4 on; value bytes (hashes only)
export const ELEMENT_HEADER_BYTES = 4
export const ORDERED_HEADER_BYTES = 24
export const ELEMENT_WIDE = 1
export const ELEMENT_WIDE_BYTES = 8
export const ELEMENT_KEY_SHIFT = 2
export const ELEMENT_KEY_MAX = 0xfff
export const ELEMENT_VALUE_SHIFT = 16
export const ELEMENT_VALUE_MAX = 0xffff
export const ORDER_SIZE_WORD = 1
export const ORDER_SCORE_DOUBLE = 1
export const ORDER_LEFT_WORD = 4
export const ORDER_RIGHT_WORD = 5

// ── Dictionary: extendible hashing ─────────────────────────────────────────────────────────
//
//   root ──> directory: 2^depth page addresses, indexed by the TOP depth bits of the hash
//                │  │  │  │        a page of local depth d stands in 2^(depth − d) neighbours,
//                ▼  └──┴──┘        so every page covers one contiguous range of hashes
//              page   page
//
// Page: 4 header words, then 62 slots of [hash, entry address | SLOT_EXPIRY].
export const PAGE_BYTES = 512
export const PAGE_DEPTH_WORD = 0
export const PAGE_COUNT_WORD = 1
/** Lower bound of the expiry of any entry in this page: seconds, uint32; NO_BOUND = none. */
export const PAGE_BOUND_WORD = 2
/** Page that takes what this one cannot hold, when it cannot be split. */
export const PAGE_OVERFLOW_WORD = 3
export const PAGE_SLOTS_WORD = 4
export const PAGE_SLOTS = 62
/** Primary page and its overflow pages. */
export const CHAIN_PAGES_MAX = 16
export const NO_BOUND = 0xffff_ffff
/** Bit 31 of a slot's address: the entry has an expiry. */
export const SLOT_EXPIRY = 0x8000_0000 | 0
/** Top bits used at most. The lowest 8 bits choose the home slot, so the two never overlap. */
export const DEPTH_MAX = 24

// Dictionary root: a block of its own.
export const DIRECTORY_WORD = 0
export const DEPTH_WORD = 1
export const COUNT_WORD = 2
/** Pages in the directory and overflow pages. */
export const PAGES_WORD = 3
export const EXPIRING_WORD = 4
/** Most entries that one insert ever moved. */
export const MOVED_MAX_WORD = 5
/** First hash of the page where the expiry sweep, later the release, goes on; 0 = start. */
export const SWEEP_CURSOR_WORD = 6
/** Address of SLOT_COUNT uint32 key counters; 0 for a dictionary that is not a database. */
export const SLOT_COUNTS_WORD = 7
/** Lower bound (ms) of the earliest expiry; Infinity = none. */
export const NEXT_EXPIRY_DOUBLE = 4
/** The same over what the running sweep has passed and what was inserted meanwhile. */
export const PASS_EXPIRY_DOUBLE = 5
/** Next detached dictionary in the release queue. */
export const QUEUE_NEXT_WORD = 12
/** Release queue: next page to free is at this directory index. */
export const RELEASE_INDEX_WORD = 13
/** One of KIND_…: what is in it, and how it is freed. The same word in every root that can wait in
 * the release queue, as are QUEUE_NEXT_WORD and COUNT_WORD. */
export const ROOT_KIND_WORD = 14
export const KIND_KEYS = 0
export const KIND_SET = 1
export const KIND_HASH = 2
export const KIND_ZSET = 3
export const KIND_LIST = 4
/** Number of pages (without overflow pages) of each local depth 0-24. */
export const PAGES_AT_DEPTH_WORD = 15
/** Sorted sets: the element at the top of the ordered tree, 0 = empty. */
export const ORDER_TOP_WORD = PAGES_AT_DEPTH_WORD + DEPTH_MAX + 1
export const DICTIONARY_ROOT_WORDS = ORDER_TOP_WORD + 2

// ── Large list: a chain of nodes ───────────────────────────────────────────────────────────────
//
//   root ─▶ node ⇄ node ⇄ node        node: | previous | next | count | bytes | bytes …
//
// count elements, as a packed list in a payload of so many bytes. count 0: one element too large
// for a packed list, `bytes` long, as it is.
export const NODE_PREVIOUS_WORD = 0
export const NODE_NEXT_WORD = 1
export const NODE_COUNT_WORD = 2
export const NODE_BYTES_WORD = 3
export const NODE_HEADER_BYTES = 16
// Root: a block of its own.
export const LIST_HEAD_WORD = 0
export const LIST_TAIL_WORD = 1
/** Elements of all nodes stand in COUNT_WORD. */
export const LIST_NODES_WORD = 3
export const LIST_ROOT_WORDS = 16
export const LIST_ROOT_BYTES = LIST_ROOT_WORDS * 4
export const DICTIONARY_ROOT_BYTES = DICTIONARY_ROOT_WORDS * 4

/** The tables above do not overlap; a test asserts it. */
export const ROOT_TABLES: readonly (readonly [number, number])[] = [
  [0, DATABASES_WORD],
  [DATABASES_WORD, DATABASE_COUNT],
  [TOP_WORD, SEGMENTS_MAX],
  [HIGH_WORD, SEGMENTS_MAX],
  [LAST_WORD, SEGMENTS_MAX],
  [SLAB_ROOM_WORD, SLAB_BLOCK_UNITS_MAX + 1],
  [BIN_MAP_WORD, 1],
  [BIN_MAPS_WORD, BIN_MAPS],
  [BINS_WORD, BINS],
]
