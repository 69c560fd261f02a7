// Copies between byte views, shared or not. Measured on V8 14, ns a copy, ratios on a busy machine:
//
//   bytes      byte loop   loop in int32   TypedArray.set(subarray)   Buffer's copy
//      16             50              32                        136              75
//      64            153              93                        129              75
//     200            557             385                        323             142
//    1000           3401            1662                        444             244
//
// The loop in int32 arithmetic (| 0) lets V8 drop its overflow checks; Buffer's copy makes no view
// and works on any Uint8Array.

const LOOP_BYTES_MAX = 48
const bufferCopy = Buffer.prototype.copy

export function copyBytes(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
): void {
  if (length > LOOP_BYTES_MAX) {
    bufferCopy.call(source, target, targetStart, sourceStart, sourceStart + length)
    return
  }
  const from = sourceStart | 0
  const to = targetStart | 0
  const count = length | 0
  for (let index = 0; index < count; index = (index + 1) | 0) {
    target[(to + index) | 0] = source[(from + index) | 0]
  }
}
