// The only place that makes randomness. Secrets come from the system, all else from a seed,
// so that every test and every fuzz case can be run again.

import { randomBytes } from 'node:crypto'

export interface Random {
  /** A whole number in [0, bound). */
  below(bound: number): number
  /** 32 random bits as an unsigned number. */
  word(): number
}

/** xoshiro128** seeded by splitmix32: fast, good enough for sampling and tests, not for secrets. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed | 0
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let mixed = state ^ (state >>> 16)
      mixed = Math.imul(mixed, 0x21f0aaad)
      mixed ^= mixed >>> 15
      mixed = Math.imul(mixed, 0x735a2d97)
      return mixed ^ (mixed >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  word(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result >>> 0
  }

  below(bound: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) * bound)
  }
}

/** Bytes nobody can guess: hash keys, instance ids. */
export function secretBytes(byteLength: number): Uint8Array {
  return randomBytes(byteLength)
}
