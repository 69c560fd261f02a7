// One growing piece of this thread's own memory for strings that a handler computes (INCRBYFLOAT,
// BITOP, RENAME). It holds what it was given until the next use: one command at a time uses it, and
// hands it to an effect or a reply before it returns.

const KEPT_BYTES_MAX = 1_048_576
const START_BYTES = 8192

let bytes = new Uint8Array(START_BYTES)

/** At least `byteLength` bytes with any content. Valid until the next call. */
export function scratch(byteLength: number): Uint8Array {
  if (bytes.length < byteLength) bytes = new Uint8Array(Math.max(byteLength, bytes.length * 2))
  return bytes
}

/** After a use with a large value: what is not worth keeping is left to the collector. */
export function trimScratch(): void {
  if (bytes.length > KEPT_BYTES_MAX) bytes = new Uint8Array(START_BYTES)
}
