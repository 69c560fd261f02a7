// Walks a whole arena and says what is wrong with it: every byte belongs to exactly one block,
// every allocated block is reached exactly once, every count and bound is true. For tests, for
// `ckv` tools and after a recovery in doubt; it allocates freely and is slow.
//
// Two passes: checker-blocks.ts reads the memory as the allocator sees it and lists all allocated
// blocks; this file then walks from the roots and claims them (checker-claims.ts).

import { DATABASE_COUNT, SLOT_COUNT } from '../base/limits.ts'
import { type Arena, arenaMismatch } from './arena.ts'
import { readBlocks } from './checker-blocks.ts'
import { Claims, FINDINGS_MAX } from './checker-claims.ts'
import { checkList, packedProblem } from './checker-collections.ts'
import { checkOrder, packedOrderProblem } from './checker-order.ts'
import { isLargeCollection, largeRoot } from './collection.ts'
import { boundSeconds } from './dictionary-page.ts'
import { elementByteLength, rootKind } from './element.ts'
import {
  CHUNK_ALLOCATION_MIN,
  chunkAddress,
  chunkCountFor,
  entryByteLength,
  entryExpiry,
  entryIsChunked,
  entryType,
  entryValueLength,
} from './entry.ts'
import {
  ADDRESS_MASK,
  CHAIN_PAGES_MAX,
  COUNT_WORD,
  DATABASES_WORD,
  DEPTH_MAX,
  DEPTH_WORD,
  DICTIONARY_ROOT_BYTES,
  DIRECTORY_WORD,
  EXPIRING_WORD,
  KIND_KEYS,
  KIND_LIST,
  KIND_ZSET,
  NEXT_EXPIRY_DOUBLE,
  NO_EXPIRY,
  PAGE_BOUND_WORD,
  PAGE_BYTES,
  PAGE_COUNT_WORD,
  PAGE_DEPTH_WORD,
  PAGE_OVERFLOW_WORD,
  PAGE_SLOTS,
  PAGE_SLOTS_WORD,
  PAGES_AT_DEPTH_WORD,
  PAGES_WORD,
  PASS_EXPIRY_DOUBLE,
  QUEUE_NEXT_WORD,
  RELEASE_HEAD_WORD,
  RELEASE_INDEX_WORD,
  RELEASE_PENDING_DOUBLE,
  RELEASE_TAIL_WORD,
  SEGMENT_SHIFT,
  SLOT_COUNTS_WORD,
  SWEEP_CURSOR_WORD,
  TYPE_LIST,
  TYPE_STRING,
  TYPE_ZSET,
  UNIT_MASK,
} from './layout.ts'

/** What a check knows besides the arena. */
export interface CheckOptions {
  /** Roots of dictionaries that are not databases, and blocks that the caller itself holds. */
  dictionaries?: readonly number[]
  blocks?: readonly { address: number; byteLength: number }[]
  /** The caller keeps the key counts per slot, so their sum must be the database's count. */
  slotCounts?: boolean
}

interface Tally {
  count: number
  expiring: number
  pages: number
  earliestMs: number
  /** Earliest expiry among hashes below the sweep's cursor. */
  earliestPassedMs: number
  pagesAtDepth: number[]
  /** Of a sorted set only. */
  elements: Set<number>
}

/** Everything that is wrong, as one line each (at most 100); empty = the arena is sound. */
export function checkArena(arena: Arena, options: CheckOptions = {}): string[] {
  const findings: string[] = []
  const mismatch = arenaMismatch(arena)
  if (mismatch !== '') return [mismatch]
  const blocks = readBlocks(arena, findings)
  const claims = new Claims(arena, blocks, findings)
  for (const block of options.blocks ?? []) claims.take(block.address, block.byteLength, 'held')
  for (const root of options.dictionaries ?? []) checkDictionary(claims, root, `root ${root}`)
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const root = arena.words[0][DATABASES_WORD + database]
    if (root === 0) continue
    const name = `database ${database}`
    const count = checkDictionary(claims, root, name)
    checkSlotCounts(claims, root, options.slotCounts === true ? count : -1, name)
  }
  checkReleaseQueue(claims)
  claims.finish()
  return findings.slice(0, FINDINGS_MAX)
}

