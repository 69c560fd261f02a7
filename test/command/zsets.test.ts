// Sorted set commands but for ranges: exact replies in both encodings, and where profiles differ.

import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'
import {
  error,
  LATER,
  type Line,
  NOT_INTEGER,
  OK,
  PROFILES,
  runLines,
  SYNTAX,
  script,
  WRONG_TYPE,
} from './script.ts'
import { inBothEncodings, LARGE, NOT_FLOAT } from './zset-script.ts'

t.test('members come and go', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD z 1 a 2 b', 2],
    ['ZADD z 3 a', 0],
    ['ZADD z CH 4 a 2 b 5 c', 2],
    ['ZADD z NX 9 a 6 d', 1],
    ['ZADD z XX CH 7 d 1 none', 1],
    ['ZADD none XX 1 a', 0],
    ['EXISTS none', 0],
    ['ZADD z CH 1 e 2 e', 2],
    ['ZADD z NX 1 f 2 f', 1],
    ['ZSCORE z f', '1'],
    ['ZRANGE z 0 -1 WITHSCORES', ['f', '1', 'b', '2', 'e', '2', 'a', '4', 'c', '5', 'd', '7']],
    ['ZADD z INCR 1.5 a', '5.5'],
    ['ZADD z NX INCR 1 a', null],
    ['ZADD z XX INCR 1 none', null],
    ['ZINCRBY z -0.5 a', '5'],
    ['ZINCRBY z 2 new', '2'],
    ['ZCARD z', 7],
    ['ZCARD none', 0],
    ['ZSCORE z none', null],
    ['ZSCORE none a', null],
    ['ZRANK z f', 0],
    ['ZRANK z none', null],
    ['ZREVRANK z f', 6],
    ['ZREVRANK none f', null],
    ['ZREM z f none f', 1],
    ['ZREM none f', 0],
    ['TYPE z', { simple: 'zset' }],
    ["ZADD z 0 ''", 1],
    ["ZSCORE z ''", '0'],
    ["ZREM z a b c d e new ''", 7],
    ['EXISTS z', 0],
  ])
})

t.test('scores are written as Redis writes doubles', async (t) => {
  const scores: [string, string][] = [
    ['0.1', '0.10000000000000001'],
    ['3.0', '3'],
    ['1e17', '1e+17'],
    ['123456789012345680', '1.2345678901234568e+17'],
    ['5e-324', '4.9406564584124654e-324'],
    ['0x10', '16'],
    ['inf', 'inf'],
    ['-Infinity', '-inf'],
    ['9007199254740993', '9007199254740992'],
    ['-0', '0'],
  ]
  for (const [given, shown] of scores) {
    inBothEncodings(t, PROFILES, [
      [`ZADD z ${given} m`, 1],
      ['ZSCORE z m', shown],
      ['ZRANGE z 0 -1 WITHSCORES', ['m', shown]],
    ])
  }
  const fixture = new ShardFixture({ protocol: 3 })
  fixture.run('ZADD', 'z', '1.5', 'a', 'inf', 'b')
  t.equal(fixture.runRaw('ZSCORE', 'z', 'a'), ',1.5\r\n')
  t.equal(fixture.runRaw('ZSCORE', 'z', 'b'), ',inf\r\n')
  t.equal(fixture.runRaw('ZSCORE', 'z', 'none'), '_\r\n')
  const pairs = '*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,inf\r\n'
  t.equal(fixture.runRaw('ZRANGE', 'z', '0', '-1', 'WITHSCORES'), pairs)
  t.equal(fixture.runRaw('ZUNION', '1', 'z', 'WITHSCORES'), pairs)
  t.equal(fixture.runRaw('ZPOPMIN', 'z'), '*2\r\n$1\r\na\r\n,1.5\r\n')
  t.equal(fixture.runRaw('ZPOPMAX', 'z', '5'), '*1\r\n*2\r\n$1\r\nb\r\n,inf\r\n')
})

