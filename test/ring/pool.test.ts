// The chunk pool: all or nothing, a share kept for replies, nobody gets what somebody holds.

import t from 'tap'
import { CHUNK_BYTES, ChunkPool } from '../../src/ring/pool.ts'
import { startThread } from './support.ts'

function makePool(chunkCount: number): ChunkPool {
  return new ChunkPool(new SharedArrayBuffer(chunkCount * CHUNK_BYTES + 64))
}

t.test('takes all that is wanted or nothing', async (t) => {
  const pool = makePool(40)
  const chunks: number[] = []
  t.ok(pool.take(0, chunks))
  t.same(chunks, [])
  t.ok(pool.take(1, chunks))
  t.equal(chunks.length, 1)
  const more: number[] = []
  t.ok(pool.take(CHUNK_BYTES * 39, more), 'all that is left, over both words of the bitmap')
  t.equal(new Set([...chunks, ...more]).size, 40)
  t.equal(pool.takenCount(), 40)
  const none: number[] = [5]
  t.notOk(pool.take(1, none))
  t.same(none, [])
  pool.release(31)
  t.notOk(pool.take(CHUNK_BYTES + 1, none))
  t.equal(pool.takenCount(), 39, 'the one that was free still is')
  t.ok(pool.take(CHUNK_BYTES, none))
  t.same(none, [31])
})

t.test('requests leave a quarter to the replies', async (t) => {
  for (const chunkCount of [4, 40, 200]) {
    const pool = makePool(chunkCount)
    const chunks: number[] = []
    t.equal(pool.requestBytesMax(), (chunkCount - (chunkCount >> 2)) * CHUNK_BYTES)
    t.notOk(pool.takeForRequest(pool.requestBytesMax() + 1, chunks))
    t.ok(pool.takeForRequest(pool.requestBytesMax(), chunks))
    t.notOk(pool.takeForRequest(1, []))
    t.ok(pool.take((chunkCount >> 2) * CHUNK_BYTES, []))
    t.equal(pool.takenCount(), chunkCount)
  }
})

t.test('chunks side by side are taken first, others when there are none', async (t) => {
  const pool = makePool(12)
  const first: number[] = []
  const second: number[] = []
  const third: number[] = []
  t.ok(pool.take(CHUNK_BYTES * 3, first))
  t.ok(pool.take(CHUNK_BYTES * 3, second))
  t.ok(pool.take(CHUNK_BYTES * 3, third))
  t.same(
    [first, second, third],
    [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ],
  )
  for (const chunk of second) pool.release(chunk)
  const fitting: number[] = []
  t.ok(pool.takeForRequest(CHUNK_BYTES * 3, fitting))
  t.same(fitting, [3, 4, 5], 'the gap')
  for (const chunk of fitting) pool.release(chunk)
  const scattered: number[] = []
  t.ok(pool.take(CHUNK_BYTES * 5, scattered))
  t.same(
    scattered.toSorted((a, b) => a - b),
    [3, 4, 5, 9, 10],
  )
  t.equal(pool.takenCount(), 11)
})

t.test('great requests have a part of their own, in one run', async (t) => {
  const great = CHUNK_BYTES * 100
  const pool = new ChunkPool(new SharedArrayBuffer(CHUNK_BYTES * 20 + 64 + great), great)
  t.equal(pool.chunkCount, 20)
  t.equal(pool.requestBytesMax(), great)
  const chunks: number[] = []
  t.ok(pool.takeForRequest(CHUNK_BYTES * 16, chunks), 'one more than the shared part has')
  t.same(chunks.slice(0, 2), [20, 21], 'low ones first')
  const more: number[] = []
  t.ok(pool.takeForRequest(CHUNK_BYTES * 84, more))
  t.equal(more[83], 119)
  t.notOk(pool.takeForRequest(CHUNK_BYTES * 16, []), 'all taken')
  t.ok(pool.take(CHUNK_BYTES * 20, []), 'and nothing of the others')
  t.notOk(pool.take(1, []))
  for (const chunk of chunks.slice(1)) pool.release(chunk)
  t.notOk(pool.takeForRequest(CHUNK_BYTES * 16, []), 'only whole runs')
  t.equal(pool.takenCount(), 120 - 15)
  pool.viewFrom(119, CHUNK_BYTES)[CHUNK_BYTES - 1] = 7
  t.equal(pool.bytes[120 * CHUNK_BYTES - 1], 7)
  pool.wordsFrom(20, 1)[0] = 9
  t.equal(pool.words[(20 * CHUNK_BYTES) >> 2], 9)
})

t.test('chunks lie apart and inside the buffer', async (t) => {
  for (const byteLength of [CHUNK_BYTES * 3 + 64, CHUNK_BYTES * 4, CHUNK_BYTES * 600]) {
    const pool = new ChunkPool(new SharedArrayBuffer(byteLength))
    t.ok(pool.chunkByte(pool.chunkCount) <= pool.bytes.length)
    t.equal(pool.chunkByte(1) - pool.chunkByte(0), CHUNK_BYTES)
    t.equal(pool.words.length, pool.bytes.length >> 2)
  }
})

t.test('a pool of the largest budget: offsets above 2^31', async (t) => {
  // Reserved, never touched but for one word.
  const pool = new ChunkPool(new SharedArrayBuffer(4_294_967_296))
  t.equal(pool.words.length * 4, pool.bytes.length)
  const word = pool.chunkByte(pool.chunkCount - 1) / 4
  pool.words[word] = 77
  t.equal(pool.bytes[pool.chunkByte(pool.chunkCount - 1)], 77)
})

t.test('three threads never hold the same chunk', async (t) => {
  const buffer = new SharedArrayBuffer(CHUNK_BYTES * 12 + 64)
  const rounds = 30_000
  const threads = [1, 2, 3].map((mark) => startThread('pool-taker.ts', { buffer, mark, rounds }))
  for (const { ended } of threads) {
    const { doubles, refused } = (await ended) as { doubles: number; refused: number }
    t.equal(doubles, 0)
    t.ok(refused < rounds, `refused ${refused} of ${rounds}`)
  }
  t.equal(new ChunkPool(buffer).takenCount(), 0)
})
