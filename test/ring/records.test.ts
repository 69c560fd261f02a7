// What goes into a ring as a command or a reply comes out the same: any shape of arguments, small
// in the ring and large through the pool, whatever the cursors are.

import fc from 'fast-check'
import t from 'tap'
import {
  REPLY_CHUNKED,
  REPLY_CLOSE,
  REPLY_PART,
  REQUEST_CHUNKED,
  REQUEST_SEVERAL_SHARDS,
} from '../../src/ring/layout.ts'
import { CHUNK_BYTES, ChunkPool } from '../../src/ring/pool.ts'
import { partBytesMax, ReplySheet, writeReplies } from '../../src/ring/replies.ts'
import { commandByteLength, RequestWriter } from '../../src/ring/requests.ts'
import { advanceTail, giveBack, publish, readable, reserve } from '../../src/ring/ring.ts'
import { type ReadRequest, readReplies, readRequest, ringPair, STARTS } from './support.ts'

const SEED = 20_260_102
const RING_BYTES = 16_384

interface Command {
  slot: number
  generation: number
  attributes: number
  sequence: number
  code: number
  values: Uint8Array[]
  /** Bytes between arguments, as the protocol's framing leaves them. */
  gap: number
}

function commandOf(values: fc.Arbitrary<Uint8Array[]>): fc.Arbitrary<Command> {
  return fc.record({
    slot: fc.nat(3),
    generation: fc.integer(),
    attributes: fc.nat(0xff_ffff),
    sequence: fc.integer(),
    code: fc.nat(0xffff),
    values,
    gap: fc.nat(9),
  })
}

const small = commandOf(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }))
const many = commandOf(
  fc
    .tuple(fc.nat(70_000), fc.nat(3))
    .map(([count, length]) => Array.from({ length: count }, () => new Uint8Array(length).fill(7))),
)
const large = commandOf(
  fc.array(
    fc.nat(CHUNK_BYTES * 2 + 5).map((length) => new Uint8Array(length).map((_, at) => at * 31)),
    { minLength: 1, maxLength: 4 },
  ),
)

/** The bytes of a receive as a decoder leaves them: offsets of every argument, argument 0 first. */
function received(command: Command) {
  const { values, gap } = command
  const argCount = values.length + 1
  const starts = new Int32Array(argCount)
  const lengths = new Int32Array(argCount)
  let at = 5
  lengths[0] = 3
  starts[0] = at
  at += 3 + gap
  for (let index = 1; index < argCount; index++) {
    starts[index] = at
    lengths[index] = values[index - 1].length
    at += lengths[index] + gap
  }
  const bytes = new Uint8Array(at).fill(0xee)
  for (let index = 1; index < argCount; index++) bytes.set(values[index - 1], starts[index])
  return { bytes, starts, lengths, argCount }
}

function add(writer: RequestWriter, command: Command): boolean {
  const { bytes, starts, lengths, argCount } = received(command)
  const { slot, generation, sequence, attributes, code } = command
  return writer.add(
    slot,
    generation,
    sequence,
    attributes & ~(REQUEST_CHUNKED << 16),
    code,
    bytes,
    starts,
    lengths,
    argCount,
  )
}

function addChunked(writer: RequestWriter, command: Command, pool: ChunkPool): boolean {
  const { bytes, starts, lengths, argCount } = received(command)
  const { slot, generation, sequence, attributes, code } = command
  const chunks: number[] = []
  return writer.addChunked(
    slot,
    generation,
    sequence,
    attributes,
    code,
    bytes,
    starts,
    lengths,
    argCount,
    pool,
    chunks,
  )
}

function sameCommand(record: ReadRequest, index: number, command: Command): boolean {
  const read = record.commands[index]
  const { slot, generation, sequence, code, values } = command
  return (
    record.slot === slot &&
    record.generation === generation &&
    read.sequence === sequence &&
    read.code === code &&
    read.argCount === values.length + 1 &&
    read.values.length === values.length &&
    read.values.every((value, at) => Buffer.compare(value, values[at]) === 0)
  )
}

function makePool(chunkCount: number): ChunkPool {
  return new ChunkPool(new SharedArrayBuffer(chunkCount * CHUNK_BYTES + 64))
}

t.test('commands come out as they went in, in order, neighbours in one record', async (t) => {
  const pool = makePool(1)
  for (const start of STARTS) {
    const { producer, consumer } = ringPair(RING_BYTES, start)
    const writer = new RequestWriter(producer)
    const property = fc.property(fc.array(small, { maxLength: 60 }), (commands) => {
      let refused = commands.length
      for (let index = 0; index < commands.length && refused > index; index++) {
        if (!add(writer, commands[index])) refused = index
      }
      if (readable(consumer)) return false
      if (writer.publish() !== refused > 0) return false
      let next = 0
      while (readable(consumer)) {
        const record = readRequest(consumer, pool)
        for (let index = 0; index < record.commands.length; index++) {
          if (!sameCommand(record, index, commands[next++])) return false
        }
      }
      giveBack(consumer)
      return next === refused
    })
    fc.assert(property, { numRuns: 200, seed: SEED })
    t.pass(`from ${start}`)
  }
})

