// The shared pool: chunks for requests and replies that do not fit a ring.
//
//   word 0..  bitmap, one bit a chunk (1 = taken), changed by compareExchange; any thread
//   then      | chunks for replies alone | chunks for requests and replies | great requests    |
//               a quarter                  three quarters                    outside of the budget
//
// An acceptor takes chunks for a request and gives them back when its reply has come; a shard's
// holder takes chunks for a reply and the acceptor gives them back when it has copied them out.
// Chunks that lie side by side are taken first: a request in one run is executed where it lies.
//
// A request larger than the middle part (48 MB of the default budget) goes to the last part, always
// in one run. That part is address space: pages come when a great request first touches them, low
// ones first, and like all shared memory they are not given back but used again.
//
// If a thread dies with chunks in its hands they are lost to the pool until the next start: the
// process ends with it today, and a promotion rebuilds the bitmap later.

export const CHUNK_BYTES = 65_536

export class ChunkPool {
  readonly #bitmap: Int32Array
  readonly #buffer: SharedArrayBuffer
  readonly #bitmapBytes: number
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** Chunks that requests and replies share: all but those of great requests. */
  readonly chunkCount: number
  /**
   * The first chunks are for replies alone. Chunks of a request come back with its reply, so if
   * requests could take all of them no reply would ever find room.
   */
  readonly replyChunkCount: number
  readonly #totalCount: number
  #hint = 0

  /** @param greatBytes how much at the buffer's end is for great requests; 0: none are taken */
  constructor(buffer: SharedArrayBuffer, greatBytes = 0) {
    const bitmapBytes = chunkBitmapBytes(buffer.byteLength)
    this.#totalCount = Math.floor((buffer.byteLength - bitmapBytes) / CHUNK_BYTES)
    this.chunkCount = this.#totalCount - Math.floor(greatBytes / CHUNK_BYTES)
    this.replyChunkCount = this.chunkCount >> 2
    this.#buffer = buffer
    this.#bitmapBytes = bitmapBytes
    this.#bitmap = new Int32Array(buffer, 0, bitmapBytes >> 2)
    this.bytes = new Uint8Array(buffer, bitmapBytes)
    // Unsigned: a pool may be larger than 2 GiB.
    this.words = new Int32Array(buffer, bitmapBytes, (buffer.byteLength - bitmapBytes) >>> 2)
  }

  /** Takes chunks for a reply into `chunks`; false (and none taken) if too few are free. */
  take(byteLength: number, chunks: number[]): boolean {
    return this.#take(byteLength, chunks, 0)
  }

  /** The same for a request. */
  takeForRequest(byteLength: number, chunks: number[]): boolean {
    const shared = (this.chunkCount - this.replyChunkCount) * CHUNK_BYTES
    if (byteLength <= shared) return this.#take(byteLength, chunks, this.replyChunkCount)
    chunks.length = 0
    const wanted = Math.ceil(byteLength / CHUNK_BYTES)
    return this.#takeRun(wanted, chunks, this.chunkCount, this.#totalCount)
  }

  /** The longest command that fits when nothing else is under way. */
  requestBytesMax(): number {
    const shared = this.chunkCount - this.replyChunkCount
    return Math.max(shared, this.#totalCount - this.chunkCount) * CHUNK_BYTES
  }

  #take(byteLength: number, chunks: number[], from: number): boolean {
    const wanted = Math.ceil(byteLength / CHUNK_BYTES)
    chunks.length = 0
    if (wanted > 1 && this.#takeRun(wanted, chunks, from, this.chunkCount)) return true
    const wordCount = (this.chunkCount + 31) >> 5
    for (let step = 0; step < wordCount && chunks.length < wanted; step++) {
      this.#takeFromWord((this.#hint + step) % wordCount, wanted, chunks, from)
    }
    if (chunks.length === wanted) {
      this.#hint = wanted === 0 ? this.#hint : chunks[wanted - 1] >> 5
      return true
    }
    this.#giveUp(chunks)
    return false
  }

  /** The lowest chunks [from, to) that lie side by side; others may take of them meanwhile. */
  #takeRun(wanted: number, chunks: number[], from: number, to: number): boolean {
    let start = from
    for (let chunk = from; chunk < to && to - start >= wanted; chunk++) {
      if (this.#isTaken(chunk)) {
        start = chunk + 1
      } else if (chunk - start + 1 === wanted) {
        for (let each = start; each <= chunk; each++) {
          if (!this.#takeOne(each)) {
            this.#giveUp(chunks)
            return false
          }
          chunks.push(each)
        }
        return true
      }
    }
    return false
  }

  #isTaken(chunk: number): boolean {
    return ((Atomics.load(this.#bitmap, chunk >> 5) >>> (chunk & 31)) & 1) !== 0
  }

  #takeOne(chunk: number): boolean {
    const bit = 1 << (chunk & 31)
    return (Atomics.or(this.#bitmap, chunk >> 5, bit) & bit) === 0
  }

  #giveUp(chunks: number[]): void {
    for (const chunk of chunks) this.release(chunk)
    chunks.length = 0
  }

  #takeFromWord(index: number, wanted: number, chunks: number[], from: number): void {
    const skipped = from - (index << 5)
    if (skipped >= 32) return
    const allowed = skipped > 0 ? -1 << skipped : -1
    for (;;) {
      const seen = Atomics.load(this.#bitmap, index)
      const free = ~seen & allowed
      if (free === 0 || chunks.length === wanted) return
      const bit = free & -free
      const chunk = (index << 5) + (31 - Math.clz32(bit))
      if (chunk >= this.chunkCount) return
      if (Atomics.compareExchange(this.#bitmap, index, seen, seen | bit) === seen) {
        chunks.push(chunk)
      }
    }
  }

  release(chunk: number): void {
    Atomics.and(this.#bitmap, chunk >> 5, ~(1 << (chunk & 31)))
  }

  takenCount(): number {
    let taken = 0
    for (let chunk = 0; chunk < this.#totalCount; chunk++) if (this.#isTaken(chunk)) taken++
    return taken
  }

  /** Byte offset of a chunk in `bytes`. */
  chunkByte(chunk: number): number {
    return chunk * CHUNK_BYTES
  }

  /**
   * Bytes from a chunk on as a view of their own: whoever works with offsets in a view keeps them
   * far below 2^31, whatever the pool's size.
   */
  viewFrom(chunk: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#bitmapBytes + chunk * CHUNK_BYTES, byteLength)
  }

  /** The same as words. */
  wordsFrom(chunk: number, wordCount: number): Int32Array {
    return new Int32Array(this.#buffer, this.#bitmapBytes + chunk * CHUNK_BYTES, wordCount)
  }
}

function chunkBitmapBytes(byteLength: number): number {
  const chunks = Math.floor(byteLength / CHUNK_BYTES)
  return Math.max(64, Math.ceil(chunks / 32) * 4 + 63) & ~63
}
