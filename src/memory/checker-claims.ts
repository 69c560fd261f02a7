// What a check of an arena has found: which allocated blocks something refers to, and what is
// wrong. Everything that is reached claims its block; what is claimed twice, claimed but not
// allocated, or allocated but never claimed is a finding.

import type { Arena } from './arena.ts'
import type { Blocks } from './checker-blocks.ts'

/** Findings beyond this are not kept. */
export const FINDINGS_MAX = 100

/** Which allocated blocks something refers to. */
export class Claims {
  readonly arena: Arena
  readonly findings: string[]
  readonly #blocks: Blocks
  readonly #claimed = new Set<number>()

  constructor(arena: Arena, blocks: Blocks, findings: string[]) {
    this.arena = arena
    this.findings = findings
    this.#blocks = blocks
  }

  find(text: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push(text)
  }

  /** Claims a block; false = it must not be read. */
  take(address: number, byteLength: number, what: string): boolean {
    const capacity = this.#blocks.get(address)
    if (capacity === undefined) {
      this.find(`${what} at ${address}: no allocated block there`)
      return false
    }
    if (this.#claimed.has(address)) {
      this.find(`${what} at ${address}: reached twice`)
      return false
    }
    this.#claimed.add(address)
    if (byteLength > capacity) {
      this.find(`${what} at ${address}: needs ${byteLength} bytes, block has ${capacity}`)
      return false
    }
    return true
  }

  /** Whether there is a block at all, before its length is known from its content. */
  allocated(address: number): boolean {
    return this.#blocks.has(address)
  }

  finish(): void {
    for (const address of this.#blocks.keys()) {
      if (!this.#claimed.has(address)) this.find(`block at ${address}: allocated, never reached`)
    }
  }
}
