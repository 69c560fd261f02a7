// Random commands from a seed: mostly sensible, on few keys so that they meet, with options in any
// number, boundary numbers, odd texts, and now and then an argument too many or too few.

import { type Random, SeededRandom } from '../../src/base/random.ts'
import { ADMIN, BLOCKS, PROFILE_BITS, type ProfileName } from '../../src/catalog/spec.ts'
import { ALL_ROWS } from '../../src/catalog/table.ts'
import { parseSyntax, type Syntax } from './syntax.ts'

export type Words = (string | Uint8Array)[]

/** Commands whose replies two servers cannot share; each has a test of its own. */
const ELSEWHERE = new Set([
  'auth',
  'hello',
  'quit',
  'reset',
  'time',
  'info',
  'config',
  'client',
  'role',
  'wait',
  'lastsave',
])
const ELSEWHERE_GROUPS = new Set(['cluster', 'pubsub', 'transactions'])

/** Numbers at which parsers and arithmetic break. [promises P5] */
export const BOUNDARY_NUMBERS = [
  ...['0', '1', '-1', '-0', '+1', '', ' 1', '1 ', '01', '0x10', '1e3', '1.5', 'nan', 'inf', '-inf'],
  ...[2n ** 29n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n].flatMap((middle) =>
    [middle - 1n, middle, middle + 1n, -middle - 1n, -middle, 1n - middle].map(String),
  ),
  '9'.repeat(400),
  `-${'9'.repeat(400)}`,
]

/** No expiry of a second or a millisecond by chance: two servers would disagree on what is left. */
const LASTING_NUMBERS = BOUNDARY_NUMBERS.filter((number) => !/^0?1(\.5)?$/.test(number))

const DOUBLES = [
  '0.1',
  '-0.1',
  '3.0e3',
  '1e17',
  '1e-17',
  '5.0e-324',
  '1e308',
  '0x1p3',
  ' 1.5',
  '.5',
]

/** How long a command waits for a key, in seconds: nobody gives it anything meanwhile. */
const TIMEOUTS = ['0.001', '.001', '1e-3', '0x1p-9', '0.002', '-1', '-2.5', 'nan', 'x', '', ' 1']

/** Absolute expiry on a coarse grid, relative expiry between its lines: GT and LT never tie. */
const GRID_SECONDS = 4000
const RELATIVE_SECONDS = ['100', '1000', '2000']

/** Fields and members that meet. */
const NAMES = ['a', 'b', 'c', '1', '2', '-3', '70000', '', 'a longer name', 'x'.repeat(70)]

const GROUPS: ReadonlyMap<string, string> = new Map(
  ALL_ROWS.map(({ name, group }) => [name, group]),
)
/** Groups with keys of their own: three each of the first keys. */
const TYPED_GROUPS: readonly string[] = ['string', 'hash', 'list', 'set', 'sorted-set']
const KEYS_A_TYPE = 3

export interface GeneratorOptions {
  seed: number
  /** Wall time at the start of the run, in ms. */
  nowMs: number
  /** What is served, and whether all keys lie in one slot because others are refused. */
  profile: ProfileName
}

/** What DUMP of redis-server 7.0 gave for a small value of each type and form. */
const PAYLOADS = [
  '000568656c6c6f0a006372df766534200a',
  '00c00c0a003c2af8515c04bcd5',
  '00c3094064017878e057000178780a005db7f663bb08625f',
  '1201021111000000040081610281620201010201ff0a006d72713e9b43482b',
  '0b0e02000000030000000100020003000a00a5025ce26d6e4d1b',
  '0203c001016201610a004467f0c6e2d12e5b',
  '1114140000000400816102010181620283322e3504ff0a00d44c6ea4f644d9d7',
  '1016160000000400846e616d6505817602826631030201ff0a002c10067ff126e98f',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))

/** Of SORT; in the names of keys the elements stand for a number or a name. */
const PATTERNS = ['k*', 'k*->*', 'k*->name', '*', 'k*->']
const PLAIN_PATTERNS = ['nosort', '#', '']

