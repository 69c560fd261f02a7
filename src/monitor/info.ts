// The text of INFO. Built from plain numbers, so it can be tested and asked for without threads.
//
//   # Server\r\n
//   redis_version:3.2.12\r\n
//   ...
//   \r\n
//   # Clients\r\n ...
//
// Lines have Redis's names where they mean the same; a line whose number we do not have is left
// out, never invented. [redis-3.2 and 7.0 server.c genRedisInfoString]

import type { CounterName } from '../counters/layout.ts'
import { INFO_SECTIONS } from './info-sections.ts'
import type { Rates } from './rates.ts'
import type { ShardNumbers } from './shard-numbers.ts'

/** Everything INFO tells. Bytes, seconds, milliseconds as the names say. */
export interface InfoSource {
  /** One of the PROFILE_ bits. */
  readonly profile: number
  readonly profileName: string
  readonly instance: string
  readonly runId: string
  readonly acceptorCount: number
  readonly workerCount: number
  readonly mirror: boolean
  readonly dispatch: string
  readonly appendFsync: string
  readonly port: number
  readonly configFile: string
  readonly loading: boolean
  readonly loadingShardsLeft: number
  readonly startedMs: number
  readonly nowMicros: number
  readonly connectedClients: number
  readonly clientsMax: number
  readonly blockedClients: number
  readonly channelCount: number
  readonly patternCount: number
  readonly process: ProcessNumbers
  readonly rates: Rates
  /** By COUNTER. */
  readonly counters: Readonly<Record<CounterName, number>>
  readonly commands: CommandNumbers
  /** Error replies by the places of their first words in ERROR_WORDS. */
  readonly errors: readonly number[]
  readonly shards: readonly ShardNumbers[]
}

/** What is counted of each command, by its code. */
export interface CommandNumbers {
  calls(code: number): number
  /** Answered with an error. */
  failed(code: number): number
  /** Refused in front of the handler. */
  rejected(code: number): number
  /** Microseconds of the calls that were timed. */
  micros(code: number): number
  /** How many calls took less than 2, 4, 8, … us; none unless latency-tracking is on. */
  times(code: number): readonly number[]
}

export interface ProcessNumbers {
  readonly id: number
  /** System, release and machine, as `Linux 6.1.0 x86_64`. */
  readonly system: string
  readonly nodeVersion: string
  readonly residentBytes: number
  readonly systemMemoryBytes: number
  readonly userCpuMicros: number
  readonly systemCpuMicros: number
}

export type InfoSection = (source: InfoSource) => string[]

/**
 * @param wanted section names in any case; none = the default ones. `all` and `everything` are all,
 *   `default` the default ones; an unknown name adds nothing, as in Redis.
 */
export function infoText(source: InfoSource, wanted: readonly string[]): string {
  const names = new Set(wanted.map((name) => name.toLowerCase()))
  const all = names.has('all') || names.has('everything')
  const byDefault = names.size === 0 || names.has('default')
  const sections: string[] = []
  for (const { title, isDefault, lines } of INFO_SECTIONS) {
    if (!all && !(byDefault && isDefault) && !names.has(title.toLowerCase())) continue
    sections.push([`# ${title}`, ...lines(source), ''].join('\r\n'))
  }
  return sections.join('\r\n')
}
