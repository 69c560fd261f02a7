// The closed list of effects that a log record can carry. The numbers are on disk: append only,
// never reuse, never renumber (frozen by test/log/frozen.test.ts). What a code does to a shard's
// memory is in keyspace; here only what its fields mean.
//
//   code                        key       value     number
export const EFFECT_STRING_SET = 1 //           key       value     expiry ms, or NO_EXPIRY
export const EFFECT_STRING_SET_KEEP_EXPIRY = 2 // key     value     -
export const EFFECT_DELETE = 3 //               key       -         -
export const EFFECT_EXPIRE_AT = 4 //            key       -         expiry ms
export const EFFECT_PERSIST = 5 //              key       -         -
export const EFFECT_STRING_APPEND = 6 //        key       bytes     -
export const EFFECT_STRING_SET_RANGE = 7 //     key       bytes     offset in bytes
export const EFFECT_FLUSH_DATABASE = 8 //       -         -         -
export const EFFECT_FLUSH_ALL = 9 //            -         -         -
export const EFFECT_SWAP_DATABASES = 10 //      -         -         the other database
//   items: see keyspace/items.ts; scored: each with a score
export const EFFECT_LIST_PUSH = 11 //           key       items     0: at the head, 1: at the tail
export const EFFECT_LIST_POP = 12 //            key       -         count; negative: from the tail
export const EFFECT_LIST_SET = 13 //            key       element   index from the head
export const EFFECT_LIST_INSERT = 14 //         key       element   index it gets
export const EFFECT_LIST_REMOVE = 15 //         key       element   how many, as LREM's count
export const EFFECT_LIST_STORE = 16 //          key       items     expiry ms, or NO_EXPIRY
export const EFFECT_HASH_SET = 17 //            key       items: field, value, …   -
export const EFFECT_HASH_DELETE = 18 //         key       items: fields            -
export const EFFECT_HASH_STORE = 19 //          key       items: field, value, …   expiry
export const EFFECT_SET_ADD = 20 //             key       items     -
export const EFFECT_SET_REMOVE = 21 //          key       items     -
export const EFFECT_SET_STORE = 22 //           key       items     expiry
export const EFFECT_ZSET_ADD = 23 //            key       scored items             -
export const EFFECT_ZSET_REMOVE = 24 //         key       items     -
export const EFFECT_ZSET_REMOVE_RANKS = 25 //   key       count float64            first rank
export const EFFECT_ZSET_STORE = 26 //          key       scored items             expiry
export const EFFECT_RENAME = 27 //              key       new key, in the same slot   -
export const EFFECT_RESTORE = 28 //             reserved: key, RDB payload, expiry
export const EFFECT_MOVE = 29 //                reserved: key, -, the other database
export const EFFECT_COPY = 30 //                reserved: key, new key, its database
export const EFFECT_PADDING = 255 //            fills a block up to the slice end, is skipped

/** `number` of a record without expiry. */
export const NO_EXPIRY = -1

/** Name of each code for people (dump, verify, errors). */
export const EFFECT_NAMES: ReadonlyMap<number, string> = new Map([
  [EFFECT_STRING_SET, 'string-set'],
  [EFFECT_STRING_SET_KEEP_EXPIRY, 'string-set-keep-expiry'],
  [EFFECT_DELETE, 'delete'],
  [EFFECT_EXPIRE_AT, 'expire-at'],
  [EFFECT_PERSIST, 'persist'],
  [EFFECT_STRING_APPEND, 'string-append'],
  [EFFECT_STRING_SET_RANGE, 'string-set-range'],
  [EFFECT_FLUSH_DATABASE, 'flush-database'],
  [EFFECT_FLUSH_ALL, 'flush-all'],
  [EFFECT_SWAP_DATABASES, 'swap-databases'],
  [EFFECT_LIST_PUSH, 'list-push'],
  [EFFECT_LIST_POP, 'list-pop'],
  [EFFECT_LIST_SET, 'list-set'],
  [EFFECT_LIST_INSERT, 'list-insert'],
  [EFFECT_LIST_REMOVE, 'list-remove'],
  [EFFECT_LIST_STORE, 'list-store'],
  [EFFECT_HASH_SET, 'hash-set'],
  [EFFECT_HASH_DELETE, 'hash-delete'],
  [EFFECT_HASH_STORE, 'hash-store'],
  [EFFECT_SET_ADD, 'set-add'],
  [EFFECT_SET_REMOVE, 'set-remove'],
  [EFFECT_SET_STORE, 'set-store'],
  [EFFECT_ZSET_ADD, 'zset-add'],
  [EFFECT_ZSET_REMOVE, 'zset-remove'],
  [EFFECT_ZSET_REMOVE_RANKS, 'zset-remove-ranks'],
  [EFFECT_ZSET_STORE, 'zset-store'],
  [EFFECT_RENAME, 'rename'],
  [EFFECT_RESTORE, 'restore'],
  [EFFECT_MOVE, 'move'],
  [EFFECT_COPY, 'copy'],
  [EFFECT_PADDING, 'padding'],
])

/** Codes whose value is items, and those of them whose items have scores. */
export const SCORED_CODES: ReadonlySet<number> = new Set([EFFECT_ZSET_ADD, EFFECT_ZSET_STORE])
export const ITEM_CODES: ReadonlySet<number> = new Set([
  EFFECT_LIST_PUSH,
  EFFECT_LIST_STORE,
  EFFECT_HASH_SET,
  EFFECT_HASH_DELETE,
  EFFECT_HASH_STORE,
  EFFECT_SET_ADD,
  EFFECT_SET_REMOVE,
  EFFECT_SET_STORE,
  EFFECT_ZSET_REMOVE,
  ...SCORED_CODES,
])