t.test('one client, one record; another database begins a new one', async (t) => {
  const { producer, consumer } = ringPair(RING_BYTES)
  const writer = new RequestWriter(producer)
  const command = {
    slot: 1,
    generation: 2,
    attributes: 0,
    sequence: 0,
    code: 3,
    values: [],
    gap: 0,
  }
  for (const attributes of [0, 0, 1, 1, 0]) t.ok(add(writer, { ...command, attributes }))
  t.ok(writer.publish())
  t.notOk(writer.publish(), 'nothing new')
  const counts: number[] = []
  while (readable(consumer)) counts.push(readRequest(consumer, makePool(1)).commands.length)
  t.same(counts, [2, 2, 1])
})

t.test('a full ring refuses a command and keeps all before it', async (t) => {
  const { producer, consumer } = ringPair(RING_BYTES, STARTS[1])
  const writer = new RequestWriter(producer)
  const command = { slot: 1, generation: 2, attributes: 0, code: 3, values: [Buffer.alloc(900)] }
  let sequence = 0
  while (add(writer, { ...command, sequence, gap: 2 })) sequence++
  t.ok(sequence >= 15)
  t.ok(writer.publish())
  let read = 0
  while (readable(consumer)) {
    for (const one of readRequest(consumer, makePool(1)).commands) t.equal(one.sequence, read++)
  }
  t.equal(read, sequence)
  t.notOk(add(writer, { ...command, sequence, gap: 2 }), 'not before the room is given back')
  giveBack(consumer)
  t.ok(add(writer, { ...command, sequence, gap: 2 }))
})

t.test('large commands go through the pool, byte for byte', async (t) => {
  const pool = makePool(40)
  for (const [shape, runs] of [
    [large, 40],
    [many, 12],
  ] as const) {
    const { producer, consumer } = ringPair(RING_BYTES, STARTS[2])
    const writer = new RequestWriter(producer)
    const property = fc.property(shape, (command) => {
      if (!addChunked(writer, command, pool)) {
        const { starts, lengths, argCount } = received(command)
        return commandByteLength(starts, lengths, argCount) > pool.requestBytesMax()
      }
      writer.publish()
      if (!readable(consumer)) return false
      const record = readRequest(consumer, pool)
      giveBack(consumer)
      const flags = command.attributes | (REQUEST_CHUNKED << 16)
      return record.attributes === flags && sameCommand(record, 0, command)
    })
    fc.assert(property, { numRuns: runs, seed: SEED })
    t.equal(pool.takenCount(), 0)
  }
})

t.test('a command in several runs of chunks, and a great one in one', async (t) => {
  const great = CHUNK_BYTES * 64
  const pool = new ChunkPool(new SharedArrayBuffer(CHUNK_BYTES * 16 + 64 + great), great)
  const blocked: number[] = []
  pool.take(CHUNK_BYTES * 16, blocked)
  for (const chunk of blocked) if (chunk % 3 !== 0) pool.release(chunk)
  const { producer, consumer } = ringPair(RING_BYTES)
  const writer = new RequestWriter(producer)
  for (const [runs, chunkCount] of [
    [4, 7],
    [1, 40],
  ]) {
    const value = Buffer.alloc(CHUNK_BYTES * chunkCount - 100)
    for (let at = 0; at < value.length; at++) value[at] = at * 7 + (at >> 8)
    const place = { slot: 1, generation: 1, attributes: 0, sequence: 1, code: 1, gap: 3 }
    const command = { ...place, values: [Buffer.from('key'), value] }
    t.ok(addChunked(writer, command, pool))
    writer.publish()
    t.ok(readable(consumer))
    t.equal(consumer.words[((consumer.head & consumer.mask) >> 2) + 6], runs, 'runs')
    t.ok(sameCommand(readRequest(consumer, pool), 0, command), `${chunkCount} chunks`)
    giveBack(consumer)
  }
  t.equal(pool.takenCount(), 6)
})

t.test('a large command that finds no chunks, or no ring, changes nothing', async (t) => {
  const pool = makePool(4)
  const { producer } = ringPair(64)
  const writer = new RequestWriter(producer)
  const command = {
    slot: 1,
    generation: 1,
    attributes: REQUEST_SEVERAL_SHARDS << 16,
    sequence: 1,
    code: 1,
    values: [new Uint8Array(CHUNK_BYTES * 4)],
    gap: 0,
  }
  t.notOk(addChunked(writer, command, pool), 'no chunks')
  t.equal(pool.takenCount(), 0)
  t.equal(reserve(producer, 48), 0)
  advanceTail(producer, 48)
  const tail = producer.tail
  t.notOk(addChunked(writer, { ...command, values: [new Uint8Array(9)] }, pool), 'no ring')
  t.equal(pool.takenCount(), 0)
  t.equal(producer.tail, tail)
})

