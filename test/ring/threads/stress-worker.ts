// The worker's end of the stress test: shard/loop.ts and executor/serve.ts without commands. Each
// request is answered with its own body, under the shard's token, by whichever worker takes it.
//
// It sleeps without a time-out that could help: what nobody rings for stalls the test. Requests
// that find no room for their replies are left; the acceptor announces them when it made room.

import { parentPort, workerData } from 'node:worker_threads'
import { copyBytes } from '../../../src/base/copy.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import {
  anyRequestsReady,
  claimRequests,
  markRepliesReady,
  nextReadyShard,
  ringBell,
  sleepOnBell,
} from '../../../src/ring/bell.ts'
import {
  COMMAND_HEADER_WORDS,
  REQUEST_CHUNKED,
  REQUEST_HEADER_WORDS,
} from '../../../src/ring/layout.ts'
import { ChunkPool } from '../../../src/ring/pool.ts'
import { ReplySheet, writeReplies } from '../../../src/ring/replies.ts'
import { chunksOfExtents, gatherBytes } from '../../../src/ring/requests.ts'
import {
  advanceHead,
  attachRing,
  freeBytes,
  giveBack,
  peek,
  publish,
  type Ring,
  readable,
} from '../../../src/ring/ring.ts'
import { NOT_TAKEN, releaseToken, tryTakeToken } from '../../../src/ring/token.ts'
import { sideRow } from '../../../src/rows/layout.ts'
import { Rows } from '../../../src/rows/rows.ts'
import {
  ACCEPTORS,
  announceRequests,
  jitter,
  linger,
  SHARDS,
  STOP_WORD,
  type StressThread,
  sharedFill,
  stressReplyRing,
  stressRequestRing,
} from '../stress-plan.ts'

const { plan, thread, index } = workerData as StressThread
const SLEEP_MS = 60_000
const POOL_RETRY_MS = 1
const RECORDS_PER_HOLD_MAX = 64
const rows = new Rows(plan.rows)
const control = new Int32Array(plan.control)
const pool = new ChunkPool(plan.pool)
const random = new SeededRandom(plan.seed ^ thread)
const requests: Ring[] = []
const replies: Ring[] = []
for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
  for (let shard = 0; shard < SHARDS; shard++) {
    requests.push(stressRequestRing(plan, rows, acceptor, shard))
    replies.push(stressReplyRing(plan, rows, acceptor, shard))
  }
}
const sheet = new ReplySheet()
const out = new Uint8Array(1 << 20)
let outLength = 0
let poolEmpty = false
let handOvers = 0

/** A record's replies need at most a quarter of the ring, and as much may be lost at its end. */
const roomWanted = plan.ringBytes >> 1

/** Is there work that can be done? What a worker that gives a token back looks for. */
function servable(shard: number): boolean {
  for (let at = shard; at < requests.length; at += SHARDS) {
    if (sharedFill(requests[at]) === 0) continue
    if (plan.ringBytes - sharedFill(replies[at]) >= roomWanted) return true
  }
  return false
}

function answer(bytes: Uint8Array, words: Int32Array, at: number): void {
  const word = at >> 2
  const start = at + words[word + COMMAND_HEADER_WORDS]
  const length = words[word + COMMAND_HEADER_WORDS + 1]
  copyBytes(bytes, start, out, outLength, length)
  outLength += length
  sheet.add(words[word + 1], length)
}

function answerRecord(ring: Ring, position: number): void {
  const { words } = ring
  const word = position >> 2
  sheet.start(words[word + 1], words[word + 2])
  outLength = 0
  if (((words[word + 4] >>> 16) & REQUEST_CHUNKED) !== 0) {
    const big = new Uint8Array((words[word + 5] + 3) & ~3)
    const chunks = chunksOfExtents(words, word + 7, words[word + 6])
    gatherBytes(pool, chunks, words[word + 5], big, 0)
    answer(big, new Int32Array(big.buffer), 0)
    return
  }
  let at = position + REQUEST_HEADER_WORDS * 4
  for (let left = words[word + 3]; left > 0; left--) {
    answer(ring.bytes, words, at)
    at += words[at >> 2]
  }
}

function serveAcceptor(shard: number, acceptor: number): void {
  const at = acceptor * SHARDS + shard
  const ring = requests[at]
  attachRing(ring)
  attachRing(replies[at])
  const start = ring.head
  for (let records = 0; records < RECORDS_PER_HOLD_MAX && readable(ring); records++) {
    if (freeBytes(replies[at]) < roomWanted) break
    const position = peek(ring)
    answerRecord(ring, position)
    if (!writeReplies(replies[at], pool, sheet, 2 ** 40, out, 0, outLength)) {
      poolEmpty = true
      break
    }
    advanceHead(ring, ring.words[position >> 2])
    jitter(random)
  }
  if (ring.head === start) return
  publish(replies[at])
  jitter(random)
  giveBack(ring)
  markRepliesReady(rows, 1 + acceptor, shard)
  jitter(random)
  ringBell(rows, 1 + acceptor)
}

function serve(shard: number): void {
  const held = tryTakeToken(rows, sideRow(shard, 0), thread)
  if (held === NOT_TAKEN) {
    handOvers++
    return
  }
  for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) serveAcceptor(shard, acceptor)
  jitter(random)
  if (!releaseToken(rows, sideRow(shard, 0), held)) throw new Error('nobody fences here')
  jitter(random)
  if (servable(shard)) announceRequests(rows, shard)
}

const stopped = (): boolean => Atomics.load(control, STOP_WORD) !== 0
/** Late between the flag and the look, and between the look and the wait. */
function hasWork(): boolean {
  linger(random)
  const ready = anyRequestsReady(rows) || stopped()
  linger(random)
  return ready
}
let missed = 0
while (!stopped()) {
  const shard = nextReadyShard(rows, index)
  if (shard < 0) {
    jitter(random)
    if (sleepOnBell(rows, thread, hasWork, SLEEP_MS)) missed++
    continue
  }
  jitter(random)
  if (!claimRequests(rows, shard)) continue
  jitter(random)
  poolEmpty = false
  serve(shard)
  if (!poolEmpty) continue
  // Chunks come back from acceptors that do not ring for them.
  sleepOnBell(rows, thread, stopped, POOL_RETRY_MS)
  announceRequests(rows, shard)
}
parentPort?.postMessage({ missed, handOvers })
