// What COMMAND and its subcommands answer, from the table and for one profile. Cold: plain trees.
//
// An entry has 6 elements in profile ckv, as Redis 3.2, and 10 in the others, as 7.0:
//   name, arity, flags, first key, last key, step [, categories, tips, key ranges, subcommands]

import { compileGlob, matchGlob } from '../base/glob.ts'
import { categoriesOf, flagWords, tipsOf } from './flag-words.ts'
import { findKeys, keyPositions } from './keys.ts'
import { arityFits, findCommand, findSubcommand, servedIn } from './lookup.ts'
import { array, map, type ReplyTree, set, simple } from './reply-tree.ts'
import { type CommandRow, type KeyPlace, PROFILE_CKV } from './spec.ts'
import { COMMANDS } from './table.ts'

/** COMMAND, and COMMAND INFO without names. */
export function commandTable(profile: number): ReplyTree {
  return array(servedCommands(profile).map((row) => commandEntry(row, profile)))
}

export function commandCount(profile: number): number {
  return servedCommands(profile).length
}

/** COMMAND INFO name …: an entry each, null for what is unknown. `container|name` works too. */
export function commandInfo(names: readonly string[], profile: number): ReplyTree {
  return array(
    names.map((name) => {
      const row = rowByName(name, profile)
      return row === undefined ? null : commandEntry(row, profile)
    }),
  )
}

/** Which names COMMAND LIST shows. */
export type ListFilter =
  | { readonly by: 'all' }
  | { readonly by: 'module' }
  | { readonly by: 'category'; readonly category: string }
  | { readonly by: 'pattern'; readonly pattern: Uint8Array }

/** COMMAND LIST. A filter also finds subcommands, as in Redis. There are no modules. */
export function commandList(filter: ListFilter, profile: number): ReplyTree {
  const top = servedCommands(profile)
  const all = top.flatMap((row) => [row, ...servedSubcommands(row, profile)])
  switch (filter.by) {
    case 'all':
      return array(top.map((row) => row.name))
    case 'module':
      return array([])
    case 'category': {
      const category = filter.category.toLowerCase()
      const found = all.filter((row) => categoriesOf(row).includes(category))
      return array(found.map((row) => row.name))
    }
    case 'pattern': {
      const glob = compileGlob(filter.pattern, 0, filter.pattern.length, true)
      const found = all.filter((row) => {
        const name = Buffer.from(row.name, 'latin1')
        return matchGlob(glob, name, 0, name.length)
      })
      return array(found.map((row) => row.name))
    }
  }
}

/** Why COMMAND GETKEYS has no answer; wire/ has the text of each. */
export type GetKeysFailure = 'invalid-command' | 'invalid-arity' | 'invalid-arguments' | 'no-keys'

/** COMMAND GETKEYS: `line` is the inner command line, its name first. */
export function commandGetKeys(
  line: readonly Uint8Array[],
  profile: number,
): ReplyTree | GetKeysFailure {
  const row = rowOfLine(line, profile)
  if (row === undefined) return 'invalid-command'
  if (row.keys.length === 0) return 'no-keys'
  if (!arityFits(row, line.length, profile)) return 'invalid-arity'
  const lengths = Int32Array.from(line, (word) => word.length)
  const starts = new Int32Array(line.length)
  for (let index = 1; index < line.length; index++) {
    starts[index] = starts[index - 1] + lengths[index - 1]
  }
  const count = findKeys(row, Buffer.concat(line), starts, lengths, line.length)
  if (count === 0) return 'invalid-arguments'
  return array(Array.from(keyPositions.subarray(0, count), (index) => line[index]))
}

/** Rows that a profile serves, first words only. */
export function servedCommands(profile: number): CommandRow[] {
  return COMMANDS.filter((row) => servedIn(row, profile))
}

export function servedSubcommands(row: CommandRow, profile: number): CommandRow[] {
  return row.subcommands.filter((subrow) => servedIn(subrow, profile))
}

