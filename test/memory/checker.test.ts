// The checker must find what is wrong: one planted damage a case, each in a sound arena.

import t from 'tap'
import { allocate } from '../../src/memory/allocator.ts'
import type { Arena } from '../../src/memory/arena.ts'
import { changeSlotCount, detachDatabase, ensureDatabase } from '../../src/memory/database.ts'
import { dictionaryFind } from '../../src/memory/dictionary.ts'
import { chunkTableWord, entryKeyStart, setEntryExpiry } from '../../src/memory/entry.ts'
import * as layout from '../../src/memory/layout.ts'
import { releaseEntry } from '../../src/memory/release.ts'
import { MIB, makeArena, Store } from './support.ts'

interface Scene {
  arena: Arena
  words: Int32Array
  store: Store
  root: number
  /** First word of the dictionary root, of the directory, of the page of key k1, of its entry. */
  rootWord: number
  directoryWord: number
  pageWord: number
  slotWord: number
  entry: number
}

function scene(): Scene {
  const arena = makeArena(8 * MIB)
  const root = ensureDatabase(arena, 0)
  const store = new Store(arena, root)
  for (let key = 0; key < 3000; key++) {
    store.set(`k${key}`, key % 700, key, key % 2 === 0 ? layout.NO_EXPIRY : 50_000 + key)
    changeSlotCount(arena, root, key, 1)
  }
  store.set('chunked', 2 * MIB + 9, 5)
  changeSlotCount(arena, root, 9999, 1)
  for (let key = 2000; key < 2400; key++) {
    store.delete(`k${key}`)
    changeSlotCount(arena, root, key, -1)
  }
  const words = arena.words[0]
  const rootWord = (root & layout.UNIT_MASK) << 1
  const entry = store.find(new TextEncoder().encode('k1'))
  const pageWord = (arena.foundPage & layout.UNIT_MASK) << 1
  return {
    arena,
    words,
    store,
    root,
    rootWord,
    directoryWord: words[rootWord + layout.DIRECTORY_WORD] << 1,
    pageWord,
    slotWord: pageWord + layout.PAGE_SLOTS_WORD + arena.foundSlot * 2,
    entry,
  }
}

function findings(it: Scene): string[] {
  return it.store.check({ dictionaries: [], slotCounts: true })
}

/** First free extent of the arena. */
function freeBlock(words: Int32Array): number {
  for (let bin = 0; bin < layout.BINS; bin++) {
    if (words[layout.BINS_WORD + bin] !== 0) return words[layout.BINS_WORD + bin]
  }
  throw new Error('no free block')
}

/** First slab with room. */
function slab(words: Int32Array): number {
  for (let units = layout.SLAB_BLOCK_UNITS_MIN; units <= layout.SLAB_BLOCK_UNITS_MAX; units++) {
    const found = words[layout.SLAB_ROOM_WORD + units]
    if (found !== 0 && words[(found << 1) + layout.SLAB_FREE_WORD] !== 0) return found
  }
  throw new Error('no slab with freed blocks')
}

