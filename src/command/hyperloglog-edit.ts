// A HyperLogLog taken out of memory, changed, and described by what has to be stored: every command
// that writes one does that with one effect. One edit a thread.
//
// Sparse strings may hold anything behind their header. All reads stay inside the string, every
// step consumes at least a byte, and a change is made just as Redis makes it, so that the bytes
// stay equal to Redis's also where the runs are not in their shortest form.

import { HYPERLOGLOG_SPARSE_BYTES_MAX } from '../base/limits.ts'
import {
  CACHE_BYTE,
  CACHE_INVALID,
  DENSE_BYTES,
  ENCODING_BYTE,
  ENCODING_DENSE,
  ENCODING_SPARSE,
  HEADER_BYTES,
  MAGIC_WORD,
  REGISTER_COUNT,
  SEQUENCE_BYTES_MAX,
  SPARSE_STORED_BYTES_MAX,
  SPARSE_VALUE_MAX,
  VALUE_BIT,
  VALUE_RUN_MAX,
  XZERO_BIT,
  ZERO_RUN_MAX,
} from './hyperloglog-layout.ts'
import {
  denseByte,
  denseRegister,
  runBytes,
  runLength,
  runValue,
  withRegister,
} from './hyperloglog-registers.ts'

/** What raise() says. */
export const REGISTER_KEPT = 0
export const REGISTER_RAISED = 1
export const REGISTERS_DAMAGED = -1

const NO_RUN = -1
/** So many runs are looked at for neighbours that can become one. */
const MERGED_RUNS = 5

export class HyperloglogEdit {
  /** The string is in the first `length` bytes. */
  readonly bytes: Uint8Array
  length: number
  /** Length when the edit began; 0: there was no key. */
  lengthBefore: number
  /** The changed bytes lie in changedFrom..changedTo-1; the rest is as it was. */
  changedFrom: number
  changedTo: number
  readonly #sequence: Uint8Array
  readonly #dense: Uint8Array

  constructor() {
    this.bytes = new Uint8Array(SPARSE_STORED_BYTES_MAX + SEQUENCE_BYTES_MAX)
    this.length = 0
    this.lengthBefore = 0
    this.changedFrom = 0
    this.changedTo = 0
    this.#sequence = new Uint8Array(SEQUENCE_BYTES_MAX)
    this.#dense = new Uint8Array(DENSE_BYTES)
  }

  /** Begins with no elements, for a key that is not there. */
  beginEmpty(): void {
    const { bytes } = this
    bytes.fill(0, 0, HEADER_BYTES)
    for (let index = 0; index < 4; index++) bytes[index] = MAGIC_WORD >>> (8 * index)
    bytes[ENCODING_BYTE] = ENCODING_SPARSE
    this.length = putZeros(bytes, HEADER_BYTES, REGISTER_COUNT)
    this.lengthBefore = 0
    this.changedFrom = 0
    this.changedTo = this.length
  }

  /** Begins with a stored string of at most SPARSE_STORED_BYTES_MAX bytes. */
  begin(source: Uint8Array, start: number, length: number): void {
    this.bytes.set(source.subarray(start, start + length))
    this.length = length
    this.lengthBefore = length
    this.changedFrom = length
    this.changedTo = 0
  }

  get isDense(): boolean {
    return this.bytes[ENCODING_BYTE] === ENCODING_DENSE
  }

  get isChanged(): boolean {
    return this.changedFrom < this.changedTo
  }

  /** Lets register `index` be at least `value`. */
  raise(index: number, value: number): number {
    return this.isDense ? this.#raiseDense(index, value) : this.#raiseSparse(index, value)
  }

  /** From now on the cached cardinality is not valid. */
  invalidateCache(): void {
    const { bytes } = this
    if ((bytes[CACHE_BYTE] & CACHE_INVALID) !== 0) return
    bytes[CACHE_BYTE] |= CACHE_INVALID
    this.#changed(CACHE_BYTE, CACHE_BYTE + 1)
  }

  /** Goes over to the dense encoding. False: the runs do not cover all registers. */
  makeDense(): boolean {
    const dense = this.#dense
    const { bytes, length } = this
    dense.fill(0)
    let index = 0
    for (let at = HEADER_BYTES; at < length; at += runBytes(bytes[at])) {
      const next = index + runLength(bytes, at, length)
      if (next > REGISTER_COUNT) return false
      const value = runValue(bytes[at])
      if (value > 0) for (; index < next; index++) setDense(dense, index, value)
      index = next
    }
    if (index !== REGISTER_COUNT) return false
    bytes[ENCODING_BYTE] = ENCODING_DENSE
    bytes.set(dense.subarray(HEADER_BYTES), HEADER_BYTES)
    this.length = DENSE_BYTES
    this.#changed(0, DENSE_BYTES)
    return true
  }

