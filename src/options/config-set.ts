// CONFIG SET: pairs of Redis's names and texts -> other settings, all of them or none. Pure; main
// calls it. Which options may change says the table. [redis-7.0 config.c]

import { parseNotifyFlags } from '../rows/notify-flags.ts'
import type { OptionRow, OptionValue, OutputLimit } from './rows.ts'
import { FREE_SETTINGS, type FreeSetting, type Settings } from './settings.ts'
import { OPTION_ROWS, type Options } from './table.ts'
import { readValue } from './values.ts'

/** Which argument is wrong, and why in Redis 7.0's words. No reason: the name is unknown. */
export interface ConfigComplaint {
  readonly name: string
  readonly value: string
  readonly reason: string | undefined
}

export interface ConfigRules {
  /** A password, or null for none. Undefined: that may not be set, for this reason. */
  readonly digestOf: (password: string) => Uint8Array | null | string
  /** Connections that the machine allows. */
  readonly clientsMax: number
}

export type ConfigOutcome =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'complaint'; readonly complaint: ConfigComplaint }

const rows: readonly OptionRow[] = OPTION_ROWS
const IMMUTABLE = "can't set immutable config"
const PROTECTED = "can't set protected config"
/** Shown by CONFIG GET or known by name, never changed. */
const IMMUTABLE_NAMES: ReadonlySet<string> = new Set(['cluster-enabled', 'unixsocket', 'bind'])
const MEMORY_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
}
/** Redis has 64 bits where we have 53. */
const LARGEST_64 = '9223372036854775807'

class Refusal extends Error {}

/** @param words name, value, name, value, … */
export function changeSettings(
  settings: Settings,
  words: readonly string[],
  rules: ConfigRules,
): ConfigOutcome {
  const seen = new Set<string>()
  let changed = settings
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index].toLowerCase()
    if (!isKnown(name)) return complain(words, index, undefined)
    if (seen.has(name)) return complain(words, index, 'duplicate parameter')
    seen.add(name)
  }
  for (let index = 0; index < words.length; index += 2) {
    try {
      changed = changeOne(changed, words[index].toLowerCase(), words[index + 1], rules)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return complain(words, index, error.message)
    }
  }
  return { kind: 'settings', settings: changed }
}

function complain(
  words: readonly string[],
  index: number,
  reason: string | undefined,
): ConfigOutcome {
  return { kind: 'complaint', complaint: { name: words[index], value: words[index + 1], reason } }
}

function isKnown(name: string): boolean {
  if (rowOf(name) !== undefined || freeOf(name) !== undefined) return true
  return OWN.has(name) || IMMUTABLE_NAMES.has(name)
}

function rowOf(name: string): OptionRow | undefined {
  return rows.find(
    ({ redisName, redisAliases }) =>
      redisName !== '' && (redisName === name || redisAliases.includes(name)),
  )
}

function freeOf(name: string): FreeSetting | undefined {
  return FREE_SETTINGS.find((free) => free.name === name)
}

/** Settings that are neither one option nor a text of their own. */
type Setter = (settings: Settings, value: string, rules: ConfigRules) => Settings
const OWN: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['requirepass', setPassword],
  ['maxmemory', checkMemory],
  ['client-output-buffer-limit', setOutputLimits],
  ['dir', refuseProtected],
])

function refuseProtected(): Settings {
  throw new Refusal(PROTECTED)
}

function changeOne(settings: Settings, name: string, value: string, rules: ConfigRules): Settings {
  const own = OWN.get(name)
  if (own !== undefined) return own(settings, value, rules)
  const free = freeOf(name)
  if (free !== undefined) {
    const text = freeText(free, value)
    return { ...settings, free: { ...settings.free, [free.name]: text } }
  }
  const row = rowOf(name)
  if (row === undefined || !row.mutable) throw new Refusal(IMMUTABLE)
  const changed = optionValue(row, value)
  if (row.property === 'maxclients' && Number(changed) > rules.clientsMax) {
    throw new Refusal(
      'The operating system is not able to handle the specified number of clients, ' +
        `try with ${rules.clientsMax}`,
    )
  }
  return withOption(settings, row.property as keyof Options, changed)
}

function withOption(settings: Settings, property: keyof Options, value: OptionValue): Settings {
  return { ...settings, options: Object.freeze({ ...settings.options, [property]: value }) }
}

function optionValue(row: OptionRow, value: string): OptionValue {
  switch (row.kind) {
    case 'integer':
      return integerIn(value, row.min, row.max)
    case 'bytes':
      return bytesIn(value, row.min, row.max)
    case 'on-off':
      return yesOrNo(value) === 'yes'
    case 'choice':
      return choiceOf(value, row.choices)
    default:
      return textOf(row, value)
  }
}

function textOf(row: OptionRow, value: string): OptionValue {
  if (row.property === 'notifyKeyspaceEvents' && parseNotifyFlags(value) === undefined) {
    throw new Refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
  }
  return readValue(row, value, row.redisName)
}

