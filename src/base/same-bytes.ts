// Do two ranges hold the same bytes? Shared or not, the lengths are equal. Any thread.

/** Below, a loop is quicker than the call into the engine (see copy.ts). */
const LOOP_BYTES_MAX = 32
const bufferCompare = Buffer.prototype.compare

export function sameBytes(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  length: number,
): boolean {
  if (length > LOOP_BYTES_MAX) {
    const rightEnd = rightStart + length
    const order = bufferCompare.call(
      left,
      right,
      rightStart,
      rightEnd,
      leftStart,
      leftStart + length,
    )
    return order === 0
  }
  for (let index = 0; index < length; index++) {
    if (left[leftStart + index] !== right[rightStart + index]) return false
  }
  return true
}
