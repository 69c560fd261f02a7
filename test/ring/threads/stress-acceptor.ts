// The acceptor's end of the stress test: acceptor.ts without sockets. In each turn of the event
// loop it sends what fits, looks at replies and checks them; without progress it sleeps on its
// bell, whose waiter may be outstanding from before.

import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../../../src/base/random.ts'
import { AsyncBell, anyRepliesReady, takeRepliesReady } from '../../../src/ring/bell.ts'
import { REPLY_CHUNKED, REPLY_HEADER_WORDS } from '../../../src/ring/layout.ts'
import { ChunkPool } from '../../../src/ring/pool.ts'
import { RequestWriter } from '../../../src/ring/requests.ts'
import {
  advanceHead,
  attachRing,
  giveBack,
  peek,
  type Ring,
  readable,
} from '../../../src/ring/ring.ts'
import { Rows } from '../../../src/rows/rows.ts'
import {
  ACCEPTORS,
  announceRequests,
  CONNECTIONS,
  jitter,
  linger,
  RECEIVED_WORD,
  SHARDS,
  type StressThread,
  sharedFill,
  stressReplyRing,
  stressRequestRing,
} from '../stress-plan.ts'
import { readReplies } from '../support.ts'

const { plan, thread, index } = workerData as StressThread
const rows = new Rows(plan.rows)
const control = new Int32Array(plan.control)
const pool = new ChunkPool(plan.pool)
const random = new SeededRandom(plan.seed ^ thread)
const writers: RequestWriter[] = []
const replies: Ring[] = []
const views: DataView[] = []
for (let shard = 0; shard < SHARDS; shard++) {
  writers.push(new RequestWriter(stressRequestRing(plan, rows, index, shard)))
  const ring = stressReplyRing(plan, rows, index, shard)
  replies.push(ring)
  views.push(new DataView(ring.bytes.buffer, ring.bytes.byteOffset, ring.byteLength))
}
/** Messages of (connection, shard) sent and received: the next sequence of each. */
const sentSequence = new Int32Array(CONNECTIONS * SHARDS)
const gotSequence = new Int32Array(CONNECTIONS * SHARDS)
const lent = new Map<string, number[]>()
const source = new Uint8Array(400_000).map((_, at) => at * 13)
const sourceWords = new Int32Array(source.buffer)
const starts = new Int32Array([0, 4])
const lengths = new Int32Array([3, 0])
let sent = 0
let got = 0
let requestsFull = 0
let bothFull = 0
let turns = 0
let sleeps = 0

/** Body: connection, shard, sequence, then bytes of a length that follows from the sequence. */
function bodyLength(sequence: number): number {
  if (plan.largeEvery > 0 && sequence % plan.largeEvery === 7) return 70_000 + (sequence & 0xffff)
  return 12 + ((sequence * 7) & 31)
}

function send(connection: number, shard: number): boolean {
  const key = connection * SHARDS + shard
  const sequence = sentSequence[key]
  const length = bodyLength(sequence)
  sourceWords[1] = connection
  sourceWords[2] = shard
  sourceWords[3] = sequence
  lengths[1] = length
  const writer = writers[shard]
  let added = false
  if (length <= plan.ringBytes >> 3) {
    added = writer.add(connection, index, sequence, 0, 5, source, starts, lengths, 2)
  } else {
    const chunks: number[] = []
    added = writer.addChunked(
      connection,
      index,
      sequence,
      0,
      5,
      source,
      starts,
      lengths,
      2,
      pool,
      chunks,
    )
    if (added) lent.set(`${key} ${sequence}`, chunks)
  }
  if (added) sentSequence[key]++
  return added
}

/** A receive: a run of commands of one connection to one shard or, now and then, over all. */
function receive(): boolean {
  const connection = random.below(CONNECTIONS)
  let shard = random.below(SHARDS)
  const spread = random.below(8) === 0
  let added = true
  for (let left = 1 + random.below(24); left > 0 && sent < plan.messages && added; left--) {
    added = send(connection, shard)
    if (added) sent++
    if (spread) shard = (shard + 1) % SHARDS
  }
  if (!added) {
    requestsFull++
    if (plan.ringBytes - sharedFill(replies[shard]) < plan.ringBytes >> 1) bothFull++
  }
  return added
}

function publishAll(): void {
  for (let shard = 0; shard < SHARDS; shard++) {
    if (!writers[shard].publish()) continue
    jitter(random)
    announceRequests(rows, shard)
  }
}

