// Packed lists against plain arrays: every border of the encodings, random changes at random
// places, bytes around the list that must stay, and checks of lists with any byte changed.

import fc from 'fast-check'
import t from 'tap'
import {
  PACKED_EMPTY_BYTES,
  packedBigint,
  packedByteLength,
  packedCheck,
  packedCount,
  packedEnd,
  packedEntryBytes,
  packedEquals,
  packedFind,
  packedFirst,
  packedGet,
  packedInit,
  packedInsert,
  packedInsertEntries,
  packedInsertInteger,
  packedInteger,
  packedIntegerEntryBytes,
  packedIsInteger,
  packedLast,
  packedNext,
  packedPrevious,
  packedRemove,
  packedReplace,
  packedReplaceInteger,
  packedSeek,
  packedTakenBytes,
  span,
} from '../../src/memory/packed.ts'
import { backLengthBytes, entryBefore, writeBackLength } from '../../src/memory/packed-entry.ts'
import { PACKED_HEADER_BYTES } from '../../src/memory/packed-layout.ts'
import { BORDER_INTEGERS, elements, NOT_QUITE_INTEGERS } from './packed-support.ts'

const RUNS = process.env.CKV_TEST_LONG === undefined ? 300 : 10_000
const CANARY = 0xa5

/** A list between bytes that must not change; what it should hold beside it. */
class Trial {
  readonly bytes: Uint8Array
  readonly start: number
  readonly model: Buffer[] = []

  constructor(start: number, room: number) {
    this.bytes = new Uint8Array(new SharedArrayBuffer(start + room)).fill(CANARY)
    this.start = start
    packedInit(this.bytes, start)
  }

  place(index: number): number {
    const { bytes, start } = this
    return index === this.model.length ? packedEnd(bytes, start) : packedSeek(bytes, start, index)
  }

  insert(index: number, element: Buffer): void {
    const { bytes, start } = this
    const [source, from, length] = framed(element)
    const at = this.place(index)
    const before = packedByteLength(bytes, start)
    const same = packedInsert(bytes, start, at, source, from, length) === at
    const taken = packedEntryBytes(source, from, length)
    if (!same || packedByteLength(bytes, start) !== before + taken) throw new Error('insert')
    if (packedTakenBytes(bytes, at) !== taken) throw new Error('taken')
    this.model.splice(index, 0, element)
  }

  replace(index: number, element: Buffer): void {
    const [source, from, length] = framed(element)
    const at = this.place(index)
    packedReplace(this.bytes, this.start, at, source, from, length)
    this.model[index] = element
  }

  remove(index: number, count: number): void {
    const next = packedRemove(this.bytes, this.start, this.place(index), count)
    this.model.splice(index, count)
    const expected = index < this.model.length ? this.place(index) : -1
    if (next !== expected) throw new Error('what remove returns')
  }

  /** Throws unless list and model are the same, seen from every side. */
  verify(): void {
    const { bytes, start, model } = this
    const wrong = packedCheck(bytes, start, bytes.length - start)
    if (wrong !== '') throw new Error(wrong)
    const end = start + packedByteLength(bytes, start)
    if (bytes.subarray(0, start).some((byte) => byte !== CANARY)) throw new Error('in front')
    // Only what the list once used may have changed.
    if (packedCount(bytes, start) !== model.length) throw new Error('count')
    if (packedEnd(bytes, start) !== end - 1) throw new Error('end')
    let at = packedFirst(bytes, start)
    const places: number[] = []
    for (const expected of model) {
      places.push(at)
      verifyElement(bytes, at, expected)
      at = packedNext(bytes, at)
    }
    if (at !== -1) throw new Error('more elements')
    at = packedLast(bytes, start)
    for (const place of places.reverse()) {
      if (at !== place) throw new Error('backwards')
      at = packedPrevious(bytes, start, at)
    }
    if (at !== -1) throw new Error('more elements backwards')
  }
}

/** The bytes between others that must not matter. */
function framed(element: Buffer): [Buffer, number, number] {
  return [Buffer.concat([Buffer.from('7'), element, Buffer.from('7')]), 1, element.length]
}

function spanCopy(): Buffer {
  return Buffer.from(span.bytes.slice(span.start, span.start + span.length))
}

const CANONICAL = /^(0|-?[1-9][0-9]{0,18})$/

