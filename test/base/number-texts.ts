// Texts that try a number parser: ordinary ones, edges, and ones with a bit of damage.

import {
  addLongDoubles,
  type LongDouble,
  longDoubleText,
  parseLongDouble,
} from '../../src/base/long-double.ts'
import type { Random } from '../../src/base/random.ts'

function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.below(of.length)]
}

function digits(random: Random, lengthMax: number): string {
  let text = ''
  for (let left = 1 + random.below(lengthMax); left > 0; left--) text += random.below(10)
  return text
}

const EDGES = [
  '',
  '0',
  '-0',
  '+0',
  '00',
  '01',
  '-',
  '+',
  '+1',
  ' 1',
  '1 ',
  '\t1',
  '1\0',
  '0x10',
  '0X1P-3',
  '0x',
  '0x.8',
  '0x1.fffffffffffffffffp0',
  '1e3',
  '1e',
  '1e+',
  '.5',
  '5.',
  '.',
  '-.5e-1',
  'inf',
  '-inf',
  '+Infinity',
  'infinit',
  'nan',
  '-nan',
  'nan(12)',
  'nan(',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '18446744073709551615',
  '18446744073709551616',
  '99999999999999999999',
  '1e308',
  '1.8e308',
  '1e-308',
  '4.9e-324',
  '2e-324',
  '1e-400',
  '0e-400',
  '0e999999999999',
  '1e4932',
  '1.18973149535723176502e4932',
  '1.2e4932',
  '1e5000',
  '3.6e-4951',
  '1.8e-4951',
  '1e-4960',
  '1e-99999',
  '2.98023223876953125e-8',
  '0.1',
  '0.30000000000000004',
  '1234567890.123456789',
  '1_000',
  '1,5',
  '--1',
  '1e1.5',
  'abc',
  '１',
]

/** Integers of all sizes, sometimes damaged. */
export function integerText(random: Random): string {
  if (random.below(8) === 0) return pick(random, EDGES)
  const text = pick(random, ['', '', '', '-', '+', ' ', '0']) + digits(random, 21)
  return random.below(10) === 0 ? `${text}${pick(random, [' ', 'e1', '.0', 'x', '\0'])}` : text
}

/** Floats of all notations and sizes, sometimes damaged. */
export function floatText(random: Random): string {
  const sign = pick(random, ['', '', '', '-', '-', '+'])
  switch (random.below(8)) {
    case 0:
      return pick(random, EDGES)
    case 1:
      return sign + digits(random, 25)
    case 2:
      return `${sign}${digits(random, 3)}.${digits(random, 3)}`
    case 3:
      return `${sign}${digits(random, 20)}.${digits(random, 25)}`
    case 4:
      return `${sign}${digits(random, 4)}.${digits(random, 20)}e${exponent(random, 40)}`
    case 5:
      return `${sign}${digits(random, 19)}e${exponent(random, random.below(8) ? 320 : 5000)}`
    case 6:
      return `${sign}0x${random.word().toString(16)}${hexTail(random)}p${exponent(random, 80)}`
    default: {
      // Near a tie of the 64-bit mantissa: a whole number of 2^-k with a few digits more.
      const base = (BigInt(random.word()) << 32n) | BigInt(random.word())
      return `${sign}${(base * 2n + 1n).toString()}${halfTail(random)}`
    }
  }
}

/** What INCRBYFLOAT answers: the new value, or the error with its '-'. */
export function incrementByFloat(value: string, increment: string): string {
  const a = parseText(value)
  const b = parseText(increment)
  if (a === undefined || b === undefined) return '-ERR value is not a valid float'
  const sum = addLongDoubles(a, b)
  return sum.finite ? longDoubleText(sum) : '-ERR increment would produce NaN or Infinity'
}

function parseText(text: string): LongDouble | undefined {
  const bytes = Buffer.from(text, 'latin1')
  return parseLongDouble(bytes, 0, bytes.length)
}

function exponent(random: Random, bound: number): string {
  return `${pick(random, ['', '-', '+'])}${random.below(bound)}`
}

function hexTail(random: Random): string {
  return pick(random, ['', '.8', '.123456789abcdef'])
}

function halfTail(random: Random): string {
  return pick(random, ['', '.5', '.0', '.49999999999', '.50000000001'])
}
