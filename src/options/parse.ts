// Flags, environment and file → one frozen Options object. Pure: what it needs of the outside is
// passed in. Runs once, in main.
//
//   flags  >  environment  >  file  >  defaults (fixed, or from the machine)
//
// Every wrong thing is an error of one line that names it: an unknown flag, variable or key too.

import { CkvError } from '../base/errors.ts'
import {
  deriveAcceptors,
  deriveMaxclients,
  deriveMirrors,
  deriveOutputLimit,
  deriveShardMemory,
  deriveShards,
  deriveWorkers,
  type Machine,
} from './derived.ts'
import { checkFileLimit } from './fit.ts'
import { parseFlags } from './flags.ts'
import { type Password, readPassword } from './password.ts'
import type { OptionRow, OptionValue, OutputLimit } from './rows.ts'
import {
  environmentName,
  isGiven,
  OPTION_ROWS,
  type OptionSource,
  type OptionSources,
  type Options,
} from './table.ts'
import { notAllowed, readValue } from './values.ts'

export type { OptionSource, OptionSources, Options }

export interface OptionInput {
  /** Without node and script. */
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The bytes of a file, or throws. */
  readonly readFile: (path: string) => Uint8Array
  readonly machine: Machine
  /** The program's own version, for --version. */
  readonly version: string
}

export type ParsedOptions =
  | {
      readonly kind: 'run'
      readonly options: Options
      readonly sources: OptionSources
      readonly password: Password | null
    }
  /** --help or --version: print the text and stop. */
  | { readonly kind: 'text'; readonly text: string }

type Values = Map<string, { readonly value: OptionValue; readonly source: OptionSource }>

const rows: readonly OptionRow[] = OPTION_ROWS
const PASSWORD_NAME = 'CKV_PASSWORD'
/** Names of the environment that are not options: of tests, benches and the launcher. */
const FOREIGN_NAME = /^CKV_(TEST|BENCH|LAUNCHER)_/
/** What Kubernetes sets in every container of a namespace that has a service called ckv. */
const SERVICE_NAME = /^CKV_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))/
const SERVICE_PORT = /^(tcp|udp):\/\/\S+:\d+$/

/** @throws CkvError: code OPTION or PASSWORD, one line */
export function parseOptions(input: OptionInput): ParsedOptions {
  const flags = parseFlags(input.argv, input.version)
  if (flags.kind === 'text') return flags
  const values: Values = new Map()
  const environment = environmentTexts(input.environment)
  const file = flags.raw.get('config') ?? environment.get('config') ?? ''
  // The weakest first: what comes later replaces it. All are checked, also those replaced.
  for (const row of rows) {
    if (row.fallback !== undefined) {
      values.set(row.property, { value: row.fallback, source: 'default' })
    }
  }
  readTexts(values, fileTexts(file, input.readFile), 'file', (row) => `${row.name} in ${file}`)
  readTexts(values, environment, 'environment', environmentName)
  readTexts(values, flags.raw, 'flag', (row) => `--${row.name}`)
  addDerived(values, input.machine)
  const options = optionsOf(values)
  const sources = sourcesOf(values)
  const password = readPassword(
    input.environment[PASSWORD_NAME],
    options.passwordFile,
    input.readFile,
  )
  checkTogether(options, sources, password, input.machine)
  return { kind: 'run', options, sources, password }
}

/**
 * The options once the data are known: a number of shards kept with them holds unless the user
 * gave another, and what depends on it is derived again. The instance likewise.
 */
export function withStored(
  options: Options,
  sources: OptionSources,
  machine: Machine,
  stored: { readonly shards: number; readonly instance: string },
): Options {
  const shards = isGiven(sources.shards) ? options.shards : stored.shards
  const instance = isGiven(sources.instance) ? options.instance : stored.instance
  const sides = options.mirror ? 2 : 1
  const shardMemoryBytes = isGiven(sources.shardMemoryBytes)
    ? options.shardMemoryBytes
    : deriveShardMemory(machine, shards, sides)
  const maxclients = isGiven(sources.maxclients)
    ? options.maxclients
    : deriveMaxclients(machine, { ...options, shards })
  return Object.freeze({ ...options, shards, instance, shardMemoryBytes, maxclients })
}

function readTexts(
  values: Values,
  texts: ReadonlyMap<string, string>,
  source: OptionSource,
  where: (row: OptionRow) => string,
): void {
  for (const row of rows) {
    const raw = texts.get(row.name)
    if (raw !== undefined) {
      values.set(row.property, { value: readValue(row, raw, where(row)), source })
    }
  }
}

