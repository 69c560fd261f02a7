// Where the records of a shard's log belong once swaps and flushes of databases are left out of it.
//
//   log      set a (db 0) │ swap 0 1 │ set b (db 0) │ flush 0 │ set c (db 0)
//   becomes  set a (db 1) │          │  left out    │         │ set c (db 0)
//
// Where a database ends up is known only at the end of the log, so it is read once for the swaps
// and flushes in it, and then `targetOf` is asked for every record in order.

import { DATABASE_COUNT } from '../base/limits.ts'
import { EFFECT_FLUSH_ALL, EFFECT_FLUSH_DATABASE, EFFECT_SWAP_DATABASES } from '../log/codes.ts'
import type { LogFs } from '../log/files.ts'
import { replayShard } from '../log/replay.ts'
import type { ShardScan } from '../log/scan.ts'

/** No database. */
export const LEFT_OUT = -1

interface DatabaseChange {
  readonly index: number
  readonly code: number
  readonly database: number
  readonly other: number
}

export class DatabaseMoves {
  /** Where what a database holds at this point of the log ends up. */
  readonly #targets = Array.from({ length: DATABASE_COUNT }, (_, database) => database)
  /** By the database where it ended up: number of the last record that emptied it, -1 if none. */
  readonly #lastFlush = new Float64Array(DATABASE_COUNT).fill(-1)

  constructor(scan: ShardScan, cutLsn: number, files: LogFs) {
    const changes = findChanges(scan, cutLsn, files)
    // From the end on: the swaps behind a record are known when it is met.
    for (const { index, code, database, other } of changes.reverse()) {
      if (code === EFFECT_SWAP_DATABASES) this.#swap(database, other)
      else if (code === EFFECT_FLUSH_DATABASE) this.#flush(this.#targets[database], index)
      else for (let each = 0; each < DATABASE_COUNT; each++) this.#flush(each, index)
    }
  }

  #swap(left: number, right: number): void {
    const target = this.#targets[left]
    this.#targets[left] = this.#targets[right]
    this.#targets[right] = target
  }

  #flush(target: number, index: number): void {
    this.#lastFlush[target] = Math.max(this.#lastFlush[target], index)
  }

  /** The database of record `index` in the new log, or LEFT_OUT. Asked for each, in order. */
  targetOf(index: number, code: number, database: number, number: number): number {
    if (code === EFFECT_SWAP_DATABASES) {
      this.#swap(database, number)
      return LEFT_OUT
    }
    if (code === EFFECT_FLUSH_ALL || code === EFFECT_FLUSH_DATABASE) return LEFT_OUT
    const target = this.#targets[database]
    return index > this.#lastFlush[target] ? target : LEFT_OUT
  }
}

function findChanges(scan: ShardScan, cutLsn: number, files: LogFs): DatabaseChange[] {
  const changes: DatabaseChange[] = []
  let index = 0
  replayShard(files, scan, cutLsn, (code, database, _flags, ...rest) => {
    const isChange =
      code === EFFECT_SWAP_DATABASES || code === EFFECT_FLUSH_ALL || code === EFFECT_FLUSH_DATABASE
    if (isChange) changes.push({ index, code, database, other: rest[5] })
    index++
  })
  return changes
}
