import fc from 'fast-check'
import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { allocate, blockCapacity, growBlock, release } from '../../src/memory/allocator.ts'
import {
  Arena,
  arenaCapacity,
  arenaHighWater,
  arenaMismatch,
  arenaUsed,
  formatArena,
} from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import { binOf } from '../../src/memory/extent.ts'
import {
  BINS,
  ROOT_TABLES,
  SEGMENT_SHIFT,
  SLAB_BYTES,
  UNIT_MASK,
  VERSION_WORD,
} from '../../src/memory/layout.ts'
import { attach, KIB, MIB, makeArena } from './support.ts'

interface Held {
  address: number
  byteLength: number
  mark: number
}

function byteOf(address: number): number {
  return (address & UNIT_MASK) * 8
}

function mark(arena: Arena, held: Held): void {
  const start = byteOf(held.address)
  arena.bytes[held.address >>> SEGMENT_SHIFT].fill(held.mark, start, start + held.byteLength)
}

function intact(arena: Arena, held: Held): boolean {
  const bytes = arena.bytes[held.address >>> SEGMENT_SHIFT]
  const start = byteOf(held.address)
  for (let at = start; at < start + held.byteLength; at++) if (bytes[at] !== held.mark) return false
  return true
}

t.test('the tables of the arena root do not overlap', async (t) => {
  let end = 0
  for (const [first, length] of ROOT_TABLES) {
    t.ok(first >= end, `word ${first}`)
    end = first + length
  }
})

t.test('formatting touches one page, attaching sees the same state', async (t) => {
  const arena = makeArena(1024 * MIB, 512 * MIB)
  t.equal(arenaCapacity(arena), 1536 * MIB)
  t.equal(arenaUsed(arena), 0)
  t.ok(arenaHighWater(arena) < 8 * KIB)
  t.equal(arenaMismatch(attach(arena)), '')
  const address = allocate(arena, 100)
  const second = attach(arena)
  t.equal(arenaUsed(second), 104)
  release(second, address, 100)
  t.equal(arenaUsed(arena), 0)
  t.match(arenaMismatch(new Arena([arena.segments[0]])), 'another number of segments')
  arena.words[0][VERSION_WORD] = 77
  t.match(arenaMismatch(arena), 'version 77')
  t.match(arenaMismatch(new Arena([new SharedArrayBuffer(64 * KIB)])), 'not a formatted arena')
  t.throws(() => formatArena(arena), 'formatted once')
})

t.test('every size has a list, larger sizes have later lists', async (t) => {
  let last = -1
  for (let grains = 1; grains < 1 << 24; grains = Math.ceil(grains * 1.003) + 1) {
    const bin = binOf(grains)
    if (bin < last || bin >= BINS) t.fail(`${grains} grains: list ${bin} after ${last}`)
    last = bin
  }
  t.equal(binOf(300), 133)
  t.equal(binOf(1 << 24), 640)
})

t.test('consecutive slabs touch each other', async (t) => {
  const arena = makeArena(1 * MIB)
  const addresses: number[] = []
  for (;;) {
    const address = allocate(arena, 512)
    if (address === 0) break
    addresses.push(address)
  }
  // 64 aligned places; the arena root takes the first, the end of the segment nothing.
  t.equal(addresses.length, 63 * 31)
  t.equal(byteOf(addresses[31]) - byteOf(addresses[0]), SLAB_BYTES)
  t.ok(allocate(arena, 4000), 'the gap before the first slab is free for others')
  for (const address of addresses) release(arena, address, 512)
  t.ok(allocate(arena, 800 * KIB), 'all came together again, but for the slab kept at hand')
})

t.test('a full arena gives a larger small block, and takes it back', async (t) => {
  const arena = makeArena(64 * KIB)
  const large = allocate(arena, 104)
  const held: number[] = []
  for (let address = allocate(arena, 40); address !== 0; address = allocate(arena, 40)) {
    held.push(address)
  }
  const capacities = new Set(held.map((address) => blockCapacity(arena, address, 40)))
  t.same([...capacities].sort(), [104, 40])
  for (const address of held) release(arena, address, 40)
  release(arena, large, 104)
  t.equal(arenaUsed(arena), 0)
  t.same(checkArena(arena), [])
})

t.test('an empty slab kept at hand is given up when memory is short', async (t) => {
  const arena = makeArena(64 * KIB)
  for (const size of [16, 64, 256]) release(arena, allocate(arena, size), size)
  t.ok(allocate(arena, 40 * KIB), 'three slabs were kept')
  t.same(checkArena(arena).length, 1, 'only the block that nothing refers to')
})

t.test('a block grows into free or untouched memory behind it', async (t) => {
  const arena = makeArena(256 * KIB)
  const first = allocate(arena, 1000)
  t.ok(growBlock(arena, first, 3000), 'at the top')
  const second = allocate(arena, 5000)
  const third = allocate(arena, 1000)
  t.notOk(growBlock(arena, first, 4000), 'a neighbour is there')
  release(arena, second, 5000)
  t.ok(growBlock(arena, first, 4000), 'the neighbour has gone')
  const blocks = [
    { address: first, byteLength: 4000 },
    { address: third, byteLength: 1000 },
  ]
  t.same(checkArena(arena, { blocks }), [])
  t.notOk(growBlock(arena, third, 1 * MIB), 'not beyond the segment')
  t.same(checkArena(arena, { blocks }), [])
})

t.test('random blocks never overlap and all bytes come back', async () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 600 }),
    fc.integer({ min: 1, max: 20_000 }),
    fc.constantFrom(1, 8, 9, 511, 512, 513, 568, 16_376, 16_377),
  )
  const step = fc.record({ size, pick: fc.nat(), drop: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (list) => {
      const arena = makeArena(96 * KIB, 64 * KIB, 80 * KIB)
      const held: Held[] = []
      for (const { size, pick, drop } of list) {
        if (drop && held.length > 0) {
          const [gone] = held.splice(pick % held.length, 1)
          if (!intact(arena, gone)) throw new Error(`block ${gone.address} was overwritten`)
          release(arena, gone.address, gone.byteLength)
          continue
        }
        const before = arenaUsed(arena)
        const address = allocate(arena, size)
        if (address === 0) {
          if (arenaUsed(arena) !== before) throw new Error('a failed allocation changed something')
          continue
        }
        const block = { address, byteLength: size, mark: pick & 0xff }
        mark(arena, block)
        held.push(block)
      }
      const findings = checkArena(arena, { blocks: held })
      if (findings.length > 0) throw new Error(findings.join('\n'))
      for (const { address, byteLength } of held) release(arena, address, byteLength)
      if (arenaUsed(arena) !== 0) throw new Error('bytes are left')
    }),
    { numRuns: 150, seed: 4 },
  )
})

t.test('fresh means zero', async (t) => {
  const arena = makeArena(2 * MIB)
  const random = new SeededRandom(5)
  let fresh = 0
  for (let round = 0; round < 400; round++) {
    const byteLength = 513 + random.below(9000)
    const address = allocate(arena, byteLength)
    if (address === 0) break
    const block = { address, byteLength, mark: 0 }
    if (arena.allocationFresh) {
      fresh++
      if (!intact(arena, block)) t.fail('a fresh block has bytes in it')
    }
    mark(arena, { ...block, mark: 0xee })
    if (random.below(3) === 0) release(arena, address, byteLength)
  }
  t.ok(fresh > 100)
})
