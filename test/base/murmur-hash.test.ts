// MurmurHash64A in two halves against the same with 64-bit integers.

import t from 'tap'
import { murmurHash64 } from '../../src/base/murmur-hash.ts'
import { SeededRandom } from '../../src/base/random.ts'

const SEED = 0xadc83b19
const FACTOR = 0xc6a4a7935bd1e995n
const WORD = 0xffff_ffff_ffff_ffffn

function model(bytes: Uint8Array): bigint {
  let hash = BigInt(SEED) ^ ((BigInt(bytes.length) * FACTOR) & WORD)
  const wholeLength = bytes.length & ~7
  for (let at = 0; at < wholeLength; at += 8) {
    let mixed = (littleEndian(bytes.subarray(at, at + 8)) * FACTOR) & WORD
    mixed = ((mixed ^ (mixed >> 47n)) * FACTOR) & WORD
    hash = ((hash ^ mixed) * FACTOR) & WORD
  }
  const rest = bytes.subarray(wholeLength)
  if (rest.length > 0) hash = ((hash ^ littleEndian(rest)) * FACTOR) & WORD
  hash = ((hash ^ (hash >> 47n)) * FACTOR) & WORD
  return hash ^ (hash >> 47n)
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function hashOf(bytes: Uint8Array): bigint {
  const target = new Int32Array(2)
  const framed = Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('xyz')])
  murmurHash64(framed, 3, bytes.length, SEED | 0, target)
  return (BigInt(target[1] >>> 0) << 32n) | BigInt(target[0] >>> 0)
}

t.test('every length, bytes of all kinds', async (t) => {
  const random = new SeededRandom(7)
  for (let length = 0; length < 70; length++) {
    for (const fill of [() => 0, () => 0xff, () => random.below(256)]) {
      const bytes = Uint8Array.from({ length }, fill)
      t.equal(hashOf(bytes), model(bytes), `${length} bytes ${Buffer.from(bytes).toString('hex')}`)
    }
  }
  const long = Uint8Array.from({ length: 100_003 }, () => random.below(256))
  t.equal(hashOf(long), model(long), 'a long one')
})
