// Runs redis-benchmark, whose figures are the published ones, and reads its --csv output.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Server } from './server.ts'

const run = promisify(execFile)
const RUN_MS_MAX = 300_000

/** Names of its tests (`-t`) that it prints under another name: "MSET (10 keys)", "PING_MBULK". */
export const BENCHMARK_TESTS = [
  'ping_mbulk',
  'set',
  'get',
  'incr',
  'mset',
  'lpush',
  'rpush',
  'lpop',
  'rpop',
  'sadd',
  'hset',
  'spop',
  'zadd',
  'zpopmin',
  'lrange_100',
  'lrange_300',
  'lrange_600',
] as const
export type BenchmarkTest = (typeof BENCHMARK_TESTS)[number]

/** What has to run first, or there is nothing to take away. */
const FILLED_BY: Partial<Record<BenchmarkTest, BenchmarkTest>> = {
  lpop: 'lpush',
  rpop: 'rpush',
  spop: 'sadd',
  zpopmin: 'zadd',
}

export interface BenchmarkRow {
  test: string
  throughput: number
  p50Us: number
  p99Us: number
  maxUs: number
  meanUs: number
}

export interface BenchmarkRequest {
  test: BenchmarkTest
  requests: number
  connections: number
  pipeline: number
  valueBytes: number
  keys: number
  threads: number
}

export interface BenchmarkResult extends BenchmarkRow {
  cpuUsPerCommand: number
}

/** Splits one CSV line; fields may be quoted and may hold commas inside quotes. */
export function splitCsv(line: string): string[] {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (const letter of line) {
    if (letter === '"') quoted = !quoted
    else if (letter === ',' && !quoted) {
      fields.push(field)
      field = ''
    } else field += letter
  }
  fields.push(field)
  return fields.map((text) => text.trim())
}

/**
 * Reads what `--csv` printed. Columns are found by their names where there is a header (6.2 and
 * later: milliseconds); without one (6.0 and before) a line is "name","requests per second".
 * Warnings, progress and empty lines are skipped. Missing latencies are NaN.
 */
export function parseBenchmarkCsv(output: string): BenchmarkRow[] {
  const rows: BenchmarkRow[] = []
  let columns: string[] = []
  for (const raw of output.split(/[\r\n]+/)) {
    const line = raw.trim()
    if (!line.startsWith('"')) continue
    const fields = splitCsv(line)
    if (fields[0] === 'test') {
      columns = fields
      continue
    }
    const field = (name: string, fallback: number): number => {
      const at = columns.indexOf(name)
      return Number((at < 0 ? fields[fallback] : fields[at]) ?? Number.NaN)
    }
    const throughput = field('rps', 1)
    if (!Number.isFinite(throughput)) continue
    const us = (name: string): number => Math.round(field(name, Number.POSITIVE_INFINITY) * 1000)
    rows.push({
      test: fields[0] ?? '',
      throughput,
      p50Us: us('p50_latency_ms'),
      p99Us: us('p99_latency_ms'),
      maxUs: us('max_latency_ms'),
      meanUs: us('avg_latency_ms'),
    })
  }
  return rows
}

/**
 * One run of one test. CPU per command counts the whole run, connecting included, and with LRANGE
 * the pushes that it makes first.
 */
export async function runBenchmark(
  server: Server,
  request: BenchmarkRequest,
): Promise<BenchmarkResult> {
  const filler = FILLED_BY[request.test]
  if (filler !== undefined) await runBenchmark(server, { ...request, test: filler })
  const args = ['-h', server.host, '-p', String(server.port), '--csv', '-t', request.test]
  args.push('-n', String(request.requests), '-c', String(request.connections))
  args.push('-P', String(request.pipeline), '-d', String(request.valueBytes))
  args.push('-r', String(request.keys))
  if (request.threads > 1) args.push('--threads', String(request.threads))
  const before = server.cpuSeconds()
  const { stdout, stderr } = await run('redis-benchmark', args, { timeout: RUN_MS_MAX })
  const usedUs = (server.cpuSeconds() - before) * 1e6
  // LRANGE has a row of its pushes in front.
  const row = parseBenchmarkCsv(stdout).at(-1)
  if (row === undefined) {
    throw new Error(`redis-benchmark printed no row for ${server.spec.name}: ${stdout}${stderr}`)
  }
  return { ...row, cpuUsPerCommand: server.pid === 0 ? Number.NaN : usedUs / request.requests }
}
