// From the bytes of a command's name to its row, without allocating and whatever the case.
//
// A name is known by its length, its first and its last four bytes, lower-cased by setting 0x20:
//
//   "ExPiReAt"   head = "expi"   tail = "reat"        at most 8 bytes: head and tail say it all
//   "del"        head = "del\0"  tail = 0
//   "incrbyfloat"   head = "incr"   tail = "loat"     longer: the whole name is compared as well
//
// Only a letter's upper case becomes that letter when 0x20 is set, but CR becomes '-' and DEL '_':
// names with anything but letters are compared as a whole too. Without a loop over bytes a lookup
// took about half the time (branches that depend on the length are mispredicted).
//
// The table is open addressing, at most a quarter full. No JavaScript object is asked for a name
// that a client sent: `constructor` and `__proto__` are as unknown as anything else.

import { assert } from '../base/assert.ts'
import { COMMAND_NAME_BYTES_MAX } from '../base/limits.ts'
import { REFUSED_NAMES } from './refused.ts'
import {
  type CommandRow,
  FAST,
  FAST_PER_KEY,
  FAST_SHORTEST,
  LATER_PROFILES,
  PROFILE_CKV,
} from './spec.ts'
import { ALL_ROWS, CODE_COUNT, COMMANDS } from './table.ts'

const CASE_BIT = 0x20
const FOUR_CASE_BITS = 0x20202020
const UPPER_A = 0x41
const UPPER_Z = 0x5a
/** Longest name that head and tail hold completely. */
const SHORT_NAME_BYTES = 8
/** Commands with a bounded cost per key are fast up to so many arguments. */
const FAST_ARGS_MAX = 64

class NameTable {
  /** Per slot: row number + 1, 0 = empty. */
  readonly numbers: Int16Array
  readonly heads: Int32Array
  readonly tails: Int32Array
  readonly lengths: Uint8Array
  /** Per slot: 1 when head, tail and length do not prove the name. */
  readonly compareAll: Uint8Array
  readonly rows: readonly CommandRow[]
  /** Per row: the name's bytes. */
  readonly spellings: readonly Uint8Array[]

  constructor(rows: readonly CommandRow[]) {
    let slotCount = 4
    while (slotCount < rows.length * 4) slotCount *= 2
    this.numbers = new Int16Array(slotCount)
    this.heads = new Int32Array(slotCount)
    this.tails = new Int32Array(slotCount)
    this.lengths = new Uint8Array(slotCount)
    this.compareAll = new Uint8Array(slotCount)
    this.rows = rows
    this.spellings = rows.map((row) => Buffer.from(lastWord(row.name), 'latin1'))
    for (let number = 0; number < rows.length; number++) this.#insert(number)
  }

  #insert(number: number): void {
    const name = this.spellings[number]
    assert(name.length > 0 && name.length <= COMMAND_NAME_BYTES_MAX, 'a name has 1 to 31 bytes')
    const head = headOf(name, 0, name.length)
    const tail = tailOf(name, 0, name.length)
    const mask = this.numbers.length - 1
    let slot = hashOf(head, tail, name.length) & mask
    while (this.numbers[slot] !== 0) slot = (slot + 1) & mask
    this.numbers[slot] = number + 1
    this.heads[slot] = head
    this.tails[slot] = tail
    this.lengths[slot] = name.length
    const proven =
      name.length <= SHORT_NAME_BYTES && /^[a-z]+$/.test(lastWord(this.rows[number].name))
    this.compareAll[slot] = proven ? 0 : 1
  }
}

const TOP_NAMES = new NameTable(COMMANDS)
const SUBCOMMAND_NAMES: (NameTable | undefined)[] = new Array(CODE_COUNT).fill(undefined)
for (const row of COMMANDS) {
  if (row.subcommands.length > 0) SUBCOMMAND_NAMES[row.code] = new NameTable(row.subcommands)
}

/** The row of a first word, in any case, of any profile; undefined when there is none. */
export function findCommand(
  bytes: Uint8Array,
  start: number,
  length: number,
): CommandRow | undefined {
  return find(TOP_NAMES, bytes, start, length)
}

/** The row of a container's second word; undefined when it has none of that name. */
export function findSubcommand(
  container: CommandRow,
  bytes: Uint8Array,
  start: number,
  length: number,
): CommandRow | undefined {
  const names = SUBCOMMAND_NAMES[container.code]
  return names === undefined ? undefined : find(names, bytes, start, length)
}

