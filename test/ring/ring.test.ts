// The cursors of a ring: what is visible when, wrap marks, full and empty, counters past 2^31 and
// 2^32, the smallest and the normal size.

import fc from 'fast-check'
import t from 'tap'
import { WRAP_MARK } from '../../src/ring/layout.ts'
import {
  advanceHead,
  advanceTail,
  attachRing,
  freeBytes,
  giveBack,
  NO_ROOM,
  peek,
  publish,
  type Ring,
  readable,
  reserve,
} from '../../src/ring/ring.ts'
import { ringPair, STARTS } from './support.ts'

/** A tiny one, the smallest and the normal ring of a plan, in bytes. */
const SIZES = [64, 16_384, 1_048_576]

function write(ring: Ring, byteLength: number, stamp: number): boolean {
  const position = reserve(ring, byteLength)
  if (position === NO_ROOM) return false
  ring.words[position >> 2] = byteLength
  ring.words.fill(stamp, (position >> 2) + 1, (position + byteLength) >> 2)
  advanceTail(ring, byteLength)
  return true
}

/** Reads a record and steps over it; its stamp, or -1 when it is torn. */
function read(ring: Ring): { byteLength: number; stamp: number } {
  const position = peek(ring)
  const byteLength = ring.words[position >> 2]
  const body = ring.words.subarray((position >> 2) + 1, (position + byteLength) >> 2)
  const stamp = body.every((word) => word === body[0]) ? body[0] : -1
  advanceHead(ring, byteLength)
  return { byteLength, stamp }
}

t.test('nothing is visible before publish, nothing is given back before giveBack', async (t) => {
  for (const start of STARTS) {
    const { producer, consumer } = ringPair(64, start)
    t.notOk(readable(consumer), 'empty')
    t.ok(write(producer, 16, 7))
    t.notOk(readable(consumer), 'written, not published')
    publish(producer)
    t.ok(readable(consumer))
    t.same(read(consumer), { byteLength: 16, stamp: 7 })
    t.notOk(readable(consumer), 'empty again')
    t.equal(freeBytes(producer), 48, 'read, not given back')
    giveBack(consumer)
    t.equal(freeBytes(producer), 64)
  }
})

t.test('full is a return value and changes nothing', async (t) => {
  for (const start of STARTS) {
    const { producer, consumer } = ringPair(64, start)
    for (let index = 0; index < 4; index++) t.ok(write(producer, 16, index))
    const tail = producer.tail
    t.equal(reserve(producer, 4), NO_ROOM)
    t.equal(producer.tail, tail)
    publish(producer)
    for (let index = 0; index < 4; index++) {
      t.ok(readable(consumer))
      t.equal(read(consumer).stamp, index)
    }
    t.notOk(readable(consumer), 'a full ring is not an empty one')
    t.equal(reserve(producer, 4), NO_ROOM, 'until the room is given back')
    giveBack(consumer)
    t.ok(write(producer, 32, 9))
  }
})

t.test('a record that would cross the end goes behind a wrap mark', async (t) => {
  const { producer, consumer } = ringPair(64)
  t.ok(write(producer, 40, 1))
  publish(producer)
  t.ok(readable(consumer))
  read(consumer)
  giveBack(consumer)
  t.ok(write(producer, 32, 2))
  t.equal(producer.words[10], WRAP_MARK)
  publish(producer)
  t.ok(readable(consumer))
  t.equal(peek(consumer), 0, 'the mark is stepped over')
  t.same(read(consumer), { byteLength: 32, stamp: 2 })
  giveBack(consumer)
  t.equal(freeBytes(producer), 64, 'the room behind the mark comes back too')
})

t.test('whoever attaches goes on where the last one published', async (t) => {
  const { producer, consumer } = ringPair(64, -8)
  t.ok(write(producer, 16, 1))
  publish(producer)
  t.ok(write(producer, 16, 2), 'never published: its writer died')
  attachRing(producer)
  t.ok(write(producer, 16, 3))
  publish(producer)
  t.ok(readable(consumer))
  t.equal(read(consumer).stamp, 1)
  attachRing(consumer)
  t.equal(read(consumer).stamp, 1, 'read, not given back: its successor reads it again')
  t.equal(read(consumer).stamp, 3)
})

type Step = { kind: 'write'; words: number } | { kind: 'publish' | 'read' | 'giveBack' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), words: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('giveBack' as const) }) },
)

/** Does the steps on a ring and on a queue; false at the first difference. */
function agrees(byteLength: number, start: number, steps: Step[]): boolean {
  const { producer, consumer } = ringPair(byteLength, start)
  const queue: { byteLength: number; stamp: number }[] = []
  let published = 0
  let stamp = 1
  for (const { kind, ...given } of steps) {
    if (kind === 'write') {
      const words = 2 + (('words' in given ? given.words : 0) % ((byteLength >> 3) - 1))
      const wrote = write(producer, words * 4, stamp)
      if (wrote) queue.push({ byteLength: words * 4, stamp: stamp++ })
      else if (queue.length === 0 && freeBytes(producer) === byteLength) return false
    } else if (kind === 'publish') {
      publish(producer)
      published = queue.length
    } else if (kind === 'giveBack') giveBack(consumer)
    else if (readable(consumer) !== published > 0) return false
    else if (published > 0) {
      const found = read(consumer)
      const wanted = queue.shift()
      published--
      if (found.stamp !== wanted?.stamp || found.byteLength !== wanted.byteLength) return false
    }
  }
  return true
}

t.test('a ring is a queue, wherever its counters start', async (t) => {
  for (const byteLength of SIZES) {
    for (const start of STARTS) {
      const steps = fc.array(step, { minLength: 20, maxLength: 300, size: 'max' })
      const runs = byteLength > 100_000 ? 60 : 150
      const property = fc.property(steps, (given) => agrees(byteLength, start, given))
      fc.assert(property, { numRuns: runs, seed: 20_260_101 })
      t.pass(`${byteLength} bytes from ${start}`)
    }
  }
})

t.test('half a ring always fits when the consumer has caught up', async (t) => {
  for (let position = 0; position < 64; position += 4) {
    const { producer, consumer } = ringPair(64, position)
    t.ok(write(producer, 32, 1), `from ${position}`)
    publish(producer)
    t.ok(readable(consumer))
    t.equal(read(consumer).stamp, 1)
  }
})
