// Runs before `npm pack`: makes dist/ from src/, because Node strips types everywhere but under
// node_modules. Types become blanks (so line and column numbers stay those of the sources), and
// every relative name that ends in .ts (imports, worker entries) ends in .js afterwards.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const RELATIVE_NAME = /(['"])(\.{1,2}\/[^'"\n]*)\.ts\1/g

/** JavaScript of one TypeScript source. Throws on syntax that is not erasable. */
export function toJavaScript(source: string): string {
  return stripTypeScriptTypes(source, { mode: 'strip' }).replace(RELATIVE_NAME, '$1$2.js$1')
}

/** Relative names of one file that lead nowhere inside `target`, for a check before publishing. */
function danglingNames(file: string, source: string, files: Set<string>): string[] {
  const names = [...source.matchAll(/(['"])(\.{1,2}\/[^'"\n]*\.[jt]s)\1/g)].map((match) => match[2])
  return names.filter((name) => !files.has(join(dirname(file), name)))
}

/** Fills `target` with the run-time files of `source`; returns how many. */
export function buildDist(source: string, target: string): number {
  rmSync(target, { recursive: true, force: true })
  const written = new Map<string, string>()
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || extname(entry.name) === '.md') continue
    const from = join(entry.parentPath, entry.name)
    const to = join(target, from.slice(source.length).replace(/\.ts$/, '.js'))
    mkdirSync(dirname(to), { recursive: true })
    if (extname(entry.name) === '.ts') {
      const text = toJavaScript(readFileSync(from, 'utf8'))
      writeFileSync(to, text)
      written.set(to, text)
    } else {
      cpSync(from, to)
      written.set(to, '')
    }
  }
  const files = new Set(written.keys())
  for (const [file, text] of written) {
    const dangling = danglingNames(file, text, files)
    if (dangling.length > 0) throw new Error(`${file} names ${dangling.join(', ')}: not there`)
  }
  return written.size
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = join(import.meta.dirname, '..')
  const count = buildDist(join(root, 'src'), join(root, 'dist'))
  console.log(`dist: ${count} files`)
}
