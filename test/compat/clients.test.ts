// Every ordinary client with its default settings connects and runs a script of every served
// command in every configuration: libraries, their cluster clients, redis-cli, redis-benchmark,
// python3-redis.

import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { EVERY_PROFILE, PROFILE_EXTENDED } from '../../src/catalog/spec.ts'
import { ALL_ROWS } from '../../src/catalog/table.ts'
import { inEveryConfiguration } from '../support/matrix.ts'
import type { CkvServer } from '../support/server.ts'
import { LIBRARIES, type Library, type LibraryRow } from './libraries.ts'
import { CONNECTION_SCRIPT, judge, SCRIPT, type Step } from './script.ts'

const CALL_MS_MAX = 10_000
const PYTHON = '/usr/bin/python3'

type Suite = { pass(text: string): unknown; fail(text: string): unknown }

function checkReply(t: Suite, step: Step, reply: unknown): void {
  const problem = judge(step, reply)
  if (problem === undefined) t.pass(step.words.join(' '))
  else t.fail(problem)
}

async function runScript(t: Suite, library: Library): Promise<void> {
  for (const step of SCRIPT) {
    try {
      checkReply(t, step, await withLimit(library.call(step.words)))
    } catch (error) {
      t.fail(`${step.words.join(' ')}: ${(error as Error).message}`)
    }
  }
}

async function withLimit<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no reply')), CALL_MS_MAX)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Why a program is not here, or false. In CI all must be. */
function missing(program: string, ...flags: string[]): string | false {
  const found = spawnSync(program, flags, { encoding: 'utf8' })
  if (found.status === 0) return false
  if (process.env.CI === 'true') throw new Error(`${program} ${flags.join(' ')} is required in CI`)
  process.stderr.write(`SKIPPED: ${program} ${flags.join(' ')} does not run here\n`)
  return `${program} is not here`
}

/** Runs a program to its end. */
function run(program: string, flags: string[], input: string): Promise<[number | null, string]> {
  return new Promise((resolve) => {
    const child = spawn(program, flags, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.once('close', (code) => resolve([code, output]))
    // One that does not read it may be gone before it is written.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

t.test('the script has every command of the default profile', async (t) => {
  const said = [...SCRIPT, ...CONNECTION_SCRIPT].map(({ words }) => words.join('|').toLowerCase())
  const served = ALL_ROWS.filter(({ profiles, subcommands }) => {
    const isServed = (profiles & PROFILE_EXTENDED) !== 0 || profiles === EVERY_PROFILE
    return isServed && subcommands.length === 0
  })
  for (const { name } of served) {
    t.ok(
      said.some((words) => words === name || words.startsWith(`${name}|`)),
      name,
    )
  }
})

const withoutCli = missing('redis-cli', '--version')
const withoutBenchmark = missing('redis-benchmark', '--version')
const withoutPython = missing(PYTHON, '-c', 'import redis')

t.test('every client', { timeout: 480_000 }, async (t) => {
  await inEveryConfiguration(t, [], async (t, server) => {
    for (const library of LIBRARIES) await checkLibrary(t, library, server)
    await t.test('a plain connection', (t) => checkConnection(t as Test, server))
    await t.test('redis-cli', { skip: withoutCli }, (t) => checkCli(t as Test, server))
    await t.test('redis-benchmark', { skip: withoutBenchmark }, (t) =>
      checkBenchmark(t as Test, server),
    )
    for (const kind of ['single', 'cluster']) {
      await t.test(`python3-redis ${kind}`, { skip: withoutPython }, (t) =>
        checkPython(t as Test, server, kind),
      )
    }
  })
})

async function checkLibrary(t: Test, { name, open }: LibraryRow, server: CkvServer): Promise<void> {
  await t.test(name, async (t) => {
    const library = await withLimit(open(server.port))
    await runScript(t, library)
    await library.close()
  })
}

async function checkConnection(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  for (const step of CONNECTION_SCRIPT) {
    const reply = await client.send(...step.words)
    const isSimple = reply !== null && typeof reply === 'object' && 'simple' in reply
    checkReply(t, step, isSimple ? reply.simple : reply)
  }
  await client.closed
}

async function checkCli(t: Test, server: CkvServer): Promise<void> {
  for (const step of SCRIPT) {
    const flags = ['-p', String(server.port), '--json', ...step.words]
    const [code, output] = await run('redis-cli', flags, '')
    t.equal(code, 0, 'exit code')
    // Each line is a connection of its own: the name given before is gone.
    const isName = step.words.join(' ') === 'CLIENT GETNAME'
    checkReply(t, isName ? { ...step, want: null } : step, readJson(output))
  }
}

/** redis-cli shows a verbatim text (INFO) as it is, also when JSON is wanted. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function checkBenchmark(t: Test, server: CkvServer): Promise<void> {
  const load = ['-p', String(server.port), '-n', '2000', '-c', '20', '-P', '4', '--csv']
  const tests = ['-t', 'ping,set,get,incr,mset']
  for (const flags of [[], ['--cluster'], ['-r', '1000'], ['-3']]) {
    const [code, output] = await run('redis-benchmark', [...load, ...tests, ...flags], '')
    t.equal(code, 0, `redis-benchmark ${flags.join(' ')}`)
    for (const name of ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET']) {
      t.match(output, new RegExp(`^"${name}.*","\\d+\\.\\d+"`, 'm'), `${name} ${flags.join(' ')}`)
    }
    t.notMatch(output, /error/i)
  }
}

async function checkPython(t: Test, server: CkvServer, kind: string): Promise<void> {
  const file = join(import.meta.dirname, 'python-client.py')
  const lines = JSON.stringify(SCRIPT.map(({ words }) => words))
  const [code, output] = await run(PYTHON, [file, String(server.port), kind], lines)
  t.equal(code, 0, code === 0 ? 'exit code' : output.slice(-2000))
  const replies = (code === 0 ? JSON.parse(output) : []) as unknown[]
  for (const [index, reply] of replies.entries()) checkReply(t, SCRIPT[index], reply)
}
