import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { dictionaryExpiring, dictionarySetExpiry } from '../../src/memory/dictionary.ts'
import { dictionaryNextExpiry, results, sweepExpired } from '../../src/memory/dictionary-walk.ts'
import { entryExpiry } from '../../src/memory/entry.ts'
import { NO_EXPIRY } from '../../src/memory/layout.ts'
import { MIB, makeArena, Store } from './support.ts'

const encoder = new TextEncoder()

/** Sweeps to the end of what is due; returns { deleted, slices }. */
function sweep(store: Store, nowMs: number, pagesMax = 8): { deleted: number; slices: number } {
  let deleted = 0
  let slices = 0
  while (dictionaryNextExpiry(store.arena, store.root) <= nowMs) {
    const found = sweepExpired(store.arena, store.root, nowMs, pagesMax)
    for (const entry of results.slice(0, found)) store.deleteEntry(entry)
    deleted += found
    if (++slices > 100_000) throw new Error('the sweep does not end')
  }
  return { deleted, slices }
}

t.test('nothing to do before the next expiry, exact after a pass', async (t) => {
  const store = new Store(makeArena(16 * MIB))
  t.equal(dictionaryNextExpiry(store.arena, store.root), Infinity)
  for (let key = 0; key < 5000; key++) store.set(`stay${key}`, 10, key)
  t.equal(dictionaryNextExpiry(store.arena, store.root), Infinity, 'nothing expires')
  for (let key = 0; key < 5000; key++) store.set(`go${key}`, 10, key, 1_000_000 + key * 100)
  t.equal(dictionaryNextExpiry(store.arena, store.root), 1_000_000)
  t.equal(sweepExpired(store.arena, store.root, 999_999, 1000), 0)
  const first = sweep(store, 1_100_000)
  t.equal(first.deleted, 1001)
  const next = dictionaryNextExpiry(store.arena, store.root)
  t.ok(next > 1_099_000 && next <= 1_100_100, `next ${next}`)
  t.same(store.check(), [])
  const rest = sweep(store, 2_000_000)
  t.equal(rest.deleted, 3999)
  t.equal(dictionaryNextExpiry(store.arena, store.root), Infinity)
  t.equal(store.difference(), '')
  t.same(store.check(), [])
})

t.test('what the caller does not delete is reported again, and again', async (t) => {
  const store = new Store(makeArena(4 * MIB))
  for (let key = 0; key < 300; key++) store.set(`k${key}`, 10, key, 5000)
  for (let times = 0; times < 3; times++) {
    t.equal(sweepExpired(store.arena, store.root, 9000, 1000), 300)
  }
  t.same(store.check(), [])
  t.ok(dictionaryNextExpiry(store.arena, store.root) <= 9000)
})

t.test('more expired entries than one slice can report', async (t) => {
  const store = new Store(makeArena(16 * MIB))
  for (let key = 0; key < 5000; key++) store.set(`k${key}`, 10, key, 5000)
  const found = sweepExpired(store.arena, store.root, 9000, 1_000_000)
  t.ok(found > 900 && found <= results.length, `${found} at once`)
  t.equal(sweep(store, 9000).deleted, 5000)
  t.same(store.check(), [])
})

t.test('expiries that come, move and go while a sweep is under way', async (t) => {
  const random = new SeededRandom(21)
  const store = new Store(makeArena(16 * MIB))
  let nowMs = 1_000_000
  let deleted = 0
  for (let round = 0; round < 3000; round++) {
    nowMs += random.below(300)
    for (let i = 0; i < 5; i++) {
      const name = `k${random.below(3000)}`
      const choice = random.below(6)
      if (choice === 0) store.delete(name)
      else if (choice === 1) store.set(name, random.below(50), round)
      else if (choice === 2) move(store, name, nowMs + random.below(100_000))
      else if (choice === 3) move(store, name, NO_EXPIRY)
      else store.set(name, random.below(50), round, nowMs + random.below(60_000))
    }
    const found = sweepExpired(store.arena, store.root, nowMs, 1 + random.below(6))
    for (const entry of results.slice(0, found)) {
      if (entryExpiry(store.arena, entry) > nowMs) t.fail('reported too early')
      store.deleteEntry(entry)
    }
    deleted += found
    if (round % 100 === 0) {
      const findings = store.check()
      if (findings.length > 0) t.fail(findings.join('\n'))
    }
  }
  t.ok(deleted > 2000, `${deleted} expired`)
  sweep(store, nowMs)
  for (const { expiryMs } of store.model.values()) {
    if (expiryMs !== NO_EXPIRY && expiryMs <= nowMs) t.fail('an expired key is left')
  }
  t.equal(store.difference(), '')
})

/** EXPIREAT or PERSIST on a key that has room for it. */
function move(store: Store, name: string, expiryMs: number): void {
  const expected = store.model.get(name)
  if (expected === undefined || expected.expiryMs === NO_EXPIRY) return
  store.find(encoder.encode(name))
  const { arena } = store
  dictionarySetExpiry(arena, store.root, arena.foundPage, arena.foundSlot, expiryMs)
  expected.expiryMs = expiryMs
}

t.test('an expiry far beyond 2106 keeps its bound true', async (t) => {
  const store = new Store(makeArena(1 * MIB))
  store.set('far', 10, 1, 9e15)
  store.set('farther', 10, 1, Number.MAX_SAFE_INTEGER)
  t.equal(dictionaryExpiring(store.arena, store.root), 2)
  t.same(store.check(), [])
  t.equal(sweep(store, 9e15).deleted, 1)
  t.same(store.check(), [])
})

t.test('a sweep over keys that are not due looks at headers only', async (t) => {
  const store = new Store(makeArena(64 * MIB))
  for (let key = 0; key < 20_000; key++) store.set(`k${key}`, 10, key, 4e12 + key)
  store.set('soon', 10, 1, 1000)
  const first = sweep(store, 2000, 64)
  t.equal(first.deleted, 1)
  const second = sweep(store, 2_000_000)
  t.equal(second.slices, 0, 'the bound is far away now')
})
