// INCR and its kin up to the last of 64 bits, INCRBYFLOAT as long doubles.

import t from 'tap'
import { error, NOT_INTEGER, OK, PROFILES, script } from './script.ts'

const OVERFLOW = error('ERR increment or decrement would overflow')
const NOT_FLOAT = error('ERR value is not a valid float')
const NOT_A_NUMBER = error('ERR increment would produce NaN or Infinity')

t.test('integers', async (t) => {
  script(t, PROFILES, [
    ['INCR n', 1],
    ['INCR n', 2],
    ['INCRBY n 40', 42],
    ['DECR n', 41],
    ['DECRBY n 41', 0],
    ['GET n', '0'],
    ['DECR n', -1],
    ['INCRBY n -9', -10],
    ['DECRBY n -15', 5],
    ['INCRBY new 0', 0],
    ['GET new', '0'],
    ['EXPIRE n 100', 1],
    ['INCR n', 6],
    ['TTL n', 100],
    ['SET s abc', OK],
    ['INCR s', error(NOT_INTEGER)],
    ['GET s', 'abc'],
    ['INCRBY n x', error(NOT_INTEGER)],
    ["INCRBY n ''", error(NOT_INTEGER)],
    ['INCRBY n 1.0', error(NOT_INTEGER)],
    ['INCRBY n 9223372036854775808', error(NOT_INTEGER)],
    ['DECRBY n x', error(NOT_INTEGER)],
  ])
})

t.test('what a value must look like', async (t) => {
  for (const text of [
    '',
    ' 1',
    '1 ',
    '+1',
    '01',
    '-0',
    '0x10',
    '1e3',
    '1.0',
    'nan',
    '9'.repeat(400),
  ]) {
    script(
      t,
      ['redis'],
      [
        [['SET', 'k', text], OK],
        ['INCR k', error(NOT_INTEGER)],
        ['GET k', text],
      ],
    )
  }
})

t.test('around 2^53 and 2^63', async (t) => {
  script(t, PROFILES, [
    ['SET n 9007199254740990', OK],
    ['INCR n', 9007199254740991],
    [['INCR', 'n'], Number('9007199254740992')],
    ['GET n', '9007199254740992'],
    ['INCR n', Number('9007199254740993')],
    ['GET n', '9007199254740993'],
    ['DECRBY n 2', 9007199254740991],
    ['SET n 9223372036854775806', OK],
    ['INCR n', Number('9223372036854775807')],
    ['GET n', '9223372036854775807'],
    ['INCR n', OVERFLOW],
    ['INCRBY n 9223372036854775807', OVERFLOW],
    ['DECRBY n 9223372036854775807', 0],
    ['DECRBY n 9223372036854775807', Number('-9223372036854775807')],
    ['DECR n', Number('-9223372036854775808')],
    ['GET n', '-9223372036854775808'],
    ['DECR n', OVERFLOW],
    ['DECRBY n -9223372036854775808', error('ERR decrement would overflow')],
    ['GET n', '-9223372036854775808'],
    ['INCRBY m -9223372036854775808', Number('-9223372036854775808')],
    ['GET m', '-9223372036854775808'],
    ['SET o 9223372036854775808', OK],
    ['INCR o', error(NOT_INTEGER)],
  ])
})

t.test('INCRBYFLOAT', async (t) => {
  script(t, PROFILES, [
    ['INCRBYFLOAT f 10.5', '10.5'],
    ['INCRBYFLOAT f 0.1', '10.6'],
    ['INCRBYFLOAT f -5', '5.6'],
    ['GET f', '5.6'],
    ['SET f 5.0e3', OK],
    ['INCRBYFLOAT f 2.0e2', '5200'],
    ['EXPIRE f 100', 1],
    ['INCRBYFLOAT f 1', '5201'],
    ['TTL f', 100],
    ['INCRBYFLOAT f abc', NOT_FLOAT],
    ["INCRBYFLOAT f ''", NOT_FLOAT],
    [['INCRBYFLOAT', 'f', ' 1'], NOT_FLOAT],
    ['INCRBYFLOAT f nan', NOT_FLOAT],
    ['INCRBYFLOAT f inf', NOT_A_NUMBER],
    ['INCRBYFLOAT f -inf', NOT_A_NUMBER],
    ['SET s x', OK],
    ['INCRBYFLOAT s 1', NOT_FLOAT],
    ['GET s', 'x'],
    ['SET big 1.1e4932', OK],
    ['INCRBYFLOAT big 1e4932', NOT_A_NUMBER],
    ['GET big', '1.1e4932'],
    ['SET z 1', OK],
    ['INCRBYFLOAT z -1', '0'],
  ])
})
