import fc from 'fast-check'
import t from 'tap'
import { VALUE_CHUNK_BYTES } from '../../src/base/limits.ts'
import { arenaUsed } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import {
  createEntry,
  entryByteLength,
  entryClock,
  entryEncoding,
  entryExpiry,
  entryHasExpiryField,
  entryIsChunked,
  entryKeyEquals,
  entryKeyLength,
  entryKeyStart,
  entryMemory,
  entryType,
  entryValueLength,
  entryValueStart,
  plainStringStart,
  setEntryClock,
  setEntryEncoding,
  setEntryExpiry,
} from '../../src/memory/entry.ts'
import {
  NO_EXPIRY,
  SEGMENT_SHIFT,
  STRING_CHUNKED,
  STRING_RAW,
  TYPE_STRING,
} from '../../src/memory/layout.ts'
import { releaseEntry } from '../../src/memory/release.ts'
import {
  copyValueBetween,
  copyValueOut,
  entryValueRoom,
  resizeEntryInPlace,
  valueSpan,
  writeValue,
  zeroValue,
} from '../../src/memory/value.ts'
import { KIB, MIB, makeArena, valueBytes } from './support.ts'

const CHUNK = VALUE_CHUNK_BYTES

function create(
  arena: ReturnType<typeof makeArena>,
  keyLength: number,
  valueLength: number,
  expiryMs = NO_EXPIRY,
): number {
  const key = valueBytes(keyLength, 9)
  return createEntry(arena, TYPE_STRING, STRING_RAW, key, 0, keyLength, valueLength, expiryMs)
}

function read(arena: ReturnType<typeof makeArena>, entry: number): Uint8Array {
  const length = entryValueLength(arena, entry)
  const bytes = new Uint8Array(length)
  copyValueOut(arena, entry, 0, length, bytes, 0)
  return bytes
}

t.test('every header form reads back what was written', async (t) => {
  const arena = makeArena(8 * MIB)
  for (const keyLength of [0, 1, 15, 4095, 4096, 70_000]) {
    for (const valueLength of [0, 1, 511, 65_535, 65_536, CHUNK, CHUNK + 1, 3 * CHUNK]) {
      for (const expiryMs of [NO_EXPIRY, 0, 1_900_000_000_123]) {
        const entry = create(arena, keyLength, valueLength, expiryMs)
        const value = valueBytes(valueLength, 3)
        writeValue(arena, entry, 0, value, 0, valueLength)
        setEntryClock(arena, entry, 0x1ab_cdef)
        const where = `key ${keyLength} value ${valueLength} expiry ${expiryMs}`
        const key = valueBytes(keyLength, 9)
        if (
          entryKeyLength(arena, entry) !== keyLength ||
          entryValueLength(arena, entry) !== valueLength ||
          entryExpiry(arena, entry) !== expiryMs ||
          entryType(arena, entry) !== TYPE_STRING ||
          entryClock(arena, entry) !== 0xab_cdef ||
          entryIsChunked(arena, entry) !== valueLength > CHUNK ||
          entryEncoding(arena, entry) !== (valueLength > CHUNK ? STRING_CHUNKED : STRING_RAW) ||
          !entryKeyEquals(arena, entry, key, 0, keyLength) ||
          Buffer.compare(read(arena, entry), value) !== 0
        ) {
          t.fail(where)
        }
        if (keyLength > 0) {
          key[keyLength - 1] ^= 1
          if (entryKeyEquals(arena, entry, key, 0, keyLength)) t.fail(`${where}: another key`)
        }
        releaseEntry(arena, entry)
      }
    }
  }
  t.equal(arenaUsed(arena), 0)
  t.same(checkArena(arena), [])
})

