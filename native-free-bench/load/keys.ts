// Which keys a load touches and what they look like. A key is 16 bytes, `ckv:` and 12 digits, and
// its value is made from its number, so that any reply can be checked without a table.

import { SeededRandom } from '../../src/base/random.ts'
import type { KeyDistribution } from './profile.ts'

export const KEY_BYTES = 16
/** Skew of the zipf distribution; 0.99 is what YCSB uses. */
const ZIPF_THETA = 0.99

/** The name of key number `index`; `family` is 4 bytes and keeps counters apart from strings. */
export function keyName(index: number, family = 'ckv:'): string {
  return family + index.toString().padStart(12, '0')
}

/** The value stored under key `index`: its digits over and over, `valueBytes` long. */
export function valueText(index: number, valueBytes: number): string {
  const digits = `${index.toString(16)}.`
  return digits.repeat(Math.ceil(valueBytes / digits.length)).slice(0, valueBytes)
}

/** Fills `target` with `target.length` key numbers in [0, keys). */
export function drawKeys(
  target: Uint32Array,
  keys: number,
  distribution: KeyDistribution,
  seed: number,
): void {
  if (distribution === 'sequential') {
    for (let i = 0; i < target.length; i++) target[i] = i % keys
    return
  }
  const random = new SeededRandom(seed)
  if (distribution === 'uniform') {
    for (let i = 0; i < target.length; i++) target[i] = random.below(keys)
    return
  }
  const next = zipfSource(keys, random)
  for (let i = 0; i < target.length; i++) target[i] = scatter(next(), keys)
}

/** Rank 0 is the most frequent. Gray et al., "Quickly generating billion-record databases". */
function zipfSource(keys: number, random: SeededRandom): () => number {
  const zeta = (count: number): number => {
    let sum = 0
    for (let rank = 1; rank <= count; rank++) sum += 1 / rank ** ZIPF_THETA
    return sum
  }
  const zetaKeys = zeta(keys)
  const alpha = 1 / (1 - ZIPF_THETA)
  const eta = (1 - (2 / keys) ** (1 - ZIPF_THETA)) / (1 - zeta(2) / zetaKeys)
  return () => {
    const uniform = random.word() / 0x1_0000_0000
    const scaled = uniform * zetaKeys
    if (scaled < 1) return 0
    if (scaled < 1 + 0.5 ** ZIPF_THETA) return Math.min(1, keys - 1)
    return Math.min(keys - 1, Math.floor(keys * (eta * uniform - eta + 1) ** alpha))
  }
}

/** Spreads the hot ranks over the key numbers, so that they don't all sit in neighbouring slots. */
function scatter(rank: number, keys: number): number {
  return (Math.imul(rank, 0x9e3779b1) >>> 0) % keys
}