/** Claims a dictionary with everything in it; returns the number of its entries. */
function checkDictionary(claims: Claims, root: number, name: string, detached = false): number {
  const arena = claims.arena
  if (!claims.take(root, DICTIONARY_ROOT_BYTES, `${name} root`)) return 0
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  const depth = words[rootWord + DEPTH_WORD]
  const directory = words[rootWord + DIRECTORY_WORD]
  const tally: Tally = {
    count: 0,
    expiring: 0,
    pages: 0,
    earliestMs: Infinity,
    earliestPassedMs: Infinity,
    pagesAtDepth: new Array(DEPTH_MAX + 1).fill(0),
    elements: new Set(),
  }
  if (depth < 0 || depth > DEPTH_MAX) {
    claims.find(`${name}: depth ${depth}`)
    return 0
  }
  if (directory === 0) {
    if (words[rootWord + COUNT_WORD] !== 0) claims.find(`${name}: entries but no directory`)
    return 0
  }
  if (!claims.take(directory, 4 << depth, `${name} directory`)) return 0
  const table = arena.words[directory >>> SEGMENT_SHIFT]
  const tableWord = (directory & UNIT_MASK) << 1
  const sweepCursor = words[rootWord + SWEEP_CURSOR_WORD] >>> 0
  const kind = rootKind(arena, root)
  let index = detached ? words[rootWord + RELEASE_INDEX_WORD] : 0
  while (index < 1 << depth) {
    const page = table[tableWord + index]
    const span = checkChain(claims, page, index, depth, tally, sweepCursor, name, kind)
    if (span === 0) return tally.count
    for (let at = index; at < index + span; at++) {
      if (table[tableWord + at] !== page) claims.find(`${name}: directory ${at} is not ${page}`)
    }
    index += span
  }
  if (detached) return tally.count
  checkTally(claims, root, tally, name)
  if (kind === KIND_ZSET) checkOrder(claims, root, tally.elements, name)
  return tally.count
}

/** Claims a page and its overflow pages; returns how many directory places it fills, 0 = stop. */
function checkChain(
  claims: Claims,
  first: number,
  index: number,
  depth: number,
  tally: Tally,
  sweepCursor: number,
  name: string,
  kind: number,
): number {
  const arena = claims.arena
  let localDepth = depth
  let length = 0
  for (let page = first; page !== 0 || length === 0; ) {
    if (!claims.take(page, PAGE_BYTES, `${name} page`)) return 0
    const words = arena.words[page >>> SEGMENT_SHIFT]
    const pageWord = (page & UNIT_MASK) << 1
    if (length === 0) {
      localDepth = words[pageWord + PAGE_DEPTH_WORD]
      if (localDepth < 0 || localDepth > depth) {
        claims.find(`${name}: page ${page} has depth ${localDepth} under ${depth}`)
        return 0
      }
      if (index % 2 ** (depth - localDepth) !== 0) {
        claims.find(`${name}: page ${page} of depth ${localDepth} starts at place ${index}`)
        return 0
      }
      tally.pagesAtDepth[localDepth]++
    }
    tally.pages++
    if (++length > CHAIN_PAGES_MAX) claims.find(`${name}: chain of page ${first} is too long`)
    checkPage(claims, page, index, depth, localDepth, tally, sweepCursor, name, kind)
    page = words[pageWord + PAGE_OVERFLOW_WORD]
  }
  return 2 ** (depth - localDepth)
}

function checkPage(
  claims: Claims,
  page: number,
  index: number,
  depth: number,
  localDepth: number,
  tally: Tally,
  sweepCursor: number,
  name: string,
  kind: number,
): void {
  const arena = claims.arena
  const words = arena.words[page >>> SEGMENT_SHIFT]
  const pageWord = (page & UNIT_MASK) << 1
  const bound = words[pageWord + PAGE_BOUND_WORD] >>> 0
  const prefix = index >>> (depth - localDepth)
  let count = 0
  for (let slot = 0; slot < PAGE_SLOTS; slot++) {
    const word = pageWord + PAGE_SLOTS_WORD + slot * 2
    const reference = words[word + 1]
    if (reference === 0) continue
    count++
    if (kind === KIND_ZSET) tally.elements.add(reference & ADDRESS_MASK)
    const hash = words[word]
    const where = `${name}: page ${page} slot ${slot}`
    if ((hash >>> 1) >>> (31 - localDepth) !== prefix) {
      claims.find(`${where}: its hash belongs to another page`)
    }
    for (let at = ((hash & 0xff) * PAGE_SLOTS) >>> 8; at !== slot; at = (at + 1) % PAGE_SLOTS) {
      if (words[pageWord + PAGE_SLOTS_WORD + at * 2 + 1] !== 0) continue
      claims.find(`${where}: a gap before it hides it`)
      break
    }
    const expiryMs =
      kind === KIND_KEYS
        ? checkEntry(claims, reference & ADDRESS_MASK, where)
        : checkElement(claims, kind, reference & ADDRESS_MASK, where)
    if ((expiryMs !== NO_EXPIRY) !== reference < 0) claims.find(`${where}: wrong expiry flag`)
    if (expiryMs === NO_EXPIRY) continue
    tally.expiring++
    if (expiryMs < tally.earliestMs) tally.earliestMs = expiryMs
    if (hash >>> 0 < sweepCursor && expiryMs < tally.earliestPassedMs) {
      tally.earliestPassedMs = expiryMs
    }
    if (bound > boundSeconds(expiryMs)) claims.find(`${where}: the page's bound is too late`)
  }
  if (count !== words[pageWord + PAGE_COUNT_WORD]) {
    claims.find(`${name}: page ${page} counts ${words[pageWord + PAGE_COUNT_WORD]}, has ${count}`)
  }
  tally.count += count
}

