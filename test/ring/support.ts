// Rings whose cursors start anywhere, and records read back as layout.ts draws them.

import { Worker } from 'node:worker_threads'
import {
  COMMAND_HEADER_WORDS,
  REPLY_CHUNKED,
  REPLY_HEADER_WORDS,
  REQUEST_CHUNKED,
  REQUEST_HEADER_WORDS,
} from '../../src/ring/layout.ts'
import type { ChunkPool } from '../../src/ring/pool.ts'
import { replyLsn } from '../../src/ring/replies.ts'
import { chunksOfExtents, gatherBytes } from '../../src/ring/requests.ts'
import { advanceHead, peek, Ring } from '../../src/ring/ring.ts'

/** Cursors from here on cross the sign bit, and zero, after a few words. */
export const STARTS = [0, 0x7fff_ffe0, -0x20]

/** Both ends of a ring: two views over the same bytes and words, as two threads have them. */
export function ringPair(byteLength: number, start = 0): { producer: Ring; consumer: Ring } {
  const buffer = new SharedArrayBuffer(byteLength)
  const cursors = new Int32Array(new SharedArrayBuffer(256))
  cursors[0] = start
  cursors[32] = start
  const make = (): Ring => new Ring(buffer, 0, byteLength, cursors, 0, cursors, 32)
  return { producer: make(), consumer: make() }
}

export interface ReadCommand {
  readonly sequence: number
  readonly code: number
  readonly argCount: number
  /** Arguments 1..n-1. */
  readonly values: Uint8Array[]
}

export interface ReadRequest {
  readonly slot: number
  readonly generation: number
  readonly attributes: number
  readonly commands: ReadCommand[]
}

/** Reads the next request record and steps over it. */
export function readRequest(ring: Ring, pool: ChunkPool): ReadRequest {
  const position = peek(ring)
  const word = position >> 2
  const { words } = ring
  const attributes = words[word + 4]
  const commands: ReadCommand[] = []
  if (((attributes >>> 16) & REQUEST_CHUNKED) !== 0) {
    const big = new Uint8Array((words[word + 5] + 3) & ~3)
    const chunks = chunksOfExtents(words, word + 7, words[word + 6])
    gatherBytes(pool, chunks, words[word + 5], big, 0)
    for (const chunk of chunks) pool.release(chunk)
    commands.push(readCommand(big, new Int32Array(big.buffer), 0))
  } else {
    let at = position + REQUEST_HEADER_WORDS * 4
    for (let index = 0; index < words[word + 3]; index++) {
      commands.push(readCommand(ring.bytes, words, at))
      at += words[at >> 2]
    }
  }
  advanceHead(ring, words[word])
  return { slot: words[word + 1], generation: words[word + 2], attributes, commands }
}

function readCommand(bytes: Uint8Array, words: Int32Array, at: number): ReadCommand {
  let word = at >> 2
  const sequence = words[word + 1]
  const code = words[word + 2] & 0xffff
  const argCount = words[word + 3]
  const values: Uint8Array[] = []
  word += COMMAND_HEADER_WORDS
  for (let index = 1; index < argCount; index++) {
    const start = at + words[word++]
    values.push(bytes.slice(start, start + words[word++]))
  }
  return { sequence, code, argCount, values }
}

export interface ReadReplies {
  readonly slot: number
  readonly generation: number
  readonly flags: number
  readonly lsn: number
  readonly sequences: number[]
  readonly values: Uint8Array[]
}

/** Reads the next reply record and steps over it. */
export function readReplies(ring: Ring, pool: ChunkPool): ReadReplies {
  const position = peek(ring)
  const { words } = ring
  const word = position >> 2
  const count = words[word + 3] & 0xffff
  const flags = words[word + 3] >>> 16
  const pairs = word + REPLY_HEADER_WORDS
  let bytes = ring.bytes
  let at = (pairs + count * 2) << 2
  if ((flags & REPLY_CHUNKED) !== 0) {
    const chunkWord = pairs + count * 2
    const chunks = words.slice(chunkWord + 1, chunkWord + 1 + words[chunkWord])
    bytes = new Uint8Array(words[word + 6])
    gatherBytes(pool, chunks, bytes.length, bytes, 0)
    for (const chunk of chunks) pool.release(chunk)
    at = 0
  }
  const sequences: number[] = []
  const values: Uint8Array[] = []
  for (let index = 0; index < count; index++) {
    sequences.push(words[pairs + index * 2])
    const length = words[pairs + index * 2 + 1]
    values.push(bytes.slice(at, at + length))
    at += length
  }
  const lsn = replyLsn(ring, position)
  advanceHead(ring, words[word])
  return { slot: words[word + 1], generation: words[word + 2], flags, lsn, sequences, values }
}

export interface StartedThread {
  readonly worker: Worker
  /** What the thread posted last, when it ends. Rejects when it throws. */
  readonly ended: Promise<unknown>
}

/** Starts an entry of `threads/`. */
export function startThread(entry: string, workerData: unknown): StartedThread {
  const worker = new Worker(new URL(`threads/${entry}`, import.meta.url), { workerData })
  let last: unknown = null
  const ended = new Promise((resolve, reject) => {
    worker.on('message', (message) => {
      last = message
    })
    worker.on('error', reject)
    worker.on('exit', () => resolve(last))
  })
  return { worker, ended }
}
