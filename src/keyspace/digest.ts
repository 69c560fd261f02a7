// A number for all that a shard's side holds, the same on every side that holds the same: it
// depends neither on the order of keys, members and fields, nor on encodings, nor on the hash key.
//
//   database, key, type, expiry ─┐
//   content ─────────────────────┴─▶ 2 × 32 bits a key ─▶ added up
//
// A string and a list are read in order, of the others each member (with its score or value) is
// hashed by itself and added up. Not against forgery: for tests and for comparing two sides.

import { halfSipHash } from '../base/half-siphash.ts'
import { DATABASE_COUNT } from '../base/limits.ts'
import type { Arena } from '../memory/arena.ts'
import { databaseRoot } from '../memory/database.ts'
import { dictionaryScan, results } from '../memory/dictionary-walk.ts'
import { entryExpiry, entryKeyLength, entryKeyStart, entryType } from '../memory/entry.ts'
import { SEGMENT_SHIFT } from '../memory/layout.ts'
import { CONTENT_HASH, CONTENT_LIST, CONTENT_ZSET, type RdbContent } from '../rdb/content.ts'
import { collectContent } from './content.ts'

const HEAD_BYTES = 24
const ROUND_BYTES = 24
const LEFT_KEY = 0x6b637664
const RIGHT_KEY = 0x64696765

const head = new DataView(new ArrayBuffer(HEAD_BYTES))
const headBytes = new Uint8Array(head.buffer)
const round = new DataView(new ArrayBuffer(ROUND_BYTES))
const roundBytes = new Uint8Array(round.buffer)

/** Of the function that ran last. */
const pair = { left: 0, right: 0 }

function hashPair(bytes: Uint8Array, start: number, length: number): void {
  pair.left = halfSipHash(LEFT_KEY, RIGHT_KEY, bytes, start, length)
  pair.right = halfSipHash(RIGHT_KEY, LEFT_KEY, bytes, start, length)
}

/**
 * 16 hexadecimal digits, of several sides together. Keys that are over but still there count.
 * `content` is room for the largest value. Holds the tokens for as long as it takes; '' if a value
 * is larger than a content may be.
 */
export function digestOf(arenas: readonly Arena[], content: RdbContent): string {
  let left = 0
  let right = 0
  for (const arena of arenas) {
    if (!digestArena(arena, content)) return ''
    left = (left + total.left) | 0
    right = (right + total.right) | 0
  }
  return hexadecimal(left) + hexadecimal(right)
}

/** Of the arena that was read last. */
const total = { left: 0, right: 0 }

function digestArena(arena: Arena, content: RdbContent): boolean {
  let left = 0
  let right = 0
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const root = databaseRoot(arena, database)
    if (root === 0) continue
    let cursor = 0
    do {
      cursor = dictionaryScan(arena, root, cursor)
      // A copy: collecting a value walks through a dictionary too.
      for (const entry of results.slice(0, arena.resultCount)) {
        if (!digestEntry(arena, database, entry, content)) return false
        left = (left + pair.left) | 0
        right = (right + pair.right) | 0
      }
    } while (cursor !== 0)
  }
  total.left = left
  total.right = right
  return true
}

function hexadecimal(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}

function digestEntry(arena: Arena, database: number, entry: number, content: RdbContent): boolean {
  if (!collectContent(arena, entry, content)) return false
  digestContent(content)
  const { left, right } = pair
  hashPair(
    arena.bytes[entry >>> SEGMENT_SHIFT],
    entryKeyStart(arena, entry),
    entryKeyLength(arena, entry),
  )
  head.setInt32(0, left ^ (database << 8) ^ entryType(arena, entry))
  head.setInt32(4, right)
  head.setInt32(8, pair.left)
  head.setInt32(12, pair.right)
  head.setFloat64(16, entryExpiry(arena, entry))
  hashPair(headBytes, 0, HEAD_BYTES)
  return true
}

function digestContent(content: RdbContent): void {
  const { bytes, starts, lengths, scores, count, type } = content
  const step = type === CONTENT_HASH ? 2 : 1
  let left = 0
  let right = 0
  for (let index = 0; index < count; index += step) {
    hashPair(bytes, starts[index], lengths[index])
    round.setInt32(0, pair.left)
    round.setInt32(4, pair.right)
    round.setInt32(8, type === CONTENT_LIST ? index : 0)
    round.setFloat64(16, type === CONTENT_ZSET ? scores[index] : 0)
    if (type === CONTENT_HASH) {
      hashPair(bytes, starts[index + 1], lengths[index + 1])
      round.setInt32(8, pair.left)
      round.setInt32(12, pair.right)
    } else {
      round.setInt32(12, 0)
    }
    hashPair(roundBytes, 0, ROUND_BYTES)
    left = (left + pair.left) | 0
    right = (right + pair.right) | 0
  }
  pair.left = left
  pair.right = right
}
