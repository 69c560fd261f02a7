// Random commands of every kind with the replies they must get, told by a plain Map: local ones,
// of one shard, of several, errors and unknown ones, in several databases.

import type { Random } from '../../src/base/random.ts'
import type { Reply } from './resp.ts'
import type { Words } from './resp-client.ts'

export interface ModelCommand {
  readonly words: Words
  readonly reply: Reply
}

const DATABASES = 3
const KEYS = 40
const OK = { simple: 'OK' }
const NOT_AN_INTEGER = { error: 'ERR value is not an integer or out of range' }

/** One client's commands; keys begin with `prefix`, so that clients don't meet. */
export class MixedCommands {
  readonly #random: Random
  readonly #prefix: string
  readonly #alone: boolean
  readonly #valueBytesMax: number
  readonly #databases = Array.from({ length: DATABASES }, () => new Map<string, string>())
  #database = 0
  #made = 0

  /** @param alone nobody else uses the server, so DBSIZE can be told */
  constructor(random: Random, prefix: string, alone: boolean, valueBytesMax: number) {
    this.#random = random
    this.#prefix = prefix
    this.#alone = alone
    this.#valueBytesMax = valueBytesMax
  }

  take(count: number): ModelCommand[] {
    return Array.from({ length: count }, () => this.#next())
  }

  #next(): ModelCommand {
    const pick = this.#random.below(100)
    this.#made++
    if (pick < 25) return this.#set()
    if (pick < 45) return this.#get()
    if (pick < 55) return this.#append()
    if (pick < 63) return this.#increment()
    if (pick < 68) return this.#delete()
    if (pick < 76) return this.#setSeveral()
    if (pick < 84) return this.#getSeveral()
    if (pick < 90) return this.#local()
    return this.#wrong()
  }

  get #keys(): Map<string, string> {
    return this.#databases[this.#database]
  }

  #key(): string {
    return `${this.#prefix}${this.#random.below(KEYS)}`
  }

  #value(): string {
    const lengthMax = this.#random.below(20) === 0 ? this.#valueBytesMax : 40
    const length = this.#random.below(lengthMax)
    return `${this.#made}:`.padEnd(length, 'v\r\n\0\xff')
  }

  #set(): ModelCommand {
    const key = this.#key()
    const value = this.#value()
    this.#keys.set(key, value)
    return { words: ['SET', key, value], reply: OK }
  }

  #get(): ModelCommand {
    const key = this.#key()
    return { words: ['GET', key], reply: this.#keys.get(key) ?? null }
  }

  #append(): ModelCommand {
    const key = this.#key()
    const value = (this.#keys.get(key) ?? '') + this.#made
    this.#keys.set(key, value)
    return { words: ['APPEND', key, String(this.#made)], reply: value.length }
  }

  #increment(): ModelCommand {
    const key = this.#key()
    const old = this.#keys.get(key) ?? '0'
    if (!/^(0|[1-9]\d{0,14})$/.test(old)) return { words: ['INCR', key], reply: NOT_AN_INTEGER }
    this.#keys.set(key, String(Number(old) + 1))
    return { words: ['INCR', key], reply: Number(old) + 1 }
  }

  #delete(): ModelCommand {
    const key = this.#key()
    return { words: ['DEL', key], reply: this.#keys.delete(key) ? 1 : 0 }
  }

  #setSeveral(): ModelCommand {
    const words = ['MSET']
    for (let left = 1 + this.#random.below(6); left > 0; left--) {
      const key = this.#key()
      const value = this.#value()
      this.#keys.set(key, value)
      words.push(key, value)
    }
    return { words, reply: OK }
  }

  #getSeveral(): ModelCommand {
    const keys = Array.from({ length: 1 + this.#random.below(8) }, () => this.#key())
    return { words: ['MGET', ...keys], reply: keys.map((key) => this.#keys.get(key) ?? null) }
  }

  #local(): ModelCommand {
    const text = `e${this.#made}`
    switch (this.#random.below(4)) {
      case 0:
        return { words: ['PING'], reply: { simple: 'PONG' } }
      case 1:
        return { words: ['echo', text], reply: text }
      case 2:
        if (this.#alone) return { words: ['DBSIZE'], reply: this.#keys.size }
        return { words: ['PiNG', text], reply: text }
      default:
        this.#database = this.#random.below(DATABASES)
        return { words: ['SELECT', String(this.#database)], reply: OK }
    }
  }

  #wrong(): ModelCommand {
    switch (this.#random.below(5)) {
      case 0: {
        const name = `no${this.#made}`
        return { words: [name, 'a', 'b'], reply: { error: `ERR unknown command '${name}'` } }
      }
      case 1:
        return {
          words: ['GET'],
          reply: { error: "ERR wrong number of arguments for 'get' command" },
        }
      case 2:
        return { words: ['SELECT', '16'], reply: { error: 'ERR invalid DB index' } }
      case 3:
        // Slots 12182 and 5061: never of one shard when there are at least three.
        return {
          words: ['RENAME', 'foo', 'bar'],
          reply: { error: "CROSSSLOT Keys in request don't hash to the same slot" },
        }
      default: {
        const key = this.#key()
        return { words: ['EXPIRE', key, 'soon'], reply: NOT_AN_INTEGER }
      }
    }
  }
}
