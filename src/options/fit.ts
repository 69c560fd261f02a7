// Does what was asked for fit this machine? What cannot work is refused; what can only go wrong
// later is said in one line at the start, as Redis does. Pure: the machine's facts are passed in.

import { CkvError } from '../base/errors.ts'
import { CLIENTS_LEAST } from '../base/limits.ts'
import {
  CLIENTS_DEFAULT,
  clientsThatFit,
  filesNeeded,
  type Machine,
  usableMemoryBytes,
} from './derived.ts'
import { isGiven, type OptionSources, type Options } from './table.ts'

/** Throws CkvError OPTION when the file limit leaves no room for the clients asked for, or any. */
export function checkFileLimit(options: Options, sources: OptionSources, machine: Machine): void {
  const given = isGiven(sources.maxclients)
  const wanted = given ? options.maxclients : CLIENTS_LEAST
  if (clientsThatFit(machine, options) >= wanted) return
  const needed = filesNeeded(wanted, options)
  const who = given ? `--maxclients ${wanted}` : `${wanted} clients, the least that is served,`
  const how = given ? 'lower --maxclients or raise' : 'lower --shards or raise'
  throw new CkvError(
    'OPTION',
    `${who} with ${options.shards} shards needs ${needed} open files, ` +
      `but the limit is ${machine.fileLimit}: ${how} it (ulimit -n)`,
  )
}

/** Lines for the program's log: what was made smaller, and what is larger than the machine. */
export function fitWarnings(options: Options, sources: OptionSources, machine: Machine): string[] {
  const warnings: string[] = []
  if (!isGiven(sources.maxclients) && options.maxclients < CLIENTS_DEFAULT) {
    warnings.push(
      `${CLIENTS_DEFAULT} clients with ${options.shards} shards need ` +
        `${filesNeeded(CLIENTS_DEFAULT, options)} open files, but the limit is ` +
        `${machine.fileLimit}: maxclients has been reduced to ${options.maxclients}; ` +
        'raise the limit with ulimit -n',
    )
  }
  const sides = options.mirror ? 2 : 1
  const totalBytes = options.shards * options.shardMemoryBytes * sides
  const usableBytes = usableMemoryBytes(machine)
  if (totalBytes > usableBytes) {
    const whose = machine.cgroupMemoryBytes === usableBytes ? 'control group' : 'machine'
    warnings.push(
      `${options.shards} shards of ${gigabytes(options.shardMemoryBytes)} may grow to ` +
        `${gigabytes(totalBytes)}, but this ${whose} has ${gigabytes(usableBytes)}: full shards ` +
        'would end the process before they refuse writes; lower --shard-memory or --shards',
    )
  }
  return warnings
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2).replace(/\.?0+$/, '')} GB`
}
