// Ranges of sorted sets: exact replies in both encodings, and where profiles differ.

import t from 'tap'
import { error, LATER, type Line, NOT_INTEGER, PROFILES, SYNTAX, script } from './script.ts'
import { inBothEncodings } from './zset-script.ts'

const BAD_RANGE = 'ERR min or max is not a float'
const BAD_TEXTS = 'ERR min or max not valid string range item'

t.test('ranges of places', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD z 1 a 2 b 3 c 4 d 5 e', 5],
    ['ZRANGE z 1 3', ['b', 'c', 'd']],
    ['ZRANGE z -2 99', ['d', 'e']],
    ['ZRANGE z -99 0', ['a']],
    ['ZRANGE z 3 1', []],
    ['ZRANGE z 9 10', []],
    ['ZRANGE none 0 -1', []],
    ['ZREVRANGE z 0 1 WITHSCORES', ['e', '5', 'd', '4']],
    ['ZREVRANGE z -1 -1', ['a']],
    ['ZRANGE z x 1', error(NOT_INTEGER)],
    ['ZRANGE z 0 1 WITHSCORE', error(SYNTAX)],
    ['ZREMRANGEBYRANK z 1 -2', 3],
    ['ZREMRANGEBYRANK z 5 6', 0],
    ['ZRANGE z 0 -1', ['a', 'e']],
    ['ZREMRANGEBYRANK z 0 -1', 2],
    ['EXISTS z', 0],
    ['ZREMRANGEBYRANK z 0 -1', 0],
  ])
})

t.test('ranges of scores', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD z -inf low 1 a 2 b 2 c 3 d inf high', 6],
    ['ZRANGEBYSCORE z 1 2', ['a', 'b', 'c']],
    ['ZRANGEBYSCORE z (1 2', ['b', 'c']],
    ['ZRANGEBYSCORE z 1 (2', ['a']],
    ['ZRANGEBYSCORE z (2 (2', []],
    ['ZRANGEBYSCORE z -inf (inf', ['low', 'a', 'b', 'c', 'd']],
    ['ZRANGEBYSCORE z (-inf +inf', ['a', 'b', 'c', 'd', 'high']],
    ['ZRANGEBYSCORE z 3 1', []],
    ['ZREVRANGEBYSCORE z 3 (1 WITHSCORES', ['d', '3', 'c', '2', 'b', '2']],
    ['ZRANGEBYSCORE z -inf inf LIMIT 1 2', ['a', 'b']],
    ['ZRANGEBYSCORE z -inf inf LIMIT 4 -1', ['d', 'high']],
    ['ZRANGEBYSCORE z -inf inf LIMIT -1 2', []],
    ['ZRANGEBYSCORE z -inf inf LIMIT 0 0', []],
    ['ZREVRANGEBYSCORE z inf -inf LIMIT 1 2', ['d', 'c']],
    ['ZREVRANGEBYSCORE z inf -inf LIMIT 9 2', []],
    ['ZRANGEBYSCORE z -inf inf LIMIT 1', error(SYNTAX)],
    ['ZRANGEBYSCORE z -inf inf LIMIT x 1', error(NOT_INTEGER)],
    ["ZRANGEBYSCORE z '' (2", ['a']],
    [['ZRANGEBYSCORE', 'z', '(', ' 1'], ['a']],
    ['ZRANGEBYSCORE z ((1 2', error(BAD_RANGE)],
    ['ZRANGEBYSCORE z nan 2', error(BAD_RANGE)],
    [['ZRANGEBYSCORE', 'z', '1 ', '2'], error(BAD_RANGE)],
    ['ZCOUNT z 1 2', 3],
    ['ZCOUNT z 1e999 1e999', 1],
    ['ZCOUNT z (2 (3', 0],
    ['ZCOUNT none -inf inf', 0],
    ['ZCOUNT z x 1', error(BAD_RANGE)],
    ['ZREMRANGEBYSCORE z (-inf 2', 3],
    ['ZREMRANGEBYSCORE z 2 2', 0],
    ['ZREMRANGEBYSCORE z x 2', error(BAD_RANGE)],
    ['ZRANGE z 0 -1', ['low', 'd', 'high']],
    ['ZREMRANGEBYSCORE z -inf inf', 3],
    ['EXISTS z', 0],
  ])
})

