// The side's record between a command and its effects: what it remembers, and when it looks again.

import t from 'tap'
import {
  EFFECT_NO_KEY,
  EFFECT_OK,
  EFFECT_OUT_OF_MEMORY,
  keyDelete,
  keyExpireAt,
  keyPersist,
  stringAppend,
  stringSet,
  stringSetKeepExpiry,
  stringSetRange,
  stringsSet,
} from '../../src/keyspace/effects.ts'
import { locate } from '../../src/keyspace/entries.ts'
import { removeExpired } from '../../src/keyspace/expiry.ts'
import { lookup } from '../../src/keyspace/keyspace.ts'
import { hashOfKey, type ShardSide } from '../../src/keyspace/side.ts'
import { StringPairs } from '../../src/keyspace/string-pairs.ts'
import { entryEncoding, entryType } from '../../src/memory/entry.ts'
import { COLLECTION_LARGE, NO_EXPIRY, TYPE_LIST } from '../../src/memory/layout.ts'
import { checkSound } from '../command/script.ts'
import { NOW_MS, ShardFixture } from '../support/shard-fixture.ts'

const PROFILE = { profile: 'redis' } as const

function setKey(side: ShardSide, name: string): void {
  const key = Buffer.from(`..${name}`)
  const length = key.length - 2
  side.record.setKey(0, key, 2, length, hashOfKey(side, key, 2, length))
}

function setValue(side: ShardSide, text: string): void {
  side.record.setValue(Buffer.from(`.${text}`), 1, text.length)
}

/** Begins a holding as the executor does, and commits at the end. */
function holding(fixture: ShardFixture, work: (...sides: ShardSide[]) => void): void {
  for (const { log } of fixture.sides) log.attach(0, NOW_MS)
  work(...fixture.sides)
  for (const { log } of fixture.sides) if (log.uncommitted()) log.commit(NOW_MS)
}

t.test('one effect after another on the key that was looked up once', async (t) => {
  const fixture = new ShardFixture(PROFILE)
  holding(fixture, (side) => {
    setKey(side, 'k')
    t.equal(lookup(side, NOW_MS), 0)
    setValue(side, 'one')
    t.equal(stringSet(side, NO_EXPIRY), EFFECT_OK)
    t.equal(keyExpireAt(side, NOW_MS + 5000), EFFECT_OK)
    setValue(side, 'a longer value than before')
    t.equal(stringSetKeepExpiry(side), EFFECT_OK)
    setValue(side, '!')
    t.equal(stringAppend(side), EFFECT_OK)
    setValue(side, 'A')
    t.equal(stringSetRange(side, 0), EFFECT_OK)
  })
  t.equal(fixture.run('GET', 'k'), 'A longer value than before!')
  t.equal(fixture.run('PTTL', 'k'), 5000)
  holding(fixture, (side) => {
    setKey(side, 'k')
    t.not(lookup(side, NOW_MS), 0)
    t.equal(keyPersist(side), EFFECT_OK)
    t.equal(keyDelete(side), EFFECT_OK)
    t.equal(locate(side), 0, 'it looks again')
    t.equal(keyDelete(side), EFFECT_NO_KEY)
    setValue(side, 'back')
    t.equal(stringSet(side, NO_EXPIRY), EFFECT_OK)
  })
  t.same(fixture.contents(), [['0 k', 'back @-1']])
  checkSound(t, fixture, 'chain')
})

t.test('another key, other slots: nothing of the last one is kept', async (t) => {
  const fixture = new ShardFixture(PROFILE)
  for (let key = 0; key < 500; key++) fixture.run('SET', `key:${key}`, `${key}`)
  holding(fixture, (side) => {
    for (let key = 0; key < 500; key++) {
      setKey(side, `key:${key}`)
      lookup(side, NOW_MS)
      if (key % 3 === 0) {
        keyDelete(side)
      } else {
        // A second key of the same page may push the first one's slot.
        setKey(side, `new:${key}`)
        setValue(side, 'n')
        stringSet(side, NO_EXPIRY)
        setKey(side, `key:${key}`)
        setValue(side, `changed ${key}`)
        stringSet(side, NO_EXPIRY)
      }
    }
  })
  t.equal(fixture.run('GET', 'key:1'), 'changed 1')
  t.equal(fixture.run('GET', 'new:499'), 'n')
  t.equal(fixture.run('DBSIZE'), 666)
  checkSound(t, fixture, 'many keys')
})

