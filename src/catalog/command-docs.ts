// COMMAND DOCS and the HELP subcommands, from the rows' summaries and syntax. Cold.
//
// The notation of a row's syntax, from which redis-cli's hints are made:
//   key value            arguments in order; `key` is a key, `name:type` has another type than text
//   [ … ]                may be left out                     ( … )    belongs together
//   A|B                  one of these (inside brackets)      x ...    once or more
//   NX                   a word to be written as it stands
//   EX seconds:integer   a word and its argument: together one argument with a token

import { assert } from '../base/assert.ts'
import { rowByName, servedCommands, servedSubcommands } from './command-reply.ts'
import { array, map, type ReplyTree, set, simple } from './reply-tree.ts'
import type { CommandRow } from './spec.ts'

/** One argument of a command, as Redis 7.0 describes it. */
export interface Argument {
  readonly name: string
  readonly type: string
  readonly token: string
  readonly optional: boolean
  readonly multiple: boolean
  /** Of a `oneof` or `block`. */
  readonly parts: readonly Argument[]
}

/** COMMAND DOCS [name …]: unknown names are left out, as in Redis. */
export function commandDocs(names: readonly string[], profile: number): ReplyTree {
  const rows =
    names.length === 0
      ? servedCommands(profile)
      : names.map((name) => rowByName(name, profile)).filter((row) => row !== undefined)
  return map(rows.map((row) => docsEntry(row, profile)))
}

/** Lines of `CONTAINER HELP`, in Redis's form: what to write, then what it does. */
export function helpLines(container: CommandRow, profile: number): string[] {
  const upper = container.name.toUpperCase()
  const lines = [`${upper} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`]
  if (container.place !== 'container') lines.push('(no subcommand)', `    ${container.summary}`)
  for (const row of servedSubcommands(container, profile)) {
    const word = row.name.slice(row.name.indexOf('|') + 1).toUpperCase()
    const plain = row.syntax.replace(/:[a-z-]+/g, '')
    lines.push(`${word} ${plain}`.trimEnd(), `    ${row.summary}`)
  }
  return lines
}

/** The arguments that a syntax describes. */
export function argumentsOf(syntax: string): readonly Argument[] {
  const reader = { words: syntax.match(/[[\]()|]|[^\s[\]()|]+/g) ?? [], at: 0 }
  const parsed = readSequence(reader)
  assert(reader.at === reader.words.length, 'a syntax closes what it opens')
  return parsed
}

function docsEntry(row: CommandRow, profile: number): readonly [string, ReplyTree] {
  const entries: [string, ReplyTree][] = [
    ['summary', row.summary],
    ['since', row.since],
    ['group', row.group],
  ]
  const keys = { next: 0, count: row.keys.length }
  const described = argumentsOf(row.syntax).map((argument) => argumentEntry(argument, keys))
  if (described.length > 0) entries.push(['arguments', array(described)])
  const subrows = servedSubcommands(row, profile)
  if (subrows.length > 0) {
    entries.push(['subcommands', map(subrows.map((subrow) => docsEntry(subrow, profile)))])
  }
  return [row.name, map(entries)]
}

/** `keys` counts the key ranges of the row that were met. */
function argumentEntry(argument: Argument, keys: { next: number; count: number }): ReplyTree {
  const entries: [string, ReplyTree][] = [
    ['name', argument.name],
    ['type', argument.type],
  ]
  if (argument.type === 'key') {
    entries.push(['key_spec_index', Math.min(keys.next++, keys.count - 1)])
  }
  if (argument.token !== '') entries.push(['token', argument.token])
  const flags = []
  if (argument.optional) flags.push(simple('optional'))
  if (argument.multiple) flags.push(simple('multiple'))
  if (flags.length > 0) entries.push(['flags', set(flags)])
  if (argument.parts.length > 0) {
    entries.push(['arguments', array(argument.parts.map((part) => argumentEntry(part, keys)))])
  }
  return map(entries)
}

interface SyntaxReader {
  readonly words: readonly string[]
  at: number
}

/** Arguments up to a closing bracket, a bar or the end. */
function readSequence(reader: SyntaxReader): Argument[] {
  const items: Argument[] = []
  while (reader.at < reader.words.length && !/^[\])|]$/.test(reader.words[reader.at])) {
    const word = reader.words[reader.at++]
    if (word === '...') items.push({ ...items.pop()!, multiple: true })
    else if (word === '[') items.push({ ...readGroup(reader), optional: true })
    else if (word === '(') items.push(readGroup(reader))
    else if (/^[A-Z]/.test(word)) items.push(readToken(reader, word))
    else items.push(plainArgument(word))
  }
  return items
}

/** A token takes the arguments that follow it in its sequence. */
function readToken(reader: SyntaxReader, token: string): Argument {
  const followers: Argument[] = []
  while (reader.at < reader.words.length && /^[a-z(]/.test(reader.words[reader.at])) {
    const word = reader.words[reader.at++]
    followers.push(word === '(' ? readGroup(reader) : plainArgument(word))
  }
  if (followers.length === 0) return argument(token.toLowerCase(), 'pure-token', { token })
  if (followers.length === 1) return { ...followers[0], token }
  return argument(joined(followers), 'block', { token, parts: followers })
}

/** What stands between brackets: alternatives, several things, or just one. */
function readGroup(reader: SyntaxReader): Argument {
  const alternatives = [groupMember(reader)]
  while (reader.words[reader.at] === '|') {
    reader.at++
    alternatives.push(groupMember(reader))
  }
  reader.at++
  if (alternatives.length === 1) return alternatives[0]
  return argument(joined(alternatives), 'oneof', { parts: alternatives })
}

function groupMember(reader: SyntaxReader): Argument {
  const items = readSequence(reader)
  return items.length === 1 ? items[0] : argument(joined(items), 'block', { parts: items })
}

function plainArgument(word: string): Argument {
  const [name, type] = word.split(':')
  if (type !== undefined) return argument(name, REDIS_TYPES.has(type) ? type : 'string', {})
  return argument(name, name === 'key' || name === 'pattern' ? name : 'string', {})
}

/** Redis's names of types; a row may say more (a bound, a member), which clients do not know. */
const REDIS_TYPES: ReadonlySet<string> = new Set([
  'string',
  'integer',
  'double',
  'key',
  'pattern',
  'unix-time',
])

function argument(name: string, type: string, more: Partial<Argument>): Argument {
  return { name, type, token: '', optional: false, multiple: false, parts: [], ...more }
}

function joined(parts: readonly Argument[]): string {
  return parts.map((part) => part.name).join('_')
}
