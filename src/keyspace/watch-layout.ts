// The keys that clients watch (WATCH), one area a shard beside its sides: shared memory, never in a
// log, rebuilt empty at a start. Layout only, no behaviour. Offsets are words (Int32).
//
//   | 0 registrations | … apart … | WATCH_HEADER_WORDS bucket 0 | bucket 1 | …
//
// BUCKET = 8 registrations side by side, 128 bytes. A key has two buckets (by its hash), so one
// that changes is looked for in at most 16 places, however many are watched.
//
//   0            8          16            24
//   | 8 hashes   | 8 tags   | 8 versions  | 8 counts  |
//
//   hash      hashOfKey
//   tag       database | there << 4 | slot of the key << 5 | key length << 19 (its low 13 bits)
//   version   counts the changes of the key since it is watched, and who had this place before
//   count     how often clients watch it; 0: the place is free
//
// Who stores: all of it the holder of the shard's token, but for two words which acceptors lower,
// without the token, when a client's watch ends: the count, then the number of registrations. Both
// only say that somebody may still be interested, so a holder that sees them too high does work for
// nobody; too low they cannot be, for only holders raise them, before the client is told. If an
// acceptor dies between the two, a place is free that is still counted (the process ends today; a
// promotion makes the area anew). If a holder dies, its token stays taken and nobody looks.

/** How many times keys of the shard are watched: the one word that every change of a key loads. */
export const REGISTRATIONS_WORD = 0
/** The buckets stand in other cache lines than the word that every change loads. */
export const WATCH_HEADER_WORDS = 32

export const BUCKET_PLACES = 8
export const BUCKET_WORDS = 32
export const TAG_OFFSET = 8
export const VERSION_OFFSET = 16
export const COUNT_OFFSET = 24

export const TAG_DATABASE_MASK = 15
/** The key was there when it was watched: emptying its database changes it. */
export const TAG_THERE = 16
export const TAG_SLOT_SHIFT = 5
export const TAG_LENGTH_SHIFT = 19

/** Shard memory for each byte of the area, within the bounds below. */
export const SHARD_BYTES_PER_WATCH_BYTE = 64
export const WATCH_BUCKETS_MIN = 128
export const WATCH_BUCKETS_MAX = 8192

/** How many buckets belong to a shard of so much memory: a power of two. */
export function watchBuckets(shardMemoryBytes: number): number {
  const fitting = shardMemoryBytes / SHARD_BYTES_PER_WATCH_BYTE / (BUCKET_WORDS * 4)
  let buckets = WATCH_BUCKETS_MIN
  while (buckets * 2 <= fitting && buckets < WATCH_BUCKETS_MAX) buckets *= 2
  return buckets
}

export function watchAreaBytes(bucketCount: number): number {
  return (WATCH_HEADER_WORDS + bucketCount * BUCKET_WORDS) * 4
}
