// When a collection becomes large: options, as this thread read them last. They decide how data
// lie, never what they are, so threads may see a change at different times. Redis 7.0's defaults.

export class EncodingLimits {
  /** Fields of a packed hash, and bytes of a field or value in it. */
  hashEntriesMax = 512
  hashValueBytesMax = 64
  /** Members of an integer set. */
  setIntegersMax = 512
  /** Members of a packed set, and bytes of each. */
  setEntriesMax = 128
  setValueBytesMax = 64
  /** Members of a packed sorted set, and bytes of each. */
  zsetEntriesMax = 128
  zsetValueBytesMax = 64
  /**
   * Redis's list-max-listpack-size: elements of a list's packed bytes if positive; -1 to -5: 4, 8,
   * 16, 32, 64 KB.
   */
  listPackedSize = -2
}
