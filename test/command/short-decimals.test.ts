// The short way of INCRBYFLOAT answers what long doubles answer, or nothing at all.

import fc from 'fast-check'
import t from 'tap'
import { addLongDoubles, longDoubleText, parseLongDouble } from '../../src/base/long-double.ts'
import { addShortDecimals, SHORT_SUM_BYTES_MAX } from '../../src/command/short-decimals.ts'

const RUNS = process.env.CKV_TEST_LONG === '1' ? 1_000_000 : 20_000

/** The sum's text, '' = it does not answer. */
function addShort(left: string, right: string): string {
  const target = new Uint8Array(SHORT_SUM_BYTES_MAX)
  const [a, b] = [Buffer.from(`##${left}`), Buffer.from(`#${right}`)]
  const length = addShortDecimals(a, 2, a.length - 2, b, 1, b.length - 1, target)
  return Buffer.from(target.subarray(0, length)).toString()
}

function addLong(left: string, right: string): string {
  const [a, b] = [left, right].map((text) => parseLongDouble(Buffer.from(text), 0, text.length))
  if (a === undefined || b === undefined) return 'not a float'
  return longDoubleText(addLongDoubles(a, b))
}

t.test('examples', async (t) => {
  for (const [left, right, sum] of [
    ['1.25', '0.5', '1.75'],
    ['10.1', '0.2', '10.3'],
    ['0.1', '-0.1', '0'],
    ['-0', '-0.0', '0'],
    ['-0.5', '0.25', '-0.25'],
    ['007', '3', '10'],
    ['999999999999998', '1', '999999999999999'],
    ['0.00000000000001', '0', '0.00000000000001'],
    ['45.9', '0.09', '45.99'],
    ['1000000.5', '0.5', '1000001'],
  ]) {
    t.equal(addShort(left, right), sum, `${left} + ${right}`)
    t.equal(addLong(left, right), sum)
  }
  for (const [left, right] of [
    ['100.1', '0.2'],
    ['45.9', '0.1'],
    ['1e3', '1'],
    ['1', ''],
    ['', '1'],
    ['-', '1'],
    ['.5', '1'],
    ['1.', '1'],
    ['1.2.3', '1'],
    ['+1', '1'],
    [' 1', '1'],
    ['0x1', '1'],
    ['inf', '1'],
    ['1234567890123456', '1'],
    ['999999999999999', '1'],
    ['99999999999999', '0.01'],
  ]) {
    t.equal(addShort(left, right), '', `${left} + ${right} is for long doubles`)
  }
})

t.test('random decimals', async (t) => {
  const digits = (max: number): fc.Arbitrary<string> =>
    fc
      .array(fc.constantFrom(...'0123456789505'), { minLength: 1, maxLength: max })
      .map((found) => found.join(''))
  const decimal = fc
    .tuple(fc.constantFrom('', '-'), digits(7), fc.option(digits(9)))
    .map(([sign, whole, fraction]) => sign + whole + (fraction === null ? '' : `.${fraction}`))
  const small = fc
    .tuple(fc.constantFrom('', '-'), fc.integer({ min: 0, max: 45 }), digits(14))
    .map(([sign, whole, fraction]) => `${sign}${whole}.${fraction}`)
  let answered = 0
  const property = fc.property(fc.oneof(decimal, small), fc.oneof(decimal, small), (a, b) => {
    const sum = addShort(a, b)
    if (sum === '') return
    answered++
    if (sum !== addLong(a, b)) throw new Error(`${a} + ${b} is ${addLong(a, b)}, not ${sum}`)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: RUNS, seed: 11 }))
  t.ok(answered > RUNS / 10, `${answered} of ${RUNS} answered`)
})