/** `get`, `GET`, `client|id`; undefined where the profile does not serve it. */
export function rowByName(name: string, profile: number): CommandRow | undefined {
  const bytes = Buffer.from(name, 'latin1')
  const bar = bytes.indexOf('|')
  const firstLength = bar < 0 ? bytes.length : bar
  const row = served(findCommand(bytes, 0, firstLength), profile)
  if (row === undefined || bar < 0) return row
  return served(findSubcommand(row, bytes, bar + 1, bytes.length - bar - 1), profile)
}

function rowOfLine(line: readonly Uint8Array[], profile: number): CommandRow | undefined {
  const row = served(findCommand(line[0], 0, line[0].length), profile)
  if (row === undefined || row.subcommands.length === 0 || line.length === 1) return row
  return served(findSubcommand(row, line[1], 0, line[1].length), profile)
}

function served(row: CommandRow | undefined, profile: number): CommandRow | undefined {
  return row !== undefined && servedIn(row, profile) ? row : undefined
}

function commandEntry(row: CommandRow, profile: number): ReplyTree {
  const words = flagWords(row, profile).map(simple)
  const early = [
    row.name,
    profile === PROFILE_CKV ? row.arity32 : row.arityLater,
    profile === PROFILE_CKV ? array(words) : set(words),
    ...fixedKeys(row, profile),
  ]
  if (profile === PROFILE_CKV) return array(early)
  return array([
    ...early,
    set(categoriesOf(row).map((category) => simple(`@${category}`))),
    set(tipsOf(row)),
    set(row.keys.map(keyPlaceEntry)),
    subcommandEntries(row, profile),
  ])
}

/** A set where there are none, else an array. [redis-7.0 server.c addReplyCommandSubCommands] */
function subcommandEntries(row: CommandRow, profile: number): ReplyTree {
  const entries = servedSubcommands(row, profile).map((subrow) => commandEntry(subrow, profile))
  return entries.length === 0 ? set([]) : array(entries)
}

/** 3.2 names no fixed place where others are counted. */
function fixedKeys(row: CommandRow, profile: number): readonly number[] {
  const hidden = profile === PROFILE_CKV && row.keys.some((place) => 'counter' in place)
  return hidden ? [0, 0, 0] : [row.firstKey, row.lastKey, row.keyStep]
}

function keyPlaceEntry(place: KeyPlace): ReplyTree {
  const flags = set(place.access.split(' ').map(simple))
  if ('word' in place) {
    return keySpecEntry(
      flags,
      'keyword',
      [
        ['keyword', place.word.toUpperCase()],
        ['startfrom', place.from],
      ],
      rangeSpec(0, 1),
    )
  }
  if ('counter' in place) {
    const keynum = [
      ['keynumidx', 0],
      ['firstkey', 1],
      ['keystep', 1],
    ] as const
    return keySpecEntry(flags, 'index', [['index', place.counter]], ['keynum', keynum])
  }
  // Redis counts the last key from the first one, unless it is negative.
  const last = place.last < 0 ? place.last : place.last - place.first
  return keySpecEntry(flags, 'index', [['index', place.first]], rangeSpec(last, place.step))
}

type Spec = readonly (readonly [string, ReplyTree])[]

function rangeSpec(last: number, step: number): readonly [string, Spec] {
  return [
    'range',
    [
      ['lastkey', last],
      ['keystep', step],
      ['limit', 0],
    ],
  ]
}

function keySpecEntry(
  flags: ReplyTree,
  beginType: string,
  begin: Spec,
  [findType, find]: readonly [string, Spec],
): ReplyTree {
  return map([
    ['flags', flags],
    [
      'begin_search',
      map([
        ['type', beginType],
        ['spec', map(begin)],
      ]),
    ],
    [
      'find_keys',
      map([
        ['type', findType],
        ['spec', map(find)],
      ]),
    ],
  ])
}
