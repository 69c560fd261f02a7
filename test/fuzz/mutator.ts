// Damaged request streams, made from a seed. The mutator knows commands, not only bytes: it begins
// with whole pipelines, then breaks counts, lengths, types, line ends, cuts, doubles, swaps. Bare
// byte flips are the smaller part: they find nothing more once a parser is past its youth.
// Used on the wire room in-process and over sockets on a whole server.

import type { Random } from '../../src/base/random.ts'
import { encodeWords } from '../support/resp.ts'

/** How a stream's commands are chosen: words, the first of them a command's name. */
export type CommandSource = (random: Random) => string[]

const COMMANDS_MAX = 4
const MUTATIONS_MAX = 3

/** Up to four commands, some inline, then up to three mutations. One case in eight stays whole. */
export function mutatedStream(random: Random, command: CommandSource): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let left = 1 + random.below(COMMANDS_MAX); left > 0; left--) {
    const words = command(random)
    pieces.push(random.below(5) === 0 ? inlineCommand(random, words) : encodeWords(words))
  }
  let stream: Uint8Array = Buffer.concat(pieces)
  if (random.below(8) === 0) return stream
  for (let left = 1 + random.below(MUTATIONS_MAX); left > 0; left--) {
    stream = MUTATIONS[random.below(MUTATIONS.length)](random, stream)
  }
  return stream
}

/**
 * A whole command in sound RESP with one to three of its words broken: what gets through to the
 * commands, and leaves the connection open for more.
 */
export function mutatedWords(random: Random, command: CommandSource): Uint8Array {
  const words = [...command(random)]
  for (let left = 1 + random.below(MUTATIONS_MAX); left > 0; left--) {
    const at = random.below(words.length)
    switch (random.below(7)) {
      case 0:
        words[at] = pick(random, NUMBERS)
        break
      case 1:
        words[at] = argument(random)
        break
      case 2:
        words[at] = words[at].slice(0, random.below(words[at].length + 1))
        break
      case 3:
        words.splice(at, 0, words[random.below(words.length)])
        break
      case 4:
        if (words.length > 1) words.splice(at, 1)
        break
      case 5:
        words.push(...command(random))
        break
      default: {
        const inside = random.below(words[at].length + 1)
        const byte = String.fromCharCode(random.below(256))
        words[at] = words[at].slice(0, inside) + byte + words[at].slice(inside + random.below(2))
      }
    }
  }
  return encodeWords(words)
}

/** PING and ECHO, often with awkward arguments; now and then a name that no server knows. */
export function harmlessCommand(random: Random): string[] {
  switch (random.below(6)) {
    case 0:
      return ['PING']
    case 1:
      return ['ping', argument(random)]
    case 2:
      return [pick(random, UNKNOWN_NAMES), ...several(random, argument)]
    case 3:
      return ['ECHO', ...several(random, argument)]
    default:
      return [pick(random, ['ECHO', 'echo', 'eChO']), argument(random)]
  }
}

// Names that must never meet a property of an object, and some with bytes that break lines.
const UNKNOWN_NAMES = [
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'no\r\nname',
  'no\0name',
  '\xff\xfe',
  'x'.repeat(140),
]

const ARGUMENTS = [
  '',
  'a',
  ' ',
  '\r\n',
  '*1\r\n$4\r\nPING\r\n',
  '\0',
  '"',
  "'",
  '\xff\xfe\x80',
  'x'.repeat(10),
  'x'.repeat(99),
  'x'.repeat(100),
  'x'.repeat(1000),
]

function argument(random: Random): string {
  return pick(random, ARGUMENTS)
}

function several(random: Random, make: (random: Random) => string): string[] {
  return Array.from({ length: random.below(random.below(8) === 0 ? 30 : 4) }, () => make(random))
}