t.test('ranges of texts', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD z 0 a 0 aa 0 b 0 c 0 B', 5],
    ['ZRANGEBYLEX z - +', ['B', 'a', 'aa', 'b', 'c']],
    ['ZRANGEBYLEX z [a [b', ['a', 'aa', 'b']],
    ['ZRANGEBYLEX z (a (b', ['aa']],
    ['ZRANGEBYLEX z - (a', ['B']],
    ['ZRANGEBYLEX z [x +', []],
    ['ZRANGEBYLEX z + -', []],
    ['ZRANGEBYLEX z - -', []],
    ['ZRANGEBYLEX z + +', []],
    ['ZRANGEBYLEX z [b [a', []],
    ['ZRANGEBYLEX z [a [a', ['a']],
    ['ZRANGEBYLEX z (a [a', []],
    ['ZRANGEBYLEX z - + LIMIT 1 2', ['a', 'aa']],
    ['ZRANGEBYLEX z [a + LIMIT 1 -1', ['aa', 'b', 'c']],
    ['ZRANGEBYLEX z - + LIMIT 9 1', []],
    ['ZREVRANGEBYLEX z + (aa', ['c', 'b']],
    ['ZREVRANGEBYLEX z (c - LIMIT 1 2', ['aa', 'a']],
    ['ZRANGEBYLEX z a +', error(BAD_TEXTS)],
    ['ZRANGEBYLEX z - ++', error(BAD_TEXTS)],
    ["ZRANGEBYLEX z - ''", error(BAD_TEXTS)],
    ['ZLEXCOUNT z [a (c', 3],
    ['ZLEXCOUNT none - +', 0],
    ['ZLEXCOUNT z a +', error(BAD_TEXTS)],
    ['ZREMRANGEBYLEX z [a (b', 2],
    ['ZREMRANGEBYLEX z - (B', 0],
    ['ZRANGE z 0 -1', ['B', 'b', 'c']],
    ['ZREMRANGEBYLEX z - +', 3],
    ['EXISTS z', 0],
  ])
})

t.test('ZRANGE with options, as each profile has it', async (t) => {
  const lines = (later: boolean): Line[] => {
    const as = (reply: Line[1]): Line[1] => (later ? reply : error(SYNTAX))
    return [
      ['ZADD z 1 a 2 b 3 c', 3],
      ['ZRANGE z 1 (3 BYSCORE', as(['a', 'b'])],
      ['ZRANGE z (3 1 BYSCORE REV WITHSCORES', as(['b', '2', 'a', '1'])],
      ['ZRANGE z 0 1 REV', as(['c', 'b'])],
      ['ZRANGE z - (c BYLEX LIMIT 1 5', as(['b'])],
      ['ZRANGE z 0 -1 WITHSCORES WITHSCORES', as(['a', '1', 'b', '2', 'c', '3'])],
      ['ZRANGE z 0 1 LIMIT 5 -1', as(['a', 'b'])],
      ['ZRANGE z 0 1 BYSCORE BYLEX', error(SYNTAX)],
    ]
  }
  script(t, ['ckv'], lines(false))
  inBothEncodings(t, LATER, lines(true))
  const limit = error(
    'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
  )
  const scores = error('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  script(t, LATER, [
    ['ZRANGE z 0 1 LIMIT 0 1', limit],
    ['ZRANGE z - + BYLEX WITHSCORES', scores],
  ])
  script(
    t,
    ['redis'],
    [
      ['ZREVRANGE z 0 1 LIMIT 0 1', limit],
      ['ZRANGEBYLEX z - + WITHSCORES', scores],
    ],
  )
  script(
    t,
    ['ckv', 'extended'],
    [
      ['ZREVRANGE z 0 1 LIMIT 0 1', error(SYNTAX)],
      ['ZRANGEBYLEX z - + WITHSCORES', error(SYNTAX)],
    ],
  )
})

t.test('ZRANGESTORE', async (t) => {
  inBothEncodings(t, LATER, [
    ['ZADD {t}z 1 a 2 b 3 c', 3],
    ['ZRANGESTORE {t}d {t}z 0 -2', 2],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['a', '1', 'b', '2']],
    ['ZRANGESTORE {t}d {t}z 3 2 BYSCORE REV LIMIT 0 1', 1],
    ['ZRANGE {t}d 0 -1', ['c']],
    ['ZRANGESTORE {t}z {t}z 1 1', 1],
    ['ZRANGE {t}z 0 -1 WITHSCORES', ['b', '2']],
    ['ZRANGESTORE {t}d {t}none 0 -1', 0],
    ['EXISTS {t}d', 0],
    ['ZRANGESTORE {t}d {t}z 0 -1 WITHSCORES', error(SYNTAX)],
  ])
})
