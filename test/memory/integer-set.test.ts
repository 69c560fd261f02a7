// Integer sets against sorted arrays of bigints, and byte for byte against a redis-server.

import fc from 'fast-check'
import t from 'tap'
import { int64, int64ToBigint, parseInt64Halves } from '../../src/base/int64.ts'
import {
  INTEGER_SET_EMPTY_BYTES,
  integerSetAdd,
  integerSetByteLength,
  integerSetCheck,
  integerSetCount,
  integerSetFind,
  integerSetGet,
  integerSetGrowth,
  integerSetInit,
  integerSetRead,
  integerSetRemove,
  integerSetRemoveAt,
} from '../../src/memory/integer-set.ts'
import { span } from '../../src/memory/span.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Words } from '../support/resp-client.ts'
import { dumpBlobs, dumpOf } from './dump-support.ts'
import { BORDER_INTEGERS, integers } from './packed-support.ts'

const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_803)
const LONG = process.env.CKV_TEST_LONG !== undefined
const RUNS = LONG ? 10_000 : 500
const SETS = LONG ? 3000 : 150
const TYPE_INTSET = 11
const CANARY = 0xa5

/** As a command would hand it in: a text that is parsed. */
function halves(value: bigint): [number, number] {
  const text = Buffer.from(String(value))
  if (!parseInt64Halves(text, 0, text.length)) throw new Error(`${value} is no integer`)
  return [int64.high, int64.low]
}

/** A set between bytes that must not change, in exactly the room it has asked for. */
class Trial {
  bytes: Uint8Array
  readonly start: number
  readonly model = new Set<bigint>()

  constructor(start: number) {
    this.start = start
    this.bytes = new Uint8Array(start + INTEGER_SET_EMPTY_BYTES).fill(CANARY)
    integerSetInit(this.bytes, start)
  }

  add(value: bigint): void {
    const [high, low] = halves(value)
    const { start, model } = this
    const isNew = !model.has(value)
    const end = start + integerSetByteLength(this.bytes, start)
    const growth = isNew ? integerSetGrowth(this.bytes, start, high, low) : 0
    const larger = new Uint8Array(new SharedArrayBuffer(end + growth + 3)).fill(CANARY)
    larger.set(this.bytes.subarray(0, end))
    this.bytes = larger
    if (integerSetAdd(larger, start, high, low) !== isNew) throw new Error('add')
    if (integerSetByteLength(larger, start) !== end + growth - start) throw new Error('growth')
    if (larger.subarray(end + growth).some((byte) => byte !== CANARY)) throw new Error('behind')
    model.add(value)
  }

  remove(value: bigint): void {
    const removed = integerSetRemove(this.bytes, this.start, ...halves(value))
    if (removed !== this.model.delete(value)) throw new Error('remove')
  }

  verify(absent: readonly bigint[]): void {
    const { bytes, start, model } = this
    const wrong = integerSetCheck(bytes, start, bytes.length - start)
    if (wrong !== '') throw new Error(wrong)
    if (bytes.subarray(0, start).some((byte) => byte !== CANARY)) throw new Error('in front')
    if (integerSetCount(bytes, start) !== model.size) throw new Error('count')
    const sorted = [...model].sort((left, right) => (left < right ? -1 : 1))
    sorted.forEach((value, place) => {
      if (integerSetFind(bytes, start, ...halves(value)) !== place) throw new Error('find')
      integerSetRead(bytes, start, place)
      if (int64ToBigint(int64.high, int64.low) !== value) throw new Error('read')
      integerSetGet(bytes, start, place)
      const text = Buffer.from(span.bytes.slice(span.start, span.start + span.length))
      if (text.toString() !== String(value)) throw new Error(`${text} instead of ${value}`)
    })
    for (const value of absent.filter((each) => !model.has(each))) {
      const place = sorted.filter((each) => each < value).length
      if (integerSetFind(bytes, start, ...halves(value)) !== -1 - place) throw new Error('absent')
    }
  }
}

t.test('every border, upwards, downwards and mixed', async () => {
  const mixed = BORDER_INTEGERS.filter((_, index) => index % 2 === 0)
  for (const list of [BORDER_INTEGERS, [...BORDER_INTEGERS].reverse(), mixed]) {
    const trial = new Trial(3)
    for (const value of list) {
      trial.add(value)
      trial.verify(BORDER_INTEGERS)
    }
    for (const value of BORDER_INTEGERS) trial.remove(value)
    trial.verify(BORDER_INTEGERS)
  }
})

t.test('random values come and go', async () => {
  const step = fc.record({
    kind: fc.constantFrom('add', 'add', 'again', 'remove', 'remove at', 'absent'),
    value: integers,
    place: fc.nat(1000),
  })
  fc.assert(
    fc.property(fc.nat(17), fc.array(step, { maxLength: 60, size: 'max' }), (start, steps) => {
      const trial = new Trial(start)
      for (const { kind, value, place } of steps) {
        const sorted = [...trial.model].sort((left, right) => (left < right ? -1 : 1))
        const present = sorted[place % sorted.length]
        if (kind === 'add') trial.add(value)
        else if (kind === 'absent') trial.remove(value)
        else if (present === undefined) continue
        else if (kind === 'again') trial.add(present)
        else if (kind === 'remove') trial.remove(present)
        else {
          integerSetRemoveAt(trial.bytes, start, place % sorted.length)
          trial.model.delete(present)
        }
        trial.verify([value, value < 0 ? value + 1n : value - 1n])
      }
    }),
    { numRuns: RUNS },
  )
})

