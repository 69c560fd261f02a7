// What growing costs: entries moved by one insert, time of the slowest inserts, bytes per key.
// 200,000 keys always; 10 million with CKV_TEST_LONG=1.

import t from 'tap'
import { halfSipHash } from '../../src/base/half-siphash.ts'
import { arenaHighWater } from '../../src/memory/arena.ts'
import {
  createDictionary,
  dictionaryCount,
  dictionaryFind,
  dictionaryInsert,
  dictionaryMovedMax,
} from '../../src/memory/dictionary.ts'
import { dictionaryReserve, MOVED_MAX } from '../../src/memory/dictionary-growth.ts'
import { createEntry } from '../../src/memory/entry.ts'
import { NO_EXPIRY, STRING_RAW, TYPE_STRING } from '../../src/memory/layout.ts'
import { writeValue } from '../../src/memory/value.ts'
import { MIB, makeArena } from './support.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const KEYS = LONG ? 10_000_000 : 200_000
const KEY_BYTES = 16
const VALUE_BYTES = 64

/** Spins about as long as an insert takes and returns what that took in µs: on a busy machine the
 * slowest of these show what the system adds to anything. */
function idleMicros(): number {
  const start = performance.now()
  while (performance.now() - start < 0.002);
  return (performance.now() - start) * 1000
}

/** One line about sorted times; returns p99.999. */
function describe(t: Tap, name: string, micros: Float64Array): number {
  const mean = micros.reduce((sum, each) => sum + each, 0) / KEYS
  micros.sort()
  const at = (share: number): number => micros[Math.ceil(KEYS * share) - 1]
  t.comment(
    `${name}: mean ${mean.toFixed(2)} µs, p99.9 ${at(0.999).toFixed(1)} µs, ` +
      `p99.999 ${at(0.99999).toFixed(0)} µs, slowest ${at(1).toFixed(0)} µs`,
  )
  return at(0.99999)
}

type Tap = { comment: (text: string) => void }

t.test(`${KEYS} keys of 16 B + 64 B`, async (t) => {
  const arena = makeArena(...(LONG ? [1024 * MIB, 512 * MIB] : [64 * MIB]))
  const empty = arenaHighWater(arena)
  const root = createDictionary(arena)
  const key = new Uint8Array(KEY_BYTES)
  const view = new DataView(key.buffer)
  const value = new Uint8Array(VALUE_BYTES)
  const wall = new Float64Array(KEYS)
  const idle = new Float64Array(KEYS)
  let overheadSum = 0
  let overheadWorst = 0
  let samples = 0
  let nextSample = 20_000
  for (let id = 0; id < KEYS; id++) {
    view.setUint32(4, id)
    const start = performance.now()
    const hash = halfSipHash(1, 2, key, 0, KEY_BYTES)
    if (dictionaryFind(arena, root, hash, key, 0, KEY_BYTES) !== 0) t.fail('found too early')
    if (!dictionaryReserve(arena, root, hash)) t.fail('out of memory')
    const entry = createEntry(
      arena,
      TYPE_STRING,
      STRING_RAW,
      key,
      0,
      KEY_BYTES,
      VALUE_BYTES,
      NO_EXPIRY,
    )
    writeValue(arena, entry, 0, value, 0, VALUE_BYTES)
    dictionaryInsert(arena, root, hash, entry, NO_EXPIRY)
    wall[id] = (performance.now() - start) * 1000
    if (LONG) idle[id] = idleMicros()
    if (id + 1 === nextSample) {
      // Sampled in equal steps of the logarithm: every stage of filling counts the same.
      const overhead = (arenaHighWater(arena) - empty) / nextSample - KEY_BYTES - VALUE_BYTES
      overheadSum += overhead
      overheadWorst = Math.max(overheadWorst, overhead)
      samples++
      nextSample = Math.ceil(nextSample * 1.05)
    }
  }
  t.equal(dictionaryCount(arena, root), KEYS)
  const moved = dictionaryMovedMax(arena, root)
  t.ok(moved <= MOVED_MAX, `no insert moved more than ${moved} entries`)
  const slow = describe(t, 'insert', wall)
  // The short run has two inserts above p99.999, and JIT compilation in it.
  if (LONG) t.ok(slow <= describe(t, 'nothing', idle) + 1000, 'p99.999 at most 1 ms of its own')
  const average = overheadSum / samples
  const worst = overheadWorst.toFixed(1)
  const text = `bytes per key over 80: average ${average.toFixed(1)}, worst ${worst}`
  t.comment(text)
  t.ok(average <= 24, text)
})
