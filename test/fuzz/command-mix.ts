// Harsh random commands of shards from a seed: few keys of every type, the same key twice in a
// command, sizes at which encodings change, elements and keys of any length, numbers at boundaries.

import { SeededRandom } from '../../src/base/random.ts'
import { type CommandRow, PROFILE_BITS, type ProfileName } from '../../src/catalog/spec.ts'
import { ALL_ROWS } from '../../src/catalog/table.ts'
import { BOUNDARY_NUMBERS } from '../compat/generator.ts'
import { parseSyntax, type Syntax } from '../compat/syntax.ts'
import { NOW_MS } from '../support/shard-fixture.ts'

/** What sleeps, takes quadratic time, or registers clients. */
const LEFT_OUT = new Set(['debug|sleep', 'lcs', 'watch'])
const RARE = new Set([
  'flushall',
  'flushdb',
  'swapdb',
  'keys',
  'scan',
  'randomkey',
  'dbsize',
  'del',
])
/** What adds several elements at once, and may fail in the middle. */
const FILLING = new Set(['hset', 'hmset', 'lpush', 'rpush', 'sadd', 'smove', 'zadd', 'mset'])
const GROUP_KEYS: Readonly<Record<string, string>> = {
  string: 's',
  bitmap: 's',
  hyperloglog: 'p',
  hash: 'h',
  list: 'l',
  set: 'e',
  'sorted-set': 'z',
  geo: 'g',
}
const COMMON_PERCENT = 82
const WORDS = ['a', 'b', 'c', 'd', '', '0', '1', '-1', '17', '300', '-70000', '007', '1.5']
const WIDE = [
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '4294967296'],
  ...['9007199254740993', '-2147483649', '8388608', '32768', '2048', '-4097', '127', '128'],
]
const SCORES = ['0', '-0', '1', '1', '2', '-3.25', '1e17', 'inf', '-inf', '5e-324', '0.1', '3']
const ENCODINGS = ['u1', 'u8', 'i8', 'u16', 'i33', 'u63', 'i64', 'u7', 'i1', 'u64', 'x']

interface Family {
  readonly row: CommandRow
  readonly syntax: Syntax
}

export class CommandMix {
  readonly #random: SeededRandom
  readonly #families: Family[]
  readonly #tag: string
  /** What DUMP answered. */
  readonly payloads: string[] = []
  /** Longest key, and longest element, that come now and then. */
  readonly #longKeys: string[]
  readonly #lengths: number[]
  /** The type of keys that the command is mostly about. */
  #keyLetter = 's'

  /** Behind every key. */
  readonly #keyEnd: string

