// Doorbells: nothing is lost between "no work" and "asleep", on real threads, with and without an
// event loop; and each ring wakes another sleeper.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import {
  AsyncBell,
  anyRepliesReady,
  anyRequestsReady,
  claimRequests,
  markRepliesReady,
  markRequestsReady,
  nextReadyShard,
  ringBell,
  sleepOnBell,
  takeRepliesReady,
} from '../../src/ring/bell.ts'
import {
  BELL_WORD,
  READY_WORDS,
  rowsByteLength,
  SLEEPING_WORD,
  threadRow,
} from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { startThread } from './support.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const CALLER = 1
const PARTNER = 2

function makeRows(): Rows {
  return new Rows(new SharedArrayBuffer(rowsByteLength(1)))
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('ready bits: set, found from anywhere, claimed once', async (t) => {
  const rows = makeRows()
  t.equal(nextReadyShard(rows, 0), -1)
  for (const shard of [0, 31, 32, 63, 127]) markRequestsReady(rows, shard)
  t.equal(nextReadyShard(rows, 0), 0)
  t.equal(nextReadyShard(rows, 1), 31)
  t.equal(nextReadyShard(rows, 64), 127)
  t.ok(claimRequests(rows, 127))
  t.notOk(claimRequests(rows, 127), 'only once')
  t.equal(nextReadyShard(rows, 64), 0, 'around the end')
  t.equal(nextReadyShard(rows, 127), 0)
  for (const shard of [0, 31, 32, 63]) t.ok(claimRequests(rows, shard))
  t.notOk(anyRequestsReady(rows))
  markRepliesReady(rows, CALLER, 31)
  markRepliesReady(rows, CALLER, 96)
  t.ok(anyRepliesReady(rows, CALLER))
  t.notOk(anyRepliesReady(rows, PARTNER))
  const taken = Array.from({ length: READY_WORDS }, (_, at) => takeRepliesReady(rows, CALLER, at))
  t.same(taken, [1 << 31, 0, 0, 1])
  t.notOk(anyRepliesReady(rows, CALLER))
})

t.test('each ring wakes another sleeper', async (t) => {
  const rows = makeRows()
  Atomics.store(rows.words, threadRow(1) + SLEEPING_WORD, 1)
  Atomics.store(rows.words, threadRow(2) + SLEEPING_WORD, 1)
  const wakeOne = (): number => [1, 2].find((thread) => ringBell(rows, thread)) ?? 0
  t.same([wakeOne(), wakeOne(), wakeOne()], [1, 2, 0], 'not the first one twice')
  t.equal(Atomics.load(rows.words, threadRow(1) + BELL_WORD), 1)
  t.equal(Atomics.load(rows.words, threadRow(2) + BELL_WORD), 1)
})

t.test('a ring before the wait, and work before the wait, keep awake', async (t) => {
  const rows = makeRows()
  // As if another thread rang just after the flag was set: hasWork runs right there.
  const ringsNow = (): boolean => {
    t.ok(ringBell(rows, CALLER))
    return false
  }
  t.notOk(sleepOnBell(rows, CALLER, ringsNow, 60_000))
  t.notOk(sleepOnBell(rows, CALLER, () => true, 60_000))
  t.equal(Atomics.load(rows.words, threadRow(CALLER) + SLEEPING_WORD), 0)
  t.notOk(ringBell(rows, CALLER), 'awake: nobody rings')
  let looks = 0
  t.ok(
    sleepOnBell(rows, CALLER, () => looks++ > 0, 1),
    'work that nobody rang for is counted',
  )
})

t.test('a bell that wraps', async (t) => {
  const rows = makeRows()
  Atomics.store(rows.words, threadRow(CALLER) + BELL_WORD, 0x7fff_ffff)
  for (let ring = 0; ring < 3; ring++) {
    t.notOk(sleepOnBell(rows, CALLER, () => !ringBell(rows, CALLER), 60_000))
  }
  t.equal(Atomics.load(rows.words, threadRow(CALLER) + BELL_WORD), (0x7fff_ffff + 3) | 0)
})

t.test('AsyncBell: one waiter, however often it is armed', async (t) => {
  const rows = makeRows()
  let rung = 0
  const bell = new AsyncBell(
    rows,
    CALLER,
    () => anyRepliesReady(rows, CALLER),
    () => rung++,
  )
  for (let round = 0; round < 5; round++) {
    bell.arm()
    t.equal(Atomics.load(rows.words, threadRow(CALLER) + SLEEPING_WORD), 1)
    bell.awake()
    t.notOk(ringBell(rows, CALLER))
  }
  bell.arm()
  t.ok(ringBell(rows, CALLER))
  while (rung === 0) await later()
  for (let turn = 0; turn < 20; turn++) await later()
  t.equal(rung, 1, 'one waiter, one call')
  bell.arm()
  bell.awake()
  markRepliesReady(rows, CALLER, 3)
  bell.arm()
  while (rung === 1) await later()
  t.equal(rung, 2, 'armed on work with a waiter outstanding: called')
  bell.arm()
  while (rung === 2) await later()
  t.equal(rung, 3, 'armed on work without one: called')
})

t.test('an event loop and a sleeping thread call each other', async (t) => {
  const rounds = LONG ? 100_000 : 15_000
  const buffer = new SharedArrayBuffer(rowsByteLength(1))
  const rows = new Rows(buffer)
  const given = { buffer, thread: PARTNER, caller: CALLER, rounds }
  const { ended } = startThread('bell-partner.ts', given)
  const random = new SeededRandom(7)
  let answers = 0
  await new Promise<void>((resolve) => {
    const call = (): void => {
      markRequestsReady(rows, 0)
      ringBell(rows, PARTNER)
    }
    const look = (): void => {
      if (takeRepliesReady(rows, CALLER, 0) !== 0) {
        answers++
        if (answers === rounds) {
          resolve()
          return
        }
        call()
      }
      bell.arm()
      // A socket's event between two sleeps: the outstanding waiter stays.
      if (random.below(3) === 0) {
        setImmediate(() => {
          bell.awake()
          look()
        })
      }
    }
    const bell = new AsyncBell(rows, CALLER, () => anyRepliesReady(rows, CALLER), look)
    call()
    look()
  })
  t.same(await ended, { missed: 0 })
  t.equal(answers, rounds)
})
