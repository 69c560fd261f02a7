// The key that a command is at, where it was found, and what an effect does to it and records.
// One a side and thread, used again and again, so that no step takes a dozen arguments:
//
//   command, replay:  setKey -> (lookup) -> setValue -> effect
//   effect:           setEffect -> locate -> allocate -> change -> append
//
// The bytes stay the caller's: they must hold still until the effect has returned.
//
// Effects on collections take items instead of a value: elements, fields and values, members. All
// lie in the same bytes, e.g. a command's arguments, of which nothing is copied. In the log their
// encoding is the record's value (items.ts).

import type { ShardLog } from '../log/writer.ts'
import { encodeItems, itemsByteLength } from './items.ts'

const NO_BYTES = new Uint8Array(0)
const NO_OFFSETS = new Int32Array(0)
/** The record has a value, not items. */
export const NO_ITEMS = -1

export class EffectRecord {
  database = 0
  key: Uint8Array
  keyStart = 0
  keyLength = 0
  /** hashOfKey of the key. */
  hash = 0

  /** True: the next five are right. Whatever moves a slot of the dictionary says false. */
  located = false
  /** Root of the key's database, 0 if it is not there yet. */
  root = 0
  /** The key's entry, 0 if there is none. */
  entry = 0
  /** The slot that holds the entry; without meaning if there is none. */
  page = 0
  slot = 0

  /**
   * True: lookup found the key expired and could not remove it. Nothing may be built upon what is
   * there. Right until the next setKey.
   */
  hidden = false

  value: Uint8Array
  valueStart = 0
  valueLength = 0

  /** Item i lies at itemStarts[itemFirst + i * itemStep]; NO_ITEMS: there is a plain value. */
  itemBytes: Uint8Array = NO_BYTES
  itemStarts: Int32Array = NO_OFFSETS
  itemLengths: Int32Array = NO_OFFSETS
  itemFirst = 0
  itemStep = 1
  itemCount = NO_ITEMS
  /** Scores of the items, by i; null: they have none. */
  itemScores: Float64Array | null = null

  /** Elements that the last effect on a collection added or removed. */
  changed = 0

  /** One of EFFECT_… of log/codes.ts. */
  code = 0
  /** Expiry in ms, offset, or NO_EXPIRY: see log/codes.ts. */
  number = 0
  /** Of the log record; 0 unless it is copied from another log. */
  flags = 0

  constructor() {
    this.key = NO_BYTES
    this.value = NO_BYTES
  }

  /** What the next lookups and effects are about. `hash` is hashOfKey of the key. */
  setKey(database: number, bytes: Uint8Array, start: number, length: number, hash: number): void {
    this.database = database
    this.key = bytes
    this.keyStart = start
    this.keyLength = length
    this.hash = hash
    this.located = false
    this.hidden = false
  }

  setValue(bytes: Uint8Array, start: number, length: number): void {
    this.value = bytes
    this.valueStart = start
    this.valueLength = length
    this.itemCount = NO_ITEMS
  }

  /** `count` items, the first at index `first` of the offsets, each `step` further on. */
  setItems(
    bytes: Uint8Array,
    starts: Int32Array,
    lengths: Int32Array,
    first: number,
    step: number,
    count: number,
    scores: Float64Array | null = null,
  ): void {
    this.itemBytes = bytes
    this.itemStarts = starts
    this.itemLengths = lengths
    this.itemFirst = first
    this.itemStep = step
    this.itemCount = count
    this.itemScores = scores
    this.valueLength = itemsByteLength(this)
  }

  itemStart(index: number): number {
    return this.itemStarts[this.itemFirst + index * this.itemStep]
  }

  itemLength(index: number): number {
    return this.itemLengths[this.itemFirst + index * this.itemStep]
  }

  /** Lets go of the caller's bytes. */
  forget(): void {
    this.key = NO_BYTES
    this.value = NO_BYTES
    this.itemBytes = NO_BYTES
    this.keyLength = 0
    this.valueLength = 0
    this.itemCount = NO_ITEMS
    this.located = false
  }

  /** For effects that take no value: one that was set for another is not recorded. */
  clearValue(): void {
    this.valueLength = 0
    this.itemCount = NO_ITEMS
  }

  /** Names the effect: the first step of each. */
  setEffect(code: number, number: number): void {
    this.code = code
    this.number = number
  }
}

/** Is the record too large for the log's slice? Then writeRecordTo comes before any change. */
export function recordIsLarge(log: ShardLog, record: EffectRecord): boolean {
  return log.isLarge(record.keyLength, record.valueLength)
}

/** Appends a record that is not large to a log. Cannot fail on a healthy log. */
export function appendRecordTo(log: ShardLog, record: EffectRecord): void {
  if (record.itemCount !== NO_ITEMS) {
    appendItemsTo(log, record)
    return
  }
  log.append(
    record.code,
    record.database,
    record.flags,
    record.key,
    record.keyStart,
    record.keyLength,
    record.value,
    record.valueStart,
    record.valueLength,
    record.number,
  )
}

function appendItemsTo(log: ShardLog, record: EffectRecord): void {
  const at = log.appendReserve(
    record.code,
    record.database,
    record.flags,
    record.key,
    record.keyStart,
    record.keyLength,
    record.valueLength,
    record.number,
  )
  encodeItems(record, log.slice, at)
}

/** Writes a large record straight to the log's file. False: not written. */
export function writeRecordTo(log: ShardLog, record: EffectRecord): boolean {
  const { code, database, flags, number } = record
  return log.appendLarge(code, database, flags, number, keyBytes(record), [valueBytes(record)])
}

/** Adds a large record to those that writeLargeRecords (log/groups.ts) will write. */
export function addRecordTo(log: ShardLog, record: EffectRecord): void {
  const { code, database, flags, number } = record
  log.addLarge(code, database, flags, number, keyBytes(record), [valueBytes(record)])
}

function keyBytes({ key, keyStart, keyLength }: EffectRecord): Uint8Array {
  return key.subarray(keyStart, keyStart + keyLength)
}

function valueBytes(record: EffectRecord): Uint8Array {
  const { value, valueStart, valueLength } = record
  if (record.itemCount !== NO_ITEMS) {
    const encoded = new Uint8Array(valueLength)
    encodeItems(record, encoded, 0)
    return encoded
  }
  return value.subarray(valueStart, valueStart + valueLength)
}
