// From the histogram of registers to the number of distinct elements. [redis-7.0 hyperloglog.c;
// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv 1702.01284,
// algorithm 6] Redis 3.2 estimated in another way; every profile answers with this one.
//
// Each step is one operation on doubles in the same order as in Redis, so the sums are equal to the
// last bit and so is the rounded result.

import { RANK_BITS, REGISTER_COUNT } from './hyperloglog-layout.ts'

/** 0.5 / ln(2) */
const ALPHA_INFINITE = 0.7213475204444817

/** A whole number; Infinity when all registers are as high as can be. */
export function estimateCardinality(histogram: Int32Array): number {
  const highest = histogram[RANK_BITS + 1]
  let sum = REGISTER_COUNT * tau((REGISTER_COUNT - highest) / REGISTER_COUNT)
  for (let value = RANK_BITS; value >= 1; value--) {
    sum += histogram[value]
    sum *= 0.5
  }
  sum += REGISTER_COUNT * sigma(histogram[0] / REGISTER_COUNT)
  // The argument is positive: Math.round and C's llround agree.
  return Math.round((ALPHA_INFINITE * REGISTER_COUNT * REGISTER_COUNT) / sum)
}

/** x + the sum of x^(2^k) * 2^(k-1) over k >= 1, until a step changes nothing. */
function sigma(share: number): number {
  if (share === 1) return Infinity
  let x = share
  let weight = 1
  let sum = share
  let before: number
  do {
    x *= x
    before = sum
    sum += x * weight
    weight += weight
  } while (before !== sum)
  return sum
}

/** A third of 1 - x - the sum of (1 - x^(2^-k))^2 * 2^-k over k >= 1. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let x = share
  let weight = 1
  let sum = 1 - share
  let before: number
  do {
    x = Math.sqrt(x)
    before = sum
    weight *= 0.5
    sum -= (1 - x) * (1 - x) * weight
  } while (before !== sum)
  return sum / 3
}
