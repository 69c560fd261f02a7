// Random operations against a Map: content, scan and the whole arena are checked after each run.

import fc from 'fast-check'
import t from 'tap'
import { createDictionary, dictionaryFind } from '../../src/memory/dictionary.ts'
import { dictionaryNextExpiry, results, sweepExpired } from '../../src/memory/dictionary-walk.ts'
import { FIRST_UNIT, HIGH_WORD } from '../../src/memory/layout.ts'
import { detachRoot, releasePending, releaseSlice } from '../../src/memory/release.ts'
import { attach, KIB, MIB, makeArena, Store } from './support.ts'

const RUNS = process.env.CKV_TEST_LONG === undefined ? 60 : 2000

type Step =
  | { kind: 'set'; key: number; length: number; seed: number; expiryMs: number }
  | { kind: 'delete'; key: number }
  | { kind: 'sweep'; nowMs: number }
  | { kind: 'flush' }
  | { kind: 'release'; pages: number }
  | { kind: 'attach' }

function steps(keys: number, lengthMax: number): fc.Arbitrary<Step[]> {
  const key = fc.integer({ min: 0, max: keys - 1 })
  const length = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 120 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: lengthMax }) },
  )
  const expiryMs = fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 0, max: 100_000 }),
    fc.constantFrom(4e12, 5e12, 1e15),
  )
  const set = fc.record({
    kind: fc.constant('set' as const),
    key,
    length,
    seed: fc.integer({ min: 0, max: 1e6 }),
    expiryMs,
  })
  const remove = fc.record({ kind: fc.constant('delete' as const), key })
  const sweep = fc.record({
    kind: fc.constant('sweep' as const),
    nowMs: fc.integer({ min: 0, max: 120_000 }),
  })
  const flush = fc.constant({ kind: 'flush' as const })
  const pages = fc.integer({ min: 1, max: 5 })
  const release = fc.record({ kind: fc.constant('release' as const), pages })
  const again = fc.constant({ kind: 'attach' as const })
  return fc.array(
    fc.oneof(
      { weight: 60, arbitrary: set },
      { weight: 30, arbitrary: remove },
      { weight: 4, arbitrary: sweep },
      { weight: 1, arbitrary: flush },
      { weight: 4, arbitrary: release },
      { weight: 1, arbitrary: again },
    ),
    { minLength: 1, maxLength: 400, size: 'max' },
  )
}

/** Deletes all that is expired; returns whether the sweep and its bound told the truth. */
function sweepAll(store: Store, nowMs: number): void {
  const { arena } = store
  for (let slices = 0; dictionaryNextExpiry(arena, store.root) <= nowMs; slices++) {
    if (slices > 10_000) throw new Error('the sweep does not end')
    const found = sweepExpired(arena, store.root, nowMs, 3)
    for (const entry of results.slice(0, found)) store.deleteEntry(entry)
  }
  for (const [name, expected] of store.model) {
    if (expected.expiryMs >= 0 && expected.expiryMs <= nowMs) throw new Error(`${name} is left`)
  }
}

function run(store: Store, list: Step[], failures: { count: number }): void {
  for (const step of list) {
    if (step.kind === 'set') {
      const done = store.set(`key:${step.key}`, step.length, step.seed, step.expiryMs)
      if (!done) failures.count++
    } else if (step.kind === 'delete') {
      store.delete(`key:${step.key}`)
    } else if (step.kind === 'sweep') {
      sweepAll(store, step.nowMs)
    } else if (step.kind === 'flush') {
      const fresh = createDictionary(store.arena)
      if (fresh === 0) continue
      detachRoot(store.arena, store.root)
      store.root = fresh
      store.model.clear()
    } else if (step.kind === 'release') {
      releaseSlice(store.arena, step.pages)
    } else {
      store.arena = attach(store.arena)
    }
  }
}

function verify(store: Store): void {
  const difference = store.difference()
  if (difference !== '') throw new Error(difference)
  const findings = store.check()
  if (findings.length > 0) throw new Error(findings.join('\n'))
  while (releaseSlice(store.arena, 10));
  if (releasePending(store.arena) !== 0) throw new Error('pending entries after the release')
  for (const name of [...store.model.keys()]) store.delete(name)
  const left = store.check()
  if (left.length > 0) throw new Error(left.join('\n'))
}

t.test('tiny segments: out of memory and several segments occur', async (t) => {
  const failures = { count: 0 }
  let segmentsUsed = 0
  fc.assert(
    fc.property(steps(400, 70_000), (list) => {
      const store = new Store(makeArena(48 * KIB, 40 * KIB, 96 * KIB))
      run(store, list, failures)
      if (store.arena.words[0][HIGH_WORD + 2] > FIRST_UNIT) segmentsUsed++
      verify(store)
    }),
    { numRuns: RUNS, seed: 1 },
  )
  t.ok(failures.count > 100, `out of memory ${failures.count} times`)
  t.ok(segmentsUsed > 5, `third segment used in ${segmentsUsed} runs`)
})

t.test('few hash bits: overflow pages come and go', async () => {
  for (const mask of [0x0000_0003, 0x8000_0001, 0xc000_00ff, 0]) {
    fc.assert(
      fc.property(steps(500, 200), (list) => {
        const arena = makeArena(1 * MIB)
        const store = new Store(arena, createDictionary(arena), mask)
        run(store, list, { count: 0 })
        verify(store)
      }),
      { numRuns: RUNS / 4, seed: 2 },
    )
  }
})

t.test('values from 1 byte to several chunks', async () => {
  fc.assert(
    fc.property(steps(12, 6 * MIB), (list) => {
      const store = new Store(makeArena(4 * MIB, 4 * MIB, 16 * MIB))
      run(store, list.slice(0, 60), { count: 0 })
      verify(store)
    }),
    { numRuns: RUNS / 6, seed: 3 },
  )
})

t.test('a dictionary that does not exist is empty', async (t) => {
  const arena = makeArena(64 * KIB)
  t.equal(dictionaryFind(arena, 0, 1, new Uint8Array(1), 0, 1), 0)
  t.equal(dictionaryNextExpiry(arena, 0), Infinity)
  t.equal(sweepExpired(arena, 0, 1e15, 10), 0)
})