const damages: [string, (it: Scene) => void, RegExp][] = [
  ['used bytes', ({ arena }) => (arena.doubles[0][layout.USED_DOUBLE] += 8), /used bytes/],
  ['a lost block', ({ arena }) => allocate(arena, 100), /never reached/],
  ['a lost large block', ({ arena }) => allocate(arena, 5000), /never reached/],
  [
    'an entry freed but still linked',
    ({ arena, entry }) => releaseEntry(arena, entry),
    /no.*block/,
  ],
  [
    'an entry linked twice',
    ({ words, slotWord, pageWord }) => {
      for (let word = pageWord + layout.PAGE_SLOTS_WORD; ; word += 2) {
        if (word === slotWord || words[word + 1] >= 0) continue
        words[word + 1] = words[slotWord + 1]
        return
      }
    },
    /twice/,
  ],
  ['count', ({ words, rootWord }) => words[rootWord + layout.COUNT_WORD]++, /count/],
  ['expiring count', ({ words, rootWord }) => words[rootWord + layout.EXPIRING_WORD]--, /expiring/],
  ['pages', ({ words, rootWord }) => words[rootWord + layout.PAGES_WORD]++, /pages/],
  ['depths', ({ words, rootWord }) => words[rootWord + layout.PAGES_AT_DEPTH_WORD]++, /of depth/],
  ['page count', ({ words, pageWord }) => words[pageWord + layout.PAGE_COUNT_WORD]++, /counts/],
  ['page depth', ({ words, pageWord }) => words[pageWord + layout.PAGE_DEPTH_WORD]--, /./],
  [
    'page bound',
    ({ words, pageWord }) => (words[pageWord + layout.PAGE_BOUND_WORD] = 9_999_999),
    /bound is too late/,
  ],
  [
    'next expiry bound',
    ({ arena, root }) => (arena.doubles[0][root + layout.NEXT_EXPIRY_DOUBLE] = 1e15),
    /next expiry/,
  ],
  [
    'an expiry changed behind the dictionary',
    ({ arena, entry }) => setEntryExpiry(arena, entry, 3),
    /bound is too late/,
  ],
  ['a hash', ({ words, slotWord }) => (words[slotWord] ^= 1 << 31), /another page/],
  ['a hash in its low bits', ({ words, slotWord }) => (words[slotWord] ^= 0x80), /hides it/],
  ['an expiry flag', ({ words, slotWord }) => (words[slotWord + 1] &= 0x7fff_ffff), /flag/],
  ['a directory place', ({ words, directoryWord }) => (words[directoryWord + 1] += 64), /./],
  [
    'an overflow page out of nowhere',
    ({ words, pageWord }) => (words[pageWord + layout.PAGE_OVERFLOW_WORD] = 4096),
    /no allocated block/,
  ],
  [
    'an entry too long for its block',
    ({ words, entry }) => (words[(entry << 1) + 1] += 512 << 16),
    /needs/,
  ],
  [
    'a chunk address',
    ({ arena, words, store }) => {
      const entry = store.find(new TextEncoder().encode('chunked'))
      words[chunkTableWord(arena, entry)] += 8
    },
    /chunk 0/,
  ],
  ['a slot count', ({ arena, root }) => changeSlotCount(arena, root, 5, 1), /slots count/],
  [
    'a block header',
    ({ words, store }) => {
      const entry = store.find(new TextEncoder().encode('k699'))
      words[(entry - 1) << 1] += 1
    },
    /./,
  ],
  ['the previous size', ({ words }) => words[((freeBlock(words) - 1) << 1) + 1]++, /previous/],
  ['a free link', ({ words }) => (words[freeBlock(words) << 1] = 4096), /free list/],
  [
    'a free list head',
    ({ words }) => (words[layout.BINS_WORD + 7] = freeBlock(words)),
    /free list/,
  ],
  ['a list bit', ({ words }) => (words[layout.BIN_MAPS_WORD + 20] ^= 4), /wrong bit/],
  ['the top', ({ words }) => (words[layout.TOP_WORD] -= 8), /./],
  ['slab count', ({ words }) => words[(slab(words) << 1) + layout.SLAB_USED_WORD]--, /counts/],
  ['slab shape', ({ words }) => words[slab(words) << 1]++, /damaged header/],
  [
    'slab free list',
    ({ words }) => words[(slab(words) << 1) + layout.SLAB_FREE_WORD]++,
    /free list/,
  ],
  ['slab list', ({ words }) => (words[layout.SLAB_ROOM_WORD + 11] = 4096), /slab list/],
  ['release queue', ({ words }) => (words[layout.RELEASE_TAIL_WORD] = 4096), /wrong tail/],
  [
    'pending entries',
    ({ arena }) => {
      detachDatabase(arena, 0)
      arena.doubles[0][layout.RELEASE_PENDING_DOUBLE]--
    },
    /pending/,
  ],
]

t.test('a sound arena has no findings', async (t) => {
  const it = scene()
  t.same(findings(it), [])
  detachDatabase(it.arena, 0)
  t.same(findings(it), [], 'also with a detached database')
})

for (const [name, damage, expected] of damages) {
  t.test(`finds: ${name}`, async (t) => {
    const it = scene()
    damage(it)
    t.match(findings(it).join('\n'), expected)
  })
}

t.test('a damaged key is not the checker’s: it has no hash function', async (t) => {
  const it = scene()
  it.arena.bytes[0][entryKeyStart(it.arena, it.entry)] ^= 1
  t.same(findings(it), [])
  const key = new TextEncoder().encode('k1')
  t.equal(dictionaryFind(it.arena, it.root, it.store.hash(key), key, 0, 2), 0)
})
