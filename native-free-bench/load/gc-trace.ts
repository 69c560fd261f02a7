// Reads what `node --trace-gc` prints: one line a collection of any thread.
//
//   [3604:0x7fd6]  300 ms: Scavenge 5.2 (5.6) -> 4.7 (6.4) MB, pooled: 0.0 MB, 1.32 / 0.00 ms …
//         thread             used before    after                         pause

export interface GcFigures {
  collections: number
  pauseMsMax: number
  /** The largest heap in use after a collection, of any thread. */
  heapMbMax: number
  threads: number
}

const START = /^\[\d+:(0x[0-9a-f]+)\]\s+\d+ ms: /
const HEAP = /[\d.]+ \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB.*?, ([\d.]+) \/ [\d.]+ ms/

/** Lines that are no collection are stepped over. */
export function readGcTrace(output: string): GcFigures {
  const threads = new Set<string>()
  const figures: GcFigures = { collections: 0, pauseMsMax: 0, heapMbMax: 0, threads: 0 }
  for (const line of output.split('\n')) {
    const start = START.exec(line)
    const heap = HEAP.exec(line)
    if (start === null || heap === null) continue
    threads.add(start[1])
    figures.collections++
    figures.heapMbMax = Math.max(figures.heapMbMax, Number(heap[1]))
    figures.pauseMsMax = Math.max(figures.pauseMsMax, Number(heap[2]))
  }
  figures.threads = threads.size
  return figures
}
