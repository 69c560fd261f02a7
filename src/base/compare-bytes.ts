// The order of two ranges of bytes, as C's memcmp and then their lengths. Shared or not; any
// thread.

/** So many bytes are compared in a loop before the call into the engine pays (see copy.ts). */
const LOOP_BYTES_MAX = 32
const bufferCompare = Buffer.prototype.compare

/** Below 0: left comes first; 0: they are equal; above 0: right comes first. */
export function compareBytes(
  left: Uint8Array,
  leftStart: number,
  leftLength: number,
  right: Uint8Array,
  rightStart: number,
  rightLength: number,
): number {
  const shared = Math.min(leftLength, rightLength)
  const looped = Math.min(shared, LOOP_BYTES_MAX)
  for (let index = 0; index < looped; index++) {
    const difference = left[leftStart + index] - right[rightStart + index]
    if (difference !== 0) return difference
  }
  if (looped === shared) return leftLength - rightLength
  return bufferCompare.call(
    left,
    right,
    rightStart + looped,
    rightStart + rightLength,
    leftStart + looped,
    leftStart + leftLength,
  )
}
