// The longest common subsequence of two byte strings, of several equally long ones the one that
// Redis's LCS finds. [redis-7.0 t_string.c lcsCommand; the bit vectors: Hyyrö, "Bit-parallel
// LCS-length computation revisited", 2004]
//
// The classic table has the length L(i, j) for the first i bytes of `left` and the first j of
// `right`. Along a row L grows by 0 or 1, so a row is one bit a column (1 = it did not grow), and a
// row follows from the one above with an addition and three logical operations for 32 columns:
//
//   row' = (row + (row & match)) | (row & ~match)     match: where `right` has the byte of the row
//
// Walking back from the end needs no lengths: where the bytes differ, L(i-1, j) > L(i, j-1) is just
// "row i grew at column j". So a table of Redis's largest 512 MB takes 17 to 34 MB here, and bit
// numbers fit 31 bits.

const WORD_BITS = 32
const BYTE_VALUES = 256

export class CommonSubsequence {
  readonly #left: Uint8Array
  readonly #leftLength: number
  readonly #right: Uint8Array
  readonly #rightLength: number
  /** Bits from one row of #rows to the next; below 32 a power of two, so no row crosses a word. */
  readonly #stride: number
  readonly #rows: Uint32Array
  readonly length: number
  /** Where the range that nextRange found begins, in both strings, and how many bytes it has. */
  leftStart: number
  rightStart: number
  rangeLength: number

  /**
   * Takes memory for all rows if `walks`: without, only `length` may be asked for. Throws
   * RangeError where there is none.
   */
  constructor(
    left: Uint8Array,
    leftLength: number,
    right: Uint8Array,
    rightLength: number,
    walks: boolean,
  ) {
    this.#left = left
    this.#leftLength = leftLength
    this.#right = right
    this.#rightLength = rightLength
    this.leftStart = 0
    this.rightStart = 0
    this.rangeLength = 0
    const words = Math.ceil(rightLength / WORD_BITS)
    this.#stride = words > 1 ? words * WORD_BITS : powerOfTwo(rightLength)
    const bits = walks && rightLength > 0 ? this.#stride * leftLength : 0
    this.#rows = new Uint32Array(Math.ceil(bits / WORD_BITS))
    this.length = leftLength === 0 || rightLength === 0 ? 0 : this.#fill(words)
  }

  /** Computes all rows, and keeps them if there is room for them. Gives the length. */
  #fill(words: number): number {
    const left = this.#left
    const keeps = this.#rows.length > 0
    const matches = matchesOf(this.#right, this.#rightLength, left, this.#leftLength, words)
    const row = new Uint32Array(words).fill(0xffff_ffff)
    for (let index = 0; index < this.#leftLength; index++) {
      nextRow(row, matches.bits, matches.starts[left[index]], words)
      if (keeps) this.#keep(row, index, words)
    }
    let length = 0
    for (let column = 0; column < this.#rightLength; column++) {
      if (((row[column >>> 5] >>> (column & 31)) & 1) === 0) length++
    }
    return length
  }

  #keep(row: Uint32Array, index: number, words: number): void {
    const rows = this.#rows
    const bit = index * this.#stride
    if (words > 1) {
      rows.set(row, bit >>> 5)
      return
    }
    const used = 0xffff_ffff >>> (WORD_BITS - this.#stride)
    rows[bit >>> 5] |= (row[0] & used) << (bit & 31)
  }

  /** Did L grow at this column of this row? Both count from 0. */
  #grew(index: number, column: number): boolean {
    const bit = index * this.#stride + column
    return ((this.#rows[bit >>> 5] >>> (bit & 31)) & 1) === 0
  }

  /** The subsequence itself, `length` bytes at target[at]. */
  write(target: Uint8Array, at: number): void {
    const left = this.#left
    const right = this.#right
    let i = this.#leftLength
    let j = this.#rightLength
    let to = at + this.length
    while (i > 0 && j > 0) {
      if (left[i - 1] === right[j - 1]) {
        target[--to] = left[i - 1]
        i--
        j--
      } else if (this.#grew(i - 1, j - 1)) {
        i--
      } else {
        j--
      }
    }
  }

  // ── Ranges ─────────────────────────────────────────────────────────────────────────────────

  /** The next nextRange gives the last range. */
  rewind(): void {
    this.leftStart = this.#leftLength
    this.rightStart = this.#rightLength
  }

  /** The next range of bytes that are equal in both strings, from the end on. False: no more. */
  nextRange(): boolean {
    const left = this.#left
    const right = this.#right
    let i = this.leftStart
    let j = this.rightStart
    while (i > 0 && j > 0 && left[i - 1] !== right[j - 1]) {
      if (this.#grew(i - 1, j - 1)) i--
      else j--
    }
    const leftEnd = i
    while (i > 0 && j > 0 && left[i - 1] === right[j - 1]) {
      i--
      j--
    }
    this.leftStart = i
    this.rightStart = j
    this.rangeLength = leftEnd - i
    return this.rangeLength > 0
  }
}

function powerOfTwo(count: number): number {
  let power = 1
  while (power < count) power *= 2
  return power
}

interface Matches {
  /** For each byte value: the word in `bits` where its columns begin. */
  readonly starts: Int32Array
  readonly bits: Uint32Array
}

/** Where `right` has each byte that comes in `left`, a bit a column. */
function matchesOf(
  right: Uint8Array,
  rightLength: number,
  left: Uint8Array,
  leftLength: number,
  words: number,
): Matches {
  const starts = new Int32Array(BYTE_VALUES).fill(-1)
  let count = 0
  for (let index = 0; index < leftLength && count < BYTE_VALUES; index++) {
    if (starts[left[index]] < 0) starts[left[index]] = count++ * words
  }
  const bits = new Uint32Array(count * words)
  for (let column = 0; column < rightLength; column++) {
    const start = starts[right[column]]
    if (start >= 0) bits[start + (column >>> 5)] |= 1 << (column & 31)
  }
  return { starts, bits }
}

/** One row from the one above, in place, the carry of the addition going from word to word. */
function nextRow(row: Uint32Array, matches: Uint32Array, start: number, words: number): void {
  let carry = 0
  for (let word = 0; word < words; word++) {
    const above = row[word]
    const match = matches[start + word]
    const sum = above + ((above & match) >>> 0) + carry
    carry = sum > 0xffff_ffff ? 1 : 0
    row[word] = sum | (above & ~match)
  }
}