  #changed(from: number, to: number): void {
    if (from < this.changedFrom) this.changedFrom = from
    if (to > this.changedTo) this.changedTo = to
  }

  #raiseDense(index: number, value: number): number {
    const { bytes } = this
    const at = denseByte(index)
    if (denseRegister(index, bytes[at], bytes[at + 1]) >= value) return REGISTER_KEPT
    setDense(bytes, index, value)
    // The last register ends with its first byte.
    this.#changed(at, Math.min(at + 2, DENSE_BYTES))
    return REGISTER_RAISED
  }

  // ── Sparse ─────────────────────────────────────────────────────────────────────────────────

  #raiseSparse(index: number, value: number): number {
    if (value > SPARSE_VALUE_MAX) return this.#raiseAsDense(index, value)
    const { bytes, length } = this
    let at = HEADER_BYTES
    let before = NO_RUN
    let first = 0
    let run = 0
    while (at < length) {
      run = runLength(bytes, at, length)
      if (index < first + run) break
      first += run
      before = at
      at += runBytes(bytes[at])
    }
    if (at >= length) return REGISTERS_DAMAGED
    const old = runValue(bytes[at])
    if (old >= value) return REGISTER_KEPT
    if (run === 1 && runBytes(bytes[at]) === 1) {
      bytes[at] = valueRun(value, 1)
      this.#changed(at, at + 1)
    } else if (!this.#split(at, index - first, run, old, value)) {
      return this.#raiseAsDense(index, value)
    }
    this.#mergeRuns(before === NO_RUN ? HEADER_BYTES : before)
    this.invalidateCache()
    return REGISTER_RAISED
  }

  #raiseAsDense(index: number, value: number): number {
    if (!this.makeDense()) return REGISTERS_DAMAGED
    this.invalidateCache()
    return this.#raiseDense(index, value)
  }

  /**
   * Puts a register of its own into the run at `at`, `offset` registers behind the run's first.
   * False: the string would become too long for the sparse encoding, and nothing was done.
   */
  #split(at: number, offset: number, run: number, old: number, value: number): boolean {
    const { bytes, length } = this
    const sequence = this.#sequence
    let size = putRun(sequence, 0, old, offset)
    sequence[size++] = valueRun(value, 1)
    size = putRun(sequence, size, old, run - offset - 1)
    const behind = at + runBytes(bytes[at])
    const grows = at + size - behind
    if (grows > 0 && length + grows > HYPERLOGLOG_SPARSE_BYTES_MAX) return false
    if (grows !== 0 && behind < length) bytes.copyWithin(behind + grows, behind, length)
    for (let index = 0; index < size; index++) bytes[at + index] = sequence[index]
    this.length = length + grows
    this.#changed(at, grows === 0 ? at + size : this.length)
    return true
  }

  /** Joins neighbours of one value, looking at a few runs from `start` on. */
  #mergeRuns(start: number): void {
    const { bytes } = this
    let at = start
    for (let looked = 0; looked < MERGED_RUNS && at < this.length; looked++) {
      const byte = bytes[at]
      const next = bytes[at + 1]
      const pair = byte >= VALUE_BIT && at + 1 < this.length && next >= VALUE_BIT
      const run = (byte & 3) + (next & 3) + 2
      if (pair && byte >>> 2 === next >>> 2 && run <= VALUE_RUN_MAX) {
        // The joined run may be joined with the one behind it, so `at` stays.
        bytes[at] = valueRun(runValue(byte), run)
        bytes.copyWithin(at + 1, at + 2, this.length)
        this.length--
        this.#changed(at, Math.max(this.length, at + 1))
      } else {
        at += runBytes(byte)
      }
    }
  }
}

function setDense(bytes: Uint8Array, index: number, value: number): void {
  const at = denseByte(index)
  const both = withRegister(index, bytes[at], bytes[at + 1], value)
  bytes[at] = both
  if (at + 1 < DENSE_BYTES) bytes[at + 1] = both >>> 8
}

/** A run of up to 4 registers that have the value. */
function valueRun(value: number, run: number): number {
  return VALUE_BIT | ((value - 1) << 2) | (run - 1)
}

/** Writes a run of any value, or nothing if it has no registers. Returns the byte behind it. */
function putRun(target: Uint8Array, at: number, value: number, run: number): number {
  if (run === 0) return at
  if (value === 0) return putZeros(target, at, run)
  target[at] = valueRun(value, run)
  return at + 1
}

function putZeros(target: Uint8Array, at: number, run: number): number {
  if (run <= ZERO_RUN_MAX) {
    target[at] = run - 1
    return at + 1
  }
  target[at] = XZERO_BIT | ((run - 1) >>> 8)
  target[at + 1] = run - 1
  return at + 2
}
