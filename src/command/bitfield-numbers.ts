// The arithmetic of BITFIELD: numbers of 1 to 64 bits that begin at any bit, the highest bit first,
// and what becomes of those that do not fit. Up to NUMBER_BITS_MAX bits are plain numbers, whose
// sums stay exact; the rest goes through BigInt. [redis-7.0 bitops.c]

/** Two numbers of so many bits have an exact sum. */
export const NUMBER_BITS_MAX = 52
export const NUMBER_SIZE_MAX = 2 ** NUMBER_BITS_MAX

export const OVERFLOW_WRAP = 0
export const OVERFLOW_SAT = 1
export const OVERFLOW_FAIL = 2

const BYTE_BITS = 8
const LOW_BITS = 32

/** `count` bits, at most 53, from bit `first` on, without a sign. */
function readBits(bytes: Uint8Array, first: number, count: number): number {
  let value = 0
  let bit = first
  for (let left = count; left > 0; ) {
    const within = bit & 7
    const taken = Math.min(BYTE_BITS - within, left)
    const piece = (bytes[bit >>> 3] >>> (BYTE_BITS - within - taken)) & ((1 << taken) - 1)
    value = value * (1 << taken) + piece
    bit += taken
    left -= taken
  }
  return value
}

/** Stores `count` bits of a value that has no sign and no more bits. */
function writeBits(bytes: Uint8Array, first: number, count: number, value: number): void {
  let bit = first + count
  let rest = value
  for (let left = count; left > 0; ) {
    const taken = Math.min(((bit - 1) & 7) + 1, left)
    bit -= taken
    left -= taken
    const unit = 1 << taken
    const piece = rest % unit
    rest = (rest - piece) / unit
    const shift = BYTE_BITS - (bit & 7) - taken
    const at = bit >>> 3
    bytes[at] = (bytes[at] & ~((unit - 1) << shift)) | (piece << shift)
  }
}

/** A number of at most NUMBER_BITS_MAX bits. */
export function readNumber(
  bytes: Uint8Array,
  first: number,
  bits: number,
  signed: boolean,
): number {
  const value = readBits(bytes, first, bits)
  return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value
}

export function writeNumber(bytes: Uint8Array, first: number, bits: number, value: number): void {
  writeBits(bytes, first, bits, value < 0 ? value + 2 ** bits : value)
}

/** A number of more than 32 bits. */
export function readWide(bytes: Uint8Array, first: number, bits: number, signed: boolean): bigint {
  const high = BigInt(readBits(bytes, first, bits - LOW_BITS))
  const low = BigInt(readBits(bytes, first + bits - LOW_BITS, LOW_BITS))
  const value = (high << BigInt(LOW_BITS)) | low
  return signed ? BigInt.asIntN(bits, value) : value
}

export function writeWide(bytes: Uint8Array, first: number, bits: number, value: bigint): void {
  const plain = BigInt.asUintN(bits, value)
  writeBits(bytes, first, bits - LOW_BITS, Number(plain >> BigInt(LOW_BITS)))
  writeBits(bytes, first + bits - LOW_BITS, LOW_BITS, Number(BigInt.asUintN(LOW_BITS, plain)))
}

/** The value as the type can hold it; NaN: it does not fit and OVERFLOW_FAIL says so. */
export function fitNumber(value: number, bits: number, signed: boolean, overflow: number): number {
  const span = 2 ** bits
  const least = signed ? -span / 2 : 0
  const most = least + span - 1
  if (value >= least && value <= most) return value
  if (overflow === OVERFLOW_FAIL) return Number.NaN
  if (overflow === OVERFLOW_SAT) return value > most ? most : least
  const rest = value % span
  const plain = rest < 0 ? rest + span : rest
  return plain > most ? plain - span : plain
}

/** The same for any size; undefined instead of NaN. */
export function fitWide(
  value: bigint,
  bits: number,
  signed: boolean,
  overflow: number,
): bigint | undefined {
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
  if (wrapped === value || overflow === OVERFLOW_WRAP) return wrapped
  if (overflow === OVERFLOW_FAIL) return undefined
  const span = 1n << BigInt(bits)
  const least = signed ? -span / 2n : 0n
  return value < least ? least : least + span - 1n
}