function find(
  names: NameTable,
  bytes: Uint8Array,
  start: number,
  length: number,
): CommandRow | undefined {
  if (length === 0 || length > COMMAND_NAME_BYTES_MAX) return undefined
  const head = headOf(bytes, start, length)
  const tail = tailOf(bytes, start, length)
  const numbers = names.numbers
  const mask = numbers.length - 1
  let slot = hashOf(head, tail, length) & mask
  for (;;) {
    const number = numbers[slot]
    if (number === 0) return undefined
    if (
      names.heads[slot] === head &&
      names.tails[slot] === tail &&
      names.lengths[slot] === length &&
      (names.compareAll[slot] === 0 || sameName(names.spellings[number - 1], bytes, start))
    ) {
      return names.rows[number - 1]
    }
    slot = (slot + 1) & mask
  }
}

/** The first four bytes, or all of a shorter name, lower-cased. */
function headOf(bytes: Uint8Array, start: number, length: number): number {
  if (length >= 4) return fourBytes(bytes, start)
  let head = bytes[start] | CASE_BIT
  if (length > 1) head |= (bytes[start + 1] | CASE_BIT) << 8
  if (length > 2) head |= (bytes[start + 2] | CASE_BIT) << 16
  return head
}

/** The last four bytes, lower-cased; 0 for a shorter name. */
function tailOf(bytes: Uint8Array, start: number, length: number): number {
  return length >= 4 ? fourBytes(bytes, start + length - 4) : 0
}

function fourBytes(bytes: Uint8Array, at: number): number {
  return (
    bytes[at] |
    (bytes[at + 1] << 8) |
    (bytes[at + 2] << 16) |
    (bytes[at + 3] << 24) |
    FOUR_CASE_BITS
  )
}

function hashOf(head: number, tail: number, length: number): number {
  const mixed = Math.imul(head ^ Math.imul(tail, 0x2c1b3c6d) ^ length, 0x297a2d39)
  return mixed ^ (mixed >>> 15)
}

/** Compares every byte; the lengths are known to be equal. */
function sameName(spelling: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < spelling.length; index++) {
    let byte = bytes[start + index]
    if (byte >= UPPER_A && byte <= UPPER_Z) byte |= CASE_BIT
    if (spelling[index] !== byte) return false
  }
  return true
}

/** True when the number of arguments, the name included, suits the row in that profile. */
export function arityFits(row: CommandRow, argCount: number, profile: number): boolean {
  const arity = profile === PROFILE_CKV ? row.arity32 : row.arityLater
  return arity >= 0 ? argCount === arity : argCount >= -arity
}

/** Is the work of this command bounded, so that an acceptor's loop may do it? */
export function isFast(row: CommandRow, argCount: number): boolean {
  if ((row.flags & FAST) !== 0) return true
  if ((row.flags & FAST_SHORTEST) !== 0) return argCount <= -row.arityLater
  return (row.flags & FAST_PER_KEY) !== 0 && argCount <= FAST_ARGS_MAX
}

/** One test on the hot path: false sends the command to `verdict`. */
export function servedIn(row: CommandRow, profile: number): boolean {
  return (row.profiles & profile) !== 0
}

// ── Cold: what to answer to a command that is not served ──────────────────────────────────────

/**
 * served               execute it
 * refused              named by the document as not supported; a later profile serves it
 * refused-everywhere   named by the document as not supported, and no profile serves it
 * unknown              as if the first word did not exist
 * unknown-subcommand   the first word is served in the profile, the second does not exist there
 */
export type Verdict = 'served' | 'refused' | 'refused-everywhere' | 'unknown' | 'unknown-subcommand'

const refusedNames: ReadonlySet<string> = new Set(REFUSED_NAMES)
const rowsByWords: ReadonlyMap<string, CommandRow> = new Map(
  ALL_ROWS.map((row) => [row.name.replace('|', ' '), row]),
)

/**
 * Comes before every arity check. HELLO in profile ckv is `unknown`, which its clients need.
 * @param name first word, any case
 * @param subcommand second word if there is one, any case; ignored unless it makes a difference
 * @param profile one of the PROFILE_ bits
 */
export function verdict(name: string, subcommand: string | undefined, profile: number): Verdict {
  // A space inside the first word would let it pass for two.
  if (name.includes(' ')) return 'unknown'
  const first = name.toLowerCase()
  const both = `${first} ${subcommand?.toLowerCase() ?? ''}`
  const row = rowsByWords.get(first)
  if (profile === PROFILE_CKV && (refusedNames.has(first) || refusedNames.has(both))) {
    return refusalOf(refusedNames.has(first) ? first : both)
  }
  if (row === undefined || !servedIn(row, profile)) return 'unknown'
  if (row.subcommands.length === 0 || subcommand === undefined) return 'served'
  const subrow = rowsByWords.get(both)
  return subrow !== undefined && servedIn(subrow, profile) ? 'served' : 'unknown-subcommand'
}

function refusalOf(words: string): Verdict {
  const row = rowsByWords.get(words)
  return row !== undefined && servedIn(row, LATER_PROFILES) ? 'refused' : 'refused-everywhere'
}

function lastWord(name: string): string {
  return name.slice(name.indexOf('|') + 1)
}
