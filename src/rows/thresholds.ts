// The settings that decide how shards keep their values, as CONFIG SET last stored them. A plain
// load each: an effect that began with the old value may end with it. [redis-7.0 redis.conf]

import {
  HASH_LISTPACK_ENTRIES_WORD,
  HASH_LISTPACK_VALUE_BYTES_WORD,
  HLL_SPARSE_BYTES_WORD,
  LIST_LISTPACK_SIZE_WORD,
  NOTIFY_FLAGS_WORD,
  SET_INTSET_ENTRIES_WORD,
  ZSET_LISTPACK_ENTRIES_WORD,
  ZSET_LISTPACK_VALUE_BYTES_WORD,
} from './layout.ts'
import type { Rows } from './rows.ts'

/** Fields of a hash that is kept packed. */
export function hashListpackEntriesMax(rows: Rows): number {
  return rows.words[HASH_LISTPACK_ENTRIES_WORD]
}

/** Bytes of a field or value of a hash that is kept packed. */
export function hashListpackValueBytesMax(rows: Rows): number {
  return rows.words[HASH_LISTPACK_VALUE_BYTES_WORD]
}

/** Members of a set of integers. */
export function setIntsetEntriesMax(rows: Rows): number {
  return rows.words[SET_INTSET_ENTRIES_WORD]
}

/** Members of a sorted set that is kept packed. */
export function zsetListpackEntriesMax(rows: Rows): number {
  return rows.words[ZSET_LISTPACK_ENTRIES_WORD]
}

/** Bytes of a member of a sorted set that is kept packed. */
export function zsetListpackValueBytesMax(rows: Rows): number {
  return rows.words[ZSET_LISTPACK_VALUE_BYTES_WORD]
}

/** As Redis has it: positive, entries of a node; -1 to -5, its 4, 8, 16, 32 or 64 KB. */
export function listListpackSize(rows: Rows): number {
  return rows.words[LIST_LISTPACK_SIZE_WORD]
}

/** Bytes of a HyperLogLog that is kept sparse. */
export function hllSparseBytesMax(rows: Rows): number {
  return rows.words[HLL_SPARSE_BYTES_WORD]
}

/** Or of NOTIFY_ bits. */
export function notifyFlags(rows: Rows): number {
  return rows.words[NOTIFY_FLAGS_WORD]
}
