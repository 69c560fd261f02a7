// The arithmetic of a bench: medians, geometric means, ratios and the order of rounds.

/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  if (sorted.length % 2 === 1) return sorted[middle]
  return (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The value that a quarter of the values reach. For throughput slices on a machine with neighbours:
 * what disturbs only ever slows down, so the upper quarter is what the server can do, while a
 * single lucky slice counts for nothing. NaN for none.
 */
export function upperQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => b - a)
  return sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 2]
}

/** The n-th root of the product. NaN for none. */
export function geometricMean(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += Math.log(value)
  return values.length === 0 ? Number.NaN : Math.exp(sum / values.length)
}

/**
 * The order of round `round` (from 0): A B C, then B C A, then C A B … so that no peer always runs
 * first, or always behind the same other.
 */
export function rotate<Item>(items: readonly Item[], round: number): Item[] {
  const shift = items.length === 0 ? 0 : round % items.length
  return [...items.slice(shift), ...items.slice(0, shift)]
}

/**
 * The median over rounds of subject/reference, round by round: what the machine did to both in a
 * round cancels out. Rounds that only one of them has are left out.
 */
export function medianRatio(subject: readonly number[], reference: readonly number[]): number {
  const rounds = Math.min(subject.length, reference.length)
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) ratios.push(subject[round] / reference[round])
  return median(ratios)
}