t.test('what ZADD refuses changes nothing', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD z 1 a inf b', 2],
    ['ZADD z 2 a x c', error(NOT_FLOAT)],
    ['ZADD z nan a', error(NOT_FLOAT)],
    [['ZADD', 'z', ' 1', 'a'], error(NOT_FLOAT)],
    ['ZADD z 1 a 2', error(SYNTAX)],
    ['ZADD z NX XX 1', error(SYNTAX)],
    ['ZADD z NX XX 1 a', error('ERR XX and NX options at the same time are not compatible')],
    ['ZADD z INCR 1 a 2 b', error('ERR INCR option supports a single increment-element pair')],
    ['ZINCRBY z -inf b', error('ERR resulting score is not a number (NaN)')],
    ['ZINCRBY z x b', error(NOT_FLOAT)],
    ['ZRANGE z 0 -1 WITHSCORES', ['a', '1', 'b', 'inf']],
  ])
  script(t, ['ckv'], [['ZADD z GT 1 a', error(SYNTAX)]])
  inBothEncodings(t, LATER, [
    ['ZADD z 5 a', 1],
    ['ZADD z GT CH 4 a 1 new', 1],
    ['ZADD z GT CH 6 a', 1],
    ['ZADD z LT CH 7 a', 0],
    ['ZADD z LT CH 3 a', 1],
    ['ZADD z GT INCR -1 a', null],
    ['ZADD z LT INCR -1 a', '2'],
    [
      'ZADD z GT LT 1 a',
      error('ERR GT, LT, and/or NX options at the same time are not compatible'),
    ],
  ])
})

t.test('sets put together', async (t) => {
  inBothEncodings(t, PROFILES, [
    ['ZADD {t}a 1 x 2 y', 2],
    ['ZADD {t}b 10 y 20 z', 2],
    ['ZUNIONSTORE {t}d 2 {t}a {t}b', 3],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['x', '1', 'y', '12', 'z', '20']],
    ['ZUNIONSTORE {t}d 2 {t}a {t}b WEIGHTS 2 0.5 AGGREGATE MAX', 3],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['x', '2', 'y', '5', 'z', '10']],
    ['ZINTERSTORE {t}d 3 {t}a {t}b {t}a', 1],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['y', '14']],
    ['ZINTERSTORE {t}d 2 {t}a {t}b AGGREGATE min', 1],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['y', '2']],
    ['ZADD {t}i inf y', 1],
    ['ZUNIONSTORE {t}d 2 {t}i {t}a WEIGHTS 0 1', 2],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['x', '1', 'y', '2']],
    ['ZADD {t}j -inf y', 1],
    ['ZUNIONSTORE {t}d 2 {t}i {t}j', 1],
    ['ZRANGE {t}d 0 -1 WITHSCORES', ['y', '0']],
    ['ZINTERSTORE {t}a 2 {t}a {t}a', 2],
    ['ZRANGE {t}a 0 -1 WITHSCORES', ['x', '2', 'y', '4']],
    ['SET {t}d text', OK],
    ['ZUNIONSTORE {t}d 1 {t}a', 2],
    ['ZINTERSTORE {t}d 2 {t}a {t}none', 0],
    ['EXISTS {t}d', 0],
    ['ZUNIONSTORE {t}d x {t}a', error(NOT_INTEGER)],
    ['ZUNIONSTORE {t}d 2 {t}a', error(SYNTAX)],
    ['ZUNIONSTORE {t}d 1 {t}a WEIGHTS', error(SYNTAX)],
    ['ZUNIONSTORE {t}d 1 {t}a WEIGHTS x', error('ERR weight value is not a float')],
    ['ZUNIONSTORE {t}d 1 {t}a AGGREGATE COUNT', error(SYNTAX)],
    ['ZUNIONSTORE {t}d 1 {t}a WITHSCORES', error(SYNTAX)],
  ])
  script(
    t,
    ['ckv', 'extended'],
    [
      [
        'ZUNIONSTORE {t}d 0 {t}a',
        error('ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE'),
      ],
    ],
  )
  script(
    t,
    ['redis'],
    [
      [
        'ZINTERSTORE {t}d 0 {t}a',
        error("ERR at least 1 input key is needed for 'zinterstore' command"),
      ],
    ],
  )
})

t.test('sets as inputs count 1 for each member', async (t) => {
  for (const members of ['1 2 y', 'x y z']) {
    const [first] = members.split(' ')
    inBothEncodings(t, PROFILES, [
      [`SADD {t}s ${members}`, 3],
      ['ZADD {t}z 5 y', 1],
      ['ZUNIONSTORE {t}d 2 {t}s {t}z WEIGHTS 3 1', 3],
      ['ZSCORE {t}d y', '8'],
      [`ZSCORE {t}d ${first}`, '3'],
      ['ZINTERSTORE {t}d 2 {t}s {t}z', 1],
      ['ZRANGE {t}d 0 -1 WITHSCORES', ['y', '6']],
      ['ZINTERSTORE {t}d 1 {t}s', 3],
      ['ZUNIONSTORE {t}s 2 {t}s {t}s', 3],
      ['TYPE {t}s', { simple: 'zset' }],
      ['ZSCORE {t}s y', '2'],
    ])
  }
  inBothEncodings(t, LATER, [
    ['SADD {t}n 1 2 3', 3],
    ['ZADD {t}z 5 2 6 x', 2],
    ['ZDIFF 2 {t}n {t}z', ['1', '3']],
    ['ZDIFF 2 {t}z {t}n WITHSCORES', ['x', '6']],
    ['ZINTERCARD 2 {t}n {t}z', 1],
  ])
})

