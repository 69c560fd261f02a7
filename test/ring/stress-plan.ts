// The shared memory of a stress run, and what both ends know of it.
//
//   acceptors (event loop, AsyncBell)   request rings    workers (Atomics.wait, sleepOnBell)
//     thread 1..A  --------------------------------->      thread A+1..A+W
//                  <---------------------------------      any worker, any shard, under its token
//                                       reply rings
//
// A message is a command {sequence, body}: the sequence counts the messages of one connection to
// one shard, the body repeats connection, shard and sequence. The reply is the body.

import type { Random } from '../../src/base/random.ts'
import { markRequestsReady, nextReadyShard, ringBell } from '../../src/ring/bell.ts'
import {
  CURSOR_WORDS,
  REPLY_HEAD_WORD,
  REQUEST_TAIL_WORD,
  replyRingByte,
  requestRingByte,
  ringBlockBytes,
} from '../../src/ring/layout.ts'
import { CHUNK_BYTES } from '../../src/ring/pool.ts'
import { Ring } from '../../src/ring/ring.ts'
import {
  BELL_WORD,
  READY_BASE,
  REPLIES_READY_WORD,
  REPLY_TAIL_WORD,
  REQUEST_HEAD_WORD,
  rowsByteLength,
  SLEEPING_WORD,
  sideRow,
  TOKEN_WORD,
  threadRow,
  WANTED_WORD,
} from '../../src/rows/layout.ts'
import { Rows } from '../../src/rows/rows.ts'

export const ACCEPTORS = 2
export const WORKERS = 2
export const SHARDS = 3
/** Connections of each acceptor. */
export const CONNECTIONS = 20
const POOL_CHUNKS = 512

/** Words of the control block. */
export const STOP_WORD = 0
/** Replies that acceptor a has checked: word RECEIVED + a. */
export const RECEIVED_WORD = 32

export interface StressPlan {
  readonly rows: SharedArrayBuffer
  readonly rings: SharedArrayBuffer[]
  readonly pool: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly ringBytes: number
  /** Messages of each acceptor. */
  readonly messages: number
  /** One message of so many goes through the pool; 0 = none. */
  readonly largeEvery: number
  /** Acceptors fill their rings before they look at replies, workers get ahead of them. */
  readonly greedy: boolean
  readonly seed: number
}

export interface StressThread {
  readonly plan: StressPlan
  readonly thread: number
  readonly index: number
}

type StressOptions = Pick<StressPlan, 'ringBytes' | 'messages' | 'largeEvery' | 'greedy' | 'seed'>

/** Every ring cursor and bell starts at `start`. */
export function makeStressPlan(options: StressOptions, start: number): StressPlan {
  const { ringBytes } = options
  const plan = {
    ...options,
    rows: new SharedArrayBuffer(rowsByteLength(SHARDS)),
    rings: Array.from(
      { length: ACCEPTORS },
      () => new SharedArrayBuffer(ringBlockBytes(SHARDS, 1, ringBytes)),
    ),
    pool: new SharedArrayBuffer(POOL_CHUNKS * CHUNK_BYTES + 64),
    control: new SharedArrayBuffer(512),
  }
  const words = new Int32Array(plan.rows)
  for (let thread = 1; thread <= ACCEPTORS + WORKERS; thread++) {
    words[threadRow(thread) + BELL_WORD] = start
  }
  for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
    const cursors = new Int32Array(plan.rings[acceptor])
    for (let shard = 0; shard < SHARDS; shard++) {
      cursors[shard * CURSOR_WORDS + REQUEST_TAIL_WORD] = start
      cursors[shard * CURSOR_WORDS + REPLY_HEAD_WORD] = start
      words[sideRow(shard, 0) + REQUEST_HEAD_WORD + acceptor] = start
      words[sideRow(shard, 0) + REPLY_TAIL_WORD + acceptor] = start
    }
  }
  return plan
}

