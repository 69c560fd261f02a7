// Batches take short ways; the memory they leave must be the one that records one by one leave, to
// the last byte.

import fc from 'fast-check'
import t from 'tap'
import type { CkvError } from '../../src/base/errors.ts'
import { ShardSide } from '../../src/keyspace/side.ts'
import { EFFECT_NAMES, EFFECT_SWAP_DATABASES } from '../../src/log/codes.ts'
import { BATCH_RECORDS_MAX, RecordBatch } from '../../src/log/record-batch.ts'
import type { ShardLog } from '../../src/log/writer.ts'
import { Arena, formatArena } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import { applyRecord } from '../../src/recovery/apply.ts'
import { applyBatch } from '../../src/recovery/apply-batch.ts'
import { rowsByteLength } from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const CODES = [...EFFECT_NAMES.keys()].filter(
  // Of strings and keys: what a collection's record does to a string no log says.
  (code) => code < EFFECT_SWAP_DATABASES,
)

interface LoggedRecord {
  readonly code: number
  readonly database: number
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly number: number
}

function makeSide(arenaBytes: number): ShardSide {
  const arena = new Arena([new SharedArrayBuffer(arenaBytes)])
  formatArena(arena)
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  // Nothing is recorded while a side follows a log.
  const side = new ShardSide(0, 0, rows, arena, null as unknown as ShardLog, 0x1234567, 0x89abcde)
  side.replaying = true
  return side
}

function applySingly(side: ShardSide, records: readonly LoggedRecord[]): void {
  for (const { code, database, key, value, number } of records) {
    const bytes = Buffer.concat([key, value])
    applyRecord(side, code, database, bytes, 0, key.length, key.length, value.length, number)
  }
}

function applyInBatches(side: ShardSide, records: readonly LoggedRecord[], size: number): void {
  const batch = new RecordBatch()
  for (let from = 0; from < records.length; from += size) {
    const part = records.slice(from, from + size)
    // As in a log: every key begins at a multiple of 8.
    const room = part.map(({ key, value }) => Math.ceil((key.length + value.length) / 8) * 8)
    batch.bytes = new Uint8Array(room.reduce((sum, bytes) => sum + bytes, 24))
    batch.words = new Uint32Array(batch.bytes.buffer)
    batch.count = part.length
    let at = 24
    part.forEach(({ code, database, key, value, number }, index) => {
      batch.bytes.set(key, at)
      batch.bytes.set(value, at + key.length)
      batch.codes[index] = code
      batch.databases[index] = database
      batch.keyStarts[index] = at
      batch.keyLengths[index] = key.length
      batch.valueLengths[index] = value.length
      batch.numbers[index] = number
      at += room[index]
    })
    applyBatch(side, batch)
  }
}

function sameMemory(left: ShardSide, right: ShardSide): boolean {
  return left.arena.bytes.every(
    (bytes, segment) => Buffer.compare(bytes, right.arena.bytes[segment]) === 0,
  )
}

/** Mostly SETs, of few keys or of many, some long, some with an expiry. */
const recordArbitrary: fc.Arbitrary<LoggedRecord> = fc
  .record({
    code: fc.oneof(
      { arbitrary: fc.constant(1), weight: 6 },
      { arbitrary: fc.constantFrom(...CODES), weight: 4 },
    ),
    database: fc.nat(2),
    keyNumber: fc.oneof(fc.nat(9), fc.nat(5000)),
    keyLength: fc.constantFrom(1, 8, 16, 33, 4095, 4096),
    valueLength: fc.constantFrom(0, 1, 48, 64, 500, 512, 65_535, 65_536),
    expiry: fc.constantFrom(-1, -1, -1, 1_700_000_000_000, 4_000_000_000_000),
    offset: fc.nat(600),
  })
  .map(({ code, database, keyNumber, keyLength, valueLength, expiry, offset }) => ({
    code,
    database,
    key: Buffer.from(String(keyNumber).padEnd(keyLength, '.')),
    value: Buffer.alloc(valueLength, keyNumber & 0xff),
    number: EFFECT_NAMES.get(code) === 'string-set-range' ? offset : expiry,
  }))

t.test('batches leave the same memory as single records', async (t) => {
  fc.assert(
    fc.property(
      fc.array(recordArbitrary, { minLength: 1, maxLength: 300, size: 'max' }),
      fc.integer({ min: 1, max: BATCH_RECORDS_MAX }),
      (records, size) => {
        const singly = makeSide(67_108_864)
        const batched = makeSide(67_108_864)
        applySingly(singly, records)
        applyInBatches(batched, records, size)
        return sameMemory(singly, batched)
      },
    ),
    { numRuns: LONG ? 2000 : 40, seed: 7 },
  )
  t.pass('byte for byte')
})

t.test('many keys: pages split under a batch that touched them', async (t) => {
  const records = Array.from({ length: 20_000 }, (_, index) => ({
    code: 1,
    database: 0,
    key: Buffer.from(`key:${index % 15_000}`),
    value: Buffer.alloc(index % 70, index),
    number: -1,
  }))
  const singly = makeSide(16_777_216)
  const batched = makeSide(16_777_216)
  applySingly(singly, records)
  applyInBatches(batched, records, BATCH_RECORDS_MAX)
  t.ok(sameMemory(singly, batched))
  t.same(checkArena(batched.arena, { slotCounts: true }), [])
})

t.test('a log that does not fit stops the start, from a batch too', async (t) => {
  const records = Array.from({ length: 5000 }, (_, index) => ({
    code: 1,
    database: 0,
    key: Buffer.from(`key:${index}`),
    value: Buffer.alloc(400),
    number: -1,
  }))
  for (const apply of [
    () => applySingly(makeSide(1_048_576), records),
    () => applyInBatches(makeSide(1_048_576), records, 64),
  ]) {
    let code = ''
    try {
      apply()
    } catch (error) {
      code = (error as CkvError).code
    }
    t.equal(code, 'RECOVERY_MEMORY')
  }
})