t.test('an effect without a value records none', async (t) => {
  const fixture = new ShardFixture(PROFILE)
  fixture.run('SET', 'k', 'v'.repeat(1000))
  holding(fixture, (side) => {
    setKey(side, 'k')
    setValue(side, 'left from another effect '.repeat(40))
    const before = side.log.appendedLsn()
    keyExpireAt(side, NOW_MS + 1000)
    keyDelete(side)
    t.ok(side.log.appendedLsn() - before < 200)
  })
  checkSound(t, fixture, 'no value')
})

t.test('EXPIRE keeps type and encoding of an entry that it has to move', async (t) => {
  const fixture = new ShardFixture(PROFILE)
  fixture.run('RPUSH', 'k', 'small', 'x'.repeat(9000))
  holding(fixture, (side) => {
    const { arena } = side
    setKey(side, 'k')
    const before = locate(side)
    t.equal(keyExpireAt(side, NOW_MS + 1000), EFFECT_OK)
    const entry = locate(side)
    t.not(entry, before, 'it moved')
    t.equal(entryType(arena, entry), TYPE_LIST)
    t.equal(entryEncoding(arena, entry), COLLECTION_LARGE)
  })
  t.equal(fixture.run('LINDEX', 'k', '0'), 'small')
  t.same(fixture.findings(), [])
})

t.test('an expired key that a walk has met', async (t) => {
  const fixture = new ShardFixture(PROFILE)
  fixture.run('SET', 'k', 'v', 'PX', '10')
  const entryOf = (side: ShardSide): number => {
    setKey(side, 'k')
    return locate(side)
  }
  holding(fixture, (side) => {
    side.readOnly = true
    removeExpired(side, 0, entryOf(side), NOW_MS + 10)
    t.not(entryOf(side), 0, 'a read-only side keeps it')
    t.equal(lookup(side, NOW_MS + 10), 0, 'and hides it')
    side.readOnly = false
    removeExpired(side, 0, entryOf(side), NOW_MS + 10)
    t.equal(entryOf(side), 0)
    t.equal(side.expiredCount, 1)
  })
  t.same(fixture.contents(), [])
  checkSound(t, fixture, 'expired')
})

t.test('several strings over two shards: all or none', async (t) => {
  const fixture = new ShardFixture({ ...PROFILE, shards: 2 })
  const pairs = new StringPairs()
  const bytes = Buffer.from('k0k1valuevalue two')
  const fill = (sides: ShardSide[]): void => {
    pairs.begin(2)
    sides.forEach((side, index) => {
      const start = index * 2
      side.record.setKey(0, bytes, start, 2, hashOfKey(side, bytes, start, 2))
      side.record.setValue(bytes, 4 + index * 5, index === 0 ? 5 : 9)
      pairs.add(side)
    })
  }
  holding(fixture, (...sides) => {
    sides[1].arena.failAllocationIn = 1
    fill(sides)
    t.equal(stringsSet(pairs), EFFECT_OUT_OF_MEMORY)
    t.same(fixture.contents(), [])
    fill(sides)
    t.equal(stringsSet(pairs), EFFECT_OK)
    fill(sides)
    t.equal(stringsSet(pairs), EFFECT_OK, 'the same again, in place')
  })
  const expected = [
    ['0 k0', 'value @-1'],
    ['0 k1', 'value two @-1'],
  ]
  t.same(fixture.contents(), expected)
  t.same(fixture.recovered(), expected, 'each shard has its own record')
})
