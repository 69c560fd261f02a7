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
export const EFFECT_SWAP_DATABASES = 10 //      -         -         the other database; reserved
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
  [EFFECT_PADDING, 'padding'],
])
