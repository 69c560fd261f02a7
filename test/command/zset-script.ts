// Table tests of sorted set commands, in both encodings.

import type { Test } from 'tap'
import type { ProfileName } from '../../src/catalog/spec.ts'
import type { ShardOptions } from '../support/shard-fixture.ts'
import { type Line, script } from './script.ts'

export const NOT_FLOAT = 'ERR value is not a valid float'

/** A set without packed members: what is large is large from the first one on. */
export const LARGE: ShardOptions = { limits: { zsetEntriesMax: 0 } }

/** Runs the lines on packed sets and on large ones. */
export function inBothEncodings(
  t: Test,
  profiles: readonly ProfileName[],
  lines: readonly Line[],
): void {
  script(t, profiles, lines)
  script(t, profiles, lines, LARGE)
}
