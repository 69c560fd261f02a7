// LZF, the compression of long strings in DUMP payloads. [liblzf, redis-7.0 lzf_d.c]
//
//   000LLLLL                     the next L + 1 bytes as they are
//   LLLooooo oooooooo            L + 2 bytes of what is there, from o + 1 bytes back
//   111ooooo LLLLLLLL oooooooo   L + 9 bytes of it
//
// Measured before it is unpacked: what a payload announces costs nothing until it is found true.

import { copyBytes } from '../base/copy.ts'

const LITERAL_MAX = 32
const LONG_COPY = 7

/**
 * How many bytes the packed ones become; -1: they are no whole LZF, or more than `lengthMax`.
 * A copy that reaches in front of the start is found by unpackLzf only.
 */
export function measureLzf(
  bytes: Uint8Array,
  start: number,
  length: number,
  lengthMax: number,
): number {
  if (length === 0) return -1
  const end = start + length
  let total = 0
  for (let at = start; at < end; ) {
    const control = bytes[at++]
    if (control < LITERAL_MAX) {
      at += control + 1
      total += control + 1
    } else {
      const short = control >>> 5
      at += short === LONG_COPY ? 2 : 1
      if (at > end) return -1
      total += 2 + short + (short === LONG_COPY ? bytes[at - 2] : 0)
    }
    if (at > end || total > lengthMax) return -1
  }
  return total
}

/** Unpacks what measureLzf found whole to target[at]. False: a copy from before its start. */
export function unpackLzf(
  bytes: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  targetStart: number,
): boolean {
  const end = start + length
  let to = targetStart
  for (let at = start; at < end; ) {
    const control = bytes[at++]
    if (control < LITERAL_MAX) {
      copyBytes(bytes, at, target, to, control + 1)
      at += control + 1
      to += control + 1
      continue
    }
    let count = (control >>> 5) + 2
    if (count === LONG_COPY + 2) count += bytes[at++]
    let from = to - (((control & 0x1f) << 8) | bytes[at++]) - 1
    if (from < targetStart) return false
    // Byte by byte: the copy may reach into what it writes.
    for (const copyEnd = to + count; to < copyEnd; ) target[to++] = target[from++]
  }
  return true
}
