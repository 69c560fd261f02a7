// The keyspace's dictionary with small strings: looking up keys that are there, and replacing one
// key by another, which inserts, removes, splits and merges.

import { halfSipHash } from '../../src/base/half-siphash.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import {
  createDictionary,
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
} from '../../src/memory/dictionary.ts'
import { dictionaryReserve } from '../../src/memory/dictionary-growth.ts'
import { createEntry } from '../../src/memory/entry.ts'
import { NO_EXPIRY, STRING_RAW, TYPE_STRING } from '../../src/memory/layout.ts'
import { releaseEntry } from '../../src/memory/release.ts'
import { KEY_BYTES, keyName } from '../load/keys.ts'
import type { MicroBench } from './micro-bench.ts'

const KEYS = 200_000
const VALUE_BYTES = 64
const ARENA_BYTES = 134_217_728
const OPERATIONS = 1000
const HASH_KEY_0 = 0x0706050
const HASH_KEY_1 = 0x1122334

interface Filled {
  arena: Arena
  root: number
  /** Names of twice as many keys as are stored, KEY_BYTES each. */
  names: Buffer
}

function hashAt(names: Buffer, key: number): number {
  return halfSipHash(HASH_KEY_0, HASH_KEY_1, names, key * KEY_BYTES, KEY_BYTES)
}

function insert(filled: Filled, key: number): void {
  const { arena, root, names } = filled
  const hash = hashAt(names, key)
  const start = key * KEY_BYTES
  const entry = createEntry(
    arena,
    TYPE_STRING,
    STRING_RAW,
    names,
    start,
    KEY_BYTES,
    VALUE_BYTES,
    NO_EXPIRY,
  )
  if (entry === 0 || !dictionaryReserve(arena, root, hash)) throw new Error('the arena is full')
  dictionaryInsert(arena, root, hash, entry, NO_EXPIRY)
}

function remove(filled: Filled, key: number): void {
  const { arena, root, names } = filled
  const entry = find(filled, key)
  if (entry === 0) throw new Error(`key ${key} is missing`)
  const { foundPage, foundSlot } = arena
  dictionaryRemove(arena, root, foundPage, foundSlot)
  releaseEntry(arena, entry)
  if (names.length === 0) throw new Error('no names')
}

function find(filled: Filled, key: number): number {
  const { arena, root, names } = filled
  return dictionaryFind(arena, root, hashAt(names, key), names, key * KEY_BYTES, KEY_BYTES)
}

function fill(): Filled {
  const arena = new Arena([new SharedArrayBuffer(ARENA_BYTES)])
  formatArena(arena)
  const root = createDictionary(arena)
  let text = ''
  for (let key = 0; key < KEYS * 2; key++) text += keyName(key)
  const filled = { arena, root, names: Buffer.from(text, 'latin1') }
  for (let key = 0; key < KEYS; key++) insert(filled, key)
  return filled
}

export function dictionaryFindBench(): MicroBench {
  const filled = fill()
  const random = new SeededRandom(1)
  return {
    name: 'dictionary-find',
    reference: 'memory',
    operations: OPERATIONS,
    run: () => {
      let seen = 0
      for (let i = 0; i < OPERATIONS; i++) {
        const entry = find(filled, random.below(KEYS))
        if (entry === 0) throw new Error('a stored key is missing')
        seen ^= entry
      }
      return seen
    },
  }
}

export function dictionaryReplaceBench(): MicroBench {
  const filled = fill()
  // The window of stored keys moves through the names, for ever.
  let first = 0
  return {
    name: 'dictionary-replace',
    reference: 'memory',
    operations: OPERATIONS,
    run: () => {
      for (let i = 0; i < OPERATIONS; i++) {
        remove(filled, first)
        insert(filled, (first + KEYS) % (KEYS * 2))
        first = (first + 1) % (KEYS * 2)
      }
      return first
    },
  }
}
