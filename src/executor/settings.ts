// The settings that a thread's shard work depends on, as this thread read them last: CONFIG SET
// stores the words and then counts OPTIONS_GENERATION_WORD on (control/settings-keeper.ts). Looked
// at when a token is taken: one load while nothing changes.

import { clockOf } from '../keyspace/access.ts'
import { loadEncodingLimits } from '../keyspace/encoding-settings.ts'
import { EVICTION_NONE, EVICTION_POLICIES, type EvictionPolicy } from '../keyspace/eviction.ts'
import type { ShardSide } from '../keyspace/side.ts'
import type { EncodingLimits } from '../memory/encoding-limits.ts'
import {
  EVICTION_POLICY_WORD,
  EVICTION_SAMPLES_WORD,
  OPTIONS_GENERATION_WORD,
} from '../rows/layout.ts'
import type { Rows } from '../rows/rows.ts'

const NEVER = -1

export class HeldSettings {
  readonly #rows: Rows
  /** Those of all sides of this thread, kept as the options say; null: they stay as they are. */
  limits: EncodingLimits | null = null
  policy: EvictionPolicy = EVICTION_POLICIES[0]
  samples = 1
  #generation = NEVER
  #countsUses = false

  constructor(rows: Rows) {
    this.#rows = rows
  }

  /** Keys are removed to make room. */
  get evicts(): boolean {
    return this.policy.name !== EVICTION_NONE
  }

  /** The token of the side was taken now. */
  apply(side: ShardSide, nowMs: number): void {
    if (this.#rows.words[OPTIONS_GENERATION_WORD] !== this.#generation) this.#load()
    side.countsUses = this.#countsUses
    side.accessClock = clockOf(nowMs, this.#countsUses)
  }

  #load(): void {
    const { words } = this.#rows
    // First: what is stored after this look is seen by the next one.
    this.#generation = Atomics.load(words, OPTIONS_GENERATION_WORD)
    if (this.limits !== null) loadEncodingLimits(this.#rows, this.limits)
    this.policy = EVICTION_POLICIES[words[EVICTION_POLICY_WORD]]
    this.samples = words[EVICTION_SAMPLES_WORD]
    this.#countsUses = this.policy.by === 'frequency'
  }
}
