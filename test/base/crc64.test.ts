// The checksum of DUMP payloads against the bitwise one.

import t from 'tap'
import { writeCrc64 } from '../../src/base/crc64.ts'
import { SeededRandom } from '../../src/base/random.ts'

/** Bit by bit, the polynomial in its usual order and all bytes reflected. */
function bitwise(bytes: Uint8Array): bigint {
  const polynomial = 0xad93d23594c935a9n
  let crc = 0n
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = ((crc >> 63n) & 1n) ^ BigInt((byte >> bit) & 1)
      crc = BigInt.asUintN(64, crc << 1n) ^ (carry === 1n ? polynomial : 0n)
    }
  }
  let reflected = 0n
  for (let bit = 0n; bit < 64n; bit++) reflected |= ((crc >> bit) & 1n) << (63n - bit)
  return reflected
}

function found(bytes: Uint8Array, start: number, length: number): bigint {
  const target = Buffer.alloc(12, 0xee)
  writeCrc64(bytes, start, length, target, 2)
  if (target.readUInt16LE(0) !== 0xeeee || target.readUInt16LE(10) !== 0xeeee) return -1n
  return target.readBigUInt64LE(2)
}

t.test('the check value', async (t) => {
  t.equal(found(Buffer.from('123456789'), 0, 9), 0xe9c6d914c4b8d9can)
})

t.test('every length and alignment', async (t) => {
  const random = new SeededRandom(64)
  const bytes = Uint8Array.from({ length: 100 }, () => random.below(256))
  let wrong = 0
  for (let length = 0; length <= 40; length++) {
    for (let start = 0; start < 9; start++) {
      if (found(bytes, start, length) !== bitwise(bytes.subarray(start, start + length))) wrong++
    }
  }
  t.equal(wrong, 0)
})
