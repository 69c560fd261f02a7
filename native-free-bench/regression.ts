// When is a row of `bench:ci` slower than it used to be? Figures are ratios to a fixed reference
// measured beside them, higher = better, three rounds each. A row is SUSPECT when
//
//   the median round is below 0.80 × baseline     (two of three rounds lost more than 20 %)
//   and the best round is below 0.90 × baseline   (no round came near the old speed)
//
// and FAILS when it is suspect again in three more rounds.
//
// Why this is not flaky: with an honest row (true ratio 1.0) chance must push two of three rounds
// below 0.80 and the third below 0.90, and then do all of that a second time. One disturbed round,
// even one disturbed minute, is not enough.
// Why a real 20 % is still caught: a row that lost a quarter has its rounds around 0.75: the median
// is below 0.80, and for the best to reach 0.90 a round would have to be 20 % too fast. The limit
// of the best round is 0.90 and not 0.80 for just that reason: the best of three is always a
// little lucky.

import { median } from './statistics.ts'

export const MEDIAN_SHARE_MIN = 0.8
export const BEST_SHARE_MIN = 0.9

export interface Verdict {
  name: string
  /** Median of the rounds. */
  value: number
  /** What the median must reach. */
  limit: number
  suspect: boolean
  /** Why there is no limit, or '': a row without a baseline fails. */
  problem: string
}

/** Judges one row; `baseline` undefined = the row is new. */
export function judge(
  name: string,
  rounds: readonly number[],
  baseline: number | undefined,
): Verdict {
  const value = median(rounds)
  if (baseline === undefined) {
    return { name, value, limit: Number.NaN, suspect: false, problem: 'not in baseline.json' }
  }
  const limit = baseline * MEDIAN_SHARE_MIN
  const best = Math.max(...rounds)
  // A figure that could not be measured (NaN) must not pass by failing every comparison.
  const suspect = !(value >= limit || best >= baseline * BEST_SHARE_MIN)
  return { name, value, limit, suspect, problem: '' }
}

/** Rows of the baseline that nothing measures any more. */
export function missingRows(
  baseline: Record<string, number>,
  measured: readonly string[],
): string[] {
  return Object.keys(baseline).filter((name) => !measured.includes(name))
}