t.test('misuse ends loudly', async (t) => {
  const { bytes } = new Trial(0)
  t.throws(() => integerSetAdd(bytes, 0, 0, 1), /room/)
  t.throws(() => integerSetRemoveAt(bytes, 0, 0), /place/)
})

/** Reading outside of what is allowed throws, as does a write. */
function guarded(bytes: Uint8Array): Uint8Array {
  return new Proxy(bytes, {
    get(target, name) {
      if (typeof name === 'string' && /^-?\d+$/.test(name) && !(name in target)) {
        throw new Error(`reads ${name}`)
      }
      return Reflect.get(target, name, target) as unknown
    },
    set() {
      throw new Error('writes')
    },
  })
}

/** What the check lets through is read without leaving its bytes, and is in order. */
function judge(bytes: Uint8Array): boolean {
  const view = guarded(bytes)
  if (integerSetCheck(view, 0, bytes.length) !== '') return false
  let last: bigint | undefined
  for (let place = 0; place < integerSetCount(view, 0); place++) {
    integerSetRead(view, 0, place)
    const value = int64ToBigint(int64.high, int64.low)
    if (last !== undefined && last >= value) throw new Error('order')
    if (integerSetFind(view, 0, int64.high, int64.low) !== place) throw new Error('find')
    last = value
  }
  return true
}

t.test('every byte of a set changed to every value', async (t) => {
  for (const list of [
    [1n, 2n, -300n],
    [1n, -70_000n, 5n],
    [1n, 2n ** 40n, -(2n ** 63n), 7n],
  ]) {
    const trial = new Trial(0)
    for (const value of list) trial.add(value)
    const bytes = Uint8Array.from(trial.bytes.subarray(0, integerSetByteLength(trial.bytes, 0)))
    t.ok(judge(bytes))
    for (let at = 0; at < bytes.length; at++) {
      const right = bytes[at]
      let passed = 0
      for (let value = 0; value < 256; value++) {
        bytes[at] = value
        if (judge(bytes)) passed++
      }
      bytes[at] = right
      // A smaller width or count is another set, and most values are in order by their high bytes.
      const isZero = at < 8 && at % 4 !== 0
      t.ok(isZero ? passed === 1 : passed >= 1, `byte ${at}: ${passed}`)
    }
    for (let capacity = -1; capacity < bytes.length; capacity++) {
      t.not(integerSetCheck(bytes, 0, capacity), '', `cut to ${capacity}`)
    }
  }
  const garbage = fc.uint8Array({ minLength: 0, maxLength: 40 })
  const header = fc.constantFrom([2, 0, 0, 0], [4, 0, 0, 0], [8, 0, 0, 0], [6, 0, 0, 0], [])
  const anything = fc.property(header, fc.nat(5), garbage, (width, count, bytes) => {
    judge(Uint8Array.from([...width, count, 0, 0, 0, ...bytes]))
    judge(bytes)
  })
  fc.assert(anything, { numRuns: RUNS * 10 })
})

const skip = redisSkip()

t.test('sets as Redis keeps them', { skip }, async (t) => {
  const server = await startRedis('--rdbcompression', 'no')
  t.teardown(() => server.stop())
  const changes = fc.array(fc.nat(100), { maxLength: 12 })
  const narrow = fc.bigInt({ min: -(2n ** 15n), max: 2n ** 15n - 1n })
  const values = fc.oneof(fc.array(integers), fc.array(narrow), fc.array(narrow))
  const runs = fc.sample(fc.tuple(values, changes), { numRuns: SETS, seed: SEED })
  const compared = { sets: 0 }
  for (const [list, removals] of [[BORDER_INTEGERS, []] as [bigint[], []], ...runs]) {
    const trial = new Trial(1)
    const commands: Words[] = [['DEL', 's']]
    for (const value of list) {
      trial.add(value)
      commands.push(['SADD', 's', String(value)])
    }
    for (const index of removals) {
      const value = list[index % list.length]
      if (value === undefined || trial.model.size === 1) continue
      trial.remove(value)
      commands.push(['SREM', 's', String(value)])
    }
    if (trial.model.size === 0) continue
    await server.pipeline(commands)
    const [blob] = dumpBlobs(await dumpOf(server, 's'), TYPE_INTSET)
    const length = integerSetByteLength(trial.bytes, 1)
    t.ok(blob.equals(trial.bytes.subarray(1, 1 + length)), `${trial.model.size} values`)
    t.equal(integerSetCheck(blob, 0, blob.length), '')
    compared.sets++
  }
  t.comment(`${compared.sets} sets, seed ${SEED}`)
})
