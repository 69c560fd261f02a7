// Latency histograms in microseconds, one per load thread, merged by the main thread.

import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'
import type { Latency } from './profile.ts'

/** Anything slower than a minute is recorded as a minute. */
const LATENCY_US_MAX = 60_000_000

export type LatencyHistogram = Histogram

export function makeHistogram(): LatencyHistogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  })
}

/** Records `count` requests that each took `ms` milliseconds. */
export function recordMs(histogram: LatencyHistogram, ms: number, count: number): void {
  const us = Math.round(ms * 1000)
  histogram.recordValueWithCount(Math.max(1, Math.min(us, LATENCY_US_MAX)), count)
}

/** Text that a thread can hand over. */
export function packHistogram(histogram: LatencyHistogram): string {
  return encodeIntoCompressedBase64(histogram)
}

export function mergePacked(packed: string[]): LatencyHistogram {
  const sum = makeHistogram()
  for (const text of packed) {
    const one = decodeFromCompressedBase64(text, 32, false)
    if (one.totalCount > 0) sum.add(one)
  }
  return sum
}

export function summarise(histogram: LatencyHistogram): Latency {
  return {
    p50Us: histogram.getValueAtPercentile(50),
    p99Us: histogram.getValueAtPercentile(99),
    p999Us: histogram.getValueAtPercentile(99.9),
    maxUs: histogram.maxValue,
    meanUs: histogram.mean,
  }
}
