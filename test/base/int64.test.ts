// 64-bit integers in halves, against bigints.

import fc from 'fast-check'
import t from 'tap'
import {
  compareInt64,
  formatInt64,
  int64,
  int64ToBigint,
  int64ToNumber,
  parseInt64Halves,
  readInt64,
  setInt64,
  writeInt64,
} from '../../src/base/int64.ts'
import { parseInt64 } from '../../src/base/numbers.ts'
import { BORDER_INTEGERS, integers, NOT_QUITE_INTEGERS } from '../memory/packed-support.ts'

const RUNS = process.env.CKV_TEST_LONG === undefined ? 3000 : 300_000

function halvesOf(value: bigint): [number, number] {
  return [Number(value >> 32n), Number(BigInt.asIntN(32, value))]
}

/** Throws unless everything about the value is right. */
function verify(value: bigint): void {
  const text = String(value)
  const source = Buffer.from(`9${text}9`)
  const [high, low] = halvesOf(value)
  if (!parseInt64Halves(source, 1, text.length)) throw new Error(`${text} is no integer`)
  if (int64.high !== high || int64.low !== low) throw new Error(`${text} is read wrong`)
  if (int64ToBigint(high, low) !== value) throw new Error(`${text} as a bigint`)
  const isSafe = Number.isSafeInteger(Number(value))
  if (!Object.is(int64ToNumber(high, low), isSafe ? Number(value) : Number.NaN)) {
    throw new Error(`${text} as a number`)
  }
  const target = Buffer.alloc(22, '#')
  const length = formatInt64(high, low, target, 1)
  if (target.toString() !== `#${text}`.padEnd(22, '#') || length !== text.length) {
    throw new Error(`${text} is written as ${target}`)
  }
  const bytes = Buffer.alloc(11, 0xa5)
  writeInt64(bytes, 1, high, low)
  if (bytes.readBigInt64LE(1) !== value || bytes[0] !== 0xa5 || bytes[9] !== 0xa5) {
    throw new Error(`${text} as bytes`)
  }
  readInt64(bytes, 1)
  if (int64.high !== high || int64.low !== low) throw new Error(`${text} from bytes`)
  if (isSafe) {
    setInt64(Number(value))
    if (int64.high !== high || int64.low !== low) throw new Error(`${text} from a number`)
  }
}

t.test('every border', async (t) => {
  for (const value of BORDER_INTEGERS) t.doesNotThrow(() => verify(value), String(value))
})

t.test('any integer', async () => {
  fc.assert(fc.property(integers, verify), { numRuns: RUNS })
})

t.test('what is no integer', async (t) => {
  for (const text of NOT_QUITE_INTEGERS) {
    t.notOk(parseInt64Halves(Buffer.from(text), 0, text.length), text)
  }
  const digits = fc.stringMatching(/^-?[0-9]{15,21}$/)
  fc.assert(
    fc.property(digits, (text) => {
      const source = Buffer.from(text)
      const expected = parseInt64(source, 0, source.length)
      if (parseInt64Halves(source, 0, source.length) !== (expected !== undefined)) {
        throw new Error(text)
      }
      if (expected !== undefined) verify(expected)
    }),
    { numRuns: RUNS },
  )
})

t.test('their order', async () => {
  fc.assert(
    fc.property(integers, integers, (left, right) => {
      const expected = left < right ? -1 : left > right ? 1 : 0
      const found = Math.sign(compareInt64(...halvesOf(left), ...halvesOf(right)))
      if (found !== expected) throw new Error(`${left} ${right}: ${found}`)
    }),
    { numRuns: RUNS },
  )
})
