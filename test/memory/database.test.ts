import t from 'tap'
import { SLOT_COUNT } from '../../src/base/limits.ts'
import { arenaHighWater, arenaUsed } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import {
  arenaNextExpiry,
  changeSlotCount,
  databaseRoot,
  databaseSlotKeys,
  detachDatabase,
  ensureDatabase,
  slotKeys,
  swapDatabases,
} from '../../src/memory/database.ts'
import { dictionaryCount } from '../../src/memory/dictionary.ts'
import { releasePending, releaseSlice } from '../../src/memory/release.ts'
import { attach, KIB, MIB, makeArena, Store } from './support.ts'

t.test('databases are made on demand and swapped', async (t) => {
  const arena = makeArena(4 * MIB)
  t.equal(databaseRoot(arena, 0), 0)
  t.equal(dictionaryCount(arena, databaseRoot(arena, 0)), 0)
  const zero = ensureDatabase(arena, 0)
  t.equal(ensureDatabase(arena, 0), zero)
  t.equal(databaseRoot(attach(arena), 0), zero)
  const fifteen = ensureDatabase(arena, 15)
  const store = new Store(arena, zero)
  store.set('a', 10, 1, 7000)
  changeSlotCount(arena, zero, 77, 1)
  changeSlotCount(arena, fifteen, 77, 1)
  t.equal(slotKeys(arena, 77), 2)
  t.equal(arenaNextExpiry(arena), 7000)
  swapDatabases(arena, 0, 15)
  t.equal(databaseRoot(arena, 15), zero)
  t.equal(databaseSlotKeys(arena, 15, 77), 1)
  t.equal(databaseSlotKeys(arena, 3, 77), 0)
  t.same(checkArena(arena, {}), [])
  t.throws(() => ensureDatabase(arena, 16))
})

t.test('flushing is done at once, memory comes back in slices', async (t) => {
  const arena = makeArena(2 * MIB, 8 * MIB)
  const store = new Store(arena, ensureDatabase(arena, 0))
  for (let key = 0; key < 20_000; key++) {
    store.set(`k${key}`, 20, key)
    changeSlotCount(arena, store.root, key % SLOT_COUNT, 1)
  }
  const other = new Store(arena, ensureDatabase(arena, 1))
  for (let key = 0; key < 100; key++) other.set(`k${key}`, 2000, key)
  changeSlotCount(arena, other.root, 5, 100)
  detachDatabase(arena, 0)
  detachDatabase(arena, 0)
  t.equal(slotKeys(arena, 5), 100)
  t.equal(releasePending(arena), 20_000)
  detachDatabase(arena, 1)
  t.equal(releasePending(arena), 20_100)
  let slices = 0
  let thread = arena
  while (releaseSlice(thread, 7)) {
    if (++slices % 20 === 0) {
      t.same(checkArena(thread, {}), [])
      thread = attach(thread)
    }
  }
  t.ok(slices > 40)
  t.equal(releasePending(arena), 0)
  t.equal(arenaUsed(arena), 0)
  t.notOk(releaseSlice(arena, 1), 'nothing left')
  t.same(checkArena(arena, {}), [])
})

t.test(
  'counters of a new database are zero also in used memory, and cost nothing fresh',
  async (t) => {
    const arena = makeArena(1 * MIB)
    const before = arenaHighWater(arena)
    const root = ensureDatabase(arena, 0)
    t.ok(arenaHighWater(arena) - before < 100 * KIB)
    for (let slot = 0; slot < SLOT_COUNT; slot++) changeSlotCount(arena, root, slot, 1)
    detachDatabase(arena, 0)
    while (releaseSlice(arena, 1));
    ensureDatabase(arena, 2)
    let keys = 0
    for (let slot = 0; slot < SLOT_COUNT; slot++) keys += slotKeys(arena, slot)
    t.equal(keys, 0)
  },
)