/** As one line, with or without quotes; words that cannot stand bare are quoted or damaged. */
function inlineCommand(random: Random, words: readonly string[]): Uint8Array {
  const shown = words.map((word) => {
    if (/^[!-~]+$/.test(word) && !/["']/.test(word)) return word
    if (random.below(6) === 0) return word.replace(/[\r\n]/g, '')
    return `"${word.replace(/[^ !#-[\]-~]/g, hexEscape)}"`
  })
  const blank = pick(random, [' ', '  ', '\t', '\x0b '])
  return Buffer.from(shown.join(blank) + pick(random, ['\r\n', '\n']), 'latin1')
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

// ── Mutations ────────────────────────────────────────────────────────────────────────────────

type Mutation = (random: Random, stream: Uint8Array) => Uint8Array

const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '9',
  '10',
  '11',
  '99',
  '100',
  '01',
  '+1',
  ' 1',
  '1 ',
  '-0',
  '',
  'x',
  '1e3',
  '16385',
  '1048577',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '99999999999999999999999999',
]

/** Another number in a count or length line, sometimes nearly the same one. */
const breakNumber: Mutation = (random, stream) => {
  const at = findFrom(stream, random.below(stream.length + 1), 0x2a, 0x24)
  if (at < 0) return stream
  let end = at + 1
  while (end < stream.length && stream[end] !== 0x0d) end++
  const old = Number(Buffer.from(stream.subarray(at + 1, end)).toString('latin1'))
  const near = random.below(2) === 0 && Number.isSafeInteger(old)
  const text = near ? String(old + random.below(5) - 2) : pick(random, NUMBERS)
  return splice(stream, at + 1, end, Buffer.from(text, 'latin1'))
}

const breakType: Mutation = (random, stream) => {
  const at = findFrom(stream, random.below(stream.length + 1), 0x2a, 0x24)
  return at < 0 ? stream : splice(stream, at, at + 1, oneOf(random, '*$:+-_ \r\n\0p"'))
}

const breakLineEnd: Mutation = (random, stream) => {
  const at = findFrom(stream, random.below(stream.length + 1), 0x0d, 0x0a)
  if (at < 0) return stream
  const ends = ['', '\r', '\n', '\r\r', '\n\n', '\n\r', '\0', ' ', 'xy']
  return splice(stream, at, at + 1, Buffer.from(pick(random, ends), 'latin1'))
}

const cut: Mutation = (random, stream) => stream.subarray(0, random.below(stream.length + 1))

const flipByte: Mutation = (random, stream) => {
  if (stream.length === 0) return stream
  const at = random.below(stream.length)
  return splice(stream, at, at + 1, Uint8Array.of(random.below(256)))
}

const insertBytes: Mutation = (random, stream) => {
  const at = random.below(stream.length + 1)
  const noise = Uint8Array.from({ length: 1 + random.below(4) }, () => random.below(256))
  return splice(stream, at, at, random.below(2) === 0 ? noise : oneOf(random, '*$\r\n\0"\'\\ 19'))
}

const removeBytes: Mutation = (random, stream) => {
  const at = random.below(stream.length + 1)
  return splice(stream, at, Math.min(stream.length, at + 1 + random.below(6)), new Uint8Array(0))
}

/** A stretch once more, somewhere: half commands inside others. */
const doubleStretch: Mutation = (random, stream) => {
  const from = random.below(stream.length + 1)
  const to = Math.min(stream.length, from + random.below(40))
  const at = random.below(stream.length + 1)
  return splice(stream, at, at, stream.slice(from, to))
}

const MUTATIONS: readonly Mutation[] = [
  breakNumber,
  breakNumber,
  breakNumber,
  breakType,
  breakLineEnd,
  breakLineEnd,
  cut,
  flipByte,
  insertBytes,
  removeBytes,
  doubleStretch,
]

// ── Small things ─────────────────────────────────────────────────────────────────────────────

export function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.below(of.length)]
}

/** A stream in the text of a failure: paste it back to try it again. */
export function shownStream(stream: Uint8Array): string {
  return JSON.stringify(Buffer.from(stream).toString('latin1'))
}

function oneOf(random: Random, characters: string): Uint8Array {
  return Uint8Array.of(characters.charCodeAt(random.below(characters.length)))
}

/** First of two wanted bytes at or behind `from`, else from the beginning, else -1. */
function findFrom(stream: Uint8Array, from: number, one: number, other: number): number {
  for (let at = from; at < stream.length; at++) {
    if (stream[at] === one || stream[at] === other) return at
  }
  for (let at = 0; at < from; at++) {
    if (stream[at] === one || stream[at] === other) return at
  }
  return -1
}

function splice(stream: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array {
  const spliced = new Uint8Array(stream.length - (to - from) + middle.length)
  spliced.set(stream.subarray(0, from))
  spliced.set(middle, from)
  spliced.set(stream.subarray(to), from + middle.length)
  return spliced
}
