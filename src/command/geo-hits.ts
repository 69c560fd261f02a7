// Members that a search found: columns that grow, used again by every search of this thread.

import { copyBytes } from '../base/copy.ts'

const HITS_MIN = 64
const BYTES_MIN = 4096
/** More is not kept from one command to the next. */
const HITS_KEPT_MAX = 65_536
const BYTES_KEPT_MAX = 1_048_576
/** Offsets are 32-bit; more is out of memory. */
const BYTES_MAX = 1_073_741_824

export class GeoHits {
  count = 0
  /** The members are ranges of it. */
  bytes = new Uint8Array(BYTES_MIN)
  starts = new Int32Array(HITS_MIN)
  lengths = new Int32Array(HITS_MIN)
  scores = new Float64Array(HITS_MIN)
  meters = new Float64Array(HITS_MIN)
  longitudes = new Float64Array(HITS_MIN)
  latitudes = new Float64Array(HITS_MIN)
  #used = 0
  readonly #bytesMax: number

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  begin(): void {
    this.count = 0
    this.#used = 0
    if (this.scores.length > HITS_KEPT_MAX) this.#make(HITS_MIN)
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = new Uint8Array(BYTES_MIN)
  }

  /** False: the members are too many bytes. */
  add(
    source: Uint8Array,
    start: number,
    length: number,
    score: number,
    meters: number,
    longitude: number,
    latitude: number,
  ): boolean {
    const end = this.#used + length
    if (end > this.#bytesMax) return false
    if (this.count === this.scores.length) this.#growTo(this.count * 2)
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(end, this.bytes.length * 2), this.#bytesMax))
      grown.set(this.bytes.subarray(0, this.#used))
      this.bytes = grown
    }
    copyBytes(source, start, this.bytes, this.#used, length)
    const hit = this.count++
    this.starts[hit] = this.#used
    this.lengths[hit] = length
    this.scores[hit] = score
    this.meters[hit] = meters
    this.longitudes[hit] = longitude
    this.latitudes[hit] = latitude
    this.#used = end
    return true
  }

  /** Hits in the order of their distance, -1: the farthest first; 0: as they were found. */
  order(direction: number): Uint32Array {
    const order = new Uint32Array(this.count)
    for (let hit = 0; hit < order.length; hit++) order[hit] = hit
    const { meters } = this
    if (direction === 0) return order
    return order.sort((left, right) => (meters[left] - meters[right]) * direction)
  }

  #growTo(size: number): void {
    const { starts, lengths, scores, meters, longitudes, latitudes } = this
    this.#make(size)
    this.starts.set(starts)
    this.lengths.set(lengths)
    this.scores.set(scores)
    this.meters.set(meters)
    this.longitudes.set(longitudes)
    this.latitudes.set(latitudes)
  }

  #make(size: number): void {
    this.starts = new Int32Array(size)
    this.lengths = new Int32Array(size)
    this.scores = new Float64Array(size)
    this.meters = new Float64Array(size)
    this.longitudes = new Float64Array(size)
    this.latitudes = new Float64Array(size)
  }
}
