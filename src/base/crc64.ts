// CRC-64 (Jones), the checksum of Redis's DUMP payloads. [redis-7.0 crc64.c]
//
// In two halves of 32 bits, four bytes a step: a step shifts the low half out, so each of its bytes
// needs a table of what it becomes in four, three, two and one more shifts. A second set of four,
// for eight bytes a step, gains nothing: the number of look-ups a byte stays the same.

const TABLE_ENTRIES = 256
const BYTES_A_STEP = 4
const POLYNOMIAL_LOW = 0xac4b_c9b5 | 0
const POLYNOMIAL_HIGH = 0x95ac_9329 | 0

/** Table k at k * 256: what a byte becomes when k more bytes are shifted behind it. */
const LOW = new Int32Array(TABLE_ENTRIES * BYTES_A_STEP)
const HIGH = new Int32Array(TABLE_ENTRIES * BYTES_A_STEP)

function fillTables(): void {
  for (let byte = 0; byte < TABLE_ENTRIES; byte++) {
    let low = byte
    let high = 0
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (low & 1) === 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (isOdd) {
        low ^= POLYNOMIAL_LOW
        high ^= POLYNOMIAL_HIGH
      }
    }
    LOW[byte] = low
    HIGH[byte] = high
  }
  for (let entry = TABLE_ENTRIES; entry < TABLE_ENTRIES * BYTES_A_STEP; entry++) {
    const low = LOW[entry - TABLE_ENTRIES]
    const high = HIGH[entry - TABLE_ENTRIES]
    LOW[entry] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff]
    HIGH[entry] = (high >>> 8) ^ HIGH[low & 0xff]
  }
}
fillTables()

/** The checksum of a range, its 8 bytes in little-endian order at target[at]. */
export function writeCrc64(
  bytes: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  at: number,
): void {
  let low = 0
  let high = 0
  let from = start | 0
  const end = (from + length) | 0
  const wholeEnd = (end - BYTES_A_STEP + 1) | 0
  for (; from < wholeEnd; from = (from + BYTES_A_STEP) | 0) {
    const first = 3 * TABLE_ENTRIES + ((low ^ bytes[from]) & 0xff)
    const second = 2 * TABLE_ENTRIES + (((low >>> 8) ^ bytes[(from + 1) | 0]) & 0xff)
    const third = TABLE_ENTRIES + (((low >>> 16) ^ bytes[(from + 2) | 0]) & 0xff)
    const fourth = (low >>> 24) ^ bytes[(from + 3) | 0]
    low = LOW[first] ^ LOW[second] ^ LOW[third] ^ LOW[fourth] ^ high
    high = HIGH[first] ^ HIGH[second] ^ HIGH[third] ^ HIGH[fourth]
  }
  for (; from < end; from = (from + 1) | 0) {
    const entry = (low ^ bytes[from]) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ LOW[entry]
    high = (high >>> 8) ^ HIGH[entry]
  }
  writeWord(low, target, at)
  writeWord(high, target, at + 4)
}

function writeWord(word: number, target: Uint8Array, at: number): void {
  target[at] = word
  target[at + 1] = word >>> 8
  target[at + 2] = word >>> 16
  target[at + 3] = word >>> 24
}