function freeText(free: FreeSetting, value: string): string {
  const text = checkedFreeText(free, value)
  if (free.only !== '' && text !== free.only) throw new Refusal(`only ${free.only}: ${free.why}`)
  return text
}

function checkedFreeText(free: FreeSetting, value: string): string {
  switch (free.kind) {
    case 'yes-no':
      return yesOrNo(value)
    case 'integer':
      return String(integerIn(value, free.min, free.max))
    case 'bytes':
      return String(bytesIn(value, free.min, free.max))
    case 'choice':
      return choiceOf(value, free.choices)
    case 'save':
      return saveText(value)
    case 'text':
      return value
    case 'fixed':
      throw new Refusal(IMMUTABLE)
  }
}

// ── Texts as Redis reads them ────────────────────────────────────────────────────────────────

function integerIn(value: string, min: number, max: number): number {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(value)) {
    throw new Refusal("argument couldn't be parsed into an integer")
  }
  return within(Number(value), min, max)
}

function bytesIn(value: string, min: number, max: number): number {
  const parts = /^(-?\d{1,16})([kmg]?b?)$/.exec(value.toLowerCase())
  if (parts === null) throw new Refusal('argument must be a memory value')
  return within(Number(parts[1]) * MEMORY_UNITS[parts[2]], min, max)
}

function within(number: number, min: number, max: number): number {
  if (number >= min && number <= max) return number
  const largest = max === Number.MAX_SAFE_INTEGER ? LARGEST_64 : String(max)
  throw new Refusal(`argument must be between ${min} and ${largest} inclusive`)
}

function yesOrNo(value: string): string {
  const text = value.toLowerCase()
  if (text !== 'yes' && text !== 'no') throw new Refusal("argument must be 'yes' or 'no'")
  return text
}

function choiceOf(value: string, choices: readonly string[]): string {
  const found = choices.find((choice) => choice === value.toLowerCase())
  if (found !== undefined) return found
  throw new Refusal(`argument(s) must be one of the following: ${choices.join(', ')}`)
}

function saveText(value: string): string {
  const numbers = value.split(' ').filter((part) => part !== '')
  const right = numbers.every(
    (part, index) => /^\d{1,9}$/.test(part) && (index % 2 === 1 || +part > 0),
  )
  if (!right || numbers.length % 2 !== 0) throw new Refusal('Invalid save parameters')
  return numbers.join(' ')
}

// ── Settings of their own ────────────────────────────────────────────────────────────────────

function setPassword(settings: Settings, value: string, rules: ConfigRules): Settings {
  const passwordDigest = rules.digestOf(value)
  if (typeof passwordDigest === 'string') throw new Refusal(passwordDigest)
  return { ...settings, passwordDigest }
}

/** The shards have their memory from the start: what asks for no less than that is true already. */
function checkMemory(settings: Settings, value: string): Settings {
  const byteLength = bytesIn(value, 0, Number.MAX_SAFE_INTEGER)
  const { shards, shardMemoryBytes } = settings.options
  if (byteLength === 0 || byteLength >= shards * shardMemoryBytes) return settings
  throw new Refusal('the memory of the shards is set at the start by shards and shard-memory')
}

type LimitedClass = 'outputLimitNormal' | 'outputLimitPubsub' | 'none'
const CLASSES: ReadonlyMap<string, LimitedClass> = new Map<string, LimitedClass>([
  ['normal', 'outputLimitNormal'],
  ['pubsub', 'outputLimitPubsub'],
  ['slave', 'none'],
  ['replica', 'none'],
])

/** `class hard soft seconds`, several times. */
function setOutputLimits(settings: Settings, value: string): Settings {
  const parts = value.split(' ').filter((part) => part !== '')
  if (parts.length % 4 !== 0) {
    throw new Refusal('Wrong number of arguments in buffer limit configuration.')
  }
  let changed = settings
  for (let index = 0; index < parts.length; index += 4) {
    const property = CLASSES.get(parts[index].toLowerCase())
    if (property === undefined) {
      throw new Refusal('Invalid client class specified in buffer limit configuration.')
    }
    const limit = outputLimitOf(parts.slice(index + 1, index + 4))
    if (property !== 'none') changed = withOption(changed, property, limit)
  }
  return changed
}

function outputLimitOf([hard, soft, seconds]: string[]): OutputLimit {
  try {
    const hardBytes = bytesIn(hard, 0, Number.MAX_SAFE_INTEGER)
    const softBytes = bytesIn(soft, 0, Number.MAX_SAFE_INTEGER)
    const softSeconds = integerIn(seconds, 0, Number.MAX_SAFE_INTEGER)
    return Object.freeze({ hardBytes, softBytes, softSeconds })
  } catch {
    throw new Refusal('Error in hard, soft or soft_seconds setting in buffer limit configuration.')
  }
}
