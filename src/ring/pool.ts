// The shared pool: fixed chunks for requests and replies that do not fit a ring.
//
//   word 0..  bitmap, one bit a chunk (1 = taken), changed by compareExchange; any thread
//   then      the chunks
//
// An acceptor takes chunks for a request and gives them back when its reply has come; a shard's
// holder takes chunks for a reply and the acceptor gives them back when it has copied them out.
// If a thread dies with chunks in its hands they are lost to the pool until the next start: the
// process ends with it today, and a promotion rebuilds the bitmap later.

export const CHUNK_BYTES = 65_536

export class ChunkPool {
  readonly #bitmap: Int32Array
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly chunkCount: number
  /**
   * The first chunks are for replies alone. Chunks of a request come back with its reply, so if
   * requests could take all of them no reply would ever find room.
   */
  readonly replyChunkCount: number
  #hint = 0

  constructor(buffer: SharedArrayBuffer) {
    const bitmapBytes = chunkBitmapBytes(buffer.byteLength)
    this.chunkCount = Math.floor((buffer.byteLength - bitmapBytes) / CHUNK_BYTES)
    this.replyChunkCount = this.chunkCount >> 2
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
    return this.#take(byteLength, chunks, this.replyChunkCount)
  }

  /** The longest command that fits when nothing else is under way. */
  requestBytesMax(): number {
    return (this.chunkCount - this.replyChunkCount) * CHUNK_BYTES
  }

  #take(byteLength: number, chunks: number[], from: number): boolean {
    const wanted = Math.ceil(byteLength / CHUNK_BYTES)
    chunks.length = 0
    const wordCount = (this.chunkCount + 31) >> 5
    for (let step = 0; step < wordCount && chunks.length < wanted; step++) {
      this.#takeFromWord((this.#hint + step) % wordCount, wanted, chunks, from)
    }
    if (chunks.length === wanted) {
      this.#hint = wanted === 0 ? this.#hint : chunks[wanted - 1] >> 5
      return true
    }
    for (const chunk of chunks) this.release(chunk)
    chunks.length = 0
    return false
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
    for (let chunk = 0; chunk < this.chunkCount; chunk++) {
      if ((Atomics.load(this.#bitmap, chunk >> 5) >>> (chunk & 31)) & 1) taken++
    }
    return taken
  }

  /** Byte offset of a chunk in `bytes`. */
  chunkByte(chunk: number): number {
    return chunk * CHUNK_BYTES
  }
}

function chunkBitmapBytes(byteLength: number): number {
  const chunks = Math.floor(byteLength / CHUNK_BYTES)
  return Math.max(64, Math.ceil(chunks / 32) * 4 + 63) & ~63
}