/** `view` has the body at byte `at`. */
function check(
  shard: number,
  connection: number,
  sequence: number,
  view: DataView,
  at: number,
  length: number,
): void {
  const key = connection * SHARDS + shard
  const wanted = gotSequence[key]++
  const right =
    sequence === wanted &&
    length === bodyLength(sequence) &&
    view.getInt32(at, true) === connection &&
    view.getInt32(at + 4, true) === shard &&
    view.getInt32(at + 8, true) === sequence &&
    (length < 16 || view.getUint8(at + length - 1) === source[4 + length - 1])
  if (!right) {
    throw new Error(
      `acceptor ${index} connection ${connection} shard ${shard}: wanted message ${wanted}, ` +
        `got ${sequence} with ${length} bytes`,
    )
  }
  if (lent.size === 0) return
  const chunks = lent.get(`${key} ${sequence}`)
  if (chunks === undefined) return
  for (const chunk of chunks) pool.release(chunk)
  lent.delete(`${key} ${sequence}`)
}

/** Checks the replies of the next record and steps over it; returns how many. */
function takeRecord(shard: number): number {
  const ring = replies[shard]
  const { words } = ring
  const word = peek(ring) >> 2
  const connection = words[word + 1]
  const count = words[word + 3] & 0xffff
  if (words[word + 2] !== index) throw new Error('a record for somebody else')
  if (((words[word + 3] >>> 16) & REPLY_CHUNKED) !== 0) {
    const { sequences, values } = readReplies(ring, pool)
    for (let at = 0; at < count; at++) {
      const body = values[at]
      const view = new DataView(body.buffer, body.byteOffset)
      check(shard, connection, sequences[at], view, 0, body.length)
    }
    return count
  }
  let pair = word + REPLY_HEADER_WORDS
  let at = (pair + count * 2) << 2
  for (let left = count; left > 0; left--) {
    check(shard, connection, words[pair], views[shard], at, words[pair + 1])
    at += words[pair + 1]
    pair += 2
  }
  advanceHead(ring, words[word])
  return count
}

function drainShard(shard: number): void {
  const ring = replies[shard]
  attachRing(ring)
  const start = ring.head
  while (readable(ring)) {
    got += takeRecord(shard)
    jitter(random)
  }
  if (ring.head === start) return
  giveBack(ring)
  jitter(random)
  // A worker that found no room here has left the requests; there is room now.
  if (sharedFill(writers[shard].ring) !== 0) announceRequests(rows, shard)
}

function drain(): number {
  const before = got
  let bits = takeRepliesReady(rows, thread, 0)
  for (let shard = 0; bits !== 0; shard++, bits >>>= 1) if ((bits & 1) !== 0) drainShard(shard)
  Atomics.store(control, RECEIVED_WORD + index, got)
  return got - before
}

function turn(): void {
  turns++
  let added = true
  for (let run = plan.greedy ? 4000 : 1 + random.below(12); run > 0 && added; run--) {
    if (sent === plan.messages) break
    added = receive()
    if (plan.greedy || random.below(4) === 0) publishAll()
  }
  publishAll()
  // Greedy: so late that the workers have filled the reply rings.
  if (plan.greedy && turns % 16 === 0) Atomics.wait(control, 100, 0, 3)
  const delivered = drain()
  if (got === plan.messages) {
    finish()
    return
  }
  if (delivered > 0 || (added && sent < plan.messages)) {
    setImmediate(turn)
    return
  }
  sleeps++
  bell.arm()
  // A socket's event while the waiter stands.
  if (random.below(4) === 0) {
    setImmediate(() => {
      if (running) return
      bell.awake()
      onRung()
    })
  }
  running = false
}

let running = true
/** Runs a turn unless one is on its way already. */
function onRung(): void {
  if (running) return
  running = true
  setImmediate(turn)
}

function finish(): void {
  running = true
  clearInterval(alive)
  const counts = { got, requestsFull, bothFull, turns, sleeps, lent: lent.size }
  parentPort?.postMessage(counts)
}

/** Late between the flag and the look, and between the look and the wait. */
function hasWork(): boolean {
  linger(random)
  const ready = anyRepliesReady(rows, thread)
  linger(random)
  return ready
}

const bell = new AsyncBell(rows, thread, hasWork, onRung)
/** An outstanding waiter does not keep a thread alive, and nothing else is to wake it. */
const alive = setInterval(() => {}, 1_000_000)
if (index >= ACCEPTORS) throw new Error('an acceptor has rings')
setImmediate(turn)
