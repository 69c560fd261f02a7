// HalfSipHash-1-3: a keyed 32-bit hash for every table whose keys come from clients, so that
// nobody who does not know the key can aim many keys at one place.
// The key (two 32-bit words) is made once per instance and never shown.

/** Returns a signed 32-bit word. `key0`, `key1` are the instance's hash key. */
export function halfSipHash(
  key0: number,
  key1: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  let v0 = key0 | 0
  let v1 = key1 | 0
  let v2 = 0x6c796765 ^ key0
  let v3 = 0x74656462 ^ key1
  const wholeEnd = start + (length & ~3)
  let at = start
  for (; at < wholeEnd; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  let last = length << 24
  for (let shift = 0, end = start + length; at < end; at++, shift += 8) last |= bytes[at] << shift
  v3 ^= last
  for (let round = 0; round < 4; round++) {
    // Round 0 compresses the last word; rounds 1-3 finish.
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    if (round === 0) {
      v0 ^= last
      v2 ^= 0xff
    }
  }
  return v1 ^ v3
}
