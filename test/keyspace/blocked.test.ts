// The area of clients that wait: their order, what is ready, what is over, what is full.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { BlockedArea, type ReadyKey } from '../../src/keyspace/blocked-area.ts'
import { BlockedClaims, BlockingCall, NO_CLAIM } from '../../src/keyspace/blocked-claims.ts'
import {
  BLOCKED_SLOTS_MAX,
  blockedAreaBytes,
  claimsBytes,
} from '../../src/keyspace/blocked-layout.ts'
import { EffectRecord } from '../../src/keyspace/record.ts'

const SEED = Number(process.env.CKV_TEST_SEED ?? 11)
const NO_TARGET = new Uint8Array(0)

class Waits {
  readonly claims = new BlockedClaims(new SharedArrayBuffer(claimsBytes(2)))
  readonly ready: ReadyKey[] = []
  readonly area = new BlockedArea(
    new SharedArrayBuffer(blockedAreaBytes(1)),
    3,
    this.claims,
    this.ready,
  )

  record(key: string, database = 0): EffectRecord {
    const bytes = Buffer.from(key)
    const record = new EffectRecord()
    // Few hashes: keys meet in buckets, and some have the same hash.
    record.setKey(database, bytes, 0, bytes.length, bytes.length % 5)
    return record
  }

  /** The ticket of a wait, or 0: there was no room. */
  add(slot: number, key: string, target = NO_TARGET): number {
    const call = new BlockingCall()
    call.place = this.claims.place(1, slot)
    call.sequence = slot
    const ticket = this.claims.nextTicket()
    if (!this.area.add(this.record(key), call, ticket, 3, target)) return 0
    this.claims.open(call.place, ticket)
    return ticket
  }

  /** Slots of those who wait for a key, in their order. */
  order(key: string): number[] {
    const { hash, database } = this.record(key)
    const ready = { shard: 3, database, hash, key: Buffer.from(key) }
    const slots: number[] = []
    for (let at = this.area.find(ready, 0); at !== 0; at = this.area.find(ready, at)) {
      slots.push(this.area.show(at).sequence)
    }
    return slots
  }
}

t.test('what is touched is ready if somebody waits for it', async (t) => {
  const waits = new Waits()
  t.notOk(waits.area.isUsed())
  const ticket = waits.add(7, 'key')
  t.ok(waits.area.isUsed())
  waits.area.touch(waits.record('kez'))
  waits.area.touch(waits.record('key', 1))
  t.same(waits.ready, [])
  waits.area.touch(waits.record('key'))
  t.equal(waits.ready.length, 1)
  t.equal(Buffer.from(waits.ready[0].key).toString(), 'key')
  t.equal(waits.ready[0].shard, 3)
  t.ok(waits.claims.take(waits.claims.place(1, 7), ticket))
  t.notOk(waits.claims.take(waits.claims.place(1, 7), ticket), 'once')
  waits.area.touch(waits.record('key'))
  t.equal(waits.ready.length, 1, 'one that is over is not served')
  t.notOk(waits.area.isUsed(), 'and was taken out')
})

t.test('what a wait says', async (t) => {
  const waits = new Waits()
  for (const length of [0, 1, 59, 60, 61, 120, 500]) {
    const key = 'k'.repeat(length)
    const target = Buffer.from('t'.repeat(500 - length))
    const ticket = waits.add(length, key, target)
    const { hash, database } = waits.record(key)
    const at = waits.area.find({ shard: 3, database, hash, key: Buffer.from(key) }, 0)
    const wait = waits.area.show(at)
    t.same(
      [Buffer.from(wait.key).toString(), Buffer.from(wait.target).toString(), wait.ticket],
      [key, target.toString(), ticket],
    )
    t.equal(wait.place, BLOCKED_SLOTS_MAX + length)
    t.equal(wait.protocol, 3)
  }
  t.equal(waits.claims.place(0, BLOCKED_SLOTS_MAX), NO_CLAIM)
})

t.test('a full area refuses, and has room again when waits are over', async (t) => {
  const waits = new Waits()
  const tickets: number[] = []
  for (;;) {
    const ticket = waits.add(tickets.length, 'key')
    if (ticket === 0) break
    tickets.push(ticket)
  }
  t.ok(tickets.length > 500, `${tickets.length} waits in the smallest area`)
  t.equal(waits.add(tickets.length, 'k'.repeat(1000)), 0)
  t.equal(waits.area.sweep(), tickets.length, 'what was refused left nothing')
  for (const [slot, ticket] of tickets.entries()) {
    if (slot % 2 === 0) waits.claims.take(waits.claims.place(1, slot), ticket)
  }
  t.not(waits.add(0, 'k'.repeat(1000)), 0)
  t.same(
    waits.order('key'),
    tickets.flatMap((_, slot) => (slot % 2 === 0 ? [] : [slot])),
  )
})

t.test('random waits against a plain list', async (t) => {
  t.comment(`seed ${SEED}`)
  const random = new SeededRandom(SEED)
  const waits = new Waits()
  const open: { slot: number; key: string; ticket: number }[] = []
  const keys = ['a', 'b', 'cc', 'dd', 'e'.repeat(61), 'f'.repeat(66)]
  for (let step = 0; step < 5000; step++) {
    if (random.below(3) > 0 && open.length < 150) {
      const key = keys[random.below(keys.length)]
      const ticket = waits.add(step, key)
      if (ticket === 0) t.fail('no room')
      open.push({ slot: step, key, ticket })
    } else if (open.length > 0) {
      const [gone] = open.splice(random.below(open.length), 1)
      if (!waits.claims.take(waits.claims.place(1, gone.slot), gone.ticket)) t.fail('was open')
    }
    const key = keys[random.below(keys.length)]
    const expected = open.filter((wait) => wait.key === key).map(({ slot }) => slot)
    if (JSON.stringify(waits.order(key)) !== JSON.stringify(expected)) {
      t.same(waits.order(key), expected, `step ${step}`)
    }
  }
  t.equal(waits.area.sweep(), open.length)
})
