// The allocator alone: a churn that frees and allocates blocks of mixed sizes in random order.

import { SeededRandom } from '../../src/base/random.ts'
import { allocate, release } from '../../src/memory/allocator.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import type { MicroBench } from './micro-bench.ts'

const ARENA_BYTES = 134_217_728
const OPERATIONS = 1000

/** Keeps `live` blocks of 1 to `bytesMax` bytes. */
function churn(name: string, live: number, bytesMax: number): MicroBench {
  const arena = new Arena([new SharedArrayBuffer(ARENA_BYTES)])
  formatArena(arena)
  const random = new SeededRandom(7)
  const addresses = new Int32Array(live)
  const lengths = new Int32Array(live)
  const place = (slot: number): void => {
    lengths[slot] = 1 + random.below(bytesMax)
    addresses[slot] = allocate(arena, lengths[slot])
    if (addresses[slot] === 0) throw new Error(`${name}: the arena is full`)
  }
  for (let slot = 0; slot < live; slot++) place(slot)
  return {
    name,
    reference: 'memory',
    operations: OPERATIONS,
    run: () => {
      let seen = 0
      for (let i = 0; i < OPERATIONS; i++) {
        const slot = random.below(live)
        release(arena, addresses[slot], lengths[slot])
        place(slot)
        seen ^= addresses[slot]
      }
      return seen
    },
  }
}

export function arenaSmallBench(): MicroBench {
  return churn('arena-small', 100_000, 256)
}

export function arenaLargeBench(): MicroBench {
  return churn('arena-large', 2_000, 40_000)
}
