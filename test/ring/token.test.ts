// The token of a memory: one holder, fenced by its epoch, handed over to whoever waits.

import t, { type Test } from 'tap'
import {
  NOT_TAKEN,
  releaseToken,
  tokenEpoch,
  tokenIsFree,
  tokenIsWanted,
  tryTakeToken,
  waitForToken,
} from '../../src/ring/token.ts'
import {
  rowsByteLength,
  sideRow,
  TOKEN_THREAD_BITS,
  TOKEN_WORD,
  WANTED_WORD,
} from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'
import { startThread } from './support.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const ROW = sideRow(0, 0)

function makeRows(epoch: number): Rows {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  Atomics.store(rows.words, ROW + TOKEN_WORD, epoch << TOKEN_THREAD_BITS)
  return rows
}

t.test('one holder, and the word says who and in which epoch', async (t) => {
  for (const epoch of [0, 1, 0x7f_ffff, 0x80_0000, 0xff_ffff]) {
    const rows = makeRows(epoch)
    t.ok(tokenIsFree(rows, ROW))
    const held = tryTakeToken(rows, ROW, 127)
    t.not(held, NOT_TAKEN)
    t.equal(held, (epoch << TOKEN_THREAD_BITS) | 127)
    t.notOk(tokenIsFree(rows, ROW))
    t.equal(tryTakeToken(rows, ROW, 3), NOT_TAKEN)
    t.equal(tryTakeToken(rows, ROW, 127), NOT_TAKEN, 'not twice by the same thread either')
    t.equal(tokenEpoch(rows, 0, 0), epoch)
    t.ok(releaseToken(rows, ROW, held))
    t.ok(tokenIsFree(rows, ROW))
    t.equal(tokenEpoch(rows, 0, 0), epoch)
    t.not(tryTakeToken(rows, ROW, 3), NOT_TAKEN)
  }
})

t.test('nobody takes a token that somebody waits for', async (t) => {
  const rows = makeRows(1)
  Atomics.add(rows.words, ROW + WANTED_WORD, 1)
  t.ok(tokenIsWanted(rows, ROW))
  t.notOk(tokenIsFree(rows, ROW))
  t.equal(tryTakeToken(rows, ROW, 3), NOT_TAKEN)
  const held = waitForToken(rows, ROW, 4, 1, () => t.fail('it is free'))
  t.equal(held, (1 << TOKEN_THREAD_BITS) | 4)
  t.ok(tokenIsWanted(rows, ROW), 'by the other waiter')
  Atomics.sub(rows.words, ROW + WANTED_WORD, 1)
  t.ok(releaseToken(rows, ROW, held))
  t.not(tryTakeToken(rows, ROW, 3), NOT_TAKEN)
})

t.test('a fenced holder cannot release, and changes nothing by trying', async (t) => {
  for (const epoch of [1, 0xff_ffff]) {
    const rows = makeRows(epoch)
    const held = tryTakeToken(rows, ROW, 3)
    const fenced = ((epoch + 1) << TOKEN_THREAD_BITS) | 9
    Atomics.store(rows.words, ROW + TOKEN_WORD, fenced)
    t.notOk(releaseToken(rows, ROW, held))
    t.equal(Atomics.load(rows.words, ROW + TOKEN_WORD), fenced)
    const free = (epoch + 1) << TOKEN_THREAD_BITS
    Atomics.store(rows.words, ROW + TOKEN_WORD, free)
    t.notOk(releaseToken(rows, ROW, held), 'also when the new epoch has no holder')
    t.equal(Atomics.load(rows.words, ROW + TOKEN_WORD), free)
    const next = tryTakeToken(rows, ROW, 3)
    t.not(next, held, 'the same thread holds another token now')
    t.notOk(releaseToken(rows, ROW, held))
    t.ok(releaseToken(rows, ROW, next))
  }
})

t.test('who waits ticks, and sees a token that became free without a notify', async (t) => {
  const rows = makeRows(1)
  t.not(tryTakeToken(rows, ROW, 3), NOT_TAKEN)
  let ticks = 0
  const held = waitForToken(rows, ROW, 4, 1, () => {
    if (++ticks === 3) Atomics.store(rows.words, ROW + TOKEN_WORD, 2 << TOKEN_THREAD_BITS)
  })
  t.equal(ticks, 3)
  t.equal(held, (2 << TOKEN_THREAD_BITS) | 4, 'in the epoch that it found')
  t.notOk(tokenIsWanted(rows, ROW))
})

interface Held {
  held: number
  intruders: number
  refused: number
}

/** Threads that fight for one token; all sums must come out. */
async function fight(t: Test, busy: number, patient: number, rounds: number): Promise<Held[]> {
  const rows = makeRows(1)
  const memory = new SharedArrayBuffer(64)
  new Int32Array(memory)[3] = patient
  const buffer = rows.words.buffer
  const threads = Array.from({ length: busy + patient }, (_, index) => {
    const given = { buffer, memory, thread: index + 1, patient: index >= busy, rounds }
    return startThread('token-holder.ts', given)
  })
  const results = (await Promise.all(threads.map(({ ended }) => ended))) as Held[]
  const sum = results.reduce((total, { held }) => total + held, 0)
  t.equal(new Int32Array(memory)[0], sum, 'every holding counted once')
  t.ok(tokenIsFree(rows, ROW))
  return results
}

t.test('threads that try never meet', async (t) => {
  const results = await fight(t, 3, 0, LONG ? 300_000 : 60_000)
  for (const { intruders } of results) t.equal(intruders, 0)
})

t.test('who waits gets it soon, however busy the others are', async (t) => {
  const rounds = LONG ? 5000 : 1000
  const results = await fight(t, 4, 1, rounds)
  for (const { intruders } of results) t.equal(intruders, 0)
  t.equal(results[4].held, rounds)
  t.comment(`figure busy ones held it ${results.map(({ held }) => held).join(' ')}`)
})

t.test('several that wait wake each other, nobody else is needed', async (t) => {
  const rounds = LONG ? 50_000 : 5000
  const results = await fight(t, 0, 3, rounds)
  for (const { held, intruders } of results)
    t.same({ held, intruders }, { held: rounds, intruders: 0 })
})