interface Replies {
  slot: number
  generation: number
  flags: number
  lsn: number
  sequences: number[]
  lengths: number[]
}

function repliesOf(lengthMax: number, countMax: number): fc.Arbitrary<Replies> {
  return fc
    .tuple(
      fc.nat(),
      fc.integer(),
      fc.constantFrom(0, REPLY_CLOSE, REPLY_PART),
      fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 52 })),
      fc.array(fc.tuple(fc.integer(), fc.nat(lengthMax)), { maxLength: countMax }),
    )
    .map(([slot, generation, flags, lsn, pairs]) => ({
      slot,
      generation,
      flags,
      lsn,
      sequences: pairs.map(([sequence]) => sequence),
      lengths: pairs.map(([, length]) => length),
    }))
}

t.test('replies come out as they went in, small ones and chunked ones', async (t) => {
  const pool = makePool(64)
  const sheet = new ReplySheet()
  const shapes = [repliesOf(60, 40), repliesOf(3000, 6), repliesOf(5, 300), repliesOf(90_000, 8)]
  for (const start of STARTS) {
    const { producer, consumer } = ringPair(RING_BYTES, start)
    const property = fc.property(fc.oneof(...shapes), fc.nat(50), (given, offset) => {
      sheet.start(given.slot, given.generation)
      sheet.flags = given.flags
      for (let index = 0; index < given.sequences.length; index++) {
        sheet.add(given.sequences[index], given.lengths[index])
      }
      const total = given.lengths.reduce((sum, length) => sum + length, 0)
      const bytes = new Uint8Array(offset + total).map((_, at) => at * 7)
      if (!writeReplies(producer, pool, sheet, given.lsn, bytes, offset, total)) return false
      if (readable(consumer)) return false
      publish(producer)
      if (!readable(consumer)) return false
      const read = readReplies(consumer, pool)
      giveBack(consumer)
      const joined = Buffer.concat(read.values)
      return (
        read.slot === given.slot &&
        read.generation === given.generation &&
        (read.flags & ~REPLY_CHUNKED) === given.flags &&
        read.lsn === given.lsn &&
        String(read.sequences) === String(given.sequences) &&
        String(read.values.map((value) => value.length)) === String(given.lengths) &&
        joined.equals(bytes.subarray(offset))
      )
    })
    fc.assert(property, { numRuns: 150, seed: SEED })
    t.equal(pool.takenCount(), 0, `from ${start}`)
  }
})

t.test('replies that find no room change nothing', async (t) => {
  const pool = makePool(8)
  const { producer } = ringPair(1024)
  const sheet = new ReplySheet()
  sheet.start(1, 1)
  sheet.add(1, CHUNK_BYTES * 2)
  const bytes = new Uint8Array(CHUNK_BYTES * 3)
  const taken: number[] = []
  t.ok(pool.take(CHUNK_BYTES * 7, taken))
  t.notOk(writeReplies(producer, pool, sheet, 0, bytes, 0, CHUNK_BYTES * 2), 'no chunks')
  for (const chunk of taken) pool.release(chunk)
  t.equal(reserve(producer, 1000), 0)
  advanceTail(producer, 1000)
  t.notOk(writeReplies(producer, pool, sheet, 0, bytes, 0, CHUNK_BYTES * 2), 'no ring')
  t.notOk(writeReplies(producer, pool, sheet, 0, bytes, 0, 8), 'no ring, small')
  t.equal(pool.takenCount(), 0)
  t.equal(producer.tail, 1000)
  t.equal(sheet.flags, 0)
  t.equal(partBytesMax(pool), CHUNK_BYTES * 2)
})

t.test('the replies to any request record fit an empty ring, wherever it stands', async (t) => {
  // The least commands: 16 bytes each, and each has 8 bytes in the record of its replies.
  const pool = makePool(64)
  const none = { slot: 1, generation: 1, attributes: 0, sequence: 1, code: 1, values: [], gap: 0 }
  const request = ringPair(RING_BYTES)
  const writer = new RequestWriter(request.producer)
  for (let index = 0; index < RING_BYTES >> 4; index++) if (!add(writer, none)) break
  writer.publish()
  t.ok(readable(request.consumer))
  const count = readRequest(request.consumer, pool).commands.length
  t.ok(count > 400, `${count} commands in one record`)
  const sheet = new ReplySheet()
  let refused = 0
  for (let position = 0; position < RING_BYTES; position += 4) {
    const { producer } = ringPair(RING_BYTES, position)
    sheet.start(1, 1)
    for (let index = 0; index < count; index++) sheet.add(index, 10)
    if (!writeReplies(producer, pool, sheet, 0, new Uint8Array(count * 10), 0, count * 10)) {
      refused++
    } else if (pool.takenCount() > 0) {
      pool.release(0)
    }
  }
  t.equal(refused, 0)
})
