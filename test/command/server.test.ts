// DBSIZE, FLUSHDB, FLUSHALL, CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT, and the handler table.

import t from 'tap'
import { ROWS_BY_CODE } from '../../src/catalog/table.ts'
import { handlersByCode } from '../../src/command/handlers.ts'
import { slotOfKey } from '../../src/dispatch/slots.ts'
import { ShardFixture } from '../support/shard-fixture.ts'
import { checkSound, error, NOT_INTEGER, OK, PROFILES, SYNTAX, script } from './script.ts'

t.test('every row of a shard has its handler and no other has', async (t) => {
  for (const row of ROWS_BY_CODE) {
    if (row === undefined) continue
    t.equal(handlersByCode[row.code] !== undefined, row.place === 'shard', row.name)
  }
})

t.test('DBSIZE and flushing', async (t) => {
  for (const shards of [1, 3]) {
    const fixture = new ShardFixture({ shards })
    for (const database of [0, 1, 15]) {
      fixture.database = database
      for (let index = 0; index < 300; index++) fixture.run('SET', `k${index}`, 'v')
      t.equal(fixture.run('DBSIZE'), 300)
    }
    t.same(fixture.run('FLUSHDB'), OK)
    t.equal(fixture.run('DBSIZE'), 0)
    fixture.database = 1
    t.equal(fixture.run('DBSIZE'), 300)
    t.same(fixture.run('FLUSHDB', 'async'), OK)
    t.same(fixture.run('FLUSHDB', 'SYNC'), OK)
    t.equal(fixture.run('DBSIZE'), 0)
    fixture.run('SET', 'after', 'v')
    checkSound(t, fixture, `${shards} shards`)
    t.same(fixture.run('FLUSHALL', 'SYNC'), OK)
    t.same(fixture.contents(), [])
    t.same(fixture.run('FLUSHALL'), OK)
    fixture.run('SET', 'after', 'v')
    fixture.releaseAll()
    checkSound(t, fixture, `${shards} shards, released`)
  }
  script(
    t,
    ['extended', 'redis'],
    [
      ['SET k v', OK],
      ['FLUSHDB foo', error(SYNTAX)],
      ['FLUSHALL foo', error(SYNTAX)],
      ['FLUSHALL ASYNC SYNC', error(SYNTAX)],
      ['DBSIZE', 1],
    ],
  )
})

t.test('keys of a slot', async (t) => {
  const slot = String(slotOfKey(Buffer.from('t'), 0, 1))
  script(t, PROFILES, [
    [`CLUSTER COUNTKEYSINSLOT ${slot}`, 0],
    [`CLUSTER GETKEYSINSLOT ${slot} 10`, []],
    ['SET {t}a v', OK],
    ['SET {t}b v', OK],
    ['SET other v', OK],
    [`CLUSTER COUNTKEYSINSLOT ${slot}`, 2],
    [`CLUSTER GETKEYSINSLOT ${slot} 0`, []],
    ['DEL {t}b', 1],
    [`CLUSTER GETKEYSINSLOT ${slot} 10`, ['{t}a']],
    ['CLUSTER COUNTKEYSINSLOT 16384', error('ERR Invalid slot')],
    ['CLUSTER COUNTKEYSINSLOT -1', error('ERR Invalid slot')],
    ['CLUSTER COUNTKEYSINSLOT x', error(NOT_INTEGER)],
    ['CLUSTER GETKEYSINSLOT 16384 1', error('ERR Invalid slot or number of keys')],
    ['CLUSTER GETKEYSINSLOT 1 -1', error('ERR Invalid slot or number of keys')],
    ['CLUSTER GETKEYSINSLOT x 1', error(NOT_INTEGER)],
    ['CLUSTER GETKEYSINSLOT 1 x', error(NOT_INTEGER)],
  ])
  const fixture = new ShardFixture()
  for (let index = 0; index < 500; index++) fixture.run('SET', `{t}${index}`, 'v')
  t.equal((fixture.run('CLUSTER', 'GETKEYSINSLOT', slot, '7') as string[]).length, 7)
  t.equal((fixture.run('CLUSTER', 'GETKEYSINSLOT', slot, '9999') as string[]).length, 500)
})
