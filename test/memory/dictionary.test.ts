import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { checkArena } from '../../src/memory/checker.ts'
import {
  createDictionary,
  dictionaryCount,
  dictionaryFind,
  dictionaryHasHash,
  dictionaryInsert,
  dictionaryMovedMax,
} from '../../src/memory/dictionary.ts'
import { dictionaryReserve, MOVED_MAX } from '../../src/memory/dictionary-growth.ts'
import { dictionaryRandom, dictionaryScan, results } from '../../src/memory/dictionary-walk.ts'
import { createElement } from '../../src/memory/element.ts'
import { createEntry } from '../../src/memory/entry.ts'
import { DEPTH_WORD, KIND_SET, NO_EXPIRY, PAGES_WORD, UNIT_MASK } from '../../src/memory/layout.ts'
import { attach, MIB, makeArena, Store } from './support.ts'

function rootWord(store: Store, word: number): number {
  return store.arena.words[0][((store.root & UNIT_MASK) << 1) + word]
}

t.test('grows by splits and shrinks back to one page', async (t) => {
  const store = new Store(makeArena(16 * MIB))
  for (let key = 0; key < 15_000; key++) store.set(`k${key}`, 8, key)
  t.equal(dictionaryCount(store.arena, store.root), 15_000)
  t.same(store.check(), [])
  const moved = dictionaryMovedMax(store.arena, store.root)
  t.ok(moved > 20 && moved <= MOVED_MAX, `at most ${moved} entries moved`)
  t.ok(rootWord(store, PAGES_WORD) > 250)
  for (let key = 0; key < 15_000; key++) {
    store.delete(`k${key}`)
    if (key % 3000 === 0) t.same(store.check(), [])
  }
  t.equal(rootWord(store, PAGES_WORD), 1)
  t.ok(rootWord(store, DEPTH_WORD) <= 3, 'the directory shrank')
  t.same(store.check(), [])
  store.arena = attach(store.arena)
  t.ok(store.set('again', 8, 1))
  t.equal(store.difference(), '')
})

t.test('hashes are found without their keys', async (t) => {
  const store = new Store(makeArena(16 * MIB))
  const { arena } = store
  const has = (name: string): boolean =>
    dictionaryHasHash(arena, store.root, store.hash(Buffer.from(name)))
  t.notOk(has('k0'), 'in an empty one')
  t.notOk(dictionaryHasHash(arena, 0, 1), 'without a dictionary')
  for (let key = 0; key < 6000; key++) store.set(`k${key}`, 8, key)
  for (let key = 0; key < 6000; key += 2) store.delete(`k${key}`)
  let wrong = 0
  for (let key = 0; key < 6000; key++) if (has(`k${key}`) !== (key % 2 === 1)) wrong++
  t.equal(wrong, 0)
  const one = new Store(makeArena(4 * MIB), undefined, 0)
  for (let key = 0; key < 200; key++) one.set(`k${key}`, 8, key)
  t.ok(dictionaryHasHash(one.arena, one.root, 0), 'on overflow pages')
  t.notOk(dictionaryHasHash(one.arena, one.root, 1))
})

t.test('overflow pages: 63 to 992 entries with one hash', async (t) => {
  const arena = makeArena(4 * MIB)
  const store = new Store(arena, createDictionary(arena), 0)
  let held = 0
  while (store.set(`k${held}`, 8, held)) held++
  t.equal(held, 992, 'sixteen pages, then refused')
  t.equal(rootWord(store, DEPTH_WORD), 0, 'no larger directory for equal hashes')
  t.equal(store.difference(), '')
  t.same(store.check(), [])
  for (let key = 0; key < held; key++) {
    store.delete(`k${key}`)
    if (key % 50 === 0) t.same(store.check(), [])
  }
  t.equal(rootWord(store, PAGES_WORD), 1)
  t.same(store.check(), [])
})

/** Fills a dictionary with elements of these hashes; how many it took. */
function fill(store: Store, hashes: readonly number[]): number {
  const { arena, root } = store
  const bytes = Buffer.alloc(4)
  for (const [index, hash] of hashes.entries()) {
    bytes.writeInt32LE(index)
    const element = createElement(arena, KIND_SET, bytes, 0, 4, 0)
    if (element === 0 || !dictionaryReserve(arena, root, hash)) return index
    dictionaryInsert(arena, root, hash, element, NO_EXPIRY)
  }
  return hashes.length
}

t.test('filled in the order of a walk, upwards or downwards, no chain grows', async (t) => {
  const random = new SeededRandom(3)
  for (const count of [2000, 60_000]) {
    const anyOrder = Array.from({ length: count }, () => random.word())
    const upwards = anyOrder.toSorted((left, right) => left - right)
    const pagesOf = [upwards, upwards.toReversed(), anyOrder]
      .map((hashes) => hashes.map((hash) => hash | 0))
      .map((hashes) => {
        const arena = makeArena(16 * MIB)
        const store = new Store(arena, createDictionary(arena, KIND_SET))
        t.equal(fill(store, hashes), count)
        t.same(checkArena(arena, { dictionaries: [store.root] }), [])
        t.ok(dictionaryMovedMax(arena, store.root) <= MOVED_MAX)
        t.ok(2 ** rootWord(store, DEPTH_WORD) <= count, 'the directory is no larger than needed')
        return rootWord(store, PAGES_WORD)
      })
    const shuffled = pagesOf[2]
    for (const pages of pagesOf) t.ok(pages < shuffled * 2, `${pages} pages, shuffled ${shuffled}`)
  }
})