  /** @param huge keys and elements of hundreds of KB come too @param longKeys every record is too
   * large for a log's slice, because of its key */
  constructor(
    seed: number,
    profile: ProfileName,
    oneSlot: boolean,
    huge: boolean,
    longKeys: boolean,
  ) {
    this.#keyEnd = longKeys ? 'K'.repeat(17_000) : ''
    this.#random = new SeededRandom(seed)
    this.#tag = oneSlot ? '{t}' : ''
    this.#longKeys = huge ? ['K'.repeat(20_000), 'L'.repeat(600_000)] : ['K'.repeat(20_000)]
    this.#lengths = [3, 20, 63, 64, 65, 127, 500, 4090, 4095, 4096, 5000, 17_000, 40_000, 70_000]
    if (huge) this.#lengths.push(65_530, 65_536, 600_000, 2_000_000)
    const served = ALL_ROWS.filter(
      ({ place, name, profiles }) =>
        place === 'shard' && !LEFT_OUT.has(name) && (profiles & PROFILE_BITS[profile]) !== 0,
    )
    this.#families = served.flatMap((row) => {
      const family = { row, syntax: parseSyntax(row.syntax) }
      const weight = RARE.has(row.name) ? 1 : FILLING.has(row.name) ? 36 : 9
      return Array<Family>(weight).fill(family)
    })
  }

  below(bound: number): number {
    return this.#random.below(bound)
  }

  chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]
  }

  next(): string[] {
    if (this.chance(4)) return this.#bulk()
    for (;;) {
      const { row, syntax } = this.pick(this.#families)
      const letter = GROUP_KEYS[row.group] ?? this.pick(['s', 'h', 'l', 'e', 'z', 'g', 'p'])
      this.#keyLetter = this.chance(COMMON_PERCENT) ? letter : ''
      const words = row.name.split('|')
      this.#expand(row.name, syntax, words)
      if (this.chance(2)) words.splice(1 + this.below(words.length), 1)
      if (this.chance(2)) words.push(this.pick(['x', '1', 'COUNT', 'LIMIT', 'REV', 'STORE', 'GET']))
      if (!isHuge(words)) return words
    }
  }

  /** Hundreds of elements at once. */
  #bulk(): string[] {
    const [letter, ...names] = this.pick([
      ['l', 'rpush', 'lpush'],
      ['e', 'sadd', 'srem'],
      ['h', 'hmset', 'hdel'],
      ['z', 'zadd', 'zrem'],
    ])
    this.#keyLetter = letter
    const words = [this.pick(names), this.#key()]
    const count = 1 + this.below(400)
    const from = this.below(300)
    for (let index = from; index < from + count; index++) {
      const member = this.chance(50)
        ? String(index)
        : `${index}`.padStart(this.pick([4, 9, 70]), 'm')
      if (words[0] === 'zadd') words.push(this.chance(80) ? String(this.below(99)) : this.#score())
      words.push(member)
      if (words[0] === 'hmset') words.push(this.chance(80) ? member : this.#element())
    }
    return words
  }

  #expand(command: string, syntax: Syntax, words: string[]): void {
    switch (syntax.kind) {
      case 'literal':
        words.push(syntax.word)
        return
      case 'argument':
        words.push(this.#argument(command, syntax.name, syntax.type))
        return
      case 'sequence':
        this.#expandAll(command, syntax.items, words)
        return
      case 'choice':
        this.#expand(command, this.pick(syntax.items), words)
        return
      case 'optional':
        // Of ZADD's options most exclude each other.
        if (this.chance(command === 'zadd' ? 8 : 40)) this.#expand(command, syntax.item, words)
        return
      case 'repeated': {
        const count = 1 + (this.chance(60) ? this.below(3) : this.below(this.pick([9, 9, 60])))
        for (let done = 0; done < count; done++) this.#expand(command, syntax.item, words)
      }
    }
  }

  /** Of `numkeys key ... [WEIGHTS weight ...]` the numbers are mostly right. */
  #expandAll(command: string, items: readonly Syntax[], words: string[]): void {
    let count = 0
    for (let at = 0; at < items.length; at++) {
      const item = items[at]
      if (item.kind === 'argument' && item.name === 'numkeys' && !this.chance(4)) {
        count = 1 + this.below(4)
        words.push(String(count))
        for (let key = 0; key < count; key++) words.push(this.#key())
        at++
      } else if (item.kind === 'optional' && count > 0 && isWeights(item.item)) {
        if (this.chance(50)) continue
        words.push('WEIGHTS')
        for (let key = 0; key < count; key++) words.push(this.pick(SCORES))
      } else {
        this.#expand(command, item, words)
      }
    }
  }

  #argument(command: string, name: string, type: string): string {
    if (type === 'key') return this.#key()
    if (/^(m|km|ft|mi)$/.test(name)) return name
    if (name === 'cursor') return this.chance(70) ? '0' : this.#number()
    if (name === 'operation') return this.pick(['AND', 'or', 'XOR', 'NOT'])
    if (name === 'encoding') return this.pick(ENCODINGS)
    if (name === 'serialized-value') return this.#payload()
    if (name === 'slot') return String(this.below(16_384))
    if (type === 'lex' || (type === 'zset-bound' && this.chance(40))) {
      const text = this.pick(WORDS)
      return this.pick(['-', '+', `[${text}`, `(${text}`])
    }
    if (type === 'unix-time') return this.#time(name)
    if (name === 'seconds') return this.pick(['1', '5', '100', '0', '-1', this.#number()])
    if (name === 'milliseconds') return this.pick(['1', '50', '900', '100000', this.#number()])
    if (name === 'ttl') return this.pick(['0', '0', '100', '5000', '-1'])
    if (/^(db|destination-db|index1|index2)$/.test(name)) return this.pick(['0', '1', '2', '16'])
    if (/^(longitude|latitude)$/.test(name)) return String((this.below(1700) - 850) / 10)
    if (/^(radius|width|height)$/.test(name)) return this.pick(['0', '1', '500', '9000', '1e9'])
    if (name.startsWith('score') || name === 'weight') return this.pick(SCORES)
    if (type === 'double' || type === 'zset-bound') return this.#score()
    if (type === 'integer') return this.#integer(command, name)
    if (name === 'offset') return `${this.pick(['', '', '#'])}${this.#offset()}`
    if (type === 'pattern') return this.pick(['*', 'h*->a', 's*', '#', 'x', `${this.#tag}s*`, 'a*'])
    if (name === 'type') return this.pick(['string', 'hash', 'set', 'zset', 'list', 'x'])
    return this.#element()
  }

  #key(): string {
    if (this.chance(2)) return this.#tag + this.pick(this.#longKeys)
    const letter = this.#keyLetter || this.pick(['s', 'h', 'l', 'e', 'z', 'g', 'p', ''])
    return `${this.#tag}${letter}${this.pick(['', 'a', '1'])}${this.#keyEnd}`
  }

  #element(): string {
    if (this.chance(55)) return this.pick(WORDS)
    if (this.chance(30)) return this.pick(WIDE)
    if (this.chance(50)) return String(this.below(200) - 60)
    const length = this.chance(70) ? this.pick([3, 20, 64, 65]) : this.pick(this.#lengths)
    return this.pick(['x', 'y', '\xff', '\0']).repeat(length)
  }

  #payload(): string {
    if (this.payloads.length === 0 || this.chance(3)) return this.#element()
    return this.pick(this.payloads)
  }

  #score(): string {
    return this.chance(60) ? `${this.pick(['', '', '('])}${this.below(8) - 4}` : this.pick(SCORES)
  }

  #time(name: string): string {
    if (this.chance(8)) return this.#number()
    const ms = NOW_MS + this.pick([-5000, 2000, 30_000, 100_000, 9_000_000])
    return name.includes('milliseconds') ? String(ms) : String(Math.floor(ms / 1000))
  }

  #number(): string {
    return this.pick(BOUNDARY_NUMBERS)
  }

  #offset(): string {
    return this.chance(5) ? this.#number() : String(this.below(this.pick([30, 30, 700, 70_000])))
  }

  #integer(command: string, name: string): string {
    if (name === 'offset' && /^(setbit|getbit|setrange)$/.test(command)) return this.#offset()
    if (/bit|value/.test(name) && this.chance(70)) return this.pick(['0', '1'])
    if (this.chance(8)) return this.#number()
    return String(this.below(this.pick([3, 3, 12, 70])) - this.pick([0, 0, 1, 12]))
  }
}

function isWeights(syntax: Syntax): boolean {
  if (syntax.kind !== 'sequence') return false
  const [first] = syntax.items
  return first.kind === 'literal' && first.word === 'WEIGHTS'
}

/** Values of hundreds of MB, or replies of as many elements. */
function isHuge([name, ...words]: readonly string[]): boolean {
  if (/^(setbit|setrange)$/.test(name)) return Number(words[1]) > 600_000
  if (/rand(field|member)$/.test(name)) return Number(words[1]) < -2000
  if (name !== 'bitfield') return false
  return words.some((word, index) => {
    return /^[iu]\d+$/.test(words[index - 1]) && Number(word.replace('#', '')) > 600_000
  })
}
