// CONFIG GET: Redis's names for our options, and the settings of Redis that mean nothing here.
// Derived from the tables; `requirepass` and `masterauth` are never shown. Cold.

import { resolve } from 'node:path'
import { compileGlob, matchGlob } from '../base/glob.ts'
import { parseNotifyFlags, showNotifyFlags } from '../rows/notify-flags.ts'
import type { OptionRow, OptionValue, OutputLimit } from './rows.ts'
import { FREE_SETTINGS, type Settings } from './settings.ts'
import { OPTION_ROWS, type Options } from './table.ts'

type Pair = readonly [string, string]

/**
 * Pairs of name and value for every setting that one of the patterns matches, whatever the case,
 * each once. `port` is the one that is listened on.
 */
export function configPairs(
  patterns: readonly Uint8Array[],
  settings: Settings,
  port: number,
): readonly Pair[] {
  const globs = patterns.map((pattern) => compileGlob(pattern, 0, pattern.length, true))
  const { options, free } = settings
  const actual = { ...options, port, dir: resolve(options.dir) }
  return allPairs(actual, free).filter(([name]) => {
    const bytes = Buffer.from(name, 'latin1')
    return globs.some((glob) => matchGlob(glob, bytes, 0, bytes.length))
  })
}

function allPairs(options: Options, free: Settings['free']): readonly Pair[] {
  const rows: readonly OptionRow[] = OPTION_ROWS
  const named = rows.flatMap((row): Pair[] => {
    if (row.redisName === '') return []
    const shown = settingText(row, options[row.property as keyof Options])
    return [row.redisName, ...row.redisAliases].map((name) => [name, shown])
  })
  const others = FREE_SETTINGS.map(({ name, value }): Pair => [name, free[name] ?? value])
  return [
    ...named,
    ...others,
    ['cluster-enabled', options.profile === 'redis' ? 'no' : 'yes'],
    ['maxmemory', String(options.shards * options.shardMemoryBytes)],
    ['client-output-buffer-limit', outputLimits(options)],
  ]
}

/** As Redis writes it: yes and no, bytes as a number. */
function settingText(row: OptionRow, value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object') return limitText(value)
  if (row.property !== 'notifyKeyspaceEvents') return String(value)
  return showNotifyFlags(parseNotifyFlags(String(value)) ?? 0)
}

function outputLimits(options: Options): string {
  const normal = limitText(options.outputLimitNormal)
  return `normal ${normal} slave 0 0 0 pubsub ${limitText(options.outputLimitPubsub)}`
}

function limitText(limit: OutputLimit): string {
  return `${limit.hardBytes} ${limit.softBytes} ${limit.softSeconds}`
}