function integerOf(element: Buffer): bigint | undefined {
  const text = element.toString('latin1')
  if (!CANONICAL.test(text)) return undefined
  const value = BigInt(text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function verifyElement(bytes: Uint8Array, at: number, expected: Buffer): void {
  packedGet(bytes, at)
  const found = spanCopy()
  if (!found.equals(expected)) throw new Error(`${found} instead of ${expected}`)
  const integer = integerOf(expected)
  if (packedIsInteger(bytes, at) !== (integer !== undefined)) throw new Error('encoding')
  if (packedBigint(bytes, at) !== integer) throw new Error('bigint')
  const isSafe = integer !== undefined && Number.isSafeInteger(Number(integer))
  const number = isSafe ? Number(integer) : Number.NaN
  if (!Object.is(packedInteger(bytes, at), number)) throw new Error('integer')
  if (!packedEquals(bytes, at, ...framed(expected))) throw new Error('equals itself')
}

function firstDifferent(model: Buffer[], from: number, step: number, element: Buffer): number {
  for (let index = from; index < model.length; index += step) {
    if (model[index].equals(element)) return index
  }
  return -1
}

t.test('every border of every encoding', async (t) => {
  const words = [
    ...BORDER_INTEGERS.map(String),
    ...NOT_QUITE_INTEGERS,
    ...[1, 62, 63, 64, 65, 124, 125, 126, 127, 128].map((length) => 'x'.repeat(length)),
    ...[4093, 4094, 4095, 4096, 4097].map((length) => 'y'.repeat(length)),
    ...[16_377, 16_378, 16_379, 65_535, 65_536].map((length) => 'z'.repeat(length)),
    ...[2_097_144, 2_097_145, 2_097_146, 2_097_147].map((length) => '9'.repeat(length)),
  ].map((text) => Buffer.from(text))
  const trial = new Trial(3, 16_777_216)
  words.forEach((word, index) => {
    trial.insert(index, word)
  })
  trial.verify()
  words.forEach((word, index) => {
    const { bytes, start } = trial
    const found = packedFind(bytes, packedFirst(bytes, start), 0, ...framed(word))
    t.equal(found, packedSeek(bytes, start, index), `finds ${word.subarray(0, 30)}`)
  })
  for (let index = words.length - 1; index >= 0; index -= 2) trial.remove(index, 1)
  trial.verify()
})

t.test('back lengths of entries too large for a test', async (t) => {
  const bytes = new Uint8Array(12)
  for (const border of [127, 16_383, 2_097_151, 268_435_455, 4_294_967_295]) {
    for (const length of [border - 1, border, border + 1]) {
      const taken = backLengthBytes(length)
      writeBackLength(bytes.fill(CANARY), 3, length)
      t.equal(entryBefore(bytes, 3 + taken), 3 - length, `${length} in ${taken} bytes`)
      t.ok(bytes[2] === CANARY && bytes[3 + taken] === CANARY)
    }
  }
  t.same(
    [127, 128, 16_382, 16_383, 2_097_150, 2_097_151, 268_435_454, 268_435_455].map(backLengthBytes),
    [1, 2, 2, 3, 3, 4, 4, 5],
  )
})

t.test('random changes at random places', async () => {
  const step = fc.record({
    kind: fc.constantFrom('insert', 'insert', 'insert', 'replace', 'remove', 'integer', 'other'),
    where: fc.nat(1000),
    element: elements,
    integer: fc.maxSafeInteger(),
    count: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.nat(17), fc.array(step, { maxLength: 60, size: 'max' }), (start, steps) => {
      const trial = new Trial(start, 300_000)
      const { bytes, model } = trial
      for (const { kind, where, element, integer, count } of steps) {
        const index = where % (model.length + 1)
        if (kind === 'insert') trial.insert(index, element)
        else if (kind === 'integer') {
          const at = trial.place(index)
          packedInsertInteger(bytes, start, at, integer)
          model.splice(index, 0, Buffer.from(String(integer)))
          if (packedTakenBytes(bytes, at) !== packedIntegerEntryBytes(integer)) throw new Error()
        } else if (index === model.length) continue
        else if (kind === 'replace') trial.replace(index, element)
        else if (kind === 'remove') trial.remove(index, count)
        else {
          packedReplaceInteger(bytes, start, trial.place(index), integer)
          model[index] = Buffer.from(String(integer))
        }
        trial.verify()
      }
    }),
    { numRuns: RUNS },
  )
})

t.test('nothing outside changes, exactly as much room as is needed is enough', async () => {
  fc.assert(
    fc.property(fc.nat(9), fc.array(elements, { maxLength: 12 }), (start, list) => {
      const needed = list.reduce((sum, each) => sum + packedEntryBytes(each, 0, each.length), 0)
      const trial = new Trial(start, PACKED_EMPTY_BYTES + needed)
      const around = new Uint8Array(trial.bytes.length + 8).fill(CANARY)
      packedInit(around, start)
      for (const element of list) {
        trial.insert(0, element)
        packedInsert(around, start, start + 6, element, 0, element.length)
      }
      trial.verify()
      const end = start + packedByteLength(around, start)
      if (around.subarray(end).some((byte) => byte !== CANARY)) throw new Error('behind')
      if (Buffer.compare(around.subarray(0, end), trial.bytes) !== 0) throw new Error('in front')
    }),
    { numRuns: RUNS },
  )
})

t.test('seek and find', async () => {
  const few = fc.constantFrom('a', 'b', '1', '2', '70000', '-9223372036854775808', 'x'.repeat(70))
  const list = fc.array(few, { maxLength: 20 })
  fc.assert(
    fc.property(list, few, fc.nat(3), fc.nat(20), (texts, wanted, skip, from) => {
      const trial = new Trial(5, 4000)
      const { bytes, start, model } = trial
      texts.forEach((text, index) => {
        trial.insert(index, Buffer.from(text))
      })
      for (let index = 0; index < model.length; index++) {
        const at = packedSeek(bytes, start, index)
        verifyElement(bytes, at, model[index])
        if (packedSeek(bytes, start, index - model.length) !== at) throw new Error('seek')
      }
      for (const index of [model.length, -model.length - 1]) {
        if (packedSeek(bytes, start, index) !== -1) throw new Error('seek outside')
      }
      const needle = Buffer.from(wanted)
      const first = from < model.length ? packedSeek(bytes, start, from) : -1
      const index = firstDifferent(model, from, skip + 1, needle)
      const expected = index === -1 ? -1 : packedSeek(bytes, start, index)
      const found = packedFind(bytes, first, skip, ...framed(needle))
      if (found !== expected) throw new Error(`find ${found}, not ${expected}`)
    }),
    { numRuns: RUNS },
  )
})

t.test('equal is only what has the same text', async () => {
  fc.assert(
    fc.property(elements, elements, (left, right) => {
      const trial = new Trial(0, 100_000)
      trial.insert(0, left)
      const found = packedEquals(trial.bytes, 6, ...framed(right))
      if (found !== left.equals(right)) throw new Error(`${left} and ${right}: ${found}`)
    }),
    { numRuns: RUNS },
  )
})

t.test('an integer or a text that another kept in another encoding', async (t) => {
  // "5" as 64 bits and as a string.
  const wide = Buffer.from([0xf4, 5, 0, 0, 0, 0, 0, 0, 0, 9, 0x81, 0x35, 2, 0xff])
  const bytes = Buffer.concat([Buffer.from([20, 0, 0, 0, 2, 0]), wide])
  t.equal(packedCheck(bytes, 0, 20), '')
  for (const at of [6, 16]) {
    t.ok(packedEquals(bytes, at, Buffer.from('5'), 0, 1))
    t.notOk(packedEquals(bytes, at, Buffer.from('6'), 0, 1))
    t.equal(packedFind(bytes, at, 0, Buffer.from('5'), 0, 1), at)
    packedGet(bytes, at)
    t.equal(spanCopy().toString(), '5')
  }
})

t.test('more elements than the header can count', async (t) => {
  const trial = new Trial(1, 400_000)
  const { bytes, start } = trial
  const count = 65_540
  for (let index = 0; index < count; index++) {
    packedInsertInteger(bytes, start, packedEnd(bytes, start), index & 63)
  }
  t.equal(packedCount(bytes, start), count)
  t.equal(packedCheck(bytes, start, 400_000), '')
  t.equal(packedInteger(bytes, packedSeek(bytes, start, 65_537)), 65_537 & 63)
  t.equal(packedInteger(bytes, packedSeek(bytes, start, -1)), (count - 1) & 63)
  t.equal(packedSeek(bytes, start, count), -1)
  packedRemove(bytes, start, packedFirst(bytes, start), 4)
  t.equal(packedCount(bytes, start), 65_536)
  packedRemove(bytes, start, packedFirst(bytes, start), 2)
  t.equal(packedCount(bytes, start), 65_534)
  t.equal(bytes[start + 4] | (bytes[start + 5] << 8), 65_534, 'the header knows it again')
  t.equal(packedCheck(bytes, start, 400_000), '')
})

t.test('whole entries of another list', async () => {
  const list = fc.array(elements, { maxLength: 8 })
  fc.assert(
    fc.property(list, list, fc.nat(8), fc.nat(8), (left, right, cut, where) => {
      const source = new Trial(3, 300_000)
      const target = new Trial(2, 600_000)
      right.forEach((element, index) => {
        source.insert(index, element)
      })
      left.forEach((element, index) => {
        target.insert(index, element)
      })
      const from = source.place(Math.min(cut, right.length))
      const length = packedEnd(source.bytes, source.start) - from
      const index = Math.min(where, left.length)
      const moved = right.slice(cut)
      const at = target.place(index)
      const { bytes, start, model } = target
      packedInsertEntries(bytes, start, at, source.bytes, from, length, moved.length)
      model.splice(index, 0, ...moved)
      target.verify()
    }),
    { numRuns: RUNS },
  )
})

t.test('misuse ends loudly', async (t) => {
  const { bytes, start } = new Trial(0, 20)
  packedInsert(bytes, start, 6, Buffer.from('abcdefgh'), 0, 8)
  t.throws(() => packedInsert(bytes, start, 6, Buffer.from('abcdefgh'), 0, 8), /room/)
  t.throws(() => packedInsert(bytes, start, 5, Buffer.from('a'), 0, 1), /inside/)
  t.throws(() => packedInsert(bytes, start, 6, bytes, 7, 1), /where it moves/)
})

/** Reading outside of what is allowed throws, as does a write. */
function guarded(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, name) {
      const index = typeof name === 'string' && /^-?\d+$/.test(name) ? Number(name) : undefined
      if (index !== undefined && !(index >= from && index < to)) throw new Error(`reads ${index}`)
      return Reflect.get(target, name, target) as unknown
    },
    set() {
      throw new Error('writes')
    },
  })
}

