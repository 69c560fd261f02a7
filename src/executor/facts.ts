// What holds for the whole instance and does not change while it runs. Plain data, so that it can
// be handed to every thread.

import type { Options } from '../options/table.ts'

export interface ServerFacts {
  /** `crs-` and eight letters and digits. */
  readonly instance: string
  /** Forty hexadecimal digits, made at each start. */
  readonly runId: string
  /** One of the PROFILE_ bits of the catalog. */
  readonly profile: number
  readonly shardCount: number
  readonly acceptorCount: number
  readonly workerCount: number
  readonly options: Options
  readonly startedMs: number
  /** The port that is listened on (options.port may be 0). */
  readonly port: number
  /** Null: no password. Kept as a digest; see acceptor/password.ts. */
  readonly passwordDigest: Uint8Array | null
  readonly passwordKey: Uint8Array
  /** Forty hexadecimal digits a shard: hash(instance, shard, side). */
  readonly nodeIds: readonly string[]
}