/** Options that Redis 3.2 did not have: profile ckv refuses them, so they would only part us. */
const LATER_OPTION = /^(GET|EXAT|PXAT|KEEPTTL|BYTE|BIT|GT|LT|BYSCORE|BYLEX|REV|ANY)$/i

interface Family {
  name: string
  syntax: Syntax
  weight: number
  severalKeys: boolean
  /** May wait for its keys: a word too many could make that for ever. */
  blocks: boolean
}

export class CommandGenerator {
  readonly #random: Random
  readonly #keys: (string | Uint8Array)[]
  readonly #families: Family[]
  /** Indexes of families, each as often as its weight. */
  readonly #draw: number[]
  readonly #nowSeconds: number
  readonly #profile: ProfileName

  constructor({ seed, nowMs, profile }: GeneratorOptions) {
    this.#random = new SeededRandom(seed)
    this.#profile = profile
    this.#nowSeconds = Math.ceil(nowMs / 1000)
    this.#keys = makeKeys(profile !== 'redis')
    this.#families = families(profile)
    this.#draw = this.#families.flatMap(({ weight }, index) => Array<number>(weight).fill(index))
  }

  /** The command after the last one, if the two belong together. */
  #pending: Words | undefined

  get hasPending(): boolean {
    return this.#pending !== undefined
  }

  /** Names of all commands that may come. */
  get names(): string[] {
    return this.#families.map(({ name }) => name)
  }

  next(): Words {
    const pending = this.#pending
    this.#pending = undefined
    return pending ?? this.#new()
  }

  #new(): Words {
    for (;;) {
      const words = this.#any()
      if (/^dbsize$/i.test(String(words[0]))) {
        // Redis counts what has expired until it looks at it.
        this.#pending = words
        return this.#profile === 'ckv' ? ['EXISTS', ...this.#keys] : ['SCAN', '0', 'COUNT', '10000']
      }
      // Each server pops others: what is left must not be looked at.
      if (/^spop$/i.test(String(words[0])) && words.length > 1) this.#pending = ['DEL', words[1]]
      // Redis 3.2 takes the target away where 7.0 finds a wrong type: both go on from the same.
      if (/^sinterstore$/i.test(String(words[0])) && this.#profile !== 'redis') {
        if (words.length > 1) this.#pending = ['SET', words[1], 'x']
      }
      if (isHuge(words) || hasHugeField(words) || storesTies(words)) continue
      // Of one key Redis stores what it counted, and its string reads differently from then on.
      if (/^pfcount$/i.test(String(words[0])) && words.length === 2) words.push(words[1])
      // Redis 3.2 sets one field.
      if (this.#profile === 'ckv' && /^hset$/i.test(String(words[0]))) words.splice(4)
      if (this.#profile === 'ckv' && hasLaterOption(words)) continue
      return isByText(words) ? this.#onOneScore(words) : words
    }
  }

  /**
   * Where scores differ texts are in no order, and what comes of a large sorted set is chance: for
   * these commands there is a set of their own whose scores are all 0.
   */
  #onOneScore(words: Words): Words {
    const key = this.#profile === 'redis' ? 'texts' : '{t}texts'
    const at = /^zrangestore$/i.test(String(words[0])) ? 2 : 1
    if (words.length > at) words[at] = key
    this.#pending = words
    return ['ZADD', key, '0', this.#pick(NAMES), '0', this.#pick(NAMES)]
  }

  #any(): Words {
    const family = this.#families[this.#draw[this.#random.below(this.#draw.length)]]
    const words: Words = family.name.split('|').map((word) => this.#inAnyCase(word))
    this.#expand(family.name, family.syntax, words)
    // A wrong word may become a key, in another slot: refused here, done there.
    const keepsSlot = this.#profile !== 'redis' && family.severalKeys
    return keepsSlot || family.blocks ? words : this.#spoil(words)
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]
  }