t.test('a key differs if any byte of it does, wherever the wanted one lies', async (t) => {
  const arena = makeArena(64 * KIB)
  for (let length = 1; length <= 21; length++) {
    for (const expiryMs of [NO_EXPIRY, 5]) {
      const entry = create(arena, length, 9, expiryMs)
      // What follows the key must not count.
      writeValue(arena, entry, 0, new Uint8Array(9).fill(0xff), 0, 9)
      for (let start = 0; start < 5; start++) {
        const bytes = new Uint8Array(40).fill(0x80)
        bytes.set(valueBytes(length, 9), start)
        if (!entryKeyEquals(arena, entry, bytes, start, length)) t.fail(`key of ${length}`)
        if (entryKeyEquals(arena, entry, bytes, start, length + 1)) t.fail('a longer key')
        if (entryKeyEquals(arena, entry, bytes, start, length - 1)) t.fail('a shorter key')
        for (let at = start; at < start + length; at++) {
          bytes[at] ^= 0x80
          if (entryKeyEquals(arena, entry, bytes, start, length)) t.fail(`${length}, byte ${at}`)
          bytes[at] ^= 0x80
        }
      }
      releaseEntry(arena, entry)
    }
  }
})

t.test('a plain string: short, in the entry, no expiry field, of this length', async (t) => {
  const arena = makeArena(8 * MIB)
  const plain = create(arena, 16, 64)
  t.equal(plainStringStart(arena, plain, 64), entryValueStart(arena, plain))
  setEntryClock(arena, plain, 0xff_ffff)
  t.equal(plainStringStart(arena, plain, 64), entryValueStart(arena, plain), 'at any time')
  t.equal(plainStringStart(arena, plain, 63), -1)
  t.equal(plainStringStart(arena, create(arena, 1, 0), 0) > 0, true)
  t.equal(plainStringStart(arena, create(arena, 16, 64, 1000), 64), -1, 'expiry')
  t.equal(plainStringStart(arena, create(arena, 5000, 64), 64), -1, 'long key')
  t.equal(plainStringStart(arena, create(arena, 5, 70_000), 70_000), -1, 'long value')
  t.equal(plainStringStart(arena, create(arena, 5, 2 * CHUNK), 2 * CHUNK), -1, 'chunks')
  const key = valueBytes(4, 1)
  const other = createEntry(arena, 2, STRING_RAW, key, 0, 4, 64, NO_EXPIRY)
  t.equal(plainStringStart(arena, other, 64), -1, 'another type')
})

t.test('a short string costs 8 bytes of header', async (t) => {
  const arena = makeArena(64 * KIB)
  t.equal(entryByteLength(arena, create(arena, 16, 64)), 88)
  t.equal(entryByteLength(arena, create(arena, 16, 64, 5)), 96)
  t.equal(entryMemory(arena, create(arena, 3, 4)), 16)
})

t.test('fields change one by one', async (t) => {
  const arena = makeArena(64 * KIB)
  const entry = create(arena, 5, 10, 1000)
  setEntryEncoding(arena, entry, 9)
  setEntryClock(arena, entry, 77)
  setEntryExpiry(arena, entry, NO_EXPIRY)
  t.equal(entryEncoding(arena, entry), 9)
  t.equal(entryType(arena, entry), TYPE_STRING)
  t.equal(entryClock(arena, entry), 77)
  t.equal(entryExpiry(arena, entry), NO_EXPIRY)
  t.ok(entryHasExpiryField(arena, entry))
  t.throws(() => setEntryExpiry(arena, create(arena, 5, 10), 7), 'no field')
})

