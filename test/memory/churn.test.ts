// Ten times the arena's size is written at 65 % live: freed memory must be used again. The bound:
// high-water ≤ 1.15 × live bytes (keys and values) + CONSTANT_BYTES for the arena root and the
// partly filled slabs of up to 63 sizes.

import t from 'tap'
import { halfSipHash } from '../../src/base/half-siphash.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { type Arena, arenaHighWater, arenaUsed } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import {
  createDictionary,
  dictionaryFind,
  dictionaryInsert,
  dictionaryRemove,
  dictionaryReplace,
} from '../../src/memory/dictionary.ts'
import { dictionaryReserve } from '../../src/memory/dictionary-growth.ts'
import { createEntry, entryValueLength } from '../../src/memory/entry.ts'
import { releaseEntry } from '../../src/memory/release.ts'
import { resizeEntryInPlace } from '../../src/memory/value.ts'
import { MIB, makeArena } from './support.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const ARENA_BYTES = (LONG ? 1024 : 64) * MIB
const CONSTANT_BYTES = 1 * MIB
const KEY_BYTES = 16
const VALUE_BYTES_MAX = 65_536

class Churn {
  readonly arena: Arena
  readonly root: number
  readonly key = new Uint8Array(KEY_BYTES)
  readonly view = new DataView(this.key.buffer)
  liveBytes = 0
  writtenBytes = 0
  failures = 0

  constructor(arena: Arena) {
    this.arena = arena
    this.root = createDictionary(arena)
  }

  hash(id: number): number {
    this.view.setUint32(0, id)
    return halfSipHash(1, 2, this.key, 0, KEY_BYTES)
  }

  put(id: number, length: number): void {
    const { arena, root, key } = this
    const hash = this.hash(id)
    const old = dictionaryFind(arena, root, hash, key, 0, KEY_BYTES)
    const oldLength = old === 0 ? -KEY_BYTES : entryValueLength(arena, old)
    if (old === 0 || !resizeEntryInPlace(arena, old, length)) {
      const room = old !== 0 || dictionaryReserve(arena, root, hash)
      const entry = room ? createEntry(arena, 0, 0, key, 0, KEY_BYTES, length, -1) : 0
      if (entry === 0) {
        this.failures++
        return
      }
      if (old === 0) {
        dictionaryInsert(arena, root, hash, entry, -1)
      } else {
        dictionaryReplace(arena, root, arena.foundPage, arena.foundSlot, entry, -1)
        releaseEntry(arena, old)
      }
    }
    this.liveBytes += length - oldLength
    this.writtenBytes += length
  }

  remove(id: number): void {
    const { arena, root, key } = this
    const entry = dictionaryFind(arena, root, this.hash(id), key, 0, KEY_BYTES)
    this.liveBytes -= KEY_BYTES + entryValueLength(arena, entry)
    dictionaryRemove(arena, root, arena.foundPage, arena.foundSlot)
    releaseEntry(arena, entry)
  }
}

type Draw = (random: SeededRandom) => number
const uniform: Draw = (random) => 1 + random.below(VALUE_BYTES_MAX)
const logUniform: Draw = (random) => Math.floor((VALUE_BYTES_MAX + 1) ** (random.word() / 2 ** 32))

/** New keys come, random old ones go. */
function replaceKeys(churn: Churn, draw: Draw, random: SeededRandom, bytes: number): void {
  const ids: number[] = []
  let next = 0
  const end = churn.writtenBytes + bytes
  while (churn.writtenBytes < end) {
    while (churn.liveBytes > ARENA_BYTES * 0.65) {
      const at = random.below(ids.length)
      churn.remove(ids[at])
      ids[at] = ids[ids.length - 1]
      ids.pop()
    }
    ids.push(next)
    churn.put(next++, draw(random))
  }
}

/** The same keys get new values. */
function overwriteKeys(churn: Churn, draw: Draw, random: SeededRandom, bytes: number): void {
  const mean = draw === uniform ? VALUE_BYTES_MAX / 2 : VALUE_BYTES_MAX / Math.log(VALUE_BYTES_MAX)
  const keys = Math.floor((ARENA_BYTES * 0.63) / (mean + KEY_BYTES))
  for (let id = 0; id < keys; id++) churn.put(id, draw(random))
  const end = churn.writtenBytes + bytes
  while (churn.writtenBytes < end) churn.put(random.below(keys), draw(random))
}

function report(t: Tap, churn: Churn, name: string): void {
  const high = arenaHighWater(churn.arena)
  const ratio = high / churn.liveBytes
  const text =
    `${name}: live ${((churn.liveBytes / ARENA_BYTES) * 100).toFixed(1)} % of the arena, ` +
    `high-water ${ratio.toFixed(3)} × live, ` +
    `used ${(arenaUsed(churn.arena) / churn.liveBytes).toFixed(3)} × live`
  t.comment(text)
  t.equal(churn.failures, 0, 'never out of memory')
  t.ok(high <= churn.liveBytes * 1.15 + CONSTANT_BYTES, text)
  t.same(checkArena(churn.arena, { dictionaries: [churn.root] }), [])
}

type Tap = typeof t

for (const [sizes, draw] of [
  ['uniform', uniform],
  ['log-uniform', logUniform],
] as const) {
  for (const [way, run] of [
    ['new keys', replaceKeys],
    ['overwrites', overwriteKeys],
  ] as const) {
    t.test(`${sizes} sizes, ${way}`, async (t) => {
      const churn = new Churn(makeArena(ARENA_BYTES))
      run(churn, draw, new SeededRandom(31), ARENA_BYTES * 10)
      report(t as Tap, churn, `${sizes}, ${way}`)
    })
  }
}

t.test('small keys, then large ones, then small ones again', async (t) => {
  const churn = new Churn(makeArena(ARENA_BYTES / 2, ARENA_BYTES / 2))
  const random = new SeededRandom(32)
  const small: Draw = (random) => 1 + random.below(400)
  let high = 0
  for (const [draw, mean] of [
    [small, 200],
    [uniform, 32_768],
    [small, 200],
    [logUniform, 5900],
  ] as const) {
    const keys = Math.floor((ARENA_BYTES * 0.5) / (mean + 50))
    for (let id = 0; id < keys; id++) churn.put(id, draw(random))
    high = Math.max(high, arenaHighWater(churn.arena))
    for (let id = 0; id < keys; id++) churn.remove(id)
    t.equal(churn.liveBytes, 0)
  }
  t.equal(churn.failures, 0)
  t.comment(`high-water ${((high / ARENA_BYTES) * 100).toFixed(1)} % at half the arena live`)
  t.ok(high < ARENA_BYTES * 0.65, 'one kind of size serves the other')
  t.same(checkArena(churn.arena, { dictionaries: [churn.root] }), [])
})