/** Option name → text, of every CKV_ variable. */
function environmentTexts(environment: OptionInput['environment']): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('CKV_') || value === undefined || isForeign(name, value)) continue
    const row = rows.find((candidate) => environmentName(candidate) === name)
    if (row === undefined) {
      throw new CkvError('OPTION', `environment: '${name}' is unknown; allowed: ${knownNames()}`)
    }
    texts.set(row.name, value)
  }
  return texts
}

function isForeign(name: string, value: string): boolean {
  if (name === PASSWORD_NAME || FOREIGN_NAME.test(name) || SERVICE_NAME.test(name)) return true
  return name === 'CKV_PORT' && SERVICE_PORT.test(value)
}

function knownNames(): string {
  return [...rows.map(environmentName), PASSWORD_NAME].join(', ')
}

/** Option name → text, of a JSON object of texts, numbers and booleans. */
function fileTexts(file: string, readFile: (path: string) => Uint8Array): Map<string, string> {
  const texts = new Map<string, string>()
  if (file === '') return texts
  for (const [name, value] of Object.entries(fileObject(file, readFile))) {
    const row = rows.find((candidate) => candidate.name === name)
    if (row === undefined || row.name === 'config') {
      const known = rows.filter((candidate) => candidate.name !== 'config')
      const allowed = known.map((candidate) => candidate.name).join(', ')
      const shown = JSON.stringify(name).slice(1, -1)
      throw new CkvError('OPTION', `${file}: '${shown}' is unknown; allowed: ${allowed}`)
    }
    texts.set(row.name, fileText(row, value, file))
  }
  return texts
}

function fileText(row: OptionRow, value: unknown, file: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean' && row.kind === 'on-off') return value ? 'on' : 'off'
  const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
  throw notAllowed(`${row.name} in ${file}`, kind, 'a text or a number')
}

/** A parser's own message quotes the text, which may hold a password put in a wrong place. */
function fileObject(file: string, readFile: (path: string) => Uint8Array): object {
  let text: string
  try {
    text = new TextDecoder().decode(readFile(file))
  } catch (error) {
    throw new CkvError('OPTION', `--config: cannot read '${file}': ${(error as Error).message}`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new CkvError('OPTION', `--config: '${file}' is not valid JSON`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new CkvError('OPTION', `--config: '${file}' must hold one JSON object`)
  }
  return parsed
}

/** Fills what nobody gave; each may depend on those before it. */
function addDerived(values: Values, machine: Machine): void {
  const number = (property: keyof Options, derive: () => number): number => {
    const known = values.get(property)
    if (known !== undefined) return known.value as number
    const value = derive()
    values.set(property, { value, source: 'derived' })
    return value
  }
  const acceptors = number('acceptors', () => deriveAcceptors(machine))
  number('mirrors', () => deriveMirrors(machine))
  const workers = number('workers', () => deriveWorkers(machine))
  const shards = number('shards', () => deriveShards(workers))
  const sides = values.get('mirror')?.value === true ? 2 : 1
  number('shardMemoryBytes', () => deriveShardMemory(machine, shards, sides))
  number('maxclients', () => deriveMaxclients(machine, { shards, acceptors, workers }))
  const limit = values.get('outputLimitNormal')
  if (limit?.source !== 'default') return
  const profile = values.get('profile')?.value as Options['profile']
  const value = deriveOutputLimit(profile, limit.value as OutputLimit)
  values.set('outputLimitNormal', { value, source: 'default' })
}

function optionsOf(values: Values): Options {
  const entries = rows.map((row) => [row.property, values.get(row.property)?.value])
  return Object.freeze(Object.fromEntries(entries)) as Options
}

function sourcesOf(values: Values): OptionSources {
  const entries = rows.map((row) => [row.property, values.get(row.property)?.source])
  return Object.freeze(Object.fromEntries(entries)) as OptionSources
}

function checkTogether(
  options: Options,
  sources: OptionSources,
  password: Password | null,
  machine: Machine,
): void {
  if (password === null && !isLoopback(options.host)) {
    throw notAllowed(
      '--host',
      options.host,
      '127.0.0.1, ::1 and localhost without a password; ' +
        'any address with CKV_PASSWORD or --password-file',
    )
  }
  checkFileLimit(options, sources, machine)
}

/** Loopback by name or number; nothing else is safe without a password. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}
