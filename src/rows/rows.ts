// Views over the control rows, the same on every thread. See layout.ts for who may store what.

import { sideRow } from './layout.ts'

export class Rows {
  readonly words: Int32Array
  readonly longs: BigInt64Array

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer)
    this.longs = new BigInt64Array(buffer)
  }
}

/** Index into `longs` of a side's BigInt64 field. */
export function sideLong(shard: number, side: number, fieldLong: number): number {
  return (sideRow(shard, side) >> 1) + fieldLong
}

/** LSNs are numbers everywhere but in these shared words; 2^53 bytes are never reached. */
export function loadLsn(rows: Rows, long: number): number {
  return Number(Atomics.load(rows.longs, long))
}

export function storeLsn(rows: Rows, long: number, lsn: number): void {
  Atomics.store(rows.longs, long, BigInt(lsn))
}
