// The digest is the same for the same data however they lie and came to be, and another one for any
// other data.

import t from 'tap'
import { RDB_CONTENT_BYTES_MAX } from '../../src/base/limits.ts'
import { digestOf } from '../../src/keyspace/digest.ts'
import { EncodingLimits } from '../../src/memory/encoding-limits.ts'
import { RdbContent } from '../../src/rdb/content.ts'
import { ShardFixture } from '../support/shard-fixture.ts'

const content = new RdbContent(RDB_CONTENT_BYTES_MAX)

function digest(fixture: ShardFixture): string {
  return digestOf(
    fixture.sides.map(({ arena }) => arena),
    content,
  )
}

t.test('shards together have the digest that one has', async (t) => {
  const digests = [1, 3].map((shards) => {
    const fixture = new ShardFixture({ profile: 'redis', shards })
    for (let key = 0; key < 50; key++) fixture.run('HSET', `h${key}`, 'f', `${key}`)
    return digest(fixture)
  })
  t.match(digests[0], /^[0-9a-f]{16}$/)
  t.equal(digests[1], digests[0])
})

const LINES = [
  'SET s value',
  'SET t 12 EX 100',
  'RPUSH l a b c',
  'SADD i 3 1 2',
  'SADD m a b 1',
  'HSET h f1 v1 f2 v2',
]

function filled(lines: readonly string[], large = false): ShardFixture {
  const fixture = new ShardFixture({ profile: 'redis' })
  if (large) {
    const limits = new EncodingLimits()
    limits.hashEntriesMax = 0
    limits.setIntegersMax = 0
    limits.setEntriesMax = 0
    limits.zsetEntriesMax = 0
    limits.listPackedSize = 1
    fixture.sides[0].limits = limits
  }
  for (const line of lines) fixture.run(...line.split(' '))
  return fixture
}

t.test('the same data', async (t) => {
  const wanted = digest(filled(LINES))
  t.match(wanted, /^[0-9a-f]{16}$/)
  t.equal(digest(filled([...LINES].reverse())), wanted, 'in any order of keys')
  t.equal(digest(filled(LINES, true)), wanted, 'in any encoding')
  const other = ['HSET h f2 v2', 'HSET h f1 v1', 'SADD m 1 b', 'SADD m a', 'SADD i 1 2 3']
  t.equal(digest(filled([...LINES.slice(0, 3), ...other])), wanted, 'in any order of members')
  t.equal(digest(filled([...LINES, 'SET gone x', 'DEL gone'])), wanted, 'whatever was before')
  t.equal(digest(filled([])), '0000000000000000')
})

t.test('other data', async (t) => {
  const seen = new Set([digest(filled(LINES))])
  const changes = [
    'SET s valuf',
    'PERSIST t',
    'EXPIRE t 101',
    'LSET l 0 b',
    'RPUSH l c',
    'SADD i 4',
    'SREM m a',
    'HSET h f1 v2',
    'HDEL h f2',
    'RENAME s s2',
    'MOVE s 1',
    'DEL l',
  ]
  for (const change of changes) seen.add(digest(filled([...LINES, change])))
  seen.add(digest(filled([...LINES, 'LSET l 0 c', 'LSET l 2 a'])))
  seen.add(digest(filled([...LINES, 'HSET h f1 v2 f2 v1'])))
  t.equal(seen.size, changes.length + 3, 'each its own')
})
