// Runs one configuration of a Promela model: spin makes a verifier, cc compiles it, it searches.

import { execFile, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DEPTH_MAX = 100_000
const MEMORY_MEGABYTES_MAX = 4000
const SEARCH_MS_MAX = 300_000

export interface Search {
  readonly errors: number
  /** Every reachable state was visited: nothing cut off by depth, memory or time. */
  readonly exhaustive: boolean
  readonly states: number
  readonly seconds: number
  /** What the verifier said, for the reader of a failure. */
  readonly text: string
}

/** The programs that are missing of those needed, '' when all are there. */
export function missingPrograms(): string {
  const missing = ['spin -V', 'cc --version'].filter((line) => {
    const [program, flag] = line.split(' ')
    return spawnSync(program, [flag], { stdio: 'ignore' }).status !== 0
  })
  return missing.map((line) => line.split(' ')[0]).join(', ')
}

/**
 * Searches all states of `file` with the defines given (`NA=1`). `quick`: the search is short, do
 * not spend time on optimizing the verifier. Throws when spin or cc fail.
 */
export async function search(file: URL, defines: string[], quick: boolean): Promise<Search> {
  const directory = mkdtempSync(join(tmpdir(), 'ckv-spin-'))
  try {
    copyFileSync(file, join(directory, 'model.pml'))
    const flags = defines.map((define) => `-D${define}`)
    await run('spin', [...flags, '-a', 'model.pml'], directory)
    const tuning = quick ? '-O0' : '-O2'
    const limits = [`-DMEMLIM=${MEMORY_MEGABYTES_MAX}`, '-DSAFETY', '-DNOFAIR']
    await run('cc', [tuning, '-w', ...limits, '-o', 'pan', 'pan.c'], directory)
    const start = performance.now()
    const text = await run('./pan', [`-m${DEPTH_MAX}`], directory, true)
    return readSearch(text, (performance.now() - start) / 1000)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function run(program: string, args: string[], cwd: string, mayFail = false): Promise<string> {
  const options = { cwd, timeout: SEARCH_MS_MAX, maxBuffer: 1 << 24 }
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`
      if (error !== null && (!mayFail || error.killed === true)) {
        reject(new Error(`${program} ${args.join(' ')}: ${error.message}\n${text}`))
      } else resolve(text)
    })
  })
}

function readSearch(text: string, seconds: number): Search {
  const errors = /errors: (\d+)/.exec(text)
  const states = /(\d+) states, stored/.exec(text)
  if (errors === null || states === null) throw new Error(`the verifier said:\n${text}`)
  const cut = /max search depth too small|Search not completed|out of memory|truncated|reached -/
  return {
    errors: Number(errors[1]),
    exhaustive: !cut.test(text),
    states: Number(states[1]),
    seconds,
    text: text
      .split('\n')
      .filter((line) => line.startsWith('pan:') || line.includes('errors:'))
      .join('\n'),
  }
}
