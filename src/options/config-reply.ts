// CONFIG GET: Redis's names for our options, and the settings of Redis that are fixed here.
// Derived from the table; `requirepass` and `masterauth` are never shown. Cold.

import { resolve } from 'node:path'
import { compileGlob, matchGlob } from '../base/glob.ts'
import { REDIS_VALUE_BYTES_MAX } from '../base/limits.ts'
import type { OptionRow, OptionValue, OutputLimit } from './rows.ts'
import { OPTION_ROWS, type Options } from './table.ts'

/** Settings that are no option: name and value. Tools ask for them before they start. */
const FIXED: readonly (readonly [string, string])[] = [
  ['appendonly', 'yes'],
  ['save', ''],
  ['maxmemory-policy', 'noeviction'],
  ['proto-max-bulk-len', String(REDIS_VALUE_BYTES_MAX)],
  ['hash-max-ziplist-entries', '512'],
  ['hash-max-ziplist-value', '64'],
  ['list-max-ziplist-size', '-2'],
  ['set-max-intset-entries', '512'],
  ['zset-max-ziplist-entries', '128'],
  ['zset-max-ziplist-value', '64'],
]

/**
 * Pairs of name and value for every setting that one of the patterns matches, whatever the case,
 * each once. `port` is the one that is listened on.
 */
export function configPairs(
  patterns: readonly Uint8Array[],
  options: Options,
  port: number,
): readonly (readonly [string, string])[] {
  const globs = patterns.map((pattern) => compileGlob(pattern, 0, pattern.length, true))
  const actual = { ...options, port, dir: resolve(options.dir) }
  return allPairs(actual).filter(([name]) => {
    const bytes = Buffer.from(name, 'latin1')
    return globs.some((glob) => matchGlob(glob, bytes, 0, bytes.length))
  })
}

function allPairs(options: Options): readonly (readonly [string, string])[] {
  const rows: readonly OptionRow[] = OPTION_ROWS
  const named = rows
    .filter((row) => row.redisName !== '')
    .map((row) => [row.redisName, settingText(options[row.property as keyof Options])] as const)
  return [
    ...named,
    ...FIXED,
    ['cluster-enabled', options.profile === 'redis' ? 'no' : 'yes'],
    ['maxmemory', String(options.shards * options.shardMemoryBytes)],
    ['client-output-buffer-limit', outputLimits(options)],
  ]
}

/** As Redis writes it: yes and no, bytes as a number. */
function settingText(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'object' ? limitText(value) : String(value)
}

function outputLimits(options: Options): string {
  const normal = limitText(options.outputLimitNormal)
  return `normal ${normal} slave 0 0 0 pubsub ${limitText(options.outputLimitPubsub)}`
}

function limitText(limit: OutputLimit): string {
  return `${limit.hardBytes} ${limit.softBytes} ${limit.softSeconds}`
}