t.test('value bytes across chunk borders', async (t) => {
  const arena = makeArena(12 * MIB)
  const length = 2 * CHUNK + 1000
  const entry = create(arena, 10, length)
  const expected = valueBytes(length, 1)
  writeValue(arena, entry, 0, expected, 0, length)
  for (const from of [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK - 3, length - 1]) {
    for (const size of [1, 2, 5, 100, CHUNK, CHUNK + 7]) {
      if (from + size > length) continue
      const out = new Uint8Array(size + 2)
      copyValueOut(arena, entry, from, size, out, 1)
      const same = Buffer.compare(out.subarray(1, size + 1), expected.subarray(from, from + size))
      if (same !== 0 || out[0] !== 0 || out[size + 1] !== 0) t.fail(`${from} + ${size}`)
    }
  }
  valueSpan(arena, entry, CHUNK - 4)
  t.equal(arena.spanLength, 4)
  valueSpan(arena, entry, 2 * CHUNK)
  t.equal(arena.spanLength, 1000)
  valueSpan(arena, entry, length)
  t.equal(arena.spanLength, 0)
  zeroValue(arena, entry, CHUNK - 10, 20)
  expected.fill(0, CHUNK - 10, CHUNK + 10)
  const other = create(arena, 3, length)
  copyValueBetween(arena, entry, 5, other, 0, length - 5)
  copyValueBetween(arena, entry, 0, other, length - 5, 5)
  const turned = Buffer.concat([expected.subarray(5), expected.subarray(0, 5)])
  t.equal(Buffer.compare(read(arena, other), turned), 0)
  t.throws(() => copyValueOut(arena, entry, length - 1, 2, new Uint8Array(2), 0), 'inside')
})

t.test('resizing in place keeps the common bytes, or says no', async () => {
  const length = fc.oneof(
    fc.integer({ min: 0, max: 700 }),
    fc.integer({ min: 0, max: 70_000 }),
    fc.integer({ min: 60_000, max: 3 * CHUNK }),
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 }),
      fc.array(length, { maxLength: 12 }),
      (keyLength, lengths) => {
        const arena = makeArena(3 * MIB, 6 * MIB)
        let content = valueBytes(lengths[0] ?? 5, 0)
        const entry = create(arena, keyLength, content.length)
        writeValue(arena, entry, 0, content, 0, content.length)
        let seed = 1
        for (const wanted of lengths) {
          const done = resizeEntryInPlace(arena, entry, wanted)
          if (done) {
            const next = valueBytes(wanted, seed++)
            next.set(content.subarray(0, Math.min(wanted, content.length)))
            const kept = Math.min(wanted, content.length)
            writeValue(arena, entry, kept, next, kept, wanted - kept)
            content = next
          }
          if (Buffer.compare(read(arena, entry), content) !== 0) throw new Error('content')
          if (entryKeyLength(arena, entry) !== keyLength) throw new Error('key length')
          if (entryKeyStart(arena, entry) % 8 !== 0) throw new Error('key place')
        }
        releaseEntry(arena, entry)
        if (arenaUsed(arena) !== 0) throw new Error('bytes are left')
        const findings = checkArena(arena)
        if (findings.length > 0) throw new Error(findings.join('\n'))
      },
    ),
    { numRuns: 100, seed: 6 },
  )
})

t.test('room to grow is kept only in extents', async (t) => {
  const arena = makeArena(4 * MIB)
  const key = new Uint8Array(10)
  const small = createEntry(arena, TYPE_STRING, STRING_RAW, key, 0, 10, 100, NO_EXPIRY, 500)
  t.ok(entryValueRoom(arena, small) < 108)
  const large = createEntry(arena, TYPE_STRING, STRING_RAW, key, 0, 10, 1000, NO_EXPIRY, 500)
  t.ok(create(arena, 1, 600), 'a neighbour')
  t.ok(entryValueRoom(arena, large) >= 1500)
  t.ok(resizeEntryInPlace(arena, large, 1500))
  t.equal(large >>> SEGMENT_SHIFT, 0)
})

t.test('appending 1 KiB at a time to 20 MB makes few new blocks', async (t) => {
  const arena = makeArena(64 * MIB)
  const entry = create(arena, 10, CHUNK + 1)
  const blocker: number[] = []
  for (let length = CHUNK + 1; length < 20 * MIB; length += 1024) {
    if (!resizeEntryInPlace(arena, entry, length)) t.fail(`at ${length}`)
    if (length % 7 === 0) blocker.push(create(arena, 10, 1000))
  }
  t.ok(entryValueLength(arena, entry) > 19 * MIB)
  for (const other of blocker) releaseEntry(arena, other)
  releaseEntry(arena, entry)
  t.same(checkArena(arena), [])
})
