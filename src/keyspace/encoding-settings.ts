// From the settings that CONFIG SET stores to the limits that effects go by.

import type { EncodingLimits } from '../memory/encoding-limits.ts'
import type { Rows } from '../rows/rows.ts'
import {
  hashListpackEntriesMax,
  hashListpackValueBytesMax,
  listListpackSize,
  setIntsetEntriesMax,
  zsetListpackEntriesMax,
  zsetListpackValueBytesMax,
} from '../rows/thresholds.ts'

/** Packed sets, which Redis 7.0 does not have, have no setting. */
export function loadEncodingLimits(rows: Rows, limits: EncodingLimits): void {
  limits.hashEntriesMax = hashListpackEntriesMax(rows)
  limits.hashValueBytesMax = hashListpackValueBytesMax(rows)
  limits.setIntegersMax = setIntsetEntriesMax(rows)
  limits.zsetEntriesMax = zsetListpackEntriesMax(rows)
  limits.zsetValueBytesMax = zsetListpackValueBytesMax(rows)
  limits.listPackedSize = listListpackSize(rows)
}
