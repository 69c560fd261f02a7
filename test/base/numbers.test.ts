// Number texts by tables and against plain models; numbers-oracle.test.ts asks Redis itself.

import fc from 'fast-check'
import t from 'tap'
import {
  doubleText,
  formatDouble,
  formatInteger,
  parseDouble,
  parseInt64,
  parseSafeInteger,
} from '../../src/base/numbers.ts'

/** The text between other bytes that must not matter. */
function framed(text: string): [Uint8Array, number, number] {
  const bytes = Buffer.from(`9${text}9`, 'latin1')
  return [bytes, 1, bytes.length - 2]
}

const NOT_INTEGERS = [
  '',
  '-',
  '+',
  '+1',
  '-0',
  '00',
  '01',
  '-01',
  ' 1',
  '1 ',
  '1\0',
  '0x10',
  '1e3',
  '1.0',
  '--1',
  '1-',
  '٣',
  '9'.repeat(400),
  '0'.repeat(17),
  '12345678901234567a',
  'constructor',
]

t.test('integers: what is none', async (t) => {
  for (const text of NOT_INTEGERS) {
    t.ok(Number.isNaN(parseSafeInteger(...framed(text))), JSON.stringify(text))
    t.equal(parseInt64(...framed(text)), undefined, JSON.stringify(text))
  }
})

t.test('integers: the edges of 2^53 and 2^63', async (t) => {
  for (const value of [
    0n,
    1n,
    -1n,
    9n,
    10n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n - 1n,
    1n - 2n ** 53n,
  ]) {
    t.equal(parseSafeInteger(...framed(String(value))), Number(value))
    t.equal(parseInt64(...framed(String(value))), value)
  }
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 10n ** 16n - 1n, 2n ** 63n - 1n]) {
    t.ok(Number.isNaN(parseSafeInteger(...framed(String(value)))))
    t.equal(parseInt64(...framed(String(value))), value)
  }
  t.equal(parseInt64(...framed('-9223372036854775808')), -(2n ** 63n))
  for (const text of ['9223372036854775808', '-9223372036854775809', '10000000000000000000']) {
    t.equal(parseInt64(...framed(text)), undefined)
  }
})

t.test('integers: every 64-bit number comes back from its text', async () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 64n), 2n ** 64n), (value) => {
      const inRange = value >= -(2n ** 63n) && value < 2n ** 63n
      return parseInt64(...framed(String(value))) === (inRange ? value : undefined)
    }),
    { numRuns: 5000 },
  )
})

t.test('formatInteger writes what String does', async (t) => {
  const target = new Uint8Array(32)
  const check = (value: number): boolean => {
    target.fill(0x78)
    const length = formatInteger(value, target, 3)
    const text = Buffer.from(target).toString('latin1')
    return text === `xxx${value}`.padEnd(32, 'x') && length === String(value).length
  }
  for (let power = 0; power <= 15; power++) {
    for (const value of [10 ** power - 1, 10 ** power, 10 ** power + 1]) {
      t.ok(check(value), String(value))
      if (value > 0) t.ok(check(-value), String(-value))
    }
  }
  t.ok(check(Number.MAX_SAFE_INTEGER))
  t.ok(check(Number.MIN_SAFE_INTEGER))
  t.ok(check(2 ** 31) && check(2 ** 31 - 1) && check(2 ** 32) && check(-(2 ** 31)))
  fc.assert(fc.property(fc.maxSafeInteger(), check), { numRuns: 5000 })
})

