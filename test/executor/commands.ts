// Random commands of one connection on keys of its own, and what each must answer: a Map says what
// is stored. After a reply "outcome unknown" a key may hold its old or its new value.

import type { Random } from '../../src/base/random.ts'
import { MISCONF_DISK_FULL, MISCONF_UNKNOWN } from '../../src/wire/replies.ts'

export interface Command {
  /** The name, then the arguments. */
  readonly words: readonly Buffer[]
  readonly keys: readonly string[]
  /** Checks the reply at `at` and does to the model what it says; returns the offset behind it. */
  check(reply: Buffer, at: number): number
}

const OK = Buffer.from('+OK\r\n')
const NONE = '$-1\r\n'
/** A value of each kind of length: in its record, at a quarter of a ring, in chunks, in parts. */
const LENGTHS = [0, 1, 30, 200, 700, 1500, 2000, 2050, 3000, 4040, 9000, 66_000, 140_000]
const LENGTHS_LARGE = 10
const LENGTHS_TINY = 4

/** Which values are stored: one of so many in chunks, or none longer than some bytes. */
export type Sizes = { readonly largeEvery: number } | 'tiny'

export class CommandMaker {
  readonly #random: Random
  readonly #keys: readonly string[]
  readonly #sizes: Sizes
  /** What each key may hold; null: nothing. More than one: the outcome of a write is unknown. */
  readonly #stored = new Map<string, (Buffer | null)[]>()
  #count = 0

  constructor(random: Random, name: string, keyCount: number, sizes: Sizes) {
    this.#random = random
    this.#keys = Array.from({ length: keyCount }, (_, index) => `${name}:${index}`)
    this.#sizes = sizes
  }

  next(): Command {
    const dice = this.#random.below(100)
    if (dice < 45) return this.#set('SET', this.#some(1))
    if (dice < 88) return this.#get('GET', this.#some(1))
    if (dice < 93) return this.#set('MSET', this.#some(1 + this.#random.below(6)))
    if (dice < 98) return this.#get('MGET', this.#some(1 + this.#random.below(6)))
    return this.#get('MGET', this.#keys)
  }

  #some(count: number): string[] {
    return Array.from({ length: count }, () => this.#keys[this.#random.below(this.#keys.length)])
  }

  #value(): Buffer {
    const sizes = this.#sizes
    const large = sizes !== 'tiny' && this.#random.below(sizes.largeEvery) === 0
    const from = large ? LENGTHS_LARGE : 0
    const to = large ? LENGTHS.length : sizes === 'tiny' ? LENGTHS_TINY : LENGTHS_LARGE
    const length = LENGTHS[from + this.#random.below(to - from)]
    return Buffer.alloc(length + this.#random.below(40), `${this.#count++}.`)
  }

  #set(name: string, given: string[]): Command {
    const keys = [...new Set(given)]
    const values = keys.map(() => this.#value())
    const words = [Buffer.from(name), ...keys.flatMap((key, at) => [Buffer.from(key), values[at]])]
    const check = (reply: Buffer, at: number): number => {
      const refused = endOf(reply, at, MISCONF_DISK_FULL)
      if (refused > 0) return refused
      const done = endOf(reply, at, OK)
      const end = done > 0 ? done : endOf(reply, at, MISCONF_UNKNOWN)
      if (end === 0) throw new Error(`${name} answered ${shown(reply, at)}`)
      for (const [index, key] of keys.entries()) {
        const before = done > 0 ? [] : this.#of(key)
        this.#stored.set(key, [...before, values[index]])
      }
      return end
    }
    return { words, keys, check }
  }

  #get(name: string, keys: readonly string[]): Command {
    const words = [Buffer.from(name), ...keys.map((key) => Buffer.from(key))]
    const check = (reply: Buffer, at: number): number => {
      const unknown = endOf(reply, at, MISCONF_UNKNOWN)
      if (unknown > 0) return unknown
      let end = at
      if (name === 'MGET') end = expect(reply, end, `*${keys.length}\r\n`)
      for (const key of keys) end = this.#checkValue(reply, end, key)
      return end
    }
    return { words, keys, check }
  }

  #checkValue(reply: Buffer, at: number, key: string): number {
    for (const value of this.#of(key)) {
      const text = value === null ? NONE : `$${value.length}\r\n`
      const head = endOf(reply, at, Buffer.from(text))
      if (head === 0) continue
      const end = value === null ? head : endOf(reply, head, value)
      if (end === 0 && (value === null || value.length > 0)) continue
      this.#stored.set(key, [value])
      return value === null ? end : expect(reply, head + value.length, '\r\n')
    }
    const lengths = this.#of(key).map((value) => value?.length)
    throw new Error(`${key}: ${shown(reply, at)} is none of the values of lengths ${lengths}`)
  }

  #of(key: string): readonly (Buffer | null)[] {
    return this.#stored.get(key) ?? [null]
  }
}

/** Offset behind `wanted` if it stands at `at`, else 0. */
function endOf(reply: Buffer, at: number, wanted: Uint8Array): number {
  const end = at + wanted.length
  if (end > reply.length || reply.compare(wanted, 0, wanted.length, at, end) !== 0) return 0
  return end
}

function expect(reply: Buffer, at: number, text: string): number {
  const end = endOf(reply, at, Buffer.from(text))
  if (end === 0) throw new Error(`${shown(reply, at)} instead of ${JSON.stringify(text)}`)
  return end
}

function shown(reply: Buffer, at: number): string {
  return JSON.stringify(reply.toString('latin1', at, at + 60))
}