t.test('a page that overflowed while memory was short is split later', async (t) => {
  const arena = makeArena(4 * MIB)
  const store = new Store(arena)
  let key = 0
  // Keep the directory from doubling: its allocation is the only one above 512 bytes.
  while (rootWord(store, DEPTH_WORD) < 7) store.set(`k${key}`, 8, key++)
  const fillers: number[] = []
  for (const size of [8192, 513]) {
    for (;;) {
      const entry = createEntry(arena, 0, 0, new Uint8Array(1), 0, 1, size, -1)
      if (entry === 0) break
      fillers.push(entry)
    }
  }
  const pagesBefore = rootWord(store, PAGES_WORD)
  while (store.set(`k${key}`, 8, key)) key++
  t.equal(rootWord(store, DEPTH_WORD), 7, 'no room for a larger directory')
  t.ok(rootWord(store, PAGES_WORD) > pagesBefore)
  t.equal(store.difference(), '')
  const { releaseEntry } = await import('../../src/memory/release.ts')
  for (const entry of fillers) releaseEntry(arena, entry)
  for (const end = key + 20_000; key < end; key++) store.set(`k${key}`, 8, key)
  t.ok(rootWord(store, DEPTH_WORD) > 7)
  t.equal(store.difference(), '')
  t.same(store.check(), [])
  t.ok(dictionaryMovedMax(arena, store.root) <= MOVED_MAX)
})

t.test('SCAN sees whatever stays, while the rest grows and shrinks', async (t) => {
  const random = new SeededRandom(11)
  for (let round = 0; round < 10; round++) {
    const store = new Store(makeArena(8 * MIB))
    const stay = 200 + random.below(3000)
    for (let key = 0; key < stay; key++) store.set(`stay${key}`, 4, key)
    let extra = random.below(6000)
    for (let key = 0; key < extra; key++) store.set(`extra${key}`, 4, key)
    const seen = new Set<string>()
    let cursor = 0
    let calls = 0
    do {
      cursor = dictionaryScan(store.arena, store.root, cursor)
      for (let at = 0; at < store.arena.resultCount; at++) seen.add(store.keyOf(results[at]))
      const change = random.below(400)
      if (random.below(2) === 0) {
        for (let i = 0; i < change; i++) store.set(`extra${extra++}`, 4, i)
      } else {
        for (let i = 0; i < change * 2 && extra > 0; i++) store.delete(`extra${--extra}`)
      }
      if (++calls > 100_000) throw new Error('the scan does not end')
    } while (cursor !== 0)
    for (let key = 0; key < stay; key++) if (!seen.has(`stay${key}`)) t.fail(`stay${key} missed`)
    if (round % 5 === 0) t.same(store.check(), [])
  }
})

t.test('a scan that nothing disturbs reports each key once; any cursor is allowed', async (t) => {
  const store = new Store(makeArena(4 * MIB))
  for (let key = 0; key < 5000; key++) store.set(`k${key}`, 4, key)
  const seen = store.scanAll()
  t.equal(seen.size, 5000)
  t.equal(Math.max(...seen.values()), 1)
  for (const cursor of [1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const next = dictionaryScan(store.arena, store.root, cursor)
    t.ok(next === 0 || next > cursor, `after ${cursor} comes ${next}`)
  }
})

t.test('random entries: every one about equally often', async (t) => {
  const store = new Store(makeArena(4 * MIB))
  const random = new SeededRandom(12)
  t.equal(dictionaryRandom(store.arena, store.root, random), 0, 'nothing in an empty one')
  const keys = 2000
  const draws = 100_000
  for (let key = 0; key < keys; key++) store.set(`k${key}`, 4, key)
  const times = new Map<number, number>()
  for (let draw = 0; draw < draws; draw++) {
    const entry = dictionaryRandom(store.arena, store.root, random)
    times.set(entry, (times.get(entry) ?? 0) + 1)
  }
  t.equal(times.size, keys)
  let chiSquare = 0
  for (const count of times.values()) chiSquare += (count - draws / keys) ** 2 / (draws / keys)
  // 1999 degrees of freedom: mean 1999, deviation 63.
  t.ok(chiSquare < 1999 + 5 * 63, `chi square ${chiSquare.toFixed(0)}`)
  for (let key = 1; key < keys; key++) store.delete(`k${key}`)
  const last = dictionaryRandom(store.arena, store.root, random)
  t.equal(store.keyOf(last), 'k0')
})

t.test('reserve promises the next insert', async (t) => {
  const arena = makeArena(1 * MIB)
  const root = createDictionary(arena)
  const key = new Uint8Array(4)
  const view = new DataView(key.buffer)
  const random = new SeededRandom(13)
  for (let i = 0; i < 3000; i++) {
    const hash = random.word() | 0
    view.setUint32(0, i)
    if (!dictionaryReserve(arena, root, hash)) break
    const entry = createEntry(arena, 0, 0, key, 0, 4, 10, -1)
    if (entry === 0) break
    arena.failAllocationIn = 1
    dictionaryInsert(arena, root, hash, entry, -1)
    if (arena.failAllocationIn !== 1) t.fail('insert allocates')
    arena.failAllocationIn = 0
    if (dictionaryFind(arena, root, hash, key, 0, 4) !== entry) t.fail('not found')
  }
  t.throws(() => {
    const empty = createDictionary(arena)
    dictionaryInsert(arena, empty, 1, 1, -1)
  })
})
