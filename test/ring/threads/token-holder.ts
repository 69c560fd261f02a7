// Takes a token again and again: a busy one by trying, a patient one by waiting. Whoever holds it
// adds to a sum by plain loads and stores, which only comes out right if nobody else is there.

import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../../../src/base/random.ts'
import { NOT_TAKEN, releaseToken, tryTakeToken, waitForToken } from '../../../src/ring/token.ts'
import { sideRow } from '../../../src/rows/layout.ts'
import { Rows } from '../../../src/rows/rows.ts'

const { buffer, memory, thread, patient, rounds } = workerData as {
  buffer: SharedArrayBuffer
  /** Words 0 the sum, 1 who is inside, 2 how many patient ones are done, 3 patient ones in all. */
  memory: SharedArrayBuffer
  thread: number
  patient: boolean
  /** Holdings of a patient one; busy ones go on until all patient ones are done, and so many. */
  rounds: number
}
/** Longer than the test may take: a lost notify is a stall, not a delay. */
const TICK_MS = 60_000
const rows = new Rows(buffer)
const words = new Int32Array(memory)
const row = sideRow(0, 0)
const random = new SeededRandom(thread)
let intruders = 0
let held = 0
let refused = 0

function work(): void {
  if (words[1] !== 0) intruders++
  words[1] = thread
  const sum = words[0]
  for (let spin = random.below(300); spin > 0; spin--) Atomics.load(words, 1)
  words[0] = sum + 1
  if (words[1] !== thread) intruders++
  words[1] = 0
}

function hold(token: number): void {
  work()
  if (!releaseToken(rows, row, token)) intruders++
  held++
}

if (patient) {
  for (let round = 0; round < rounds; round++) {
    hold(waitForToken(rows, row, thread, TICK_MS, () => {}))
    for (let spin = random.below(3000); spin > 0; spin--) Atomics.load(words, 1)
  }
  Atomics.add(words, 2, 1)
} else {
  while (held < rounds || Atomics.load(words, 2) < words[3]) {
    const token = tryTakeToken(rows, row, thread)
    if (token === NOT_TAKEN) {
      refused++
      continue
    }
    hold(token)
  }
}
parentPort?.postMessage({ held, intruders, refused })