// As printf("%.17g") writes them.
const DOUBLE_TEXTS: [number, string][] = [
  [0, '0'],
  [-0, '-0'],
  [3, '3'],
  [-1.5, '-1.5'],
  [0.1, '0.10000000000000001'],
  [0.3, '0.29999999999999999'],
  [100, '100'],
  [1e15, '1000000000000000'],
  [1e16, '10000000000000000'],
  [1e17, '1e+17'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e21, '1e+21'],
  [1e300, '1.0000000000000001e+300'],
  [0.0001, '0.0001'],
  [0.00001, '1.0000000000000001e-05'],
  [5e-324, '4.9406564584124654e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [2 ** -25, '2.9802322387695312e-08'],
  [3 * 2 ** -25, '8.9406967163085938e-08'],
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
]

t.test('doubles: text', async (t) => {
  const target = new Uint8Array(40)
  for (const [value, text] of DOUBLE_TEXTS) {
    t.equal(doubleText(value), text)
    const length = formatDouble(value, target, 5)
    t.equal(Buffer.from(target.subarray(5, 5 + length)).toString('latin1'), text)
  }
})

t.test('doubles: ties go to even, as C rounds', async (t) => {
  // Odd multiples of 2^-p whose decimal expansion has exactly 18 digits, by integer arithmetic.
  let ties = 0
  for (let places = 4; places <= 25; places++) {
    const step = 5n ** BigInt(places)
    const first = 10n ** 17n / step + 1n
    for (let offset = 0n; offset < 200n; offset++) {
      const odd = ((first + offset * 977n) | 1n) as bigint
      const digits = (odd * step).toString()
      if (odd >= 2n ** 53n || digits.length !== 18) continue
      ties++
      const kept = BigInt(digits.slice(0, 17))
      const even = (kept & 1n) === 0n ? kept : kept + 1n
      const found = doubleText(Number(odd) / 2 ** places)
      const foundDigits = found.replace(/e.*/, '').replace('.', '').replace(/^0+/, '')
      if (foundDigits.padEnd(17, '0') !== even.toString()) t.fail(`${odd} / 2^${places}: ${found}`)
    }
  }
  t.ok(ties > 1000, `${ties} ties`)
})

t.test('doubles: the text of every double reads as that double', async () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) =>
      Object.is(parseDouble(...framed(doubleText(value))), value),
    ),
    { numRuns: 20_000 },
  )
})

t.test('doubles: what C reads', async (t) => {
  const table: [string, number][] = [
    ['+1', 1],
    ['007', 7],
    ['.5', 0.5],
    ['5.', 5],
    ['-0', -0],
    ['1e5', 100_000],
    ['1E+2', 100],
    ['0x10', 16],
    ['-0x1.8P1', -3],
    ['0x.8', 0.5],
    ['0x1.fffffffffffffp1023', 1.7976931348623157e308],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1 + 2 ** -51],
    ['0x1p-1074', 5e-324],
    ['0x1.8p-1075', 5e-324],
    ['inf', Infinity],
    ['-INFINITY', -Infinity],
    ['0e-999999999999', 0],
    ['0x0p99999999999', 0],
    ['1.00000000000000011102230246251565', 1],
    [`${'1'.repeat(400)}e-399`, 1.1111111111111112],
  ]
  for (const [text, value] of table) {
    t.ok(Object.is(parseDouble(...framed(text)), value), text)
  }
})

t.test('doubles: what C does not read, or Redis does not take', async (t) => {
  const texts = ['', '.', '-', '+', 'e5', '1e', '1e+', '0x', '0x.p1', '0x1p', ' 1', '1 ', '1\0']
  const outside = ['nan', '-nan', 'nan(1)', '1e309', '-1e309', '1e-400', '0x1p1024', '0x1p-1076']
  const words = ['infin', 'infinityy', 'NaN(', '1_0', '1,5', '--1', '__proto__', '1'.repeat(310)]
  for (const text of [...texts, ...outside, ...words]) {
    t.equal(parseDouble(...framed(text)), undefined, JSON.stringify(text.slice(0, 20)))
  }
})

t.test('doubles: a long text takes linear time', async (t) => {
  // A backtracking pattern would need 10^12 steps for the first of these.
  t.equal(parseDouble(...framed(`${'1'.repeat(1_000_000)}x`)), undefined)
  t.equal(parseDouble(...framed(`0.${'0'.repeat(1_000_000)}1`)), undefined)
  t.equal(parseDouble(...framed(`1${'0'.repeat(1_000_000)}e-1000000`)), 1)
})
