// Copying bytes between views. A view made by subarray costs more than a short loop.

/** Ranges up to this length are copied byte by byte. */
export const COPY_LOOP_BYTES_MAX = 64

/** Copies `length` bytes; the ranges must not overlap when they lie in the same buffer. */
export function copyBytes(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
): void {
  if (length <= COPY_LOOP_BYTES_MAX) {
    for (let i = 0; i < length; i++) target[targetStart + i] = source[sourceStart + i]
  } else {
    target.set(source.subarray(sourceStart, sourceStart + length), targetStart)
  }
}

/** Whether two ranges of the same length hold the same bytes. */
export function equalBytes(
  left: Uint8Array,
  leftStart: number,
  right: Uint8Array,
  rightStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    if (left[leftStart + i] !== right[rightStart + i]) return false
  }
  return true
}
