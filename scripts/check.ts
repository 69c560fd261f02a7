// `npm run check`: the one command that proves a change. One line a step; the first step that fails
// shows its output and ends the run.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
/** Whole-system tests that start servers; `npm test` runs them too. */
const SYSTEM_FOLDERS = ['compat', 'crash', 'fuzz', 'server']

interface Step {
  name: string
  program: string
  args: string[]
}

function bin(name: string): string {
  return join(root, 'node_modules', '.bin', name)
}

function tapStep(name: string, paths: string[]): Step {
  const present = paths.filter((path) => existsSync(join(root, path)))
  const args = present.length === 0 ? [] : ['run', '--reporter=tap', ...present]
  return { name, program: bin('tap'), args }
}

/** Test folders that need no server: the rooms' own. */
function unitFolders(): string[] {
  return readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support')
    .filter((entry) => !SYSTEM_FOLDERS.includes(entry.name))
    .flatMap((entry) => testFilesIn(join('test', entry.name)))
}

function testFilesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort()
}

function steps(): Step[] {
  const bench = 'native-free-bench/bench.ts'
  return [
    { name: 'types', program: bin('tsc'), args: ['--noEmit', '-p', '.'] },
    { name: 'biome', program: bin('biome'), args: ['check', '--colors=off'] },
    { name: 'tap build', program: process.execPath, args: ['scripts/prepare-tap.ts'] },
    tapStep('structure', ['test/tidy.test.ts', 'test/readme.test.ts']),
    tapStep('unit', unitFolders()),
    tapStep('fuzz', testFilesIn('test/fuzz')),
    {
      name: 'bench',
      program: process.execPath,
      args: existsSync(join(root, bench)) ? [bench, '--preset', 'smoke'] : [],
    },
  ]
}

/** The failing part of a long TAP output, or its end. */
function telling(output: string): string {
  const lines = output.split('\n')
  const first = lines.findIndex((line) => /^\s*not ok /.test(line))
  return lines
    .slice(first === -1 ? -80 : first)
    .slice(0, 160)
    .join('\n')
}

function run(step: Step): boolean {
  if (step.args.length === 0) {
    console.log(`${step.name.padEnd(10)} nothing to run`)
    return true
  }
  const startMs = performance.now()
  const result = spawnSync(step.program, step.args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  const passed = result.status === 0
  console.log(`${step.name.padEnd(10)} ${passed ? 'ok' : 'FAILED'} ${seconds} s`)
  if (!passed) {
    const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`
    console.log(telling(output))
  }
  return passed
}

for (const step of steps()) {
  if (!run(step)) process.exit(1)
}
