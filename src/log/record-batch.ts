// Records of a log, read ahead in small batches: whoever applies them can first hash all keys and
// touch all pages they will need, so that the memory's latencies overlap instead of adding up.
// Columns instead of objects: nothing is allocated while a log is replayed.

/** Records in a batch: enough to hide latencies, few enough that what was touched stays in L1. */
export const BATCH_RECORDS_MAX = 64

export class RecordBatch {
  count = 0
  /** Keys and values lie here; a value begins where its key ends. Valid during the visit only. */
  bytes: Uint8Array = new Uint8Array(0)
  /** The same memory; every key begins at a multiple of 4. */
  words: Uint32Array = new Uint32Array(0)
  readonly codes = new Uint8Array(BATCH_RECORDS_MAX)
  readonly databases = new Uint8Array(BATCH_RECORDS_MAX)
  readonly flags = new Uint16Array(BATCH_RECORDS_MAX)
  readonly keyStarts = new Int32Array(BATCH_RECORDS_MAX)
  readonly keyLengths = new Int32Array(BATCH_RECORDS_MAX)
  readonly valueLengths = new Int32Array(BATCH_RECORDS_MAX)
  readonly numbers = new Float64Array(BATCH_RECORDS_MAX)
  /** What touching pages gave: means nothing, but without a use the reads would be left out. */
  touched = 0
}
