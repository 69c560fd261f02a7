// Reads what `node --trace-gc` prints: one line a collection of any thread.
//
//   [3604:0x7fd6]  300 ms: Mark-Compact 26.8 (56.2) -> 9.3 (39.6) MB, pooled: 11.0 MB, 9.74 / 0.00 ms (…
//         thread                  used before       after                            the pause

export interface GcFigures {
  collections: number
  pauseMsMax: number
  /** The largest heap in use after a collection, of any thread. */
  heapMbMax: number
  threads: number
}

const LINE =
  /^\[\d+:(0x[0-9a-f]+)\]\s+\d+ ms: .*?[\d.]+ \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB.*?, ([\d.]+) \/ [\d.]+ ms/

/** Lines that are no collection are stepped over. */
export function readGcTrace(output: string): GcFigures {
  const threads = new Set<string>()
  const figures: GcFigures = { collections: 0, pauseMsMax: 0, heapMbMax: 0, threads: 0 }
  for (const line of output.split('\n')) {
    const found = LINE.exec(line)
    if (found === null) continue
    threads.add(found[1])
    figures.collections++
    figures.heapMbMax = Math.max(figures.heapMbMax, Number(found[2]))
    figures.pauseMsMax = Math.max(figures.pauseMsMax, Number(found[3]))
  }
  figures.threads = threads.size
  return figures
}
