// Text ↔ value, kind by kind. A value that is not allowed names the option, itself, and what is.

import { CkvError } from '../base/errors.ts'
import type { OptionRow, OptionValue, OutputLimit } from './rows.ts'

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
])
/** Longest part of a wrong value that an error shows. */
const SHOWN_CHARACTERS_MAX = 80

/**
 * @param where how the user named the option: `--port`, `CKV_PORT`, `port in ckv.json`
 * @throws CkvError with code OPTION
 */
export function readValue(row: OptionRow, raw: string, where: string): OptionValue {
  const value = valueIn(row, raw)
  if (value === undefined) throw notAllowed(where, raw, allowedWords(row))
  if (row.onlyOff && value !== row.fallback) {
    const off = showValue(row, row.fallback as OptionValue)
    throw notAllowed(where, raw, `only ${off}, since this feature is not there yet`)
  }
  return value
}

/** One line: option, value, what is allowed. */
export function notAllowed(where: string, raw: string, allowed: string): CkvError {
  const cut = raw.length > SHOWN_CHARACTERS_MAX ? `${raw.slice(0, SHOWN_CHARACTERS_MAX)}…` : raw
  // JSON writes line breaks and control characters as escapes, so this stays one line.
  const shown = JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"')
  return new CkvError('OPTION', `${where}: '${shown}' is not allowed; allowed: ${allowed}`)
}

/** What the option takes, in words. */
export function allowedWords(row: OptionRow): string {
  switch (row.kind) {
    case 'integer':
      return wholeNumberWords(row)
    case 'port':
      return `a port 1-${row.max}, or 0`
    case 'bytes':
      return `${showBytes(row.min)} to ${showBytes(row.max)}, as 1048576, 64kb, 16mb or 4gb`
    case 'choice':
      return row.choices.join(', ')
    case 'on-off':
      return 'on, off'
    case 'text':
    case 'path':
      return row.patternWords
    case 'output-limit':
      return `hard limit, soft limit and seconds, as '256mb 64mb 60'; 0 = none`
  }
}

function wholeNumberWords({ min, max }: OptionRow): string {
  if (min === max) return `only ${min}`
  return min < 0 ? `a whole number ${min} to ${max}` : `a whole number ${min}-${max}`
}

/** As the user writes it: 64mb, on, 256mb 64mb 60. */
export function showValue(row: OptionRow, value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'object') {
    return `${showBytes(value.hardBytes)} ${showBytes(value.softBytes)} ${value.softSeconds}`
  }
  return row.kind === 'bytes' ? showBytes(value as number) : String(value)
}

function valueIn(row: OptionRow, raw: string): OptionValue | undefined {
  switch (row.kind) {
    case 'integer':
    case 'port':
      return within(row, wholeNumber(raw))
    case 'bytes':
      return within(row, byteCount(raw))
    case 'choice':
      return row.choices.find((allowed) => allowed === raw.toLowerCase())
    case 'on-off':
      return onOff(raw.toLowerCase())
    case 'text':
    case 'path':
      return row.pattern?.test(raw) ? raw : undefined
    case 'output-limit':
      return limitOf(raw)
  }
}

function within(row: OptionRow, value: number | undefined): number | undefined {
  return value !== undefined && value >= row.min && value <= row.max ? value : undefined
}

function wholeNumber(raw: string): number | undefined {
  return /^-?\d{1,16}$/.test(raw) ? Number(raw) : undefined
}

function byteCount(raw: string): number | undefined {
  const parts = /^(\d{1,16})([kmg]?b)?$/.exec(raw.toLowerCase())
  return parts === null ? undefined : Number(parts[1]) * UNITS.get(parts[2] ?? '')!
}

function onOff(raw: string): boolean | undefined {
  if (raw === 'on') return true
  return raw === 'off' ? false : undefined
}

function limitOf(raw: string): OutputLimit | undefined {
  const parts = raw.split(' ')
  if (parts.length !== 3) return undefined
  const hardBytes = byteCount(parts[0])
  const softBytes = byteCount(parts[1])
  const softSeconds = wholeNumber(parts[2]) ?? -1
  if (hardBytes === undefined || softBytes === undefined || softSeconds < 0) return undefined
  return Object.freeze({ hardBytes, softBytes, softSeconds })
}

function showBytes(byteLength: number): string {
  for (const [unit, size] of [...UNITS].reverse()) {
    if (size > 1 && byteLength >= size && byteLength % size === 0) return byteLength / size + unit
  }
  return String(byteLength)
}
