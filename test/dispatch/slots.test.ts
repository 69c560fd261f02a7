import t from 'tap'
import { SLOT_COUNT } from '../../src/base/limits.ts'
import { firstSlotOfShard, shardOfSlot, slotOfKey } from '../../src/dispatch/slots.ts'

const slot = (text: string): number => {
  const bytes = Buffer.from(text)
  return slotOfKey(bytes, 0, bytes.length)
}

t.test('slots as CLUSTER KEYSLOT of Redis gives them', async (t) => {
  // Taken from the Redis Cluster specification and a real server.
  t.equal(slot('123456789'), 12739)
  t.equal(slot('foo'), 12182)
  t.equal(slot(''), 0)
  t.equal(slot('{user1000}.following'), slot('user1000'))
  t.equal(slot('foo{}{bar}'), slot('foo{}{bar}'))
  t.not(slot('foo{}{bar}'), slot('bar'))
  t.equal(slot('foo{{bar}}zap'), slot('{bar'))
  t.equal(slot('foo{bar}{zap}'), slot('bar'))
})

t.test('every shard count owns each slot exactly once, in contiguous ranges', async (t) => {
  for (const shards of [1, 2, 3, 4, 5, 7, 8, 31, 100, 127, 128]) {
    let bad = 0
    for (let each = 0; each < SLOT_COUNT; each++) {
      const shard = shardOfSlot(each, shards)
      if (each < firstSlotOfShard(shard, shards)) bad++
      if (each >= firstSlotOfShard(shard + 1, shards)) bad++
    }
    t.equal(bad, 0, `${shards} shards`)
    t.equal(firstSlotOfShard(shards, shards), SLOT_COUNT)
  }
})
