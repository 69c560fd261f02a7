// SORT and SORT_RO over lists and sets.

import t from 'tap'
import {
  error,
  LATER,
  type Line,
  NOT_INTEGER,
  OK,
  PROFILES,
  SYNTAX,
  script,
  WRONG_TYPE,
} from './script.ts'

const NOT_DOUBLE = error("ERR One or more scores can't be converted into double")
const CROSS_SLOT = error("CROSSSLOT Keys in request don't hash to the same slot")

const PLANT: readonly Line[] = [
  ['RPUSH {t}l 3 10 -1 2.5 1e2', 5],
  ['RPUSH {t}w pear apple Fig', 3],
  ['SADD {t}s 3 1 2', 3],
]

t.test('numbers and texts', async (t) => {
  script(t, PROFILES, [
    ...PLANT,
    ['SORT {t}l', ['-1', '2.5', '3', '10', '1e2']],
    ['SORT {t}l DESC', ['1e2', '10', '3', '2.5', '-1']],
    ['SORT {t}l desc ASC', ['-1', '2.5', '3', '10', '1e2']],
    ['SORT {t}l ALPHA', ['-1', '10', '1e2', '2.5', '3']],
    ['SORT {t}w', NOT_DOUBLE],
    ['SORT {t}w ALPHA', ['Fig', 'apple', 'pear']],
    ['SORT {t}w ALPHA DESC', ['pear', 'apple', 'Fig']],
    ['SORT {t}s', ['1', '2', '3']],
    ['SORT {t}none', []],
    ['SET {t}x 1', OK],
    ['SORT {t}x', error(WRONG_TYPE)],
    [['RPUSH', '{t}odd', '', ' 7', '+5', '0x10', 'inf', '-inf', '7'], 7],
    ['SORT {t}odd', ['-inf', '', '+5', ' 7', '7', '0x10', 'inf']],
    ['RPUSH {t}nan nan', 1],
    ['SORT {t}nan', NOT_DOUBLE],
    [['RPUSH', '{t}behind', '1 '], 1],
    ['SORT {t}behind', NOT_DOUBLE],
    ['RPUSH {t}tiny 5e-324', 1],
    ['SORT {t}tiny', NOT_DOUBLE],
    [['MSET', '{t}v1', `2${'\0'.repeat(9000)}`, '{t}v2', '1'.repeat(9000)], OK],
    ['RPUSH {t}by 1 3', 2],
    ['SORT {t}by BY {t}v*', ['3', '1']],
    ['RPUSH {t}by 2', 3],
    ['SORT {t}by BY {t}v*', NOT_DOUBLE],
    ['RPUSH {t}same 1 1.0 01 1', 4],
    ['SORT {t}same', ['01', '1', '1', '1.0']],
  ])
})

t.test('LIMIT and syntax', async (t) => {
  script(t, PROFILES, [
    ...PLANT,
    ['SORT {t}l LIMIT 1 2', ['2.5', '3']],
    ['SORT {t}l LIMIT -5 2', ['-1', '2.5']],
    ['SORT {t}l LIMIT 1 -1', ['2.5', '3', '10', '1e2']],
    ['SORT {t}l LIMIT 4 9223372036854775807', ['1e2']],
    ['SORT {t}l LIMIT 5 1', []],
    ['SORT {t}l LIMIT 0 0', []],
    ['SORT {t}l LIMIT x 1', error(NOT_INTEGER)],
    ['SORT {t}l LIMIT 1', error(SYNTAX)],
    ['SORT {t}l STORE', error(SYNTAX)],
    ['SORT {t}l BY', error(SYNTAX)],
    ['SORT {t}l wrong', error(SYNTAX)],
  ])
  script(t, LATER, [
    ...PLANT,
    ['SORT_RO {t}l LIMIT 0 1', ['-1']],
    ['SORT_RO {t}l STORE {t}d', error(SYNTAX)],
  ])
})

