// LATENCY DOCTOR: what the samples say, in words.

import type { LatencySeries } from '../counters/latency.ts'

export function latencyReport(
  thresholdMs: number,
  events: readonly (readonly [string, LatencySeries | undefined])[],
): string {
  if (thresholdMs === 0) {
    return (
      'Latency monitoring is disabled. You may use ' +
      '"CONFIG SET latency-monitor-threshold <milliseconds>" to enable it.\n'
    )
  }
  const seen = events.flatMap(([name, series]) => (series === undefined ? [] : [{ name, series }]))
  if (seen.length === 0) {
    return `No event of ${thresholdMs} ms or more was seen since the last LATENCY RESET.\n`
  }
  const lines = seen.map(({ name, series }, index) => {
    const { samples, slowestMs } = series
    const average = samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length
    return (
      `${index + 1}. ${name}: ${samples.length} latency spikes ` +
      `(average ${average.toFixed(0)} ms). Worst all time event ${slowestMs} ms.`
    )
  })
  return `${lines.join('\n')}\nSLOWLOG GET shows which commands were slow.\n`
}