t.test('sorted sets in payloads, copied, sorted and described', async (t) => {
  for (const [options, encoding] of [
    [{}, 'listpack'],
    [LARGE, 'skiplist'],
  ] as const) {
    const fixture = new ShardFixture({ profile: 'redis', shards: 3, ...options })
    fixture.run('ZADD', 'z', '1.5', '3', 'inf', '1', '-7', '2')
    const pairs = ['2', '-7', '3', '1.5', '1', 'inf']
    t.same(fixture.run('OBJECT', 'ENCODING', 'z'), encoding)
    t.equal(fixture.run('COPY', 'z', 'copy'), 1)
    t.same(fixture.run('ZRANGE', 'copy', '0', '-1', 'WITHSCORES'), pairs)
    t.same(fixture.run('RENAME', 'copy', 'other'), OK)
    t.same(fixture.run('ZRANGE', 'other', '0', '-1', 'WITHSCORES'), pairs)
    fixture.runRaw('DUMP', 'z')
    const { bytes, position } = fixture.call.reply
    const payload = bytes.slice(bytes.indexOf(0x0a) + 1, position - 2)
    t.same(fixture.run('RESTORE', 'restored', '0', payload), OK)
    t.same(fixture.run('ZRANGE', 'restored', '0', '-1', 'WITHSCORES'), pairs)
    t.same(fixture.run('SORT', 'z'), ['1', '2', '3'])
    t.same(fixture.run('SORT', 'z', 'BY', 'nosort', 'DESC'), ['1', '3', '2'])
    t.same(fixture.findings(), [])
    t.same(fixture.recovered(), fixture.contents())
  }
})

t.test('later ways to put sets together', async (t) => {
  inBothEncodings(t, LATER, [
    ['ZADD {t}a 1 x 2 y 3 v', 3],
    ['ZADD {t}b 10 y 20 z', 2],
    ['ZUNION 2 {t}a {t}b WITHSCORES', ['x', '1', 'v', '3', 'y', '12', 'z', '20']],
    ['ZINTER 2 {t}a {t}b', ['y']],
    ['ZINTER 2 {t}a {t}b WEIGHTS 1 -1 WITHSCORES', ['y', '-8']],
    ['ZDIFF 2 {t}a {t}b WITHSCORES', ['x', '1', 'v', '3']],
    ['ZDIFF 2 {t}none {t}a', []],
    ['ZDIFF 1 {t}a WEIGHTS 1', error(SYNTAX)],
    ['ZDIFFSTORE {t}d 2 {t}a {t}b', 2],
    ['ZRANGE {t}d 0 -1', ['x', 'v']],
    ['ZDIFFSTORE {t}d 2 {t}a {t}a', 0],
    ['EXISTS {t}d', 0],
    ['ZINTERCARD 2 {t}a {t}a', 3],
    ['ZINTERCARD 2 {t}a {t}a LIMIT 2', 2],
    ['ZINTERCARD 2 {t}a {t}a LIMIT 0', 3],
    ['ZINTERCARD 2 {t}a {t}none', 0],
    ['ZINTERCARD 1 {t}a LIMIT -1', error("ERR LIMIT can't be negative")],
    ['ZINTERCARD 1 {t}a WITHSCORES', error(SYNTAX)],
    ['ZUNION 0 {t}a', error("ERR at least 1 input key is needed for 'zunion' command")],
    ['ZUNION 3 {t}a {t}b', error(SYNTAX)],
    ['ZMSCORE {t}a x none y', ['1', null, '2']],
    ['ZMSCORE {t}none x y', [null, null]],
  ])
})