export function stressRequestRing(plan: StressPlan, rows: Rows, acceptor: number, shard: number) {
  const buffer = plan.rings[acceptor]
  return new Ring(
    buffer,
    requestRingByte(SHARDS, plan.ringBytes, shard),
    plan.ringBytes,
    new Int32Array(buffer, 0, SHARDS * CURSOR_WORDS),
    shard * CURSOR_WORDS + REQUEST_TAIL_WORD,
    rows.words,
    sideRow(shard, 0) + REQUEST_HEAD_WORD + acceptor,
  )
}

export function stressReplyRing(plan: StressPlan, rows: Rows, acceptor: number, shard: number) {
  const buffer = plan.rings[acceptor]
  return new Ring(
    buffer,
    replyRingByte(SHARDS, plan.ringBytes, 1, shard, 0),
    plan.ringBytes,
    rows.words,
    sideRow(shard, 0) + REPLY_TAIL_WORD + acceptor,
    new Int32Array(buffer, 0, SHARDS * CURSOR_WORDS),
    shard * CURSOR_WORDS + REPLY_HEAD_WORD,
  )
}

/** What the shared words say is in a ring, whoever moved them last. */
export function sharedFill(ring: Ring): number {
  const tail = Atomics.load(ring.tailWords, ring.tailWord)
  return (tail - Atomics.load(ring.headWords, ring.headWord)) | 0
}

/** As executor.wakeWorker. */
export function announceRequests(rows: Rows, shard: number): void {
  markRequestsReady(rows, shard)
  for (let step = 0; step < WORKERS; step++) {
    if (ringBell(rows, ACCEPTORS + 1 + ((shard + step) % WORKERS))) return
  }
}

const sleepWord = new Int32Array(new SharedArrayBuffer(4))

/** Now and then: a few steps later, a thousand, or after everybody else. */
export function jitter(random: Random): void {
  const dice = random.below(4096)
  if (dice === 0) Atomics.wait(sleepWord, 0, 0, random.below(3))
  else if (dice < 64) for (let spin = dice * 16; spin > 0; spin--) Atomics.load(sleepWord, 0)
}

/** Always a while: between the steps of going to sleep, which are rare. */
export function linger(random: Random): void {
  for (let spin = random.below(3000); spin > 0; spin--) Atomics.load(sleepWord, 0)
}

/** Every word by which the threads agree, for whoever looks into a stall. */
export function describeStress(plan: StressPlan): string {
  const rows = new Rows(plan.rows)
  const control = new Int32Array(plan.control)
  const lines = [`ready ${hex(rows.words[READY_BASE])} next ${nextReadyShard(rows, 0)}`]
  for (let thread = 1; thread <= ACCEPTORS + WORKERS; thread++) {
    const row = threadRow(thread)
    const role = thread <= ACCEPTORS ? 'acceptor' : 'worker'
    lines.push(
      `thread ${thread} ${role}: bell ${hex(rows.words[row + BELL_WORD])}` +
        ` sleeping ${rows.words[row + SLEEPING_WORD]}` +
        ` replies ready ${hex(rows.words[row + REPLIES_READY_WORD])}` +
        (thread <= ACCEPTORS ? ` received ${control[RECEIVED_WORD + thread - 1]}` : ''),
    )
  }
  for (let shard = 0; shard < SHARDS; shard++) {
    const row = sideRow(shard, 0)
    const wanted = rows.words[row + WANTED_WORD]
    const token = `token ${hex(rows.words[row + TOKEN_WORD])} wanted ${wanted}`
    lines.push(`shard ${shard}: ${token}`)
    for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
      const requests = stressRequestRing(plan, rows, acceptor, shard)
      const replies = stressReplyRing(plan, rows, acceptor, shard)
      lines.push(
        `  acceptor ${acceptor}: requests tail ${hex(requests.tail)} head ${hex(requests.head)}` +
          ` fill ${sharedFill(requests)}, replies tail ${hex(replies.tail)}` +
          ` head ${hex(replies.head)} fill ${sharedFill(replies)}`,
      )
    }
  }
  return lines.join('\n')
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`
}