t.test('BY and GET', async (t) => {
  script(t, PROFILES, [
    ...PLANT,
    ['MSET {t}w_1 30 {t}w_2 20 {t}w_3 10', OK],
    ['HMSET {t}h_1 name one weight 3', OK],
    ['HMSET {t}h_2 name two weight 1', OK],
    ['SORT {t}s BY {t}w_*', ['3', '2', '1']],
    ['SORT {t}s BY {t}w_* DESC LIMIT 0 2', ['1', '2']],
    ['SORT {t}s BY {t}h_*->weight', ['3', '2', '1']],
    ['SORT {t}s BY {t}none*', ['1', '2', '3']],
    ['SORT {t}s BY {t}h_*->name ALPHA', ['3', '1', '2']],
    ['SORT {t}s BY {t}h_*->name', NOT_DOUBLE],
    ['SORT {t}s GET {t}w_*', ['30', '20', '10']],
    ['SORT {t}s GET # GET {t}h_*->name', ['1', 'one', '2', 'two', '3', null]],
    ['SORT {t}s GET {t}h_*', [null, null, null]],
    ['SORT {t}s GET {t}w_*->name', [null, null, null]],
    ['SORT {t}s GET nothing', [null, null, null]],
    ['SORT {t}l BY nosort', ['3', '10', '-1', '2.5', '1e2']],
    ['SORT {t}l BY nosort LIMIT 1 2', ['10', '-1']],
  ])
  script(
    t,
    ['ckv', 'extended'],
    [
      ...PLANT,
      ['SORT {t}s BY w_*', CROSS_SLOT],
      ['SORT {t}s BY {u}w_*', CROSS_SLOT],
      ['SORT {t}s BY w_*{t}', CROSS_SLOT],
      ['SORT {t}s BY {t*}', CROSS_SLOT],
      ['SORT {t}s BY {}{t}*', CROSS_SLOT],
      ['SORT {t}s GET # GET *', CROSS_SLOT],
      ['SORT {t}s STORE other', CROSS_SLOT],
      ['SORT {t}l BY nosort DESC', ['3', '10', '-1', '2.5', '1e2']],
    ],
  )
  script(
    t,
    ['redis'],
    [
      ['SADD s 1 2 3', 3],
      ['MSET w_1 30 w_2 20 w_3 10', OK],
      ['SORT s BY w_* GET # GET w_*', ['3', '10', '2', '20', '1', '30']],
      ['SORT s BY w_* GET w_* STORE d', 3],
      ['LRANGE d 0 -1', ['10', '20', '30']],
      ['SORT_RO s BY w_*', ['3', '2', '1']],
      ['RPUSH l 3 1 2', 3],
      ['SORT l BY nosort DESC', ['2', '1', '3']],
      ['SORT l BY nosort DESC LIMIT 0 2', ['2', '1']],
    ],
  )
})

t.test('STORE', async (t) => {
  script(t, PROFILES, [
    ...PLANT,
    ['SORT {t}l STORE {t}l', 5],
    ['LRANGE {t}l 0 -1', ['-1', '2.5', '3', '10', '1e2']],
    ['SET {t}d x EX 100', OK],
    ['SORT {t}s DESC STORE {t}d', 3],
    ['TTL {t}d', -1],
    ['LRANGE {t}d 0 -1', ['3', '2', '1']],
    ['SORT {t}s GET {t}none_* GET # STORE {t}d', 6],
    ['LRANGE {t}d 0 -1', ['', '1', '', '2', '', '3']],
    ['SORT {t}s BY nosort STORE {t}d', 3],
    ['LRANGE {t}d 0 -1', ['1', '2', '3']],
    ['SORT {t}w STORE {t}d', NOT_DOUBLE],
    ['LLEN {t}d', 3],
    ['SORT {t}s LIMIT 9 1 STORE {t}d', 0],
    ['EXISTS {t}d', 0],
    ['SORT {t}none STORE {t}none', 0],
  ])
})

t.test('sorted sets', async (t) => {
  script(t, PROFILES, [
    ['ZADD {t}z 3 1 2 2 1 3', 3],
    ['SORT {t}z', ['1', '2', '3']],
    ['SORT {t}z DESC', ['3', '2', '1']],
    ['SORT {t}z BY nosort', ['3', '2', '1']],
    ['SORT {t}z BY nosort DESC', ['1', '2', '3']],
    ['SORT {t}z BY nosort DESC LIMIT 1 1', ['2']],
    ['SORT {t}z BY nosort STORE {t}d', 3],
    ['LRANGE {t}d 0 -1', ['3', '2', '1']],
  ])
})