t.test('popping', async (t) => {
  inBothEncodings(t, LATER, [
    ['ZADD {t}z 1 a 2 b 3 c 4 d 5 e 6 f', 6],
    ['ZPOPMIN {t}z', ['a', '1']],
    ['ZPOPMAX {t}z 2', ['f', '6', 'e', '5']],
    ['ZPOPMIN {t}z 0', []],
    ['ZPOPMIN {t}none', []],
    ['ZPOPMIN {t}z -1', error('ERR value is out of range, must be positive')],
    ['ZPOPMIN {t}z x', error('ERR value is out of range, must be positive')],
    ['ZPOPMIN {t}z 1 2', error(SYNTAX)],
    ['ZMPOP 2 {t}none {t}z MIN', ['{t}z', [['b', '2']]]],
    [
      'ZMPOP 1 {t}z MAX COUNT 9',
      [
        '{t}z',
        [
          ['d', '4'],
          ['c', '3'],
        ],
      ],
    ],
    ['EXISTS {t}z', 0],
    ['ZMPOP 1 {t}z MAX', null],
    ['ZMPOP 0 {t}z MAX', error('ERR numkeys should be greater than 0')],
    ['ZMPOP 2 {t}z {t}MAX', error(SYNTAX)],
    ['ZMPOP 1 {t}z BOTH', error(SYNTAX)],
    ['ZMPOP 1 {t}z MIN COUNT 0', error('ERR count should be greater than 0')],
    ['ZMPOP 1 {t}z MIN COUNT 1 COUNT 2', error(SYNTAX)],
  ])
})

