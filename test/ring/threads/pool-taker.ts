// Takes and releases chunks as fast as it can, with its mark in each while it holds it.

import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../../../src/base/random.ts'
import { CHUNK_BYTES, ChunkPool } from '../../../src/ring/pool.ts'

const { buffer, mark, rounds } = workerData as {
  buffer: SharedArrayBuffer
  mark: number
  rounds: number
}
const pool = new ChunkPool(buffer)
const random = new SeededRandom(mark)
const chunks: number[] = []
let doubles = 0
let refused = 0
for (let round = 0; round < rounds; round++) {
  const byteLength = 1 + random.below(CHUNK_BYTES * 5)
  const taken =
    (round & 1) === 0 ? pool.take(byteLength, chunks) : pool.takeForRequest(byteLength, chunks)
  if (!taken) {
    refused++
    continue
  }
  for (const chunk of chunks) {
    const word = pool.chunkByte(chunk) >> 2
    if (Atomics.compareExchange(pool.words, word, 0, mark) !== 0) doubles++
  }
  for (let spin = random.below(200); spin > 0; spin--) Atomics.load(pool.words, 0)
  for (const chunk of chunks) {
    const word = pool.chunkByte(chunk) >> 2
    if (Atomics.compareExchange(pool.words, word, mark, 0) !== mark) doubles++
    pool.release(chunk)
  }
}
parentPort?.postMessage({ doubles, refused })
