// The kinds of options and the shape of a row. Data only; parse.ts reads it, table.ts fills it.

import { REPLY_BYTES_MAX } from '../base/limits.ts'

/** Errors and short replies are encoded whatever the limit. */
const REPLY_BYTES_MIN = 1_048_576

/** How the text of an option is read, and how CONFIG GET shows its value. */
export type OptionKind =
  | 'integer'
  | 'port'
  | 'bytes'
  | 'choice'
  | 'on-off'
  | 'text'
  | 'path'
  | 'output-limit'

/** A client is cut above `hardBytes` at once, above `softBytes` after `softSeconds`. 0 = never. */
export interface OutputLimit {
  readonly hardBytes: number
  readonly softBytes: number
  readonly softSeconds: number
}

/** Replies that may be encoded at once for clients with this limit: more could not be sent. */
export function replyBytesMax({ hardBytes }: OutputLimit): number {
  if (hardBytes === 0) return REPLY_BYTES_MAX
  return Math.min(Math.max(hardBytes, REPLY_BYTES_MIN), REPLY_BYTES_MAX)
}

export type OptionValue = number | boolean | string | OutputLimit

export interface OptionRow<
  Property extends string = string,
  Value extends OptionValue = OptionValue,
> {
  /** Its name in the Options object, with the unit last. */
  readonly property: Property
  /** `shard-memory` for --shard-memory, CKV_SHARD_MEMORY and the file's key `shard-memory`. */
  readonly name: string
  readonly kind: OptionKind
  /** Bounds of integer, port and bytes, both allowed. */
  readonly min: number
  readonly max: number
  /** Values of a choice. */
  readonly choices: readonly string[]
  /** What a text or path must look like, and that in words. */
  readonly pattern: RegExp | undefined
  readonly patternWords: string
  /** Undefined: made from the machine by derived.ts. */
  readonly fallback: Value | undefined
  /** Its feature is missing yet: only the off value (0 or off) is taken. */
  readonly onlyOff: boolean
  /** May change while the server runs. */
  readonly mutable: boolean
  /** Redis's name in CONFIG GET, if it has one. */
  readonly redisName: string
  /** Other names that Redis takes for it. */
  readonly redisAliases: readonly string[]
  /** Where in the control rows threads read it, -1: nowhere. */
  readonly word: number
  readonly help: string
}

interface Facts<Value> {
  readonly fallback?: Value
  readonly onlyOff?: boolean
  readonly mutable?: boolean
  readonly redisName?: string
  readonly redisAliases?: readonly string[]
  readonly word?: number
  readonly help: string
}

function optionRow<Property extends string, Value extends OptionValue>(
  property: Property,
  name: string,
  kind: OptionKind,
  facts: Facts<Value>,
  shape: Partial<OptionRow>,
): OptionRow<Property, Value> {
  return {
    property,
    name,
    kind,
    min: shape.min ?? 0,
    max: shape.max ?? 0,
    choices: shape.choices ?? [],
    pattern: shape.pattern,
    patternWords: shape.patternWords ?? '',
    fallback: facts.fallback,
    onlyOff: facts.onlyOff ?? false,
    mutable: facts.mutable ?? false,
    redisName: facts.redisName ?? '',
    redisAliases: facts.redisAliases ?? [],
    word: facts.word ?? -1,
    help: facts.help,
  }
}

export function integer<Property extends string>(
  property: Property,
  name: string,
  min: number,
  max: number,
  facts: Facts<number>,
) {
  return optionRow(property, name, 'integer', facts, { min, max })
}

/** Bytes, written as 1048576, 1024kb, 1mb or 1gb. */
export function bytes<Property extends string>(
  property: Property,
  name: string,
  min: number,
  max: number,
  facts: Facts<number>,
) {
  return optionRow(property, name, 'bytes', facts, { min, max })
}

export function port<Property extends string>(
  property: Property,
  name: string,
  facts: Facts<number>,
) {
  return optionRow(property, name, 'port', facts, { min: 0, max: 65_535 })
}

export function onOff<Property extends string>(
  property: Property,
  name: string,
  facts: Facts<boolean>,
) {
  return optionRow(property, name, 'on-off', facts, {})
}

export function choice<Property extends string, const Choices extends readonly string[]>(
  property: Property,
  name: string,
  choices: Choices,
  facts: Facts<NoInfer<Choices[number]>>,
) {
  return optionRow<Property, Choices[number]>(property, name, 'choice', facts, { choices })
}

export function text<Property extends string>(
  property: Property,
  name: string,
  pattern: RegExp,
  patternWords: string,
  facts: Facts<string>,
) {
  return optionRow(property, name, 'text', facts, { pattern, patternWords })
}

export function path<Property extends string>(
  property: Property,
  name: string,
  patternWords: string,
  facts: Facts<string>,
) {
  // A NUL would cut the name short in the system call.
  const pattern = facts.fallback === '' ? /^[^\0]*$/ : /^[^\0]+$/
  return optionRow(property, name, 'path', facts, { pattern, patternWords })
}

export function outputLimit<Property extends string>(
  property: Property,
  name: string,
  facts: Facts<OutputLimit>,
) {
  return optionRow(property, name, 'output-limit', facts, {})
}
