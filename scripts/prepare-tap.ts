// Runs before `npm test`. tap's own TypeScript plugin cannot load TypeScript 7 and is switched off
// in package.json ("!@tapjs/typescript"), but tap only leaves it out after one `tap build`, which
// takes seven seconds: done when a fresh node_modules still has the plugin built in.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const built = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js')

function hasTypeScriptPlugin(): boolean {
  return /^import .* from ["']@tapjs\/typescript["']/m.test(readFileSync(built, 'utf8'))
}

if (hasTypeScriptPlugin()) {
  const tap = join(root, 'node_modules/tap/dist/esm/run.mjs')
  execFileSync(process.execPath, [tap, 'build'], { cwd: root, stdio: 'inherit' })
}
