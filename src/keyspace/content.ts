// What a key holds as columns of elements (rdb/content.ts), whatever its type: how values come out
// of payloads and go into them, to another key, another shard or another database.
//
//   entry ── collectContent ──▶ RdbContent ── storeContent ──▶ the effect that stores the type
//   entry ── dumpEntry ───────▶ payload ────── RdbReader ────▶ RdbContent
//
// There is no effect of its own: the log gets what HASH_STORE and its like say, which replay knows.

import {
  EFFECT_HASH_STORE,
  EFFECT_LIST_STORE,
  EFFECT_SET_STORE,
  EFFECT_STRING_SET,
  EFFECT_ZSET_STORE,
} from '../log/codes.ts'
import type { Arena } from '../memory/arena.ts'
import { EncodingLimits } from '../memory/encoding-limits.ts'
import { entryType } from '../memory/entry.ts'
import {
  COLLECTION_INTEGERS,
  COLLECTION_LARGE,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  TYPE_ZSET,
} from '../memory/layout.ts'
import {
  CONTENT_HASH,
  CONTENT_LIST,
  CONTENT_SET,
  CONTENT_STRING,
  CONTENT_ZSET,
  type RdbContent,
} from '../rdb/content.ts'
import type { RdbWriter } from '../rdb/writer.ts'
import { collectHash, dumpHash } from './content-hash.ts'
import { collectList, dumpList } from './content-list.ts'
import { collectSet, dumpSet } from './content-set.ts'
import { collectString, dumpString } from './content-string.ts'
import { collectZset, dumpZset } from './content-zset.ts'
import { hashStore } from './hash-effects.ts'
import { listStore } from './list-effects.ts'
import type { EffectRecord } from './record.ts'
import { setStore } from './set-effects.ts'
import type { ShardSide } from './side.ts'
import { stringSet } from './string-effects.ts'
import { zsetStore } from './zset-effects.ts'

interface ContentType {
  readonly content: number
  /** The effect that stores it, and its code. */
  readonly code: number
  readonly store: (side: ShardSide, expiryMs: number) => number
  /** false: larger than a content may be. */
  readonly collect: (arena: Arena, entry: number, content: RdbContent) => boolean
  readonly dump: (arena: Arena, entry: number, writer: RdbWriter) => void
}

const STRING: ContentType = {
  content: CONTENT_STRING,
  code: EFFECT_STRING_SET,
  store: stringSet,
  collect: collectString,
  dump: dumpString,
}
const HASH: ContentType = {
  content: CONTENT_HASH,
  code: EFFECT_HASH_STORE,
  store: hashStore,
  collect: collectHash,
  dump: dumpHash,
}
const LIST: ContentType = {
  content: CONTENT_LIST,
  code: EFFECT_LIST_STORE,
  store: listStore,
  collect: collectList,
  dump: dumpList,
}
const SET: ContentType = {
  content: CONTENT_SET,
  code: EFFECT_SET_STORE,
  store: setStore,
  collect: collectSet,
  dump: dumpSet,
}
const ZSET: ContentType = {
  content: CONTENT_ZSET,
  code: EFFECT_ZSET_STORE,
  store: zsetStore,
  collect: collectZset,
  dump: dumpZset,
}
const TYPES = [STRING, LIST, SET, HASH, ZSET]
const byType: ContentType[] = []
byType[TYPE_STRING] = STRING
byType[TYPE_LIST] = LIST
byType[TYPE_SET] = SET
byType[TYPE_HASH] = HASH
byType[TYPE_ZSET] = ZSET
const byContent: ContentType[] = []
for (const type of TYPES) byContent[type.content] = type

/** Fills `content` with what an entry holds. false: it is larger than a content may be. */
export function collectContent(arena: Arena, entry: number, content: RdbContent): boolean {
  const type = byType[entryType(arena, entry)]
  content.reset(type.content)
  return type.collect(arena, entry, content)
}

/** Writes type and body of an entry's payload; `finish` follows. */
export function dumpEntry(arena: Arena, entry: number, writer: RdbWriter): void {
  byType[entryType(arena, entry)].dump(arena, entry, writer)
}

/** Makes the content what the next effect on the record's key stores. */
export function loadContent(record: EffectRecord, content: RdbContent): void {
  const { bytes, starts, lengths, count } = content
  if (content.type === CONTENT_STRING) {
    record.setValue(bytes, starts[0], lengths[0])
    return
  }
  const scores = content.type === CONTENT_ZSET ? content.scores : null
  record.setItems(bytes, starts, lengths, 0, 1, count, scores)
}

/** The code of the effect that storeContent calls. */
export function contentCode(content: RdbContent): number {
  return byContent[content.type].code
}

/** Replaces whatever the record's key holds by the content, which has nothing twice. */
export function storeContent(side: ShardSide, content: RdbContent, expiryMs: number): number {
  loadContent(side.record, content)
  return byContent[content.type].store(side, expiryMs)
}

// ── Encodings ──────────────────────────────────────────────────────────────────────────────────

const PACKED = limitsOf(Infinity, 0)
const INTEGERS = limitsOf(0, Infinity)
const LARGE = limitsOf(0, 0)

function limitsOf(packedMax: number, integersMax: number): EncodingLimits {
  const limits = new EncodingLimits()
  limits.hashEntriesMax = packedMax
  limits.hashValueBytesMax = packedMax
  limits.setEntriesMax = packedMax
  limits.setValueBytesMax = packedMax
  limits.setIntegersMax = integersMax
  limits.zsetEntriesMax = packedMax
  limits.zsetValueBytesMax = packedMax
  return limits
}

/**
 * storeContent that keeps the encoding of the entry from which the content was collected: RENAME
 * and COPY do not convert. [redis-7.0 db.c] Replay may: encodings are never what data are.
 */
export function storeContentAs(
  side: ShardSide,
  content: RdbContent,
  expiryMs: number,
  encoding: number,
): number {
  const { limits } = side
  side.limits = keepingLimits(limits, content, encoding)
  const outcome = storeContent(side, content, expiryMs)
  side.limits = limits
  return outcome
}

/** Lists have one name for all encodings, strings have no limits. */
function keepingLimits(
  limits: EncodingLimits,
  content: RdbContent,
  encoding: number,
): EncodingLimits {
  if (content.type === CONTENT_STRING || content.type === CONTENT_LIST) return limits
  if (encoding === COLLECTION_LARGE) return LARGE
  return encoding === COLLECTION_INTEGERS ? INTEGERS : PACKED
}
