// The byte loops that every command goes through, against the plainest way of doing the same.

import t from 'tap'
import { copyBytes } from '../../src/base/copy.ts'
import { crc16 } from '../../src/base/crc16.ts'
import { SeededRandom } from '../../src/base/random.ts'

const LENGTH_MAX = 80

function randomBytes(length: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed)
  return Uint8Array.from({ length }, () => random.below(256))
}

t.test('copyBytes copies exactly the range, at any alignment', async (t) => {
  const source = randomBytes(200, 1)
  const shared = new Uint8Array(new SharedArrayBuffer(200))
  let wrong = 0
  for (let length = 0; length <= LENGTH_MAX; length++) {
    for (let from = 0; from < 9; from++) {
      for (let to = 0; to < 9; to++) {
        shared.fill(7)
        copyBytes(source, from, shared, to, length)
        const expected = new Uint8Array(200).fill(7)
        expected.set(source.subarray(from, from + length), to)
        if (Buffer.compare(Buffer.from(shared), expected) !== 0) wrong++
      }
    }
  }
  t.equal(wrong, 0)
})

t.test('crc16 is the bitwise one', async (t) => {
  t.equal(crc16(Buffer.from('123456789'), 0, 9), 0x31c3, 'check value of CRC-16/XMODEM')
  const bytes = randomBytes(200, 2)
  let wrong = 0
  for (let length = 0; length <= LENGTH_MAX; length++) {
    for (let start = 0; start < 5; start++) {
      let crc = 0
      for (let at = start; at < start + length; at++) {
        crc ^= bytes[at] << 8
        for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
        crc &= 0xffff
      }
      if (crc16(bytes, start, length) !== crc) wrong++
    }
  }
  t.equal(wrong, 0)
})
