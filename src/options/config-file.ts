// CONFIG REWRITE: the JSON options file with what CONFIG SET changed. What else stands in the file
// stays. Pure; main reads and writes the file.

import type { OptionRow } from './rows.ts'
import { OPTION_ROWS, type Options } from './table.ts'
import { showValue } from './values.ts'

const rows: readonly OptionRow[] = OPTION_ROWS

/**
 * @param text the file's, which was read at the start, or what somebody made of it since
 * @param begun the options of the start
 * @returns the new text, or undefined when the file holds no JSON object any more
 */
export function rewriteOptions(text: string, begun: Options, now: Options): string | undefined {
  const values = objectOf(text)
  if (values === undefined) return undefined
  for (const row of rows) {
    if (!row.mutable) continue
    const property = row.property as keyof Options
    const shown = showValue(row, now[property])
    if (shown !== showValue(row, begun[property]) || Object.hasOwn(values, row.name)) {
      values[row.name] = typeof now[property] === 'number' ? now[property] : shown
    }
  }
  return `${JSON.stringify(values, null, 2)}\n`
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
    return parsed as Record<string, unknown>
  } catch {
    return undefined
  }
}