/** What the check lets through must be safe to walk, both ways, inside of its bytes. */
function judge(bytes: Uint8Array, start: number, capacity: number): boolean {
  const end = start + capacity
  const view = guarded(bytes, start, end)
  if (packedCheck(view, start, capacity) !== '') return false
  let count = 0
  const places: number[] = []
  for (let at = packedFirst(view, start); at !== -1; at = packedNext(view, at)) {
    packedGet(view, at)
    if (span.length > 0 && span.bytes === view && span.start + span.length > end) {
      throw new Error('an element outside')
    }
    places.push(at)
    count++
  }
  if (packedCount(view, start) !== count) throw new Error('count')
  for (let at = packedLast(view, start); at !== -1; at = packedPrevious(view, start, at)) {
    if (places.pop() !== at) throw new Error('backwards')
  }
  return true
}

t.test('every byte of a list changed to every value', async (t) => {
  const trial = new Trial(2, 200)
  const list = ['a', '5', '-5', '300', '70000', '-3000000', '9'.repeat(18), 'x'.repeat(70), '']
  list.forEach((text, index) => {
    trial.insert(index, Buffer.from(text))
  })
  const length = packedByteLength(trial.bytes, trial.start)
  const bytes = Uint8Array.from(trial.bytes.subarray(0, trial.start + length))
  t.ok(judge(bytes, trial.start, length))
  const xs = bytes.indexOf(0x78)
  const end = bytes.length - 1
  for (let at = trial.start; at <= end; at++) {
    const right = bytes[at]
    let passed = 0
    for (let value = 0; value < 256; value++) {
      bytes[at] = value
      if (judge(bytes, trial.start, length)) passed++
    }
    bytes[at] = right
    // What is said of the list has one right value; a byte of content may be any.
    const isFrame = at < trial.start + PACKED_HEADER_BYTES || at === end
    const isContent = at >= xs && at < xs + 70
    if (isFrame) t.equal(passed, 1, `byte ${at} of the frame`)
    else if (isContent) t.equal(passed, 256, `byte ${at} of content`)
    else t.ok(passed >= 1 && passed <= 256, `byte ${at}`)
  }
  for (let capacity = -1; capacity < length; capacity++) {
    t.not(packedCheck(bytes, trial.start, capacity), '', `cut to ${capacity}`)
  }
})

t.test('garbage', async () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xff, 0xf0, 0xf4, 0xe0, 0x80, 0x7f))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), fc.nat(45), (list, length) => {
      judge(Uint8Array.from(list), 0, list.length)
      const framedList = Uint8Array.from([length, 0, 0, 0, 0xff, 0xff, ...list])
      judge(framedList, 0, framedList.length)
    }),
    { numRuns: RUNS * 10 },
  )
})
