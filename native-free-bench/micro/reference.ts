// The fixed loops that in-process figures are ratios to. They use nothing of src/ and must never
// change: with them every ratio in baseline.json would change.

interface ReferenceLoop {
  operations: number
  run(): number
}

const STEPS = 4096
const COMPUTE_WORDS = 4096
/** 64 MB: more than the caches of one core. */
const MEMORY_WORDS = 16_777_216

/** Integer arithmetic over a typed array that stays in the first-level cache. */
export function computeReference(): ReferenceLoop {
  const words = new Int32Array(new SharedArrayBuffer(COMPUTE_WORDS * 4))
  return {
    operations: STEPS,
    run: () => {
      let mixed = 0x9e3779b9
      for (let step = 0; step < STEPS; step++) {
        mixed ^= mixed << 13
        mixed ^= mixed >>> 17
        mixed ^= mixed << 5
        const at = mixed & (COMPUTE_WORDS - 1)
        words[at] = Math.imul(words[at] ^ mixed, 0x85ebca6b)
      }
      return words[0]
    },
  }
}

/** Reads and writes at random places, each read depending on the one before. */
export function memoryReference(): ReferenceLoop {
  const words = new Int32Array(new SharedArrayBuffer(MEMORY_WORDS * 4))
  for (let at = 0; at < MEMORY_WORDS; at++) words[at] = Math.imul(at, 0x9e3779b1)
  let place = 1
  return {
    operations: STEPS,
    run: () => {
      let at = place
      for (let step = 0; step < STEPS; step++) {
        const next = (Math.imul(words[at] ^ at, 0xc2b2ae35) >>> 8) & (MEMORY_WORDS - 1)
        words[at] = (words[at] + 1) | 0
        at = next
      }
      place = at
      return at
    },
  }
}