  #inAnyCase(word: string): string {
    return this.#chance(20) ? word.toUpperCase() : word
  }

  /** One command in forty has a wrong number of words, or one that is something else. */
  #spoil(words: Words): Words {
    if (!this.#chance(3)) return words
    const at = 1 + this.#random.below(words.length)
    switch (this.#random.below(4)) {
      case 0:
        words.splice(at, 1)
        break
      case 1:
        words.splice(at, 0, this.#pick(LASTING_NUMBERS))
        break
      case 2:
        words.push(this.#pick(['NX', 'XX', 'GET', 'EX', 'KEEPTTL', 'PERSIST', 'BIT', 'x']))
        break
      default:
        if (at < words.length) words[at] = this.#pick([...LASTING_NUMBERS, 'some text'])
    }
    return words
  }

  #expand(command: string, syntax: Syntax, words: Words): void {
    switch (syntax.kind) {
      case 'literal':
        words.push(this.#inAnyCase(tieless(command, syntax.word).toLowerCase()))
        return
      case 'argument':
        words.push(this.#argument(command, syntax.name, syntax.type))
        return
      case 'sequence':
        this.#expandAll(command, syntax.items, words)
        return
      case 'choice':
        this.#expand(command, this.#pick(syntax.items), words)
        return
      case 'optional':
        if (this.#chance(40)) this.#expand(command, syntax.item, words)
        return
      case 'repeated': {
        const count = 1 + (this.#chance(50) ? 0 : this.#random.below(5))
        for (let done = 0; done < count; done++) this.#expand(command, syntax.item, words)
      }
    }
  }

  /** Of `numkeys key ...` the number is mostly right. */
  #expandAll(command: string, items: readonly Syntax[], words: Words): void {
    for (let at = 0; at < items.length; at++) {
      const item = items[at]
      if (item.kind !== 'argument' || item.name !== 'numkeys' || this.#chance(5)) {
        this.#expand(command, item, words)
        continue
      }
      const count = 1 + this.#random.below(4)
      words.push(String(count))
      for (let key = 0; key < count; key++) words.push(this.#key(command))
      at++
    }
  }

  #argument(command: string, name: string, type: string): string | Uint8Array {
    if (type === 'key') return this.#key(command)
    if (/^(field|member)$/.test(name) && this.#chance(70)) return this.#pick(NAMES)
    // What SORT's patterns make names of keys of.
    if (name === 'element' && this.#chance(30)) return String(this.#random.below(20))
    if (type === 'pattern' && name !== type) return this.#keyPattern(name)
    if (name === 'serialized-value' && !this.#chance(5)) return this.#pick(PAYLOADS)
    if (type === 'lex' || type === 'zset-bound') return this.#bound(type)
    if (/^(min|max)$/.test(name) && this.#chance(30)) return this.#scoreBound()
    if (name === 'operation') return this.#pick(['AND', 'or', 'XOR', 'NOT', 'NAND'])
    if (name === 'pattern') return this.#pick(['*', 'k*', '*1', 'k[0-3]', '?', '\\*', '[^k]*', ''])
    if (name === 'type') return this.#pick(['string', 'hash', 'STRING', 'list'])
    if (name === 'cursor') return '0'
    if (name === 'timeout') return this.#pick(TIMEOUTS)
    if (name === 'encoding') return this.#encoding()
    if (name === 'offset' && command.startsWith('bitfield')) return this.#fieldOffset()
    if (type === 'unix-time') return this.#time(name)
    if (type === 'integer' || type === 'double') return this.#number(command, name, type)
    return this.#value()
  }

  /** Mostly one of a few keys of the command's own type, or all would meet the wrong one. */
  #key(command: string): string | Uint8Array {
    const place = TYPED_GROUPS.indexOf(GROUPS.get(command) ?? '')
    if (place < 0 || this.#chance(20)) return this.#pick(this.#keys)
    return this.#keys[place * KEYS_A_TYPE + this.#random.below(KEYS_A_TYPE)]
  }

  /** Of SORT: mostly one that names keys, in the slot of all keys if there is only one. */
  #keyPattern(name: string): string {
    if (this.#chance(name === 'by-pattern' ? 20 : 40)) return this.#pick(PLAIN_PATTERNS)
    const tag = this.#profile === 'redis' ? '' : '{t}'
    return tag + this.#pick(PATTERNS)
  }

  /** An end of a range of texts, or of any range of a sorted set. */
  #bound(type: string): string {
    if (type === 'zset-bound' && this.#chance(60)) {
      return this.#chance(40) ? this.#scoreBound() : String(this.#random.below(20) - 8)
    }
    const text = this.#pick(NAMES)
    return this.#pick(['-', '+', `[${text}`, `(${text}`, `[${text}`, text])
  }

  #scoreBound(): string {
    const bound = this.#pick(['-inf', '+inf', 'inf', '', ' 1', '1 ', '1e999', 'nan', '0x10', '-0'])
    return `${this.#chance(50) ? '(' : ''}${this.#chance(70) ? this.#random.below(40) - 16 : bound}`
  }

  /** Far enough from now, on either side, that both servers agree on what has expired. */
  #time(name: string): string {
    if (this.#chance(10)) return this.#pick(BOUNDARY_NUMBERS)
    const steps = this.#pick([-2, -1, 1, 2, 3])
    const seconds = this.#nowSeconds + steps * GRID_SECONDS
    return name.includes('milliseconds') ? `${seconds}000` : String(seconds)
  }

  #number(command: string, name: string, type: string): string {
    if (name === 'ttl') return this.#pick(['0', '0', '0', '1000000', '9000000000', '-1', 'x'])
    if (DATABASES.has(name) && !this.#chance(10)) return String(this.#random.below(3))
    if (name === 'numkeys') return this.#pick(['0', '-1', 'x', '100'])
    if (name === 'seconds' || name === 'milliseconds') return this.#duration(name)
    if (name === 'bit' && !this.#chance(10)) return this.#pick(['0', '1'])
    if (command === 'setbit' && name === 'value' && !this.#chance(10)) return this.#pick(['0', '1'])
    if (type === 'double' && this.#chance(40)) return this.#pick(DOUBLES)
    if (this.#chance(25)) return this.#pick(BOUNDARY_NUMBERS)
    return String(this.#random.below(80) - 16)
  }

  #encoding(): string {
    if (this.#chance(5)) return this.#pick(['u0', 'u64', 'i65', 'i', 'x8', 'u08', 'U8', '', 'i-1'])
    const bits = this.#chance(50) ? this.#pick([1, 8, 16, 32, 63]) : 1 + this.#random.below(63)
    return this.#chance(50) ? `u${bits}` : `i${bits + this.#random.below(2)}`
  }

  #fieldOffset(): string {
    const offset = this.#chance(10)
      ? this.#pick(BOUNDARY_NUMBERS)
      : String(this.#random.below(this.#chance(10) ? 20_000 : 100))
    return this.#chance(40) ? `#${offset}` : offset
  }

  #duration(name: string): string {
    if (this.#chance(10)) return this.#pick(LASTING_NUMBERS)
    const seconds = this.#pick(RELATIVE_SECONDS)
    return name === 'seconds' ? seconds : `${seconds}000`
  }

  #value(): string | Uint8Array {
    switch (this.#random.below(8)) {
      case 0:
        return this.#pick(BOUNDARY_NUMBERS)
      case 1:
        return this.#pick(DOUBLES)
      case 2:
        return String(this.#random.below(1000) - 500)
      case 3:
        return Uint8Array.from({ length: this.#random.below(40) }, () => this.#random.below(256))
      case 4:
        return 'x'.repeat(this.#random.below(this.#chance(10) ? 20_000 : 100))
      default:
        return `value ${this.#random.below(1000)}`
    }
  }
}

/** Of arguments that are a database: few, so that they meet. */
const DATABASES: ReadonlySet<string> = new Set(['db', 'destination-db', 'index1', 'index2'])

/**
 * Elements with the same text to order by come in each server's own order: stored, that would part
 * the two for ever.
 */
function storesTies(words: Words): boolean {
  if (!/^sort$/i.test(String(words[0]))) return false
  const texts = words.map((word) => String(word).toLowerCase())
  return ['store', 'alpha', 'by'].every((word) => texts.includes(word))
}

/** A range of texts of a sorted set. */
function isByText(words: Words): boolean {
  const name = String(words[0])
  if (/^z.*lex/i.test(name)) return true
  return /^zrange/i.test(name) && words.some((word) => /^bylex$/i.test(String(word)))
}

/** An offset that is allowed but would make a value of up to 512 MB. */
function isHuge(words: Words): boolean {
  const offset = Number(words[2])
  // So many elements, over and over.
  if (/^.rand(field|member)$/i.test(String(words[0]))) return offset < -1000
  if (/^setbit$/i.test(String(words[0]))) return offset > 1_000_000 && offset < 2 ** 32
  return /^setrange$/i.test(String(words[0])) && offset > 1_000_000 && offset <= 2 ** 29
}

/** The same of a number behind the type of a field of bits. */
function hasHugeField(words: Words): boolean {
  if (!/^bitfield$/i.test(String(words[0]))) return false
  return words.some((word, index) => {
    if (!/^[iu]\d+$/.test(String(words[index - 1]))) return false
    const offset = Number(String(word).replace('#', ''))
    return offset > 1_000_000 && offset < 2 ** 33
  })
}

/** Two relative expiries of the same length tie or not by chance: GT and LT need absolute ones. */
function tieless(command: string, option: string): string {
  if (!/^p?expire$/.test(command)) return option
  return option === 'GT' ? 'NX' : option === 'LT' ? 'XX' : option
}

function hasLaterOption(words: Words): boolean {
  if (/^(p?expire(at)?|[lr]pushx)$/i.test(String(words[0])) && words.length > 3) return true
  if (/^[lr]pop$/i.test(String(words[0])) && words.length > 2) return true
  if (/^sort$/i.test(String(words[0]))) return false
  if (/^zrange$/i.test(String(words[0])) && words.length > 4) {
    return words.length > 5 || !/^withscores$/i.test(String(words[4]))
  }
  const texts = words.map((word) => String(word).toLowerCase())
  if (texts[0] === 'geoadd' && texts.some((word) => /^(nx|xx|ch)$/.test(word))) return true
  if (/^hset$/i.test(String(words[0])) && words.length > 4) return true
  return words.slice(1).some((word) => LATER_OPTION.test(String(word)))
}

function makeKeys(oneSlot: boolean): (string | Uint8Array)[] {
  const names = Array.from({ length: TYPED_GROUPS.length * KEYS_A_TYPE }, (_, index) => `k${index}`)
  if (oneSlot) return names.map((name) => `{t}${name}`)
  return [
    ...names,
    '',
    'a{t}1',
    'b{t}2',
    Uint8Array.of(0, 0xff, 0xfe),
    Uint8Array.of(0, 0xff, 0xff),
  ]
}

function families(profile: ProfileName): Family[] {
  const rare = new Set([
    'swapdb',
    'flushall',
    'flushdb',
    'select',
    'randomkey',
    'keys',
    'scan',
    'dbsize',
  ])
  return ALL_ROWS.filter(
    ({ name, group, flags, profiles, subcommands }) =>
      (profiles & PROFILE_BITS[profile]) !== 0 &&
      // What operates a server has tests of its own.
      (flags & ADMIN) === 0 &&
      subcommands.length === 0 &&
      !ELSEWHERE.has(name) &&
      !ELSEWHERE_GROUPS.has(group) &&
      (!/[|]/.test(name) || /^object[|](?!help)/.test(name)) &&
      !/^(command|ckv)$/.test(name),
  ).map(({ name, syntax, flags }) => ({
    name,
    blocks: (flags & BLOCKS) !== 0,
    severalKeys: /key.*key|key.*\.\.\./.test(syntax),
    syntax: parseSyntax(syntax),
    weight: name.startsWith('flush') ? 3 : rare.has(name) ? 4 : 40,
  }))
}
