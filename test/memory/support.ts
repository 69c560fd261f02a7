// A small store on an arena, as the keyspace would use it, beside a Map that says what must be in
// it. Every operation checks its own result; `verify` compares everything.

import { halfSipHash } from '../../src/base/half-siphash.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { type CheckOptions, checkArena } from '../../src/memory/checker.ts'
import {
  createDictionary,
  dictionaryCount,
  dictionaryExpiring,
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
  dictionaryReplace,
  dictionarySetExpiry,
} from '../../src/memory/dictionary.ts'
import { dictionaryReserve } from '../../src/memory/dictionary-growth.ts'
import { dictionaryScan, results } from '../../src/memory/dictionary-walk.ts'
import {
  createEntry,
  entryExpiry,
  entryHasExpiryField,
  entryKeyLength,
  entryKeyStart,
  entryValueLength,
} from '../../src/memory/entry.ts'
import { NO_EXPIRY, SEGMENT_SHIFT, STRING_RAW, TYPE_STRING } from '../../src/memory/layout.ts'
import { releaseEntry } from '../../src/memory/release.ts'
import { copyValueOut, resizeEntryInPlace, writeValue } from '../../src/memory/value.ts'

export const KIB = 1024
export const MIB = 1024 * 1024

/** A formatted arena of segments of these sizes. */
export function makeArena(...segmentBytes: number[]): Arena {
  const arena = new Arena(segmentBytes.map((bytes) => new SharedArrayBuffer(bytes)))
  formatArena(arena)
  return arena
}

/** Another thread's view on the same memory. */
export function attach(arena: Arena): Arena {
  return new Arena(arena.segments)
}

const PATTERN_BYTES = 8 * MIB
const pattern = new Uint8Array(PATTERN_BYTES + 4096)
{
  const random = new SeededRandom(99)
  const words = new Uint32Array(pattern.buffer)
  for (let at = 0; at < words.length; at++) words[at] = random.word()
}

/** Bytes that can be told from those of another seed and from a shifted copy. */
export function valueBytes(length: number, seed: number): Uint8Array {
  const start = (seed * 7) % 4096
  return pattern.slice(start, start + length)
}

export interface Expected {
  length: number
  seed: number
  expiryMs: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class Store {
  arena: Arena
  root: number
  readonly model = new Map<string, Expected>()
  /** Hash bits that are used: 0xffffffff, or fewer to make pages overflow. */
  readonly hashMask: number

  constructor(arena: Arena, root = createDictionary(arena), hashMask = 0xffff_ffff) {
    this.arena = arena
    this.root = root
    this.hashMask = hashMask | 0
  }

  hash(key: Uint8Array): number {
    return halfSipHash(0x1234, 0x5678, key, 0, key.length) & this.hashMask
  }

  find(key: Uint8Array): number {
    return dictionaryFind(this.arena, this.root, this.hash(key), key, 0, key.length)
  }

  /** false = out of memory. */
  set(name: string, length: number, seed: number, expiryMs: number = NO_EXPIRY): boolean {
    const arena = this.arena
    const key = encoder.encode(name)
    const hash = this.hash(key)
    const bytes = valueBytes(length, seed)
    const old = this.find(key)
    if (old !== 0 && (expiryMs === NO_EXPIRY || entryHasExpiryField(arena, old))) {
      const { foundPage, foundSlot } = arena
      if (resizeEntryInPlace(arena, old, length)) {
        writeValue(arena, old, 0, bytes, 0, length)
        dictionarySetExpiry(arena, this.root, foundPage, foundSlot, expiryMs)
        this.model.set(name, { length, seed, expiryMs })
        return true
      }
    }
    if (old === 0 && !dictionaryReserve(arena, this.root, hash)) return false
    const entry = createEntry(
      arena,
      TYPE_STRING,
      STRING_RAW,
      key,
      0,
      key.length,
      length,
      expiryMs,
      seed % 3 === 0 ? length >>> 3 : 0,
    )
    if (entry === 0) return false
    writeValue(arena, entry, 0, bytes, 0, length)
    if (old === 0) {
      dictionaryInsert(arena, this.root, hash, entry, expiryMs)
    } else {
      dictionaryReplace(arena, this.root, arena.foundPage, arena.foundSlot, entry, expiryMs)
      releaseEntry(arena, old)
    }
    this.model.set(name, { length, seed, expiryMs })
    return true
  }

  delete(name: string): boolean {
    const entry = this.find(encoder.encode(name))
    if ((entry !== 0) !== this.model.has(name)) throw new Error(`presence of ${name}`)
    if (entry === 0) return false
    dictionaryRemove(this.arena, this.root, this.arena.foundPage, this.arena.foundSlot)
    releaseEntry(this.arena, entry)
    this.model.delete(name)
    return true
  }

  /** Deletes by the entry's own key, as a sweep does. */
  deleteEntry(entry: number): void {
    this.delete(this.keyOf(entry))
  }

  keyOf(entry: number): string {
    const start = entryKeyStart(this.arena, entry)
    const bytes = this.arena.bytes[entry >>> SEGMENT_SHIFT]
    return decoder.decode(bytes.slice(start, start + entryKeyLength(this.arena, entry)))
  }

  scanAll(): Map<string, number> {
    const seen = new Map<string, number>()
    let cursor = 0
    do {
      cursor = dictionaryScan(this.arena, this.root, cursor)
      for (let at = 0; at < this.arena.resultCount; at++) {
        const key = this.keyOf(results[at])
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    } while (cursor !== 0)
    return seen
  }

  /** What differs from the model, '' = nothing. */
  difference(): string {
    const { arena, root, model } = this
    if (dictionaryCount(arena, root) !== model.size) return 'count'
    let expiring = 0
    for (const [name, expected] of model) {
      const entry = this.find(encoder.encode(name))
      if (entry === 0) return `${name} is missing`
      if (entryValueLength(arena, entry) !== expected.length) return `${name}: length`
      if (entryExpiry(arena, entry) !== expected.expiryMs) return `${name}: expiry`
      if (expected.expiryMs !== NO_EXPIRY) expiring++
      const bytes = new Uint8Array(expected.length)
      copyValueOut(arena, entry, 0, expected.length, bytes, 0)
      const wanted = valueBytes(expected.length, expected.seed)
      if (Buffer.compare(bytes, wanted) !== 0) return `${name}: content`
    }
    if (dictionaryExpiring(arena, root) !== expiring) return 'expiring count'
    const seen = this.scanAll()
    if (seen.size !== model.size) return `scan saw ${seen.size} of ${model.size}`
    for (const times of seen.values()) if (times !== 1) return 'scan saw a key twice'
    return ''
  }

  /** Findings of the checker. */
  check(options: CheckOptions = {}): string[] {
    return checkArena(this.arena, { dictionaries: [this.root], ...options })
  }
}