t.test('ZRANDMEMBER', async (t) => {
  for (const options of [{}, LARGE]) {
    const fixture = new ShardFixture({ ...options, arenaBytes: 4_194_304 })
    t.equal(fixture.run('ZRANDMEMBER', 'z'), null)
    t.same(fixture.run('ZRANDMEMBER', 'z', '5'), [])
    for (let index = 0; index < 100; index++) fixture.run('ZADD', 'z', `${index}`, `m${index}`)
    const seen = new Map<unknown, number>()
    for (let draw = 0; draw < 4000; draw++) {
      const [name] = fixture.run('ZRANDMEMBER', 'z', '1') as string[]
      seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    const counts = [...seen.values()]
    t.equal(seen.size, 100, 'each member comes')
    t.ok(Math.max(...counts) < 90 && Math.min(...counts) > 10, 'about as often')
    for (const count of [3, 99, 100, 101]) {
      const members = fixture.run('ZRANDMEMBER', 'z', `${count}`) as string[]
      t.equal(members.length, Math.min(count, 100))
      t.equal(new Set(members).size, members.length, `${count} different ones`)
    }
    const repeated = fixture.run('ZRANDMEMBER', 'z', '-300', 'WITHSCORES') as string[]
    t.equal(repeated.length, 600)
    for (let at = 0; at < 600; at += 2) {
      if (repeated[at] !== `m${repeated[at + 1]}`) t.fail(`${repeated[at]} ${repeated[at + 1]}`)
    }
    t.match(fixture.run('ZRANDMEMBER', 'z'), /^m\d+$/)
    t.equal(fixture.runError('ZRANDMEMBER', 'z', '1', 'x'), SYNTAX)
  }
})

t.test('ZSCAN comes by all that is there', async (t) => {
  for (const profile of PROFILES) {
    const fixture = new ShardFixture({ profile, arenaBytes: 4_194_304 })
    t.same(fixture.run('ZSCAN', 'z', '0'), ['0', []])
    fixture.run('ZADD', 'z', '1', 'a', '0.1', 'b', '1e17', 'c')
    const packed = ['b', '0.10000000000000001', 'a', '1', 'c', '100000000000000000']
    t.same(fixture.run('ZSCAN', 'z', '0'), ['0', packed], 'a packed set as it is')
    t.same(fixture.run('ZSCAN', 'z', '7', 'MATCH', '[ab]'), ['0', packed.slice(0, 4)])
    for (let index = 0; index < 1000; index++) fixture.run('ZADD', 'z', `${index}`, `m${index}`)
    const found = new Map<string, string>()
    let cursor = '0'
    do {
      const [next, flat] = fixture.run('ZSCAN', 'z', cursor, 'COUNT', '50') as [string, string[]]
      for (let at = 0; at < flat.length; at += 2) found.set(flat[at], flat[at + 1])
      cursor = next
      // What comes and goes meanwhile must not hide the others.
      fixture.run('ZADD', 'z', '5', `new${found.size}`)
      fixture.run('ZREM', 'z', `new${found.size}`)
    } while (cursor !== '0')
    for (let index = 0; index < 1000; index++) {
      if (found.get(`m${index}`) !== `${index}`) t.fail(`m${index} ${found.get(`m${index}`)}`)
    }
    t.equal(found.get('c'), '1e+17')
    t.equal(fixture.runError('ZSCAN', 'z', 'x'), 'ERR invalid cursor')
    t.equal(fixture.runError('ZSCAN', 'z', '0', 'COUNT', '0'), SYNTAX)
  }
})

t.test('a key of another type', async (t) => {
  const commands = [
    'ZADD {t}s 1 a',
    'ZINCRBY {t}s 1 a',
    'ZCARD {t}s',
    'ZSCORE {t}s a',
    'ZRANK {t}s a',
    'ZREM {t}s a',
    'ZRANGE {t}s 0 -1',
    'ZRANGEBYSCORE {t}s 0 1',
    'ZREVRANGEBYLEX {t}s + -',
    'ZCOUNT {t}s 0 1',
    'ZLEXCOUNT {t}s - +',
    'ZREMRANGEBYRANK {t}s 0 1',
    'ZREMRANGEBYSCORE {t}s 0 1',
    'ZREMRANGEBYLEX {t}s - +',
    'ZSCAN {t}s 0',
    'ZUNIONSTORE {t}d 2 {t}none {t}s',
    'ZINTERSTORE {t}d 1 {t}s',
  ]
  const later = [
    'ZMSCORE {t}s a',
    'ZPOPMIN {t}s',
    'ZPOPMAX {t}s 0',
    'ZMPOP 2 {t}none {t}s MIN',
    'ZRANDMEMBER {t}s',
    'ZRANDMEMBER {t}s 2',
    'ZRANGESTORE {t}d {t}s 0 -1',
    'ZUNION 1 {t}s',
    'ZINTER 2 {t}none {t}s',
    'ZINTERCARD 1 {t}s',
    'ZDIFF 2 {t}none {t}s',
    'ZDIFFSTORE {t}d 1 {t}s',
  ]
  const refused = (command: string): Line => [command, error(WRONG_TYPE)]
  script(t, PROFILES, [['SET {t}s v', OK], ...commands.map(refused)])
  script(t, LATER, [['SET {t}s v', OK], ...later.map(refused)])
  script(t, PROFILES, [
    ['ZADD {t}z 1 a', 1],
    ['GET {t}z', error(WRONG_TYPE)],
    ['APPEND {t}z x', error(WRONG_TYPE)],
    ['SET {t}z v', OK],
    ['GET {t}z', 'v'],
  ])
})

t.test('keys on several shards', async (t) => {
  const fixture = new ShardFixture({ profile: 'redis', shards: 4 })
  runLines(
    t,
    fixture,
    [
      ['ZADD a 1 x 2 y', 2],
      ['ZADD b 3 y', 1],
      ['ZADD c 4 z', 1],
      ['ZUNIONSTORE d 3 a b c', 3],
      ['ZRANGE d 0 -1 WITHSCORES', ['x', '1', 'z', '4', 'y', '5']],
      ['ZINTERCARD 2 a b', 1],
      ['ZMPOP 3 none b a MAX', ['b', [['y', '3']]]],
      ['ZRANGESTORE e d 0 0', 1],
      ['ZDIFF 2 d e', ['z', 'y']],
    ],
    'four shards',
  )
  const single = new ShardFixture({ profile: 'extended', shards: 4 })
  const crossSlot = "CROSSSLOT Keys in request don't hash to the same slot"
  t.equal(single.runError('ZUNIONSTORE', 'd', '1', 'a'), crossSlot, 'a destination is a key')
  t.equal(single.runError('ZUNION', '2', 'a', 'b'), crossSlot)
  t.equal(single.runError('ZRANGESTORE', 'd', 'a', '0', '1'), crossSlot)
  t.same(single.run('ZUNION', '1', 'a'), [])
  t.equal(single.runError('ZUNION', '9', 'a', 'b'), SYNTAX, 'no keys can be told')
})

t.test('an expiry stays with a set that changes, and goes with one that is stored', async (t) => {
  for (const options of [{}, LARGE]) {
    script(
      t,
      PROFILES,
      [
        ['ZADD {t}z 1 a', 1],
        ['EXPIRE {t}z 100', 1],
        ['ZADD {t}z 2 b 3 c', 2],
        ['ZREM {t}z a', 1],
        ['TTL {t}z', 100],
        ['ZUNIONSTORE {t}z 1 {t}z', 2],
        ['TTL {t}z', -1],
      ],
      options,
    )
  }
})
