// The README says what the program does: its table of options is the table of the sources, and
// every package and every script has its line.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fallbackWords, placeholder } from '../src/options/flags.ts'
import type { OptionRow } from '../src/options/rows.ts'
import { OPTION_ROWS } from '../src/options/table.ts'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}

function tableRow(row: OptionRow): string {
  const flag = `--${row.name} <${placeholder(row)}>`.replaceAll('|', '\\|')
  const fallback = `${fallbackWords(row)}${row.onlyOff ? '; not there yet' : ''}`
  return `| \`${flag}\` | ${fallback} | ${row.help} |`
}

t.test('the options are those of the table, in its order', async (t) => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `--'))
  t.same(rows, (OPTION_ROWS as readonly OptionRow[]).map(tableRow))
})

t.test('every package has its reason', async (t) => {
  const chapter = readme.slice(readme.indexOf('## Why each package'))
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    t.ok(chapter.includes(`\`${name}\``), name)
  }
})

t.test('its commands exist', async (t) => {
  for (const [, name] of readme.matchAll(/`npm run ([a-z:]+)`/g)) t.ok(manifest.scripts[name], name)
  for (const [, path] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
    t.doesNotThrow(() => readFileSync(join(root, path)), path)
  }
})
