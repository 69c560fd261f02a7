// INCRBYFLOAT's arithmetic against answers that redis-server 7.0.15 gave once.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import {
  addLongDoubles,
  formatLongDouble,
  LONG_DOUBLE_FORMATTED_BYTES_MAX,
  longDoubleOfInteger,
  longDoubleText,
  parseLongDouble,
} from '../../src/base/long-double.ts'
import { incrementByFloat } from './number-texts.ts'

t.test('sums as Redis made them', async (t) => {
  const url = new URL('./long-double-cases.json', import.meta.url)
  const cases = JSON.parse(readFileSync(url, 'utf8')) as [string, string, string][]
  t.ok(cases.length >= 200)
  for (const [value, increment, reply] of cases) {
    t.equal(incrementByFloat(value, increment), reply, `${value} + ${increment}`)
  }
})

t.test('texts up to 5119 bytes are read', async (t) => {
  const notFloat = '-ERR value is not a valid float'
  t.equal(incrementByFloat('0'.repeat(5119), '1'), '1')
  t.equal(incrementByFloat('0'.repeat(5120), '1'), notFloat)
  t.equal(incrementByFloat(`1.${'0'.repeat(5117)}`, '1'), '2')
  t.equal(incrementByFloat(`1.${'0'.repeat(5118)}`, '1'), notFloat)
  t.equal(incrementByFloat('9'.repeat(5119), '0'), notFloat)
})

t.test('the longest text', async (t) => {
  const bytes = Buffer.from('-1.18973149535723176502e4932')
  const largest = parseLongDouble(bytes, 0, bytes.length)
  t.ok(largest)
  if (largest === undefined) return
  const target = new Uint8Array(LONG_DOUBLE_FORMATTED_BYTES_MAX + 2)
  t.equal(formatLongDouble(largest, target, 1), LONG_DOUBLE_FORMATTED_BYTES_MAX)
  t.equal(Buffer.from(target.subarray(1, 4)).toString(), '-11')
  t.equal(target[0], 0)
})

t.test('64-bit integers are exact', async () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      const text = String(value)
      const bytes = Buffer.from(text)
      const parsed = parseLongDouble(bytes, 0, bytes.length)
      if (parsed === undefined) return false
      return longDoubleText(longDoubleOfInteger(value)) === text && longDoubleText(parsed) === text
    }),
  )
})

t.test('addition commutes, and a number less itself is 0', async () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (x, y) => {
      const a = exact(x)
      const b = exact(y)
      if (a === undefined || b === undefined) return true
      const forth = longDoubleText(addLongDoubles(a, b))
      const minus = { ...a, negative: !a.negative }
      const nothing = longDoubleText(addLongDoubles(a, minus))
      return forth === longDoubleText(addLongDoubles(b, a)) && nothing === (a.finite ? '0' : 'nan')
    }),
  )
})

function exact(value: number): ReturnType<typeof parseLongDouble> {
  const bytes = Buffer.from(Number.isFinite(value) ? String(value) : value < 0 ? '-inf' : 'inf')
  return parseLongDouble(bytes, 0, bytes.length)
}
