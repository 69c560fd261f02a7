// The inputs of ZUNION and its kin: sorted sets, and sets as if every score were 1.

import { hashOfKey, type ShardSide } from '../keyspace/side.ts'
import { entryType } from '../memory/entry.ts'
import { TYPE_SET, TYPE_ZSET } from '../memory/layout.ts'
import { SetWalk, setCount, setHas } from '../memory/set.ts'
import { span } from '../memory/span.ts'
import { ZsetWalk, zsetCount, zsetScore } from '../memory/zset.ts'

/** What a member of a set counts. */
const SET_SCORE = 1

/** Types that can be an input. */
export function isMemberSource({ arena }: ShardSide, entry: number): boolean {
  const type = entryType(arena, entry)
  return type === TYPE_ZSET || type === TYPE_SET
}

function isSet({ arena }: ShardSide, entry: number): boolean {
  return entryType(arena, entry) === TYPE_SET
}

/** One input; `entry` 0: its key is not there, so it is empty. */
export interface MemberSource {
  side: ShardSide
  entry: number
  weight: number
}

export function sourceCount({ side, entry }: MemberSource): number {
  if (entry === 0) return 0
  return isSet(side, entry) ? setCount(side.arena, entry) : zsetCount(side.arena, entry)
}

/** The score of a member, NaN = it is not there. Leaves `span` anywhere. */
export function sourceScore(
  { side, entry }: MemberSource,
  hash: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  if (entry === 0) return Number.NaN
  if (isSet(side, entry)) {
    return setHas(side.arena, entry, hash, bytes, start, length) ? SET_SCORE : Number.NaN
  }
  return zsetScore(side.arena, entry, hash, bytes, start, length)
}

/** Texts of so many bytes may be integers that lie in no arena: they are copied. */
const HELD_BYTES_MAX = 24

/** All members of an input, one after the other. One a thread; nothing may change meanwhile. */
export class SourceWalk {
  readonly #walk = new ZsetWalk()
  readonly #setWalk = new SetWalk()
  readonly #held = new Uint8Array(HELD_BYTES_MAX)
  #source!: MemberSource
  #empty = false
  #isSet = false
  /** The member where the walk stands, whatever becomes of `span`. */
  bytes: Uint8Array = this.#held
  start = 0
  length = 0
  hash = 0
  score = 0

  begin(source: MemberSource): void {
    this.#source = source
    this.#empty = source.entry === 0
    if (this.#empty) return
    const { side, entry } = source
    this.#isSet = isSet(side, entry)
    if (this.#isSet) this.#setWalk.begin(side.arena, entry)
    else this.#walk.begin(side.arena, entry)
  }

  /** Goes on to the next member; false = there is none. */
  next(): boolean {
    if (this.#empty || !this.#step()) return false
    this.bytes = span.bytes
    this.start = span.start
    this.length = span.length
    if (this.length <= HELD_BYTES_MAX) {
      for (let at = 0; at < this.length; at++) this.#held[at] = this.bytes[this.start + at]
      this.bytes = this.#held
      this.start = 0
    }
    this.hash = hashOfKey(this.#source.side, this.bytes, this.start, this.length)
    return true
  }

  /** Sets the score and shows the member in `span`. */
  #step(): boolean {
    if (this.#isSet) {
      if (!this.#setWalk.next()) return false
      this.score = SET_SCORE
      this.#setWalk.showMember()
      return true
    }
    if (!this.#walk.next()) return false
    this.score = this.#walk.score()
    this.#walk.showMember()
    return true
  }
}
