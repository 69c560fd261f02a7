// Reading the registers of a HyperLogLog, wherever its bytes lie: as a histogram, which is all that
// the estimate needs, or as the maximum of several. Sparse bytes may come from a SET and say
// anything: false is the answer to those that do not cover exactly all registers.

import {
  DENSE_BYTES,
  HEADER_BYTES,
  LENGTH_MASK,
  REGISTER_COUNT,
  VALUE_BIT,
  XZERO_BIT,
} from './hyperloglog-layout.ts'

const REGISTERS_PER_GROUP = 4
const GROUP_BYTES = 3

/** How many registers have each value: fills `histogram`, 64 long. */
export function countDense(bytes: Uint8Array, start: number, histogram: Int32Array): void {
  histogram.fill(0)
  const end = start + DENSE_BYTES
  for (let at = start + HEADER_BYTES; at < end; at += GROUP_BYTES) {
    const group = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
    histogram[group & 63]++
    histogram[(group >>> 6) & 63]++
    histogram[(group >>> 12) & 63]++
    histogram[group >>> 18]++
  }
}

export function countSparse(
  bytes: Uint8Array,
  start: number,
  length: number,
  histogram: Int32Array,
): boolean {
  histogram.fill(0)
  const end = start + length
  let covered = 0
  for (let at = start + HEADER_BYTES; at < end; at += runBytes(bytes[at])) {
    const run = runLength(bytes, at, end)
    histogram[runValue(bytes[at])] += run
    covered += run
  }
  return covered === REGISTER_COUNT
}

/** The same of registers that stand in a byte each. */
export function countPlain(registers: Uint8Array, histogram: Int32Array): void {
  histogram.fill(0)
  for (let index = 0; index < REGISTER_COUNT; index++) histogram[registers[index]]++
}

/** Raises the plain registers in `maxima` to those of the dense string. */
export function mergeDense(bytes: Uint8Array, start: number, maxima: Uint8Array): void {
  let at = start + HEADER_BYTES
  for (let index = 0; index < REGISTER_COUNT; index += REGISTERS_PER_GROUP, at += GROUP_BYTES) {
    const group = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
    if ((group & 63) > maxima[index]) maxima[index] = group & 63
    if (((group >>> 6) & 63) > maxima[index + 1]) maxima[index + 1] = (group >>> 6) & 63
    if (((group >>> 12) & 63) > maxima[index + 2]) maxima[index + 2] = (group >>> 12) & 63
    if (group >>> 18 > maxima[index + 3]) maxima[index + 3] = group >>> 18
  }
}

export function mergeSparse(
  bytes: Uint8Array,
  start: number,
  length: number,
  maxima: Uint8Array,
): boolean {
  const end = start + length
  let index = 0
  for (let at = start + HEADER_BYTES; at < end; at += runBytes(bytes[at])) {
    const next = index + runLength(bytes, at, end)
    if (next > REGISTER_COUNT) return false
    const value = runValue(bytes[at])
    if (value > 0) for (; index < next; index++) if (value > maxima[index]) maxima[index] = value
    index = next
  }
  return index === REGISTER_COUNT
}

// ── Runs of the sparse encoding ──────────────────────────────────────────────────────────────

/** Bytes of the run that begins with this byte. */
export function runBytes(byte: number): number {
  return byte >= XZERO_BIT && byte < VALUE_BIT ? 2 : 1
}

/** Registers of the run at `at`. An XZERO without its second byte is read as if that were 0. */
export function runLength(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at]
  if (byte >= VALUE_BIT) return (byte & 3) + 1
  if (byte < XZERO_BIT) return byte + 1
  return (((byte & LENGTH_MASK) << 8) | (at + 1 < end ? bytes[at + 1] : 0)) + 1
}

export function runValue(byte: number): number {
  return byte < VALUE_BIT ? 0 : ((byte >>> 2) & 31) + 1
}

// ── Registers of the dense encoding ──────────────────────────────────────────────────────────

/** Byte of the string, counted from its first, where a dense register begins. */
export function denseByte(index: number): number {
  return HEADER_BYTES + ((index * 6) >>> 3)
}

/** The register in the bytes at denseByte(index): `second` is the byte behind the first. */
export function denseRegister(index: number, first: number, second: number): number {
  return ((first | (second << 8)) >>> ((index * 6) & 7)) & 63
}

/** The same two bytes, as one number, with the register set. */
export function withRegister(index: number, first: number, second: number, value: number): number {
  const shift = (index * 6) & 7
  return ((first | (second << 8)) & ~(63 << shift)) | (value << shift)
}