/** Claims an entry and its chunks; returns its expiry. */
function checkEntry(claims: Claims, entry: number, where: string): number {
  const arena = claims.arena
  if (!claims.allocated(entry)) {
    claims.find(`${where}: entry ${entry} is not an allocated block`)
    return NO_EXPIRY
  }
  if (!claims.take(entry, entryByteLength(arena, entry), `${where} entry`)) return NO_EXPIRY
  if (entryIsChunked(arena, entry)) {
    const chunks = chunkCountFor(entryValueLength(arena, entry))
    for (let index = 0; index < chunks; index++) {
      const chunk = chunkAddress(arena, entry, index)
      claims.take(chunk, CHUNK_ALLOCATION_MIN, `${where} chunk ${index}`)
    }
  }
  if (entryType(arena, entry) !== TYPE_STRING) checkCollection(claims, entry, where)
  return entryExpiry(arena, entry)
}

/** Claims what belongs to a collection besides its entry. */
function checkCollection(claims: Claims, entry: number, where: string): void {
  const { arena } = claims
  if (!isLargeCollection(arena, entry)) {
    let problem = packedProblem(arena, entry)
    if (problem === '' && entryType(arena, entry) === TYPE_ZSET) {
      problem = packedOrderProblem(arena, entry)
    }
    if (problem !== '') claims.find(`${where}: ${problem}`)
    return
  }
  const root = largeRoot(arena, entry)
  if (!claims.allocated(root)) claims.find(`${where}: its root ${root} is not an allocated block`)
  else if (entryType(arena, entry) === TYPE_LIST) checkList(claims, root, where)
  else checkDictionary(claims, root, `${where} collection`)
}

/** Claims an element of a large collection; none has an expiry. */
function checkElement(claims: Claims, kind: number, element: number, where: string): number {
  const { arena } = claims
  if (!claims.allocated(element)) {
    claims.find(`${where}: element ${element} is not an allocated block`)
    return NO_EXPIRY
  }
  claims.take(element, elementByteLength(arena, kind, element), `${where} element`)
  return NO_EXPIRY
}

/** Compares what the root says with what was found. */
function checkTally(claims: Claims, root: number, tally: Tally, name: string): void {
  const segment = root >>> SEGMENT_SHIFT
  const words = claims.arena.words[segment]
  const doubles = claims.arena.doubles[segment]
  const unit = root & UNIT_MASK
  const rootWord = unit << 1
  const compare = (what: string, said: number, found: number): void => {
    if (said !== found) claims.find(`${name}: ${what} ${said}, found ${found}`)
  }
  compare('count', words[rootWord + COUNT_WORD], tally.count)
  compare('expiring count', words[rootWord + EXPIRING_WORD], tally.expiring)
  compare('pages', words[rootWord + PAGES_WORD], tally.pages)
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    const said = words[rootWord + PAGES_AT_DEPTH_WORD + depth]
    compare(`pages of depth ${depth}`, said, tally.pagesAtDepth[depth])
  }
  if (doubles[unit + NEXT_EXPIRY_DOUBLE] > tally.earliestMs) {
    claims.find(`${name}: next expiry bound is later than ${tally.earliestMs}`)
  }
  if (doubles[unit + PASS_EXPIRY_DOUBLE] > tally.earliestPassedMs) {
    claims.find(`${name}: the sweep's bound is later than ${tally.earliestPassedMs}`)
  }
}

/** Claims a database's table of key counts; `count` < 0 = the sum is not compared. */
function checkSlotCounts(claims: Claims, root: number, count: number, name: string): void {
  const arena = claims.arena
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const counts = words[((root & UNIT_MASK) << 1) + SLOT_COUNTS_WORD]
  if (counts === 0 || !claims.take(counts, SLOT_COUNT * 4, `${name} slot counts`)) return
  const table = arena.words[counts >>> SEGMENT_SHIFT]
  const first = (counts & UNIT_MASK) << 1
  let sum = 0
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (table[first + slot] < 0) claims.find(`${name}: slot ${slot} counts below zero`)
    sum += table[first + slot]
  }
  if (count >= 0 && sum !== count) claims.find(`${name}: slots count ${sum} keys, it has ${count}`)
}

function checkReleaseQueue(claims: Claims): void {
  const arena = claims.arena
  let pending = 0
  let last = 0
  for (let root = arena.words[0][RELEASE_HEAD_WORD]; root !== 0; ) {
    const before = claims.findings.length
    if (rootKind(arena, root) === KIND_LIST) pending += checkList(claims, root, `detached ${root}`)
    else pending += checkDictionary(claims, root, `detached ${root}`, true)
    if (claims.findings.length !== before) return
    if (rootKind(arena, root) === KIND_KEYS) checkSlotCounts(claims, root, -1, `detached ${root}`)
    last = root
    root = arena.words[root >>> SEGMENT_SHIFT][((root & UNIT_MASK) << 1) + QUEUE_NEXT_WORD]
  }
  if (arena.words[0][RELEASE_TAIL_WORD] !== last) claims.find('release queue: wrong tail')
  const counted = arena.doubles[0][RELEASE_PENDING_DOUBLE]
  if (arena.doubles[0][RELEASE_PENDING_DOUBLE] !== pending) {
    claims.find(`release queue: ${counted} entries pending, found ${pending}`)
  }
}
